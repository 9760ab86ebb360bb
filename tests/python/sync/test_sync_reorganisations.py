"""Whatever a chain does, the index holds what a clean reading of it holds (invariants 9 and 13)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiseki import LocalKiseki
from kiseki.chain.contract.abi import topic
from kiseki.chain.contract.artifacts import artifact
from kiseki.client.session import Session
from kiseki.core.values import to_hex
from kiseki.errors import IndexInconsistent

from ..conftest import Altered, ask
from .acts import Folder, act


@pytest.fixture
def k() -> Iterator[LocalKiseki]:
    """A chain of the test's own: Anvil forgets old states of one that was set back often, and then
    reorganises to a chain without the suite."""
    with LocalKiseki.local(5) as own:
        yield own


@pytest.fixture
def kept(k: LocalKiseki, tmp_path: Path) -> Session:
    """A session whose index lies in a file."""
    return Session(k.session.node, index=tmp_path / "index")


def clean(k: LocalKiseki) -> bytes:
    """The digest of a reading from the first block on."""
    return Session(k.session.node).index.digest()


@pytest.mark.parametrize("depth", [1, 2, 7, 63, 64, 65, 90])
def test_blocks_that_are_no_longer_the_chains_are_taken_back(
    k: LocalKiseki, kept: Session, folder: Folder, depth: int
) -> None:
    act(k, folder, "before", 1)
    assert kept.index.digest() == clean(k)
    ask(k, "anvil_mine", hex(max(depth - 5, 0)))
    act(k, folder, "undone", 2)
    assert kept.index.digest() == clean(k)
    gone = kept.index.cursor
    ask(k, "anvil_reorg", depth, [])
    assert kept.index.digest() == clean(k)
    assert kept.index.cursor.hash != gone.hash
    act(k, folder, "after", 3)
    assert kept.index.digest() == clean(k)


def test_a_chain_that_was_set_back_is_read_as_far_as_it_goes(
    k: LocalKiseki, kept: Session, folder: Folder
) -> None:
    act(k, folder, "before", 1)
    before = kept.index.digest()
    snapshot = ask(k, "evm_snapshot")
    act(k, folder, "undone", 2)
    assert kept.index.digest() == clean(k) != before
    ask(k, "evm_revert", snapshot)
    assert kept.index.digest() == before
    ask(k, "anvil_mine", hex(100))
    act(k, folder, "after", 3)
    assert kept.index.digest() == clean(k)


def test_another_chain_of_the_same_number_has_a_place_of_its_own(
    k: LocalKiseki, kept: Session, tmp_path: Path
) -> None:
    begun = int(ask(k, "eth_getBlockByNumber", "0x0", False)["timestamp"], 16)
    while time.time() < begun + 1:  # two that begin in one second are one and the same
        time.sleep(0.05)
    with LocalKiseki.local(2) as other:
        theirs = Session(other.session.node, index=tmp_path / "index")
        assert kept.index.cursor.hash != theirs.index.cursor.hash
        assert kept.index_place() != theirs.index_place()
    assert len(list((tmp_path / "index").glob("*.sqlite"))) == 2


def test_what_was_read_is_not_read_again(
    k: LocalKiseki, kept: Session, folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 10: a second program asks for new blocks alone."""
    act(k, folder, "before", 1)
    digest = kept.index.digest()
    again = Session(k.session.node, index=tmp_path / "index")
    asked: list[str] = []
    real = type(k.session.node).ask

    def counting(node: object, questions: list[tuple[str, list[object]]]) -> object:
        asked.extend(method for method, _ in questions)
        return real(node, questions)  # type: ignore[arg-type]

    monkeypatch.setattr(type(k.session.node), "ask", counting)
    assert again.index.digest() == digest
    assert "eth_getLogs" not in asked
    monkeypatch.undo()


def test_a_dropped_index_is_read_again(k: LocalKiseki, kept: Session, folder: Folder) -> None:
    act(k, folder, "before", 1)
    digest = kept.index.digest()
    place = Path(kept.index_place())
    assert place.exists()
    kept.drop()
    assert not place.exists()
    assert kept.index.digest() == digest


def test_every_figure_is_what_the_contracts_say(
    k: LocalKiseki, kept: Session, folder: Folder
) -> None:
    from kiseki.sync.check import differences

    for number in (1, 2, 3):
        act(k, folder, f"work {number}", number)
    compared: list[int] = []
    wrong = differences(
        kept.node, kept.index, kept["RevenueSplitter"], lambda done, _: compared.append(done)
    )
    assert list(wrong) == [] and compared[-1] >= 3
    index = kept.index
    with index._store.writing():
        index._store.write("UPDATE claimed SET amount = zeroblob(16)")
    first, *_ = differences(kept.node, index, kept["RevenueSplitter"])
    assert (first.index, first.chain > 0, "claimed of" in first.what) == (0, True, True)


def test_a_node_that_leaves_something_out_costs_only_what_was_read_since(
    k: LocalKiseki, kept: Session, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 8: what was once found to be the chain's is kept."""
    act(k, folder, "before", 1)
    good = kept.index.cursor
    assert good.verified == good.block
    ask(k, "anvil_mine", hex(200))
    assert kept.index.cursor.verified == kept.index.cursor.block
    act(k, folder, "after", 2)
    registered = to_hex(topic(event_of("DataRegistry", "CollectionRegistered")))

    class Lacking(Altered):
        def change(self, real: Callable[[], Any]) -> Any:
            answer = real()
            kept_ = [each for each in answer["result"] if each["topics"][0] != registered]
            return answer | {"result": kept_}

    Lacking(k, monkeypatch, "eth_getLogs")
    with pytest.raises(IndexInconsistent, match="left something out"):
        _ = kept.index
    assert kept.kept().cursor.verified >= good.block + 200
    assert kept.kept().count("DataRegistry") == 1
    monkeypatch.undo()
    assert kept.index.digest() == clean(k)


def event_of(contract: str, name: str) -> Any:
    return next(
        each for each in artifact(contract).abi
        if each["type"] == "event" and each["name"] == name
    )  # fmt: skip
