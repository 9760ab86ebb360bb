"""Files of weights: what a commitment to one covers, and which registered model a file is."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal

from kiseki.client.wallet import Wallet
from kiseki.core import documents, ids, weights
from kiseki.core.counts import counted
from kiseki.core.keccak import keccak256
from kiseki.core.stamp import Stamp
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import FilesError, InvalidInput, NotInIndex
from kiseki.vault.files import still

__all__ = ["Found", "Hint", "Known", "Said", "Weights", "find_model", "read_weights", "said"]

Form = Literal["tensors", "whole file"]
Progress = Callable[[int, int], None]

_INDEX = ".safetensors.index.json"
_LEGACY = (0x100000, 0x10000)
"""From where on, and how many bytes, the old hash of sd-webui-additional-networks takes."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's weights, as they are registered.

    Attributes:
        commitment: what is registered: of the digest, with the zero salt or one of the wallet's.
        form: what the digest covers. Tensors: whatever their order, files and metadata. Whole
            file: every byte of it.
        digest: SHA-256, 32 bytes.
        reason: why it is the whole file; empty for tensors.
        settings: the hash of the metadata, which loaders read; `None` where it cannot be told.
        count: how many tensors; 0 for a whole file.
    """

    commitment: bytes
    form: Form
    digest: bytes
    reason: str
    settings: bytes | None
    count: int
    metadata: Mapping[str, str] = field(repr=False)

    @property
    def words(self) -> str:
        """For people, before it is registered."""
        if self.form == "tensors":
            return (
                f"The commitment covers {counted(self.count, 'tensor')}. Their order, the "
                "files that they are in and the metadata beside them can change, and it stays the "
                "same model."
            )
        return f"The commitment covers the whole file, every byte of it: {self.reason}."

    @property
    def document(self) -> dict[str, str | None]:
        """For the run's document, in its member ``weights``: a loader takes settings out of the
        metadata, so the same tensors with others are the same model and not the same pictures."""
        return {
            "form": self.form,
            "digest": to_hex(self.digest),
            "settings": None if self.settings is None else to_hex(self.settings),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """A registered model that has these weights.

    Attributes:
        model: its ID.
        developer: who registered it.
        registered_at: when, in Unix seconds.
        form: what its commitment covers.
        private: it is hidden by a salt, which the key store holds.
        settings: whether the metadata is what the model's run document says; ``unknown`` when
            there is none at hand that does.
    """

    model: bytes
    developer: str
    registered_at: int
    form: Form
    private: bool
    settings: Literal["same", "other", "unknown"]

    @property
    def words(self) -> str:
        """For people."""
        what = "same tensors" if self.form == "tensors" else "the same file, byte for byte"
        beside = {
            "same": ", same metadata",
            "other": ", other metadata",
            "unknown": "; whether with the same metadata, the run's document would tell",
        }
        told = beside[self.settings] if self.form == "tensors" else ""
        return what + told + (" (hidden by a salt)" if self.private else "")


@dataclass(frozen=True, slots=True)
class Hint:
    """A hash that the file states of itself. It is no evidence of anything until recomputed.

    Attributes:
        name: the metadata's key.
        stated: what stands there.
        holds: whether it is the hash of these bytes; `None` where that cannot be recomputed.
        words: for people.
    """

    name: str
    stated: str
    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a file's stamp says, and what the registry has to say to it.

    Attributes:
        stamp: which model the file says that it is; `None` where what it has for a stamp is none.
        holds: whether that model is registered with these weights; `None` where that cannot be
            told here: of another chain or registry, or of a model that a salt hides.
        words: for people.
    """

    stamp: Stamp | None
    holds: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file of weights.

    Attributes:
        weights: what would be registered of it now.
        models: the registered models that have these weights, earliest first.
        hints: what the file says of itself.
        said: what its stamp says; `None` for a file without one.
        whole: SHA-256 of the whole file; `None` of a model in several files.
    """

    weights: Weights
    models: tuple[Found, ...]
    hints: tuple[Hint, ...]
    said: Said | None = None
    whole: bytes | None = None


def read_weights(file: str | Path, progress: Progress = lambda *_: None) -> Weights:
    """What a commitment to these weights covers, with the zero salt.

    Args:
        file: of weights; of a safetensors model in several files, its
            ``….safetensors.index.json``.
        progress: called with the bytes that are read, and all there are.

    Raises:
        FilesError: it cannot be read or changed meanwhile; or a model in several files is not
            whole, because of several files there is no whole file to fall back on.
    """
    path = Path(file)
    if path.name.endswith(_INDEX):
        return _by_index(path, progress)
    with still(path) as opened:
        try:
            return _by_tensors(weights.tensors({path.name: opened}, progress))
        except InvalidInput as why:
            return Weights(
                *_committed("whole file", _whole(path, opened, progress)), str(why), None, 0, {}
            )


def find_model(
    wallet: Wallet,
    file: str | Path,
    run: str | Path | None = None,
    progress: Progress = lambda *_: None,
) -> Known:
    """The registered models that have these weights: by their tensors or as a whole file, in the
    open or with a salt that the key store holds.

    Args:
        file: as `read_weights` takes it.
        run: a run's document, which says with which metadata a model was registered.

    Raises:
        FilesError: as `read_weights`, or the document cannot be read.
        InvalidInput: the document is not JSON.
    """
    path = Path(file)
    mine = read_weights(path, progress)
    forms: dict[bytes, Form] = {mine.digest: mine.form}
    if mine.form == "tensors":
        with still(path) as opened:
            forms[_whole(path, opened, progress)] = "whole file"
    index, document = wallet.session.index, _Document.read(run)
    found = []
    held = [salt for _, salt in wallet.salts.held(list(forms))]
    for salt in dict.fromkeys([ZERO32, *held]):
        for digest, form in forms.items():
            for each in index.models_with(ids.commitment(digest, salt)):
                model = index.model(each)
                settings = document.settings(model.run, mine) if form == "tensors" else "same"
                found.append((model.block, Found(
                    each, model.developer, model.registered_at, form, salt != ZERO32, settings,
                )))  # fmt: skip
    found.sort(key=lambda each: each[0])
    models = tuple(each for _, each in found)
    whole = None if path.name.endswith(_INDEX) else list(forms)[-1]
    return Known(mine, models, tuple(_hints(path, mine)), said(wallet, mine, models), whole)


def said(wallet: Wallet, mine: Weights, models: Sequence[Found]) -> Said | None:
    """What a file's stamp says, compared with the registry; none for a file without one.

    Args:
        models: those that are registered with these weights.
    """
    try:
        stamp = Stamp.of(mine.metadata)
    except InvalidInput as why:
        return Said(None, False, f"The file has a stamp that says nothing: {why}.")
    if stamp is None:
        return None
    claim = f"The file says that it is the {stamp.words}"
    session = wallet.session
    registry = session["ModelRegistry"].address.lower()
    if (stamp.chain_id, stamp.registry) != (session.chain_id, registry):
        return Said(stamp, None, f"{claim}; that is not the registry that is asked here.")
    if any(each.model == stamp.model for each in models):
        return Said(stamp, True, f"{claim}, and that model is registered with these weights.")
    try:
        session.index.model(stamp.model)
    except NotInIndex:
        return Said(stamp, False, f"{claim}, and no such model is registered there.")
    return Said(stamp, None, (
        f"{claim}. That model is registered with other weights, or a salt hides them that this key "
        "store does not hold."
    ))  # fmt: skip


# Inside


def _committed(form: Form, digest: bytes) -> tuple[bytes, Form, bytes]:
    return ids.commitment(digest, ZERO32), form, digest


def _by_tensors(found: weights.Tensors) -> Weights:
    settings, metadata = found.settings, found.metadata
    return Weights(*_committed("tensors", found.digest), "", settings, found.count, metadata)


def _by_index(path: Path, progress: Progress) -> Weights:
    with contextlib.ExitStack() as stack:
        try:
            listed = weights.shards(stack.enter_context(still(path)).read(weights.HEADER + 1))
            opened = {name: stack.enter_context(_shard(path, name)) for name in listed}
            return _by_tensors(weights.tensors(opened, progress, listed))
        except InvalidInput as why:
            raise FilesError(
                f"{path} and the files that it names are no model by its tensors: {why}; of "
                "several files there is no whole file, so mend them or save the model as one; "
                "nothing was sent"
            ) from why


@contextlib.contextmanager
def _shard(index: Path, name: str) -> Iterator[BinaryIO]:
    path = index.parent / name
    if not path.exists():
        raise FilesError(
            f"{index} names {name}, which is not beside it; put it there; nothing was sent"
        )
    with still(path) as opened:
        yield opened


def _whole(path: Path, opened: BinaryIO, progress: Progress) -> bytes:
    try:
        return weights.whole_digest(opened, progress)
    except InvalidInput as why:
        raise FilesError(f"{path}: {why}; nothing was sent") from why


@dataclass(frozen=True, slots=True)
class _Document:
    """A run's document, if there is one."""

    hash: bytes
    stated: object

    @classmethod
    def read(cls, path: str | Path | None) -> _Document:
        if path is None:
            return cls(ZERO32, None)
        try:
            text = Path(path).read_bytes()
        except OSError as error:
            raise FilesError(f"the document {path} cannot be read ({error.strerror})") from error
        stated = documents.parse(text).get("weights")
        return cls(keccak256(text), stated.get("settings") if isinstance(stated, dict) else None)

    def settings(self, run: bytes, mine: Weights) -> Literal["same", "other", "unknown"]:
        if self.hash != run or not isinstance(self.stated, str) or mine.settings is None:
            return "unknown"
        return "same" if self.stated == to_hex(mine.settings) else "other"


