"""Manifests after registration: walked to their end, or shown to be false. By anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.sending.fees import MOST_GAS
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.sources import shown
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.counts import counted
from kiseki.core.evidence import Evidence, find_false
from kiseki.core.manifest import Manifest, Place, Slice, declared
from kiseki.core.merkle import IdTree
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.index import Index

__all__ = ["challenge", "evidence_against", "revoked_by", "walk"]

_CONTRACT = "Challenges"

_MOST_ITEMS = 1024
"""Of one slice: a full one is a third of a transaction."""

# Gas at most, from what transactions took; a test holds them to that.
_GAS_CALL = 120_000
_GAS_BYTE = 20  # of the sources that are shown
_GAS_SLICE = 25_000
_GAS_ITEM = 5_600
_GAS_HASH = 1_700  # of either proof
_GAS_LIMIT = MOST_GAS * 9 // 10
"""Of one transaction, so that what the sender adds to be safe fits too."""


# Walking


@dataclass(slots=True)
class _Walk:
    wallet: Wallet
    index: Index  # as it was when the walk began; what a model rests on does not change
    model: bytes
    manifest: Manifest
    trees: dict[bytes, IdTree] = field(default_factory=dict)
    commitments: dict[bytes, dict[bytes, bytes]] = field(default_factory=dict)

    def tree(self, collection: bytes) -> IdTree:
        """Over all of a collection's IDs, which must have been logged."""
        if collection not in self.trees:
            record = self.index.collection(collection)
            if not record.complete:
                raise InvalidInput(
                    f"the collection {to_hex(collection)} has "
                    f"{counted(record.count, 'commitment')}, of which {len(record.published):,} "
                    "are published, so nobody can show that its items are in it; ask its provider "
                    "to publish the others (kiseki data publish)"
                )
            by_id = dict(
                zip(ids.item_ids(record.provider, record.published), record.published, strict=True)
            )
            self.commitments[collection] = by_id
            self.trees[collection] = IdTree(list(by_id))
        return self.trees[collection]

    def call(self, part: int, slices: Sequence[Slice]) -> Call:
        """The transaction that walks these."""
        sources = shown(self.index.sources(self.model), part)
        given = [self.as_contract(each) for each in slices]
        weights = self.index.model(self.model).weights
        return _contract(self.wallet).call("checkManifest", self.model, weights, sources, given)

    def as_contract(self, each: Slice) -> tuple[object, ...]:
        """`Slice`."""
        known = self.commitments[each.collection]
        leaves = b"".join(known[key] + weight.to_bytes(12, "big") for key, weight in each.items)
        place, node, members = each.place, each.node, each.members
        proof = (node.side, node.path, list(members.hashes), _words(members.flags))
        return (place.source, place.lo, leaves, *proof)

    def next(self, start: Place) -> list[Slice]:
        """As many slices from `start` on as one transaction takes."""
        bare = self.call(start.part, ())
        gas = _GAS_LIMIT - _GAS_CALL - _GAS_BYTE * len(bare.data)
        size = self.wallet.sender.room(bare)
        most = _MOST_ITEMS
        while most:
            slices = self.manifest.slices(self.tree, start, most)
            if taken := list(_fitting(slices, start.part, gas, size)):
                return taken
            most //= 2
        raise InvalidInput("not one item fits a transaction beside the model's sources")


def walk(
    wallet: Wallet, model: bytes, manifest: Manifest, progress: Callable[[int, int], None]
) -> tuple[Receipt, ...]:
    """Walks a manifest from where the last walker stopped; see `Models.check_manifest`."""
    index = wallet.session.index
    if index.sources(model).collections != manifest.collections:
        raise InvalidInput(
            f"this is not the manifest of {to_hex(model)}; get the one its developer published"
        )
    if not manifest.items:
        raise InvalidInput(f"{to_hex(model)} rests on no collections: there is nothing to check")
    walking = _Walk(wallet, index, model, manifest)
    total = sum(map(len, manifest.items.values()))
    sent: list[Receipt] = []
    while True:
        state = _contract(wallet).read("stateOf", model)
        if state["checkedAt"]:
            return tuple(sent)
        start = Place(state["part"], state["source"], state["lo"])
        slices = walking.next(start)
        sent.append(wallet.send(walking.call(start.part, slices)))
        progress(_before(manifest, slices[-1].place) + len(slices[-1].items), total)


