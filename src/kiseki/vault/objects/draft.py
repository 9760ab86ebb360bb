"""The ciphertext that is being written, and its hash, which is its name.

So an object can only lie under the hash of what was written, and it is not known where before all
of it is there.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import sys
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from kiseki.errors import VaultError
from kiseki.vault.age.files import Readable

__all__ = ["HASH", "Draft", "Hashing", "Lies", "Lying", "faults_told", "name_of", "place_of"]

HASH = 32
"""Bytes of an object's name."""


class Draft(Protocol):
    """An object that is not there yet; it goes away when it is left and was not kept.

    Attributes:
        size: bytes that were written.
    """

    size: int

    @property
    def name(self) -> bytes:
        """The hash of what was written until now."""
        ...

    def write(self, data: bytes) -> int: ...

    def flush(self) -> None: ...

    def keep(self) -> bytes:
        """Puts all of it under its name, which is returned. It is there for good then.

        Raises:
            VaultError: it cannot be; nothing is there under a name that a row could hold.
        """
        ...


class Lies(Readable, Protocol):
    """An object that is there, to be read at any place and closed."""

    def close(self) -> None: ...


class Lying(NamedTuple):
    """What lies in a place.

    Attributes:
        name: of the object; empty for what was begun and is no object.
        size: in bytes.
        seconds: when it was written, as of the epoch of Unix; 0 where the place does not say.
        where: in the place, for people and for `sweep`.
    """

    name: bytes
    size: int
    seconds: float
    where: str


def place_of(name: bytes) -> str:
    """Where an object lies: ``ab/abcdef…``."""
    text = name.hex()
    return f"{text[:2]}/{text}"


def name_of(where: str) -> bytes:
    """The name of the object that lies there; empty where none could."""
    folder, _, text = where.rpartition("/")
    try:
        name = bytes.fromhex(text)
    except ValueError:
        return b""
    return name if len(name) == HASH and f"{folder}/{text}" == place_of(name) else b""


@contextlib.contextmanager
def faults_told(place: str, what: str) -> Iterator[None]:
    """Turns what the system, or a library for a filesystem, raises into an error in words.

    Args:
        what: what cannot be done: ``kept``, ``read``.
    """
    try:
        yield
    except _failures() as error:
        raise VaultError(f"an object cannot be {what} in {place} ({_why(error)})") from error


def _failures() -> tuple[type[BaseException], ...]:
    """What libraries raise beside what the system does; none is loaded for it."""
    known: list[type[BaseException]] = [OSError]
    if botocore := sys.modules.get("botocore.exceptions"):
        known += [botocore.BotoCoreError, botocore.ClientError]
    if aiohttp := sys.modules.get("aiohttp"):
        known.append(aiohttp.ClientError)
    return tuple(known)


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "there is no room left; make some and run this again, which goes on from here"
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "it does not answer in time; try again later, what is kept stays"
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{said:.200}"


class Hashing:
    """Counts and hashes what is written."""

    def __init__(self) -> None:
        self.size, self._hash = 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._put(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    @property
    def name(self) -> bytes:
        """Of what was written until now."""
        return self._hash.digest()

    def _put(self, data: bytes) -> None:
        raise NotImplementedError
