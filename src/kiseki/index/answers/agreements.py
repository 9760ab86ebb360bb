"""What was agreed, and what became of it: conditional transfers, offers, licences, waterfalls."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Executable, Select, and_, bindparam, func, select

from kiseki.core import documents
from kiseki.core.conditions import Condition
from kiseki.core.offer import Offer, licence_ends
from kiseki.core.schedule import Schedule
from kiseki.core.terms import Use
from kiseki.core.texts import read_offer, read_plan
from kiseki.core.values import address, address_text, bytes32, from_hex, to_hex
from kiseki.core.waterfall import Plan
from kiseki.errors import NotInIndex
from kiseki.index.answers.pages import ALL, paged, place_after
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.types import number_of

__all__ = [
    "Agreements",
    "HeldRecord",
    "LicenceRecord",
    "OfferRecord",
    "Purchase",
    "ScheduleRecord",
    "TokenRecord",
]


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A rights token.

    Attributes:
        number: 32 bytes.
        registry: the contract that registered what it stands for, in lower case.
        id: the ID of that, 32 bytes.
        holder: lower case; none before it is minted.
        minted_at: Unix seconds; none before it is minted.
        document: the hash of the agreement behind it, or zero; none before it is minted.
        royalty_bps: the part of a resale that goes to its subject, hundredths of a percent; none
            before it is minted.
    """

    number: bytes
    registry: str
    id: bytes
    holder: str | None
    minted_at: int | None
    document: bytes | None
    royalty_bps: int | None


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A rights token that a wallet holds.

    Attributes:
        place: where the wallet got it in the chain, the cursor for the next page.
        registry: the contract that registered what it stands for, in lower case.
        id: the ID of that, 32 bytes.
    """

    place: int
    registry: str
    id: bytes


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """A conditional transfer.

    Attributes:
        id: 32 bytes.
        schedule: what was agreed.
        shares: with ``total``, the part of what is paid to the subject that reached the token when
            it was scheduled, and so came along; both zero for nothing.
        total: of the split that pays it; 1 of 1 where the token itself is the payee.
        state: ``open``, ``executed`` or ``lapsed``.
        scheduled_at: Unix seconds.
        ended_at: likewise; none while it is open.
        transaction: that scheduled it, 32 bytes.
    """

    id: bytes
    schedule: Schedule
    shares: int
    total: int
    state: str
    scheduled_at: int
    ended_at: int | None
    transaction: bytes


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """An offer of licences.

    Attributes:
        key: 32 bytes.
        offer: what is offered.
        subject: that it is for, 32 bytes.
        owner: who offered it, lower case; with another owner it has lapsed.
        sold: how many were bought.
        ended: whether its owner ended or replaced it.
        offered_at: Unix seconds.
    """

    key: bytes
    offer: Offer
    subject: bytes
    owner: str
    sold: int
    ended: bool
    offered_at: int

    @property
    def left(self) -> int:
        """How many can still be bought, as far as supply goes."""
        return 0 if self.ended else self.offer.supply - self.sold


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    """What was bought for somebody of one subject, by whoever paid.

    Attributes:
        subject: 32 bytes.
        licensee: lower case.
        until: use -> last second at which it is allowed; `FOREVER` without end.
        offers: the offers bought, earliest first.
        payers: who paid for each of them, lower case; the licensee or anybody else.
        place: of the first purchase in the chain, the cursor for the next page.
    """

    subject: bytes
    licensee: str
    until: Mapping[Use, int]
    offers: tuple[bytes, ...]
    payers: tuple[str, ...]
    place: int

    def allows(self, use: Use, now: int) -> bool:
        """Whether it is licensed at a time, in Unix seconds."""
        return bool(use) and all(now <= self.until.get(each, -1) for each in use)


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one purchase came to.

    Attributes:
        block: in which it was made.
        until: use -> last second at which the licensee is allowed it since then, also by earlier
            purchases.
    """

    block: int
    until: Mapping[Use, int]


