"""Laying what was planned. Interrupted, it is done again, and copies nothing twice."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import IO, BinaryIO

from kiseki.client.kiseki import Kiseki
from kiseki.core.laid import FILE
from kiseki.disk import atomic, texts
from kiseki.errors import FilesError
from kiseki.training.laying.prepare import Copy, Layout, plan
from kiseki.vault.files import still

__all__ = ["carry_out", "lay"]

_PRIVATE, _LOCKED, _OPEN = 0o600, 0o444, 0o644
_CHUNK = 1 << 20
_SIDE_BY_SIDE = 8
"""Copies at a time: each waits until it is on the disk, and the disk takes several at once."""
_NO_SHARING = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}


def lay(
    k: Kiseki,
    collections: Mapping[str, bytes] | Iterable[bytes],
    tool: str,
    folder: str | Path,
    *,
    sources: Iterable[str | Path],
    repeats: int | Mapping[str, int] = 1,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Layout:
    """Lays out what this wallet may train on, in the form that a trainer reads. Sends nothing.

    One folder a collection, with copies of the pictures, their captions, and a file of settings for
    the trainer. What may not be used now, or is not there, is left out and named in the result
    (`Layout.left_out`). Laid again, the folder is brought to what may be used then: what is new is
    added, and what was revoked is deleted with its caches. `clearing` takes all of it away.

    Args:
        progress: called with the number of files copied and in all.

    The other arguments, and what is raised, are those of `plan`.
    """
    planned = plan(k, collections, tool, folder, sources=sources, repeats=repeats)
    carry_out(planned, progress)
    return planned


def carry_out(planned: Layout, progress: Callable[[int, int], None] = lambda *_: None) -> None:
    """Writes what was planned. The list comes first, so that whatever is there then can be taken
    away again; it says that all is there when all is.

    Args:
        progress: called with the number of files copied and in all.

    Raises:
        FilesError: a file cannot be written, or a source changed since it was looked at.
    """
    folder, laid = planned.folder, planned.laid
    try:
        if planned.goes is not None:
            planned.goes.clear()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _list(folder, replace(laid, whole=False).to_json())
        for subset in laid.subsets:
            (folder / subset.folder).mkdir(exist_ok=True)
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            try:
                for done, _ in enumerate(pool.map(_write, planned.copies), 1):
                    progress(done, len(planned.copies))
            finally:
                pool.shutdown(cancel_futures=True)
        for name, text in planned.settings.items():
            texts.write(folder / name, text)
        _list(folder, laid.to_json())
    except OSError as error:
        raise FilesError(f"{error.filename} cannot be written ({error.strerror})") from error


def _list(folder: Path, text: str) -> None:
    """For its owner only: it says which contents are which items, and what people call them."""
    atomic.write(folder / FILE, text, mode=_PRIVATE)


def _write(copy: Copy) -> None:
    """A copy, never a link: a trainer that writes into the folder must not change the original."""
    mode = _LOCKED if copy.locked else _OPEN
    with still(copy.source) as source, atomic.whole(copy.target, mode=mode) as target:
        if _copied(source, target) != copy.digest:
            raise FilesError(
                f"{copy.source} changed since it was looked at; run this again to go on"
            )


def _copied(source: BinaryIO, target: IO[bytes]) -> bytes:
    """Copies a file, and gives the SHA-256 of what was read. Where the file system can, both share
    what lies on the disk until one is written to."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    done = 0
    try:
        while sys.platform == "linux" and done < size:
            part = os.copy_file_range(source.fileno(), target.fileno(), size - done, done, done)
            if not part:
                break
            done += part
    except OSError as error:
        if error.errno not in _NO_SHARING:
            raise
    if done < size:
        source.seek(0)
        shutil.copyfileobj(source, target, _CHUNK)
    return digest.digest()
