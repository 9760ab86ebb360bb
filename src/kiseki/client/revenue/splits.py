"""Splits that somebody names as payee: logged on the chain, so that their payees find themselves.

The hash of the leaves is all that a registry is told. Whoever has the leaves can be paid, so they
are logged by whoever made them, or are in a file that is handed on.
"""

from __future__ import annotations

from collections.abc import Iterable

from kiseki.chain.contract.contracts import Call
from kiseki.client.payable import payable
from kiseki.client.wallet import Wallet
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.errors import NotInIndex

__all__ = ["publication", "unpublished"]


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