_HOLDER = (
    select(t.transfer.c.holder)
    .where(t.transfer.c.token == t.rights.c.token)
    .order_by(t.transfer.c.at.desc())
    .limit(1)
    .scalar_subquery()
)
_TOKEN = (
    select(
        t.rights.c.registry,
        t.rights.c.id,
        _HOLDER,
        t.time_of(t.mint.c.at),
        t.mint.c.document,
        t.mint.c.royalty_bps,
    )
    .outerjoin(t.mint, t.mint.c.token == t.rights.c.token)
    .where(t.rights.c.token == bindparam("token"))
)
_HELD_BY = (
    select(t.transfer.c.holder)
    .where(t.transfer.c.token == bindparam("token"))
    .order_by(t.transfer.c.at.desc())
    .limit(1)
)
_LATER = t.transfer.alias("later")
_HELD = paged(
    select(t.transfer.c.at, t.rights.c.registry, t.rights.c.id)
    .join(t.transfer, t.transfer.c.token == t.rights.c.token)
    .where(t.transfer.c.holder == bindparam("wallet"))
    .where(
        ~select(_LATER.c.at)
        .where(_LATER.c.token == t.transfer.c.token)
        .where(_LATER.c.at > t.transfer.c.at)
        .exists()
    )
    .order_by(t.transfer.c.at),
    t.transfer,
)

_SCHEDULES = (
    select(
        *(t.schedule.c[name] for name in ("id", "token", "nonce", "holder", "beneficiary")),
        *(t.schedule.c[name] for name in ("conditions", "deadline", "shares", "total")),
        t.time_of(t.schedule.c.at),
        t.transaction_of(t.schedule.c.at),
        t.schedule_end.c.how,
        t.time_of(t.schedule_end.c.at),
    )
    .outerjoin(t.schedule_end, t.schedule_end.c.id == t.schedule.c.id)
    .order_by(t.schedule.c.at)
)
_SCHEDULE = _SCHEDULES.where(t.schedule.c.id == bindparam("id"))
_SCHEDULES = paged(_SCHEDULES, t.schedule)
_OPEN = t.schedule_end.c.how.is_(None)
_SCHEDULES_OF = _SCHEDULES.where(
    (t.schedule.c.holder == bindparam("party")) | (t.schedule.c.beneficiary == bindparam("party"))
)
_SCHEDULES_ASKED = {
    (False, False): _SCHEDULES,
    (False, True): _SCHEDULES.where(_OPEN),
    (True, False): _SCHEDULES_OF,
    (True, True): _SCHEDULES_OF.where(_OPEN),
}
"""(whether of a party, whether only open ones) -> the question."""

_OFFERS = select(
    t.offer.c.id,
    t.offer.c.subject,
    t.offer.c.owner,
    t.offer.c.document,
    t.time_of(t.offer.c.at),
    select(func.count()).where(t.licence.c.offer == t.offer.c.id).scalar_subquery(),
    select(t.offer_end.c.at).where(t.offer_end.c.id == t.offer.c.id).exists(),
).order_by(t.offer.c.at)
_OFFER = _OFFERS.where(t.offer.c.id == bindparam("id"))
_OFFERS = paged(_OFFERS, t.offer)
_OFFERS_FOR = _OFFERS.where(t.offer.c.subject == bindparam("subject"))

_FIRST, _BEFORE = t.licence.alias("first"), t.licence.alias("before")
_FIRSTS = paged(
    select(_FIRST.c.at, number_of(_FIRST.c.subject), number_of(_FIRST.c.licensee))
    .where(
        ~select(_BEFORE.c.at)
        .where(_BEFORE.c.subject == _FIRST.c.subject)
        .where(_BEFORE.c.licensee == _FIRST.c.licensee)
        .where(_BEFORE.c.at < _FIRST.c.at)
        .exists()
    )
    .order_by(_FIRST.c.at),
    _FIRST,
)
"""A licensee's first purchase of each subject."""
_FOR, _TO = (
    _FIRST.c.subject == bindparam("subject"),
    _FIRST.c.licensee == bindparam("licensee"),
)


