"""The `kiseki` command as people run it: a folder, a home of its own, a real chain."""

import contextlib
import gc
import json
import os
import pty
import subprocess
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.python.typed import Programs, here

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of

from ..conftest import open_below

ARTIST, BUYER = account_of(1).address, account_of(4).address
FREE = ("--uses", "train", "--royalty", "0%")
REAL = Programs()
NONE: Mapping[str, str] = {}


class Shell:
    """A folder in which somebody types."""

    def __init__(self, folder: Path, url: str, programs: Programs = REAL) -> None:
        self.folder, self.url, self.programs = folder, url, programs
        away = ("KISEKI_", "LANG", "LC_")
        kept = {name: each for name, each in os.environ.items() if not name.startswith(away)}
        self.environment = kept | {"HOME": str(folder / "home"), "KISEKI_RPC_URL": url}
        (folder / "home").mkdir(exist_ok=True)

    def run(self, *words: str, code: int = 0, more: Mapping[str, str] = NONE) -> str:
        """What is on stdout and stderr."""
        done = self.done(*words, more=more)
        assert done.code == code, done.out + done.err
        assert "Traceback" not in done.out + done.err
        return done.out + done.err

    def json(self, *words: str, code: int = 0, more: Mapping[str, str] = NONE) -> Any:
        """The document on stdout, which must be nothing else."""
        done = self.done(*words, "--json", more=more)
        assert done.code == code, done.out + done.err
        return json.loads(done.out)

    def done(self, *words: str, more: Mapping[str, str] = NONE) -> here.Done:
        """Runs a command to its end: in this process (`tests.python.typed.here`), or in a real one
        for a shell to which no programs were given."""
        if self.programs is not REAL:
            return here.kiseki(_said(words), self.folder, self.environment | dict(more))
        process = self.start(*words, more=more)
        out, err = process.communicate(timeout=600)
        return here.Done(process.returncode, out, err)

    def answer(self, typed: str, *words: str, code: int = 0) -> str:
        """What is on stdout and the terminal, where somebody types this."""
        master, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (50, 10_000))  # wide: sentences stay whole
        done = self.start(*words, stdin=terminal, stderr=terminal)
        os.close(terminal)
        os.write(master, typed.encode())
        shown = b""
        with contextlib.suppress(OSError):  # Linux says so at the end
            while piece := os.read(master, 4_096):
                shown += piece
        os.close(master)
        out, _ = done.communicate(timeout=600)
        assert done.returncode == code, out + shown.decode()
        assert "Traceback" not in shown.decode()
        return out + shown.decode().replace("\r\n", "\n")

    def start(
        self,
        *words: str,
        more: Mapping[str, str] = NONE,
        stdin: int = subprocess.DEVNULL,
        stderr: int = subprocess.PIPE,
    ) -> "subprocess.Popen[str]":
        """A process of its own, which goes on."""
        said = _said(words) if stdin == subprocess.DEVNULL else words
        return subprocess.Popen(
            [*self.programs.kiseki(), *said],
            cwd=self.folder, env=self.environment | dict(more),
            stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip

    def files(self, name: str, count: int = 3) -> Path:
        place = self.folder / name
        place.mkdir()
        for number in range(count):
            (place / f"{number}.svg").write_text(f"{name} {number}")
        return place


def _said(words: Sequence[str]) -> list[str]:
    """Without a terminal a command can ask nobody, so it is told `--yes`; `--no-yes` in these tests
    leaves that out."""
    yes = [] if "--no-yes" in words else ["--yes"]
    return [*(word for word in words if word != "--no-yes"), *yes]


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[None]:
    """Every command closed what it opened."""
    yield
    gc.collect()  # what only a circle of garbage holds is closed when Python looks for it
    assert not open_below(tmp_path)


@pytest.fixture
def shell(tmp_path: Path, k: LocalKiseki, programs: Programs, closed: None) -> Shell:
    return Shell(tmp_path, k.url, programs)


@pytest.fixture
def elsewhere(tmp_path: Path, programs: Programs, closed: None) -> Callable[[str], Shell]:
    """A shell at another node."""

    def make(url: str) -> Shell:
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        return Shell(tmp_path / "elsewhere", url, programs)

    return make
