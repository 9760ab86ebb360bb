"""Titles: a series or film as a split over its cuts' batches; `Kiseki.revenue.title`.

A title's file lists its cuts by season, each with its weight (seconds, frames). Its split follows
from them, so a new season makes another, which is published and named from then on; what was paid
to an earlier one is its payees' for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kiseki.client.wallet import Wallet
from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.split import Split
from kiseki.core.title import Cut, Title
from kiseki.core.values import from_hex, uint
from kiseki.disk import texts
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import InvalidInput

__all__ = ["Titles", "read_cuts"]

_COLUMNS = ("batch", "weight")


@dataclass(frozen=True, slots=True)
class Titles:
    """Building titles. What is built is published as every split is (`Revenue.publish`)."""

    wallet: Wallet

    def split(self, title: Title) -> Split:
        """Who is paid what is paid for a title: each cut's own split, by weight.

        Raises:
            InvalidInput: no cuts.
            NotInIndex: a cut is no batch of this chain.
        """
        if not title.cuts:
            raise InvalidInput("a title has at least one cut; add a season")
        index = self.wallet.session.index
        shares: dict[bytes, int] = {}
        for cut in title.cuts:
            key = index.batch(cut.batch).split
            shares[key] = shares.get(key, 0) + uint(cut.weight, 80, "the weight of a cut", 1)
        return Split(list(shares.items()), keccak256(title.name.encode()))

    def read(self, path: Path) -> Title:
        """A title's file.

        Raises:
            FilesError, InvalidInput: it cannot be read, or is none.
        """
        return Title.from_json(texts.read(path))

    def write(self, path: Path, title: Title) -> None:
        """Writes a title's file, whole or not at all.

        Raises:
            FilesError: it cannot be written.
        """
        texts.write(path, title.to_json())


def read_cuts(path: Path, form: Format = PLAIN) -> list[Cut]:
    """Cuts from a table with the columns ``batch`` and ``weight``.

    Raises:
        FilesError, InvalidInput: it cannot be read, or a row is none; with its number.
    """
    found = []
    with Table(path, _COLUMNS, form) as table:
        table.need(_COLUMNS)
        for batch, weight in table:
            column = "batch"
            try:
                key = from_hex(batch.strip(), 32, "the batch")
                column = "weight"
                found.append(Cut(key, documents.decimal(weight.strip(), "the weight")))
            except InvalidInput as error:
                raise table.refusal(column, error) from error
    return found
