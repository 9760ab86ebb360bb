"""Receipts: what an artist needs to find their own drawings again, with nobody's help.

A receipt says of a collection what is in its ID, and of each of the artist's items its names,
digest, salt, commitment, and the proof that it is in the collection. It is made from the key store,
for one pair of eyes (encrypted to the artist's age recipient), because who has the salt can tell
that a file is registered. Whoever has it checks it with no studio, no node and no index::

    receipts.write(store, collection, Path("alice.age"), recipient="age1…")

    receipt = receipts.read(Path("alice.age"), identity=Path("key.txt"))
    print(receipts.check(receipt).sentence)
    mine = receipts.find(receipt, "drawings")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from kiseki.core import documents, ids
from kiseki.core import origin as origins
from kiseki.core.checksum import checksummed
from kiseki.core.collection import Kept, Names
from kiseki.core.counts import counted
from kiseki.core.merkle import IdTree, proof_in, verify
from kiseki.core.origin import OriginFile
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, address, address_text, from_hex, to_hex, uint
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault import sealed
from kiseki.vault.files import hash_each
from kiseki.vault.folders import walk
from kiseki.vault.keystore import KeyStore
from kiseki.vault.openings import Item

__all__ = ["Checked", "Found", "Item", "Receipt", "check", "document", "find", "parsed", "read",
           "write"]  # fmt: skip

_FORMAT = "kiseki-receipt-v1"
_HEAD = ("collection", "provider", "terms", "root", "count", "payee", "opening", "origin")
_DOCUMENT = "document"
_ITEM = ("names", "sha256", "salt", "commitment", "proof")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A collection, and items of it.

    Attributes:
        kept: the collection.
        items: some of its items, or all.
        origin: where they come from; none where whoever wrote the receipt left it out, or has no
            document that Kiseki can read.
    """

    kept: Kept
    items: tuple[Item, ...] = field(repr=False)
    origin: OriginFile | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a receipt shows: all of it was computed again.

    Attributes:
        collection: the collection's ID.
        items: how many items it shows to be in it.
        unknown: of how many of them it does not say which content they are.
        whole: these are all items of the collection.
        sentence: what it comes to, for a person.
    """

    collection: bytes
    items: int
    unknown: int
    whole: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is in a collection.

    Attributes:
        path: the file.
        item: what it is there.
        id: its data ID.
    """

    path: Path
    item: Item
    id: bytes


def write(
    store: KeyStore,
    collection: bytes,
    path: Path,
    *,
    only: Iterable[str] | None = None,
    recipient: str | None = None,
    passphrase: str | None = None,
    clear: bool = False,
    origin: bool = True,
) -> int:
    """Writes the receipt for a collection, mode 0600; how many items are in it.

    Args:
        only: names of the artist's items, with ``*`` and ``?`` if wanted; without it all items.
        recipient: the artist's age recipient (``age1…``).
        passphrase: instead, a passphrase.
        clear: instead, not encrypted: whoever reads it can tell which files are registered.
        origin: whether the document of origin, which holds names, goes with it where it is kept.

    Raises:
        InvalidInput: not exactly one of the last three; or no item has such a name.
        SecretsError: the collection is not kept here, or the file cannot be written.
    """
    kept = store.collection(collection)
    wanted = _chosen(only)
    items = _Counted(_items(store, kept, lambda names, _: wanted(names)))

    def content() -> Iterator[bytes]:
        yield from _document(store, kept, items, origin)
        if not items.count:
            raise InvalidInput("no item of this collection has such a name; nothing was written")

    sealed.write(path, content(), recipient=recipient, passphrase=passphrase, clear=clear)
    return items.count


def document(store: KeyStore, collection: bytes, commitments: Collection[bytes]) -> Iterator[bytes]:
    """The receipt for some items of a collection, not encrypted, piece by piece; without its
    document of origin, which may name persons.

    Args:
        commitments: of the items. Those that are not in the collection are left out.

    Raises:
        SecretsError: the collection is not kept here.
    """
    kept = store.collection(collection)
    wanted = set(commitments)
    items = _items(store, kept, lambda _, commitment: commitment in wanted)
    return _document(store, kept, items, False)


