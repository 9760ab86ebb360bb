"""The contents of a tar, as webdataset writes them. They are read where they lie in it.

A member ``0001.png`` is called ``0001.png``; ``0001.txt`` beside it is its caption, or what
``0001.json`` says under ``caption`` or ``text``. Members that only tell of others, by the endings
that webdataset decodes into a text, a number or JSON, are no contents themselves, unless nothing
else has their key. Captions stand beside what they tell of: of one key `_MOST` members are held.

Source: webdataset's convention (a key ends at the first point of a name; members of a key follow
each other), and POSIX.1-2001 pax.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, cast

from kiseki.core import documents
from kiseki.errors import FilesError
from kiseki.vault.doubts import Doubts
from kiseki.vault.files import still
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.sources import Part, version

__all__ = ["is_tar", "members"]

_MOST = 1_000
_HEAD = 1 << 20
"""Bytes that the heads of one member may have, and its caption."""
_TEXTS = frozenset({"txt", "text", "transcript", "caption"})
_JSONS = frozenset({"json", "jsn"})
_TELLING = _TEXTS | _JSONS | {"cls", "cls2", "index", "inx", "id"}
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")


class _Member(NamedTuple):
    name: str
    end: str
    part: Part


def is_tar(path: str | Path) -> bool:
    """Whether a file is a tar, packed or not, by its name."""
    name = os.path.basename(path).lower()  # noqa: PTH119 - of a text too
    return name.endswith((".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst"))


def members(path: str | Path, doubts: Doubts) -> Iterator[tuple[Part, Called]]:
    """The contents of a tar, one after the other, and what they are called. A tar of any size needs
    little memory.

    Args:
        doubts: takes what is no content: links, devices, sparse files, and names that lead out.

    Raises:
        FilesError: it cannot be read, is damaged or cut off, or changed while it was read.
    """
    with still(path) as file:
        if file.read(4).startswith(_PACKED):
            raise FilesError(f"{path} is compressed; decompress it first, as with gunzip")
        file.seek(0)
        key, held = "", list[_Member]()
        for member in _ordinary(str(path), file, doubts):
            now = _key(member.name)
            if now != key or len(held) >= _MOST:
                yield from _sample(held, file)
                key, held = now, []
            held.append(member)
        yield from _sample(held, file)


def _ordinary(path: str, file: BinaryIO, doubts: Doubts) -> Iterator[_Member]:
    """The members that hold a content or tell of one."""
    was, end = version(file), os.fstat(file.fileno()).st_size
    heads = _Heads(file)
    try:
        tar = tarfile.open(fileobj=cast("BinaryIO", heads), mode="r:")  # noqa: SIM115
        while True:
            heads.left = _HEAD
            member = tar.next()
            if member is None:
                break
            vars(tar)["members"].clear()  # of millions none is needed again
            if member.isdir():
                continue
            name = member.name
            where = f"{path}: {_text(name)}"
            if not member.isreg() or member.issparse():
                kind = "sparse file" if member.issparse() else "link or device"
                doubts.add(where, f"a {kind} in a tar", readable=False)
            elif member.size < 0 or member.offset_data + member.size > end:
                raise _damaged(path, f"{_text(name)} says that it has {member.size:,} bytes")
            elif not name or name.startswith("/") or ".." in PurePosixPath(name).parts:
                doubts.add(where, "a name that leads out of the tar", readable=False)
            elif not (name.startswith("__") and name.endswith("__")):  # webdataset's own
                part = Part(path, member.offset_data, member.size, True, was)
                yield _Member(name, _end(name), part)
        file.seek(tar.offset)
        if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise _damaged(path, "its end is missing")
    except (tarfile.TarError, ValueError, LookupError, OverflowError, RecursionError) as error:
        raise _damaged(path, str(error)[:100] or type(error).__name__) from error


def _sample(held: list[_Member], file: BinaryIO) -> Iterator[tuple[Part, Called]]:
    """The contents of one key."""
    contents = [each for each in held if each.end not in _TELLING]
    caption = _caption(held, file) if contents else ""
    for each in contents or held:
        yield each.part, Called(_text(each.name), caption)


def _caption(held: list[_Member], file: BinaryIO) -> str:
    for each in held:
        if each.end in _TEXTS:
            return _read(each, file).strip()
    for each in held:
        if each.end in _JSONS:
            try:
                said = documents.foreign(_read(each, file).encode())
            except (ValueError, RecursionError) as error:
                raise _damaged(each.part.path, f"{_text(each.name)} is no JSON") from error
            if isinstance(said, dict):
                for name in ("caption", "text"):
                    if isinstance(value := said.get(name), str):
                        return value.strip()
    return ""


def _read(member: _Member, file: BinaryIO) -> str:
    if member.part.size > _HEAD:
        raise _damaged(member.part.path, f"{_text(member.name)} is too large for a caption")
    before = file.tell()
    file.seek(member.part.start)
    data = file.read(member.part.size)
    file.seek(before)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise _damaged(member.part.path, f"{_text(member.name)} is no text in UTF-8") from error


def _key(name: str) -> str:
    folder, slash, base = name.rpartition("/")
    return f"{folder}{slash}{base.partition('.')[0]}"


def _end(name: str) -> str:
    """What stands behind the last point; ``seg.png`` is a picture."""
    return name.rpartition("/")[2].rpartition(".")[2].lower()


def _text(name: str) -> str:
    """A member's name as text, also where it is none."""
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _damaged(path: str, why: str) -> FilesError:
    return FilesError(
        f"{path} is damaged, cut off, or no tar ({why}); make it again, or unpack it and add the "
        "folder"
    )


class _Heads:
    """A file of which heads are read, and no more of them than fits into memory: the head of a
    hostile tar may say that it has terabytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.left = file, _HEAD

    def read(self, size: int = -1) -> bytes:
        self.left -= size
        if size < 0 or self.left < 0:
            raise tarfile.ReadError("a head of more than a megabyte")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
