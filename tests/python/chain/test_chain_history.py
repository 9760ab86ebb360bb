"""The logs of many blocks, in few requests, from nodes that answer only some of them at a time."""

import itertools
import random
import time
from bisect import bisect_left
from collections.abc import Callable
from typing import Any

import pytest
from benchmarks.synthetic import ADDRESS, YEAR, Synthetic, synthetic

from kiseki import LocalKiseki
from kiseki.chain import history as reading
from kiseki.chain.history import Part, history
from kiseki.chain.logs import head
from kiseki.chain.node import connect
from kiseki.client.session import Session
from kiseki.errors import ChainError, NodeBehind, NodeBusy, NodeUnreachable

from ..conftest import Folder, Picky, ask
from .told import addresses, is_whole, read, serving

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
@pytest.mark.parametrize(
    ("begins", "many", "most"),
    [
        *itertools.product([0, 50_005, 59_990, 99_980], [1_001, 2_500], [1_000]),
        (50_005, 25_000, 10_000),
    ],
)
def test_a_dense_place_costs_three_requests_at_most(
    begins: int, many: int, most: int, names_limit: bool
) -> None:
    """Wherever it lies: a fifth of what a node answers at once in each of a few blocks, in ten
    spans without another. Where it lies in two spans, in each of them. Nodes take 10,000 logs;
    fewer of fewer are cut the same way, in a tenth of the time."""
    place = [begins + 5 * each // most for each in range(many)]
    with synthetic(100_000, place, most_logs=most, names_limit=names_limit) as node:
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
        assert node.questions == 1 + 10 * 5


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
        assert is_whole(node, read(node))
        assert 2 <= node.most <= 4


def test_large_answers_come_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few of them are in memory."""
    monkeypatch.setattr(reading, "_MANY_BYTES", 2_000)
    with serving(Slow(3_000, list(range(0, 3_000, 100)))) as node:
        node.least = 251
        assert is_whole(node, read(node, span=1_000))
        assert node.most == 1


def test_the_next_answer_comes_while_one_is_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MANY_BYTES", 2_000)
    with serving(Slow(3_000, list(range(0, 3_000, 100)))) as node:
        connection = connect(node.url)
        parts = history(connection, 0, node.blocks - 1, [ADDRESS], span=1_000)
        node.forget()
        for done in range(1, 3):
            next(parts)
            end = time.monotonic() + 600
            while node.requests < done + 1 and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(0.1)
            assert node.requests == done + 1  # and no further one


def test_short_spans_are_read_several_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As large answers make them."""
    monkeypatch.setattr(reading, "_MANY_BYTES", 2_000)
    with serving(Slow(600, list(range(0, 600, 10)))) as node:
        assert is_whole(node, read(node, span=20))
        assert 2 <= node.most <= 4


def test_who_stops_reading_asks_no_more() -> None:
    with synthetic(3_000_000, []) as node:
        connection = connect(node.url)
        node.forget()
        parts = history(connection, 0, node.blocks - 1, [ADDRESS])
        next(parts)
        next(parts)
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
