"""The books of an index beside what the contracts say, at the same block."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from kiseki.chain.contract.contracts import Call, Contract, returned
from kiseki.chain.node import Node
from kiseki.core.values import to_hex
from kiseki.index import Claimed, Held, Index

__all__ = ["Difference", "differences"]

_CALLS = 500
"""Questions that go to the node together."""

Figure = Held | Claimed


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is another on the chain.

    Attributes:
        what: in words.
        index, chain: base units.
    """

    what: str
    index: int
    chain: int


def differences(
    node: Node,
    index: Index,
    splitter: Contract,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Iterator[Difference]:
    """Compares every account and every claimed leaf with the splitter's views.

    Args:
        progress: called with the figures compared, and 0, as nobody counted them.

    Raises:
        Unprovable: the node does not have the state of that block any more.
        NodeUnreachable, ChainError: it does not answer, or refuses.
    """
    done = 0
    figures = iter(_figures(index))
    while part := list(islice(figures, _CALLS)):
        calls = [_view(splitter, figure) for figure in part]
        answers = returned(node, calls, index.cursor.block)
        for figure, answer in zip(part, answers, strict=True):
            there = int.from_bytes(answer)
            if _amount(figure) != there:
                yield Difference(_words(figure), _amount(figure), there)
        done += len(part)
        progress(done, 0)


def _figures(index: Index) -> Iterable[Figure]:
    yield from index.held()
    yield from index.claimed()


def _view(splitter: Contract, figure: Figure) -> Call:
    if isinstance(figure, Claimed):
        return splitter.call("claimed", figure.split, figure.token, figure.lo)
    return splitter.call("held" if figure.is_subject else "received", figure.key, figure.token)


def _amount(figure: Figure) -> int:
    if isinstance(figure, Claimed):
        return figure.amount
    return figure.received - (figure.passed if figure.is_subject else 0)


def _words(figure: Figure) -> str:
    if isinstance(figure, Claimed):
        return f"claimed of {to_hex(figure.split)} from share {figure.lo:,} in {figure.token}"
    kind = "held at the subject" if figure.is_subject else "received by"
    return f"{kind} {to_hex(figure.key)} in {figure.token}"
