"""Works to register: the npm package `openmoji` where it is, else marks that Kiseki draws."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from kiseki.core import seal
from kiseki.core.counts import counted
from kiseki.disk import texts

__all__ = ["INSTALL", "NOTICE", "Drawing", "drawn", "find", "load"]

NOTICE = "OpenMoji, CC BY-SA 4.0, https://openmoji.org"
INSTALL = "npm install --prefix ~/.kiseki openmoji@17.0.0"
"""Brings the drawings to where `find` looks for them."""

_OWN = "drawn by Kiseki from a number"
_ARTISTS, _EACH = 12, 20
"""How many artists stand for OpenMoji's where it is not there, and how many marks each has."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing, as its package describes it. `author` is exactly what the package says."""

    hexcode: str
    annotation: str
    author: str
    date: date
    path: Path
    skintone: bool
    """One of the five skin-tone variants of another drawing."""
    notice: str = NOTICE

    def content(self) -> bytes:
        """The file itself: what is hashed, and what never leaves this machine."""
        return self.path.read_bytes()


def load(folder: Path) -> list[Drawing]:
    """All drawings of the package in `folder`, in the package's own order.

    Nothing is corrected: "Laura Dworatschek" and "Laudra Dworatschek", and two spellings of one
    name in different Unicode forms, are different names here because only the people themselves
    could say that they are not. Different names may hold identical files (110 pairs do).

    Raises FileNotFoundError when the package or one of its drawings is not there.
    """
    index = folder / "data" / "openmoji.json"
    if not index.is_file():
        raise FileNotFoundError(
            f"{index} is not there: install the npm package openmoji (npm ci) and give its folder"
        )
    drawings = [
        Drawing(
            hexcode=row["hexcode"],
            annotation=row["annotation"],
            author=row["openmoji_author"],
            date=date.fromisoformat(row["openmoji_date"]),
            path=folder / "color" / "svg" / f"{row['hexcode']}.svg",
            skintone=bool(row["skintone"]),
        )
        for row in json.loads(index.read_text(encoding="utf-8"))
    ]
    missing = [d.hexcode for d in drawings if not d.path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{counted(len(missing), 'drawing')} of {index} without a file, the first is "
            f"{missing[0]}"
        )
    return drawings


def find(home: Path, here: Path) -> Path | None:
    """Where the package is: below the current folder, where `INSTALL` puts it, or in the checkout
    that this code is in; none where it is nowhere.

    Args:
        home: the folder of Kiseki's files, as ``~/.kiseki``.
        here: the current folder.
    """
    above: Iterable[Path] = (here, home, *Path(__file__).resolve().parents)
    for folder in above:
        package = folder / "node_modules" / "openmoji"
        if (package / "data" / "openmoji.json").is_file():
            return package
    return None


def drawn(folder: Path) -> list[Drawing]:
    """Marks in place of drawings, drawn into `folder`: 240 by 12 artists, who are numbers."""
    found = []
    for number in range(_ARTISTS * _EACH):
        path = folder / f"{number + 1:03}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        subject = hashlib.sha256(f"a mark of the sandbox, {number}".encode()).digest()
        texts.write(path, seal.svg(subject))
        # So that some have more than others, as everywhere.
        artist = min(number * 2 // _EACH, _ARTISTS - 1) if number % 3 else number % _ARTISTS
        found.append(
            Drawing(
                path.stem,
                f"mark {number + 1}",
                f"Artist {artist + 1}",
                datetime.now(UTC).date(),
                path,
                False,
                _OWN,
            )
        )
    return found
