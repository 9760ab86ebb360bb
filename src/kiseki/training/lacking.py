"""What a training lacks of its data, got from a vault into a folder.

What is there already is not asked for: each hand-out leaves receipts, and a receipt says that
somebody had an item.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.client.vault.getting import Got, get
from kiseki.client.vault.http import Refused
from kiseki.client.vault.kept import Said, said_in
from kiseki.client.vault.site import Site
from kiseki.core.run import Run
from kiseki.core.terms import Use
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.training.laying.may import closed, ended
from kiseki.vault.files import hash_files
from kiseki.vault.folders import walk
from kiseki.vault.handing.receipts import use_word

__all__ = ["USE", "Fetched", "Lack", "fetch", "lacks_of", "lacks_of_run"]

USE = Use.AI_GENERATIVE_TRAINING
"""What a vault is told that content is for, where somebody trains, or trains again."""
_MOST = 10_000
"""Items of one hand-out."""
_NOT_GIVEN = 404
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Lack:
    """What is not here of a collection.

    Attributes:
        collection: its ID, 32 bytes.
        items: the data IDs that are asked for, ascending; none: all of the collection is asked for,
            because nothing of it is here, or nobody here knows all of its IDs.
        count: how many items are not here.
    """

    collection: bytes
    items: tuple[bytes, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of asking.

    Attributes:
        got: what came, one a hand-out.
        refused: what the vault does not give, with its words. It may never have had it.
    """

    got: tuple[Got, ...]
    refused: tuple[tuple[Lack, str], ...]


def lacks_of(
    k: Kiseki,
    collections: Iterable[bytes],
    folders: Sequence[Path],
    site: Site,
    progress: Progress = lambda *_: None,
) -> list[Lack]:
    """What the folders lack of collections on which this wallet may train now. Asks no vault.

    Items that were revoked are not missed. Nor are items of which nobody knows more than that the
    collection has them, if the vault gave some of it before: it did not have them then.

    Args:
        folders: a folder need not be there. What was got before is in the first of them.
        site: the vault that will be asked.
        progress: called with the number of files hashed, and in all.

    Raises:
        FilesError: a file cannot be read.
        InvalidInput: what is kept of a hand-out is none.
        NodeUnreachable: nobody says what may be used.
    """
    wanted = list(collections)
    here = {
        (place.opening.kept.id, place.id)
        for there in k.data.openings.places(_digests(folders, progress)).values()
        for place in there
    }
    reasons, found = closed(k, wanted), []
    for each in wanted:
        if each in reasons:
            continue
        count, items = k.index.collection(each).count, k.data.openings.items(each)
        terms = k.index.terms(k.index.status(each).terms_id)
        missing = [
            item.id for item in items
            if (each, item.id) not in here and not ended(terms, item.revoked_at)
        ]  # fmt: skip
        unknown, known = count - len(items), {item.id for item in items}
        had = {
            one.item for said in _said(folders[0], site, each) for one in said.handout.items
        } & known
        if (unknown or len(missing) == count <= _MOST) and not had:
            found.append(Lack(each, (), len(missing) + unknown))
        else:
            found += _in_parts(each, missing)
    return found


def lacks_of_run(
    k: Kiseki,
    model: bytes,
    run: Run,
    folders: Sequence[Path],
    progress: Progress = lambda *_: None,
) -> list[Lack]:
    """What the folders lack of the registered items that a run took. Asks no vault.

    Args:
        model: the model that came of it; its collections are on the chain.

    Raises:
        FilesError: a file cannot be read.
        InvalidInput: it cannot be told in which of the model's collections an item is.
    """
    found = k.data.openings.places(_digests(folders, progress)).values()
    here = {place.id for there in found for place in there}
    missing = sorted(set(run.items.values()) - here)
    collections = [each.id for each in k.index.sources(model).collections] if missing else []
    by_collection: dict[bytes, list[bytes]] = {}
    for item, home in _homes(k, missing, collections):
        by_collection.setdefault(home, []).append(item)
    return [part for each in sorted(by_collection) for part in _in_parts(each, by_collection[each])]


def fetch(
    k: Kiseki,
    site: Site,
    folder: Path,
    lacks: Iterable[Lack],
    progress: Progress = lambda *_: None,
    or_all: Callable[[Lack], bool] = lambda _: False,
) -> Fetched:
    """Gets what is lacking into a folder. **The vault keeps a receipt of each item for good.**
    Interrupted, it is run again and goes on.

    Args:
        or_all: whether, where the vault does not give all of the items of a collection that was
            never asked for here, it is asked for what it gives of the collection.
        progress: called with the bytes of one hand-out that are there, and all of it.

    Raises:
        VaultError: the vault gives nothing of a whole collection, does not answer, or gives what is
            not the item.
        ProofError, FilesError: see `kiseki.client.vault.getting.get`.
    """
    got, refused = [], []
    for each in lacks:
        items = _asked_for(k, site, folder, each)
        try:
            got.append(get(k, site, folder, each.collection, USE, items=items, progress=progress))
        except Refused as error:
            if not each.items or error.status != _NOT_GIVEN:
                raise
            if not any(_said(folder, site, each.collection)) and or_all(each):
                got.append(get(k, site, folder, each.collection, USE, progress=progress))
            else:
                refused.append((each, str(error)))
    return Fetched(tuple(got), tuple(refused))


def _asked_for(k: Kiseki, site: Site, folder: Path, lack: Lack) -> Sequence[bytes]:
    """The items that are asked for, none for all: those of a hand-out that lives and has what is
    missing, so that no second receipt is made; else what is missing."""
    now, wanted = k.session.now(), set(lack.items)
    for said in _said(folder, site, lack.collection):
        listed = [each.item for each in said.handout.items]
        if wanted and now < said.handout.ends and wanted <= set(listed):
            return listed if said.picked else ()
    return lack.items


def _said(folder: Path, site: Site, collection: bytes) -> Iterator[Said]:
    """What this vault said of a collection, for training."""
    asked = (site.url, use_word(USE), collection, None)
    return (
        each for each in said_in(folder)
        if (each.vault, each.use, each.collection, each.recipient) == asked
    )  # fmt: skip


def _in_parts(collection: bytes, items: Sequence[bytes]) -> list[Lack]:
    parts = [items[start : start + _MOST] for start in range(0, len(items), _MOST)]
    return [Lack(collection, tuple(each), len(each)) for each in parts]


def _digests(folders: Iterable[Path], progress: Progress) -> list[bytes]:
    files = [
        Path(each)
        for folder in folders
        for each in (walk(folder) if folder.is_dir() else [folder] if folder.exists() else [])
    ]
    return [each.digest for each in hash_files(files, progress)]


def _homes(
    k: Kiseki, items: Sequence[bytes], collections: Sequence[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    """In which of a model's collections each item is."""
    known = {
        item.id: each for each in reversed(collections) for item in k.data.openings.items(each)
    }
    for item in items:
        if item in known:
            yield item, known[item]
        elif len(collections) == 1:
            yield item, collections[0]
        elif (home := _logged(k, item, collections)) is not None:
            yield item, home
        else:
            raise InvalidInput(
                f"it cannot be told in which of the model's collections {to_hex(item)} is; get "
                "them with `kiseki vault get`, one after the other"
            )


def _logged(k: Kiseki, item: bytes, collections: Sequence[bytes]) -> bytes | None:
    try:
        commitment = k.index.item(item).commitment
    except NotInIndex:
        return None
    homes = {each.id for each in k.index.find(commitment, kind="collection")}
    return next((each for each in collections if each in homes), None)
