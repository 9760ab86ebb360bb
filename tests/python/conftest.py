"""A real chain for every worker, set back after every test, and named actors on it."""

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from tests.python.keystores import make_quickly
from tests.python.typed import Programs, serving

from kiseki import Kiseki, LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.session import Session
from kiseki.vault.keystore import KeyStore

# A busy machine is slow, not wrong: no example has a deadline.
settings.register_profile("kiseki", deadline=None)
settings.load_profile("kiseki")

# What a shell starts in the background is deaf to Ctrl-C, and so are its children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

make_quickly()

# What is kept in a home folder (journal, keystores) is kept in one of the tests' own.
_HOME = TemporaryDirectory(prefix="kiseki-home-")
os.environ["HOME"] = _HOME.name


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Of `-n auto`: one more than there are processors, because each waits for its chain often."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: begun last, they would keep one worker busy while the others are done."""
    items.sort(key=lambda item: item.path.name != "test_tutorials.py")


Folder = Callable[[str, Mapping[str, bytes]], Path]


def ask(k: Kiseki, method: str, *arguments: Any) -> Any:
    """One of Anvil's own methods."""
    return k.session.node.one(method, *arguments)


def freeze(k: LocalKiseki, token: str) -> None:
    """Puts code in front of a token's own that lets nobody take it from anybody."""
    where = "0x" + "f0" * 20
    ask(k, "anvil_setCode", where, ask(k, "eth_getCode", token, "latest"))
    call = "365f5f375f5f365f73" + where[2:] + "5af43d5f5f3e"
    refuse = 14 + len(call) // 2 + 3 + 3 + 4
    code = f"5f3560e01c6323b872dd1460{refuse:02x}57" + call
    fine = 14 + len(call) // 2 + 3 + 3
    code += f"60{fine:02x}57" + "3d5ffd" + "5b3d5ff3" + "5b5f5ffd"
    ask(k, "anvil_setCode", token, "0x" + code)


class Altered:
    """Stands before a node, and changes what one method is told or answers."""

    def __init__(self, k: Kiseki, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
        node = k.session.node
        self.method, self.one, self.many = method, node.answer, node.answers
        self.calls = 0
        monkeypatch.setattr(node, "answer", self.request)
        monkeypatch.setattr(node, "answers", self.batch)

    def change(self, real: Callable[[], Any]) -> Any:
        raise NotImplementedError

    def request(self, method: str, params: Any) -> Any:
        def real() -> Any:
            return self.one(method, params)

        return self.change(real) if method == self.method else real()

    def batch(self, asked: list[tuple[str, Any]]) -> Any:
        if not any(method == self.method for method, _ in asked):
            return self.many(asked)
        return [self.request(*each) for each in asked]


class Refuses(Altered):
    """A node that answers a question with an error of its own: the first `times` of them."""

    def __init__(
        self, k: Kiseki, monkeypatch: pytest.MonkeyPatch, method: str, times: int = 10**9
    ) -> None:
        super().__init__(k, monkeypatch, method)
        self.times = times

    def change(self, real: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls > self.times:
            return real()
        return {"error": {"code": -32000, "message": "header not found"}}


def surroundings() -> tuple[Path, dict[str, str], int]:
    """What every test of a worker shares: where it stands, its environment, and how many servers
    run in it."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    servers = sum("serve" in each.name for each in threading.enumerate())
    return Path.cwd(), variables, servers


def open_below(folder: Path) -> set[Path]:
    """Which files in a folder this process has open; none on a system that does not tell."""
    found = set()
    for each in Path("/proc/self/fd").glob("*"):
        with contextlib.suppress(OSError):  # closed meanwhile
            found.add(each.readlink())
    return {each for each in found if each.is_relative_to(folder)}


@pytest.fixture(autouse=True)
def surroundings_stay() -> Iterator[None]:
    """A test that moves elsewhere, or leaves a server behind that takes the processor from all
    others, is found here, and not in whichever test comes after it."""
    before = surroundings()
    yield
    assert surroundings() == before


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """Starts `kiseki` and scripts that need import nothing."""
    with serving(tmp_path_factory.mktemp("typed") / "socket") as programs:
        yield programs


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The server that `KISEKI_TEST_POSTGRES` names, or one of this worker's own."""
    from tests.python import postgres

    if named := os.environ.get("KISEKI_TEST_POSTGRES"):
        yield named
        return
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database on a real PostgreSQL, which is gone after the test."""
    from tests.python.postgres import database

    with database(postgres_server) as url:
        yield url


class Picky(Altered):
    """A node that refuses the logs of more than so many blocks; the ranges that it is asked for."""

    def __init__(self, k: Kiseki, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
        super().__init__(k, monkeypatch, "eth_getLogs")
        self.most = most
        self.asked: list[tuple[int, int]] = []

    def request(self, method: str, params: Any) -> Any:
        if method == self.method and "fromBlock" in params[0]:
            first, last = (int(params[0][each], 16) for each in ("fromBlock", "toBlock"))
            self.asked.append((first, last))
            if last - first >= self.most:
                return {"error": {"code": -32000, "message": "too many blocks"}}
        return self.one(method, params)


@pytest.fixture(scope="session")
def chain() -> Iterator[LocalKiseki]:
    """One Anvil with the suite, for all tests of one worker."""
    with Kiseki.local() as k:
        yield k


@pytest.fixture
def k(chain: LocalKiseki) -> Iterator[LocalKiseki]:
    """The studio on that chain, which nobody has used yet."""
    snapshot = ask(chain, "evm_snapshot")
    yield LocalKiseki(
        Session(chain.session.node), account_of(0), KeyStore(), chain.url, chain.deployment_gas
    )
    ask(chain, "evm_revert", snapshot)


@pytest.fixture
def artist(k: LocalKiseki) -> Kiseki:
    return k.wallet(1)


@pytest.fixture
def developer(k: LocalKiseki) -> Kiseki:
    return k.wallet(2)


@pytest.fixture
def creator(k: LocalKiseki) -> Kiseki:
    return k.wallet(3)


@pytest.fixture
def buyer(k: LocalKiseki) -> Kiseki:
    return k.wallet(4)


@pytest.fixture
def stranger(k: LocalKiseki) -> Kiseki:
    return k.wallet(5)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Makes a folder of files: its name, and contents by file name."""

    def make(name: str, files: Mapping[str, bytes]) -> Path:
        for each, content in files.items():
            path = tmp_path / name / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / name

    return make
