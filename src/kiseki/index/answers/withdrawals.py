"""Which models a revocation touches: all that rest on what was revoked, through any number of
others.

A row is one revocation, one collection and one model. It stands at the place from which on all
three are known: a model that is registered in the notice is touched when it is registered, an item
whose collection logs it late when it is logged. So later rows never come before earlier ones, and
whoever has seen all rows up to a place misses none by asking for what comes after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    select,
    tuple_,
    union,
    union_all,
)

from kiseki.core import ids
from kiseki.core.terms import ITEM_NOTICE
from kiseki.core.values import address, address_text, bytes32
from kiseki.errors import InvalidInput
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.records import chunks, consent_ends
from kiseki.index.answers.resting import first_models, is_declared
from kiseki.index.answers.values import Statement
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Address, Key, among, number_of, raws

__all__ = [
    "LATER",
    "OF",
    "Of",
    "Withdrawal",
    "said_by_registrants",
    "withdrawals_of",
]

Of = Literal["developer", "provider", "model", "collection", "item"]
OF = ("developer", "provider", "model", "collection", "item")
"""Whose withdrawals can be asked for."""

LATER = 50
"""How many models of a developer are looked at for one that leaves a collection out."""

_WIDTH = 8
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That consent was revoked to a collection, or to an item in it, on which a model rests.

    Attributes:
        place: from which on all of it is known.
        known_at: the time of that place, Unix seconds.
        kind: ``collection`` or ``item``.
        id: of what was revoked.
        collection: the collection itself, or one that logged the item.
        provider: who revoked, lowercase address.
        revoked_at: when, Unix seconds.
        ends_at: the first second at which new uses are refused, notice and validity included.
        transaction: in which it was revoked, 32 bytes.
        model: ID of the model.
        developer: whose it is, lowercase address.
        registered_at: when the model was registered. It stays registered.
        is_direct: whether the model itself declares the collection, or only rests on one that does.
        without: the first model that this developer registered after the revocation and that does
            not rest on the collection; none where there is no such model among the first
            `LATER`.
        more_later: whether there are more of them, which were not looked at.
        cursor: of this row, for the page after it.
    """

    place: int
    known_at: int
    kind: str
    id: bytes
    collection: bytes
    provider: str
    revoked_at: int
    ends_at: int
    transaction: bytes
    model: bytes
    developer: str
    registered_at: int
    is_direct: bool
    without: bytes | None
    more_later: bool
    cursor: bytes


_UNTIL = bindparam("until", type_=BigInteger)
_SINCE = [bindparam(f"since{i}", type_=BigInteger) for i in range(_PLACES)]
_MOST = bindparam("most", type_=BigInteger)
_ID = bindparam("id", type_=Key())
_WHO = bindparam("who", type_=Address())


def _later(one: ColumnElement[int], other: ColumnElement[int]) -> ColumnElement[int]:
    return case((one > other, one), else_=other)


def _resting(*where: ColumnElement[bool]) -> Select[Any]:
    """Models, each with every collection that it rests on."""
    return (
        select(
            t.model.c.at.label("made"),
            number_of(t.source.c.collection).label("collection"),
            func.max(case((t.source.c.group_id == t.model.c.id, 1), else_=0)).label("direct"),
        )
        .select_from(t.model)
        .join(t.ancestor, t.ancestor.c.group_id == t.model.c.id)  # a model is one of its own
        .join(t.source, t.source.c.group_id == t.ancestor.c.model)
        .where(*where)
        .group_by(t.model.c.at, number_of(t.source.c.collection))
    )


