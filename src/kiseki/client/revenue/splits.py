"""Splits that somebody names as payee: logged on the chain, so that their payees find themselves.

The hash of the leaves is all that a registry is told. Whoever has the leaves can be paid, so they
are logged by whoever made them, or are in a file that is handed on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kiseki.chain.contract.contracts import Call
from kiseki.client.payable import payable
from kiseki.client.revenue.titles import Titles
from kiseki.client.wallet import Wallet
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.title import TITLE_FORMAT, Title
from kiseki.disk import atomic, texts
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import FilesError, InvalidInput, NotInIndex
from kiseki.vault.lists import read_share, weights

__all__ = ["Splits", "publication", "unpublished"]

_COLUMNS = ("payee", "share")


@dataclass(frozen=True, slots=True)
class Splits:
    """Files of splits, and which of them are on the chain; `Kiseki.revenue.split`."""

    wallet: Wallet

    def read(self, path: Path) -> Split:
        """The split of a split's file, or of a title's as it is now.

        Raises:
            FilesError: it cannot be read.
            InvalidInput: it is neither.
            NotInIndex: a cut of a title is no batch of this chain.
        """
        text = texts.read(path)
        try:
            if TITLE_FORMAT in text:
                return Titles(self.wallet).split(Title.from_json(text))
            return Split.from_json(text)
        except InvalidInput as error:
            raise InvalidInput(
                f"{path} is the file of no split or title; `kiseki revenue split` makes one "
                f"({error})"
            ) from error

    def leaves(
        self, path: Path, payees: Callable[[str], Payee], form: Format = PLAIN
    ) -> list[tuple[bytes, int]]:
        """The leaves of a split from a table with the columns ``payee`` and ``share``.

        Args:
            payees: whom a payee's column means.
            form: how the table is to be read, where it does not say so itself.

        Raises:
            FilesError, InvalidInput: it cannot be read, or a row is none; with its number.
        """
        keys, shares = [], []
        with Table(path, _COLUMNS, form) as table:
            table.need(_COLUMNS)
            for payee, share in table:
                column = "payee"
                try:
                    keys.append(payees(payee.strip()).key)
                    column = "share"
                    shares.append(read_share(share, table.decimal))
                except (InvalidInput, LookupError) as error:
                    raise table.refusal(column, error) from error
        try:
            return list(zip(keys, weights(shares), strict=True))
        except InvalidInput as error:
            raise InvalidInput(f"{path}: {error}") from None

    def write(self, path: Path, split: Split) -> None:
        """Writes a split's file, whole or not at all. One that says the same is left.

        Raises:
            FilesError: it cannot be written.
            InvalidInput: there is a file with other content.
        """
        text = split.to_json()
        try:
            with contextlib.suppress(FileExistsError):
                atomic.write(path, text, new=True)
                return
            same = path.read_bytes() == text.encode()
        except OSError as error:
            raise FilesError(f"{path} cannot be written ({error.strerror})") from error
        if not same:
            raise InvalidInput(f"the file {path} exists and has other content; name a new file")

    def is_published(self, split: Split) -> bool:
        """Whether all leaves of a split are logged on the chain."""
        return _is_logged(self.wallet, split.key)


def publication(wallet: Wallet, split: Split) -> Call:
    """Logs all leaves of a split.

    Raises:
        InvalidInput: one of them is a wallet that could never be paid.
    """
    payable(split)
    payees, shares = zip(*split.leaves, strict=True)
    publish = wallet.session["RevenueSplitter"].call
    return publish("publish", split.opening, list(payees), list(shares))


def unpublished(wallet: Wallet, payees: Iterable[Payee]) -> list[Split]:
    """Of these payees the splits whose leaves are known here and not on the chain, each once.

    Not those that are too long for a transaction: their file is handed on (`--list`).
    """
    splits = {each.key: each.split for each in payees if each.split is not None}
    return [
        split
        for key, split in splits.items()
        if not _is_logged(wallet, key) and wallet.sender.fits(publication(wallet, split))
    ]


def _is_logged(wallet: Wallet, key: bytes) -> bool:
    try:
        labels = wallet.session.index.split(key).labels
    except NotInIndex:
        return False
    return any(each.kind != "added" for each in labels)  # added by hand it is nobody else's
