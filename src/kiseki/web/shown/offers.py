"""What pages tell of an offer of licences."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.offer import USES
from kiseki.core.values import ZERO32, to_hex
from kiseki.index import Index
from kiseki.web.shown.values import PayeeShown, of_payee

__all__ = ["OfferShown", "offer"]

_ANY = 2**32 - 1


@dataclass(frozen=True, slots=True)
class OfferShown:
    """An offer.

    Attributes:
        key: its ID.
        subject: what a licence of it is for.
        owner: who offered it. Where the rights are somebody else's by now, it has lapsed.
        price, token: what one costs: base units, and the currency; the zero address is ether.
        uses: what it allows.
        duration: seconds that a licence lasts from being bought; zero without end.
        until: last second at which it can be bought, Unix seconds; zero without end.
        supply: how many can be bought; none for any number.
        sold: how many were.
        named: whether only buyers who are named in a list may buy it; the list is not on the chain.
        document: the hash of the licence, or zero.
        offered_at: when.
        ended: whether its owner ended or replaced it.
        over: whether it can be bought by nobody any more: ended, sold out, or its time is over.
    """

    key: str
    subject: PayeeShown
    owner: str
    price: str
    token: str
    uses: list[str]
    duration: int
    until: str
    supply: int | None
    sold: int
    named: bool
    document: str
    offered_at: int
    ended: bool
    over: bool


def offer(index: Index, key: bytes) -> OfferShown:
    """An offer that was made.

    Raises:
        NotInIndex: there is none.
    """
    record = index.agreements.offer(key)
    made = record.offer
    subject = of_payee(index, ids.subject(made.registry, made.id))
    late = bool(made.until) and made.until < index.time
    return OfferShown(
        to_hex(key),
        subject,
        checksummed(record.owner),
        str(made.price),
        checksummed(made.token),
        [str(use.name).lower() for use in USES if use in made.uses],
        made.duration,
        str(made.until),
        None if made.supply == _ANY else made.supply,
        record.sold,
        made.buyers != ZERO32,
        to_hex(made.document),
        record.offered_at,
        record.ended,
        record.left <= 0 or late,
    )
