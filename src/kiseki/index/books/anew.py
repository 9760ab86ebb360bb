"""The books as facts alone make them: who stands for whom, what moved, and what follows.

It gives the figures that a reader of the chain has who ends there, in another order: first the last
word about every subject, then where all leaves lead, then the sums of what moved. What an account
would have received follows from these, whatever came first.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

from sqlalchemy import Table, select

from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph
from kiseki.index.books.naming import Naming
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["fold"]

_NAMING = {
    t.collection: ("id", "provider", "payee"),
    t.model: ("id", "developer", "split"),
    t.batch: ("id", "creator", "split"),
    t.payee_change: ("collection", "payee"),
    t.rights: ("token", "registry", "id"),
    t.transfer: ("token", "holder"),
    t.identity: ("issuer", "person", "wallet", "since"),
}
"""The facts that say whom subjects stand for -> the columns that do."""

_PAID = (
    "SELECT DISTINCT leaf.payee FROM split JOIN leaf ON leaf.split = split.key WHERE leaf.payee > 0"
)
"""Whoever is paid by a leaf and is no wallet: wallets have numbers below zero."""

_DEPOSITS = "SELECT token, payee, amount FROM deposit"
_CLAIMS = "SELECT token, split, lo, payee, amount FROM claim"
_RESOLUTIONS = "SELECT token, subject, payee, amount FROM resolution"


def fold(store: Store, graph: Graph, books: Books, naming: Naming, time: int) -> None:
    """Fills empty books from the facts of a store; it takes as long as there are facts.

    Args:
        time: that bindings are final at, Unix seconds.
    """
    store.keys.mark()
    for _, name, row in _in_order(store):
        naming.follow(name, row, time)
    for (payee,) in store.read_all(_PAID):
        graph.lead_anew(payee)
    amount = store.converters([t.deposit.c.amount])[1][0] or int
    lo = store.converters([t.claim.c.lo])[1][0] or int
    for (token, payee), moved in _sums(store.read_all(_DEPOSITS), amount):
        books.deposit(token, payee, moved)
    for (token, split, low, payee), moved in _sums(store.read_all(_CLAIMS), amount):
        books.claim(token, split, lo(low), payee, moved)
    for (token, subject, payee), moved in _sums(store.read_all(_RESOLUTIONS), amount):
        books.resolve(token, subject, payee, moved)
    books.settle()
    for each in (*graph.figures, *books.figures):
        each.flush()


def _in_order(store: Store) -> Iterator[tuple[int, str, dict[str, Any]]]:
    return heapq.merge(*(_facts(store, table) for table in _NAMING), key=itemgetter(0))


def _facts(store: Store, table: Table) -> Iterator[tuple[int, str, dict[str, Any]]]:
    names = _NAMING[table]
    question = select(table.c.at, *(table.c[name] for name in names)).order_by(table.c.at)
    for at, *row in store.rows(question):
        yield at, table.name, dict(zip(names, row, strict=True))


def _sums(rows: Iterable[Any], amount: Any) -> Iterable[tuple[tuple[Any, ...], int]]:
    """The last column, summed for each of the others."""
    sums: defaultdict[tuple[Any, ...], int] = defaultdict(int)
    for *key, moved in rows:
        sums[tuple(key)] += amount(moved)
    return sums.items()