def _fitting(slices: Iterator[Slice], part: int, gas: int, size: int) -> Iterator[Slice]:
    for each in slices:
        items, hashes = len(each.items), len(each.members.hashes)
        gas -= _GAS_SLICE + items * _GAS_ITEM + (hashes + each.node.steps) * _GAS_HASH
        # Beside 44 bytes an item and a level and 32 a hash: a bit a step, and at most fifteen words
        # of offsets, lengths, numbers and what is filled up.
        size -= 15 * 32 + items * 44 + len(each.node.path) + hashes * 32 + (items + hashes) // 8
        if each.place.part != part or gas < 0 or size < 0:
            return
        yield each


def _words(flags: Sequence[bool]) -> list[int]:
    """Bit i of the whole is flag i, 256 a word."""
    bits = sum(1 << i for i, flag in enumerate(flags) if flag)
    return [bits >> at & (1 << 256) - 1 for at in range(0, len(flags), 256)]


def _before(manifest: Manifest, place: Place) -> int:
    """How many items stand before a place."""
    count = 0
    for number, items in enumerate(manifest.items.values()):
        if divmod(number, ids.PART) >= (place.part, place.source):
            lo = 0
            for k, (_, weight) in enumerate(items):
                if lo == place.lo:
                    return count + k
                lo += weight
        count += len(items)
    return count


# Showing that one is false


def evidence_against(index: Index, model: bytes, published: str | bytes) -> list[Evidence]:
    """All that shows that a published manifest is false; see `Models.evidence`."""
    judged = index.model(model).judged_at
    sources = index.sources(model).collections
    listed = declared(published)
    revoked = index.items_revoked({item for items in listed.values() for item, _ in items})
    ended = {each.id: revoked_by(index, each.id, revoked, judged) for each in sources}
    return list(find_false(listed, sources, ended))


def revoked_by(index: Index, collection: bytes, revoked: dict[bytes, int], when: int) -> set[bytes]:
    """Those of revoked items whose revocation had taken effect by `when`, under the terms of a
    collection."""
    terms = index.terms(index.status(collection).terms_id)
    return {data_id for data_id, time in revoked.items() if terms.item_ended(time, when)}


def challenge(wallet: Wallet, model: bytes, published: str | bytes) -> tuple[Receipt, ...]:
    """Puts on record what shows that a manifest is false; see `Models.challenge`."""
    index = wallet.session.index
    found = {each.kind: each for each in reversed(evidence_against(index, model, published))}
    if not found:
        raise InvalidInput(
            f"nothing shows that the manifest of {to_hex(model)} is false: its items ascend and no "
            "revocation had taken effect. `kiseki model check-manifest` checks whether they are in "
            "their collections"
        )
    there = {each.kind for each in index.challenges(model)}
    calls = [_challenge(wallet, model, each) for kind, each in found.items() if kind not in there]
    return tuple(wallet.send(call) for call in calls)


def _challenge(wallet: Wallet, model: bytes, evidence: Evidence) -> Call:
    index = wallet.session.index
    sources = shown(index.sources(model), evidence.part)
    leaves = [
        (each.data_id, each.weight, each.proof.side, each.proof.path) for each in evidence.items
    ]
    name = {"out_of_order": "outOfOrder", "revoked_item": "revokedItem"}[evidence.kind]
    given = (model, index.model(model).weights, sources, evidence.source, *leaves)
    return _contract(wallet).call(name, *given)


def _contract(wallet: Wallet) -> Contract:
    return wallet.session[_CONTRACT]
