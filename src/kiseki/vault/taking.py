"""Files that somebody names, hashed and decided about; of the same content it is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from kiseki.vault.doubts import Decide, Doubts
from kiseki.vault.files import HashedFile
from kiseki.vault.folders import find

__all__ = ["Same", "taken"]

H = TypeVar("H", bound=HashedFile)
Progress = Callable[[int, int], None]
_SHOWN = 5


class Same:
    """Contents that several names have; of any number of contents a few are remembered."""

    def __init__(self) -> None:
        self._count, self._some = 0, list[str]()

    @classmethod
    def of(cls, names: Iterable[tuple[bytes, str]]) -> Same:
        """Of files that are held anyway.

        Args:
            names: each file's digest and name.
        """
        found: dict[bytes, list[str]] = {}
        for digest, name in names:
            found.setdefault(digest, []).append(name)
        made = cls()
        for each in found.values():
            made.add(each)
        return made

    def add(self, names: Sequence[str]) -> None:
        """The names of one content; nothing is said of one name alone."""
        if len(names) < 2:
            return
        self._count += 1
        if len(self._some) < _SHOWN:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            self._some.append(" = ".join(names[:_SHOWN]) + more)

    def told(self, tell: Callable[[str], None]) -> None:
        """Says it, in one sentence."""
        if self._count:
            more = f"; and {self._count - _SHOWN:,} more" if self._count > _SHOWN else ""
            tell("Files with the same content are one item: " + "; ".join(self._some) + f"{more}.")


def taken(
    given: str | Path | Iterable[str | Path],
    hashes: Callable[[Sequence[Path], Progress], list[H]],
    progress: Progress,
    decide: Decide,
    tell: Callable[[str], None],
) -> list[H]:
    """The files that are meant and are to be registered, hashed.

    Args:
        given: a file, a folder, or several of these.
        hashes: `hash_files` or `hash_outputs`.
        progress: called with how many are done and how many there are.
        decide: what becomes of doubtful files.
        tell: called with what was passed over and what is the same, in words.

    Raises:
        FilesError: there are none, one cannot be read, or doubtful ones are refused.
    """
    doubts = Doubts()
    hashed = doubts.settle(hashes(find(given, doubts, tell), progress), decide)
    Same.of((each.digest, str(each.path)) for each in hashed).told(tell)
    return hashed
