"""The same content in two collections that pay others or have other terms: who uses it names one of
them, and so chooses. That is told before the second one is registered.

Known are the collections of this key store, whoever is their provider, as far as they are on the
chain. Contents are compared by digest, and where that is not known by commitment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kiseki.client.wallet import Wallet
from kiseki.core.collection import Kept
from kiseki.core.counts import counted
from kiseki.core.days import utc
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO32, ZERO_ADDRESS, to_hex
from kiseki.vault.collecting import sorting
from kiseki.vault.protocol import Salts

__all__ = ["Overlap", "overlaps"]

_SCHEMA = """
CREATE TABLE mine (content BLOB, number INTEGER);
CREATE TABLE other (content BLOB, number INTEGER);
"""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two collections have in common.

    Attributes:
        collection: the one that is to be registered.
        other: one that is on the chain, and pays somebody else or has other terms.
        items: how many contents are in both.
        same_terms: whether they are under the same terms.
        paid: who is paid for the other one now.
        ends_at: from when on new uses of the other one are refused, Unix seconds; none for never.
    """

    collection: Kept
    other: Kept
    items: int
    same_terms: bool
    paid: Payee
    ends_at: int | None

    @property
    def words(self) -> str:
        """What that comes to, in sentences; the last one without its full stop."""
        terms = "the same terms" if self.same_terms else "other terms"
        mine = self.collection.payee
        paid = f"which pays {self.paid.words()}; this one pays {mine.words()}"
        if self.paid.key == mine.key:
            paid = "and both pay the same"
        chosen = [] if self.same_terms else ["under which terms"]
        chosen += [] if self.paid.key == mine.key else ["who is paid"]
        told = (
            f"{counted(self.items, 'item')} of {self.collection.count:,} in the collection "
            f"{to_hex(self.collection.id)} {'is' if self.items == 1 else 'are'} in "
            f"{to_hex(self.other.id)} already, under {terms}, {paid}. Whoever trains on "
            f"{'it' if self.items == 1 else 'them'} names one of the two collections, and so "
            f"chooses {' and '.join(chosen)}"
        )
        if self.same_terms:
            return told
        until = f" until {utc(self.ends_at)}" if self.ends_at else ""
        return (
            f"{told}. The other terms still stand{until}: {self.other.terms.words()} Registering "
            "again does not end them; only revoking that collection does (kiseki data revoke)"
        )


def overlaps(wallet: Wallet, collections: Sequence[Kept]) -> list[Overlap]:
    """Which of their items are in other collections on the chain that pay somebody else, or that
    stand under other terms."""
    salts, given = wallet.salts, {each.id: each for each in collections}
    standing = _standing(wallet, [each for each in salts.collections() if each.id not in given])
    # Where everybody is paid the same under the same terms there is nothing to choose.
    mine = list(given.values())
    others = [each for each in standing.values() if any(_differ(each, one) for one in mine)]
    if not others:
        return []
    told = []
    with sorting(_SCHEMA) as db:
        for table, some in (("mine", mine), ("other", [each.kept for each in others])):
            rows = ((what, n) for n, each in enumerate(some) for what in _contents(salts, each))
            db.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608 - ours
        common = db.execute(
            "SELECT mine.number, other.number, count(*) FROM mine JOIN other USING (content)"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        for one, another, items in common:
            kept, other = mine[one], others[another]
            if _differ(other, kept):
                same = kept.terms.id == other.kept.terms.id
                paid = _known(other.kept, other.paid)
                told.append(Overlap(kept, other.kept, items, same, paid, other.ends_at))
    return told


@dataclass(frozen=True, slots=True)
class _Standing:
    """A collection on the chain, with who is paid for it now, and when consent ends."""

    kept: Kept
    paid: bytes
    ends_at: int | None


def _differ(other: _Standing, kept: Kept) -> bool:
    return other.paid != kept.payee.key or other.kept.terms.id != kept.terms.id


def _standing(wallet: Wallet, collections: Sequence[Kept]) -> dict[bytes, _Standing]:
    """Those that are on the chain and can still be used."""
    ask = wallet.session["DataRegistry"].read_all
    there = ask("registrantOf", [(each.id,) for each in collections])
    known = [e for e, who in zip(collections, there, strict=True) if who != ZERO_ADDRESS]
    if not known:
        return {}
    keys = ask("payeeOf", [(each.id, ZERO_ADDRESS) for each in known])
    status = ask("status", [(each.id,) for each in known])
    now = wallet.session.now()
    return {
        each.id: _Standing(each, key, said["endsAt"] or None)
        for each, key, said in zip(known, keys, status, strict=True)
        if not said["endsAt"] or said["endsAt"] > now
    }


def _known(kept: Kept, key: bytes) -> Payee:
    return kept.payee if kept.payee.key == key else Payee(key)


def _contents(salts: Salts, kept: Kept) -> Iterator[bytes]:
    for each in salts.slices(kept.id):
        for digest, commitment in zip(each.digest_list, each.commitment_list, strict=True):
            yield commitment if digest == ZERO32 else digest
