"""A stranger's command, run where it can reach nothing: `bubblewrap` on Linux.

No network, home, keys or environment; what it reads cannot be written, it writes into one folder,
and time, memory, processes and disk have bounds. A part imports only from those above it:

    calls     the system calls that it may not make
    rooms     what it finds inside, and the bounds
    running   runs it, watches the bounds, and ends all of it
    probe     a program that tries to get out, from inside
    checked   a room that was tried before anything runs in it
    outputs   what comes out: ordinary files alone

Nothing here trusts the machine: a room in which the probe finds a way out is refused, and without
bubblewrap nothing runs.
"""
