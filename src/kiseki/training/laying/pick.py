"""Which pictures are laid, from which files, and what is left out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from kiseki.client.data.openings import ItemRecord
from kiseki.client.kiseki import Kiseki
from kiseki.core.counts import counted
from kiseki.core.laid import Picture, stems
from kiseki.core.values import one_line, to_hex
from kiseki.training.laying.forms import FORMS
from kiseki.training.laying.may import LeftOut, ended
from kiseki.vault.doubts import Doubts
from kiseki.vault.files import hash_files, whole
from kiseki.vault.folders import find
from kiseki.vault.laid import aside

__all__ = ["Picked", "files_of"]

_CAPTION = ".txt"
_NOWHERE = "no file that you named has its content"
_SEALED = "the key store cannot open it: take in the provider's receipt (kiseki data receive)"


def files_of(
    sources: Iterable[str | Path], place: Path, progress: Callable[[int, int], None]
) -> dict[bytes, list[Path]]:
    """The files of the sources, by their digests."""
    laid = {place.resolve(), aside(place)}
    files = [
        each for each in find(sources, Doubts())
        if each.suffix.lower() != _CAPTION and laid.isdisjoint(each.resolve().parents)
    ]  # fmt: skip
    found: dict[bytes, list[Path]] = {}
    for each in hash_files(files, progress):
        found.setdefault(each.digest, []).append(each.path)
    return found


class Picked:
    """The pictures that are laid, and what is left out."""

    def __init__(self, k: Kiseki, tool: str, files: Mapping[bytes, Sequence[Path]]) -> None:
        self._k, self._form, self._files = k, FORMS[tool], files
        self._digests = {
            (place.opening.kept.id, place.id): digest
            for digest, places in k.data.openings.places(list(files)).items()
            for place in places
        }
        self._taken: dict[bytes, str] = {}
        self.left: list[LeftOut] = []
        self.paths: dict[tuple[str, str], tuple[Path, Path | None]] = {}
        self.captions: dict[tuple[str, str], str] = {}

    def of(self, folder: str, collection: bytes) -> tuple[Picture, ...]:
        """The pictures of a subset."""
        index = self._k.index
        terms = index.terms(index.status(collection).terms_id)
        items = self._k.data.openings.items(collection)
        left: dict[tuple[str, bool], list[str]] = {}
        taken: list[tuple[ItemRecord, bytes, Path]] = []
        for item in items:
            digest = self._digests.get((collection, item.id))
            if why := ended(terms, item.revoked_at):
                left.setdefault((why, False), []).append(_called(item))
            elif digest is None:
                reason = _NOWHERE if item.names else _SEALED
                left.setdefault((reason, True), []).append(_called(item))
            elif digest in self._taken:
                why = f"the same content is in {self._taken[digest]} already"
                left.setdefault((why, False), []).append(_called(item))
            elif (path := self._fits(self._files[digest])) is None:
                ending = self._files[digest][0].suffix or "a file without an ending"
                why = f"{self._form.called} does not read {ending}"
                left.setdefault((why, True), []).append(_called(item))
            else:
                self._taken[digest] = folder
                taken.append((item, digest, path))
        if unknown := index.collection(collection).count - len(items):
            left.setdefault((_SEALED, True), []).append(counted(unknown, "item"))
        found = []
        names = stems([item.id for item, _, _ in taken])
        for stem, (item, digest, path) in zip(names, taken, strict=True):
            file = f"{stem}{path.suffix.lower()}"
            caption, text, why = _caption(path)
            if why:
                left.setdefault((why, True), []).append(str(caption))
                caption = None
            if caption is not None:
                self.captions[folder, file] = text
            self.paths[folder, file] = (path, caption)
            hashed = None if caption is None else hashlib.sha256(text.encode()).digest()
            found.append(Picture(file, item.id, digest, item.names, hashed))
        self.left += [
            LeftOut(collection, tuple(what), why, lacks) for (why, lacks), what in left.items()
        ]
        return tuple(found)

    def _fits(self, paths: Sequence[Path]) -> Path | None:
        """The file of a content that the trainer reads; one with a caption first."""
        fit = [each for each in paths if each.suffix.lower() in self._form.endings]
        return next((each for each in fit if each.with_suffix(_CAPTION).is_file()), (*fit, None)[0])


def _called(item: ItemRecord) -> str:
    return one_line(item.names[0]) if item.names else to_hex(item.id)


def _caption(picture: Path) -> tuple[Path | None, str, str]:
    """The caption beside a picture, its text, and why it cannot be laid.

    Raises:
        FilesError: it cannot be read.
    """
    path = picture.with_suffix(_CAPTION)
    if not path.is_file():
        return None, "", ""
    try:
        text = whole(path).decode()
    except UnicodeError:
        return path, "", "this caption is no text in UTF-8"
    return path, text, "" if text.strip() else "this caption is empty"
