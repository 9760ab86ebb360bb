"""Whom each subject stands for, event by event: a collection, model, batch, rights token, identity.

As the contracts' `payeeOf` say, asked by the very wallet that is paid: a holder with code is paid
only at its own call, and the index cannot see code. Other contracts than the suite's are not asked:
what they are owed waits in their subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kiseki.core import ids
from kiseki.core.values import ZERO_ADDRESS
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph, Subject
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["Naming"]

Row = Mapping[str, Any]

_NEVER = 1 << 63
_MANY = 20_000
"""Subjects that are remembered: each is a hash, asked for several times."""
_REGISTRIES = {
    "collection": "DataRegistry",
    "model": "ModelRegistry",
    "batch": "OutputRegistry",
}
_HOLDER = "SELECT holder FROM transfer WHERE token = ? ORDER BY at DESC LIMIT 1"
_LAST_BINDING = (
    "SELECT wallet, since FROM identity WHERE issuer = ? AND person = ? ORDER BY at DESC LIMIT 1"
)
_DUE = "SELECT issuer, person FROM identity WHERE since > ? AND since <= ? ORDER BY at"


class Naming:
    """Tells the graph and the books whom subjects stand for.

    Args:
        addresses: name and address of each contract that a chain has once.
    """

    def __init__(
        self, store: Store, graph: Graph, books: Books, addresses: Mapping[str, str]
    ) -> None:
        self._store, self._graph, self._books = store, graph, books
        self._addresses = addresses
        self._subject = lru_cache(_MANY)(ids.subject)
        self._next: int | None = None

    # Facts

    def follow(self, table: str, row: Row, time: int) -> None:
        """Does what a fact changes.

        Args:
            table: of the fact.
            row: the fact.
            time: of its block, Unix seconds.
        """
        if table == "collection":
            self._registered(_REGISTRIES[table], row["id"], row["provider"], row["payee"])
        elif table == "model":
            self._registered(_REGISTRIES[table], row["id"], row["developer"], row["split"])
        elif table == "batch":
            self._registered(_REGISTRIES[table], row["id"], row["creator"], row["split"])
        elif table == "payee_change":
            registry = self._addresses["DataRegistry"]
            self._change(ids.subject(registry, row["collection"]), row["payee"])
        elif table == "rights":
            self._revealed(row["token"], row["registry"], row["id"])
        elif table == "transfer":
            self._transferred(row["token"], row["holder"])
        elif table == "identity":
            self.bind(row["issuer"], row["person"], row["wallet"], row["since"], time)

    def keys_of(self, table: str, row: Row) -> tuple[bytes, ...]:
        """The subjects that a registration names, to be looked up together with others."""
        registry = _REGISTRIES.get(table)
        if registry is None:
            return ()
        subject = self._subject(self._addresses[registry], row["id"])
        return subject, self._subject(self._addresses["RightsToken"], subject)

    def run(self, before: int, now: int) -> bool:
        """Makes final the bindings whose time has come between two times, which no event tells;
        whether there were any."""
        if now <= before or now < self._next_after(before):
            return False
        self._store.flush(t.identity)
        self._next = None
        keys, any_came = self._store.keys, False
        for issuer, person in self._store.read_all(_DUE, before, now):
            row = self._store.read(_LAST_BINDING, issuer, person)
            if row is not None and before < row[1] <= now:
                who = keys.address(issuer), keys.raw(person)
                self.bind(*who, keys.address(row[0]), row[1], now)
                any_came = True
        return any_came

    def _next_after(self, time: int) -> int:
        """When the next binding becomes final that is known so far."""
        if self._next is None:
            self._store.flush(t.identity)
            row = self._store.read("SELECT min(since) FROM identity WHERE since > ?", time)
            self._next = _NEVER if row is None or row[0] is None else int(row[0])
        return self._next

    def know(self, issuer: str, person: bytes) -> bool:
        """Adds an identity that nobody has bound; whether there was none."""
        contract = self._addresses["Identities"]
        identity = ids.identity_id(issuer, person)
        key = ids.subject(contract, identity)
        if self._known(key) is not None:
            return False
        self._set(key, contract, identity, None, unknown=False)
        return True

    def bind(self, issuer: str, person: bytes, wallet: str, since: int, now: int) -> None:
        """An identity stands for a wallet from a time on; for nobody with the zero address."""
        contract = self._addresses["Identities"]
        identity = ids.identity_id(issuer, person)
        if since > now and self._next is not None:
            self._next = min(self._next, since)
        stands = wallet != ZERO_ADDRESS and since <= now
        payee = ids.wallet(wallet) if stands else None
        self._set(ids.subject(contract, identity), contract, identity, payee, unknown=False)

    def _registered(self, registry: str, group: bytes, registrant: str, payee: bytes) -> None:
        contract = self._addresses[registry]
        subject, rights = self._subject(contract, group), self._addresses["RightsToken"]
        self._set(subject, contract, group, payee, unknown=False)
        token = self._subject(rights, subject)
        known = self._known(token)
        if known is None or known.payee is None:
            self._set(token, rights, subject, ids.wallet(registrant), unknown=known is None)

    def _revealed(self, token: bytes, registry: str, group: bytes) -> None:
        rights = self._addresses["RightsToken"]
        self._store.flush(t.transfer)
        keys, holder = self._store.keys, None
        row = self._store.read(_HOLDER, keys.number(token))
        if row is not None and keys.address(row[0]) != ZERO_ADDRESS:
            holder = ids.wallet(keys.address(row[0]))
        key = ids.subject(rights, token)
        known = self._known(key)
        if holder is None and known is not None and known.payee is not None:
            holder = keys.raw(known.payee)
        self._set(key, rights, token, holder, unknown=False)

    def _transferred(self, token: bytes, holder: str) -> None:
        key = ids.subject(self._addresses["RightsToken"], token)
        known = self._known(key)
        if known is not None and not known.unknown and holder != ZERO_ADDRESS:
            self._change(key, ids.wallet(holder))

    def _known(self, key: bytes) -> Subject | None:
        number = self._store.keys.number(key)
        return None if self._store.keys.is_fresh(number) else self._graph.subject(number)

    def _change(self, key: bytes, payee: bytes) -> None:
        known = self._known(key)
        if known is not None:
            keys = self._store.keys
            self._set(key, keys.raw(known.contract), keys.raw(known.id), payee, known.unknown)

    def _set(
        self,
        key: bytes,
        contract: str | bytes,
        id_: bytes,
        payee: bytes | None,
        unknown: bool,
    ) -> None:
        keys = self._store.keys
        number = keys.number(key)
        stands = None if payee is None or not any(payee) else keys.number(payee)
        subject = Subject(keys.number(contract), keys.number(id_), stands, unknown)
        if keys.is_fresh(number):  # so nothing leads there yet
            self._graph.name(number, subject)
            return
        before = self._graph.subject(number)
        if before is not None and before.payee == stands:
            self._graph.name(number, subject)
            return
        afterwards = self._books.naming(number)
        self._graph.name(number, subject)
        self._graph.lead_anew(number)
        for change in afterwards:
            change()
