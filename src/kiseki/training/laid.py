"""What was laid in a folder, and which item a file there comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiseki.core.beside import CACHE_FOLDERS, CONTROL_FOLDER, Kind, made_from
from kiseki.core.laid import FILE, Laid
from kiseki.errors import InvalidInput
from kiseki.vault.laid import PART, half_laid, read

__all__ = ["Original", "Originals", "original", "read"]


@dataclass(frozen=True, slots=True)
class Original:
    """The item that a file comes from.

    Attributes:
        id: its data ID, 32 bytes.
        collection: the collection that it was laid of, 32 bytes.
        kind: what the file is: the picture, its caption, a cache, or something made from it.
        picture: the file that was laid, from the laid folder on: ``10_foxes/0123456789ab.png``.
    """

    id: bytes
    collection: bytes
    kind: Kind
    picture: str


class Originals:
    """Finds items by the names of files, and reads the list of each laid folder once.

    Args:
        laid: a laid folder from whose pictures the files were made, where they lie elsewhere, as
            crops do. Default: each file lies in a laid folder.

    Raises:
        FilesError: nothing was laid in `laid`, or its list cannot be read.
        InvalidInput: that list is none, or says that it was laid in part.
    """

    def __init__(self, laid: str | Path | None = None) -> None:
        """Use `of`."""
        self._laid = None if laid is None else _whole(Path(laid))
        self._read: dict[Path, Laid | None] = {}

    def of(self, file: str | Path) -> Original | None:
        """The item that a file comes from, by its name; its content is not read.

        Pictures, captions, crops, and what trainers cache beside them are known, under the names
        that the trainers give them (`kiseki.core.beside`).

        Returns:
            None for a file that no rule maps, or whose folder was not laid.

        Raises:
            FilesError: the list of the laid folder cannot be read.
            InvalidInput: that list is none, or the folder was laid in part.
        """
        path = Path(os.path.abspath(file))  # noqa: PTH100 - a link stays what it is called
        inside, subset = path.parent.name, path.parent
        if inside in (*CACHE_FOLDERS, CONTROL_FOLDER):
            subset = subset.parent
        laid, folder = self._laid, None
        if laid is None:
            laid, folder = self._list(subset.parent), subset.name
        told = made_from(path.name, inside)
        found = laid and laid.made(path.name, inside, folder)
        if told is None or not found:
            return None
        of, picture = found
        kind = told[1]
        if kind is Kind.PICTURE and (folder is None or path.name != picture.file):
            kind = Kind.MADE
        return Original(picture.id, of.collection, kind, f"{of.folder}/{picture.file}")

    def _list(self, folder: Path) -> Laid | None:
        if folder not in self._read:
            is_laid = (folder / FILE).is_file() or half_laid(folder)
            self._read[folder] = _whole(folder) if is_laid else None
        return self._read[folder]


def _whole(folder: Path) -> Laid:
    """What was laid in a folder, where all of it is there: a training that took a part of it is not
    what its list says."""
    if problem := half_laid(folder):
        raise InvalidInput(problem)
    laid = read(folder)
    if not laid.whole:
        raise InvalidInput(f"{folder} {PART}")
    return laid


def original(file: str | Path, laid: str | Path | None = None) -> Original | None:
    """The item that a file comes from; see `Originals`, which is for many files."""
    return Originals(laid).of(file)
