"""A node that is away: what was read before answers, and says how old that is (invariant 13)."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.python.typed import Programs

from kiseki.chain.anvil import anvil, find_anvil
from kiseki.chain.node import Node, connect
from kiseki.chain.release.deploying import deploy
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account
from kiseki.cli import show
from kiseki.errors import KisekiError

from .conftest import ARTIST, FREE, Shell

CHAIN = 31_337


@dataclass
class Own:
    """An Anvil that a test may stop or kill, with the suite on it, and a shell there."""

    process: subprocess.Popen[bytes]
    shell: Shell

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def reached(url: str, process: subprocess.Popen[bytes]) -> Node:
    for _ in range(300):
        try:
            return connect(url, CHAIN, within=0.2)
        except KisekiError:
            assert process.poll() is None
            time.sleep(0.05)
    raise AssertionError("Anvil did not answer")


def started(folder: Path, programs: Programs, port: int) -> Own:
    command = [find_anvil(), "--port", str(port), "--chain-id", str(CHAIN), "--silent"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    node = reached(url, process)
    deploy(Sender(node, local_account(0)), folder / "deployments")
    shell = Shell(folder, url, programs)
    shell.environment["KISEKI_CHAIN_ID"] = str(CHAIN)
    shell.environment["KISEKI_ACCOUNT"] = "test:1"
    shell.files("art", 2)
    shell.run("data", "register", "art", *FREE)
    shell.run("revenue", "split", "split.json", f"{ARTIST}=1")
    shell.run("revenue", "publish", "split.json")
    shell.run("revenue", "pay", "split.json", "1.5")
    return Own(process, shell)


@pytest.fixture(scope="module")
def port() -> int:
    """One of this module's own, at which nothing else listens."""
    from kiseki.chain.anvil import _free_port

    return _free_port()


@pytest.fixture
def own(tmp_path: Path, programs: Programs, port: int) -> Iterator[Own]:
    """A node of the test's own."""
    found = started(tmp_path, programs, port)
    yield found
    found.process.send_signal(signal.SIGCONT)
    found.kill()


@dataclass(frozen=True)
class Left:
    """What is left of a node that was killed: the folder, and what it answered before."""

    folder: Path
    url: str
    collection: str
    answers: dict[tuple[str, ...], Any]


ASKED: tuple[tuple[str, ...], ...] = (
    ("status",), ("revenue", "owed"), ("data", "list"), ("index", "status"), ("market", "offers"),
    ("statements", "show", "wallet", ARTIST), ("data", "find", "art"),
    ("revenue", "owed", "--at", "0d"), ("revenue", "earned", "--at", "3"),
)  # fmt: skip
"""Commands that what was read before can answer."""


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, programs: Programs, port: int) -> Left:
    folder = tmp_path_factory.mktemp("left")
    own = started(folder, programs, port)
    shell = own.shell
    collection = shell.json("data", "list")[0]["collection"]
    answers = {words: shell.json(*words) for words in ASKED}
    own.kill()
    return Left(folder, shell.url, collection, answers)


@pytest.fixture
def away(left: Left, tmp_path: Path, programs: Programs) -> Shell:
    """A shell of one's own where that node is away."""
    shutil.copytree(left.folder, tmp_path, dirs_exist_ok=True)
    shell = Shell(tmp_path, left.url, programs)
    shell.environment |= {"KISEKI_CHAIN_ID": str(CHAIN), "KISEKI_ACCOUNT": "test:1"}
    return shell


def kept(shell: Shell) -> Path:
    (found,) = (shell.folder / "home" / ".kiseki" / "index").glob("*.sqlite")
    return found


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_what_was_read_before_answers_the_same_and_says_how_old_it_is(
    away: Shell, left: Left, words: tuple[str, ...]
) -> None:
    before = left.answers[words]
    done = away.start(*words, "--json")
    out, err = done.communicate(timeout=600)
    assert done.returncode == (4 if words == ("status",) else 0), out + err
    told = json.loads(out)
    as_of = told.pop("as_of")
    block = left.answers[("index", "status")]["block"]
    assert (as_of["block"], as_of["verified"], as_of["node"]) == (block, block, left.url)
    assert 0 <= as_of["age"] < 3_600
    assert "no node answers" in as_of["reason"]
    assert err.startswith(f"This is as of block {block:,} of 20")
    if isinstance(before, list):
        assert told == {"answer": before}
    else:
        lost = {"balance", "pending", "contracts", "latest", "latest_time", "behind", "problems"}
        lost |= {"secrets", "place"}  # which name another folder
        for each in lost:
            told.pop(each, None)
        assert told == {name: value for name, value in before.items() if name not in lost}


def test_an_old_answer_is_said_before_it_is_given_and_once(away: Shell, left: Left) -> None:
    done = away.start("revenue", "owed")
    out, err = done.communicate(timeout=600)
    first, *others = err.splitlines()
    assert first.startswith("This is as of block ")
    assert first.endswith(
        f"ago: the node at {left.url} does not answer, so this comes from what was read before."
    )
    assert "1.5 ether" in out and not any("as of block" in each for each in others)


def test_how_old_an_answer_was_is_no_word_about_what_is_said_next(
    away: Shell, capfd: pytest.CaptureFixture[str]
) -> None:
    """A process can run several commands, as these tests do."""
    assert away.json("revenue", "owed")["as_of"]
    show.json_line({"mine": 1})
    assert json.loads(capfd.readouterr().out) == {"mine": 1}


