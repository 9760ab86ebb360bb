"""From the samples in a ledger to registered items: the manifest of what training consumed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiseki.client.data.openings import Openings, Place
from kiseki.client.models.making import Consumed, Made, make_of, one_place
from kiseki.core.counts import counted
from kiseki.core.manifest import Manifest
from kiseki.core.values import from_hex, to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.training.laid import Originals
from kiseki.training.ledger.keys import Key
from kiseki.vault.files import hash_files

__all__ = ["Names", "Sample", "manifest_of", "per_collection", "samples"]

_DIGEST = re.compile(r"(0x)?[0-9a-fA-F]{64}", re.ASCII)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample as an item of a collection.

    Attributes:
        collection: its ID, 32 bytes.
        id: the data ID, 32 bytes.
    """

    collection: bytes
    id: bytes


class Names:
    """What the texts in a ledger stand for.

    A text is looked for in the mapping; then in a folder that `kiseki training lay` laid, where
    crops, captions and caches stand for the picture that they were made from; then it is read as 64
    hex digits; and then as a file, whose content is hashed.
    """

    def __init__(
        self, named: Mapping[str, bytes] | None = None, folder: str | Path | None = None
    ) -> None:
        """
        Args:
            named: text -> data ID or SHA-256 of the content, 32 bytes.
            folder: where texts that are paths begin; without it they are whole, or begin here.
        """
        self._named, self._folder = named or {}, Path(folder) if folder is not None else Path()
        self._originals = Originals()

    @classmethod
    def read(cls, file: Path | None, folder: Path | None) -> Names:
        """With the mapping of a JSON file: text -> ``0x`` and 64 hex digits.

        Raises:
            FilesError: it cannot be read.
            InvalidInput: it is no such mapping.
        """
        if file is None:
            return cls(folder=folder)
        try:
            given = json.loads(texts.read(file))
            named = {name: from_hex(each, 32, "an ID") for name, each in given.items()}
        except (ValueError, AttributeError) as error:
            raise InvalidInput(
                f'{file} must be JSON that maps names to IDs, as {{"fox.png": "0x…"}} ({error})'
            ) from error
        return cls(named, folder)

    def of(self, key: Key) -> bytes | Sample | None:
        """A data ID or digest, an item, or none where nobody knows what the text stands for.

        Raises:
            FilesError: a file cannot be read.
            InvalidInput: bytes are not 32.
        """
        if isinstance(key, bytes):
            if len(key) != 32:
                raise InvalidInput(
                    f"the ledger names samples by {counted(len(key), 'byte')}, and an ID or a "
                    "digest has 32; say what they stand for with texts as IDs, and a mapping"
                )
            return key
        if key in self._named:
            return self._named[key]
        path = self._folder / key
        if original := self._originals.of(path):
            return Sample(original.collection, original.id)
        if _DIGEST.fullmatch(key):
            return bytes.fromhex(key[-64:])
        if path.is_file():
            (hashed,) = hash_files([path])
            return hashed.digest
        return None


def manifest_of(
    openings: Openings, counts: Mapping[Key, int], names: Names, among: Sequence[bytes] = ()
) -> Made:
    """The manifest of samples with how often training consumed each. Sends nothing.

    Args:
        openings: of a `Kiseki` (``k.data.openings``).
        counts: `Figures.counts`.
        names: what texts stand for.
        among: IDs of collections to choose, where a content is in several.

    Raises:
        InvalidInput: a sample is nothing that is registered, or in several collections.
    """
    items, contents, data_ids = _sorted(openings, counts, names)
    weights: dict[bytes, dict[bytes, int]] = {}
    merged = 0
    made: Made | None = None
    if contents:
        made = make_of(openings, contents, whole=(), among=among)
        weights = {each: dict(rows) for each, rows in made.manifest.items.items()}
        merged = made.merged
    given = [*items, *((_home(openings, each, among), count) for each, count in data_ids)]
    if not given and made is not None:
        return made
    for item, count in given:
        rows = weights.setdefault(item.collection, {})
        merged += item.id in rows
        rows[item.id] = rows.get(item.id, 0) + count
    if not weights:
        raise InvalidInput("training consumed nothing, so there is no manifest")
    return Made(Manifest(weights), len(counts), merged)