def _document(store: KeyStore, kept: Kept, items: Iterable[Item], origin: bool) -> Iterator[bytes]:
    head = {"format": _FORMAT, **dict(zip(_HEAD, _head(kept), strict=True))}
    file = store.origin(kept.origin) if origin else None
    if file is not None:
        head[_DOCUMENT] = file.to_json()
    yield documents.write(head).removesuffix("}").encode() + b',"items":['
    between = b"\n"
    for item in items:
        yield between + documents.write(_item(item)).encode()
        between = b",\n"
    yield b"\n]}\n"


class _Counted:
    """Items, and how many of them there were."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items, self.count = items, 0

    def __iter__(self) -> Iterator[Item]:
        for item in self._items:
            self.count += 1
            yield item


def read(
    path: Path, *, identity: str | Path | None = None, passphrase: str | None = None
) -> Receipt:
    """A receipt. Nothing in it is believed yet: `check` it.

    Raises:
        SecretsError: the wrong identity or passphrase, or it is cut off or damaged.
        InvalidInput: it is no receipt.
    """
    whole = _Whole()
    sealed.copy(path, whole, identity=identity, passphrase=passphrase)
    return parsed(b"".join(whole.pieces))


def parsed(text: bytes) -> Receipt:
    """The receipt that `document` gives. Nothing in it is believed yet: `check` it.

    Raises:
        InvalidInput: it is no receipt.
    """
    told = documents.read(text, _FORMAT)
    file = _origin(told.pop(_DOCUMENT, None))
    _, listed, *head = documents.members(told, ["format", "items", *_HEAD], "a receipt")
    if not isinstance(listed, list):
        raise InvalidInput("the items of a receipt must be a JSON array")
    return Receipt(_kept(head), tuple(map(_read_item, listed)), file)


def check(receipt: Receipt) -> Checked:
    """Computes everything again: commitments from digests and salts, IDs, and the root they give;
    of a part, each item's proof.

    Raises:
        ProofError: something in it is false, or it shows nothing.
    """
    kept = receipt.kept
    if not receipt.items:
        raise ProofError("the receipt holds no items, so it shows nothing; ask for another")
    if receipt.origin is not None and receipt.origin.origin.hash != kept.origin:
        raise ProofError("the document of origin is not the one whose hash the collection has")
    unknown = 0
    for item in receipt.items:
        name = ", ".join(item.names) or to_hex(item.commitment)
        if item.digest is None or item.salt is None:
            unknown += 1
        elif ids.commitment(item.digest, item.salt) != item.commitment:
            raise ProofError(f"the commitment of {name!r:.200} is not that of its digest and salt")
        if not verify(kept.root, ids.item_id(kept.provider, item.commitment), item.proof):
            raise ProofError(f"the proof of {name!r:.200} does not show that it is in there")
    found = {ids.item_id(kept.provider, item.commitment) for item in receipt.items}
    whole = len(found) == kept.count
    if whole and IdTree.of(found).root != kept.root:
        raise ProofError("the items are not those of which the collection is made")
    if len(found) > kept.count:
        raise ProofError("the receipt holds more items than the collection has")
    what = _all(kept.count) if whole else f"{len(found):,} of {counted(kept.count, 'item')}"
    sentence = (
        f"This shows {what} of the collection {to_hex(kept.id)}. Its provider is "
        f"{checksummed(kept.provider)}. {kept.terms.words()}"
    )
    if unknown:
        sentence += f" It does not say which content {counted(unknown, 'item')} of these have."
    return Checked(kept.id, len(found), unknown, whole, sentence)


def _all(count: int) -> str:
    return "the only item" if count == 1 else f"all {counted(count, 'item')}"


def find(
    receipt: Receipt,
    files: str | Path | Iterable[str | Path],
    progress: Callable[[int], None] = lambda _: None,
) -> list[Found]:
    """Which files, in a folder and below or among several, are items of the receipt, by content.

    Args:
        progress: called with the number of files looked at.

    Raises:
        FilesError: one cannot be read.
    """
    if isinstance(files, str | Path):
        files = walk(files) if Path(files).is_dir() else [files]
    known = {each.digest: each for each in receipt.items if each.digest is not None}
    found = []
    for count, (path, digest, *_) in enumerate(hash_each(files, lambda each: each), 1):
        progress(count)
        if digest in known:
            item = known[digest]
            data_id = ids.item_id(receipt.kept.provider, item.commitment)
            found.append(Found(Path(path), item, data_id))
    return found


class _Whole:
    """Takes what is written to it."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self.pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing waits: here because files have it."""


