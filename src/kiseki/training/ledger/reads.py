"""What the workers of a dataset gave out, also what they fetched ahead and training never took.

A worker writes a sample down before it hands it over, with one call of the system, so that killing
it loses nothing. All workers of a rank write into one file, at its end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from kiseki.errors import TrainingError
from kiseki.training.ledger.keys import Key, unpack, whole

__all__ = ["Reads", "reads_of"]

_CHUNK = 1 << 20


class Reads:
    """Writes down what is read. It goes along into workers, by fork or as a pickle."""

    def __init__(self, folder: Path, rank: int) -> None:
        self._path = folder / f"rank-{rank}.reads"
        self._open: tuple[int, int] | None = None
        """The process that opened it, and the file's descriptor."""

    def __getstate__(self) -> Path:
        return self._path

    def __setstate__(self, path: Path) -> None:
        self._path, self._open = path, None

    def add(self, row: bytes) -> None:
        """Writes samples down, as `pack` gave them.

        Raises:
            TrainingError: they cannot be written.
        """
        try:
            if self._open is None or self._open[0] != os.getpid():
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._open = (os.getpid(), os.open(self._path, flags, 0o600))
            written = os.write(self._open[1], row)
        except OSError as error:
            raise TrainingError(
                f"{self._path} cannot be written ({error.strerror}), so what is read would not be "
                "counted; make room or name another folder, and train on from the last checkpoint"
            ) from error
        if written < len(row):
            raise TrainingError(f"the disk of {self._path} is full; make room and train on")

    def close(self) -> None:
        """Frees the file in this process."""
        if self._open is not None and self._open[0] == os.getpid():
            os.close(self._open[1])
        self._open = None


def reads_of(path: Path) -> Iterator[Key]:
    """What a file of reads holds; a last entry that was cut off by a full disk counts for nothing.

    Raises:
        TrainingError: it cannot be read.
    """
    rest = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                rest += chunk
                end = whole(rest)
                yield from unpack(rest[:end])
                rest = rest[end:]
    except OSError as error:
        raise TrainingError(f"{path} cannot be read ({error.strerror})") from error
