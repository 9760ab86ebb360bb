"""What was laid in a folder, and which item a file there comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kiseki.core.beside import CACHE_FOLDERS, CONTROL_FOLDER, Kind, made_from
from kiseki.core.laid import FILE, Laid, Picture, Subset
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput

__all__ = ["Original", "Originals", "original", "read"]


def read(folder: str | Path) -> Laid:
    """What `kiseki training lay` laid in a folder.

    Raises:
        FilesError: nothing was laid there, or its list cannot be read.
        InvalidInput: the list is none.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise FilesError(f"{folder} was not laid by Kiseki: it holds no {FILE}")
    try:
        return Laid.from_json(texts.read(path))
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None


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
    """Finds items by the names of files, and reads the list of each laid folder once."""

    def __init__(self) -> None:
        """Use `of`."""
        self._read: dict[Path, dict[tuple[str, str], tuple[Subset, Picture]]] = {}

    def of(self, file: str | Path) -> Original | None:
        """The item that a file in a laid folder comes from, by its name; its content is not read.

        Pictures, captions, crops, and what trainers cache beside them are known, under the names
        that the trainers give them (`kiseki.core.beside`).

        Returns:
            None for a file that no rule maps, or whose folder was not laid.

        Raises:
            FilesError: the list of the laid folder cannot be read.
            InvalidInput: that list is none.
        """
        path = Path(os.path.abspath(file))  # noqa: PTH100 - a link stays what it is called
        inside = path.parent.name
        subset = path.parent
        if inside in (*CACHE_FOLDERS, CONTROL_FOLDER):
            subset = subset.parent
        found = made_from(path.name, inside)
        if found is None:
            return None
        stem, kind = found
        there = self._pictures(subset.parent).get((subset.name, stem))
        if there is None:
            return None
        of, picture = there
        if kind is Kind.PICTURE and path.name != picture.file:
            kind = Kind.MADE
        return Original(picture.id, of.collection, kind, f"{of.folder}/{picture.file}")

    def _pictures(self, folder: Path) -> dict[tuple[str, str], tuple[Subset, Picture]]:
        if folder not in self._read:
            laid = read(folder).subsets if (folder / FILE).is_file() else ()
            self._read[folder] = {
                (subset.folder, each.stem): (subset, each)
                for subset in laid
                for each in subset.pictures
            }
        return self._read[folder]


def original(file: str | Path) -> Original | None:
    """The item that a file in a laid folder comes from; see `Originals.of`, which is for many."""
    return Originals().of(file)
