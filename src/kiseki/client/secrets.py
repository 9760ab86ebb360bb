"""Salts, which hide content behind its commitment, and where they are kept.

The salt of private content is 32 random bytes for each provider and content. Whoever keeps it is
asked before anything is sent, so that registering the same file again gives the same ID. The vault
will keep salts; until then a key file does.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import threading
from pathlib import Path
from typing import Protocol

from kiseki.core.values import address, address_text, bytes32
from kiseki.errors import SecretsError

__all__ = ["KeyFile", "MemorySalts", "Salts"]


class Salts(Protocol):
    """Who keeps salts."""

    def salts(self, provider: str, digests: list[bytes]) -> list[bytes]:
        """The salt of each content, by SHA-256 digest; new ones are kept before this returns."""
        ...


class MemorySalts:
    """Keeps salts while the process lives: for tests and demonstrations."""

    def __init__(self) -> None:
        self._salts: dict[tuple[str, bytes], bytes] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._salts)} salts)"

    def salts(self, provider: str, digests: list[bytes]) -> list[bytes]:
        who = address_text(address(provider, "the provider"))
        with self._lock:
            new = {}
            for digest in digests:
                key = (who, bytes32(digest, "a SHA-256 digest"))
                if key not in self._salts and key not in new:
                    new[key] = secrets.token_bytes(32)
            self._keep(new)
            self._salts |= new
            return [self._salts[who, digest] for digest in digests]

    def _keep(self, new: dict[tuple[str, bytes], bytes]) -> None:
        """Where a keeper with a longer memory writes them down."""


class KeyFile(MemorySalts):
    """Keeps salts in a file that only its owner can read.

    One JSON object a line, appended and synced, so that a crash loses at most what was never used.
    Destroying a line destroys the link between the content and its ID for good.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            SecretsError: others can read the file, or a line other than an unfinished last one is
                damaged.
        """
        super().__init__()
        self._path = path
        if path.exists():
            self._check_mode()
            self._load()

    def _check_mode(self) -> None:
        mode = stat.S_IMODE(self._path.stat().st_mode)
        if mode & 0o077:
            raise SecretsError(
                f"others can read the key file {self._path} (mode {mode:04o}); "
                f"run `chmod 600 {self._path}` and think about who has seen it"
            )

    def _load(self) -> None:
        lines = self._path.read_bytes().split(b"\n")
        for number, line in enumerate(lines, 1):
            if not line:
                continue
            try:
                entry = json.loads(line)
                key = (entry["provider"], bytes.fromhex(entry["sha256"]))
                self._salts[key] = bytes.fromhex(entry["salt"])
            except (ValueError, KeyError, TypeError):
                if number == len(lines):  # cut off while it was written, so its salt was never used
                    with self._path.open("r+b") as file:
                        file.truncate(len(b"\n".join(lines[:-1])) + (1 if number > 1 else 0))
                    return
                # Without the cause: it would hold the line.
                raise SecretsError(
                    f"line {number} of the key file {self._path} is damaged; restore a backup"
                ) from None

    def _keep(self, new: dict[tuple[str, bytes], bytes]) -> None:
        if not new:
            return
        lines = [
            json.dumps({"provider": who, "sha256": digest.hex(), "salt": salt.hex()})
            for (who, digest), salt in new.items()
        ]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            self._check_mode()
            file.write("".join(line + "\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
