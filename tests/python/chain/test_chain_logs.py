"""Logs of many blocks, from nodes that answer only some of them at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki
from kiseki.chain import logs
from kiseki.chain.logs import head, scan
from kiseki.client.session import Session
from kiseki.errors import ChainError, NodeUnreachable

from ..conftest import Folder, Picky, ask

Asked = list[tuple[int, int]]
Narrow = Callable[[int], Asked]


@pytest.fixture
def narrow(k: LocalKiseki, monkeypatch: pytest.MonkeyPatch) -> Narrow:
    """Makes the node refuse more than so many blocks; the ranges that it is asked for."""
    return lambda most: Picky(k, monkeypatch, most).asked


def addresses(k: Kiseki) -> list[str]:
    return [each.address for each in k.session.deployment.contracts]


@pytest.mark.parametrize("most", [1, 3, 10**6])
def test_every_block_is_read_once(
    k: LocalKiseki, folder: Folder, narrow: Narrow, most: int
) -> None:
    terms = k.data.define_terms("train", "0%")
    k.data.register(folder("art", {"1.svg": b"1"}), terms)
    ask(k, "anvil_mine", hex(40))
    node, last = k.session.node, head(k.session.node).number
    whole = logs.logs(node, 0, last, addresses(k))
    asked = narrow(most)
    parts = list(scan(node, 0, last, addresses(k)))
    assert [log for _, found in parts for log in found] == whole
    good = [each for each in asked if each[1] - each[0] < most]
    assert [first for first, _ in good] == [0, *(end + 1 for end, _ in parts[:-1])]
    assert [end for _, end in good] == [end for end, _ in parts]
    assert parts[-1][0] == last


def test_an_index_is_whole_whatever_the_node_takes_at_once(
    k: LocalKiseki, folder: Folder, narrow: Narrow
) -> None:
    terms = k.data.define_terms("train", "0%")
    made = k.data.register(folder("art", {"1.svg": b"1"}), terms).id
    narrow(2)
    assert Session(k.session.node).index.collection(made).id == made


def test_after_less_more_is_asked_for_again(k: LocalKiseki, narrow: Narrow) -> None:
    ask(k, "anvil_mine", hex(200))
    asked = narrow(10)
    last = head(k.session.node).number
    list(scan(k.session.node, 0, last, addresses(k)))
    sizes = [end - first + 1 for first, end in asked]
    assert sizes[:3] == [last + 1, (last + 1) // 8, (last + 1) // 64]
    assert len(sizes) < last / 3, "the node takes ten"


def test_of_large_answers_fewer_blocks_are_asked_for(
    k: LocalKiseki, folder: Folder, narrow: Narrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = k.data.define_terms("train", "0%")
    k.data.register(folder("art", {"1.svg": b"1"}), terms)
    last = head(k.session.node).number
    ask(k, "anvil_mine", hex(30))
    monkeypatch.setattr(logs, "_MANY_BYTES", 0)
    asked = narrow(10**6)
    list(scan(k.session.node, last, last + 30, addresses(k), step=8))
    assert [end - first + 1 for first, end in asked] == [8, 4, 8, 11]


def test_a_node_that_refuses_a_single_block_or_is_gone_is_not_asked_for_less(
    k: LocalKiseki, narrow: Narrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = head(k.session.node).number
    asked = narrow(0)
    with pytest.raises(ChainError, match="too many blocks"):
        list(scan(k.session.node, 0, last, addresses(k)))
    assert asked[-1] == (0, 0)

    def gone(*_: Any) -> Any:
        asked.append((-1, -1))
        raise NodeUnreachable("gone")

    monkeypatch.setattr(k.session.node, "answers", gone)
    with pytest.raises(NodeUnreachable):
        list(scan(k.session.node, 0, last, addresses(k)))
    assert asked.count((-1, -1)) == 1