def _revoked(collections: Iterable[Any], items: Iterable[Any]) -> Select[Any]:
    """Collections that were revoked, and those that logged an item that was."""
    whole = (
        select(
            t.revocation.c.at.label("revoked"),
            t.revocation.c.at.label("known"),
            number_of(t.collection.c.id).label("collection"),
            null().label("item"),
        )
        .select_from(t.revocation)
        .join(t.collection, t.collection.c.id == t.revocation.c.collection)
        .where(*collections)
    )
    single = (
        select(
            t.item_revocation.c.at,
            _later(t.item_revocation.c.at, t.published.c.at),
            number_of(t.collection.c.id),
            number_of(t.item_revocation.c.item),
        )
        .select_from(t.item_revocation)
        .join(t.published, t.published.c.commitment == t.item_revocation.c.commitment)
        .join(
            t.collection,
            and_(
                t.collection.c.id == t.published.c.group_id,
                t.collection.c.provider == t.item_revocation.c.provider,
            ),
        )
        .where(*items)
    )
    return select(union_all(whole, single).subquery("each"))


@cache
def _question(of: Of, newest: bool) -> Select[Any]:
    if of in ("developer", "model"):
        mine = t.model.c.developer == _WHO if of == "developer" else t.model.c.id == _ID
        resting = _resting(mine).cte("resting").prefix_with("MATERIALIZED")
        used = select(resting.c.collection)
        providers = select(number_of(t.collection.c.provider)).where(
            number_of(t.collection.c.id).in_(used)
        )
        revoked = _revoked(
            [number_of(t.revocation.c.collection).in_(used)],
            [number_of(t.item_revocation.c.provider).in_(providers),
             number_of(t.published.c.group_id).in_(used)],
        ).cte("revoked").prefix_with("MATERIALIZED")  # fmt: skip
    else:
        named: dict[str, tuple[Any, Any]] = {
            "provider": (t.collection.c.provider == _WHO, t.item_revocation.c.provider == _WHO),
            "collection": (t.revocation.c.collection == _ID, t.published.c.group_id == _ID),
            "item": (literal(0) == 1, t.item_revocation.c.item == _ID),
        }
        whole, single = named[of]
        of_provider = []
        if of == "collection":  # its provider's revocations, rather than all that it logged
            of_provider = [
                number_of(t.item_revocation.c.provider)
                == select(number_of(t.collection.c.provider))
                .where(t.collection.c.id == _ID)
                .scalar_subquery()
            ]
        revoked = _revoked([whole], [single, *of_provider]).cte("revoked")
        revoked = revoked.prefix_with("MATERIALIZED")
        if of == "collection" and not newest:
            return _page(*_near(revoked), newest)
        resting = (
            _resting(number_of(t.source.c.collection).in_(select(revoked.c.collection)))
            .cte("resting")
            .prefix_with("MATERIALIZED")
        )
    return _page(resting, revoked, newest)


def _near(revoked: CTE) -> tuple[CTE, CTE]:
    """Of one collection, the models and the revocations that the next page can hold, earliest
    first.

    A place at which a revocation or a model is known makes a row with each model, or revocation,
    that was known before, and one at least from the place on from which there are both. So as many
    as a page has rows are enough: of models the first of all, and those from the one of the last
    row on; of revocations those in whose order rows of one place stand, and the first behind that
    place.
    """
    last, same, beyond = _SINCE[0], _SINCE[1], _SINCE[2]
    places = union(
        *(
            select(first_models(after, name, _MOST + 1).subquery(name).c.at)
            for name, after in (("first", literal(-1)), ("next", beyond - 1))
        )
    ).subquery("places")
    which = select(number_of(t.collection.c.id)).where(t.collection.c.id == _ID).scalar_subquery()
    resting = (
        select(
            places.c.at.label("made"),
            which.label("collection"),
            is_declared(places.c.at).label("direct"),
        )
        .cte("resting")
        .prefix_with("MATERIALIZED")
    )
    begin = _later(last, select(func.coalesce(func.min(resting.c.made), ALL)).scalar_subquery())
    each = revoked.c
    near = [
        select(revoked).where(*where).order_by(*order).limit(_MOST + 1)
        for where, order in (
            ((each.known <= begin,), (each.revoked,)),
            ((each.known <= begin, each.revoked >= same), (each.revoked,)),
            ((each.known == last, each.revoked >= same), (each.revoked,)),
            ((each.known > begin,), (each.known, each.revoked)),
        )
    ]
    some = union(*(select(one.subquery(f"near{i}")) for i, one in enumerate(near)))
    return resting, some.cte("near").prefix_with("MATERIALIZED")


