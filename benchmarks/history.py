"""Requests over HTTP, and questions about logs in them, until the logs of a year are read:
2,628,000 blocks of 12 seconds with 10,000 logs in blocks taken at random, of a node that
answers no more than so many blocks to a question (`benchmarks/synthetic.py`). A node tells its
limit when it refuses, or does not; older nodes do not tell the times of logs, so blocks are
asked for them. The second reading is that of 300 more blocks, with the question for the latest
block. A dense place is 25,000 logs in 12 blocks, of a node that answers 10,000 logs at most."""

import random
from collections.abc import Iterable

from benchmarks.rows import Row
from benchmarks.synthetic import ADDRESS, YEAR, Synthetic, synthetic
from kiseki.chain.history import Part, history
from kiseki.chain.logs import head
from kiseki.chain.node import connect

__all__ = ["ROWS", "measure"]

TITLE = "Reading the logs of a year"

_NEW = 300
_PLACE = 25_000
_LIMITS = {10_000: 300, 500: 5_500}
_KINDS = {
    "": (True, True),
    ", its limit untold": (False, True),
    ", times untold": (True, False),
    ", neither told": (False, False),
}
"""Whether the node tells its limit, and the times of logs."""


def _reading(limit: int, kind: str) -> str:
    return f"a year, {limit:,} blocks at a time{kind}"


ROWS = (
    *(
        Row(f"{_reading(limit, kind)}: {what}", what, must)
        for limit, must in _LIMITS.items()
        for kind in _KINDS
        for what in ("requests", "questions")
    ),
    *(Row(f"{_reading(limit, '')}: second reading", "requests", 5) for limit in _LIMITS),
    Row("a dense place: requests more than for an empty one", "requests", 3),
)


def measure() -> dict[str, float]:
    values: dict[str, float] = {}
    for limit in _LIMITS:
        for kind, (names_limit, tells_times) in _KINDS.items():
            options = {"names_limit": names_limit, "tells_times": tells_times}
            with synthetic(YEAR, scattered(), limit, **options) as node:
                requests, questions, again = read(node)
            values[f"{_reading(limit, kind)}: requests"] = requests
            values[f"{_reading(limit, kind)}: questions"] = questions
            if not kind:
                values[f"{_reading(limit, kind)}: second reading"] = again
    values[ROWS[-1].name] = dense([50_000 + each // 2_100 for each in range(_PLACE)]) - dense([])
    return values


def scattered() -> list[int]:
    chance = random.Random(14)
    return sorted(chance.randrange(YEAR) for _ in range(10_000))


def read(node: Synthetic) -> tuple[int, int, int]:
    """Requests and questions of the first reading, and requests of the second."""
    connection = connect(node.url)
    node.forget()
    if walked(head(connection).number, history(connection, 0, YEAR - 1, [ADDRESS])) != 10_000:
        raise RuntimeError("not every log was read")
    first = (node.requests, node.questions)
    node.forget()
    node.blocks += _NEW
    latest = head(connection).number
    walked(latest, history(connection, YEAR, latest, [ADDRESS]))
    return *first, node.requests


def walked(last: int, parts: Iterable[Part]) -> int:
    """The logs in all parts, which must end at a block."""
    many, end = 0, -1
    for part in parts:
        many, end = many + len(part.logs), part.last.number
    if end != last:
        raise RuntimeError(f"it was read to {end:,} and not to {last:,}")
    return many


def dense(place: list[int]) -> int:
    """Requests until 100,000 blocks are read, of which some are full."""
    with synthetic(100_000, place, names_limit=False) as node:
        connection = connect(node.url)
        node.forget()
        walked(node.blocks - 1, history(connection, 0, node.blocks - 1, [ADDRESS]))
        return node.requests
