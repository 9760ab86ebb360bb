"""What was laid out for a trainer: which file is which item (``kiseki-laid.json``).

A laid picture is called by the first digits of its data ID and nothing else. So no name that a
stranger gave a file reaches a disk. Trainers find captions and caches by how a name begins: no name
here begins like another, and none holds ``_``, behind which sd-scripts looks for captions.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from kiseki.core import documents
from kiseki.core.beside import made_from
from kiseki.core.collection import Names
from kiseki.core.values import from_hex, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = ["FILE", "LAID_FORMAT", "TOOLS", "Laid", "Picture", "Subset", "must_be_a_folder", "stems"]

LAID_FORMAT = "kiseki-laid-v1"
"""What the file says that it is."""
FILE = "kiseki-laid.json"
"""What it is called, in the folder that was laid."""
TOOLS = ("kohya", "onetrainer", "ai-toolkit", "diffusers")
"""The trainers that folders are laid for."""

_DIGITS = 12
_PICTURE = re.compile(r"([0-9a-f]{12}|[0-9a-f]{64})\.[a-z0-9]{1,5}")
_SETTINGS = re.compile(r"[a-z]{1,20}\.(json|jsonl|toml|yaml)")
_LONGEST = 100
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that was laid.

    Attributes:
        file: its name, in the folder of its subset.
        id: the item's data ID, 32 bytes.
        digest: SHA-256 of the content, 32 bytes.
        names: what the item is called in the key store.
        caption: SHA-256 of the caption that was laid beside it; none where there is none.
    """

    file: str
    id: bytes
    digest: bytes = field(repr=False)
    names: Names
    caption: bytes | None = field(repr=False)

    @property
    def stem(self) -> str:
        """The name without what stands behind the point."""
        return self.file.partition(".")[0]

    @property
    def caption_file(self) -> str:
        """What the caption beside it is called."""
        return f"{self.stem}.txt"


@dataclass(frozen=True, slots=True)
class Subset:
    """A folder with the pictures of one collection.

    Attributes:
        folder: its name, in the folder that was laid.
        collection: the collection's ID, 32 bytes.
        repeats: how often the trainer is told to take each picture in an epoch.
        pictures: by their names.
    """

    folder: str
    collection: bytes
    repeats: int
    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Laid:
    """What was laid in a folder.

    Attributes:
        chain: the chain's ID.
        registry: the address of the registry of the data, in lower case.
        tool: one of `TOOLS`.
        whole: whether all of it is there; not while it is being laid.
        subsets: one a collection.
        settings: the files for the trainer's own settings, each with its SHA-256.
    """

    chain: int
    registry: str
    tool: str
    whole: bool
    subsets: tuple[Subset, ...]
    settings: Mapping[str, bytes]

    def made(self, name: str, inside: str, folder: str | None) -> tuple[Subset, Picture] | None:
        """The picture that a file comes from, by its name (`kiseki.core.beside`).

        Args:
            name: of the file.
            inside: the folder that it lies in.
            folder: of the subset; none for one that lies elsewhere, as crops do: then the digits
                must be those of one picture alone.
        """
        told = made_from(name, inside)
        found = [] if told is None else self._by_stem.get(told[0], [])
        if folder is not None:
            found = [each for each in found if each[0].folder == folder]
        return found[0] if len(found) == 1 else None

    @cached_property
    def _by_stem(self) -> dict[str, list[tuple[Subset, Picture]]]:
        found: dict[str, list[tuple[Subset, Picture]]] = {}
        for subset in self.subsets:
            for each in subset.pictures:
                found.setdefault(each.stem, []).append((subset, each))
        return found

    def to_json(self) -> str:
        """The text of the file."""
        document = {
            "format": LAID_FORMAT, "chain": self.chain, "registry": self.registry,
            "tool": self.tool, "whole": self.whole,
            "settings": {name: to_hex(each) for name, each in self.settings.items()},
            "subsets": [
                {
                    "folder": each.folder, "collection": to_hex(each.collection),
                    "repeats": each.repeats, "pictures": list(map(_row, each.pictures)),
                }
                for each in self.subsets
            ],
        }  # fmt: skip
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Laid:
        """From what `to_json` gave. No name in it leads out of the folder.

        Raises:
            InvalidInput: another format, or a value that is none.
        """
        names = ["format", "chain", "registry", "tool", "whole", "settings", "subsets"]
        given = documents.members(documents.read(text, LAID_FORMAT), names, "a laid folder")
        _, chain, registry, tool, whole, settings, subsets = given
        if tool not in TOOLS or not isinstance(whole, bool) or not isinstance(settings, dict):
            raise InvalidInput(f"a laid folder is for one of {', '.join(TOOLS)}")
        for name in settings:
            if not _SETTINGS.fullmatch(name):
                raise InvalidInput(f"{name!r:.80} is no name of settings that are laid")
        if not isinstance(subsets, list):
            raise InvalidInput("a laid folder has a list of subsets")
        found = cls(
            uint(chain, 64, "the chain"),
            to_hex(from_hex(registry, 20, "the registry")),
            tool,
            whole,
            tuple(map(_subset, subsets)),
            {name: from_hex(value, 32, "a hash") for name, value in settings.items()},
        )
        folders = [each.folder.casefold() for each in found.subsets]
        pictures = [(each.folder, one.stem) for each in found.subsets for one in each.pictures]
        if len(set(folders)) < len(folders) or len(set(pictures)) < len(pictures):
            raise InvalidInput("two folders or pictures of a laid folder have one name")
        return found


