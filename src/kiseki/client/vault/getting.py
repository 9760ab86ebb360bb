"""What a vault hands out, into a folder: asked for once, fetched at any pace, and checked.

What the vault says is kept in the folder before the first byte arrives
(`kiseki.client.vault.kept`). So a run that was interrupted goes on with the same hand-out and needs
no second receipt. A file gets its name when all of it is there and its hash is that of the item;
receipt, commitment, data ID and collection are checked first, against log and chain.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.client.vault.kept import FOLDER, Said, said_in, write
from kiseki.client.vault.site import Offered, VaultSite
from kiseki.core import ids
from kiseki.core.collection import Names
from kiseki.core.terms import Use
from kiseki.core.values import to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError, ProofError, VaultError
from kiseki.vault import receipts
from kiseki.vault.handing.receipts import Receipt, Salted, use_word
from kiseki.vault.log.notes import VerifierKey
from kiseki.vault.log.proofs import LogProof

__all__ = ["Got", "get"]

_PARTS = ".kiseki-parts"
_LONGEST = 200
"""Bytes of a part of a file's path."""
_TRIES = 20
"""Times that an item is asked for again after its connection broke, where something arrived."""


@dataclass(frozen=True, slots=True)
class Got:
    """What came of it.

    Attributes:
        files: data ID -> the file, of all that are there.
        new: how many of them were fetched now.
        size: bytes that were fetched now.
        said: what the vault said of the hand-out.
    """

    files: Mapping[bytes, Path]
    new: int
    size: int
    said: Said