def _hints(path: Path, mine: Weights) -> Iterator[Hint]:
    """The hashes that trainers write into their files, recomputed where that can be done."""
    stated = {name: mine.metadata[name] for name in _HINTS if name in mine.metadata}
    if not stated:
        return
    payload = legacy = None
    if not path.name.endswith(_INDEX):
        with still(path) as opened:
            payload = weights.payload_digest(opened)
            opened.seek(_LEGACY[0])
            legacy = opened.read(_LEGACY[1])
    for name, value in stated.items():
        yield Hint(name, value, *_HINTS[name](value, payload, legacy))


_Verdict = tuple[bool | None, str]


def _of_payload(value: str, payload: bytes | None, _: bytes | None) -> _Verdict:
    if payload is not None and value.removeprefix("0x").lower() == payload.hex():
        return True, "recomputed: it is the hash of the tensors as they lie in this file"
    if payload is None or value.startswith("0x"):
        # LyCORIS, and sd-scripts where it writes ModelSpec, hash in an order that no file keeps.
        return None, "stated only: some trainers take the tensors in an order that no file keeps"
    return False, (
        "it is not the hash of the tensors in this file: they were saved again, merged or rounded "
        "after it was computed, or it was copied from another file"
    )


def _of_legacy(value: str, _: bytes | None, legacy: bytes | None) -> _Verdict:
    if not legacy:
        return None, "it says nothing: of a file below 1 MiB it is the hash of no bytes"
    if value.lower() == hashlib.sha256(legacy).hexdigest()[:8]:
        return True, "recomputed: it is the hash of 64 KiB of this file"
    return None, "stated only: it is computed before all metadata is in the file"


_HINTS: Mapping[str, Callable[[str, bytes | None, bytes | None], _Verdict]] = {
    "sshs_model_hash": _of_payload,
    "sshs_legacy_hash": _of_legacy,
    "modelspec.hash_sha256": _of_payload,
}
