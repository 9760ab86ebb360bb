"""Manifests before a model is registered: from the files that training consumed to their data IDs.

The key store says which item a file is, where it prepared the collection or took in its receipt. A
file that it cannot place is refused and named, never left out: a manifest without it would be
false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from kiseki.client.data.openings import Openings, Place
from kiseki.core.counts import counted
from kiseki.core.manifest import Manifest
from kiseki.core.values import from_hex, to_hex
from kiseki.core.weighing import Number, weigh
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import InvalidInput
from kiseki.vault.files import hash_files
from kiseki.vault.folders import find

__all__ = ["Consumed", "Made", "make", "make_of", "weights_in"]

COLUMNS = ("file", "sha256", "weight")
"""Of the table that says how often training consumed each file."""
WEIGHTS = ("id", "weight")
"""Of the table that says which weights take the place of counts."""
_NAMED = 5
_WEIGHT = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40}|/[1-9][0-9]{0,39})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Made:
    """A manifest that was made from files.

    Attributes:
        manifest: all items, each with its weight.
        files: how many files, rows and items of whole collections went into it.
        merged: how many of them have a content that was there before; their weights are added.
        unpaid: how many items have the weight zero of whoever chose weights. They stay declared,
            with the weight 1, which pays nothing beside the others.
    """

    manifest: Manifest
    files: int
    merged: int
    unpaid: int = 0


@dataclass(frozen=True, slots=True)
class Consumed:
    """A content that training consumed.

    Attributes:
        name: what it is called in messages.
        digest: SHA-256 of it, 32 bytes.
        weight: how often training consumed it.
        collection: the collection whose item it was, 32 bytes, where that is known; it is chosen
            where the content is in several.
    """

    name: str
    digest: bytes = field(repr=False)
    weight: int
    collection: bytes | None = None


def make(
    openings: Openings,
    files: str | Path | Iterable[str | Path],
    *,
    table: str | Path | None,
    form: Format,
    whole: Sequence[bytes],
    among: Sequence[bytes],
    weights: Mapping[bytes, Number] | None,
    progress: Callable[[int, int], None],
) -> Made:
    """See `Models.manifest`."""
    given = list(_files(files, progress))
    if table is not None:
        given += _rows(Path(table), form)
    if not given and not whole:
        raise InvalidInput("name the files that training consumed, a table of them or a collection")
    made = make_of(openings, given, whole=whole, among=among)
    return made if weights is None else _weighed(made, weights)


def _weighed(made: Made, weights: Mapping[bytes, Number]) -> Made:
    """The same items, paid by weights that somebody chose."""
    counts = {each: dict(pairs) for each, pairs in made.manifest.items.items()}
    chosen = weigh(counts, weights)
    unpaid = sum(
        1
        for collection, items in counts.items()
        for item in items
        if not weights.get(item, weights.get(collection))
    )
    return Made(Manifest(chosen), made.files, made.merged, unpaid)


def weights_in(path: Path, form: Format = PLAIN) -> dict[bytes, Number]:
    """Weights from a table with the columns ``id`` (of an item or a collection) and ``weight``, a
    number from zero on as ``3``, ``0.25`` or ``7/2``.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: a row has another form, or two rows have one ID.
    """
    found: dict[bytes, Number] = {}
    with Table(path, WEIGHTS, form) as table:
        table.need(WEIGHTS)
        for said, weight in table:
            try:
                key = from_hex(said.strip(), 32, "the ID")
            except InvalidInput as error:
                raise table.refusal("id", f"0x and 64 hex digits, not {said!r:.80}") from error
            number = weight.strip()
            if table.decimal == ",":
                number = number.replace(".", "?").replace(",", ".")
            if not _WEIGHT.fullmatch(number):
                raise table.refusal("weight", f"a number from zero on, not {weight!r:.60}")
            if key in found:
                raise table.refusal("id", f"an ID that no row above has, not {said!r:.80}")
            found[key] = Fraction(number)
    return found


def make_of(
    openings: Openings, given: Sequence[Consumed], *, whole: Sequence[bytes], among: Sequence[bytes]
) -> Made:
    """The same of contents that are hashed already."""
    places = openings.places([each.digest for each in given])
    _must_be_known(given, places)
    weights: dict[bytes, dict[bytes, int]] = {}
    merged = 0

    def add(collection: bytes, data_id: bytes, weight: int) -> None:
        nonlocal merged
        items = weights.setdefault(collection, {})
        merged += data_id in items
        items[data_id] = items.get(data_id, 0) + weight

    for each in given:
        place = one_place(each, places[each.digest], among, openings.wallet.session.now())
        add(place.opening.kept.id, place.id, each.weight)
    count = len(given)
    for collection in whole:
        for data_id in _all_of(openings, collection):
            add(collection, data_id, 1)
            count += 1
    return Made(Manifest(weights), count, merged)


def _must_be_known(given: Sequence[Consumed], places: dict[bytes, list[Place]]) -> None:
    """
    Raises:
        InvalidInput: the key store cannot place a file, or its collection is not registered.
    """
    unknown = [each.name for each in given if not places.get(each.digest)]
    if unknown:
        raise InvalidInput(
            f"{_listed(unknown)} unknown here: the key store has no opening of it. Ask the "
            "provider for a receipt and take it in (kiseki data receive FILE), or leave the file "
            "out of the training. Register files of your own first (kiseki data register)"
        )
    waiting = [
        each.name
        for each in given
        if not any(place.collection is not None for place in places[each.digest])
    ]
    if waiting:
        raise InvalidInput(
            f"{_listed(waiting)} not registered on this chain: only prepared here. Register first "
            "(kiseki data register), or name the right network"
        )


def one_place(
    consumed: Consumed, places: Sequence[Place], among: Sequence[bytes], now: int
) -> Place:
    """The item that a content is meant to be, of all that it is registered as.

    Args:
        among: IDs of collections to choose, where there are several.
        now: in Unix seconds; what has ended by then is taken only where nothing else is there.

    Raises:
        InvalidInput: several could be meant.
    """
    there = [each for each in places if each.collection is not None]
    known = {each.opening.kept.id: each for each in there}
    if consumed.collection in known:
        return known[consumed.collection]
    wanted = [known[each] for each in among if each in known] or list(known.values())
    usable = [each for each in wanted if not _has_ended(each, now)] or wanted
    if len(usable) > 1:
        options = "; ".join(
            f"{to_hex(each.opening.kept.id)}: {each.opening.kept.terms.words()}" for each in usable
        )
        raise InvalidInput(
            f"{consumed.name} is in {counted(len(usable), 'collection')}, and you choose whose "
            f"terms hold and who is paid; name one with --collection. {options}"
        )
    return usable[0]


def _has_ended(place: Place, now: int) -> bool:
    ends = None if place.collection is None else place.collection.ends_at
    if ends is not None and ends <= now:
        return True
    terms = place.opening.kept.terms
    return place.revoked_at is not None and terms.item_ended(place.revoked_at, now)


def _files(
    files: str | Path | Iterable[str | Path], progress: Callable[[int, int], None]
) -> Iterator[Consumed]:
    listed = [files] if isinstance(files, str | Path) else list(files)
    if listed:
        for each in hash_files(find(listed), progress):
            yield Consumed(str(each.path), each.digest, 1)


def _rows(path: Path, form: Format) -> Iterator[Consumed]:
    with Table(path, COLUMNS, form) as table:
        table.need(["weight"])
        for file, digest, weight in table:
            number = weight.strip()
            if not (number.isascii() and number.isdecimal() and int(number)):
                raise table.refusal("weight", f"a whole number above zero, not {weight!r:.40}")
            if bool(file.strip()) == bool(digest.strip()):
                raise table.refusal("", "say either file or sha256")
            if file.strip():
                (hashed,) = hash_files([path.parent / file.strip()])
                yield Consumed(file.strip(), hashed.digest, int(number))
            else:
                known = from_hex(f"0x{digest.strip().removeprefix('0x')}", 32, "the digest")
                yield Consumed(digest.strip(), known, int(number))


def _all_of(openings: Openings, collection: bytes) -> list[bytes]:
    """Every ID of a collection."""
    record = openings.wallet.session.index.collection(collection)
    items = openings.items(collection)
    if len(items) != record.count:
        raise InvalidInput(
            f"{to_hex(collection)} has {counted(record.count, 'item')}, of which only "
            f"{len(items):,} can be found in the log or in the key store; ask "
            "its provider to log them (kiseki data publish), or for a receipt"
        )
    return [each.id for each in items]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} {'is' if len(names) == 1 else 'are'}"
