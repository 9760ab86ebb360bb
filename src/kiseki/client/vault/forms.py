"""How an item lies on this disk: as it is, or encrypted to an age key; and when it counts as that.

As it is, a file is *proved* to be the item: its hash is in what the chain has. Of an age file that
can be seen only with the identity. Without it, the file is as an age file for content of that size
is, and what is in it is *told* by the vault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Protocol

from kiseki.client.vault.kept import arrived, note
from kiseki.client.vault.proving import Shown
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, VaultError
from kiseki.vault.age import header
from kiseki.vault.age.files import Opened
from kiseki.vault.age.keys import Identity, Recipient
from kiseki.vault.age.stream import sealed_size

__all__ = ["Form", "Plain", "Sealed", "form_of", "recipient_of"]


class Form(Protocol):
    """How items lie here.

    Attributes:
        ending: what stands behind a file's name.
        proves: whether a file that is there is proved to be the item.
    """

    ending: str
    proves: bool

    def is_there(self, item: bytes, path: Path) -> bool:
        """Whether a file under a name is this item.

        Raises:
            VaultError: the vault gave it, and it is not.
        """
        ...

    def is_whole(self, item: bytes, part: Path) -> bool:
        """Whether what arrived is this item, before it gets a name."""
        ...

    def is_caption(self, item: bytes, path: Path, text: bytes) -> bool:
        """Whether a file under a name is its caption."""
        ...

    def keeps_caption(self, item: bytes, text: bytes) -> None:
        """Is told of a caption before it gets a name.

        Raises:
            VaultError: it is none for whom it should be.
        """
        ...


class Plain:
    """As they are."""

    ending, proves = "", True

    def __init__(self, digests: Mapping[bytes, bytes]) -> None:
        """
        Args:
            digests: SHA-256 of each content.
        """
        self._digests = digests

    def is_there(self, item: bytes, path: Path) -> bool:
        return _hash(path) == self._digests[item]

    def is_whole(self, item: bytes, part: Path) -> bool:
        return _hash(part) == self._digests[item]

    def is_caption(self, item: bytes, path: Path, text: bytes) -> bool:
        return path.read_bytes() == text

    def keeps_caption(self, item: bytes, text: bytes) -> None:
        """Text is text."""


class Sealed:
    """As age files. What arrived is noted by its hash, because nobody else can tell, without the
    identity, a file that came for this key from one that came for another, or was changed since."""

    ending = ".age"

    def __init__(
        self, folder: Path, recipient: str, digests: Mapping[bytes, bytes],
        sizes: Mapping[bytes, int], identity: Identity | None,
    ) -> None:  # fmt: skip
        """
        Args:
            digests: SHA-256 of each content.
            sizes: bytes of each content.
            identity: that of the recipient, where it is at hand.
        """
        self._folder, self._recipient, self._identity = folder, recipient, identity
        self._digests, self._sizes = digests, sizes
        self._arrived = arrived(folder, recipient)
        self.proves = identity is not None

    def is_there(self, item: bytes, path: Path) -> bool:
        came = (item, _hash(path)) in self._arrived
        if self._identity is None or self._opens(item, path):
            return came or self._identity is not None
        if came:
            raise VaultError(
                f"{path}, which the vault gave, is not the content of {to_hex(item)}: the identity "
                "does not open it, or opens something else; move it away and ask the vault's keeper"
            )
        return False

    def is_whole(self, item: bytes, part: Path) -> bool:
        fits = _looks(part, self._sizes[item])
        if fits and (self._identity is None or self._opens(item, part)):
            note(self._folder, self._recipient, item, _hash(part))
            return True
        return False

    def is_caption(self, item: bytes, path: Path, text: bytes) -> bool:
        return (item, _hash(path)) in self._arrived  # each time it is encrypted anew

    def keeps_caption(self, item: bytes, text: bytes) -> None:
        try:
            header.read(BytesIO(text).read)
            if self._identity is not None:
                for _ in Opened(BytesIO(text), self._identity).read():
                    pass
        except VaultError:
            raise VaultError(
                f"the vault gives a caption of {to_hex(item)} that is not encrypted to this key"
            ) from None
        note(self._folder, self._recipient, item, hashlib.sha256(text).digest())

    def _opens(self, item: bytes, path: Path) -> bool:
        """Whether the identity opens it, to the end, and it is this content."""
        assert self._identity is not None  # noqa: S101 - asked only with one
        hashed = hashlib.sha256()
        with path.open("rb") as file:
            try:
                for piece in Opened(file, self._identity).read():
                    hashed.update(piece)
            except VaultError:
                return False
        return hashed.digest() == self._digests[item]


def form_of(folder: Path, recipient: str | None, identity: Identity | None, shown: Shown) -> Form:
    """How items lie in a folder.

    Args:
        recipient: whom they are encrypted to; none: they lie as they are.
        identity: that of the recipient, where it is at hand.
        shown: which content each item is.
    """
    if recipient is None:
        return Plain(shown.digests)
    sizes = {item: each.size for item, each in shown.handed.items()}
    return Sealed(folder, recipient, shown.digests, sizes, identity)


def recipient_of(recipient: str | None, identity: Identity | None) -> str | None:
    """The recipient as it is written; it is one, and the identity is that of it.

    Raises:
        InvalidInput: it is none, or that of another identity.
    """
    written = None if recipient is None else str(Recipient.of(recipient))
    if identity is not None and str(identity.recipient) != written:
        raise InvalidInput(
            "the identity is not that of the recipient whom the content is to be encrypted to; "
            "name both of one key, or leave the identity out"
        )
    return written


def _looks(path: Path, content: int) -> bool:
    """Whether a file is, from outside, an age file for content of so many bytes."""
    with path.open("rb") as file:
        try:
            head = header.read(file.read)
        except VaultError:
            return False
    kinds = {each.arguments[0] for each in head.stanzas}
    return "X25519" in kinds and path.stat().st_size == head.size + sealed_size(content)


def _hash(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
