"""What rests on a collection or model: the way down of a lineage, asked from its end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    bindparam,
    exists,
    func,
    or_,
    select,
    union,
)

from kiseki.core.values import bytes32
from kiseki.index.answers.pages import ALL
from kiseki.index.store import tables as t
from kiseki.index.store.database import Row, Store
from kiseki.index.store.types import Key, number_of, numbered

__all__ = [
    "Dependent",
    "Impact",
    "Resting",
    "dependents",
    "dependents_of",
    "impact_of",
    "received_by",
    "resting_on",
    "through",
]


@dataclass(frozen=True, slots=True)
class Dependent:
    """A model or batch that rests on something: on data, on a model, or on data under some terms.

    Attributes:
        place: of its registration in the chain, the cursor for the next page.
        kind: ``model`` or ``batch``.
        id: its ID.
        registrant: its developer or creator, lowercase address.
        time: when it was registered, Unix seconds.
        is_direct: whether it declares that itself, or only rests on a model that does.
        through: the models that it names itself and that rest on it; none where it is direct.
    """

    place: int
    kind: str
    id: bytes
    registrant: str
    time: int
    is_direct: bool
    through: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """How many models and batches rest on a collection or model, each counted once.

    Attributes:
        models, batches: all of them, through any number of models.
        direct_models, direct_batches: those of them that declare it themselves.
    """

    models: int
    batches: int
    direct_models: int
    direct_batches: int


@dataclass(frozen=True, slots=True)
class Resting:
    """How many models and batches rest on a collection or model, as far as they were counted.

    Attributes:
        models, batches: of those that were counted, each once.
        is_all: whether these are all; else more rest on it.
    """

    models: int
    batches: int
    is_all: bool


_ID = bindparam("id", type_=Key())
_AFTER, _UNTIL = bindparam("after", type_=BigInteger), bindparam("until", type_=BigInteger)
_WAYS = bindparam("ways", type_=BigInteger)


def _places(table: Table, *where: ColumnElement[bool]) -> Select[int]:
    return select(table.c.at).where(*where, table.c.at > _AFTER, table.c.at <= _UNTIL)


_TRAINED = select(number_of(t.source.c.group_id)).where(t.source.c.collection == _ID)
_RESTING = union(
    _places(t.source, t.source.c.collection == _ID),
    _places(t.ancestor, number_of(t.ancestor.c.model).in_(_TRAINED)),
    _places(t.ancestor, t.ancestor.c.model == _ID, t.ancestor.c.group_id != _ID),
)
"""Where what rests on it was registered. Sources and ancestors stand at the place of the model or
batch that they are of."""

_SORTS = tuple(
    some.limit(_WAYS).subquery(name)
    for name, some in (
        ("declared", _places(t.source, t.source.c.collection == _ID)),
        ("trained", _places(t.ancestor, number_of(t.ancestor.c.model).in_(_TRAINED.limit(_WAYS)))),
        ("above", _places(t.ancestor, t.ancestor.c.model == _ID, t.ancestor.c.group_id != _ID)),
    )
)
"""The same, and no more ways from it to what rests on it than so many of each sort: what two models
of its own rest on it through, there are two ways to."""
_SOME = (
    select(t.composed.c.kind, func.count())
    .where(t.composed.c.at.in_(union(*(select(sort.c.at) for sort in _SORTS))))
    .group_by(t.composed.c.kind)
)
_LOOKED = select(*(select(func.count()).select_from(s).scalar_subquery() for s in _SORTS))

_IS_DIRECT = or_(
    exists()
    .where(t.source.c.collection == _ID)
    .where(t.source.c.at == t.composed.c.at)
    .correlate(t.composed),
    number_of(t.composed.c.id).in_(
        select(number_of(t.base.c.group_id)).where(t.base.c.model == _ID)
    ),
).label("is_direct")
_EACH = (
    select(t.composed.c.kind, _IS_DIRECT).where(t.composed.c.at.in_(_RESTING)).subquery("resting")
)
_COUNTS = select(_EACH.c.kind, _EACH.c.is_direct, func.count()).group_by(
    _EACH.c.kind, _EACH.c.is_direct
)
_PAGE = (
    select(
        t.composed.c.at,
        t.composed.c.kind,
        t.composed.c.id,
        func.coalesce(t.model.c.developer, t.batch.c.creator),
        t.time_of(t.composed.c.at),
        _IS_DIRECT,
    )
    .outerjoin(t.model, t.model.c.at == t.composed.c.at)
    .outerjoin(t.batch, t.batch.c.at == t.composed.c.at)
    .where(t.composed.c.at.in_(_RESTING.order_by("at").limit(bindparam("most", type_=BigInteger))))
    .order_by(t.composed.c.at)
)


def through(to: ColumnElement[bool]) -> Select[Any]:
    """Through which of its own base models each of some users rests on something.

    Args:
        to: what it is, as a condition on `ancestor`.
    """
    return (
        select(t.composed.c.at, t.base.c.model)
        .distinct()
        .join(t.base, t.base.c.group_id == t.composed.c.id)
        .join(t.ancestor, t.ancestor.c.group_id == t.base.c.model)
        .where(numbered(t.composed.c.at, "places"), to)
    )


_THROUGH = through(or_(t.ancestor.c.model == _ID, number_of(t.ancestor.c.model).in_(_TRAINED)))


def dependents(
    store: Store, rows: Sequence[Row], question: Select[Any], **values: object
) -> list[Dependent]:
    """Rows that say all but `through`, and for those that are not direct, the answers to that.

    Args:
        question: made by `through`, with its values.
    """
    found: defaultdict[int, list[bytes]] = defaultdict(list)
    places = [place for place, *_, is_direct in rows if not is_direct]
    for place, model in store.rows(question, places=places, **values):
        found[place].append(model)
    return [Dependent(*(*row, tuple(sorted(found[row[0]])))) for row in rows]


def impact_of(store: Store, data: bytes, at: int | None = None) -> Impact:
    """How many models and batches rest on a collection or model.

    Args:
        data: its ID; on one that nobody registered nothing rests.
        at: the last place of the chain that counts; all when left out.
    """
    until = ALL if at is None else at
    rows = store.rows(_COUNTS, id=bytes32(data, "the ID"), after=-1, until=until)
    counts = {(row[0], bool(row[1])): row[2] for row in rows}
    models, batches = counts.get(("model", True), 0), counts.get(("batch", True), 0)
    return Impact(
        models=models + counts.get(("model", False), 0),
        batches=batches + counts.get(("batch", False), 0),
        direct_models=models,
        direct_batches=batches,
    )


def resting_on(store: Store, data: bytes, ways: int, at: int | None = None) -> Resting:
    """How many models and batches rest on a collection or model, which costs no more than so many
    ways from it to them, however many there are.

    Args:
        data: its ID; on one that nobody registered nothing rests.
        ways: how many are looked at of each sort: its own word, through a model that declares it,
            through a model that it is.
        at: the last place of the chain that counts; all when left out.
    """
    values = {"id": bytes32(data, "the ID"), "after": -1, "until": ALL if at is None else at}
    counts: dict[str, int] = dict(store.rows(_SOME, **values, ways=ways))
    looked = store.row(_LOOKED, **values, ways=ways + 1)
    assert looked is not None  # noqa: S101 - counts are always there
    return Resting(counts.get("model", 0), counts.get("batch", 0), max(looked) <= ways)


def dependents_of(
    store: Store, data: bytes, after: int = -1, most: int = 100, at: int | None = None
) -> list[Dependent]:
    """Models and batches that rest on a collection or model, earliest first.

    Args:
        data: its ID.
        after: the place of the last one that is known.
        most: how many at most.
        at: the last place of the chain that counts; all when left out.
    """
    until = ALL if at is None else at
    rows = store.rows(_PAGE, id=bytes32(data, "the ID"), after=after, most=most, until=until)
    return dependents(store, rows, _THROUGH, id=data)


_RECEIVED = select(t.account.c.received).where(
    t.account.c.key == bindparam("payee"), t.account.c.token == bindparam("token")
)
_CAME = tuple(
    select(table.c.amount)
    .where(table.c.payee == bindparam("payee"))
    .where(table.c.token == bindparam("token"))
    .where(table.c.at <= _UNTIL)
    for table in (t.deposit, t.claim, t.resolution)
)


def received_by(
    store: Store, payee: bytes, tokens: Iterable[str], at: int | None = None
) -> Mapping[str, int]:
    """What came in so far for a split or subject, in base units, for each of some tokens.

    Args:
        payee: its key: a collection's subject, or the split of a model or batch.
        tokens: addresses in lower case; the zero address is ether.
        at: the last place of the chain that counts, for which all that came in is summed; left
            out, the figure is there.
    """
    if at is None:
        rows = {token: store.row(_RECEIVED, payee=payee, token=token) for token in tokens}
        return {token: row[0] if row else 0 for token, row in rows.items()}
    values = {"payee": payee, "until": at}
    return {
        token: sum(
            amount for came in _CAME for (amount,) in store.rows(came, token=token, **values)
        )
        for token in tokens
    }
