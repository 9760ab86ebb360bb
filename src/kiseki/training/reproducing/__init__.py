"""A run made again: checked, run in isolation, compared, told.

A part imports only from those above it:

    comparing     how far two files of weights lie apart
    gathering     the recorded inputs and code, found by their content and copied
    surroundings  the recorded packages: by their wheels' hashes, or those that are here
    reproducing   all of it, and what became of it
"""
