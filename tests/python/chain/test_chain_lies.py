"""What a node says of many blocks' logs and cannot mean is never kept."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from benchmarks.synthetic import ADDRESS, Synthetic, block

from kiseki import LocalKiseki, Manifest
from kiseki.chain import history as reading
from kiseki.chain import logs
from kiseki.chain.history import history
from kiseki.chain.logs import head
from kiseki.chain.node import connect
from kiseki.errors import ChainError, NodeContradicts

from ..conftest import Folder, ask
from ..front import answered, each_question, front, place
from .told import addresses, is_whole, read, serving


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAUSES", (0.01, 0.01, 0.01))


# Lies of a node before a real chain


Logs = list[dict[str, Any]]
Lie = Callable[[Logs, int], Any]


def changed(place: int, **values: Any) -> Lie:
    """One log has other values."""

    def lie(said: Logs, _: int) -> Logs:
        at = place % len(said)
        return [*said[:at], said[at] | values, *said[at + 1 :]]

    return lie


def at_the_end(**values: Any) -> Lie:
    """The logs of the last block have other values."""
    return lambda said, last: [
        log | values if log["blockNumber"] == hex(last) else log for log in said
    ]


LATE = hex(2**40)
LIES: dict[str, tuple[Lie, str]] = {
    "a block before those asked about": (changed(0, blockNumber="0x0"), "of block 0 when asked"),
    "a block after them": (
        lambda said, last: [*said, said[-1] | {"blockNumber": hex(last + 1)}],
        "when asked about 1 to",
    ),
    "another contract": (changed(1, address="0x" + "cd" * 20), "not asked about"),
    "removed": (changed(1, removed=True), "taken out"),
    "a log twice": (lambda said, _: [said[0], *said], "twice"),
    "all logs twice": (lambda said, _: said + said, "twice"),
    "blocks in another order": (lambda said, _: said[::-1], "out of order"),
    "logs in another order": (
        lambda said, _: sorted(said, key=lambda log: (int(log["blockNumber"], 16),
                                                      -int(log["logIndex"], 16))),
        "out of order",
    ),
    "two hashes of a block": (changed(-1, blockHash="0x" + "99" * 32), "two hashes"),
    "two times of a block": (changed(-1, blockTimestamp=LATE), "two hashes or times"),
    "another hash than the block has": (at_the_end(blockHash="0x" + "99" * 32), "another block"),
    "another time than the block has": (at_the_end(blockTimestamp=LATE), "the time of block"),
    "a time before that of an earlier block": (at_the_end(blockTimestamp="0x1"), "the time of"),
    "times after that of the last block": (
        lambda said, _: [log | {"blockTimestamp": LATE} for log in said],
        "the time of block|came later than one after it",
    ),
    "no list": (lambda _, __: {"a": 1}, "makes no sense"),
    "no log": (lambda _, __: [5], "makes no sense"),
    "no block": (changed(1, blockNumber=None), "makes no sense"),
    "no place": (changed(1, logIndex="3"), "makes no sense"),
}  # fmt: skip


@pytest.fixture
def logged(k: LocalKiseki, folder: Folder) -> int:
    """The last block, with several logs, as others have before it."""
    terms = k.data.define_terms("train", "0%")
    drawings = k.data.prepare(folder("art", {"1.svg": b"1"}), terms)
    k.data.register(drawings)
    k.data.register(folder("more", {"2.svg": b"2"}), terms)
    weights = k.models.weights(folder("w", {"w": b"w"}) / "w")
    manifest = Manifest({drawings.id: [(drawings.items[0].id, 1)]})
    k.models.register(weights, terms, manifest=manifest)
    return head(k.session.node).number


@pytest.mark.parametrize(
    ("name", "beyond"),
    # Of a block in the middle only the logs tell hash and time.
    [(name, beyond) for name in LIES for beyond in (0, 1) if not (beyond and "block has" in name)],
)
def test_a_lie_is_told_or_asked_again_and_never_kept(
    k: LocalKiseki, logged: int, name: str, beyond: int
) -> None:
    """Promise 8: of a node that goes on lying nothing is kept; one that lied once is asked again,
    and the truth is kept. Also where the last block that was asked about is empty."""
    lie, words = LIES[name]
    ask(k, "anvil_mine", hex(beyond))
    times, last = 10**9, logged + beyond
    truth = [log for part in history(k.session.node, 1, last, addresses(k)) for log in part.logs]
    assert len({log["blockNumber"] for log in truth}) > 2

    def say(asked: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal times
        if asked["method"] != "eth_getLogs" or times <= 0:
            return None
        times -= 1
        said = answered(k.url, asked)["result"]
        return {"result": lie(said, logged if "earlier" in name else last)}

    with front(k.url, each_question(k.url, say)) as node:
        connection = connect(place(node))
        with pytest.raises(ChainError, match=words) as told:
            next(history(connection, 1, last, addresses(k)))
        times = 1
        if isinstance(told.value, NodeContradicts):
            parts = list(history(connection, 1, last, addresses(k)))
            assert [log for part in parts for log in part.logs] == truth


# Lies of a node about a chain that is only told of


class Lying(Synthetic):
    """Tells what a test wants of a block, and no times of logs where it wants none."""

    instead: dict[int, dict[str, Any]]
    once: dict[str, Any] | None = None

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        said = super().answer(asked)
        if self.once is not None and asked["params"][:1] == [hex(19_999)]:
            said, self.once = said | {"result": self.once}, None
        for number, told in self.instead.items():
            if asked["params"][:1] == [hex(number)]:
                return said | {"result": told}
        return said


@pytest.fixture
def lying() -> Iterator[Lying]:
    """A chain of 30,000 blocks, with three logs in some of them."""
    places = (0, 9_999, 10_000, 15_000, 19_999, 25_000, 29_999)
    with serving(Lying(30_000, [each for each in places for _ in range(3)])) as node:
        node.instead = {}
        yield node


def test_a_block_that_is_another_than_its_number_is_refused(lying: Lying) -> None:
    lying.instead = {19_999: block(19_998)}
    with pytest.raises(NodeContradicts, match="answers with block 19,998 for block 19,999"):
        read(lying)


def test_a_part_that_is_older_than_the_one_before_is_refused(lying: Lying) -> None:
    lying.tells_times = False
    lying.instead = {19_999: block(19_999) | {"timestamp": "0x1"}}
    with pytest.raises(NodeContradicts, match="came earlier than one before it"):
        read(lying)


def test_a_block_whose_time_was_asked_for_is_the_block_of_the_logs(lying: Lying) -> None:
    """Where logs do not tell the time, and a reorganisation comes between."""
    lying.tells_times = False
    assert is_whole(lying, read(lying))
    lying.instead = {15_000: block(15_000) | {"hash": "0x" + "99" * 32}}
    with pytest.raises(NodeContradicts, match="another block 15,000 than it has"):
        read(lying)


def test_times_that_were_being_asked_for_are_asked_for_again(lying: Lying) -> None:
    """Where a request fails that should bring the times of blocks that others told of."""
    lying.tells_times = False
    lying.once = block(19_998)
    assert is_whole(lying, read(lying))


def test_a_reorganisation_while_a_span_is_cut_is_noticed() -> None:
    """The end of a span is asked for with each part of it."""
    told = 0

    class Reorganised(Synthetic):
        def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
            nonlocal told
            said = super().answer(asked)
            if asked["params"][:1] == [hex(9_999)]:
                told += 1
                if told % 2 == 0:
                    return said | {"result": block(9_999) | {"hash": "0x" + "99" * 32}}
            return said

    with serving(Reorganised(20_000, [], 500, names_limit=False)) as node:
        with pytest.raises(NodeContradicts, match="two hashes"):
            list(history(connect(node.url), 0, 19_999, [ADDRESS]))
        assert told >= 4


def test_logs_of_other_topics_are_refused(lying: Lying) -> None:
    node = connect(lying.url)
    right: list[Any] = ["0x" + "11" * 32]
    assert sum(len(part.logs) for part in history(node, 0, 9_999, [ADDRESS], right)) == 6
    assert sum(len(part.logs) for part in history(node, 0, 9_999, [ADDRESS], [right])) == 6
    for wrong in (["0x" + "22" * 32], [["0x" + "22" * 32]]):
        with pytest.raises(NodeContradicts, match="not asked about"):
            list(history(node, 0, 9_999, [ADDRESS], wrong))


def test_times_are_those_that_logs_tell_or_their_blocks_have(lying: Lying) -> None:
    (part,) = history(connect(lying.url), 0, 9_999, [ADDRESS])
    lying.tells_times = False
    node = connect(lying.url)
    assert logs.timestamps(node, lying._logs(0, 9_999)["result"]) == part.times
