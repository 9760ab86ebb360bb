"""Where the vault's own key is: in a file of mode 0600, in a text, or with a key service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyrage

from kiseki.disk.private import open_to_others
from kiseki.errors import SecretsError

__all__ = ["InFile", "InService", "InText", "Opens", "Several", "wrapped"]

_BEGIN = "AGE-SECRET-KEY-1"
_MOST = 1 << 16


class Opens(Protocol):
    """Whoever opens what is wrapped for the vault."""

    @property
    def recipient(self) -> str:
        """What must be wrapped to so that this opens it, ``age1…``."""
        ...

    def opened(self, wrapped: bytes) -> bytes | None:
        """What is wrapped; none where it is wrapped for others.

        Raises:
            SecretsError: the key cannot be had.
        """
        ...

    def held(self) -> InText:
        """The key itself, for who opens very much at once.

        Raises:
            SecretsError: the key cannot be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class InText:
    """A key that somebody gave as a text, as from the environment.

    Attributes:
        identity: ``AGE-SECRET-KEY-1…``; several where there are lines for them, as in an identity
            file. The first is the vault's own of now, others are of earlier epochs.
    """

    identity: str = field(repr=False)

    @property
    def recipient(self) -> str:
        """Of it."""
        return str(self._identities()[0].to_public())

    def opened(self, wrapped: bytes) -> bytes | None:
        """What is wrapped; none where it is wrapped for others."""
        try:
            return bytes(pyrage.decrypt(wrapped, self._identities()))
        except pyrage.DecryptError:
            return None

    def held(self) -> InText:
        """Itself."""
        return self

    def _identities(self) -> list[pyrage.x25519.Identity]:
        try:
            return [pyrage.x25519.Identity.from_str(each) for each in self.identity.split() or [""]]
        except pyrage.IdentityError:  # without what was given, which may be nearly one
            raise SecretsError(
                "the vault's key is no age identity, which begins with AGE-SECRET-KEY-1; make one "
                "with `kiseki keys identity` or age-keygen"
            ) from None


@dataclass(frozen=True, slots=True)
class InFile:
    """A key in a file, as `age-keygen` writes it. It is read each time, so it can be changed.

    While another epoch begins, the file of a server holds two keys, each in its line: the new one,
    and below it that of before, until nothing is wrapped to that alone.

    Attributes:
        path: of the file; only its owner may read it.
    """

    path: Path

    @property
    def recipient(self) -> str:
        """Of it."""
        return self._read().recipient

    def opened(self, wrapped: bytes) -> bytes | None:
        """What is wrapped; none where it is wrapped for others.

        Raises:
            SecretsError: others can read the file, it cannot be read, or it holds no identity.
        """
        return self._read().opened(wrapped)

    def held(self) -> InText:
        """The key itself.

        Raises:
            SecretsError: as `opened`.
        """
        return self._read()

    def _read(self) -> InText:
        try:
            if mode := open_to_others(self.path):
                raise SecretsError(
                    f"others can read the vault's key {self.path} (mode {mode}); run "
                    f"`chmod 600 {self.path}`, think about who has seen it, and rotate it"
                )
            with self.path.open("r", encoding="utf-8", errors="replace") as file:
                lines = file.read(_MOST).splitlines()
        except OSError as error:
            raise SecretsError(
                f"the vault's key {self.path} cannot be read ({error.strerror}); name the file "
                "that `kiseki vault init` wrote"
            ) from error
        return InText("\n".join(line for line in lines if line.startswith(_BEGIN)))


@dataclass(frozen=True, slots=True)
class InService:
    """A key that lies encrypted here, and that a key service opens: whoever steals the machine's
    disk has nothing, and the service can be told to open it no more.

    Attributes:
        ask: gives the identity's text, which the service decrypts (`kiseki.vault.keys.named` asks
            AWS KMS so). It is asked each time, so it can refuse from one moment to the next.
    """

    ask: Callable[[], bytes] = field(repr=False)

    @property
    def recipient(self) -> str:
        """Of it."""
        return self._asked().recipient

    def opened(self, wrapped: bytes) -> bytes | None:
        """What is wrapped; none where it is wrapped for others.

        Raises:
            SecretsError: the service does not open it.
        """
        return self._asked().opened(wrapped)

    def held(self) -> InText:
        """The key itself.

        Raises:
            SecretsError: the service does not open it.
        """
        return self._asked()

    def _asked(self) -> InText:
        try:
            return InText(self.ask().decode())
        except SecretsError:
            raise
        except Exception as error:  # noqa: BLE001 - of whatever service; what it says may be secret
            raise SecretsError(
                f"the key service does not open the vault's key ({type(error).__name__}); check "
                "that it can be reached and lets this machine use the key"
            ) from None


@dataclass(frozen=True, slots=True)
class Several:
    """Keys of several epochs, while something is wrapped to one of them alone.

    Attributes:
        now: the vault's own key.
        before: those of earlier epochs.
    """

    now: Opens
    before: tuple[Opens, ...]

    @property
    def recipient(self) -> str:
        """Of the key of now."""
        return self.now.recipient

    def opened(self, wrapped: bytes) -> bytes | None:
        """What is wrapped to one of them; none where it is wrapped for others.

        Raises:
            SecretsError: a key cannot be had.
        """
        found = (each.opened(wrapped) for each in (self.now, *self.before))
        return next((each for each in found if each is not None), None)

    def held(self) -> InText:
        """All of them.

        Raises:
            SecretsError: a key cannot be had.
        """
        return InText("\n".join(each.held().identity for each in (self.now, *self.before)))


def wrapped(secret: bytes, recipients: list[str]) -> bytes:
    """A secret as an age file that each of the recipients opens."""
    keys = [pyrage.x25519.Recipient.from_str(each) for each in recipients]
    return bytes(pyrage.encrypt(secret, keys))
