"""What a folder holds: every file in it and below, in the same order every time.

Only what lies in the folder is found. A link to something in the folder is passed over, because
that is found where it lies; a link to something hidden in it (git-annex) is followed; all other
links are doubtful, and so is what is no ordinary file. Names that begin with a dot are passed over,
and so are the receipts that `kiseki vault get` puts beside files. What was passed over is said.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kiseki.errors import FilesError
from kiseki.vault.doubts import Doubts, of_folder, of_name, refuse

__all__ = ["RECEIPTS", "Found", "find", "leads_out", "look", "measure", "walk"]

RECEIPTS = "kiseki-receipts"
"""The folder that `kiseki vault get` makes beside the files."""

Tell = Callable[[str], None]
_SHOWN = 5


class Found(NamedTuple):
    """Something in a folder.

    Attributes:
        path: where it is.
        doubt: why it is probably no work and cannot be read; empty for an ordinary file.
    """

    path: str
    doubt: str = ""


class _Passed:
    """What is passed over: how many, and the first of them."""

    def __init__(self) -> None:
        self.count, self.some = 0, list[str]()

    def add(self, path: str) -> None:
        self.count += 1
        if len(self.some) < _SHOWN:
            self.some.append(path)

    def told(self, tell: Tell, one: str, many: str) -> None:
        if self.count:
            more = f" and {self.count - len(self.some):,} more" if self.count > _SHOWN else ""
            tell(f"{one if self.count == 1 else many.format(self.count)}: "
                 f"{', '.join(self.some)}{more}.")  # fmt: skip


def look(folder: str | Path, tell: Tell = lambda _: None) -> Iterator[Found]:
    """All in a folder and below that may be a work, one after the other, and never a list of it.

    Args:
        tell: called at the end with what was passed over, in words.

    Raises:
        FilesError: a folder cannot be read.
    """
    root = os.path.realpath(folder)
    hidden, links, receipts = _Passed(), _Passed(), _Passed()
    open_ = [_entries(folder)]
    while open_:
        entry = next(open_[-1], None)
        if entry is None:
            open_.pop()
        elif entry.name.startswith("."):
            if _is_placeholder(entry.name):
                yield Found(entry.path, of_name(entry.name))
            else:
                hidden.add(entry.path)
        elif entry.is_symlink():
            found = _link(entry.path, root)
            if found is None:
                links.add(entry.path)
            else:
                yield found
        elif entry.is_dir(follow_symlinks=False):
            if entry.name == RECEIPTS:
                receipts.add(entry.path)
            elif why := of_folder(entry.name):
                yield Found(entry.path, why)
            else:
                open_.append(_entries(entry.path))
        elif entry.is_file(follow_symlinks=False):
            yield Found(entry.path)
        else:
            yield Found(entry.path, "a pipe, a socket or a device")
    hidden.told(
        tell, "A name that begins with a dot is passed over",
        "{:,} names that begin with a dot are passed over",
    )  # fmt: skip
    links.told(
        tell, "A link to something in the same folder is passed over",
        "{:,} links to something in the same folder are passed over",
    )  # fmt: skip
    receipts.told(
        tell, "A folder with receipts of a vault is passed over",
        "{:,} folders with receipts of a vault are passed over",
    )  # fmt: skip


def walk(folder: str | Path) -> Iterator[str]:
    """All files in a folder and below that can be read, one after the other.

    Raises:
        FilesError: a folder cannot be read.
    """
    return (found.path for found in look(folder) if not found.doubt)


def find(
    given: str | Path | Iterable[str | Path],
    doubts: Doubts | None = None,
    tell: Tell = lambda _: None,
) -> list[Path]:
    """The files meant: one file, all in a folder and below, or several of these; each once, sorted.

    Args:
        doubts: takes what cannot be read; without it that is refused.
        tell: see `look`.

    Raises:
        FilesError: nothing is there, or a folder cannot be read.
    """
    places = [Path(given)] if isinstance(given, str | Path) else [Path(each) for each in given]
    found: set[Path] = set()
    known = Doubts() if doubts is None else doubts
    for place in places:
        if place.is_dir():
            for each in look(place, tell):
                if each.doubt:
                    known.add(each.path, each.doubt, readable=False)
                else:
                    found.add(Path(each.path))
        elif place.exists():
            found.add(place)
        else:
            raise FilesError(f"there is no {place}; check the path")
    if doubts is None and known:
        refuse(known)
    if not found and not known:
        raise FilesError(
            f"there are no files in {', '.join(map(str, places)) or 'an empty list'}; "
            "name a folder that holds some"
        )
    return sorted(found)


def leads_out(path: str, folder: str) -> Found | None:
    """A path that is written as one inside a folder and leads out of it; nothing where it is
    inside, or is written as one outside."""
    with contextlib.suppress(OSError, ValueError):  # hashing says what is wrong with it
        written = os.path.relpath(os.path.normpath(path), folder)
        if written.startswith("..") or os.path.isabs(written):  # noqa: PTH117
            return None
        root, real = os.path.realpath(folder), os.path.realpath(path, strict=True)
        if not _is_in(real, root):
            return Found(f"{path} -> {real}", "a link that leads out of the folder of the list")
    return None


def measure(paths: Iterable[str | Path]) -> tuple[int, int]:
    """How many files, and how many bytes in all; for whoever tells how far hashing has got."""
    count = size = 0
    for path in paths:
        count += 1
        with contextlib.suppress(OSError):  # hashing says what is wrong with it
            size += os.stat(path).st_size  # noqa: PTH116
    return count, size


def _entries(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return iter(sorted(found, key=lambda each: each.name))
    except OSError as error:
        raise FilesError(
            f"the folder {error.filename} cannot be read ({error.strerror}); "
            "check its permissions; nothing was sent"
        ) from error


def _is_placeholder(name: str) -> bool:
    """A hidden file that stands in for one that should be here (``.a.png.icloud``)."""
    return name.endswith(".icloud")


def _link(path: str, root: str) -> Found | None:
    """What becomes of a link: it is followed, doubtful, or passed over (none)."""
    try:
        real = os.path.realpath(path, strict=True)
        mode = os.stat(real).st_mode  # noqa: PTH116
    except OSError as error:
        if error.errno == errno.ELOOP:
            return Found(path, "a link that leads to itself")
        return Found(path, "a link that leads nowhere")
    if not _is_in(real, root):
        return Found(f"{path} -> {real}", "a link that leads out of the folder")
    is_hidden = any(part.startswith(".") for part in Path(real).relative_to(root).parts)
    if stat.S_ISREG(mode) and is_hidden:
        return Found(path)
    if stat.S_ISDIR(mode) and is_hidden:
        return Found(path, "a link to a hidden folder")
    return None


def _is_in(real: str, root: str) -> bool:
    return real == root or real.startswith(root.rstrip(os.sep) + os.sep)
