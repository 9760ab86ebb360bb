"""The folder of a run: which run it is, and the journals of its ranks."""

from __future__ import annotations

import json
import os
import re
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from kiseki.core.values import from_hex, to_hex
from kiseki.disk import atomic
from kiseki.errors import InvalidInput, TrainingError
from kiseki.training.ledger.table import Rows, rows_of
from kiseki.training.ledger.tail import tail_of

__all__ = ["Folder"]

_FORMAT = "kiseki-ledger-v1"
_NAME = re.compile(r"rank-([0-9]{1,9})\.sqlite", re.ASCII)


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the ledger of a run lies. It can be moved and copied while nobody trains.

    Attributes:
        path: of the folder.
        run: what tells this run from every other, 16 random bytes.
    """

    path: Path
    run: bytes

    @classmethod
    def made(cls, path: Path) -> Folder:
        """A folder that is there, or a new one.

        Raises:
            TrainingError: it cannot be made, or holds something else.
        """
        said = json.dumps({"format": _FORMAT, "run": to_hex(secrets.token_bytes(16))})
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            # In this order: another process may be making it, and writes run.json first.
            journals = any(_NAME.fullmatch(each.name) for each in path.iterdir())
            if not _about(path).exists():
                if journals:
                    raise TrainingError(
                        f"{path} holds a ledger without its file run.json; put the file back, or "
                        "name another folder"
                    )
                atomic.write(_about(path), said + "\n", new=True)
        except FileExistsError:
            if not path.is_dir():
                raise TrainingError(f"{path} is a file; name a folder for the ledger") from None
        except OSError as error:
            raise TrainingError(
                f"the ledger's folder {path} cannot be written ({error.strerror}), so what "
                "training consumes would not be counted; name a folder that you may write to"
            ) from error
        return cls.of(path)

    @classmethod
    def of(cls, path: Path) -> Folder:
        """A folder that is there.

        Raises:
            TrainingError: there is no ledger in it.
        """
        try:
            said = json.loads(_about(path).read_text("utf-8"))
            if said["format"] != _FORMAT:
                raise InvalidInput(f"it has the format {said['format']!r:.40}")
            return cls(path, from_hex(said["run"], 16, "the run"))
        except FileNotFoundError:
            raise TrainingError(
                f"{path} holds no ledger; name the folder that training was given (Exposure)"
            ) from None
        except OSError as error:
            raise TrainingError(f"{_about(path)} cannot be read ({error.strerror})") from error
        except (ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{_about(path)} is not what Kiseki wrote ({error})") from error

    def ranks(self) -> list[int]:
        """The ranks that have a journal, ascending."""
        names = [_NAME.fullmatch(each.name) for each in self.path.iterdir()]
        return sorted(int(name[1]) for name in names if name)

    def rows(self, rank: int) -> AbstractContextManager[Rows]:
        """The journal of a rank, to be read; see `rows_of`."""
        return rows_of(self.path, self.run, rank)

    def reads(self) -> list[Path]:
        """The files in which workers wrote what they read."""
        return sorted(self.path.glob("rank-*.reads"))

    def make_durable(self, rank: int) -> None:
        """What another process of this machine has written so far survives a power cut.

        The system writes out what a file holds, whoever wrote it. What has left the tail is in
        SQLite, which waited for the disk.
        """
        try:
            file = os.open(tail_of(self.path, rank), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:  # closed well
            return
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _about(path: Path) -> Path:
    return path / "run.json"
