"""Programs started in a process that has imported everything already.

A program is a process of its own: own folder, environment, stdin, stdout, stderr, signals and exit
code. Only what every program imports (eth-account and web3, four seconds of processor) is there
when it starts: `server` imports it once for each worker of pytest and forks; `client` is what the
test starts, and hands its own files, folder, network and signals on. A program is `kiseki`, or a
script of Python. `terminal` is where people type, `network` keeps two pages that both start a node
apart. `here` runs a command in the test's own process, as most tests of commands do.
`tests/python/cli/test_cli_help.py` and `test_client_scripts.py` start real ones too.
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
ROOT = HERE.parents[2]


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
        """A folder with programs `kiseki` and `python`, to be put first on somebody's PATH."""
        folder.mkdir(exist_ok=True)
        scripts = shlex.join(self.script(Path("SCRIPT"))[:-1])
        for name, start in (
            ("kiseki", f'exec {shlex.join(self.kiseki())} "$@"'),
            ("python", f'case $1 in *.py) exec {scripts} "$@";; esac; '
                       f'exec {shlex.quote(sys.executable)} "$@"'),
        ):  # fmt: skip
            (folder / name).write_text(f"#!/bin/sh\n{start}\n")
            (folder / name).chmod(0o755)
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
        [sys.executable, "-m", "tests.python.typed.server", str(place)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == b"ready\n"
        yield Programs(place)
        server.stdin.close()
