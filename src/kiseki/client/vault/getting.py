"""What a vault hands out, into a folder: asked for once, fetched at any pace, and checked.

What the vault says is kept in the folder before the first byte arrives
(`kiseki.client.vault.kept`). So a run that was interrupted goes on with the same hand-out and needs
no second receipt. A file gets its name when all of it is there and its hash is that of the item;
receipt, commitment, data ID and collection are checked first, against log and chain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.client.vault import naming, proving
from kiseki.client.vault.captions import Beside, captions, unread
from kiseki.client.vault.captions import write as write_captions
from kiseki.client.vault.fetching import Fetching, told
from kiseki.client.vault.forms import Form, form_of, recipient_of
from kiseki.client.vault.http import Refused
from kiseki.client.vault.kept import Said, said_in, write
from kiseki.client.vault.proving import Shown
from kiseki.client.vault.shards import shards
from kiseki.client.vault.site import Site
from kiseki.core.terms import Use
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput, ProofError
from kiseki.vault.age.keys import Identity
from kiseki.vault.handing.receipts import use_word
from kiseki.vault.log.notes import VerifierKey

__all__ = ["Got", "get"]

_GONE = 404
"""What a vault answers of a hand-out that is over."""


@dataclass(frozen=True, slots=True)
class Got:
    """What came of it.

    Attributes:
        files: data ID -> the file, of all that are there.
        new: how many of them were fetched now.
        size: bytes that were fetched now.
        said: what the vault said of the hand-out.
        collections: data ID -> the collection that its receipt says, which the chain has.
        captions: what the vault says that describes them, in files beside them.
        proved: whether each file is proved to be the item; otherwise the vault says so.
    """

    files: Mapping[bytes, Path]
    new: int
    size: int
    said: Said
    collections: Mapping[bytes, bytes] = field(default_factory=dict)
    captions: Beside = field(default_factory=lambda: Beside({}))
    proved: bool = True


def get(
    k: Kiseki,
    site: Site,
    folder: Path,
    collection: bytes | None,
    use: Use,
    *,
    items: Sequence[bytes] = (),
    key: str | None = None,
    recipient: str | None = None,
    identity: Identity | None = None,
    shard: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Got:
    """Gets a collection, or items. **The vault keeps a receipt of each item for good.**

    Captions go beside the files as ``NAME.txt``. They are what the vault says; the chain has none.
    The openings go into this wallet's key store, so that the files are found by their content
    (`kiseki.client.data.openings`), as what was received with a receipt is.

    Args:
        folder: where files go; it is made if it is not there.
        collection: which one, or the one that the items are asked for in; none: each item in any
            collection that it is in, which its receipt tells.
        use: what for.
        items: data IDs, each once; none: all of the collection that the vault has.
        key: the key of a provider's log in this vault, as vkey (C2SP signed-note). Default: the
            one by which this folder went before, else the one that the vault tells.
        recipient: an age key (``age1…``) that the vault encrypts all of it to; files and captions
            end with ``.age``. Default: they come as they are.
        identity: that of the recipient, to see that each file is the item.
        shard: bytes of a shard, about, where the folder is to be a webdataset.
        progress: called with the bytes that are there, and all.

    Raises:
        NotInIndex: a collection is not registered on this chain.
        VaultError: the vault gives nothing, does not answer, or gives what is not the item. What
            was there before stays, and running it again goes on.
        ProofError: what the vault says is false.
        FilesError: a file cannot be written, or another run is at it.
        InvalidInput: neither a collection nor an item is named, or an item twice; the identity is
            that of another recipient; or a webdataset is to be encrypted.
    """
    recipient = recipient_of(recipient, identity)
    if shard is not None and recipient is not None:
        raise InvalidInput("a webdataset cannot be encrypted; get files, or leave the key out")
    if (collection is None and not items) or len(set(items)) != len(items):
        raise InvalidInput("name a collection, or items, each of them once")
    record = None if collection is None else k.index.collection(collection)
    count = record.count if record and not items else len(items)
    asked = _Asked(site, folder, use, collection, frozenset(items), key, recipient)
    said, shown = asked.goes_on(k) or asked.begins(k, count)
    for each in shown.openings:
        k.data.openings.receive(each)
    total = sum(each.size for each in said.handout.items)
    form = form_of(folder, recipient, identity, shown)
    with Fetching(
        site, folder, said.handout.id, total, progress, is_sealed=recipient is not None
    ) as fetching:
        texts = captions(site, said.handout, recipient)
        if shard is None:
            files = _into(folder, said, shown, form, fetching)
            beside = write_captions(folder, files, texts, form)
        else:
            files = shards(folder, said.handout.items, shown, form, texts, fetching, shard)
            beside = Beside({each: files[each] for each, text in texts.items() if text},
                            unread(texts))  # fmt: skip
    collections = {item: each.collection for item, each in shown.handed.items()}
    return Got(files, fetching.new, fetching.size, said, collections, beside, form.proves)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked for, and where it goes."""

    site: Site
    folder: Path
    use: Use
    collection: bytes | None
    items: Collection[bytes]
    key: str | None
    recipient: str | None

    def goes_on(self, k: Kiseki) -> tuple[Said, Shown] | None:
        """The hand-out with which this folder was begun, if it lives here and at the vault."""
        now = k.session.now()
        wanted = (
            self.site.url, use_word(self.use), self.collection, bool(self.items), self.recipient
        )  # fmt: skip
        for said in said_in(self.folder):
            asked = (said.vault, said.use, said.collection, said.picked, said.recipient)
            listed = {each.item for each in said.handout.items}
            fits = asked == wanted and (not self.items or listed == self.items)
            if fits and now < said.handout.ends and self.key in (None, *said.keys):
                try:
                    return said, self._shown(k, said)
                except Refused as error:  # over there: ended by its keeper, or by an erasure
                    if error.status != _GONE:
                        raise
        return None

    def begins(self, k: Kiseki, count: int) -> tuple[Said, Shown]:
        """A new one, kept when all that is said of it was checked."""
        handout = self.site.begin(
            self.use, items=sorted(self.items), collection=self.collection,
            recipient=self.recipient, most=count,
        )  # fmt: skip
        providers = dict.fromkeys(each.provider for each in proving.read(handout).values())
        keys = tuple(map(self._key, providers))
        if self.key not in (None, *keys):
            raise ProofError(f"what the vault handed out is in other logs than {self.key}")
        said = Said(
            self.site.url, keys, use_word(self.use), self.collection, bool(self.items),
            self.recipient, handout,
        )  # fmt: skip
        proving.must_be_asked_for(said, k, self.items, count)
        shown = self._shown(k, said)
        with told(self.folder):
            write(self.folder, said)
        return said, shown

    def _shown(self, k: Kiseki, said: Said) -> Shown:
        return proving.shown(
            k, said, lambda of, count: self.site.opening(said.handout.id, of, count)
        )

    def _key(self, provider: str) -> str:
        """The key of a provider's log. One by which this folder went before counts: a vault that
        shows another one is found out."""
        if self.key is not None and _is_of(self.key, provider):
            return self.key
        for said in said_in(self.folder):
            for each in said.keys:
                if said.vault == self.site.url and _is_of(each, provider):
                    return each
        return self.site.log_key(provider)