def stems(ids: Sequence[bytes]) -> list[str]:
    """What the pictures of one folder are called, by their data IDs: as few digits as tell them
    apart from all others, and as many of each, so that no name begins like another."""
    short = Counter(each[: _DIGITS // 2] for each in ids)
    return [each.hex() if short[each[: _DIGITS // 2]] > 1 else each.hex()[:_DIGITS] for each in ids]


def must_be_a_folder(name: str) -> str:
    """`name` if every system can have a folder of that name, and every trainer takes it.

    Raises:
        InvalidInput: it leads elsewhere, is hidden, reserved or longer than 100 bytes, or has signs
            in it that some system refuses.
    """
    bad = (
        not name.isprintable()
        or name != name.strip()
        or name.startswith((".", "-"))
        or name.endswith(".")
        or set(name) & set('/\\:*?"<>|[]')
        or len(name.encode(errors="replace")) > _LONGEST
        or _RESERVED.fullmatch(name)
    )
    if bad or not name:
        raise InvalidInput(
            f"{name!r:.80} cannot be the name of a folder on every system; take letters, digits "
            f"and blanks, at most {_LONGEST} bytes"
        )
    return name


def _row(picture: Picture) -> dict[str, Any]:
    return {
        "file": picture.file, "id": to_hex(picture.id), "sha256": to_hex(picture.digest),
        "names": list(picture.names),
        "caption": None if picture.caption is None else to_hex(picture.caption),
    }  # fmt: skip


def _subset(value: object) -> Subset:
    folder, collection, repeats, pictures = documents.members(
        value, ["folder", "collection", "repeats", "pictures"], "a subset"
    )
    if not isinstance(folder, str) or not isinstance(pictures, list):
        raise InvalidInput("a subset has a folder and a list of pictures")
    return Subset(
        must_be_a_folder(folder),
        from_hex(collection, 32, "a collection"),
        uint(repeats, 32, "the repeats", 1),
        tuple(map(_picture, pictures)),
    )


def _picture(value: object) -> Picture:
    file, data_id, digest, names, caption = documents.members(
        value, ["file", "id", "sha256", "names", "caption"], "a picture"
    )
    if not isinstance(file, str) or not _PICTURE.fullmatch(file):
        raise InvalidInput(f"{file!r:.80} is no name of a picture that was laid")
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise InvalidInput("the names of a picture are texts")
    return Picture(
        file,
        from_hex(data_id, 32, "a data ID"),
        from_hex(digest, 32, "a hash"),
        tuple(names),
        None if caption is None else from_hex(caption, 32, "a hash"),
    )
