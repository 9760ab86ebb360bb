"""Where content goes in a folder, whatever its provider calls it: nothing of a name is trusted."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from kiseki.client.vault.kept import FOLDER
from kiseki.core.collection import Names

__all__ = ["beside", "by_id", "ending", "paths"]

_LONGEST = 200
"""Bytes of a part of a file's path; endings and numbers of programs come behind it."""
_DEEPEST = 8
_ENDING = re.compile(r"\.[0-9A-Za-z]{1,16}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
"""Names that are devices on Windows (Microsoft, "Naming files, paths, and namespaces")."""


def paths(folder: Path, names: Mapping[bytes, Names], behind: str = "") -> dict[bytes, Path]:
    """Where each item goes: under its provider's name for it, if that is one that any system takes
    and no other item has; else under its data ID, with the ending of the name.

    Args:
        names: of each item.
        behind: what stands behind each name, as ``.age``.
    """
    wanted = {item: _safe(each[0] if each else "") for item, each in names.items()}
    seen = Counter(map(_same, wanted.values()))
    above = {_same(str(each)) for name in wanted.values() for each in PurePosixPath(name).parents}
    return {
        item: folder / ((name if name and seen[_same(name)] == 1 and _same(name) not in above
                         else by_id(item, names[item])) + behind)
        for item, name in wanted.items()
    }  # fmt: skip


def beside(files: Mapping[bytes, Path], texts: Mapping[bytes, bytes]) -> dict[bytes, Path]:
    """Where the caption of each file goes: into ``NAME.txt``, which trainers take for all pictures
    of that name. Where it is not of all of them, or another item is called so, it goes under
    the file's whole name or its data ID; these trainers do not read.

    Args:
        files: of all items.
        texts: the captions of those that have one.
    """
    taken, of = {_same(str(each)) for each in files.values()}, dict[str, set[bytes | None]]()
    for item, path in files.items():
        of.setdefault(_same(str(path.with_suffix(".txt"))), set()).add(texts.get(item))

    def place(item: bytes) -> Path:
        path = files[item]
        wanted = path.with_suffix(".txt")
        if len(of[_same(str(wanted))]) == 1 and _same(str(wanted)) not in taken:
            return wanted
        whole = path.with_name(f"{path.name}.txt")
        return path.with_name(f"{item.hex()}.txt") if _same(str(whole)) in taken else whole

    return {item: place(item) for item in texts}


def by_id(item: bytes, names: Names) -> str:
    """An item's data ID, with the ending of its first name."""
    return item.hex() + ending(names)


def ending(names: Names) -> str:
    """The ending of an item's first name with its point; empty where it has none that is plain."""
    found = PurePosixPath(names[0]).suffix if names else ""
    return found if _ENDING.fullmatch(found) else ""


def _safe(name: str) -> str:
    """A path below a folder as the provider has it; empty where it is none that is safe."""
    parts = name.split("/")
    return name if all(map(_fits, parts)) and len(parts) <= _DEEPEST and (
        _same(parts[0]) != FOLDER
    ) else ""  # fmt: skip


def _fits(part: str) -> bool:
    """Whether any system takes this as the name of a file, and shows it as it is. What orders
    writing (bidi) and other controls are not printable."""
    return bool(
        part and part.isprintable() and part[0] not in ".-~ " and part[-1] not in ". "
        and not set(part) & set('\\:*?"<>|') and len(part.encode()) <= _LONGEST
        and not _RESERVED.fullmatch(part.casefold())
    )  # fmt: skip


def _same(name: str) -> str:
    """One text for all names that some system takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
