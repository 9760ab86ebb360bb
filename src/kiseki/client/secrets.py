"""Salts, which hide content behind its commitment, and where they are kept.

The salt of private content is 32 random bytes for each provider and content. Whoever keeps it is
asked before anything is sent, so that registering the same file again gives the same ID. The vault
will keep salts; until then a key file does.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import stat
import threading
from collections.abc import Iterator
from io import BufferedRandom
from pathlib import Path
from typing import Protocol

from kiseki.core.values import address, address_text, bytes32
from kiseki.errors import SecretsError

Key = tuple[str, bytes]
"""Provider in lower case, and digest."""

__all__ = ["KeyFile", "MemorySalts", "Salts"]


class Salts(Protocol):
    """Who keeps salts."""

    def salts(self, provider: str, digests: list[bytes]) -> list[bytes]:
        """The salt of each content, by SHA-256 digest; new ones are kept before this returns."""
        ...


class MemorySalts:
    """Keeps salts while the process lives: for tests and demonstrations."""

    def __init__(self) -> None:
        self._salts: dict[Key, bytes] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self._salts)} salts)"

    def salts(self, provider: str, digests: list[bytes]) -> list[bytes]:
        who = address_text(address(provider, "the provider"))
        keys = [(who, bytes32(digest, "a SHA-256 digest")) for digest in digests]
        with self._lock:
            if not all(key in self._salts for key in keys):
                self._add(keys)
            return [self._salts[key] for key in keys]

    def _add(self, keys: list[Key]) -> None:
        """Makes the salts that are missing."""
        self._salts |= self._missing(keys)

    def _missing(self, keys: list[Key]) -> dict[Key, bytes]:
        return {key: secrets.token_bytes(32) for key in keys if key not in self._salts}


class KeyFile(MemorySalts):
    """Keeps salts in a file that only its owner can read.

    One JSON object a line, appended and synced, so that a crash loses at most what was never used.
    Several processes may use one file. Destroying a line destroys the link between the content and
    its ID for good.
    """

    def __init__(self, path: Path) -> None:
        """
        Raises:
            SecretsError: the file cannot be used, others can read it, or a line other than an
                unfinished last one is damaged.
        """
        super().__init__()
        self._path = path
        self._read_to = 0
        self._line = 0
        if path.exists():
            with self._open() as file:
                self._catch_up(file)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._path)!r}, {len(self._salts)} salts)"

    def _add(self, keys: list[Key]) -> None:
        with self._open() as file:
            self._catch_up(file)  # with what other processes added
            new = self._missing(keys)
            lines = [_line(who, digest, salt) for (who, digest), salt in new.items()]
            self._append(file, b"".join(lines))
            self._line += len(lines)
        self._salts |= new

    @contextlib.contextmanager
    def _open(self) -> Iterator[BufferedRandom]:
        """The file, made if need be, locked against other processes."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            with os.fdopen(os.open(self._path, flags, 0o600), "r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & 0o077:
                    raise SecretsError(
                        f"others can read the key file {self._path} (mode {mode:04o}); "
                        f"run `chmod 600 {self._path}` and think about who has seen it"
                    )
                yield file
        except OSError as error:
            raise SecretsError(
                f"the key file {self._path} cannot be used ({error.strerror}); "
                "check the path and its permissions; nothing was registered"
            ) from error

    def _catch_up(self, file: BufferedRandom) -> None:
        """Reads what was added since it was last read; the first salt of a content counts."""
        file.seek(self._read_to)
        *whole, rest = file.read().split(b"\n")
        for line in whole:
            self._line += 1
            self._read_to += len(line) + 1
            if line.strip():
                self._remember(line)
        if not rest:
            return
        self._line += 1
        begun = rest.rstrip(b"\x00")
        if len(begun) < len(_LINE) and _LINE.startswith(_blurred(begun)):
            # Cut off while it was written, so its salt was never used.
            self._line -= 1
            file.truncate(self._read_to)
            return
        self._remember(rest)
        self._append(file, b"\n")

    def _remember(self, line: bytes) -> None:
        try:
            if len(line) > _LONGEST:
                raise ValueError
            entry = json.loads(line)
            who = address_text(address(entry["provider"], "the provider"))
            digest = bytes32(bytes.fromhex(entry["sha256"]), "the digest")
            salt = bytes32(bytes.fromhex(entry["salt"]), "the salt")
        except (ValueError, KeyError, TypeError, RecursionError):
            # Without the cause: it would hold the line.
            raise SecretsError(
                f"line {self._line} of the key file {self._path} is damaged; restore a backup, or "
                "name another file if this one keeps something else; nothing was registered"
            ) from None
        self._salts.setdefault((who, digest), salt)

    def _append(self, file: BufferedRandom, data: bytes) -> None:
        file.seek(0, os.SEEK_END)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
        self._read_to = file.tell()


def _line(provider: str, digest: bytes, salt: bytes) -> bytes:
    entry = {"provider": provider, "sha256": digest.hex(), "salt": salt.hex()}
    return json.dumps(entry).encode() + b"\n"


def _blurred(line: bytes) -> bytes:
    """Its form without its values: every hex digit as a zero, but for that of 0x."""
    return re.sub(rb"[0-9a-f](?!x)", b"0", line)


_LINE = _blurred(_line("0x" + "0" * 40, bytes(32), bytes(32))).rstrip(b"\n")
"""What a line that was cut off begins like. The last line of some other file does not."""

_LONGEST = 1_000
"""Bytes of a line: more is not one of ours, and json recurses into whatever it is given."""
