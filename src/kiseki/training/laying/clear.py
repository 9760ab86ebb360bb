"""Taking away what was laid, with what trainers cached beside it, and nothing else.

A file goes only if its content is what was laid, or its name says that a trainer computed it from
what goes. Everything else is somebody's work: it stays, and is named. While files are deleted the
folder lies aside, so no trainer reads the rest of it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kiseki.core.beside import CACHE_FOLDERS, Kind, is_cache_of_folder, made_from
from kiseki.core.laid import FILE, Laid, Picture, Subset
from kiseki.errors import FilesError
from kiseki.training.laid import read
from kiseki.training.laying.held import held, put_back, take_aside, where

__all__ = ["Clearing", "clearing", "is_laid", "without"]

_PART = re.compile(r"\.(.+)\.[^.]+\.part")
"""What a writing that was killed leaves (`kiseki.disk.atomic`)."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """What goes from a laid folder.

    Attributes:
        folder: the laid folder.
        files: what goes: what was laid, and caches of it; under the folder's own name, also where
            it lies aside.
        folders: those of pictures and caches, the inner ones first; they go where they are empty.
        caches: how many of them are caches.
        size: their bytes.
        kept: what stays, each with the reason.
        all: whether the list of what was laid goes too, at the end.
    """

    folder: Path
    files: tuple[Path, ...]
    folders: tuple[Path, ...]
    caches: int
    size: int
    kept: tuple[tuple[Path, str], ...]
    all: bool

    def clear(self, progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Deletes it, and each folder that is empty then. Interrupted, it can be done again.

        Raises:
            FilesError: a file cannot be deleted, or another process lays or clears the folder.
        """
        try:
            with held(self.folder):
                away = take_aside(self.folder)
                self.delete(away, progress)
                if self.all:
                    self._end(away)
        except OSError as error:
            raise FilesError(f"{error.filename} cannot be deleted ({error.strerror})") from error

    def delete(self, away: Path, progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Deletes it where the folder lies aside; the list stays.

        Raises:
            OSError: a file cannot be deleted.
        """
        for done, each in enumerate(self.files, 1):
            (away / each.relative_to(self.folder)).unlink(missing_ok=True)
            progress(done, len(self.files))
        for each in self.folders:
            _remove_if_empty(away / each.relative_to(self.folder))

    def _end(self, away: Path) -> None:
        """Deletes the list, last of all: it says that there is something to clear."""
        if {each.name for each in away.iterdir()} - {FILE}:
            put_back(self.folder)
            (self.folder / FILE).unlink(missing_ok=True)
        else:
            (away / FILE).unlink(missing_ok=True)
            away.rmdir()


def clearing(folder: str | Path) -> Clearing:
    """What goes from a folder that `kiseki training lay` laid; `Clearing.clear` deletes it.

    Raises:
        FilesError: nothing was laid there, or a file in it cannot be read.
        InvalidInput: its list is none.
    """
    place = Path(os.path.abspath(folder))  # noqa: PTH100 - a link stays what it is called
    now = where(place)
    return without(place, read(now if now != place else folder))


def without(folder: Path, laid: Laid, stays: Laid | None = None) -> Clearing:
    """The same of a list that was read.

    Args:
        stays: what is laid next; its pictures stay, and so does the list. What was not laid is
            not named then.
    """
    now = where(folder)
    looked = _Looked(now, stays is None)
    staying = {
        (subset.folder, each.file)
        for subset in (stays.subsets if stays else ())
        for each in subset.pictures
    }
    for subset in laid.subsets:
        looked.subset(
            subset,
            {each.stem: each for each in subset.pictures
             if (subset.folder, each.file) not in staying},
        )  # fmt: skip
    names = {subset.folder for subset in laid.subsets}
    settings = laid.settings.keys() - (stays.settings.keys() if stays else ())
    for path in _entries(now):
        name = path.name
        if name in names or name == FILE:
            continue
        if (name in settings and is_laid(path, laid.settings[name])) or _is_left(
            path, {*laid.settings, FILE}
        ):
            looked.takes(path)
        elif stays is None and is_cache_of_folder(name) and _is_ordinary(path):
            looked.takes(path, cache=True)
        else:
            looked.keeps(path, "it was changed" if name in settings else "it was not laid")
    size = sum(path.lstat().st_size for path in looked.files)
    files, folders, kept = (
        [folder / each.relative_to(now) for each in paths]
        for paths in (looked.files, looked.folders, [path for path, _ in looked.kept])
    )
    reasons = [why for _, why in looked.kept]
    return Clearing(
        folder, tuple(files), tuple(folders), looked.caches, size,
        tuple(zip(kept, reasons, strict=True)), stays is None,
    )  # fmt: skip


def is_laid(path: Path, digest: bytes | None) -> bool:
    """Whether a file is an ordinary one with this content.

    Raises:
        FilesError: it cannot be read.
    """
    if digest is None or not _is_ordinary(path):
        return False
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == digest
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error


class _Looked:
    """What was looked at so far."""

    def __init__(self, folder: Path, whole: bool) -> None:
        """
        Args:
            whole: whether all goes, so that what stays is named.
        """
        self.folder, self.whole, self.caches = folder, whole, 0
        self.files: list[Path] = []
        self.folders: list[Path] = []
        self.kept: list[tuple[Path, str]] = []

    def takes(self, path: Path, cache: bool = False) -> None:
        self.files.append(path)
        self.caches += cache

    def keeps(self, path: Path, why: str) -> None:
        if self.whole:
            self.kept.append((path, why))

    def subset(self, subset: Subset, going: dict[str, Picture]) -> None:
        """The folder of a subset, of which these pictures go, by their stems."""
        place = self.folder / subset.folder
        if place.is_symlink():
            return self.keeps(place, "it is a link")
        names = {name for each in subset.pictures for name in (each.file, each.caption_file)}
        for path in _entries(place):
            if path.name in CACHE_FOLDERS and path.is_dir() and not path.is_symlink():
                for each in _entries(path):
                    self.file(each, path.name, going, set())
                self.folders.append(path)
            else:
                self.file(path, "", going, names)
        return self.folders.append(place)

    def file(self, path: Path, inside: str, going: dict[str, Picture], names: set[str]) -> None:
        """One file in it."""
        stem, kind = made_from(path.name, inside) or ("", None)
        picture = going.get(stem)
        if not _is_ordinary(path):
            return self.keeps(path, "it is no ordinary file")
        if (picture and kind is Kind.CACHE) or (is_cache_of_folder(path.name) and going):
            return self.takes(path, cache=True)
        if _is_left(path, names):
            return self.takes(path)
        laid = None
        if picture is not None:
            laid = {picture.file: picture.digest, picture.caption_file: picture.caption}.get(
                path.name
            )
        if is_laid(path, laid):
            return self.takes(path)
        return self.keeps(path, "it was changed" if laid else "it was not laid")


def _is_ordinary(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_left(path: Path, names: set[str]) -> bool:
    found = _PART.fullmatch(path.name)
    return found is not None and found[1] in names and _is_ordinary(path)


def _entries(folder: Path) -> Iterator[Path]:
    """What is in a folder; nothing where there is none."""
    if not folder.is_dir():
        return
    try:
        yield from sorted(folder.iterdir())
    except OSError as error:
        raise FilesError(f"{folder} cannot be read ({error.strerror})") from error


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()