def _is_of(key: str, provider: str) -> bool:
    return VerifierKey.from_text(key).name.endswith(f"/{provider}")


def _into(
    folder: Path, said: Said, shown: Shown, form: Form, fetching: Fetching
) -> dict[bytes, Path]:
    """Files into a folder; where each item is."""
    names = {each.item: shown.names[each.item] for each in said.handout.items}
    files = naming.paths(folder, names, form.ending)
    for each in said.handout.items:
        by_id = folder / (naming.by_id(each.item, names[each.item]) + form.ending)
        files[each.item], is_there = _place(
            folder, (files[each.item], by_id), partial(form.is_there, each.item)
        )
        if is_there:
            fetching.skip(each)
            continue
        part = fetching.whole(each, partial(form.is_whole, each.item))
        _put(part, files[each.item], folder)
    return files


def _put(part: Path, path: Path, folder: Path) -> None:
    """Gives a whole part its name."""
    with told(folder):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)
        atomic.sync(path.parent)


def _place(
    folder: Path, wanted: Sequence[Path], is_item: Callable[[Path], bool]
) -> tuple[Path, bool]:
    """Where an item is or goes, and whether it is there. Where another file has its name, it goes
    under its data ID.

    Raises:
        FilesError: a file cannot be read, or another one has that name, too.
    """
    with told(folder):
        for path in dict.fromkeys(wanted):
            if not path.exists():
                return path, False
            if path.is_file() and is_item(path):
                return path, True
    raise FilesError(f"{wanted[-1].name} is another file than the item of that ID; move it away")