def _page(resting: Any, revoked: Any, newest: bool) -> Select[Any]:
    """A page of what was revoked and rests."""
    pairs = (
        select(
            _later(revoked.c.known, resting.c.made).label("place"),
            revoked.c.revoked.label("revoked"),
            resting.c.made.label("made"),
            t.collection.c.at.label("home"),
            revoked.c.item.label("item"),
            resting.c.direct.label("direct"),
        )
        .select_from(resting)
        .join(revoked, revoked.c.collection == resting.c.collection)
        .join(t.collection, number_of(t.collection.c.id) == revoked.c.collection)
        .join(t.terms, t.terms.c.id == t.collection.c.terms)
        .where(t.terms.c.notice.is_not(None))  # else nothing is revoked, whatever was logged
        .subquery("pairs")
    )
    order = (pairs.c.place, pairs.c.revoked, pairs.c.made, pairs.c.home)
    here, there = tuple_(*order), tuple_(*_SINCE)
    few = (
        select(pairs)
        .where(pairs.c.place <= _UNTIL, here < there if newest else here > there)
        .order_by(*(each.desc() if newest else each for each in order))
        .limit(_MOST)
        .subquery("few")
    )
    later = t.model.alias("later")
    above = t.ancestor.join(t.source, t.source.c.group_id == t.ancestor.c.model)
    rests = (
        exists()
        .select_from(above)
        .where(t.ancestor.c.group_id == later.c.id)
        .where(number_of(t.source.c.collection) == number_of(t.collection.c.id))
        .correlate(later, t.collection)
    )
    behind = t.model.alias("behind")
    soon = (
        select(behind.c.at)
        .where(number_of(behind.c.developer) == number_of(t.model.c.developer))
        .where(behind.c.at > few.c.revoked, behind.c.at <= _UNTIL)
        .order_by(behind.c.at)
        .limit(1)
        .offset(LATER)
        .correlate(few, t.model)
        .scalar_subquery()
    )
    without = (
        select(later.c.id)
        .where(number_of(later.c.developer) == number_of(t.model.c.developer))
        .where(later.c.at > few.c.revoked, later.c.at < func.coalesce(soon, _UNTIL + 1), ~rests)
        .order_by(later.c.at)
        .limit(1)
        .correlate(few, t.model, t.collection)
        .scalar_subquery()
    )
    shown = (few.c.place, few.c.revoked, few.c.made, few.c.home)
    return (
        select(
            *shown,
            select(t.item_revocation.c.item)
            .where(t.item_revocation.c.at == few.c.revoked)
            .correlate(few)
            .scalar_subquery(),
            few.c.direct,
            t.time_of(few.c.place),
            t.collection.c.id,
            t.collection.c.provider,
            t.time_of(few.c.revoked),
            t.terms.c.until,
            t.terms.c.notice,
            t.transaction_of(few.c.revoked),
            t.model.c.id,
            t.model.c.developer,
            t.time_of(t.model.c.at),
            without,
            soon.is_not(None),
        )
        .select_from(few)
        .join(t.collection, t.collection.c.at == few.c.home)
        .join(t.terms, t.terms.c.id == t.collection.c.terms)
        .join(t.model, t.model.c.at == few.c.made)
        .order_by(*(each.desc() if newest else each for each in shown))
    )


