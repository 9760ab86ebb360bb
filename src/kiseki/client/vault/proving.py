"""What a vault says of a hand-out, held against what was asked for, its logs and the chain.

Nothing here asks the vault. What passes is *proved*: the receipts are in their logs, and each item
is in a collection that the chain has. Which of its bytes arrived is another question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from kiseki.client.kiseki import Kiseki
from kiseki.client.vault.kept import Said
from kiseki.client.vault.site import HandedOut
from kiseki.core import ids
from kiseki.core.collection import Names
from kiseki.core.values import to_hex
from kiseki.errors import ProofError, VaultError
from kiseki.vault import receipts
from kiseki.vault.age.stream import sealed_size
from kiseki.vault.handing.receipts import Receipt, Salted, use_word
from kiseki.vault.log.proofs import LogProof

__all__ = ["Shown", "must_be_asked_for", "read", "shown"]

_HEAD = 1 << 16
"""Bytes that the head of an age file may have."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of the items of a hand-out.

    Attributes:
        handed: data ID -> the receipt of its hand-out.
        digests: data ID -> SHA-256 of the content, which the chain's commitment holds.
        names: data ID -> what its provider calls it.
        openings: the registration receipts, one a collection, to be taken into a key store.
    """

    handed: Mapping[bytes, Receipt]
    digests: Mapping[bytes, bytes] = field(repr=False)
    names: Mapping[bytes, Names] = field(repr=False)
    openings: tuple[receipts.Receipt, ...] = field(repr=False)


def read(handout: HandedOut) -> dict[bytes, Receipt]:
    """Data ID -> receipt, as the vault says.

    Raises:
        InvalidInput: one is no receipt of a hand-out.
    """
    return {each.item: Receipt.from_json(each.receipt) for each in handout.items}


def must_be_asked_for(said: Said, k: Kiseki, items: Collection[bytes], count: int) -> None:
    """Checks all receipts: they are in their logs, and say what was asked for.

    Args:
        items: what was asked for; none: all that the vault has of a collection.
        count: how many there can be.

    Raises:
        ProofError, VaultError: they do not.
    """
    listed = [each.item for each in said.handout.items]
    if not listed or len(set(listed)) != len(listed) or len(listed) > count:
        raise VaultError("the vault handed out no item, one twice, or more than was asked for")
    if items and set(items) != set(listed):
        raise VaultError("the vault handed out other items than were asked for")
    caller = k.address.lower()
    for each in said.handout.items:
        receipt = Receipt.from_json(each.receipt)
        collection = receipt.collection if said.collection is None else said.collection
        asked = (k.session.chain_id, caller, collection, each.item, said.use)
        told = (
            receipt.chain, receipt.caller, receipt.collection, receipt.item, use_word(receipt.use)
        )  # fmt: skip
        if told != asked:
            raise ProofError(
                f"the receipt of {to_hex(each.item)} is of something else than was asked for"
            )
        if not _fits(each.size, receipt.size, is_sealed=said.recipient is not None):
            raise ProofError(f"the receipt of {to_hex(each.item)} is of content of another size")
        proof = LogProof.from_bytes(each.proof)
        if proof.extra is None:
            raise ProofError("a receipt without its salt shows nothing")
        key = said.key_of(receipt.provider)
        proof.check(Salted(receipt, proof.extra).entry, key.name, [key])


def shown(k: Kiseki, said: Said, opening: Callable[[bytes, int], bytes]) -> Shown:
    """Checks against the chain which content each item is.

    Args:
        opening: gives the registration receipt of what was handed out of a collection, as the
            vault has it; of a collection, and how many items that may be.

    Raises:
        NotInIndex: a collection is not registered on this chain.
        ProofError: something is false, or items of the hand-out are not in it.
        InvalidInput: it is no registration receipt.
        VaultError: the vault does not give it.
    """
    by_id = read(said.handout)
    digests, names = dict[bytes, bytes](), dict[bytes, Names]()
    opened = list[receipts.Receipt]()
    for collection in dict.fromkeys(each.collection for each in by_id.values()):
        record = k.index.collection(collection)
        mine = [each for each in by_id.values() if each.collection == collection]
        found = receipts.parsed(opening(collection, len(mine)))
        provider = found.kept.provider
        if receipts.check(found).collection != collection:
            raise ProofError("the vault opened another collection than was asked for")
        if found.kept.count != record.count:  # which its ID does not hold
            raise ProofError(
                f"the vault says that the collection {to_hex(collection)} has another number of "
                "items than the chain has"
            )
        if any(each.provider != provider for each in mine) or record.provider.lower() != provider:
            raise ProofError(
                f"the receipts say that the collection {to_hex(collection)} is of another provider "
                "than the chain has"
            )
        opened.append(found)
        for item in found.items:
            if item.digest is not None:
                data_id = ids.item_id(provider, item.commitment)
                digests[data_id], names[data_id] = item.digest, item.names
    if lacks := [each for each in by_id if each not in digests]:
        raise ProofError(f"the vault does not say which content {to_hex(lacks[0])} is")
    return Shown(by_id, digests, names, tuple(opened))


def _fits(size: int, content: int, *, is_sealed: bool) -> bool:
    """Whether so many bytes can be what holds content of a size."""
    if not is_sealed:
        return size == content
    return 0 < size - sealed_size(content) <= _HEAD
