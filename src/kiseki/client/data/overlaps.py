"""The same content in two collections that pay others: who uses it names one of them, and so
chooses who is paid. That is told before the second one is registered.

Known are the collections of this key store, whoever is their provider, as far as they are on the
chain. Contents are compared by digest, and where that is not known by commitment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kiseki.client.wallet import Wallet
from kiseki.core.collection import Kept
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
        other: one that is on the chain and pays somebody else.
        items: how many contents are in both.
        same_terms: whether they are under the same terms.
        paid: who is paid for the other one now.
    """

    collection: Kept
    other: Kept
    items: int
    same_terms: bool
    paid: Payee

    @property
    def words(self) -> str:
        """What that comes to, in a sentence."""
        terms = "the same terms" if self.same_terms else "other terms"
        of = f"{self.items:,} of the {self.collection.count:,} items"
        return (
            f"{of} of the collection {to_hex(self.collection.id)} are in {to_hex(self.other.id)} "
            f"already, under {terms}, which pays {self.paid.words}; this one pays "
            f"{self.collection.payee.words}. Who trains on them names either, and so chooses who "
            "is paid"
        )


def overlaps(wallet: Wallet, collections: Sequence[Kept]) -> list[Overlap]:
    """Which of their items are in other collections on the chain that pay somebody else."""
    salts, given = wallet.salts, {each.id: each for each in collections}
    others = [each for each in salts.collections() if each.id not in given]
    paid = _paid(wallet, others)
    payees = {each.payee.key for each in given.values()}
    # Where everybody is paid the same there is nothing to choose.
    others = [each for each in others if each.id in paid and {paid[each.id]} != payees]
    if not others:
        return []
    mine, found = list(given.values()), []
    with sorting(_SCHEMA) as db:
        for table, some in (("mine", mine), ("other", others)):
            rows = ((what, n) for n, each in enumerate(some) for what in _contents(salts, each))
            db.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608 - ours
        common = db.execute(
            "SELECT mine.number, other.number, count(*) FROM mine JOIN other USING (content)"
            " GROUP BY 1, 2 ORDER BY 1, 2"
        )
        for one, another, items in common:
            kept, other = mine[one], others[another]
            if paid[other.id] != kept.payee.key:
                same = kept.terms.id == other.terms.id
                found.append(Overlap(kept, other, items, same, _known(other, paid[other.id])))
    return found


def _paid(wallet: Wallet, collections: Sequence[Kept]) -> dict[bytes, bytes]:
    """Who is paid now for those that are on the chain."""
    ask = wallet.session["DataRegistry"].read_all
    keys = ask("payeeOf", [(each.id, ZERO_ADDRESS) for each in collections])
    there = ask("registrantOf", [(each.id,) for each in collections])
    return {
        each.id: key
        for each, key, who in zip(collections, keys, there, strict=True)
        if who != ZERO_ADDRESS
    }


def _known(kept: Kept, key: bytes) -> Payee:
    return kept.payee if kept.payee.key == key else Payee(key)


def _contents(salts: Salts, kept: Kept) -> Iterator[bytes]:
    for each in salts.slices(kept.id):
        for digest, commitment in zip(each.digest_list, each.commitment_list, strict=True):
            yield commitment if digest == ZERO32 else digest
