"""Where the pictures lie that a trainer's file names: in a folder, in a list, or in a collection.

A name that the file has is no path: only what the caller names is read. What cannot be found, or is
not as many pictures as the file says, is named.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TypeVar

from kiseki.client.data.openings import Openings
from kiseki.core import laid as laying
from kiseki.core.counts import counted
from kiseki.core.documents import shallow
from kiseki.core.trained import Draws, Folder, Trained
from kiseki.core.values import from_hex, to_hex
from kiseki.disk import texts
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.doubts import Doubts
from kiseki.vault.files import hash_files
from kiseki.vault.folders import find
from kiseki.vault.laid import PART, half_laid, read

__all__ = ["PICTURES", "Laid", "Placing"]

PICTURES = (".avif", ".bmp", ".jpeg", ".jpg", ".jxl", ".png", ".webp")
"""Endings of the files that trainers take for pictures, in lower case (sd-scripts,
``IMAGE_EXTENSIONS``). Captions and cached latents lie beside them."""
_LISTS = (".json", ".jsonl")
_COLUMNS = ("file", "sha256")
_DEEP = 64
Key = TypeVar("Key")
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Laid:
    """A folder that the file names, and where its pictures lie now.

    Attributes:
        folder: as the file names it.
        path: where its pictures lie, or the list of them; none where nobody said so.
        files: the pictures, by name.
        draws: how often training took each of them; none where nobody says.
        problem: why it cannot be part of a manifest; empty where it can.
        collection: the collection whose items they are, 32 bytes; none where only the key store
            says it.
        repeats: how often an epoch takes each, as the list of a folder that was laid has it; none
            without one.
        by_user: whether `draws` rest on what whoever trained says, and not on the file alone.
        made: those of `files` that were made from a laid picture, as crops are: the SHA-256 of
            the picture, and the collection that it was laid of.
    """

    folder: Folder
    path: Path | None
    files: tuple[Path, ...] = field(repr=False)
    draws: Draws | None
    problem: str
    collection: bytes | None = None
    made: Mapping[Path, tuple[bytes, bytes]] = field(default_factory=dict, repr=False)
    repeats: int | None = None
    by_user: bool = False


@dataclass(frozen=True)
class Placing:
    """Finds the pictures of each folder.

    Attributes:
        openings: says which items files are.
        root: the folder in which those that the file names lie, as the trainer was given it.
        places: for a name that the file has a folder, a list of pictures, or a collection's ID.
        sources: folders and files with the pictures of lists and collections.
        form: how tables are read.
        laid: a folder that was laid, from whose pictures others were cropped or resized.
    """

    openings: Openings
    root: Path | None
    places: Mapping[str, str | Path | bytes]
    sources: tuple[Path, ...]
    form: Format = PLAIN
    laid: Path | None = None

    def of(self, told: Trained, folder: Folder) -> Laid:
        """Where the pictures of a folder lie.

        Raises:
            FilesError: a place that the caller named is none, or cannot be read.
            InvalidInput: a list that the caller named is none.
        """
        draws = told.draws(folder)
        given = self.places.get(folder.name, b"")
        if isinstance(given, bytes) and given:
            return self._in_collection(folder, given, draws)
        path = self._path(folder.name, given)
        if path is None:
            half = half_laid(self.root) if self.root else ""
            return Laid(folder, None, (), draws, half or (
                f"nobody said where the pictures of {folder.name!r:.80} lie; name the folder that "
                f"the trainer was given, or this one (--folder NAME=PATH)"
            ))  # fmt: skip
        if path.is_file():
            files, problem = self._listed(path)
            made = dict(self._made(files))
            return _checked(Laid(folder, path, files, draws, problem, None, made))
        files = tuple(sorted(each for each in path.iterdir() if _is_picture(each)))
        subset, laid, problem = self._as_laid(path)
        made = dict(self._made(files, laid, path.name))
        if subset is None:
            return _checked(Laid(folder, path, files, draws, problem, None, made))
        collection, repeats = subset.collection, subset.repeats
        return _checked(Laid(folder, path, files, draws, problem, collection, made, repeats))

    def folders(self) -> tuple[Folder, ...]:
        """For a file that names none: those that the caller names, and those of a root that was
        laid.

        Raises:
            InvalidInput: the root is half-laid.
        """
        if self.root is not None and (problem := half_laid(self.root)):
            raise InvalidInput(problem)
        names = dict.fromkeys(self.places)
        if self.root is not None and (self.root / laying.FILE).is_file():
            names |= dict.fromkeys(each.folder for each in read(self.root).subsets)
        return tuple(Folder(name, None, None) for name in names)

    def _made(
        self, files: Iterable[Path], laid: laying.Laid | None = None, folder: str = ""
    ) -> Iterator[tuple[Path, tuple[bytes, bytes]]]:
        """Those of the files that were made from a picture that was laid, by their names. What is
        called as the picture itself, in its own folder, is that or was changed: its content says.
        """
        for each in files:
            found = laid.made(each.name, "", folder) if laid else None
            if found and found[1].file == each.name:
                continue
            if found is None and self._elsewhere is not None:
                found = self._elsewhere.made(each.name, "", None)
            if found:
                yield each, (found[1].digest, found[0].collection)

    def _path(self, name: str, given: str | Path | bytes) -> Path | None:
        """Where a folder or its list lies: where the caller says, or by its last name in the root.
        A path that a file has is never followed."""
        if not isinstance(given, bytes):
            path = Path(given)
            if not path.exists():
                raise FilesError(f"{path} is no folder and no list of pictures")
            return path
        last = PureWindowsPath(name).name  # splits at both kinds of slashes
        if self.root is None or last in ("", ".", ".."):
            return None
        path = self.root / last
        is_list = path.is_file() and path.suffix.lower() in _LISTS
        return path if (path.is_dir() or is_list) and not path.is_symlink() else None

    def _as_laid(self, path: Path) -> tuple[laying.Subset | None, laying.Laid | None, str]:
        """What a folder was laid as (`kiseki training lay`), all that was laid with it, and what is
        wrong."""
        if not (path.parent / laying.FILE).is_file():
            return None, None, ""
        try:
            laid = read(path.parent)
        except InvalidInput as error:
            return None, None, str(error)
        subset = next((each for each in laid.subsets if each.folder == path.name), None)
        if subset is None:
            return None, None, ""
        return subset, laid, self._problem(laid, path.parent)

    def _problem(self, laid: laying.Laid, folder: Path) -> str:
        """Why what was laid in a folder says nothing here; empty where it does."""
        session = self.openings.wallet.session
        here = (session.chain_id, session["DataRegistry"].address.lower())
        if (laid.chain, laid.registry) != here:
            return f"{folder} was laid from another chain, {laid.chain}"
        if not laid.whole:
            return f"{folder} {PART}"
        return ""

    def _in_collection(self, folder: Folder, collection: bytes, draws: Draws | None) -> Laid:
        """The pictures of a collection, found by their content whatever they are called."""
        if not self.sources:
            return Laid(folder, None, (), draws, (
                f"nobody said where the pictures of {to_hex(collection)} lie; name a folder with "
                "them (--from PATH)"
            ))  # fmt: skip
        places = self.openings.places(list(self._by_digest))
        files = tuple(sorted(
            self._by_digest[digest][0] for digest, found in places.items()
            if any(each.opening.kept.id == collection for each in found)
        ))  # fmt: skip
        count = self.openings.wallet.session.index.collection(collection).count
        problem = ""
        if folder.images is None and len(files) < count:
            problem = (
                f"{to_hex(collection)} has {counted(count, 'item')}, of which {len(files):,} are "
                "in the folders that you named"
            )
        where = self.sources[0] if len(self.sources) == 1 else None
        return _checked(Laid(folder, where, files, draws, problem, collection))

    def _listed(self, path: Path) -> tuple[tuple[Path, ...], str]:
        """The pictures of a list, and what cannot be found."""
        files: list[Path] = []
        lost: list[str] = []
        many: list[str] = []
        for name, found in self._rows(path):
            if len(found) == 1:
                files += found
            else:
                (many if found else lost).append(name)
        if lost:
            return tuple(files), (
                f"{path} lists {_some(lost)}, which {'is' if len(lost) == 1 else 'are'} not in the "
                "folders that you named (--from PATH)"
            )
        if many:
            return tuple(files), (
                f"{path} lists {_some(many)}, and several files are called that; name the folder "
                "that is meant alone (--from PATH)"
            )
        return tuple(files), ""

    def _rows(self, path: Path) -> Iterator[tuple[str, list[Path]]]:
        """Each picture of a list, with the files that it can be."""
        if path.suffix.lower() in _LISTS:
            for name in _keys(path):
                yield name, self._called(name)
            return
        with Table(path, _COLUMNS, self.form) as table:
            for file, digest in table:
                if bool(file.strip()) == bool(digest.strip()):
                    raise table.refusal("", "say either file or sha256")
                if file.strip():
                    yield file.strip(), self._called(file.strip())
                else:
                    known = from_hex(f"0x{digest.strip().removeprefix('0x')}", 32, "the digest")
                    yield digest.strip(), self._by_digest.get(known, [])[:1]

    def _called(self, name: str) -> list[Path]:
        """The pictures of the sources that a list can mean by a name: all its parts count, but of
        a path from the root of some machine only the last. Some lists have no endings."""
        plain = PurePosixPath(name.replace("\\", "/"))
        absolute = plain.is_absolute() or PureWindowsPath(name).is_absolute()
        parts = plain.parts[-1:] if absolute else plain.parts
        if not parts:
            return []
        found = [each for each in self._by_name.get(parts[-1], ()) if _ends(each.parts, parts)]
        if found or plain.suffix.lower() in PICTURES:
            return found
        stems = self._by_stem.get(parts[-1], ())
        return [each for each in stems if _ends(each.with_suffix("").parts, parts)]

    @cached_property
    def _elsewhere(self) -> laying.Laid | None:
        if self.laid is None:
            return None
        laid = read(self.laid)
        if problem := self._problem(laid, self.laid):
            raise InvalidInput(problem)
        return laid

    @cached_property
    def _pictures(self) -> list[Path]:
        places = self.sources or ((self.root,) if self.root else ())
        return [each for each in find(places, Doubts()) if _is_picture(each)] if places else []

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        return _grouped((each.name, each) for each in self._pictures)

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        return _grouped((each.stem, each) for each in self._pictures)

    @cached_property
    def _by_digest(self) -> dict[bytes, list[Path]]:
        hashed = hash_files(self._pictures)
        return _grouped((each.digest, each.path) for each in hashed)


def _checked(laid: Laid) -> Laid:
    """The same with what is wrong with it, unless something is already."""
    folder, count = laid.folder, len(laid.files)
    where = laid.path or "the folders that you named"
    if laid.problem:
        return laid
    if folder.images is not None and count != folder.images:
        problem = (
            f"{where} has {counted(count, 'picture')}, and the file says that "
            f"{folder.name!r:.80} had {folder.images:,}"
        )
    elif not count:
        problem = f"{where} has no pictures"
    else:
        return laid
    return replace(laid, problem=problem)


def _keys(path: Path) -> list[str]:
    """The pictures of a list for sd-scripts' fine-tuning: the names of a JSON object, or
    ``image_path`` of each line (``FineTuningDataset``).

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is no such list.
    """
    text = texts.read(path)
    try:
        if path.suffix.lower() == ".jsonl":
            lines = [json.loads(shallow(each, _DEEP)) for each in text.splitlines() if each.strip()]
            names = [each["image_path"] for each in lines]
        else:
            found = json.loads(shallow(text, _DEEP))
            names = list(found) if isinstance(found, dict) else [None]
    except (ValueError, KeyError, TypeError):
        names = [None]
    if not all(isinstance(each, str) for each in names):
        raise InvalidInput(
            f"{path} is no list of pictures as sd-scripts has it: a JSON object with their names, "
            "or lines with image_path"
        )
    return names


def _ends(path: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return path[-len(parts) :] == parts


def _grouped(pairs: Iterable[tuple[Key, Path]]) -> dict[Key, list[Path]]:
    found: dict[Key, list[Path]] = {}
    for key, path in pairs:
        found.setdefault(key, []).append(path)
    return found


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(f"{each!r:.80}" for each in names[:_NAMED]) + more


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and path.is_file()