def _licences(firsts: Select[Any]) -> Select[Any]:
    page = firsts.subquery("page")
    at, subject, licensee = page.c
    return (
        select(
            at,
            t.licence.c.offer,
            t.licence.c.subject,
            t.licence.c.licensee,
            t.licence.c.payer,
            t.licence.c.ends,
        )
        .join(t.licence, and_(number_of(t.licence.c.subject) == subject,
                              number_of(t.licence.c.licensee) == licensee))
        .order_by(at, t.licence.c.at)
    )  # fmt: skip


_LICENCES_ASKED = {
    (): _licences(_FIRSTS),
    ("subject",): _licences(_FIRSTS.where(_FOR)),
    ("licensee",): _licences(_FIRSTS.where(_TO)),
    ("subject", "licensee"): _licences(_FIRSTS.where(_FOR, _TO)),
}
"""What is given -> the question."""
_PURCHASES = (
    select(t.block_of(t.licence.c.at), t.licence.c.ends)
    .where(
        t.licence.c.subject == bindparam("subject"), t.licence.c.licensee == bindparam("licensee")
    )
    .order_by(t.licence.c.at)
)

_WATERFALLS = select(t.waterfall.c.address, t.waterfall.c.plan).order_by(t.waterfall.c.at)
_WATERFALL = select(t.waterfall.c.plan).where(t.waterfall.c.address == bindparam("at"))


