"""Which waterfalls money can still come through on its way to wallets.

It is looked for from the wallets up: who pays them, who pays those, and which tiers pay any of
them. So it costs as much as leads to the wallets, however many waterfalls strangers make.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kiseki.index.books.graph import Graph
from kiseki.index.store.database import Store

__all__ = ["ahead"]

_TOGETHER = 500
"""Accounts of one question."""


def ahead(
    store: Store, graph: Graph, wanted: Collection[int], is_plain: bool
) -> dict[int, tuple[int, ...]]:
    """The waterfalls that pay some wallets: at once, or through splits, subjects and each other.

    Args:
        wanted: the numbers of the wallets.
        is_plain: whether nothing was added beside the store.

    Returns:
        Number of a waterfall -> the tiers that lead to one of the wallets, counted from 1; earliest
        first. What goes round through the waterfall itself does not lead there. A waterfall that is
        wanted itself is there when it pays another that is.
    """
    if store.read("SELECT 1 FROM tier LIMIT 1") is None:
        return {}
    up = _Up(store, graph, is_plain)
    found, paid = up.walk(wanted)
    for fall in list(found):
        if fall in wanted or fall in paid:
            around, _ = up.walk(wanted, fall)
            found[fall] = around.get(fall, (0, set()))
    listed = sorted((at, fall, places) for fall, (at, places) in found.items() if places)
    return {fall: tuple(sorted(places)) for _, fall, places in listed}


class _Up:
    """From wallets to who pays them."""

    def __init__(self, store: Store, graph: Graph, is_plain: bool) -> None:
        self._store, self._graph, self._is_plain = store, graph, is_plain

    def walk(
        self, wanted: Collection[int], without: int | None = None
    ) -> tuple[dict[int, tuple[int, set[int]]], set[int]]:
        """Each waterfall with its place in the chain and the tiers that lead to the wallets; and
        all that somebody pays on the way there.

        Args:
            without: a waterfall that is not gone through.
        """
        found: dict[int, tuple[int, set[int]]] = {}
        paid: set[int] = set()
        seen = set(wanted) - {without}
        rest = list(seen)
        while rest:
            some, rest = rest[:_TOGETHER], rest[_TOGETHER:]
            new = self._payers(some, paid)
            for at, place, fall, payee in self._read(_TIERS, some):
                found.setdefault(fall, (at, set()))[1].add(place + 1)
                paid.add(payee)
                new.add(fall)
            new -= seen | {without}
            seen |= new
            rest += new
        return found, paid

    def _payers(self, accounts: list[int], paid: set[int]) -> set[int]:
        """The splits and subjects that pay some accounts; notes which of these they pay."""
        if self._is_plain:
            rows = self._read(_LEAVES, accounts) + self._read(_NAMING, accounts)
        else:
            rows = [(leaf.split, each) for each in accounts for leaf in self._graph.paying(each)]
            rows += [(key, each) for each in accounts for key in self._graph.naming(each)]
        paid.update(payee for _, payee in rows)
        return {payer for payer, _ in rows}

    def _read(self, question: str, accounts: Iterable[int]) -> list[tuple[int, ...]]:
        return self._store.read_all(f"{question} ({', '.join(map(str, accounts))})")


_TIERS = "SELECT at, place, waterfall, payee FROM tier WHERE payee IN"
_LEAVES = (
    "SELECT leaf.split, leaf.payee FROM leaf JOIN split ON split.key = leaf.split"
    " WHERE leaf.payee IN"
)
_NAMING = "SELECT subject, payee FROM naming WHERE payee IN"
