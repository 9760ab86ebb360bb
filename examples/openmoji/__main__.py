"""`python -m examples.openmoji`: the demo; see `demo`."""

import sys

# Guarded, because the processes that rasterise import this module too.
if __name__ == "__main__":
    try:
        from examples.openmoji.demo import main
    except KeyboardInterrupt:  # importing takes a second or two
        sys.exit(130)
    sys.exit(main())