class Agreements:
    """Questions about what was agreed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def held(self, wallet: str, after: int = -1, most: int = ALL) -> list[HeldRecord]:
        """The minted rights tokens that a wallet holds, those it got last at the end.

        Args:
            after: the place of the last one of the page before.
            most: how many at most.
        """
        who = address_text(address(wallet, "the wallet"))
        rows = self._store.rows(_HELD, wallet=who, after=after, most=most)
        return [HeldRecord(*row) for row in rows]

    def holder(self, number: bytes) -> str | None:
        """Who holds a rights token, in lower case; nobody before it is minted.

        Args:
            number: its number, 32 bytes.
        """
        row = self._store.row(_HELD_BY, token=bytes32(number, "the number of a rights token"))
        return None if row is None else str(row[0])

    def token(self, number: bytes) -> TokenRecord:
        """A rights token, minted or put on record.

        Args:
            number: its number, 32 bytes.

        Raises:
            NotInIndex: nobody minted it or put it on record.
        """
        row = self._store.row(_TOKEN, token=bytes32(number, "the number of a rights token"))
        if row is None:
            raise NotInIndex(
                f"no rights token {to_hex(number)} up to this block; is it on this chain?"
            )
        return TokenRecord(number, *row)

    def schedules(
        self,
        *,
        open_only: bool = False,
        party: str | None = None,
        after: bytes | None = None,
        most: int = ALL,
    ) -> list[ScheduleRecord]:
        """Conditional transfers, earliest first.

        Args:
            open_only: those that were neither executed nor lapsed.
            party: those of this holder or beneficiary.
            after: the ID of the last one of the page before.
            most: how many at most.
        """
        values: dict[str, str | int] = {
            "after": place_after(self._store, t.schedule, after, "schedule"),
            "most": most,
        }
        if party is not None:
            values["party"] = address_text(address(party, "the party"))
        question = _SCHEDULES_ASKED[party is not None, open_only]
        return [self._schedule(row) for row in self._store.rows(question, **values)]

    def schedule(self, key: bytes) -> ScheduleRecord:
        """One of them.

        Raises:
            NotInIndex: there is no such schedule.
        """
        row = self._store.row(_SCHEDULE, id=key)
        if row is None:
            raise NotInIndex(f"no schedule {to_hex(key)} up to this block; is it on this chain?")
        return self._schedule(row)

    def offers(
        self, subject: bytes | None = None, after: bytes | None = None, most: int = ALL
    ) -> list[OfferRecord]:
        """All offers, or those of a subject, earliest first.

        Args:
            after: the key of the last one of the page before.
            most: how many at most.
        """
        place = place_after(self._store, t.offer, after, "offer")
        if subject is None:
            return self._offers(_OFFERS, after=place, most=most)
        return self._offers(_OFFERS_FOR, subject=subject, after=place, most=most)

    def offer(self, key: bytes) -> OfferRecord:
        """One of them.

        Raises:
            NotInIndex: there is no such offer.
        """
        for offer in self._offers(_OFFER, id=key):
            return offer
        raise NotInIndex(f"no offer {to_hex(key)} up to this block; is it on this chain?")

    def _offers(self, question: Executable, **values: bytes | int) -> list[OfferRecord]:
        return [
            OfferRecord(key, read_offer(text), subject, owner, sold, bool(ended), time)
            for key, subject, owner, text, time, sold, ended in self._store.rows(question, **values)
        ]

    def licences(
        self,
        licensee: str | None = None,
        subject: bytes | None = None,
        after: int = -1,
        most: int = ALL,
    ) -> list[LicenceRecord]:
        """What everybody is licensed for, the first first: bought again, it lasts longer.

        Args:
            licensee: only what this wallet is licensed for.
            subject: only licences of this one.
            after: the place of the last one of the page before.
            most: how many at most.
        """
        values: dict[str, str | bytes] = {}
        if subject is not None:
            values["subject"] = subject
        if licensee is not None:
            values["licensee"] = address_text(address(licensee, "the licensee"))
        question = _LICENCES_ASKED[tuple(values)]
        rows = self._store.rows(question, **values, after=after, most=most)
        return [_licence(place, list(bought)) for place, bought in groupby(rows, itemgetter(0))]

    def purchases(self, licensee: str, subject: bytes) -> list[Purchase]:
        """What was bought for somebody of one subject, each purchase, the first first. It tells
        what was licensed at a time of the past, also between two licences."""
        who = address_text(address(licensee, "the licensee"))
        rows = self._store.rows(_PURCHASES, licensee=who, subject=bytes32(subject, "the subject"))
        return [Purchase(block, licence_ends(ends)) for block, ends in rows]

    def waterfalls(self) -> dict[str, Plan]:
        """Address, in lower case -> plan, of all that were made known."""
        return {at: read_plan(text) for at, text in self._store.rows(_WATERFALLS)}

    def waterfall(self, at: str) -> Plan:
        """The plan of one of them.

        Raises:
            NotInIndex: there is no waterfall at that address.
        """
        where = address_text(address(at, "the waterfall"))
        row = self._store.row(_WATERFALL, at=where)
        if row is None:
            raise NotInIndex(f"no waterfall {where} up to this block; is it on this chain?")
        return read_plan(row[0])

    def _schedule(self, row: Row) -> ScheduleRecord:
        key, token, nonce, holder, beneficiary, listed, deadline, *rest = row
        shares, total, at, tx, how, ended = rest
        conditions = tuple(
            Condition(check, from_hex(data, None, "a condition"))
            for check, data in documents.parse(listed)["conditions"]
        )
        number = int.from_bytes(token)
        schedule = Schedule(number, nonce, holder, beneficiary, conditions, deadline)
        return ScheduleRecord(key, schedule, shares, total, how or "open", at, ended, tx)


def _licence(place: int, bought: list[Row]) -> LicenceRecord:
    """What one licensee bought of one subject."""
    until: dict[Use, int] = {}
    for *_, ends in bought:
        until.update(licence_ends(ends))
    _, _, subject, licensee, *_ = bought[0]
    offers, payers = tuple(row[1] for row in bought), tuple(row[4] for row in bought)
    return LicenceRecord(subject, licensee, until, offers, payers, place)
