"""Salts: for each provider and content one that counts, made once and then the same."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import func, select

from kiseki.core import ids
from kiseki.core.values import address, address_text, bytes32
from kiseki.vault.origins import Origins
from kiseki.vault.store.database import add_many
from kiseki.vault.store.tables import erased
from kiseki.vault.store.tables import salt as table

__all__ = ["Salts"]

_MOST = 900
"""Values of one question: older builds of SQLite take no more than 999."""


class Salts(Origins):
    """The part of a key store that makes salts."""

    def count(self) -> int:
        """How many salts there are."""
        return int(self._rows(select(func.count()).select_from(table))[0][0])

    def salts(self, provider: str, digests: Sequence[bytes]) -> list[bytes]:
        """The salt of each content, by SHA-256 digest; new ones are kept before this returns."""
        who = address(provider, "the provider")
        given = [bytes32(each, "a SHA-256 digest") for each in digests]
        known = self._known(who, given)
        if missing := set(given) - known.keys():
            with self._store.writing() as db:
                known |= self._known(who, sorted(missing))  # another process may have been faster
                made = {each: secrets.token_bytes(32) for each in sorted(missing - known.keys())}
                add_many(db, table, [self._row(who, each, 0, made[each]) for each in made])
            known |= made
        return [known[each] for each in given]

    def known(self, provider: str, digests: Sequence[bytes]) -> set[bytes]:
        """Which of these contents have a salt here for this provider; none is made."""
        who = address(provider, "the provider")
        return set(self._known(who, [bytes32(each, "a SHA-256 digest") for each in digests]))

    def first(self, provider: str, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """The salt that counts of each of these contents that has one here; none is made."""
        who = address(provider, "the provider")
        return self._known(who, [bytes32(each, "a SHA-256 digest") for each in digests])

    def opens(self, provider: str, commitments: Collection[bytes]) -> set[bytes]:
        """Which of these commitments a salt of this provider gives. It looks through all salts."""
        wanted = set(commitments)
        if not wanted:
            return set()
        mine = self._all_salts(address(provider, "the provider"))
        return wanted.intersection(ids.commitment(digest, salt) for _, digest, salt in mine)

    def salt_of(self, provider: str, digest: bytes, commitment: bytes) -> bytes | None:
        """The salt with which a content gives this very commitment, if it is here."""
        for salt in self._salts_of(address(provider, "the provider"), digest):
            if ids.commitment(digest, salt) == commitment:
                return salt
        return None

    def held(self, digests: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """(digest, salt) of every salt that is kept for one of these contents, of whatever
        provider; none is made. It asks for each provider."""
        given = [bytes32(each, "a SHA-256 digest") for each in digests]
        with self._store.reading():
            providers = self._rows(select(table.c.provider).distinct())
            return [pair for (who,) in providers for pair in self._found(who, given, first=False)]

    def commitments_of(self, provider: str) -> Iterator[tuple[bytes, bytes, bytes]]:
        """(digest, salt, commitment) of every salt of a provider."""
        for _, digest, salt in self._all_salts(address(provider, "the provider")):
            yield digest, salt, ids.commitment(digest, salt)

    # Inside

    def _known(self, who: bytes, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """The salts that count, by digest."""
        with self._store.reading():
            return dict(self._found(who, digests, first=True))

    def _found(
        self, who: bytes, digests: Sequence[bytes], *, first: bool
    ) -> Iterator[tuple[bytes, bytes]]:
        columns = self._columns
        question = select(table.c.sha256, table.c.salt).where(table.c.provider == who)
        if first:
            question = question.where(table.c.number == 0)
        for start in range(0, len(digests), _MOST):
            some = [columns.lookup(who, each) for each in digests[start : start + _MOST]]
            for lookup, kept in self._rows(question.where(table.c.sha256.in_(some))):
                yield columns.salt_shown(who, lookup, kept)

    def _salts_of(self, who: bytes, digest: bytes) -> list[bytes]:
        """All salts of a content, the one that counts first."""
        with self._store.reading():
            columns, c = self._columns, table.c
            lookup = columns.lookup(who, digest)
            rows = select(c.salt).where(c.provider == who, c.sha256 == lookup).order_by(c.number)
            return [columns.salt_shown(who, lookup, kept)[1] for (kept,) in self._rows(rows)]

    def _all_salts(self, provider: bytes | None = None) -> Iterator[tuple[bytes, bytes, bytes]]:
        """(provider, digest, salt) of every salt, in the order of their rows."""
        c = table.c
        rows = select(c.provider, c.sha256, c.salt).order_by(c.provider, c.sha256, c.number)
        if provider is not None:
            rows = rows.where(c.provider == provider)
        with self._store.reading() as db:
            columns = self._columns
            for who, lookup, kept in db.execute(rows):
                yield (who, *columns.salt_shown(who, lookup, kept))

    def _merge_salt(self, provider: bytes, digest: bytes | None, salt: bytes | None) -> None:
        """Keeps a salt from elsewhere beside those that are here. The first of a content counts."""
        if digest is None or salt is None:
            return
        with self._store.writing() as db:
            there = self._salts_of(provider, digest)
            made = ids.commitment(digest, salt)
            if salt not in there and not self._erased(address_text(provider), [made]):
                add_many(db, table, [self._row(provider, digest, len(there), salt)])

    def _erased(self, provider: str, commitments: Sequence[bytes]) -> set[bytes]:
        """Which of these were erased. A backup or a receipt does not bring them back."""
        if not self._rows(select(erased.c.item).limit(1)):
            return set()
        items = dict(zip(ids.item_ids(provider, commitments), commitments, strict=True))
        wanted, gone = list(items), set[bytes]()
        for start in range(0, len(wanted), _MOST):
            some = erased.c.item.in_(wanted[start : start + _MOST])
            gone.update(items[item] for (item,) in self._rows(select(erased.c.item).where(some)))
        return gone

    def _row(
        self, who: bytes, digest: bytes, number: int, salt: bytes
    ) -> tuple[bytes, bytes, int, bytes]:
        columns = self._columns
        lookup = columns.lookup(who, digest)
        return who, lookup, number, columns.salt_kept(who, digest, salt)
