"""The documents that say where data comes from, kept by the hash that is on the chain."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from kiseki.core import origin as origins
from kiseki.core.origin import OriginFile
from kiseki.errors import SecretsError
from kiseki.vault.keyfile import KeyFile
from kiseki.vault.store import tables
from kiseki.vault.store.database import insert
from kiseki.vault.store.rows import last_place
from kiseki.vault.store.sealed import text_hidden, text_shown

__all__ = ["Origins"]

_KEPT = tables.origin


class Origins(KeyFile):
    """The part of a key store that keeps documents of origin. They hold names."""

    def keep_origin(self, file: OriginFile) -> OriginFile:
        """Keeps a document, with its signatures beside those that are here; what is kept now."""
        with self._store.writing():
            return self._keep_origin(file)

    def origin(self, document: bytes) -> OriginFile | None:
        """The document with this hash, with the signatures that were gathered; none where it is
        not here, as every document that Kiseki cannot read."""
        question = select(_KEPT.c.hash, _KEPT.c.file).where(_KEPT.c.hash == document)
        with self._store.reading():
            rows = self._rows(question)
            return self._read_origin(*rows[0]) if rows else None

    def origins(self) -> Iterator[OriginFile]:
        """All documents that are kept."""
        question = select(_KEPT.c.hash, _KEPT.c.file).order_by(_KEPT.c.place, _KEPT.c.hash)
        with self._store.reading():
            read = [self._read_origin(*row) for row in self._rows(question)]
        yield from read

    def _keep_origin(self, file: OriginFile) -> OriginFile:
        known = self.origin(file.origin.hash)
        kept = file if known is None else known.with_signatures(file.signatures)
        with self._store.writing() as db:
            text = text_hidden(self._columns, kept.to_json(), b"origin" + file.origin.hash)
            row = insert(db, _KEPT).values(
                hash=file.origin.hash, file=text, place=last_place(_KEPT)
            )
            db.execute(
                row.on_conflict_do_update(index_elements=["hash"], set_={"file": row.excluded.file})
            )
        return kept

    def _read_origin(self, document: bytes, kept: str) -> OriginFile:
        text = text_shown(self._columns, kept, b"origin" + document)
        found = origins.read(text.encode())
        if found is None:
            raise SecretsError(
                f"a document of origin in the key store {self.place} is damaged; restore a backup "
                "into a new one"
            )
        return found
