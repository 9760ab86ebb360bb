"""Content as it arrives: in parts that go on where they ended, and become nothing before all of it
is there and right."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from kiseki.client.vault.site import Offered, Site
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, VaultError
from kiseki.language.forms import size

__all__ = ["PARTS", "Fetching", "told"]

PARTS = ".kiseki-parts"
"""Where parts are, in the folder that content is got into."""
_LOCK = "lock"
_TRIES = 20
"""Times that an item is asked for again after its connection broke, where nothing arrived."""


class Fetching:
    """One run into one folder; another one must wait for its end. ::

        with Fetching(site, folder, handout, total, progress) as fetching:
            part = fetching.whole(offered, is_right)

    Attributes:
        folder: where the parts are.
        new: items that were fetched now.
        size: bytes that were fetched now.
    """

    def __init__(
        self, site: Site, folder: Path, handout: bytes, total: int,
        progress: Callable[[int, int], None], *, is_sealed: bool = False,
    ) -> None:  # fmt: skip
        """
        Args:
            handout: its ID.
            total: bytes of all of it.
            progress: called with the bytes that are there, and all.
            is_sealed: whether what is fetched is encrypted for this hand-out alone, so that parts
                of another one are of no use.
        """
        self._site, self._handout, self._total = site, handout, total
        self._into, self._progress, self._done = folder, progress, 0
        self._before = f"{handout.hex()}-" if is_sealed else ""
        self.folder, self.new, self.size = folder / PARTS, 0, 0

    def __enter__(self) -> Fetching:
        with told(self._into):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _locked(self.folder / _LOCK)
            for path in self.folder.glob("*-*") if self._before else ():
                if not path.name.startswith(self._before):
                    path.unlink()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            (self.folder / _LOCK).unlink()
            self.folder.rmdir()  # where no part is left for the next time
        self._lock.close()

    def skip(self, offered: Offered) -> None:
        """Counts what is there already."""
        self._done += offered.size
        self._progress(self._done, self._total)

    def forget(self, offered: Offered) -> None:
        """Takes away what arrived of what is elsewhere now."""
        with told(self._into):
            self._part(offered).unlink(missing_ok=True)

    def whole(self, offered: Offered, is_right: Callable[[Path], bool]) -> Path:
        """An item, whole and on the disk; its file is to be put where it belongs.

        Args:
            is_right: whether a file is this item.

        Raises:
            VaultError: the vault does not give it, or gives something else; what arrived of it is
                kept only where more can follow.
            FilesError: it cannot be written.
        """
        part = self._part(offered)
        with told(self._into):
            while True:
                begun = self._fetch(offered, part)
                if is_right(part):
                    break
                part.unlink()
                if not begun:  # else what was there before may be wrong, as after a power cut
                    raise VaultError(
                        f"what the vault gave as {to_hex(offered.item)} is not its content; "
                        "nothing of it was kept"
                    )
        self.new += 1
        self._done += offered.size
        self._progress(self._done, self._total)
        return part

    def _part(self, offered: Offered) -> Path:
        return self.folder / f"{self._before}{offered.item.hex()}"

    def _fetch(self, offered: Offered, part: Path) -> int:
        """Fetches what is not there yet; how many bytes were there before."""
        with part.open("ab") as file:
            begun = file.tell()
            if begun > offered.size:
                file.truncate(begun := 0)
            self._must_have_room(offered, offered.size - begun)
            at, turn = begun, 0
            while at < offered.size:
                before = at
                at = self._append(offered, file.write, at)
                turn = turn + 1 if at == before else 0
                if turn == _TRIES:
                    raise VaultError(
                        f"the vault ends {to_hex(offered.item)} after {at:,} of "
                        f"{offered.size:,} bytes; run this again"
                    )
            file.flush()
            os.fsync(file.fileno())
        self.size += offered.size - begun
        return begun

    def _must_have_room(self, offered: Offered, wanted: int) -> None:
        """A vault can say any size, and would fill the disk before it is found out."""
        free = shutil.disk_usage(self.folder).free
        if wanted > free:
            raise FilesError(
                f"{to_hex(offered.item)} needs {size(wanted)}, and {self._into} has room for "
                f"{size(free)}; make room and run this again, which goes on from here"
            )

    def _append(self, offered: Offered, put: Callable[[bytes], object], at: int) -> int:
        for piece in self._site.read(self._handout, offered.item, at):
            if at + len(piece) > offered.size:
                raise VaultError("the vault gives more than it said")
            put(piece)
            at += len(piece)
            self._progress(self._done + at, self._total)
        return at


def _locked(path: Path) -> IO[bytes]:
    """A file that one process has at a time; the system takes it from one that is killed."""
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise FilesError(
            f"another run gets content into {path.parent.parent}; wait for its end, or take "
            "another folder"
        ) from None
    return file


@contextlib.contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turns what the system says of a folder into an error in words."""
    try:
        yield
    except OSError as error:
        raise FilesError(f"{folder} cannot be written to ({error.strerror})") from error
