"""What was agreed, and what became of it: conditional transfers, offers, licences, waterfalls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kiseki.core import documents
from kiseki.core.conditions import Condition
from kiseki.core.offer import Offer, licence_ends
from kiseki.core.schedule import Schedule
from kiseki.core.terms import Use
from kiseki.core.texts import read_offer, read_plan
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.core.waterfall import Plan
from kiseki.errors import NotInIndex
from kiseki.index.store.sqlite import Row, Store

__all__ = ["Agreements", "LicenceRecord", "OfferRecord", "ScheduleRecord"]


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
    """

    subject: bytes
    licensee: str
    until: Mapping[Use, int]
    offers: tuple[bytes, ...]
    payers: tuple[str, ...]

    def allows(self, use: Use, now: int) -> bool:
        """Whether it is licensed at a time, in Unix seconds."""
        return bool(use) and all(now <= self.until.get(each, -1) for each in use)


class Agreements:
    """Questions about what was agreed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def held(self, wallet: str) -> list[tuple[str, bytes]]:
        """The minted rights tokens that a wallet holds, those it got last at the end: the registry,
        in lower case, and the ID of what each stands for."""
        rows = self._store.rows(
            "SELECT registry, id FROM rights JOIN transfer AS t USING (token) WHERE t.holder = ?"
            " AND NOT EXISTS (SELECT 1 FROM transfer AS later WHERE later.token = t.token"
            " AND (later.block, later.position) > (t.block, t.position))"
            " ORDER BY t.block, t.position",
            address_text(address(wallet, "the wallet")),
        )
        return [(registry, group) for registry, group in rows]

    def schedules(self, *, open_only: bool = False) -> list[ScheduleRecord]:
        """All conditional transfers, earliest first."""
        where = " WHERE e.how IS NULL" if open_only else ""
        return [self._schedule(row) for row in self._rows(where)]

    def schedule(self, key: bytes) -> ScheduleRecord:
        """One of them.

        Raises:
            NotInIndex: there is no such schedule.
        """
        for row in self._rows(" WHERE s.id = ?", key):
            return self._schedule(row)
        raise NotInIndex(f"no schedule {to_hex(key)} up to this block; is it on this chain?")

    def offers(self, subject: bytes | None = None) -> list[OfferRecord]:
        """All offers, or those of a subject, earliest first."""
        if subject is None:
            return self._offers("")
        return self._offers(" WHERE o.subject = ?", subject)

    def offer(self, key: bytes) -> OfferRecord:
        """One of them.

        Raises:
            NotInIndex: there is no such offer.
        """
        for each in self._offers(" WHERE o.id = ?", key):
            return each
        raise NotInIndex(f"no offer {to_hex(key)} up to this block; is it on this chain?")

    def _offers(self, where: str, *values: bytes) -> list[OfferRecord]:
        rows = self._store.rows(
            "SELECT o.id, o.subject, o.owner, o.document, e.time,"  # noqa: S608
            " (SELECT count(*) FROM licence AS l WHERE l.offer = o.id),"
            " EXISTS (SELECT 1 FROM offer_end AS x WHERE x.id = o.id)"
            f" FROM offer AS o JOIN event AS e USING (block, position){where}"
            " ORDER BY o.block, o.position",
            *values,
        )
        return [
            OfferRecord(key, read_offer(text), subject, owner, sold, bool(ended), time)
            for key, subject, owner, text, time, sold, ended in rows
        ]

    def licences(self) -> list[LicenceRecord]:
        """What everybody is licensed for, the first first: bought again, it lasts longer."""
        found: dict[tuple[bytes, str], tuple[dict[Use, int], list[tuple[bytes, str]]]] = {}
        rows = self._store.rows(
            "SELECT offer, subject, licensee, payer, ends FROM licence ORDER BY block, position"
        )
        for key, subject, licensee, payer, ends in rows:
            until, bought = found.setdefault((subject, licensee), ({}, []))
            bought.append((key, payer))
            until.update(licence_ends(int(ends)))
        return [
            LicenceRecord(
                subject, licensee, until,
                tuple(key for key, _ in bought), tuple(payer for _, payer in bought),
            )
            for (subject, licensee), (until, bought) in found.items()
        ]  # fmt: skip

    def waterfalls(self) -> dict[str, Plan]:
        """Address, in lower case -> plan, of all that were made known."""
        rows = self._store.rows("SELECT address, plan FROM waterfall ORDER BY block, position")
        return {address: read_plan(text) for address, text in rows}

    def _rows(self, where: str, *values: bytes) -> Iterable[Row]:
        return self._store.rows(
            "SELECT s.id, token, nonce, holder, beneficiary, conditions, deadline, shares, total,"  # noqa: S608
            " b.time, b.tx, e.how, a.time FROM schedule AS s"
            " JOIN event AS b ON b.block = s.block AND b.position = s.position"
            " LEFT JOIN schedule_end AS e ON e.id = s.id"
            " LEFT JOIN event AS a ON a.block = e.block AND a.position = e.position"
            f"{where} ORDER BY s.block, s.position",
            *values,
        )

    def _schedule(self, row: Row) -> ScheduleRecord:
        key, token, nonce, holder, beneficiary, listed, deadline, *rest = row
        shares, total, at, tx, how, ended = rest
        conditions = tuple(
            Condition(check, from_hex(data, None, "a condition"))
            for check, data in documents.parse(listed)["conditions"]
        )
        number = int.from_bytes(token)
        schedule = Schedule(number, int(nonce), holder, beneficiary, conditions, int(deadline))
        part = int(shares), int(total)
        return ScheduleRecord(key, schedule, *part, how or "open", at, ended, tx)


# As text in the tables
