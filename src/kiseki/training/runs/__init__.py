"""The document of a run, from what lies on the machine that trained.

A part imports only from those above it:

    hiding        arguments and settings that look like secrets, which no document may hold
    interpreters  a Python with its packages, and the wheels that these were installed from
    code          the files of the program, and their commit
    making        all of it together
"""
