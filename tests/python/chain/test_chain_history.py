"""The logs of many blocks, in few requests, from nodes that answer only some of them at a time."""

import itertools
import random
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from benchmarks.synthetic import ADDRESS, YEAR, Synthetic, block, synthetic

from kiseki import Kiseki, LocalKiseki, Manifest
from kiseki.chain import history as reading
from kiseki.chain import logs
from kiseki.chain.history import Part, history
from kiseki.chain.logs import head
from kiseki.chain.node import connect
from kiseki.client.session import Session
from kiseki.errors import ChainError, NodeBehind, NodeBusy, NodeContradicts, NodeUnreachable

from ..conftest import Folder, Picky, ask
from ..front import each_question, front, place

Asked = list[tuple[int, int]]
Narrow = Callable[[int], Asked]


@pytest.fixture
def narrow(k: LocalKiseki, monkeypatch: pytest.MonkeyPatch) -> Narrow:
    """Makes the node refuse more than so many blocks; the ranges that it is asked for."""
    k.session.node.step = None
    return lambda most: Picky(k, monkeypatch, most).asked


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAUSES", (0.01, 0.01, 0.01))


def addresses(k: Kiseki) -> list[str]:
    return [each.address for each in k.session.deployment.contracts]


def read(node: Synthetic, **options: Any) -> list[Part]:
    """All of its chain."""
    connection = connect(node.url)
    node.forget()
    return list(history(connection, 0, node.blocks - 1, [ADDRESS], **options))


def is_whole(node: Synthetic, parts: list[Part]) -> bool:
    """Whether every log is there once, in order, with the right times, and each part where the one
    before ends."""
    found = [int(log["blockNumber"], 16) for part in parts for log in part.logs]
    starts = [0, *(part.last.number + 1 for part in parts)]
    return (
        found == list(node.logged)
        and starts[-1] == node.blocks
        and all(
            part.times.get(number) == int(block(number)["timestamp"], 16)
            for part in parts
            for number in {int(log["blockNumber"], 16) for log in part.logs}
        )
        and all(
            start <= int(log["blockNumber"], 16) <= part.last.number
            for start, part in zip(starts, parts, strict=False)
            for log in part.logs
        )
    )


def scattered(many: int, first: int, last: int) -> list[int]:
    chance = random.Random(many)
    return sorted(chance.randrange(first, last) for _ in range(many))


# How few requests


@pytest.mark.parametrize("tells_times", [True, False])
@pytest.mark.parametrize("names_limit", [True, False])
@pytest.mark.parametrize("most", [10_000, 500])
def test_a_year_is_read_in_few_requests(most: int, names_limit: bool, tells_times: bool) -> None:
    """Whether the node tells its limit or not, and the times of blocks or not. The limits are those
    of issue 14; where a node told its limit it was refused once."""
    options = {"names_limit": names_limit, "tells_times": tells_times}
    with synthetic(YEAR, scattered(10_000, 0, YEAR), most, **options) as node:
        parts = read(node)
        assert is_whole(node, parts)
        assert node.requests <= 300
        assert node.questions <= (300 if most == 10_000 else 5_500)
        assert node.refused <= 1 or not names_limit


def test_a_second_reading_begins_with_what_the_node_took() -> None:
    with synthetic(100_000, [7], 500, names_limit=False) as node:
        connection = connect(node.url)
        list(history(connection, 0, 50_000, [ADDRESS]))
        assert connection.step == 500
        node.forget()
        list(history(connection, 50_001, 60_000, [ADDRESS]))
        assert (node.requests, node.refused) == (1, 0)
        other = connect(node.url)
        node.forget()
        list(history(other, 50_001, 60_000, [ADDRESS], step=500))
        assert (node.requests, node.refused) == (1, 0)


