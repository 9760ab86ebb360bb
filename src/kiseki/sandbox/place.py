"""The folder of the sandbox: who has it, what is in it, how it is emptied."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from kiseki.chain.release import releases
from kiseki.core import documents
from kiseki.disk import atomic
from kiseki.disk.private import create
from kiseki.errors import FilesError
from kiseki.vault.people import People
from kiseki.vault.people import Person as Known
from kiseki.web.people import Person, Sandbox

__all__ = ["Place"]

_FORMAT = "kiseki-sandbox-v2"
_KEPT = (".lock",)
"""What stays when the folder is emptied: who holds the lock must keep holding it."""


class Place:
    """The folder of a sandbox, for one process at a time.

    Attributes:
        state: the file of the chain; it is there once everything is registered.
        secrets, journal, index, deployments: as for any chain.
        work: where the files lie that stand for models and pictures.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "chain.state"
        self.secrets, self.journal = folder / "secrets", folder / "journal"
        self.index, self.deployments = folder / "index", folder / "deployments"
        self.work = folder / "work"
        self._told = folder / "sandbox.json"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """The folder, for this process alone while the block runs.

        Raises:
            FilesError: another sandbox runs there, or the folder cannot be written.
        """
        lock = self.folder / ".lock"
        try:
            create(lock)
            held = lock.open("rb")
        except OSError as error:
            raise FilesError(
                f"the folder {self.folder} cannot be written ({error.strerror})"
            ) from error
        with held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise FilesError(
                    f"a sandbox runs in {self.folder} already; end that one first"
                ) from None
            yield

    def empty(self) -> None:
        """Deletes what is in the folder, as when a sandbox begins anew.

        Raises:
            FilesError: something cannot be deleted.
        """
        try:
            # First what says that it is whole: what is interrupted here is no sandbox any more.
            self.state.unlink(missing_ok=True)
            for each in [each for each in self.folder.iterdir() if each.name not in _KEPT]:
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        except OSError as error:
            raise FilesError(f"{error.filename} cannot be deleted ({error.strerror})") from error

    def write(self, told: Sandbox) -> None:
        """Writes down what is in it, and the address book."""
        values = {"format": _FORMAT, "contracts": _contracts(), "told": asdict(told)}
        atomic.write(self._told, json.dumps(values, ensure_ascii=False), mode=0o600)
        named = [Known(each.name or each.role, each.wallet) for each in told.people]
        People(self.folder / "people.json").add(named, replace=True)

    def read(self) -> Sandbox | None:
        """What is in it; none where nothing is, or not all.

        Raises:
            FilesError: another version of Kiseki made it.
        """
        if not (self.state.exists() and self._told.exists()):
            return None
        other = FilesError(
            f"another version of Kiseki made the sandbox in {self.folder}; begin a new one with "
            "`kiseki sandbox --reset`"
        )
        try:
            values = documents.read(self._told.read_bytes(), _FORMAT)
            if values["contracts"] != _contracts():
                raise other
            told = values["told"]
            people = [Person(**each) for each in told.pop("people")]
            return Sandbox(**told, people=people)
        except (OSError, ValueError, KeyError, TypeError):
            raise other from None

    def settings(self, url: str) -> None:
        """Writes the settings with which commands act here, as `.env` of the folder."""
        lines = {
            "KISEKI_RPC_URL": url,
            "KISEKI_CHAIN_ID": "31337",
            "KISEKI_SECRETS": str(self.secrets),
            "KISEKI_JOURNAL": str(self.journal),
            "KISEKI_INDEX": str(self.index),
            "KISEKI_DEPLOYMENTS": str(self.deployments),
        }
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        head = "# Written by `kiseki sandbox` each time it starts.\n"
        atomic.write(self.folder / ".env", head + text, mode=0o600)

    @property
    def shown(self) -> str:
        """The folder as people type it."""
        home = Path.home()
        return (
            f"~/{self.folder.relative_to(home)}"
            if self.folder.is_relative_to(home)
            else str(self.folder)
        )


def _contracts() -> dict[str, str]:
    """Where this version looks for its contracts."""
    return dict(releases.addresses())
