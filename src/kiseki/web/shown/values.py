"""What several pages tell: rows in pages, payees, terms, uses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.terms import Terms, Use
from kiseki.core.values import to_hex
from kiseki.index import Index, Usage
from kiseki.index.answers.standsfor import StandsFor

__all__ = [
    "ROWS",
    "PayeeShown",
    "Rows",
    "TermsShown",
    "UseRow",
    "address",
    "of_payee",
    "of_payees",
    "of_terms",
    "of_usage",
    "page",
]

ROWS = 50
"""Rows of a list that one page holds."""

_KINDS = {
    "DataRegistry": "collection",
    "ModelRegistry": "model",
    "OutputRegistry": "batch",
    "RightsToken": "token",
    "Identities": "identity",
}

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Rows(Generic[T]):
    """A part of a list.

    Attributes:
        rows: some of it, in the order of the list.
        after: what the next part is asked for with; none where there is no next part.
    """

    rows: list[T]
    after: str | None = None


def page(
    listed: Sequence[S], most: int, shown: Callable[[S], T], cursor: Callable[[S], str]
) -> Rows[T]:
    """A part of a list, of which one row more than `most` was asked for."""
    rows = listed[:most]
    after = cursor(rows[-1]) if len(listed) > most else None
    return Rows([shown(each) for each in rows], after)


def address(text: str) -> str:
    """An address as people check it; empty for none."""
    return checksummed(text) if text else ""


@dataclass(frozen=True, slots=True)
class PayeeShown:
    """Who is paid.

    Attributes:
        key: of the payee, 32 bytes.
        kind: ``wallet``, ``split``, ``collection``, ``model``, ``batch``, ``token``, ``identity``
            or ``unknown``, for what nobody published.
        id: the wallet, split, ID or number that the page is about; of what is unknown the key.
    """

    key: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class TermsShown:
    """Terms.

    Attributes:
        id: their hash.
        uses: which are allowed.
        royalty_bps, floor_bps: hundredths of a percent of gross.
        valid_until: last second at which they hold, Unix seconds; zero for ever.
        notice_seconds: how long consent holds after it was revoked.
        irrevocable: whether it is never revoked.
        gate: who says who may use it; the zero address where it is open to all.
        document: the hash of the licence, or zero.
        words: the same in a few sentences.
    """

    id: str
    uses: list[str]
    royalty_bps: int
    floor_bps: int
    valid_until: str
    notice_seconds: int
    irrevocable: bool
    gate: str
    document: str
    words: str


@dataclass(frozen=True, slots=True)
class UseRow:
    """That a model or batch declares a collection.

    Attributes:
        kind: ``model`` or ``batch``.
        id: of the model or batch.
        registrant: its developer or creator.
        time: when it was registered.
        collection: which.
        through: the model that was trained on it, where the user only rests on that one; else none.
        share: the exact part of the user's gross that goes to the collection this way.
    """

    kind: str
    id: str
    registrant: str
    time: int
    collection: str
    through: str | None
    share: str


def of_payees(index: Index, keys: Iterable[bytes]) -> dict[bytes, PayeeShown]:
    """Payee key -> who it stands for, as far as the index knows."""
    listed = list(dict.fromkeys(keys))
    names = {at.lower(): name for name, at in index.contracts}
    known = index.stands_for(each for each in listed if ids.wallet_address(each) is None)
    return {each: _payee(each, known.get(each), names) for each in listed}


def of_payee(index: Index, key: bytes) -> PayeeShown:
    """Who a payee key stands for, as far as the index knows."""
    return of_payees(index, [key])[key]


def _payee(key: bytes, known: StandsFor | None, names: Mapping[str, str]) -> PayeeShown:
    wallet = ids.wallet_address(key)
    if wallet is not None:
        return PayeeShown(to_hex(key), "wallet", checksummed(wallet))
    if known is not None and not known.contract:
        return PayeeShown(to_hex(key), "split", to_hex(key))
    kind = None if known is None else _KINDS.get(names.get(known.contract, ""))
    if known is None or kind is None:
        return PayeeShown(to_hex(key), "unknown", to_hex(key))
    return PayeeShown(to_hex(key), kind, to_hex(known.id))


def of_terms(terms: Terms, language: str, *, revocable: bool = True) -> TermsShown:
    """Terms in values and in words.

    Args:
        revocable: whether what is under them can be revoked at all; models cannot.
    """
    uses = [str(use.name).lower() for use in Use if use in terms.uses]
    return TermsShown(
        to_hex(terms.id),
        uses,
        terms.royalty_bps,
        terms.floor_bps,
        str(terms.valid_until),
        terms.notice_seconds,
        terms.irrevocable,
        checksummed(terms.gate),
        to_hex(terms.document),
        terms.words(language, revocable=revocable),
    )


def of_usage(each: Usage) -> UseRow:
    """One row of who declares what."""
    return UseRow(
        each.kind,
        to_hex(each.group),
        checksummed(each.registrant),
        each.time,
        to_hex(each.collection),
        None if each.through is None else to_hex(each.through),
        str(each.share),
    )
