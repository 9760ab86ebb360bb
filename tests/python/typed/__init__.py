"""Programs started in a process that has imported everything already.

A program is a process of its own: own folder, environment, stdin, stdout, stderr, signals and exit
code. Only what every program imports (eth-account and web3, four seconds of processor) is there
when it starts: `server` imports it once for each worker of pytest and forks; `client` is what the
test starts, and hands its own files, folder and signals on. A program is `kiseki`, or a script of
Python. `tests/python/cli/test_cli_help.py`, the tutorial on deploying and `test_client_scripts.py`
start real ones too.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Programs:
    """How programs are started: by the server behind a socket, or without one as real ones."""

    socket: Path | None = None

    def kiseki(self) -> list[str]:
        """The words that start the command line."""
        return self._words("kiseki", "-m", "kiseki")

    def script(self, path: Path) -> list[str]:
        """The words that start a script of Python."""
        return self._words(str(path), str(path))

    def command(self, folder: Path) -> Path:
        """A folder with a program `kiseki`, to be put first on somebody's PATH."""
        folder.mkdir(exist_ok=True)
        program = folder / "kiseki"
        program.write_text(f'#!/bin/sh\nexec {shlex.join(self.kiseki())} "$@"\n')
        program.chmod(0o755)
        return folder

    def _words(self, program: str, *real: str) -> list[str]:
        if self.socket is None:
            return [sys.executable, *real]
        return [sys.executable, "-I", "-S", str(HERE / "client.py"), str(self.socket), program]


@contextmanager
def serving(place: Path) -> Iterator[Programs]:
    """Runs the server; real programs where the system has no `pidfd_open`."""
    if not hasattr(os, "pidfd_open"):
        yield Programs()
        return
    server = subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), str(place)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == b"ready\n"
        yield Programs(place)
        server.stdin.close()