def get(
    k: Kiseki,
    site: VaultSite,
    folder: Path,
    collection: bytes,
    use: Use,
    *,
    key: str | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Got:
    """Gets a collection. **The vault keeps a receipt of each item for good.**

    The openings go into this wallet's key store, so that the files are found by their content
    (`kiseki.client.data.openings`), as what was received with a receipt is.

    Args:
        folder: where files go; it is made if it is not there.
        use: what for.
        key: the key of the provider's log in this vault, as vkey (C2SP signed-note). Default: the
            one by which this folder went before, else the one that the vault tells.
        progress: called with the bytes that are there, and all.

    Raises:
        NotInIndex: the collection is not registered on this chain.
        VaultError: the vault gives nothing, does not answer, or gives what is not the item. What
            was there before stays, and running it again goes on.
        ProofError: what the vault says is false.
        FilesError: a file cannot be written.
    """
    record = k.index.collection(collection)
    said = _goes_on(folder, site, use, collection, k.session.now())
    if said is None:
        handout = site.begin(use, collection=collection, most=record.count)
        known = key or _known_key(folder, site, record.provider) or site.log_key(record.provider)
        said = Said(site.url, known, use_word(use), collection, handout)
        _must_be_asked_for(said, k, record.provider, record.count)
        with _told(folder):
            write(folder, said)
    receipt = receipts.parsed(site.opening(said.handout.id, collection, record.count))
    digests, names = _opened(receipt, said, collection)
    k.data.openings.receive(receipt)
    return _Fetching(site, folder, said, digests, names, progress).run()


def _goes_on(folder: Path, site: VaultSite, use: Use, collection: bytes, now: int) -> Said | None:
    """The hand-out with which this folder was begun, if it lives."""
    wanted = (site.url, use_word(use), collection)
    for said in said_in(folder):
        if (said.vault, said.use, said.collection) == wanted and now < said.handout.ends:
            return said
    return None


def _known_key(folder: Path, site: VaultSite, provider: str) -> str | None:
    """The key by which this folder went before: a vault that shows another one is found out."""
    for said in said_in(folder):
        if said.vault == site.url and VerifierKey.from_text(said.key).name.endswith(provider):
            return said.key
    return None


def _must_be_asked_for(said: Said, k: Kiseki, provider: str, count: int) -> None:
    """Checks all receipts: they are in the log, and say what was asked for.

    Raises:
        ProofError, VaultError: they do not.
    """
    key = VerifierKey.from_text(said.key)
    items = [each.item for each in said.handout.items]
    if not items or len(set(items)) != len(items) or len(items) > count:
        raise VaultError("the vault handed out no item, one twice, or more than the collection has")
    if not key.name.endswith(f"/{provider}"):
        raise ProofError(f"the log {key.name} is not that of the provider {provider}")
    for each in said.handout.items:
        receipt = Receipt.from_json(each.receipt)
        asked = (k.session.chain_id, k.address.lower(), provider, said.collection, each.item)
        shown = (
            receipt.chain, receipt.caller, receipt.provider, receipt.collection, receipt.item
        )  # fmt: skip
        if shown != asked or said.use != use_word(receipt.use):
            raise ProofError(
                f"the receipt of {to_hex(each.item)} is of something else than was asked for"
            )
        proof = LogProof.from_bytes(each.proof)
        if proof.extra is None:
            raise ProofError("a receipt without its salt shows nothing")
        proof.check(Salted(receipt, proof.extra).entry, key.name, [key])


def _opened(
    receipt: receipts.Receipt, said: Said, collection: bytes
) -> tuple[dict[bytes, bytes], dict[bytes, Names]]:
    """Digest and names of each item.

    Raises:
        ProofError: something in it is false, or items of the hand-out are not in it.
    """
    if receipts.check(receipt).collection != collection:
        raise ProofError("the vault opened another collection than was asked for")
    digests, names = dict[bytes, bytes](), dict[bytes, Names]()
    for each in receipt.items:
        if each.digest is not None:
            item = ids.item_id(receipt.kept.provider, each.commitment)
            digests[item], names[item] = each.digest, each.names
    if lacks := [each.item for each in said.handout.items if each.item not in digests]:
        raise ProofError(f"the vault does not say which content {to_hex(lacks[0])} is")
    return digests, names


class _Fetching:
    """One run."""

    def __init__(
        self,
        site: VaultSite,
        folder: Path,
        said: Said,
        digests: Mapping[bytes, bytes],
        names: Mapping[bytes, Names],
        progress: Callable[[int, int], None],
    ) -> None:
        self._site, self._folder, self._said = site, folder, said
        self._digests, self._names, self._progress = digests, names, progress
        self._paths = _paths(folder, [each.item for each in said.handout.items], names)
        self._total = sum(each.size for each in said.handout.items)
        self._done = self._new = self._size = 0

    def run(self) -> Got:
        with _told(self._folder):
            (self._folder / _PARTS).mkdir(exist_ok=True, mode=0o700)
        for each in self._said.handout.items:
            if self._is_there(each.item):
                self._done += each.size
                self._progress(self._done, self._total)
            else:
                self._fetch(each, self._paths[each.item])
        with contextlib.suppress(OSError):  # another run has parts there
            (self._folder / _PARTS).rmdir()
        return Got(self._paths, self._new, self._size, self._said)

    def _is_there(self, item: bytes) -> bool:
        """Whether the folder has it. Where another file has its name, it goes under its data ID.

        Raises:
            FilesError: a file cannot be read, or another one has that name, too.
        """
        by_id = self._folder / _by_id(item, self._names[item])
        for path in dict.fromkeys((self._paths[item], by_id)):
            with _told(self._folder):
                if not path.exists():
                    self._paths[item] = path
                    return False
                if path.is_file() and _hash(path) == self._digests[item]:
                    self._paths[item] = path
                    return True
        raise FilesError(f"{by_id} is another file than the item of that ID; move it away")

    def _fetch(self, offered: Offered, path: Path) -> None:
        part = self._folder / _PARTS / offered.item.hex()
        with _told(self._folder), part.open("ab") as file:
            begun = file.tell()
            if begun > offered.size:
                file.truncate(begun := 0)
            at, turn = begun, 0
            while at < offered.size:
                before = at
                at = self._append(offered, file.write, at)
                turn = turn + 1 if at == before else 0
                if turn == _TRIES:
                    raise VaultError(
                        f"the vault ends {to_hex(offered.item)} after {at:,} of "
                        f"{offered.size:,} bytes; run this again"
                    )
            file.flush()
            os.fsync(file.fileno())
        if _hash(part) != self._digests[offered.item]:
            part.unlink()
            raise VaultError(
                f"what the vault gave as {to_hex(offered.item)} is not its content; nothing of it "
                "was kept"
            )
        with _told(self._folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            part.replace(path)
            atomic.sync(path.parent)
        self._done += offered.size
        self._new += 1
        self._size += offered.size - begun
        self._progress(self._done, self._total)

    def _append(self, offered: Offered, put: Callable[[bytes], object], at: int) -> int:
        for piece in self._site.read(self._said.handout.id, offered.item, at):
            if at + len(piece) > offered.size:
                raise VaultError("the vault gives more than it said")
            put(piece)
            at += len(piece)
            self._progress(self._done + at, self._total)
        return at


def _paths(folder: Path, items: Sequence[bytes], names: Mapping[bytes, Names]) -> dict[bytes, Path]:
    """Where each item goes: under its provider's name for it, if that is one that any system takes
    and no other item has; else under its data ID, with the ending of the name."""
    wanted = {each: _safe(names[each][0] if names[each] else "") for each in items}
    seen = dict[str, int]()
    for each in wanted.values():
        seen[each.casefold()] = seen.get(each.casefold(), 0) + 1
    return {
        each: folder / (name if name and seen[name.casefold()] == 1 else _by_id(each, names[each]))
        for each, name in wanted.items()
    }


def _safe(name: str) -> str:
    """A path below a folder as the provider has it; empty where it is none that is safe."""
    parts = name.split("/")
    fits = all(
        part and part.isprintable() and part[0] not in ".-~ " and part[-1] not in ". "
        and not set(part) & set('\\:*?"<>|') and len(part.encode()) <= _LONGEST
        for part in parts
    )  # fmt: skip
    return name if fits and len(parts) <= 8 and parts[0] != FOLDER else ""


def _by_id(item: bytes, names: Names) -> str:
    ending = Path(names[0]).suffix if names else ""
    return item.hex() + (ending if ending[1:].isascii() and ending[1:].isalnum() else "")


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FilesError(f"{folder} cannot be written to ({error.strerror})") from error
