"""Where the index of a chain is kept."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from kiseki.disk import private
from kiseki.errors import IndexUnusable
from kiseki.index import VERSION, Index, drop, schemas

__all__ = ["Place"]


class Place:
    """A file in a folder, a schema of a PostgreSQL database, or memory: one a chain.

    Two chains of one number, as every local chain has it, are told apart by their first block.
    Another version of the tables has a place of its own, so the old one answers until the new one
    is read.

    Args:
        where: a folder, or the URL of a database; nothing for memory.
    """

    def __init__(self, where: Path | str | None) -> None:
        self.where = where

    def named(self, chain_id: int, genesis: bytes) -> str:
        """Where the index of a chain is, in words; a password of a database is left out."""
        name = _name(chain_id, genesis)
        if self.where is None:
            return "memory"
        if isinstance(self.where, str):
            return f"schema {_schema(name)} of {_without_password(self.where)}"
        return str(self.where / f"{name}.sqlite")

    def there(self, chain_id: int) -> list[bytes]:
        """Of each index that there is of a chain with this number, the beginning of the hash of its
        first block, by which the other methods find it.

        Raises:
            IndexUnusable: the database cannot be asked.
        """
        if isinstance(self.where, str):
            names = [each.removeprefix("kiseki_") for each in schemas(self.where)]
        elif self.where is not None:
            names = [each.stem for each in self.where.glob("*.sqlite")]
        else:
            names = []
        pattern = re.compile(rf"{chain_id}[-_]([0-9a-f]{{8}})[-_]v{VERSION}")
        found = [match[1] for each in names if (match := pattern.fullmatch(each))]
        return [bytes.fromhex(each) for each in sorted(found)]

    def kept(self, chain_id: int, genesis: bytes) -> Index:
        """An index that is there, for the contracts that it was read for.

        Raises:
            IndexUnusable: nothing was read into it, or it cannot be used.
        """
        name = _name(chain_id, genesis)
        if isinstance(self.where, str):
            return Index.kept(self.where, _schema(name))
        if self.where is None:
            raise IndexUnusable("an index in memory is kept nowhere")
        return Index.kept(self.where / f"{name}.sqlite")

    def drop(self, chain_id: int, genesis: bytes) -> None:
        """Deletes the index of a chain, of every version; nothing where there is none.

        Raises:
            IndexUnusable: it cannot be deleted.
        """
        name = _name(chain_id, genesis)
        if isinstance(self.where, str):
            drop(self.where, _schema(name))
        elif self.where is not None:
            stem = name.rpartition("-")[0]
            try:
                for path in sorted(self.where.glob(f"{stem}-v*.sqlite*")):
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise IndexUnusable(
                    f"the index at {self.where} cannot be deleted: {error.strerror}"
                ) from error

    def open(self, chain_id: int, genesis: bytes, contracts: list[tuple[str, str]]) -> Index:
        """The index of a chain; a new one where there is none.

        Args:
            chain_id: the chain.
            genesis: the hash of its first block.
            contracts: name and address of each.

        Raises:
            IndexUnusable: it cannot be opened, or is damaged.
        """
        name = _name(chain_id, genesis)
        if self.where is None:
            return Index(contracts)
        if isinstance(self.where, str):
            return Index(contracts, self.where, _schema(name))
        path = self.where / f"{name}.sqlite"
        try:
            private.create(path)
        except OSError as error:
            raise IndexUnusable(
                f"the index cannot be kept at {path}: {error.strerror}; name another folder with"
                " --index or KISEKI_INDEX"
            ) from error
        return Index(contracts, path)


def _name(chain_id: int, genesis: bytes) -> str:
    return f"{chain_id}-{genesis.hex()[:8]}-v{VERSION}"


def _schema(name: str) -> str:
    return f"kiseki_{name.replace('-', '_')}"


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    at = parts.netloc.rpartition("@")
    user = at[0].partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{user}@{at[2]}" if user else at[2], query=""))
