"""Which models rest on one collection, by their own word or through others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    bindparam,
    case,
    exists,
    func,
    select,
    union,
)

from kiseki.core.values import bytes32
from kiseki.index.answers.pages import ALL
from kiseki.index.answers.records import chunks
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import Key, among, number_of

__all__ = ["Declaring", "RestingModel", "declaring", "first_models", "is_declared", "models_on"]


@dataclass(frozen=True, slots=True)
class Declaring:
    """That a model, or one that it rests on, declares a collection itself.

    Attributes:
        model: the model that was asked about.
        declares: the one that declares it: itself, or one that it rests on.
        developer: of that one, lowercase address.
        items: the root of the items that it declares, with their weights.
        weight: the sum of these weights.
    """

    model: bytes
    declares: bytes
    developer: str
    items: bytes
    weight: int


@dataclass(frozen=True, slots=True)
class RestingModel:
    """A model that rests on a collection, which a revocation of it would touch.

    Attributes:
        place: of its registration in the chain, the cursor for the next page.
        id: its ID.
        developer: whose it is, lowercase address.
        registered_at: when, Unix seconds.
        is_direct: whether it declares the collection itself.
    """

    place: int
    id: bytes
    developer: str
    registered_at: int
    is_direct: bool


_ID = bindparam("id", type_=Key())
_MOST = bindparam("most", type_=BigInteger)
_UNTIL = bindparam("until", type_=BigInteger)


def first_models(
    after: ColumnElement[int], name: str, most: ColumnElement[int] = _MOST
) -> CompoundSelect[Any]:
    """Where the first models after a place were registered that rest on one collection, so many at
    most. It costs nothing for what comes after them.

    Whatever declares it later than the last of them is under none of them. Of what rests on each
    that declares it, as many are read as are asked for, because the first of all are among them.
    """
    own, behind, above = (t.rests.alias(f"{each}_{name}") for each in ("own", "behind", "above"))
    last = (
        select(behind.c.at)
        .where(behind.c.key == _ID, behind.c.at > after)
        .order_by(behind.c.at)
        .limit(1)
        .offset(most)
        .scalar_subquery()
    )
    until = func.coalesce(last, ALL)
    declared = select(own.c.at).where(own.c.key == _ID, own.c.at > after, own.c.at < until)
    each = (
        select(number_of(t.model.c.id).label("id"))
        .join(own, own.c.at == t.model.c.at)
        .where(own.c.key == _ID, own.c.at < until)
        .subquery(f"each_{name}")
    )
    enough = (
        select(behind.c.at)
        .where(number_of(behind.c.key) == each.c.id, behind.c.at > after)
        .order_by(behind.c.at)
        .limit(1)
        .offset(most)
        .correlate(each)
        .scalar_subquery()
    )
    through = (
        select(above.c.at)
        .join_from(each, above, number_of(above.c.key) == each.c.id)
        .where(above.c.at > after, above.c.at <= func.coalesce(enough, ALL), above.c.at < until)
    )
    return union(declared, through).order_by("at").limit(most)


def is_declared(made: ColumnElement[int]) -> ColumnElement[int]:
    """Whether the model of a place declares the collection itself."""
    one = t.rests.alias("declares")
    return case((exists().where(one.c.key == _ID, one.c.at == made), 1), else_=0)


_ON = first_models(bindparam("after", type_=BigInteger), "on").subquery("places")
_MODELS_ON = (
    select(
        t.model.c.at, t.model.c.id, t.model.c.developer, t.time_of(t.model.c.at),
        is_declared(t.model.c.at),
    )
    .join(_ON, _ON.c.at == t.model.c.at)
    .where(t.model.c.at <= _UNTIL)
    .order_by(t.model.c.at)
)  # fmt: skip


def models_on(
    store: Store, collection: bytes, after: int = -1, most: int = 100, at: int | None = None
) -> list[RestingModel]:
    """Models that rest on a collection, also through others, earliest first; of batches nothing.

    Args:
        after: the place of the last one that is known.
        most: how many at most.
        at: the last place of the chain that counts; all when left out.
    """
    which, until = bytes32(collection, "the collection"), ALL if at is None else at
    rows = store.rows(_MODELS_ON, id=which, after=after, most=most, until=until)
    return [
        RestingModel(at, model, developer, time, bool(direct))
        for at, model, developer, time, direct in rows
    ]


_OTHER = t.model.alias("other")
_DECLARING = (
    select(
        t.ancestor.c.group_id, _OTHER.c.id, _OTHER.c.developer, t.source.c["items"],
        t.source.c.weight,
    )
    .join(t.source, t.source.c.group_id == t.ancestor.c.model)
    .join(_OTHER, _OTHER.c.id == t.ancestor.c.model)
    .where(among(t.ancestor.c.group_id, "models"))
    .where(t.source.c.collection == _ID)
    .order_by(t.ancestor.c.at, t.ancestor.c.place)
)  # fmt: skip


def declaring(store: Store, collection: bytes, models: Iterable[bytes]) -> list[Declaring]:
    """Which models declare a collection themselves, of some models and all that they rest on."""
    which = bytes32(collection, "the collection")
    return [
        Declaring(*row)
        for asked in chunks(models)
        for row in store.rows(_DECLARING, id=which, models=asked)
    ]