@pytest.mark.parametrize("names_limit", [True, False])
@pytest.mark.parametrize("begins", [0, 50_005, 59_990, 99_980])
@pytest.mark.parametrize("many", [10_001, 25_000])
def test_a_dense_place_costs_three_requests_at_most(
    many: int, begins: int, names_limit: bool
) -> None:
    """Wherever it lies: thousands of logs in each of a few blocks, in ten spans without another.
    Where it lies in two spans, in each of them."""
    place = [begins + each // 2_000 for each in range(many)]
    with synthetic(100_000, place, names_limit=names_limit) as node:
        assert is_whole(node, read(node))
        assert node.requests <= least(node) + 3 * len({each // 10_000 for each in place})


def least(node: Synthetic) -> int:
    """The fewest requests that can read the chain, a range a request."""
    requests, first = 0, 0
    while first < node.blocks:
        begin = bisect_left(node.logged, first)
        beyond = node.logged[begin + node.most_logs :][:1] or [node.blocks]
        first = min(first + node.most_blocks, beyond[0])
        requests += 1
    return requests


def test_after_a_dense_place_as_many_blocks_are_asked_for_as_before() -> None:
    place = [5 + each // 5_000 for each in range(25_000)]
    with synthetic(200_000, place, names_limit=False) as node:
        connection = connect(node.url)
        list(history(connection, 0, node.blocks - 1, [ADDRESS]))
        assert connection.step == 10_000


def test_a_limit_that_a_node_names_is_kept_to() -> None:
    with synthetic(100_000, [7], 2_048) as node:
        connection = connect(node.url)
        list(history(connection, 0, node.blocks - 1, [ADDRESS]))
        assert (node.refused, connection.step) == (1, 2_048)


def test_of_large_answers_fewer_blocks_are_asked_for() -> None:
    """So that what is in memory is bounded; afterwards more again."""
    place = scattered(60_000, 20_000, 40_000)
    with synthetic(100_000, place, most_logs=10**9) as node:
        parts = read(node)
        assert is_whole(node, parts)
        ends = [part.last.number for part in parts]
        sizes = [b - a for a, b in itertools.pairwise([-1, *ends])]
        assert min(sizes) <= 5_000
        assert sizes[-1] + sizes[-2] > 10_000


def test_where_much_is_expected_the_first_request_is_short() -> None:
    with synthetic(1_000, []) as node:
        ends = [part.last.number for part in read(node, span=64)]
        assert ends[:2] == [63, 63 + 128]
        assert len(ends) <= 8


class Slow(Synthetic):
    """Takes its time; how many questions about logs of at least so many blocks wait at once."""

    waiting = most = least = 0

    def _logs(self, first: int, last: int) -> dict[str, Any]:
        if last - first + 1 < self.least:
            return super()._logs(first, last)
        with self._counting:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        time.sleep(0.05)
        with self._counting:
            self.waiting -= 1
        return super()._logs(first, last)


def test_several_requests_are_under_way_and_few_wait() -> None:
    with serving(Slow(300_000, [])) as node:
        began = time.monotonic()
        assert is_whole(node, read(node))
        assert 2 <= node.most <= 4
        assert time.monotonic() - began < 30 * 0.05 * 4


def test_large_answers_come_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few of them are in memory."""
    monkeypatch.setattr(reading, "_MANY_BYTES", 2_000)
    with serving(Slow(3_000, list(range(0, 3_000, 100)))) as node:
        node.least = 250
        assert is_whole(node, read(node, span=1_000))
        assert node.most == 1


def serving(node: Synthetic) -> Any:
    """As `synthetic` serves it."""
    threading.Thread(target=node.serve_forever, daemon=True).start()
    node.daemon_threads = True
    return Closing(node)


class Closing:
    def __init__(self, node: Synthetic) -> None:
        self.node = node

    def __enter__(self) -> Synthetic:
        return self.node

    def __exit__(self, *_: object) -> None:
        self.node.shutdown()
        self.node.server_close()


def test_who_stops_reading_asks_no_more() -> None:
    with synthetic(3_000_000, []) as node:
        connection = connect(node.url)
        node.forget()
        parts = history(connection, 0, node.blocks - 1, [ADDRESS])
        next(parts)
        next(parts)
        parts.close()  # type: ignore[attr-defined]
        time.sleep(0.2)
        asked = node.requests
        time.sleep(0.2)
        assert node.requests == asked <= 6


# What a real node says


@pytest.mark.parametrize("most", [1, 3, 10**6])
def test_every_block_is_read_once(
    k: LocalKiseki, folder: Folder, narrow: Narrow, most: int
) -> None:
    terms = k.data.define_terms("train", "0%")
    k.data.register(folder("art", {"1.svg": b"1"}), terms)
    ask(k, "anvil_mine", hex(40))
    node, last = k.session.node, head(k.session.node).number
    whole = [log for part in history(node, 0, last, addresses(k)) for log in part.logs]
    assert len(whole) > 2
    node.step = None
    asked = narrow(most)
    parts = list(history(node, 0, last, addresses(k)))
    assert [log for part in parts for log in part.logs] == whole
    good = sorted(each for each in asked if each[1] - each[0] < most)
    assert [first for first, _ in good] == [0, *(end + 1 for _, end in good[:-1])]
    assert good[-1][1] == parts[-1].last.number == last


def test_an_index_is_whole_whatever_the_node_takes_at_once(
    k: LocalKiseki, folder: Folder, narrow: Narrow
) -> None:
    terms = k.data.define_terms("train", "0%")
    made = k.data.register(folder("art", {"1.svg": b"1"}), terms).id
    narrow(2)
    assert Session(k.session.node).index.collection(made).id == made


def test_a_node_that_refuses_a_single_block_or_is_gone_is_not_asked_for_less(
    k: LocalKiseki, narrow: Narrow, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = head(k.session.node).number
    asked = narrow(0)
    with pytest.raises(ChainError, match="too many blocks"):
        list(history(k.session.node, 0, last, addresses(k)))
    assert asked[-1] == (0, 0)

    def gone(*_: Any) -> Any:
        asked.append((-1, -1))
        raise NodeUnreachable("gone")

    monkeypatch.setattr(k.session.node, "answers", gone)
    with pytest.raises(NodeUnreachable):
        list(history(k.session.node, 0, last, addresses(k)))
    assert asked.count((-1, -1)) == 1


# Refusals that are none of the range


class Refusing(Synthetic):
    """Refuses questions about logs with one error, the first so many of them."""

    error: dict[str, Any]
    times = 10**9

    def _logs(self, first: int, last: int) -> dict[str, Any]:
        if self.times <= 0:
            return super()._logs(first, last)
        self.times -= 1
        return {"error": self.error}


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        ({"code": 4444, "message": "pruned history unavailable"}, ChainError, "has dropped blocks"),
        ({"code": -32601, "message": "method not found"}, ChainError, "method not found"),
        ({"code": -32000, "message": "header not found"}, NodeBehind, "does not have that block"),
        ({"code": 429, "message": "too many requests"}, NodeBusy, "is asked too much"),
    ],
)
def test_where_less_would_not_help_less_is_not_asked_for(
    error: dict[str, Any], kind: type[ChainError], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kiseki.chain.node._PAUSES", (0.001,))
    with serving(Refusing(20_000, [])) as node:
        node.error = error
        with pytest.raises(kind, match=words):
            read(node)
        assert node.questions <= 20
        if kind in (NodeBehind, NodeBusy):  # which pass
            node.times = 3
            assert is_whole(node, read(node))


def test_a_node_that_counts_questions_in_a_time_is_asked_more_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It refuses what is more than ten questions about logs in a request."""
    monkeypatch.setattr("kiseki.chain.node._PAUSES", (0.001,))

    class Counting(Synthetic):
        left = 0

        def count(self, asked: Any) -> None:
            super().count(asked)
            self.left = 10

        def _logs(self, first: int, last: int) -> dict[str, Any]:
            self.left -= 1
            if self.left < 0:
                return {"error": {"code": 429, "message": "request rate exceeded"}}
            return super()._logs(first, last)

    with serving(Counting(20_000, [3, 700, 19_999], 500)) as node:
        assert is_whole(node, read(node))


@pytest.mark.parametrize("has", [0, 4_999, 10_000, 14_999])
def test_of_a_node_that_is_behind_what_it_has_is_read(has: int) -> None:
    """And no block that it lacks is taken for empty."""
    with synthetic(has + 1, [each for each in range(0, 20_000, 1_000) if each <= has]) as node:
        got = list[Part]()
        with pytest.raises(NodeBehind, match=f"does not have block {has + 1:,} yet"):
            got.extend(history(connect(node.url), 0, 19_999, [ADDRESS]))
        assert is_whole(node, got)


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
        "the time of block|of a later time than one after it",
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
        said = requests.post(k.url, json=asked, timeout=30).json()["result"]
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
        if self.once is not None and asked["params"][:1] == [hex(29_999)]:
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
    with pytest.raises(NodeContradicts, match="is older than one before it"):
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
    lying.instead = {29_999: block(29_998)}
    parts = list[Part]()
    with pytest.raises(NodeContradicts):
        parts.extend(history(connect(lying.url), 0, 29_999, [ADDRESS]))
    lying.instead, lying.once = {}, block(29_998)
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
