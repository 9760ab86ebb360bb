"""Laying what was planned. Interrupted, it is done again, and copies nothing twice.

The folder has its name only while all is there: a trainer finds all of it or nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
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
from kiseki.training.laying.held import held, put_back, take_aside
from kiseki.training.laying.prepare import Copy, Layout, plan
from kiseki.vault.files import still

__all__ = ["carry_out", "lay"]

_PRIVATE, _LOCKED, _OPEN = 0o600, 0o444, 0o644
_CHUNK = 1 << 20
_SIDE_BY_SIDE = 8
"""Copies at a time: each waits until it is on the disk, and the disk takes several at once."""


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

    The other arguments, and what is raised, are those of `plan`, and:

    Raises:
        FilesError: another process lays or clears the folder, or a file cannot be written.
    """
    with held(folder):
        planned = plan(k, collections, tool, folder, sources=sources, repeats=repeats)
        if not planned.done:
            carry_out(planned, progress)
    return planned


def carry_out(planned: Layout, progress: Callable[[int, int], None] = lambda *_: None) -> None:
    """Writes what was planned. The list comes first, so that whatever is there then can be taken
    away again; it says that all is there when all is. Until then the folder lies aside.

    Whoever plans and carries out something with a question between holds the folder for the whole
    time (`kiseki.training.laying.held`).

    Args:
        progress: called with the number of files copied and in all.

    Raises:
        FilesError: a file cannot be written, a source changed since it was looked at, or another
            process lays or clears the folder.
    """
    try:
        with held(planned.folder):
            away = take_aside(planned.folder)
            _fill(away, planned, progress)
            put_back(planned.folder)
    except OSError as error:
        raise _unwritten(error.filename or planned.folder, error) from error


def _fill(away: Path, planned: Layout, progress: Callable[[int, int], None]) -> None:
    laid = planned.laid
    if planned.goes is not None:
        planned.goes.delete(away)
    _list(away, replace(laid, whole=False).to_json())
    for subset in laid.subsets:
        (away / subset.folder).mkdir(exist_ok=True)
    copies = [
        replace(each, target=away / each.target.relative_to(planned.folder))
        for each in planned.copies
    ]
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        try:
            for done, _ in enumerate(pool.map(_write, copies), 1):
                progress(done, len(copies))
        finally:
            pool.shutdown(cancel_futures=True)
    for name, text in planned.settings.items():
        texts.write(away / name, text)
    _list(away, laid.to_json())


def _list(folder: Path, text: str) -> None:
    """For its owner only: it says which contents are which items, and what people call them."""
    atomic.write(folder / FILE, text, mode=_PRIVATE)


def _write(copy: Copy) -> None:
    """A copy, never a link: a trainer that writes into the folder must not change the original."""
    mode = _LOCKED if copy.locked else _OPEN
    # What cannot be written is no fault of the source, so the target is the outer of the two.
    with atomic.whole(copy.target, mode=mode) as target, still(copy.source) as source:
        if _copied(source, target, copy.target) != copy.digest:
            raise FilesError(
                f"{copy.source} changed since it was looked at; run this again to go on"
            )


def _copied(source: BinaryIO, target: IO[bytes], path: Path) -> bytes:
    """Copies a file, and gives the SHA-256 of what was read. Where the file system can, both share
    what lies on the disk until one is written to.

    Raises:
        OSError: it cannot be read.
        FilesError: it cannot be written.
    """
    digest, size, done = hashlib.sha256(), 0, 0
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    with contextlib.suppress(OSError):  # whatever it is, copying by hand meets it again
        while sys.platform == "linux" and done < size:
            part = os.copy_file_range(source.fileno(), target.fileno(), size - done, done, done)
            if not part:
                break
            done += part
    if done < size:
        source.seek(0)
        while chunk := source.read(_CHUNK):
            try:
                target.write(chunk)
                target.flush()
            except OSError as error:
                raise _unwritten(path, error) from error
    return digest.digest()


def _unwritten(path: object, error: OSError) -> FilesError:
    return FilesError(f"{path} cannot be written ({error.strerror}); run this again to go on")
