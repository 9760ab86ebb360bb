"""`kiseki sandbox`: a whole world, kept between two starts and after `kill -9`."""

import html
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tests.python.typed import ROOT, Programs

from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.node import connect
from kiseki.chain.signing.accounts import local_account
from kiseki.sandbox import chain
from kiseki.sandbox.drawings import INSTALL, find

from .conftest import REAL, Shell

LICENSEE = 5
WITHOUT = [
    sys.executable,
    "-c",
    "from kiseki.sandbox import sandbox; sandbox.find = lambda *_: None\n"
    "from kiseki.cli import main; main()",
]
"""The program, on a machine that has no drawings; they are in every checkout that runs tests."""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who started a sandbox once and ended it."""
    folder = tmp_path_factory.mktemp("built")
    with started(shell_in(folder), program=WITHOUT):
        pass
    return folder / "home"


@pytest.fixture
def own(tmp_path: Path, built: Path, programs: Programs) -> Shell:
    """A shell with a copy of that home, and nothing said of any chain."""
    shutil.copytree(built, tmp_path / "home")
    return shell_in(tmp_path, programs)


def shell_in(folder: Path, programs: Programs = REAL) -> Shell:
    shell = Shell(folder, "", programs)
    del shell.environment["KISEKI_RPC_URL"]
    return shell


@contextmanager
def started(
    shell: Shell, *words: str, by: signal.Signals = signal.SIGINT, program: Sequence[str] = ()
) -> Iterator[dict[str, Any]]:
    """A sandbox in a process of its own while the block runs, ended by a signal: what it says of
    itself, on stderr too."""
    process = subprocess.Popen(
        [*(program or REAL.kiseki()), "sandbox", "--port", "0", "--json", *words],
        cwd=shell.folder, env=shell.environment,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None and process.stderr is not None
    said = process.stdout.readline()
    if not said:
        pytest.fail(process.communicate()[1])
    told = json.loads(said)
    try:
        yield told
    finally:
        process.send_signal(by)
        out, told["err"] = process.communicate(timeout=600)
    assert "Traceback" not in out + told["err"]
    ended = {signal.SIGINT: 0, signal.SIGTERM: 143, signal.SIGKILL: -signal.SIGKILL}
    assert process.returncode == ended[by], told["err"]


def got(at: str) -> str:
    with urllib.request.urlopen(at, timeout=600) as answer:
        text: str = answer.read().decode()
    return text


def read(told: dict[str, Any]) -> dict[str, Any]:
    """The first page as JSON, once the chain is read to its end: what is told before that is true
    of an earlier block."""
    with node_errors():
        last = int(str(connect(told["node"], 31337).one("eth_blockNumber")), 16)
    until(lambda: json.loads(got(f"{told['address']}health"))["block"] >= last)
    found: dict[str, Any] = json.loads(got(f"{told['address']}index.json"))
    return found


def until(found: Callable[[], bool]) -> None:
    end = time.monotonic() + 600
    while not found():
        assert time.monotonic() < end
        time.sleep(0.1)


def act(told: dict[str, Any], shell: Shell, *words: str) -> str:
    """A command in the folder of the sandbox, as the sandbox says to type it."""
    there = shell_in(shell.folder, shell.programs)
    there.folder = Path(told["folder"])
    return there.run(*words)


def pay(told: dict[str, Any], shell: Shell, ether: int) -> None:
    """The licensee pays somebody."""
    to = told["people"][0]["wallet"]
    act(told, shell, "revenue", "pay", to, str(ether), "--account", f"test:{LICENSEE}")


def paid(told: dict[str, Any]) -> int:
    """What the licensee has paid, in ether above the licence, as the pages tell."""
    wallet = local_account(LICENSEE).address
    rows = json.loads(got(f"{told['address']}api/v1/wallets/{wallet}/history"))["rows"]
    return sum(int(each["amount"]) for each in rows if each["target"]["kind"] == "wallet") // 10**18


def test_a_sandbox_goes_on_as_it_was_left(own: Shell) -> None:
    """What somebody did in it is there after Ctrl-C, and after a plain kill."""
    with started(own) as told:
        read(told)
        home = got(told["address"])
        assert "nothing in it is worth anything" in home
        for each in told["people"]:
            assert f"/wallet/{each['wallet']}" in home and each["account"] in home
            assert each["wallet"] in got(each["page"])
        here = told["address"].replace("127.0.0.1", "localhost").rstrip("/")
        (link,) = re.findall(r'href="(/sign/[^"]+)"', home)
        assert "asks for your consent" in got(f"{here}{link}")
        (board,) = re.findall(r'href="(/studio[^"]+)"', home)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        assert "has not opened the link" in opener.open(f"{here}{board}").read().decode()
        artist = told["people"][0]
        named = json.loads(got(f"{told['address']}search.json?q={quote(artist['name'])}"))
        assert [each["id"] for each in named["hits"]] == [artist["wallet"]], "as the artist says"
        assert artist["name"] in html.unescape(got(artist["page"])), "as the artist says"
        owed = act(told, own, "revenue", "owed", "--account", artist["account"])
        assert "the data behind" in owed
        assert act(told, own, "revenue", "owed", artist["name"]) == owed, "by the address book"
        assert paid(told) == 0
        pay(told, own, 1)
        until(lambda: paid(told) == 1)
    assert "goes on where it was" in told["err"]
    with started(own, by=signal.SIGTERM) as again:
        read(again)
        assert [each["wallet"] for each in again["people"]] == [
            each["wallet"] for each in told["people"]
        ]
        until(lambda: paid(again) == 1)
        act(again, own, "local", "wait", "30d")
        pay(again, own, 1)
    with started(own) as last:
        read(last)
        until(lambda: paid(last) == 2)
        assert json.loads(got(f"{last['address']}health"))["age"] == 0, "30 days ahead of the clock"
        pay(last, own, 1)
        until(lambda: paid(last) == 3)


def test_a_sandbox_that_was_killed_goes_on_as_it_was_seconds_before(own: Shell) -> None:
    with started(own, by=signal.SIGKILL) as told:
        read(told)
        state = Path(told["folder"]) / "chain.state"
        before = state.stat().st_mtime_ns
        pay(told, own, 1)
        until(lambda: state.stat().st_mtime_ns > before)
        for _ in range(3):  # perhaps nothing keeps these
            pay(told, own, 1)
    with started(own) as again:
        read(again)
        assert 1 <= paid(again) <= 4
        pay(again, own, 1)
        # What the chain forgot is in the payer's journal, which sends it again before the new one.
        until(lambda: paid(again) == 5)


def test_its_chain_is_the_same_chain_after_every_start(tmp_path: Path) -> None:
    """A journal knows a chain by its first block: were it another, nothing would be sent again."""
    state = tmp_path / "chain.state"
    first: set[str] = set()
    for _ in range(6):
        with chain.running(state, began=1_700_000_000 + len(first)) as url, node_errors():
            first.add(connect(url, chain.CHAIN).one("eth_getBlockByNumber", "0x0", False)["hash"])
            chain.save(url, state)
            time.sleep(1)  # a first block made from the clock would be another
    assert len(first) == 1


def test_one_that_was_killed_while_it_was_built_is_built_anew(tmp_path: Path) -> None:
    shell = shell_in(tmp_path)
    process = shell.start("sandbox", "--port", "0", "--json")
    place = shell.folder / "home" / ".kiseki" / "sandbox"
    until((place / "secrets").exists)
    process.kill()
    process.communicate()
    assert not (place / "chain.state").exists()
    with started(shell) as told:
        assert read(told)["collections"] == 122, "of 121 artists, and the pictures"
        assert "OpenMoji, CC BY-SA 4.0" in got(told["address"])


def test_reset_begins_anew_and_deletes_nothing_else(own: Shell) -> None:
    keystore = own.folder / "home" / ".kiseki" / "keystores" / "mine.json"
    keystore.parent.mkdir(parents=True)
    keystore.write_text("mine")
    with started(own) as told:
        before = read(told)["latest"]
        pay(told, own, 1)
        until(lambda: paid(told) == 1)
    with started(own, "--reset", program=WITHOUT) as anew:
        after = read(anew)
        assert after["latest"] != before and after["collections"] == 13
        assert paid(anew) == 0
    assert keystore.read_text() == "mine"


def test_what_is_in_the_way_is_said_and_nothing_is_lost(own: Shell) -> None:
    state = own.folder / "home" / ".kiseki" / "sandbox" / "chain.state"
    kept = state.read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        taken = " ".join(own.run("sandbox", "--port", port, "--reset", code=2).split())
        assert f"port {port} (Address already in use); name another port" in taken
    assert "has a chain of its own" in own.run("sandbox", "--network", "sepolia", code=2)
    assert state.read_bytes() == kept
    with started(own):
        second = " ".join(own.run("sandbox", "--port", "0", "--reset", code=1).split())
        assert "a sandbox runs in" in second and state.exists()
    told = state.with_name("sandbox.json")
    told.write_text(told.read_text().replace("0x", "0y"))
    older = " ".join(own.run("sandbox", "--port", "0", code=1).split())
    assert "another version of Kiseki made the sandbox" in older and "--reset" in older


def test_without_the_drawings_it_holds_marks_and_says_how_to_get_them(tmp_path: Path) -> None:
    with started(shell_in(tmp_path), program=WITHOUT) as told:
        read(told)
        home = got(told["address"])
        assert "Kiseki drew marks that stand for drawings" in home and "OpenMoji" not in home
        marks = sorted((Path(told["folder"]) / "work" / "marks").glob("*.svg"))
        assert len({each.read_bytes() for each in marks}) == 240
        assert told["people"][0]["name"] in {f"Artist {number}" for number in range(1, 13)}
    assert f"For the drawings, type `{INSTALL}`" in told["err"]


def test_drawings_are_found_where_the_sandbox_says_to_put_them(tmp_path: Path) -> None:
    assert "--prefix ~/.kiseki openmoji@" in INSTALL
    package = tmp_path / "node_modules" / "openmoji"
    (package / "data").mkdir(parents=True)
    (package / "data" / "openmoji.json").write_text("[]")
    assert find(tmp_path, tmp_path / "elsewhere") == package
    wanted = (ROOT / "tools" / "demo" / "package.json").read_text("utf-8")
    assert json.loads(wanted)["devDependencies"]["openmoji"] == INSTALL.rpartition("@")[2]
