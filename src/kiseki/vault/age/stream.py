"""The content of a file in chunks of 64 KiB, each of which is opened or made without the others.

A chunk's nonce holds its number, and whether it is the last one; so none can be moved, left out or
taken for the end. Only after the last chunk was opened is it known how long the content is.
"""

from __future__ import annotations

from kiseki.errors import VaultError
from kiseki.vault.age.header import derived

__all__ = ["CHUNK", "NONCE", "TAG", "Stream", "sealed_size"]

CHUNK = 1 << 16
"""Bytes of content in a chunk."""
TAG = 16
"""Bytes that sealing adds to a chunk."""
NONCE = 16
"""Bytes before the first chunk."""


class Stream:
    """Opens and makes the chunks of one file."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        """
        Args:
            file_key: of the file, 16 bytes.
            nonce: what stands before its first chunk, 16 bytes.
        """
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

        self._cipher = ChaCha20Poly1305(derived(file_key, nonce, b"payload"))

    def sealed(self, number: int, content: bytes, *, last: bool) -> bytes:
        """A chunk of the file.

        Args:
            number: which one, from 0.
            content: 64 KiB of it; of the last one what is left.
        """
        return self._cipher.encrypt(_nonce(number, last), content, None)

    def opened(self, number: int, chunk: bytes, *, last: bool) -> bytes:
        """What a chunk holds.

        Raises:
            VaultError: it was changed, stands elsewhere, or is (not) the last one.
        """
        from cryptography.exceptions import InvalidTag

        try:
            content = self._cipher.decrypt(_nonce(number, last), chunk, None)
        except InvalidTag:
            raise VaultError(
                f"this file is damaged or cut off in chunk {number + 1:,}; use another copy of it"
            ) from None
        if not content and number:
            raise VaultError("the last chunk of this file is empty; use another copy of it")
        return content


def sealed_size(size: int) -> int:
    """Bytes that content of `size` bytes takes, with nonce and without head."""
    return NONCE + size + TAG * max(1, -(-size // CHUNK))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])
