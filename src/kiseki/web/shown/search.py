"""What a text may mean: hits of a search, each with the address of its page."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.web.shown.values import of_payee

__all__ = ["HitShown", "SearchShown", "search"]

_MOST = 20
_SHORT = re.compile(r"((?:0x)?[0-9a-fA-F]{4,})(?:…|\.\.\.)([0-9a-fA-F]*)")


@dataclass(frozen=True, slots=True)
class HitShown:
    """Something that a search found.

    Attributes:
        kind: ``item``, ``collection``, ``model``, ``batch``, ``terms``, ``offer``, ``schedule``,
            ``split``, ``wallet``, ``token``, ``identity`` or ``unknown``.
        id: its ID, key, address or number.
        stated: whether it was found because somebody made a statement whose text is what was
            searched for; who said so is on its page.
    """

    kind: str
    id: str
    stated: bool


@dataclass(frozen=True, slots=True)
class SearchShown:
    """What a search found.

    Attributes:
        text: what was searched for.
        hits: at most twenty of each kind.
    """

    text: str
    hits: list[HitShown]


def search(index: Index, text: str) -> SearchShown:
    """What begins with some digits, or what a statement is about that says just this text.

    Raises:
        InvalidInput: there is nothing to search for, or too few digits.
    """
    begin, end = _shortened(text)
    hits = []
    for hit in index.overview.search(begin, _MOST):
        if not hit.key.hex().endswith(end):
            continue
        if hit.kind == "address":
            wallet = ids.wallet_address(hit.key)
            if wallet is not None:
                hits.append(HitShown("wallet", checksummed(wallet), False))
        elif hit.kind == "stated":
            payee = of_payee(index, hit.key)
            hits.append(HitShown(payee.kind, payee.id, True))
        else:
            hits.append(HitShown(hit.kind, to_hex(hit.key), False))
    return SearchShown(text, hits)


def _shortened(text: str) -> tuple[str, str]:
    """How an ID begins and ends that was copied as pages show it, as ``0x102c9a…61a5``; of any
    other text the whole, and nothing."""
    found = _SHORT.fullmatch(text.strip())
    return (found[1], found[2].lower()) if found else (text, "")
