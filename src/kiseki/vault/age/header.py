"""The head of a file: the file key, wrapped for each recipient, and a MAC over all of it."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kiseki.errors import VaultError
from kiseki.vault.age.keys import Identity, Recipient

__all__ = ["Header", "Stanza", "derived", "made", "new_file_key", "read"]

_VERSION = b"age-encryption.org/v1"
_WIDTH = 64
_LONGEST = 1 << 16
"""Bytes of a head: age has no limit; a file with more is not read, because it is held in memory."""
_ARGUMENT = re.compile(r"[!-~]+")
_WRAP = b"age-encryption.org/v1/X25519"
_NONCE = bytes(12)
_FILE_KEY = 16


@dataclass(frozen=True, slots=True)
class Stanza:
    """The file key for one recipient.

    Attributes:
        arguments: the kind of recipient, and what it needs beside the body.
        body: the file key, wrapped.
    """

    arguments: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a file, as it was read.

    Attributes:
        stanzas: one a recipient.
        mac: that whoever knows the file key gave it, 32 bytes.
        size: how many bytes of the file it takes; the content begins there.
    """

    stanzas: tuple[Stanza, ...]
    mac: bytes
    size: int
    _covered: bytes = field(repr=False)

    def file_key(self, identity: Identity) -> bytes:
        """The file key, 16 bytes, after the MAC was found to be right.

        Raises:
            VaultError: the file is not for this identity, or its head was changed.
        """
        if any(each.arguments[0] == "scrypt" for each in self.stanzas) and len(self.stanzas) > 1:
            raise _damaged("it is for a passphrase and for others as well, which age forbids")
        for stanza in self.stanzas:
            if stanza.arguments[0] == "X25519" and (key := _unwrapped(stanza, identity)):
                if not hmac.compare_digest(_mac(key, self._covered), self.mac):
                    raise _damaged("its head was changed")
                return key
        raise VaultError("this is encrypted to others, and the identity that was given is not one")


def made(recipients: Sequence[Recipient], file_key: bytes) -> bytes:
    """The head of a new file.

    Args:
        file_key: 16 random bytes, of this file only.

    Raises:
        ValueError: there are no recipients.
    """
    if not recipients:
        raise ValueError("a file is encrypted to somebody")
    covered = _VERSION + b"\n"
    for recipient in recipients:
        covered += _written(_wrapped(recipient, file_key))
    covered += b"---"
    return covered + b" " + _base64(_mac(file_key, covered)) + b"\n"


def new_file_key() -> bytes:
    """A file key, 16 random bytes."""
    return os.urandom(_FILE_KEY)


def read(more: Callable[[int], bytes]) -> Header:
    """The head of a file.

    Args:
        more: gives up to so many further bytes of the file; none at its end.

    Raises:
        VaultError: the file does not begin as an age file does.
    """
    lines = _Lines(more)
    if lines.next() != _VERSION:
        raise _damaged("it does not begin as an age file does")
    stanzas = []
    while (line := lines.next()).startswith(b"-> "):
        stanzas.append(_stanza(line, lines))
    if not stanzas or not line.startswith(b"--- "):
        raise _damaged("its head is not as age writes it")
    mac = _plain(line[4:])
    if len(mac) != 32:
        raise _damaged("its head ends without a whole MAC")
    covered = lines.taken[: -len(line) - 1] + b"---"
    return Header(tuple(stanzas), mac, len(lines.taken), covered)


def derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    """HKDF with SHA-256, 32 bytes (RFC 5869)."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt, info).derive(key)


class _Lines:
    """The lines of a head, and all bytes that were taken for it."""

    def __init__(self, more: Callable[[int], bytes]) -> None:
        self._more, self._rest = more, b""
        self.taken = b""

    def next(self) -> bytes:
        """
        Raises:
            VaultError: the file ends, or the head is longer than any that is meant.
        """
        while b"\n" not in self._rest:
            some = self._more(_WIDTH * 16)
            if not some or len(self.taken) + len(self._rest) > _LONGEST:
                raise _damaged("its head has no end")
            self._rest += some
        line, self._rest = self._rest.split(b"\n", 1)
        self.taken += line + b"\n"
        return line


def _stanza(line: bytes, lines: _Lines) -> Stanza:
    try:
        arguments = tuple(line[3:].decode("ascii").split(" "))
    except UnicodeDecodeError:
        raise _damaged("a recipient in its head is no text") from None
    if not all(_ARGUMENT.fullmatch(each) for each in arguments):
        raise _damaged("a recipient in its head is not as age writes it")
    body = b""
    while True:
        part = lines.next()
        if len(part) > _WIDTH:
            raise _damaged("a recipient in its head is not as age writes it")
        body += part
        if len(part) < _WIDTH:
            return Stanza(arguments, _plain(body))


def _wrapped(recipient: Recipient, file_key: bytes) -> Stanza:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    ephemeral = X25519PrivateKey.generate()
    share = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient.public))
    key = derived(shared, share + recipient.public, _WRAP)
    body = ChaCha20Poly1305(key).encrypt(_NONCE, file_key, None)
    return Stanza(("X25519", _base64(share).decode()), body)


def _unwrapped(stanza: Stanza, identity: Identity) -> bytes | None:
    """The file key; none where the stanza is for somebody else."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if len(stanza.arguments) != 2 or len(stanza.body) != _FILE_KEY + 16:
        raise _damaged("a recipient in its head has too much or too little")
    share = _plain(stanza.arguments[1].encode())
    if len(share) != 32:
        raise _damaged("a recipient in its head has no key of 32 bytes")
    try:
        secret = X25519PrivateKey.from_private_bytes(identity.secret)
        shared = secret.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:  # of low order: the shared secret would be zeros
        raise _damaged("a recipient in its head has a key that hides nothing") from None
    key = derived(shared, share + identity.recipient.public, _WRAP)
    try:
        return ChaCha20Poly1305(key).decrypt(_NONCE, stanza.body, None)
    except InvalidTag:
        return None


def _mac(file_key: bytes, covered: bytes) -> bytes:
    return hmac.digest(derived(file_key, b"", b"header"), covered, "sha256")


def _written(stanza: Stanza) -> bytes:
    body = _base64(stanza.body)
    lines = [body[at : at + _WIDTH] for at in range(0, len(body), _WIDTH)]
    if not lines or len(lines[-1]) == _WIDTH:
        lines.append(b"")
    return b"-> " + " ".join(stanza.arguments).encode() + b"\n" + b"\n".join(lines) + b"\n"


def _base64(value: bytes) -> bytes:
    return base64.b64encode(value).rstrip(b"=")


def _plain(text: bytes) -> bytes:
    """What Base 64 without padding says, where it is written in the one right way."""
    try:
        value = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        raise _damaged("its head is no Base 64 where it should be") from None
    if _base64(value) != text:
        raise _damaged("its head is no Base 64 as age writes it")
    return value


def _damaged(why: str) -> VaultError:
    return VaultError(f"this cannot be opened: {why}. Use another copy of it")