def withdrawals_of(
    store: Store,
    of: Of,
    key: str | bytes,
    after: bytes = b"",
    most: int = 100,
    *,
    newest: bool = False,
    at: int | None = None,
) -> list[Withdrawal]:
    """Revocations, each with a model that rests on what was revoked, in the order in which they
    came to be.

    Args:
        of: whose: of a ``developer`` (what touches its models), a ``provider`` (what it revoked),
            one ``model``, one ``collection`` (also of its items), or one ``item``.
        key: the wallet's address, or the ID.
        after: the `cursor` of the last row of the page before.
        most: how many at most.
        newest: the other way round.
        at: the last place of the chain that counts; all when left out.

    Raises:
        InvalidInput: the address, the ID or the cursor has a wrong form.
    """
    if of not in OF:
        raise InvalidInput(f"withdrawals are of a {', '.join(OF)}, not {of!r:.40}")
    named: dict[str, Any] = {}
    if of in ("developer", "provider"):
        named["who"] = address_text(address(key, f"the {of}"))
    else:
        named["id"] = bytes32(key, f"the {of}")
    if after and len(after) != _WIDTH * _PLACES:
        raise InvalidInput("`after` is not what a page before said; begin with the first page")
    starts = [ALL if newest else -1] * _PLACES
    if after:
        starts = [int.from_bytes(after[i : i + _WIDTH]) for i in range(0, len(after), _WIDTH)]
        starts = [min(each, (1 << 63) - 1) for each in starts]  # all that a database holds
    values = {f"since{i}": each for i, each in enumerate(starts)}
    until = ALL if at is None else at
    rows = store.rows(_question(of, newest), until=until, most=most, **values, **named)
    return [_made(*row) for row in rows]


def _made(
    place: int, revoked: int, made: int, home: int, item: bytes | None, direct: int,
    known_at: int, collection: bytes, provider: str, revoked_at: int, until: int | None,
    notice: int, transaction: bytes, model: bytes, developer: str, registered_at: int,
    without: bytes | None, more_later: bool,
) -> Withdrawal:  # fmt: skip
    ends = consent_ends(until, notice if item is None else max(notice, ITEM_NOTICE), revoked_at)
    assert ends is not None  # noqa: S101 - it was revoked, and can be
    return Withdrawal(
        place=place,
        known_at=known_at,
        kind="collection" if item is None else "item",
        id=collection if item is None else bytes(item),
        collection=collection,
        provider=provider,
        revoked_at=revoked_at,
        ends_at=ends,
        transaction=bytes(transaction),
        model=model,
        developer=developer,
        registered_at=registered_at,
        is_direct=bool(direct),
        without=without,
        more_later=bool(more_later),
        cursor=b"".join(each.to_bytes(_WIDTH) for each in (place, revoked, made, home)),
    )


_SAID = (
    select(
        t.statement.c.subject,
        t.statement.c.speaker,
        t.statement.c.kind,
        t.statement.c.document,
        t.time_of(t.statement.c.at).label("time"),
        t.statement.c.at,
        func.row_number()
        .over(
            partition_by=(t.statement.c.subject, t.statement.c.speaker),
            order_by=t.statement.c.at.desc(),
        )
        .label("number"),
    )
    .where(among(t.statement.c.subject, "subjects"))
    .where(t.statement.c.kind == bindparam("kind"))
    .where(among(t.statement.c.speaker, "speakers"))
)


def said_by_registrants(
    store: Store, registry: str, groups: Mapping[bytes, str], kind: bytes, most: int
) -> dict[bytes, list[Statement]]:
    """What those who registered something said about it themselves, of one sort, earliest first.

    Args:
        registry: the address of its registry.
        groups: ID -> who registered it.
        kind: the sort.
        most: how many at most of each; the last ones.
    """
    found: dict[bytes, list[Statement]] = {each: [] for each in groups}
    about = {ids.subject(registry, each): each for each in groups}
    for asked in chunks(about):
        speakers = raws({groups[about[each]] for each in asked})
        inner = _SAID.subquery("said")
        question = select(inner).where(inner.c.number <= bindparam("most", type_=BigInteger))
        rows = store.rows(
            question.order_by(inner.c.at), subjects=asked, speakers=speakers, kind=kind, most=most
        )
        for subject, speaker, sort, document, time, at, _ in rows:
            group = about[bytes(subject)]
            if speaker == groups[group]:
                found[group].append(Statement(speaker, sort, document, time, at))
    return found
