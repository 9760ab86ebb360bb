"""A model's ID, written into the file that it names.

The commitment covers the tensors, so the file with a stamp is the same model. A stamp is a claim:
`kiseki.client.models.weights` compares it with the registry.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from kiseki.client.wallet import Wallet
from kiseki.core import ids, weights
from kiseki.core.stamp import Stamp
from kiseki.core.values import ZERO32, to_hex
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.files import still

__all__ = ["Stamped", "stamp_file"]

Progress = Callable[[int, int], None]
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Stamped:
    """A file that says which model it is.

    Attributes:
        stamp: what it says.
        written: whether it was written now; it was there before otherwise.
    """

    stamp: Stamp
    written: bool


def stamp_file(
    wallet: Wallet,
    file: str | Path,
    model: bytes,
    *,
    replace: bool = False,
    progress: Progress = lambda *_: None,
) -> Stamped:
    """Writes ID, registry and chain of a model into the metadata of its safetensors file.

    Tensors and all other metadata stay as they are, and so does the commitment. The file has the
    stamp afterwards, or is as it was. It is read twice and never held in memory; while it is
    written there must be room for it once more. Sends nothing.

    Args:
        file: of the weights that the model is registered with; a link's target is written.
        model: its ID.
        replace: whether to write over another stamp.
        progress: called with the bytes that are done, and all there are.

    Raises:
        NotInIndex: no such model is registered on this chain.
        InvalidInput: the file's tensors are not the model's, or there is another stamp already.
        FilesError: it cannot be read or written, changed meanwhile, is one of several files, or its
            tensors cannot be told.
    """
    path = Path(file).resolve()
    record = wallet.session.index.model(model)
    registry = wallet.session["ModelRegistry"].address.lower()
    named = Stamp(model, registry, wallet.session.chain_id)
    with still(path) as opened:
        before = os.fstat(opened.fileno())
        found, begin, start = _read(path, opened, named, _half(progress, 0))
    _must_be(wallet, path, found.digest, model, record.weights)
    if not _may_be_written(path, found.metadata, named, replace):
        return Stamped(named, False)
    try:
        # The file is looked at again before the other takes its place.
        with atomic.whole(path, mode=stat.S_IMODE(before.st_mode)) as new, still(path) as opened:
            if _version(os.fstat(opened.fileno())) != _version(before):
                raise FilesError(f"{path} changed while it was read; run this again")
            _keep_owner(opened.fileno(), new.fileno())
            new.write(begin)
            opened.seek(start)
            _copy(opened, new, before.st_size - start, _half(progress, 1))
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror}); it is as it was") from error
    return Stamped(named, True)


def _read(
    path: Path, opened: BinaryIO, named: Stamp, progress: Progress
) -> tuple[weights.Tensors, bytes, int]:
    try:
        return weights.tensors({path.name: opened}, progress), *weights.stamped(opened, named)
    except InvalidInput as why:
        raise FilesError(
            f"{path} can have no stamp, because its tensors cannot be told: {why}. Nothing was "
            "written"
        ) from why


def _must_be(wallet: Wallet, path: Path, digest: bytes, model: bytes, commitment: bytes) -> None:
    salts = [ZERO32, *(salt for _, salt in wallet.salts.held([digest]))]
    if commitment in {ids.commitment(digest, salt) for salt in salts}:
        return
    raise InvalidInput(
        f"the tensors of {path} are not those that the model {to_hex(model)} is registered with. "
        "Or it is registered by its whole file, which a stamp would change, or hidden by a salt "
        "that this key store does not hold. Nothing was written"
    )


def _may_be_written(path: Path, metadata: Mapping[str, str], named: Stamp, replace: bool) -> bool:
    """
    Raises:
        InvalidInput: there is another stamp, and nobody said that it may go.
    """
    try:
        there = Stamp.of(metadata)
        said = "" if there is None else f"it says that it is the {there.words}"
    except InvalidInput as why:
        there, said = None, str(why)
    if said and there != named and not replace:
        raise InvalidInput(
            f"{path} has another stamp: {said}. Say --replace to write over it; nothing was written"
        )
    return there != named


def _half(progress: Progress, number: int) -> Progress:
    """Of two passes over the same bytes."""
    return lambda done, size: progress(number * size + done, 2 * size)


def _version(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _keep_owner(source: int, target: int) -> None:
    """Whose it is, and what else its system keeps of it (access lists), as far as it lets us."""
    owner = os.fstat(source)
    with contextlib.suppress(OSError):
        os.fchown(target, owner.st_uid, owner.st_gid)
    if sys.platform == "linux":
        for name in os.listxattr(source):
            with contextlib.suppress(OSError):
                os.setxattr(target, name, os.getxattr(source, name))


def _copy(source: BinaryIO, target: IO[bytes], size: int, progress: Progress) -> None:
    done = 0
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        done += len(chunk)
        progress(done, size)
