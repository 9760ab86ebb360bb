"""Columns that tell something of content: plain in a key store, sealed in a vault.

In a vault a value is sealed with AES-256-GCM under the column key of its epoch, and bound to its
place, so that it cannot be put elsewhere. What is found by a content's digest is found by an HMAC
of it, since somebody who has the content can compute the digest. With the epoch's keys gone, what
old backups hold of these columns is noise.

Sources: NIST SP 800-38D (GCM, a random nonce of 96 bits), RFC 2104 (HMAC).
"""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Mapping
from typing import Protocol

from kiseki.errors import SecretsError

__all__ = ["Columns", "Plain", "Sealed", "text_hidden", "text_shown"]

_NONCE = 12


class Columns(Protocol):
    """How values go into such columns and come out again.

    Attributes:
        epoch: the one whose key seals; none where nothing is sealed.
    """

    epoch: int | None

    def lookup(self, provider: bytes, digest: bytes) -> bytes:
        """By what a provider's content is found, 32 bytes."""
        ...

    def hidden(self, value: bytes, place: bytes) -> bytes:
        """A value as it is kept at a place."""
        ...

    def shown(self, kept: bytes, place: bytes) -> bytes:
        """The value that is kept at a place.

        Raises:
            SecretsError: it was changed, is of another place, or its key is not here.
        """
        ...

    def salt_kept(self, provider: bytes, digest: bytes, salt: bytes) -> bytes:
        """A content's salt as it is kept."""
        ...

    def salt_shown(self, provider: bytes, lookup: bytes, kept: bytes) -> tuple[bytes, bytes]:
        """The digest and the salt of a row.

        Raises:
            SecretsError: see `shown`.
        """
        ...


class Plain:
    """For a key store without keys: the mode of its file is what protects it."""

    epoch: int | None = None

    def lookup(self, provider: bytes, digest: bytes) -> bytes:
        """The digest."""
        return digest

    def hidden(self, value: bytes, place: bytes) -> bytes:
        """The value."""
        return value

    def shown(self, kept: bytes, place: bytes) -> bytes:
        """The value."""
        return kept

    def salt_kept(self, provider: bytes, digest: bytes, salt: bytes) -> bytes:
        """The salt."""
        return salt

    def salt_shown(self, provider: bytes, lookup: bytes, kept: bytes) -> tuple[bytes, bytes]:
        """Both."""
        return lookup, kept


class Sealed:
    """For a vault."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """
        Args:
            keys: the column key of each epoch that can be opened, 32 bytes; the last one seals.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        last = max(keys)
        self.epoch: int | None = last
        self._last = last
        self._ciphers = {epoch: AESGCM(_derived(key, b"columns")) for epoch, key in keys.items()}
        self._lookup = _derived(keys[last], b"lookup")

    def lookup(self, provider: bytes, digest: bytes) -> bytes:
        """An HMAC, so that only who has the key can look for a content."""
        return hmac.digest(self._lookup, provider + digest, "sha256")

    def hidden(self, value: bytes, place: bytes) -> bytes:
        """The epoch in 4 bytes, a nonce of 12, and what AES-256-GCM makes."""
        head = self._last.to_bytes(4)
        nonce = os.urandom(_NONCE)
        return head + nonce + self._ciphers[self._last].encrypt(nonce, value, head + place)

    def shown(self, kept: bytes, place: bytes) -> bytes:
        """
        Raises:
            SecretsError: it was changed, is of another place, or its key is not here.
        """
        from cryptography.exceptions import InvalidTag

        head, nonce, body = kept[:4], kept[4 : 4 + _NONCE], kept[4 + _NONCE :]
        cipher = self._ciphers.get(int.from_bytes(head))
        try:
            if cipher is None or len(body) < 16:
                raise InvalidTag
            return cipher.decrypt(nonce, body, head + place)
        except InvalidTag:
            raise SecretsError(
                "a value in the vault's database does not open: it was changed, or it was sealed "
                "with a key that is not here; restore a backup of the database, or give the "
                "identity of that time"
            ) from None

    def salt_kept(self, provider: bytes, digest: bytes, salt: bytes) -> bytes:
        """The digest goes along, since what stands in its column tells it no more."""
        return self.hidden(digest + salt, _salt_place(provider, self.lookup(provider, digest)))

    def salt_shown(self, provider: bytes, lookup: bytes, kept: bytes) -> tuple[bytes, bytes]:
        """
        Raises:
            SecretsError: see `shown`.
        """
        value = self.shown(kept, _salt_place(provider, lookup))
        return value[:32], value[32:]


def text_hidden(columns: Columns, value: str, place: bytes) -> str:
    """A text for a column of texts."""
    hidden = columns.hidden(value.encode(), place)
    return value if isinstance(columns, Plain) else base64.b64encode(hidden).decode()


def text_shown(columns: Columns, kept: str, place: bytes) -> str:
    """The text that such a column keeps.

    Raises:
        SecretsError: see `Columns.shown`.
    """
    if isinstance(columns, Plain):
        return kept
    return columns.shown(base64.b64decode(kept), place).decode()


def _salt_place(provider: bytes, lookup: bytes) -> bytes:
    return b"salt" + provider + lookup


def _derived(key: bytes, use: bytes) -> bytes:
    return hmac.digest(key, b"kiseki-vault-v1 " + use, "sha256")