def _chosen(only: Iterable[str] | None) -> Callable[[Names], bool]:
    if only is None:
        return lambda _: True
    given = [only] if isinstance(only, str) else list(only)
    plain = {each for each in given if not set(each) & set("*?[")}
    patterns = [each for each in given if each not in plain]
    return lambda names: any(
        name in plain or any(fnmatchcase(name, each) for each in patterns) for name in names
    )


def _items(store: KeyStore, kept: Kept, wanted: Callable[[Names, bytes], bool]) -> Iterator[Item]:
    """Those items of a collection that are wanted by names and commitment."""
    roots = store.slice_roots(kept.id)
    for k, each in enumerate(store.slices(kept.id)):
        commitments, digests = each.commitment_list, each.digest_list
        named = zip(each.names, commitments, strict=True)
        chosen = [i for i, (names, commitment) in enumerate(named) if wanted(names, commitment)]
        if not chosen:
            continue
        above = proof_in(roots, k)
        proofs = [proof for _, proof in IdTree(ids.item_ids(kept.provider, commitments)).proofs()]
        for i in chosen:
            digest = None if digests[i] == ZERO32 else digests[i]
            salt = digest and store.salt_of(kept.provider, digest, commitments[i])
            yield Item(each.names[i], digest, salt, commitments[i], (*proofs[i], *above))


# As JSON


def _head(kept: Kept) -> tuple[Any, ...]:
    return (
        to_hex(kept.id), kept.provider, json.loads(kept.terms.to_json()), to_hex(kept.root),
        kept.count, to_hex(kept.payee.key), to_hex(kept.payee.opening), to_hex(kept.origin),
    )  # fmt: skip


def _kept(head: list[Any]) -> Kept:
    collection, provider, terms, root, count, payee, opening, origin = head
    kept = Kept(
        address_text(address(provider, "the provider")),
        Terms.from_json(json.dumps(terms)),
        from_hex(root, 32, "the root"),
        uint(count, 64, "the count", 1),
        Payee(from_hex(payee, 32, "the payee"), from_hex(opening, None, "the opening")),
        from_hex(origin, 32, "the origin"),
    )
    if from_hex(collection, 32, "the collection") != kept.id:
        raise InvalidInput("provider, root and terms do not give this collection's ID")
    return kept


def _origin(text: Any) -> OriginFile | None:
    if text is None:
        return None
    found = origins.read(text.encode()) if isinstance(text, str) else None
    if found is None:
        raise InvalidInput("the document of origin in the receipt is none")
    return found


def _item(item: Item) -> dict[str, Any]:
    values = (
        list(item.names), item.digest and to_hex(item.digest), item.salt and to_hex(item.salt),
        to_hex(item.commitment), list(map(to_hex, item.proof)),
    )  # fmt: skip
    return dict(zip(_ITEM, values, strict=True))


def _read_item(value: Any) -> Item:
    names, digest, salt, commitment, proof = documents.members(value, _ITEM, "an item")
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise InvalidInput("the names of an item must be an array of texts")
    if not isinstance(proof, list):
        raise InvalidInput("the proof of an item must be an array")
    return Item(
        tuple(names),
        None if digest is None else from_hex(digest, 32, "the digest"),
        None if salt is None else from_hex(salt, 32, "the salt"),
        from_hex(commitment, 32, "the commitment"),
        tuple(from_hex(each, 32, "a hash of the proof") for each in proof),
    )
