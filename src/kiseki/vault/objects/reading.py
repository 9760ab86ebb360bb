"""The content of an object, at any range, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from os import SEEK_END

from kiseki.errors import VaultError
from kiseki.vault.age.files import Opened
from kiseki.vault.age.keys import Identity
from kiseki.vault.objects.draft import Lies
from kiseki.vault.objects.envelope import Called, Unwrap, identity_of, names_opened
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.rows import Object, Objects

__all__ = ["Contents", "Stored"]


@dataclass(frozen=True, slots=True)
class Stored:
    """A content that is here, not opened yet.

    Attributes:
        object: its row.
    """

    object: Object
    _objects: Objects = field(repr=False)
    _place: Place = field(repr=False)
    _unwrap: Unwrap = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of the content."""
        return self.object.size

    def open(self) -> Opened:
        """It, for reading at any range. Close it, or use it in ``with``.

        Raises:
            VaultError: the object is missing, cut off or damaged, or the vault's key does not open
                its identity.
        """
        identity = identity_of(self.object.identity, self._unwrap)
        file = self._place.open(self.object.name)
        try:
            return self._opened(file, identity)
        except BaseException:
            file.close()
            raise

    def _opened(self, file: Lies, identity: Identity) -> Opened:
        if (length := file.seek(0, SEEK_END)) != self.object.sealed:
            raise VaultError(
                f"the object {self.object.name.hex()[:16]}… has {length:,} bytes and not "
                f"{self.object.sealed:,}; `kiseki vault repair` brings it back from another copy"
            )
        return Opened(file, identity)

    def called(self) -> list[Called]:
        """What it is called.

        Raises:
            VaultError: as `open`; or a name is damaged.
        """
        sealed = self._objects.called(self.object.name)
        return names_opened(sealed, identity_of(self.object.identity, self._unwrap))


class Contents:
    """What a vault holds."""

    def __init__(self, objects: Objects, place: Place, unwrap: Unwrap) -> None:
        """
        Args:
            unwrap: opens an age file that was made to a key of the vault.
        """
        self._objects, self._place, self._unwrap = objects, place, unwrap

    def content_of(self, provider: str, digest: bytes) -> Stored | None:
        """A provider's content by its SHA-256; none where it is not here.

        Raises:
            SecretsError: the database cannot be used.
        """
        found = self._objects.find(provider, digest)
        return None if found is None else self.of(found)

    def of(self, row: Object) -> Stored:
        """The content of an object."""
        return Stored(row, self._objects, self._place, self._unwrap)
