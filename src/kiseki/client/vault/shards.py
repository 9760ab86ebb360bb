"""Items as a webdataset: shards of bounded size, each of which is whole or not there.

A sample's key is its data ID, so that no name of a provider becomes one:

    0a1b….png   the content; its ending is that of its name, or bin
    0a1b….txt   its caption, where the vault has one
    0a1b….json  its data ID, its collection, and what its provider calls it

What arrived lies in parts until a shard is full. A run that was killed fetches none of these again.

Source: webdataset's convention (a key ends at the first point of a name; members of a key follow
each other), and POSIX.1-2001 pax.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO

from kiseki.client.vault import naming
from kiseki.client.vault.fetching import Fetching, told
from kiseki.client.vault.forms import Form
from kiseki.client.vault.proving import Shown
from kiseki.client.vault.site import Offered
from kiseki.core import documents
from kiseki.core.values import to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError
from kiseki.vault.doubts import Doubts
from kiseki.vault.objects.tars import members

__all__ = ["LEAST", "USUAL", "shards"]

USUAL = 1 << 30
"""Bytes of a shard, about: webdataset reads shards of about a gigabyte well."""
LEAST = 1 << 20
_NAME = re.compile(r"shard-([0-9]{6,})\.tar")
_KEY = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20
_TELLING = frozenset({
    ".txt", ".text", ".transcript", ".caption", ".json", ".jsn", ".cls", ".cls2", ".index", ".inx",
    ".id",
})  # fmt: skip
"""Endings that webdataset takes for what tells of another member."""


@dataclass(frozen=True, slots=True)
class _Sample:
    """An item that is to be written."""

    offered: Offered
    part: Path
    members: Sequence[tuple[str, bytes]]

    @property
    def size(self) -> int:
        """Bytes in a tar."""
        sizes = [self.offered.size, *(len(data) for _, data in self.members)]
        return sum(tarfile.BLOCKSIZE + -(-each // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
                   for each in sizes)  # fmt: skip


def shards(
    folder: Path, listed: Sequence[Offered], shown: Shown, form: Form,
    texts: Mapping[bytes, bytes | None], fetching: Fetching, most: int,
) -> dict[bytes, Path]:  # fmt: skip
    """Items into the shards of a folder; in which each of them is.

    Args:
        listed: the items.
        form: as they are; it sees whether what arrived is the item.
        texts: their captions.
        most: bytes of a shard; an item that is larger is alone in one.

    Raises:
        VaultError: the vault does not give an item, or gives something else.
        FilesError: it cannot be written, or a shard that is there holds something else.
    """
    with told(folder):
        for begun in folder.glob(".shard-*.tar.*.part"):  # of a run that was killed
            begun.unlink()
    there = _there(folder, shown.digests)
    waiting, size = list[_Sample](), 0
    for each in listed:
        if each.item in there:
            fetching.skip(each)
            fetching.forget(each)
            continue
        part = fetching.whole(each, partial(form.is_whole, each.item))
        sample = _Sample(each, part, _beside(each, shown, texts))
        if waiting and size + sample.size > most:
            there |= _written(folder, waiting, shown)
            waiting, size = [], 0
        waiting.append(sample)
        size += sample.size
    if waiting:
        there |= _written(folder, waiting, shown)
    return {each.item: there[each.item] for each in listed}


def _there(folder: Path, digests: Mapping[bytes, bytes]) -> dict[bytes, Path]:
    """The shard of each item that is there; all of them are read."""
    found = dict[bytes, Path]()
    for path in _shards(folder):
        for part, called in members(path, Doubts()):
            key, item = called.name.partition(".")[0], b""
            if _KEY.fullmatch(key):
                item = bytes.fromhex(key)
            if item in digests and _digest(path, part.start, part.size) != digests[item]:
                raise FilesError(
                    f"{path} holds something else as {to_hex(item)}; move this shard away, and run "
                    "this again"
                )
            if item in digests:
                found[item] = path
    return found


def _shards(folder: Path) -> list[Path]:
    with told(folder):
        return sorted(each for each in folder.glob("*.tar") if _NAME.fullmatch(each.name))


def _written(folder: Path, samples: Sequence[_Sample], shown: Shown) -> dict[bytes, Path]:
    """Writes a shard with the next number; its parts are taken away when it is on the disk."""
    numbers = [int(each.stem.removeprefix("shard-")) for each in _shards(folder)]
    path = folder / f"shard-{max(numbers, default=-1) + 1:06}.tar"
    with told(folder):
        with (
            atomic.whole(path) as file,
            tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
        ):
            for each in samples:
                name = each.offered.item.hex() + _ending(each.offered.item, shown)
                with each.part.open("rb") as content:
                    _add(tar, name, each.offered.size, content)
                for name, data in each.members:
                    _add(tar, name, len(data), BytesIO(data))
        for each in samples:
            each.part.unlink()
    return {each.offered.item: path for each in samples}


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    """Adds a member that says nothing of when and by whom it was written."""
    head = tarfile.TarInfo(name)
    head.size, head.mode = size, 0o644
    tar.addfile(head, content)


def _beside(
    each: Offered, shown: Shown, texts: Mapping[bytes, bytes | None]
) -> list[tuple[str, bytes]]:
    """The members that tell of an item."""
    key, names = each.item.hex(), shown.names[each.item]
    about = {
        "id": to_hex(each.item), "collection": to_hex(shown.handed[each.item].collection),
        "name": names[0] if names else None,
    }  # fmt: skip
    text = texts.get(each.item)
    caption = [] if text is None else [(f"{key}.txt", text)]
    return [*caption, (f"{key}.json", documents.write(about).encode())]


def _ending(item: bytes, shown: Shown) -> str:
    found = naming.ending(shown.names[item]).lower()
    return found if found and found not in _TELLING else ".bin"


def _digest(path: Path, start: int, size: int) -> bytes:
    hashed = hashlib.sha256()
    with told(path.parent), path.open("rb") as file:
        file.seek(start)
        for piece in _pieces(file, size):
            hashed.update(piece)
    return hashed.digest()


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size and (piece := file.read(min(_PIECE, size))):
        size -= len(piece)
        yield piece
