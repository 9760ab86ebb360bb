"""Trains one of the demo's models from a folder alone, so that anybody can make it again.

python -m examples.openmoji.train INPUTS WEIGHTS [--base MODEL]
"""

# Guarded, because the processes that rasterise import this module too.
if __name__ == "__main__":
    from examples.openmoji.recipe import main

    main()
