"""What is missing, altered, half-written, or without a row; and mending it.

Rows and place are read once, beside each other in the order of names, in constant memory.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from enum import Enum
from typing import NamedTuple

from kiseki.core.values import address_text
from kiseki.errors import VaultError
from kiseki.vault.objects.draft import Lying
from kiseki.vault.objects.envelope import Unwrap
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.reading import Stored
from kiseki.vault.objects.rows import Object, Objects, in_parts

__all__ = ["DAY", "Finding", "Wrong", "check", "repair", "sweep"]

DAY = 86_400.0
"""Seconds for which what has no row is left alone: it may get one."""
_BLOCK = 1 << 20


class Wrong(Enum):
    """What is wrong."""

    MISSING = "missing"
    ALTERED = "altered"
    OTHER = "of another content"
    CUT = "of another size"
    NO_ROW = "without a row"
    HALF = "half-written"


class Finding(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        wrong: what.
        name: of the object; empty for what is none.
        where: it lies in its place; empty where nothing does.
        seconds: when that was written.
    """

    wrong: Wrong
    name: bytes
    where: str = ""
    seconds: float = 0.0


def check(
    objects: Objects,
    place: Place,
    *,
    read: bool = False,
    unwrap: Unwrap | None = None,
    told: Callable[[int, int], None] = lambda *_: None,
) -> Iterator[Finding]:
    """Everything that is wrong with objects.

    Args:
        read: whether every object is read, and its hash compared with its name.
        unwrap: a key of the vault; with it every content is decrypted and hashed too.
        told: called with objects and bytes that were looked at.

    Raises:
        VaultError: the place cannot be read.
        SecretsError: the database cannot be used.
    """
    lying = _Lying(place.walk())
    count = size = 0
    for row in objects.each():
        yield from lying.before(row.name, objects)
        found = lying.at(row.name)
        wrong = _size(row, place.size(row.name) if found is None else found.size)
        if wrong is None and (read or unwrap is not None):
            wrong = _content(objects, row, place, unwrap)
        if wrong is not None:
            yield Finding(wrong, row.name, found.where if found else "")
        count, size = count + 1, size + row.sealed
        told(count, size)
    yield from lying.before(None, objects)


def sweep(objects: Objects, place: Place, older: float = DAY) -> Iterator[Finding]:
    """Takes away what has no row, and what was half-written; each is told after it is gone.

    Args:
        older: seconds that it must have been there, because an object gets its row after it is
            stored. Where the place does not say when, it is left.

    Raises:
        VaultError: the place cannot be used.
        SecretsError: the database cannot be used.
    """
    latest = time.time() - older
    for some in in_parts(place.walk()):
        has = objects.there(each.name for each in some if each.name)
        for each in some:
            if each.name not in has and 0 < each.seconds <= latest:
                place.delete(each.where)
                yield _without_row(each)


def repair(objects: Objects, place: Place, found: Finding, other: Place) -> bool:
    """Brings back an object that is missing or altered, from another place; whether that has it.

    Raises:
        VaultError: it cannot be stored.
    """
    if found.wrong not in (Wrong.MISSING, Wrong.ALTERED, Wrong.CUT):
        return False
    if not objects.there([found.name]):
        return False
    try:
        file = other.open(found.name)
    except VaultError:
        return False
    with closing(file), place.draft() as draft:
        shutil.copyfileobj(file, draft, _BLOCK)
        if draft.name != found.name:
            return False
        draft.keep()
    return True


def _size(row: Object, size: int | None) -> Wrong | None:
    if size is None:
        return Wrong.MISSING
    return None if size == row.sealed else Wrong.CUT


def _content(objects: Objects, row: Object, place: Place, unwrap: Unwrap | None) -> Wrong | None:
    digest = hashlib.sha256()
    with closing(place.open(row.name)) as file:
        while some := file.read(_BLOCK):
            digest.update(some)
    if digest.digest() != row.name:
        return Wrong.ALTERED
    if unwrap is None:
        return None
    plain = hashlib.sha256()
    try:
        with Stored(row, objects, place, unwrap).open() as content:
            for piece in content.read():
                plain.update(piece)
    except VaultError:
        return Wrong.OTHER
    provider = address_text(row.provider)
    wanted = objects.find(provider, plain.digest())
    same = wanted is not None and wanted.name == row.name and content.size == row.size
    return None if same else Wrong.OTHER


def _without_row(each: Lying) -> Finding:
    wrong = Wrong.NO_ROW if each.name else Wrong.HALF
    return Finding(wrong, each.name, each.where, each.seconds)


class _Lying:
    """What lies in a place, one after the other."""

    def __init__(self, walk: Iterator[Lying]) -> None:
        self._walk = walk
        self._next = next(walk, None)

    def before(self, name: bytes | None, objects: Objects) -> Iterator[Finding]:
        """What has no row and lies before an object, or before the end."""
        for some in in_parts(self._until(name)):
            has = objects.there(each.name for each in some if each.name)  # written meanwhile
            yield from (_without_row(each) for each in some if each.name not in has)

    def at(self, name: bytes) -> Lying | None:
        """What lies under a name."""
        found = self._next
        if found is None or found.name != name:
            return None
        self._next = next(self._walk, None)
        return found

    def _until(self, name: bytes | None) -> Iterator[Lying]:
        while (found := self._next) is not None:
            if found.name and name is not None and found.name >= name:
                return
            self._next = next(self._walk, None)
            yield found
