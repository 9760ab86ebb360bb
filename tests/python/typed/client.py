"""`client.py SOCKET PROGRAM WORDS…`, in the place of PROGRAM: hands everything on to `server`.

It uses what the interpreter has built in: importing `socket`, `signal`, `pathlib` and `json` takes
longer than most of what a test waits for.
"""

import _signal  # type: ignore[import-not-found]
import _socket
import os
import sys


def main() -> int:
    """The exit code of the command."""
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(sys.argv[1])
    variables = [f"{name}={value}" for name, value in os.environ.items()]
    words = [os.getcwd(), *sys.argv[2:]]  # noqa: PTH109 - see above
    request = "\0".join([str(len(words)), *words, *variables]).encode("utf-8", "surrogateescape")
    files = [0, 1, 2]
    files += [os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in ("user", "net")]
    rights = b"".join(each.to_bytes(4, sys.byteorder) for each in files)
    size = len(request).to_bytes(4, "big")
    server.sendmsg([size], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    server.sendall(request)
    for each in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(each, lambda number, _: server.sendall(bytes([number])))
    answer = server.recv(1)
    return answer[0] if answer else 99


sys.exit(main())