def test_status_shows_what_it_can_and_that_something_is_wrong(away: Shell, left: Left) -> None:
    shown = away.run("status", code=4)
    assert f"{left.url} does not answer; what only it tells is left out" in shown
    assert "1 collection, 0 models, 0 batches" in shown and "1.5 ETH" in shown
    assert "problem" in shown and "holds" not in shown and "pending" not in shown


@pytest.mark.parametrize(("words", "what"), [
    (("rights", "show", "collection", "0x" + "11" * 32), "what a contract says now"),
    (("lists",), "how far the chain is"),
    (("revenue", "pay", ARTIST, "1"), None),
    (("index", "sync"), None),
    (("index", "check"), None),
    (("index", "drop"), None),
])  # fmt: skip
def test_what_needs_the_node_says_so_and_nothing_else(
    away: Shell, words: tuple[str, ...], what: str | None
) -> None:
    said = away.run(*words, code=1)
    assert "no node answers at" in said and "as of block" not in said
    assert what is None or f"only a node tells {what}, and no node answers" in said
    assert kept(away).exists()


def test_that_something_is_not_there_is_an_old_answer_too(away: Shell) -> None:
    """It may have been registered since."""
    done = away.start("data", "show", "0x" + "11" * 32)
    said = done.communicate(timeout=600)[1].splitlines()
    assert done.returncode == 1
    assert said[0].startswith("This is as of block ") and said[1].startswith("kiseki: ")


def test_a_node_that_was_stopped_is_not_waited_for_long(own: Own) -> None:
    before = own.shell.json("revenue", "owed")
    own.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    told = own.shell.json("revenue", "owed")
    assert time.monotonic() - began > 5
    assert "ReadTimeout" in told["as_of"]["reason"]
    assert told["owed"] == before["owed"]
    own.process.send_signal(signal.SIGCONT)
    assert "as_of" not in own.shell.json("revenue", "owed")


def test_a_node_on_another_chain_is_no_node_that_is_away(away: Shell) -> None:
    with anvil(CHAIN + 1) as url:
        said = away.run("revenue", "owed", "--rpc", url, code=1)
        assert f"is on chain {CHAIN + 1}, not {CHAIN}" in said and "as of block" not in said
        # also where it is the only one of several that answers
        both = f"{away.url},{url}"
        said = away.run("revenue", "owed", "--rpc", both, code=1)
        assert f"is on chain {CHAIN + 1}, not {CHAIN}" in said and "as of block" not in said


def test_where_nothing_was_read_nothing_is_answered(away: Shell) -> None:
    kept(away).unlink()
    said = away.run("revenue", "owed", code=1)
    assert f"Nothing that was read of chain {CHAIN} before could answer instead" in said
    assert not list((away.folder / "home" / ".kiseki" / "index").glob("*.sqlite"))


def test_which_of_two_chains_is_meant_is_not_guessed(away: Shell) -> None:
    first = kept(away)
    second = first.with_name(first.name.replace(first.name.split("-")[1], "0badc0de"))
    shutil.copy(first, second)
    said = away.run("revenue", "owed", code=1)
    assert f"2 chains of the number {CHAIN} were read before" in said
    assert str(first) in said and str(second) in said
    # another chain's, and another version's, are not meant
    second.rename(first.with_name(first.name.replace(str(CHAIN), f"{CHAIN}9")))
    shutil.copy(first, first.with_name(first.name.replace("-v", "-v9")))
    assert "1.5 ether" in away.run("revenue", "owed")


@pytest.mark.parametrize("content", [b"no database" * 1_000, b""])
def test_a_file_that_cannot_be_used_is_named(away: Shell, content: bytes) -> None:
    path = kept(away)
    for beside in path.parent.glob(f"{path.name}-*"):
        beside.unlink()
    path.write_bytes(content)
    said = away.run("revenue", "owed", code=1)
    assert f"The index at {path} cannot answer instead: " in said
    assert "no node answers at" in said


def test_a_chain_that_nobody_named_is_not_guessed(away: Shell) -> None:
    del away.environment["KISEKI_CHAIN_ID"]
    said = away.run("revenue", "owed", code=1)
    assert "if you name the chain too: --network, or KISEKI_CHAIN_ID" in said
    shutil.rmtree(kept(away).parent)
    assert "name the chain too" not in away.run("revenue", "owed", code=1)


def test_amounts_of_a_token_are_in_its_base_units_while_nobody_tells_its_digits(own: Own) -> None:
    shell = own.shell
    token = shell.json("local", "token")["token"]
    shell.run("local", "mint", token, ARTIST, "7")
    shell.run("revenue", "pay", "split.json", f"0.25@{token}")
    assert f"0.25 of {token}" in shell.run("revenue", "owed")
    own.kill()
    assert f"250,000 base units of {token}" in shell.run("revenue", "owed")
    told = shell.json("status", code=4)
    assert list(told["decimals"]) == ["0x" + "00" * 20]
    assert told["owed"][token.lower()] == "250000"
    assert f"250,000 base units of {token}" in shell.run("status", code=4)


def test_what_lies_at_a_waterfall_is_said_to_be_unknown(own: Own) -> None:
    shell = own.shell
    shell.run("revenue", "waterfall", "create", "split.json")
    assert shell.json("revenue", "owed")["ahead"] == []
    own.kill()
    assert shell.json("revenue", "owed")["ahead"] is None
    assert "More may be on the way through a waterfall; only a node tells." in shell.run(
        "revenue", "owed"
    )
