"""Who gets which part of what is paid to a model: exact, by the code that composes its split.

`compose_model` is what the index composes a registered model with, and compares with what the
registry logged. So what is shown before is what stands there afterwards.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from kiseki.core import ids
from kiseki.core.compose import WHOLE, ModelSplits, Source, compose_model
from kiseki.core.split import Split
from kiseki.core.terms import Terms

if TYPE_CHECKING:
    from kiseki.index import Index

__all__ = ["Part", "Share", "composed", "millionths", "parts_of", "shift"]

REST, MODEL, COLLECTION = "rest", "model", "collection"
Part = tuple[str, bytes]
"""Of whom a part is: ``collection`` and its ID; ``model`` and the ID of a model below, for what its
developer asks; ``rest``, for what the developer of the model itself gets."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one part of a model's gross becomes.

    Attributes:
        kind: ``collection``, ``model`` or ``rest``; see `Part`.
        id: of the collection or model; of the rest 32 zero bytes.
        who: its provider or developer, in lower case.
        before, after: parts of gross, exact; zero where there is none.
    """

    kind: str
    id: bytes
    who: str
    before: Fraction
    after: Fraction


def composed(
    index: Index,
    model: bytes,
    sources: Sequence[ids.Collection],
    parents: Iterable[bytes],
    ask_bps: int,
    payee: bytes,
) -> ModelSplits:
    """What a registry composes for a model with these sources.

    Args:
        model: its ID.
        sources: its collections, ascending.
        parents: the registered base models.
        ask_bps: what its own terms ask.
        payee: who gets that and the rest.

    Raises:
        CompositionError: it could not be registered: everything together asks for more than all.
        NotInIndex: a source is not registered.
    """
    terms: dict[bytes, Terms] = {}
    listed = []
    for each in sources:
        key = index.status(each.id).terms_id
        if key not in terms:
            terms[key] = index.terms(key)
        asked = terms[key]
        listed.append(Source(each.id, each.weight, asked.royalty_bps, asked.floor_bps))
    ancestries = [index.ancestry(each) for each in parents]
    below = {each.model for ancestry in ancestries for each in ancestry if each.own}
    own = {each: index.model(each).own_split for each in below}
    return compose_model(
        _registry(index), model, listed, ancestries,
        {key: split for key, split in own.items() if split is not None}, ask_bps, payee,
    )  # fmt: skip


def parts_of(
    index: Index, model: bytes, made: ModelSplits, sources: Iterable[ids.Collection]
) -> dict[Part, Fraction]:
    """Who gets which part of what is paid to a model. All together they are 1.

    Args:
        made: what is composed for it.
        sources: its own collections.
    """
    found: defaultdict[Part, Fraction] = defaultdict(Fraction)
    left = Fraction(1)
    if made.data.split is not None:
        part = Fraction(made.data.ppm, WHOLE)
        _of_data(index, made.data.split, part, sources, found)
        left -= part
    for each in made.ancestry:
        if each.model == model or not each.own:
            continue
        left -= Fraction(each.own, WHOLE)
        _of_ancestor(index, each.model, Fraction(each.own, WHOLE), found)
    found[REST, bytes(32)] += left
    return {part: share for part, share in found.items() if share}


def _of_ancestor(
    index: Index, model: bytes, part: Fraction, found: defaultdict[Part, Fraction]
) -> None:
    """What a model below asks: for its data, which stands first, and for its developer."""
    record = index.model(model)
    if record.own_split is None:
        return
    split = index.split(record.own_split).split
    for place, (payee, shares) in enumerate(split.leaves):
        each = part * Fraction(shares, split.total)
        if place == 0 and record.data_ppm:
            sources = index.sources(model).collections
            _of_data(index, index.split(payee).split, each, sources, found)
        else:
            found[MODEL, model] += each


def _of_data(
    index: Index,
    split: Split,
    part: Fraction,
    sources: Iterable[ids.Collection],
    found: defaultdict[Part, Fraction],
) -> None:
    registry = _registry(index)
    subjects = {ids.subject(registry, each.id): each.id for each in sources}
    for payee, shares in split.leaves:
        found[COLLECTION, subjects[payee]] += part * Fraction(shares, split.total)


def shift(
    index: Index,
    developer: str,
    before: Mapping[Part, Fraction],
    after: Mapping[Part, Fraction],
) -> tuple[Share, ...]:
    """Each part before and after, what gets most afterwards first.

    Args:
        developer: who gets the rest, in lower case.
    """
    found = []
    for kind, key in {**before, **after}:
        who = developer
        if kind == COLLECTION:
            who = index.status(key).provider
        elif kind == MODEL:
            who = index.model(key).developer
        part = (kind, key)
        found.append(
            Share(kind, key, who, before.get(part, Fraction(0)), after.get(part, Fraction(0)))
        )
    return tuple(sorted(found, key=lambda each: (-each.after, -each.before, each.kind, each.id)))


def millionths(parts: Sequence[Fraction]) -> list[int]:
    """Parts of a whole as whole numbers of millionths that add up as the parts do: rounded down,
    and what is missing goes to those that lost most."""
    exact = [part * WHOLE for part in parts]
    whole = [int(each) for each in exact]
    missing = round(sum(exact)) - sum(whole)
    order = sorted(range(len(parts)), key=lambda place: (whole[place] - exact[place], place))
    for place in order[:missing]:
        whole[place] += 1
    return whole


def _registry(index: Index) -> str:
    return dict(index.contracts)["DataRegistry"]
