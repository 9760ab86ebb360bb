"""The logs of many blocks, in few requests, of nodes that answer only some of them at a time.

A request asks about a *span* of blocks, cut into ranges of as many blocks as the node takes (the
*step*), and for the last block of the span. What of it is refused is cut and asked for again at
once: of 10,000 blocks into pieces of 500, then 20, then 1. So a place full of logs costs at most
three requests more, wherever in the span it is, and the rest of the span is read with it. Several
requests are under way at a time, and one while whoever asked works on the answer before it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kiseki.chain.answers import Log
from kiseki.chain.batches import Asked
from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.logs import (
    PAUSES,
    Head,
    behind,
    block_question,
    blocks,
    checked,
    contradiction,
    head,
    head_of,
    reason,
    times_of,
    told_times,
)
from kiseki.chain.node import Node
from kiseki.chain.refusals import Kind, Refusal
from kiseki.errors import NodeBehind, NodeBusy, NodeContradicts

__all__ = ["SPAN", "Part", "history"]

SPAN = 10_000
"""Blocks of one request at most. Most public nodes take that many in one question, or fewer."""

_PIECES = (500, 20, 1)
"""Blocks of the pieces into which a range is cut that was refused, the first that is smaller."""
_LADDER = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
"""Blocks of a range, from one that the node took to the next one that is tried."""

_RANGES = 50
_QUESTIONS = 100
"""Of one request. Nodes limit the number of questions; 100 is the least of the usual limits."""

_UNDER_WAY = 4
"""Requests at a time, each of them with an answer in memory."""
_MANY_BYTES = 8_000_000
"""Of text in one answer: of more, fewer blocks are asked for at once. These are not quite 10,000
logs, which is the most that many nodes answer."""
_LOG = 700
"""Bytes of a log in JSON, beside its data."""

_FINAL = (Kind.METHOD, Kind.REVERT, Kind.PRUNED, Kind.LAG, Kind.RATE)
"""Where a node refuses for one of these reasons, it does not take fewer blocks either."""


class Part(NamedTuple):
    """The next blocks, up to and with `last`.

    Attributes:
        last: the last block, from the node that told of the logs.
        logs: what was logged, in order, in JSON.
        times: of the blocks with logs, by number, in seconds.
    """

    last: Head
    logs: list[Log]
    times: dict[int, int]


def history(
    node: Node,
    first: int,
    last: int,
    addresses: Sequence[str],
    topics: Sequence[Any] = (),
    step: int | None = None,
    span: int = SPAN,
) -> Iterator[Part]:
    """What these contracts logged from one block to another, both included, part by part.

    Many nodes answer "nothing" for blocks that they do not have yet, and behind one address there
    may be several nodes. So the last block of each part is asked for in the same request. What a
    node says is checked against the question and itself, and asked for again where it contradicts.

    Args:
        topics: what each topic must be, as hex or a list of hex; all logs where it is empty.
        step: blocks that the node takes in one question, where that is known; otherwise
            `node.step`, which is kept up with what the node takes.
        span: blocks of the first request, where many logs are expected in few blocks.

    Raises:
        NodeBehind: the node that answers does not have the next block, also after a while. What it
            has was given before.
        NodeContradicts: what it answers cannot be true, also when asked again.
        NodeBusy: it is asked too much, also when it is asked for less.
        NodeUnreachable, ChainError: it does not answer, or refuses even a single block.
    """
    asked = _Question(node, list(addresses), list(topics))
    yield from _Reader(asked, first, last, _Pace(step or node.step or SPAN, span)).parts()


# One request


@dataclass(frozen=True)
class _Question:
    """What is asked about a range of blocks."""

    node: Node
    addresses: list[str]
    topics: list[Any]

    def about(self, first: int, last: int) -> Asked:
        topics = {"topics": self.topics} if self.topics else {}
        blocks = {"fromBlock": hex(first), "toBlock": hex(last)}
        return "eth_getLogs", [{**blocks, "address": self.addresses, **topics}]

    def check(self, logs: Sequence[Log]) -> None:
        """Checks that logs have the topics that were asked for.

        Raises:
            NodeContradicts: one has others.
        """
        wanted = [
            (place, (each,) if isinstance(each, str) else each)
            for place, each in enumerate(self.topics)
            if each is not None
        ]
        for log in logs if wanted else ():
            if any(log["topics"][place] not in each for place, each in wanted):
                raise contradiction("tells of logs that it was not asked about")


class _Answer(NamedTuple):
    """What was logged in a span.

    Attributes:
        last: the last block of the span.
        heads: other blocks that were asked for with it.
        step: the most blocks that the node took in one question.
        refused: whether it refused more.
        told: the most blocks that it said to take, where it refused more and said so.
    """

    last: Head
    logs: list[Log]
    heads: dict[int, Head]
    step: int
    refused: bool
    told: int | None


def _read(asked: _Question, first: int, last: int, step: int, others: Sequence[int]) -> _Answer:
    """The logs of a span; also the heads of other blocks.

    Raises:
        as `history` does.
    """
    addresses = frozenset(each.lower() for each in asked.addresses)
    todo, together = _ranges(first, last, step), _RANGES
    taken: dict[int, list[Log]] = {}
    heads: dict[int, Head] = {}
    most, refused, told = 0, False, None
    while todo:
        some, todo = todo[:together], todo[together:]
        now = {last: heads.get(last)} | {each: None for each in others if each not in heads}
        questions = [*map(block_question, now), *(asked.about(*each) for each in some)]
        with node_errors():
            answers = asked.node.ask(questions)
            for number, answer in zip(now, answers, strict=False):
                heads[number] = _same(now[number], number, answer)
            again: list[tuple[int, int]] = []
            for span, answer in zip(some, answers[len(now) :], strict=True):
                if isinstance(answer, Refusal):
                    refused, told = True, answer.blocks or told
                    again += _smaller(span, answer, len(some))
                    together = max(1, len(some) // 2) if span[0] == span[1] else together
                else:
                    taken[span[0]] = checked(answer, span, addresses, {last: heads[last]})
                    asked.check(answer)
                    most = max(most, span[1] - span[0] + 1)
        todo = [*again, *todo]
    logs = [log for place in sorted(taken) for log in taken[place]]
    return _Answer(heads[last], logs, heads, most, refused, told)


def _ranges(first: int, last: int, step: int) -> list[tuple[int, int]]:
    return [(at, min(at + step - 1, last)) for at in range(first, last + 1, step)]


def _same(before: Head | None, number: int, answer: Any) -> Head:
    """A block that was asked for; the same as `before`, if it was asked for before."""
    if isinstance(answer, Refusal):
        raise reason(answer)
    if answer is None:
        raise behind(number)
    block = head_of(answer, number)
    if before not in (None, block):
        raise contradiction(f"gives two hashes for block {number:,} (a reorganisation, perhaps)")
    return block


def _smaller(span: tuple[int, int], refusal: Refusal, company: int) -> list[tuple[int, int]]:
    """What is asked for in place of a range that was refused."""
    first, last = span
    size = last - first + 1
    if refusal.kind in _FINAL or (size == 1 and company == 1):
        raise reason(refusal)
    if size == 1:
        return [span]  # with less beside it
    if refusal.blocks is not None and refusal.blocks < size:
        return _ranges(first, last, refusal.blocks)
    piece = next(each for each in _PIECES if each < size)
    if refusal.range is not None and first == refusal.range[0] <= refusal.range[1] < last:
        middle = refusal.range[1]
        return [(first, middle), *_ranges(middle + 1, last, piece)]
    return _ranges(first, last, piece)


# Many requests


@dataclass
class _Pace:
    """How many blocks are asked for at once.

    Attributes:
        step: of one question.
        span: of one request.
        ranges: questions of one request at most.
        under_way: requests at a time.
        taken: the most blocks that the node took in one question, since it refused some.
    """

    step: int
    span: int
    ranges: int = _RANGES
    under_way: int = _UNDER_WAY
    taken: int = 0
    _most: int = SPAN
    _good: int = 0
    _patience: int = 1
    _is_light: bool = True

    @property
    def blocks(self) -> int:
        """Of the next request."""
        return min(self.span, self.step * self.ranges)

    @property
    def width(self) -> int:
        """Requests at a time: one, where the node may refuse it or the answer may be large."""
        is_known = min(self.step, self.span) <= self.taken
        return self.under_way if is_known and self._is_light else 1

    def learn(self, answer: _Answer, step: int, blocks: int) -> None:
        """Adapts to what the node took of a request about so many blocks."""
        if not answer.refused:
            self._took(step, blocks)
        elif answer.step < self.step:
            self._shrink(answer)
        size = sum(len(log["data"]) for log in answer.logs) + _LOG * len(answer.logs)
        self._is_light = size <= _MANY_BYTES
        if not self._is_light and not answer.refused:
            self.span = max(1, self.span // 2)
        elif 2 * size <= _MANY_BYTES:
            self.span = min(2 * self.span, SPAN)

    def _took(self, step: int, blocks: int) -> None:
        if step != self.step:
            return  # it was asked before the step changed
        self.taken = max(self.taken, min(step, blocks))
        if blocks < step:
            return  # which says nothing of the step
        self._good += 1
        if self._good >= self._patience and step < min(self.span, self._most):
            larger = next((each for each in _LADDER if each > step), SPAN)
            self.step, self._good = min(larger, self._most), 0

    def _shrink(self, answer: _Answer) -> None:
        """After a try in vain, twice as many answers are taken until the next one, so that a node
        with a limit is seldom asked for more. After a place full of logs the step grows back."""
        if answer.told is not None:
            self._most = answer.told
        if 0 < self.taken < self.step:
            self.step, self._patience = max(self.taken, answer.step), 2 * self._patience
        else:
            self.step = self.taken = answer.step
            self._patience = 1
        self._good = 0

    def slow_down(self) -> bool:
        """Asks for less at a time from now on; whether that was possible."""
        before = (self.under_way, self.ranges)
        self.under_way, self.ranges = 1, max(1, self.ranges // 7)
        return before != (self.under_way, self.ranges)


class _Here(Executor):
    """Does at once what it is given. A thread for one request would make a connection anew."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future = Future[Any]()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised where the answer is wanted
            future.set_exception(error)
        return future


