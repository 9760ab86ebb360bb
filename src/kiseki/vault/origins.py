"""The documents that say where data comes from, kept by the hash that is on the chain."""

from __future__ import annotations

from collections.abc import Iterator

from kiseki.core import origin as origins
from kiseki.core.origin import OriginFile
from kiseki.errors import SecretsError
from kiseki.vault.keyfile import KeyFile

__all__ = ["Origins"]


class Origins(KeyFile):
    """The part of a key store that keeps documents of origin. They hold names."""

    def keep_origin(self, file: OriginFile) -> OriginFile:
        """Keeps a document, with its signatures beside those that are here; what is kept now."""
        with self._lock, self._errors():
            self._check()
            with self._write():
                return self._keep_origin(file)

    def origin(self, document: bytes) -> OriginFile | None:
        """The document with this hash, with the signatures that were gathered; none where it is
        not here, as every document that Kiseki cannot read."""
        rows = self._rows("SELECT file FROM origin WHERE hash = ?", document)
        return self._read_origin(rows[0][0]) if rows else None

    def origins(self) -> Iterator[OriginFile]:
        """All documents that are kept."""
        for (text,) in self._rows("SELECT file FROM origin ORDER BY rowid"):
            yield self._read_origin(text)

    def _keep_origin(self, file: OriginFile) -> OriginFile:
        known = self.origin(file.origin.hash)
        kept = file if known is None else known.with_signatures(file.signatures)
        self._db.execute(
            "INSERT OR REPLACE INTO origin VALUES (?, ?)", (file.origin.hash, kept.to_json())
        )
        return kept

    def _read_origin(self, text: str) -> OriginFile:
        found = origins.read(text.encode())
        if found is None:
            raise SecretsError(
                f"a document of origin in the key store {self.place} is damaged; restore a backup "
                "into a new one"
            )
        return found