def samples(
    openings: Openings, keys: Iterable[Key], names: Names, among: Sequence[bytes] = ()
) -> dict[Key, Sample | None]:
    """Which item each sample is; none where nobody knows.

    Raises:
        InvalidInput: a content is in several collections.
    """
    known = {each: names.of(each) for each in keys}
    places = openings.places([each for each in known.values() if isinstance(each, bytes)])
    now = openings.wallet.session.now()
    found: dict[Key, Sample | None] = {}
    for key, value in known.items():
        if isinstance(value, bytes) and (there := _registered(places.get(value, ()))):
            meant = one_place(Consumed(_said(key), value, 1), there, among, now)
            found[key] = Sample(meant.opening.kept.id, meant.id)
        elif isinstance(value, bytes):
            found[key] = _logged(openings, value, among)
        else:
            found[key] = value
    return found


def per_collection(
    known: Mapping[Key, Sample | None], counts: Sequence[Mapping[Key, int]]
) -> dict[bytes | None, list[int]]:
    """How often samples of each collection are in several counts; under none what nobody knows.

    Args:
        known: what `samples` gave for all that are counted.
    """
    found: dict[bytes | None, list[int]] = {}
    for key, sample in known.items():
        row = found.setdefault(None if sample is None else sample.collection, [0] * len(counts))
        for place, each in enumerate(counts):
            row[place] += each.get(key, 0)
    return found


def _sorted(
    openings: Openings, counts: Mapping[Key, int], names: Names
) -> tuple[list[tuple[Sample, int]], list[Consumed], list[tuple[bytes, int]]]:
    """Samples as items, as contents that the key store knows, and as what may be data IDs.

    Raises:
        InvalidInput: a text stands for nothing.
    """
    known = {key: names.of(key) for key in counts}
    _must_be_none([key for key, value in known.items() if value is None], (
        "no ID and no digest, no file, and not in a folder that Kiseki laid. Say what it stands "
        "for with a mapping (--names FILE), or where files lie (--folder FOLDER)"
    ))  # fmt: skip
    values = [each for each in known.values() if isinstance(each, bytes)]
    places = openings.places(values)
    items = [(each, counts[key]) for key, each in known.items() if isinstance(each, Sample)]
    contents, data_ids = [], []
    for key, value in known.items():
        if isinstance(value, bytes):
            if places.get(value):
                contents.append(Consumed(_said(key), value, counts[key]))
            else:
                data_ids.append((value, counts[key]))
    unknown = [each for each, _ in data_ids if _is_unknown(openings, each)]
    _must_be_none([key for key, value in known.items() if value in unknown], (
        "unknown here: the key store has no opening of it, and no collection logged it. Ask the "
        "provider for a receipt and take it in (kiseki data receive FILE)"
    ))  # fmt: skip
    return items, contents, data_ids


def _registered(places: Sequence[Place]) -> list[Place]:
    return [each for each in places if each.collection is not None]


def _is_unknown(openings: Openings, value: bytes) -> bool:
    try:
        openings.wallet.session.index.item(value)
    except NotInIndex:
        return True
    return False


def _logged(openings: Openings, data_id: bytes, among: Sequence[bytes]) -> Sample | None:
    return None if _is_unknown(openings, data_id) else _home(openings, data_id, among)


def _home(openings: Openings, data_id: bytes, among: Sequence[bytes]) -> Sample:
    """The collection in which a data ID was logged.

    Raises:
        InvalidInput: it was in several, or in none but a batch of outputs.
    """
    index = openings.wallet.session.index
    item = index.item(data_id)
    found = [
        each.id
        for each in index.find(item.commitment, kind="collection")
        if index.collection(each.id).provider == item.registrant
    ]
    wanted = [each for each in among if each in found] or found
    if len(wanted) != 1:
        raise InvalidInput(
            f"{to_hex(data_id)} is in {counted(len(found), 'collection')}, and you choose whose "
            "terms hold and who is paid; name one with --collection. "
            + "; ".join(map(to_hex, found))
        )
    return Sample(wanted[0], data_id)


def _must_be_none(keys: Iterable[Key], why: str) -> None:
    """
    Raises:
        InvalidInput: there are some.
    """
    said = sorted(map(_said, keys))
    if said:
        more = f" and {len(said) - _NAMED:,} more" if len(said) > _NAMED else ""
        are = "is" if len(said) == 1 else "are"
        raise InvalidInput(f"{', '.join(said[:_NAMED])}{more} {are} {why}")


def _said(key: Key) -> str:
    return to_hex(key) if isinstance(key, bytes) else key