class _Request(NamedTuple):
    """A request that is under way."""

    first: int
    last: int
    step: int
    others: dict[int, bytes]
    answer: Future[_Answer]


@dataclass
class _Clock:
    """The times of blocks whose logs do not tell them. They are asked for with the next requests,
    or when there are enough for a request of their own.

    Attributes:
        hashes: of blocks that nobody asked for yet, by number.
        times: of those that were asked for.
    """

    node: Node
    hashes: dict[int, bytes] = field(default_factory=dict)
    times: dict[int, int] = field(default_factory=dict)

    def some(self, most: int) -> dict[int, bytes]:
        """Takes up to so many that are to be asked for now."""
        numbers = list(self.hashes)[:most]
        return {each: self.hashes.pop(each) for each in numbers}

    def ask(self, least: int) -> None:
        """Asks in requests of their own, while there are at least so many."""
        while self.hashes and len(self.hashes) >= least:
            some = self.some(_QUESTIONS)
            self.times |= times_of(some, blocks(self.node, *some))

    def fill(self, part: Part, unknown: Mapping[int, bytes]) -> bool:
        """Puts the times into a part, if all are there."""
        if not all(number in self.times for number in unknown):
            return False
        part.times.update({number: self.times.pop(number) for number in unknown})
        return True


class _Reader:
    """Reads from one block to another. Answers are given in order, whenever they come."""

    def __init__(self, asked: _Question, first: int, last: int, pace: _Pace) -> None:
        self._asked, self._next, self._last, self._pace = asked, first, last, pace
        self._clock = _Clock(asked.node)
        self._under_way: deque[_Request] = deque()
        self._done: deque[tuple[Part, dict[int, bytes]]] = deque()
        self._pauses = iter(PAUSES)
        self._reach = last
        self._before: Head | None = None

    def parts(self) -> Iterator[Part]:
        pool = ThreadPoolExecutor(_UNDER_WAY, "logs")
        try:
            while self._next <= self._last or self._under_way:
                width = self._pace.width
                self._send(pool if width > 1 else _Here(), width)
                self._take(self._under_way.popleft())
                self._clock.ask(_QUESTIONS)
                self._send(pool, 1)
                yield from self._given()
            self._clock.ask(0)
            yield from self._given()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _send(self, who: Executor, width: int) -> None:
        """Sends requests, until so many are under way."""
        while self._next <= self._reach and len(self._under_way) < width:
            self._under_way.append(self._request(who))

    def _request(self, who: Executor) -> _Request:
        first, step = self._next, self._pace.step
        last = min(first + self._pace.blocks - 1, self._reach)
        self._next = last + 1
        room = _QUESTIONS - 1 - len(_ranges(first, last, step))
        others = self._clock.some(room)
        answer = who.submit(_read, self._asked, first, last, step, list(others))
        return _Request(first, last, step, others, answer)

    def _take(self, request: _Request) -> None:
        try:
            answer = request.answer.result()
            self._follow(request, answer)
        except NodeBusy:
            if not self._pace.slow_down():
                raise
            self._go_back(request)
        except (NodeBehind, NodeContradicts) as error:
            self._go_back(request)
            self._wait(request, error)

    def _follow(self, request: _Request, answer: _Answer) -> None:
        with node_errors():
            times, unknown = told_times(answer.logs)
            others = [answer.heads[number] for number in request.others]
            self._clock.times |= times_of(request.others, others)
        earliest = min(times.values(), default=answer.last.time)
        if self._before is not None and earliest < self._before.time:
            raise contradiction(f"says that block {request.last:,} came earlier than one before it")
        self._before, self._reach = answer.last, self._last
        self._pace.learn(answer, request.step, request.last - request.first + 1)
        if self._pace.step <= self._pace.taken:
            self._asked.node.step = self._pace.step
        self._clock.hashes |= unknown
        self._done.append((Part(answer.last, answer.logs, times), unknown))

    def _given(self) -> Iterator[Part]:
        while self._done and self._clock.fill(*self._done[0]):
            yield self._done.popleft()[0]

    def _go_back(self, request: _Request) -> None:
        """Asks again from a request on, because those after it were of the same node."""
        for each in (request, *self._under_way):
            each.answer.cancel()
            self._clock.hashes |= each.others
        self._under_way.clear()
        self._next = request.first

    def _wait(self, request: _Request, error: NodeBehind | NodeContradicts) -> None:
        """Reads as far as the node goes now; where it goes no further, waits, and asks another."""
        node, size = self._asked.node, request.last - request.first + 1
        if isinstance(error, NodeBehind) and size > 1:
            reach = head(node).number
            if not request.first <= reach < request.last:  # another node says that
                reach = request.first + max(size // 8, 1) - 1
            self._reach = reach
            return
        pause = next(self._pauses, None)
        if pause is None:
            raise error
        node.pass_over()
        time.sleep(pause)
