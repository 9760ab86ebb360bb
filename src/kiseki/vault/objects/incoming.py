"""What folders, lists, tars and Parquet files hold, hashed: whatever can be added."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from kiseki.disk.tables import PLAIN, Format
from kiseki.vault import lists
from kiseki.vault.doubts import of_content, of_name
from kiseki.vault.files import hash_each, on_all_cores, other_form
from kiseki.vault.lists import Entry
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.item import Added, Item
from kiseki.vault.objects.parquet import is_parquet, pictures
from kiseki.vault.objects.sources import Held, Of, Part, opened
from kiseki.vault.objects.tars import is_tar, members

__all__ = ["contents", "count", "hashed"]

_BLOCK = 1 << 20
_TASK = 8
"""Members that a thread hashes at once."""

_Hashed = tuple[Of, Called, bytes, bytes]
"""A source, what it is called, its digest, and its first bytes."""


def contents(
    source: str | Path,
    added: Added,
    form: Format = PLAIN,
    names: Callable[[str], str] = lambda text: text,
    *,
    take_doubtful: bool = False,
) -> Iterator[Item]:
    """Everything in a folder and below, in a list, in a tar, or in a Parquet file. A tar that lies
    in a folder is a file like any other: only who names it means what is in it.

    Args:
        added: takes what is elsewhere, and what was left out.
        form, names: as of `kiseki.vault.lists.read`.
        take_doubtful: whether files that are probably no works are added too.

    Raises:
        FilesError: something cannot be read, is damaged, or changed while it was read.
        InvalidInput: a row of the list cannot be right, or pyarrow is not installed.
    """
    if not _packs(source):
        return hashed(lists.read(source, form, names), added, take_doubtful=take_doubtful)
    if is_tar(source):
        packed = on_all_cores(members(source, added.doubts), _hashed, _TASK)
    else:
        packed = map(_hashed, pictures(source, added))  # of these none is held twice
    return _unpacked(packed, added, take_doubtful=take_doubtful)


def count(source: str | Path) -> int:
    """How many items there are, about; zero where only reading would tell.

    Raises:
        FilesError: as `kiseki.vault.lists.count`.
    """
    return 0 if _packs(source) else lists.count(source)


def _packs(source: str | Path) -> bool:
    return (is_tar(source) or is_parquet(source)) and not os.path.isdir(source)  # noqa: PTH112


def _unpacked(packed: Iterable[_Hashed], added: Added, *, take_doubtful: bool) -> Iterator[Item]:
    for source, called, digest, begin in packed:
        doubt = of_name(os.path.basename(called.name)) or of_content(  # noqa: PTH119
            called.name, source.size, begin
        )
        if doubt and not take_doubtful:
            added.doubts.add(f"{source}: {called.name}", doubt)
        else:
            yield Item(source, digest, called)


def _hashed(each: tuple[Of, Called]) -> _Hashed:
    source, called = each
    if isinstance(source, Held):
        return source, called, hashlib.sha256(source.data).digest(), source.data[:_BLOCK]
    digest, begin = hashlib.sha256(), b""
    with opened(source) as file:
        while piece := file.read(_BLOCK):
            digest.update(piece)
            begin = begin or piece
    return source, called, digest.digest(), begin


def hashed(
    entries: Iterable[Entry], added: Added, *, take_doubtful: bool = False
) -> Iterator[Item]:
    """What folders and lists hold (`kiseki.vault.lists.read`), hashed on all cores.

    Args:
        added: takes what is elsewhere, and what was left out.
        take_doubtful: whether files that are probably no works are added too.

    Raises:
        FilesError: a file cannot be read, or changed while it was read.
    """

    def file_of(entry: Entry) -> str | None:
        return entry.file or None

    def where(entry: Entry) -> str:
        return f"row {entry.row}: " if entry.row else ""

    for entry, digest, size, doubt in hash_each(entries, file_of, where):
        if entry.doubt:
            added.doubts.add(entry.name or entry.file, entry.doubt, readable=False)
        elif not entry.file:
            added.elsewhere += 1
        elif doubt and not take_doubtful:
            added.doubts.add(entry.file, doubt)
        else:
            path = entry.file
            if not os.path.lexists(path):
                path = str(other_form(path) or path)
            yield Item(Part(path, 0, size), digest, Called(entry.name))
