"""A source into an object, in a stream; and an object's own identity, wrapped.

The identity is made for one object. What is wrapped is a small age file that holds it as text, so
``age -d`` with a key of the vault gives the file that ``age -d -i`` opens the object with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kiseki.errors import InvalidInput, KisekiError, VaultError
from kiseki.vault.age.keys import Identity, Recipient
from kiseki.vault.objects.draft import Draft
from kiseki.vault.objects.sources import Piece

if TYPE_CHECKING:
    from pyrage import x25519

__all__ = [
    "Called", "Sealed", "Unwrap", "encrypt", "identity_of", "name_sealed", "names_opened", "wrapped"
]  # fmt: skip

_AT_ONCE = 1 << 20
"""Bytes of a content that is read, hashed and encrypted at once."""

Unwrap = Callable[[bytes], bytes]
"""Opens an age file that was made to a key of the vault."""


class Called(NamedTuple):
    """What a content is called. It is content, and kept as secret.

    Attributes:
        name: a file's, with the folders below the one that was named.
        caption: what describes it; empty where nothing does.
    """

    name: str
    caption: str = ""


class Sealed(NamedTuple):
    """What became of a source.

    Attributes:
        digest: SHA-256 of the content.
        size: bytes of it.
        identity: opens the object; to be wrapped and forgotten. Its text is the secret.
        recipient: public half of it.
    """

    digest: bytes
    size: int
    identity: x25519.Identity
    recipient: x25519.Recipient


def encrypt(source: Piece, size: int, draft: Draft) -> Sealed:
    """Writes content into a draft, encrypted to an identity that is made for it.

    It takes constant memory. The caller keeps the draft, after the source held still.

    Args:
        size: bytes that the source should have.

    Raises:
        FilesError: the source cannot be read.
        VaultError: the draft cannot be written.
    """
    import pyrage
    from pyrage import x25519

    identity = x25519.Identity.generate()
    recipient = identity.to_public()
    if size <= _AT_ONCE:  # without the calls that a stream costs for each of its pieces
        content = source.read(size)
        draft.write(pyrage.encrypt(content, [recipient]))
        return Sealed(hashlib.sha256(content).digest(), len(content), identity, recipient)
    reader = _Reader(source)
    writer = _Writer(draft)
    try:
        pyrage.encrypt_io(reader, writer, [recipient])
    except pyrage.EncryptError:
        for each in (reader, writer):  # pyrage tells what they raised as text only
            if each.raised is not None:
                raise each.raised from None
        raise
    return Sealed(reader.hash.digest(), reader.size, identity, recipient)


def wrapped(identity: str, recipients: Sequence[str]) -> bytes:
    """An object's identity, for whom it may be opened by.

    Args:
        identity: its text (``AGE-SECRET-KEY-1…``).

    Raises:
        InvalidInput: one of them is none, or there is none.
    """
    return _to(f"{identity}\n".encode(), recipients)


def identity_of(wrapped: bytes, unwrap: Unwrap) -> Identity:
    """An object's identity.

    Raises:
        VaultError: the vault's key does not open it, or what it opens is none.
    """
    try:
        return Identity.of(unwrap(wrapped).decode("ascii", "replace"))
    except InvalidInput:
        raise VaultError(
            "what the vault's key opened is no object's identity; restore the database from a "
            "backup"
        ) from None


def name_sealed(called: Called, recipient: str) -> bytes:
    """What an object is called, for who opens the object.

    Args:
        recipient: of the object's identity (``age1…``).
    """
    text = json.dumps(called, ensure_ascii=False, separators=(",", ":"))
    return _to(text.encode(errors="surrogatepass"), [recipient])


def names_opened(sealed: Sequence[bytes], identity: Identity) -> list[Called]:
    """What an object is called.

    Raises:
        VaultError: one of the names is damaged.
    """
    import pyrage
    from pyrage import x25519

    key = x25519.Identity.from_str(identity.text)
    try:
        texts = [pyrage.decrypt(each, [key]) for each in sealed]
        return [Called(*json.loads(each)) for each in texts]
    except (pyrage.DecryptError, ValueError, TypeError):
        raise VaultError(
            "a name of this object is damaged; restore the database from a backup"
        ) from None


def _to(content: bytes, recipients: Sequence[str]) -> bytes:
    import pyrage

    if not recipients:
        raise InvalidInput("name at least one recipient (age1…), who can open what is kept")
    return bytes(pyrage.encrypt(content, [_recipient(each) for each in recipients]))


def _recipient(text: str) -> x25519.Recipient:
    import pyrage
    from pyrage import x25519

    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        return x25519.Recipient.from_str(str(Recipient.of(text)))  # says what is wrong with it


class _Reader:
    """Gives content on, and hashes and counts it."""

    def __init__(self, source: Piece) -> None:
        self._source = source
        self.hash, self.size = hashlib.sha256(), 0
        self.raised: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._source.read(size)
        except (OSError, KisekiError) as error:
            self.raised = error
            raise
        self.hash.update(data)
        self.size += len(data)
        return data


class _Writer:
    """Gives ciphertext on."""

    def __init__(self, draft: Any) -> None:
        self._draft = draft
        self.raised: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            return int(self._draft.write(data))
        except (OSError, KisekiError) as error:
            self.raised = error
            raise

    def flush(self) -> None:
        """The draft does, when it is kept."""
