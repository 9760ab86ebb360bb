"""A source into an object, in a stream; and an object's own identity, wrapped.

The identity is made for one object. What is wrapped is a small age file that holds it as text, so
``age -d`` with a key of the vault gives the file that ``age -d -i`` opens the object with.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from kiseki.errors import InvalidInput, KisekiError, VaultError
from kiseki.vault.age.keys import Identity, Recipient
from kiseki.vault.objects.draft import Draft
from kiseki.vault.objects.sources import Piece

__all__ = [
    "Called", "Sealed", "Unwrap", "encrypt", "identity_of", "name_sealed", "names_opened", "wrapped"
]  # fmt: skip

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
        identity: opens the object; to be wrapped and forgotten.
    """

    digest: bytes
    size: int
    identity: Identity


def encrypt(source: Piece, draft: Draft) -> Sealed:
    """Writes content into a draft, encrypted to an identity that is made for it.

    It takes constant memory. The caller keeps the draft, after the source held still.

    Raises:
        FilesError: the source cannot be read.
        VaultError: the draft cannot be written.
    """
    import pyrage
    from pyrage import x25519

    identity = Identity.new()
    reader = _Reader(source)
    writer = _Writer(draft)
    try:
        pyrage.encrypt_io(reader, writer, [x25519.Recipient.from_str(str(identity.recipient))])
    except pyrage.EncryptError:
        for each in (reader, writer):  # pyrage tells what they raised as text only
            if each.raised is not None:
                raise each.raised from None
        raise
    return Sealed(reader.hash.digest(), reader.size, identity)


def wrapped(identity: Identity, recipients: Sequence[str]) -> bytes:
    """An object's identity, for whom it may be opened by.

    Raises:
        InvalidInput: one of them is none, or there is none.
    """
    return _to(f"{identity.text}\n".encode(), recipients)


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


def name_sealed(called: Called, recipient: Recipient) -> bytes:
    """What an object is called, for who opens the object."""
    text = json.dumps(called, ensure_ascii=False, separators=(",", ":"))
    return _to(text.encode(errors="surrogatepass"), [str(recipient)])


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
    from pyrage import x25519

    if not recipients:
        raise InvalidInput("name at least one recipient (age1…), who can open what is kept")
    keys = [x25519.Recipient.from_str(str(Recipient.of(each))) for each in recipients]
    return bytes(pyrage.encrypt(content, keys))


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
