"""The `kiseki` command as people run it: a process, a folder, a home of its own, a real chain."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of

ARTIST, BUYER = account_of(1).address, account_of(4).address
NONE: Mapping[str, str] = {}
TYPED = Path(__file__).resolve().parent.parent / "typed"


class Shell:
    """A folder in which somebody types."""

    def __init__(self, folder: Path, url: str, typed: Path | None = None) -> None:
        """
        Args:
            typed: the socket of `tests/python/typed`; without one, commands import everything.
        """
        self.folder, self.url, self.typed = folder, url, typed
        kept = {name: each for name, each in os.environ.items() if not name.startswith("KISEKI_")}
        self.environment = kept | {"HOME": str(folder / "home"), "KISEKI_RPC_URL": url}
        (folder / "home").mkdir(exist_ok=True)

    def run(self, *words: str, code: int = 0, more: Mapping[str, str] = NONE) -> str:
        """What is on stdout and stderr."""
        done = self.start(*words, more=more)
        out, err = done.communicate(timeout=600)
        assert done.returncode == code, out + err
        assert "Traceback" not in out + err
        return out + err

    def json(self, *words: str, code: int = 0, more: Mapping[str, str] = NONE) -> Any:
        """The document on stdout, which must be nothing else."""
        done = self.start(*words, "--json", more=more)
        out, err = done.communicate(timeout=600)
        assert done.returncode == code, out + err
        return json.loads(out)

    def start(self, *words: str, more: Mapping[str, str] = NONE) -> "subprocess.Popen[str]":
        program = [sys.executable, "-m", "kiseki"]
        if self.typed is not None:
            program = [sys.executable, "-I", "-S", str(TYPED / "client.py"), str(self.typed)]
        return subprocess.Popen(
            [*program, *words],
            cwd=self.folder, env=self.environment | dict(more),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def files(self, name: str, count: int = 3) -> Path:
        place = self.folder / name
        place.mkdir()
        for number in range(count):
            (place / f"{number}.svg").write_text(f"{name} {number}")
        return place


@pytest.fixture(scope="session")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """Where commands start that need import nothing; none where the system has no `pidfd_open`."""
    if not hasattr(os, "pidfd_open"):
        yield None
        return
    place = tmp_path_factory.mktemp("typed") / "socket"
    server = subprocess.Popen(
        [sys.executable, str(TYPED / "server.py"), str(place)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with server:
        assert server.stdout is not None
        assert server.stdin is not None
        assert server.stdout.readline() == b"ready\n"
        yield place
        server.stdin.close()


@pytest.fixture
def shell(tmp_path: Path, k: LocalKiseki, typed: Path | None) -> Shell:
    return Shell(tmp_path, k.url, typed)


@pytest.fixture
def elsewhere(tmp_path: Path, typed: Path | None) -> Callable[[str], Shell]:
    """A shell at another node."""

    def make(url: str) -> Shell:
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        return Shell(tmp_path / "elsewhere", url, typed)

    return make
