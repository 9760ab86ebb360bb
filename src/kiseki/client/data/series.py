"""Series: successive collections, each stated by who speaks for it. `Kiseki.data.series`.

    first = k.data.series.begin(collection, "documents", name="Foxes")
    k.data.series.state(first, "documents")                     # sends one transaction
    second = k.data.series.add(another, collection, "documents")
    k.data.series.state(second, "documents")

One wallet speaks for a series: the provider of its collections, or the collector under whose
standing consents they were registered, of however many providers. Each document lies in a folder
(`kiseki.core.series`); the chain has its hash.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kiseki.chain.sending.outcome import Receipt
from kiseki.client.data import speaking
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.counts import counted
from kiseki.core.days import WAITING_DAYS
from kiseki.core.keccak import keccak256
from kiseki.core.series import Instalment, NotFollowed, Told, Words
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.vault.published import Published

if TYPE_CHECKING:
    from kiseki.index import Index

__all__ = ["Member", "Series", "SeriesFound", "reach", "series_of", "series_through"]

_SORT = "series"
_KIND = keccak256(_SORT.encode())
_LOOKED = 100
"""Statements about one collection among which strangers are looked for: anybody can state any
number."""


@dataclass(frozen=True, slots=True)
class Member:
    """One collection of a series.

    Attributes:
        collection: its ID.
        number: in the series, from 1.
        provider: who consents, in lower case.
        role: as what the wallet that says so speaks for it: ``provider`` or ``collector``.
        time: when it said so, in Unix seconds.
    """

    collection: bytes
    number: int
    provider: str
    role: str
    time: int


@dataclass(frozen=True, slots=True)
class SeriesFound:
    """A series, as far as it can be followed.

    Attributes:
        speaker: the wallet by whose word it is, in lower case.
        name: what that wallet calls it; may be empty.
        members: its collections, in order.
        not_followed: what was said and is not followed; its `words` say why.
        unread: how many statements of that wallet about series have no document in the folder, so
            that nobody can tell here what they say. They can be of this series or of others.
        last: the last document, to which another can be added.
    """

    speaker: str
    name: str
    members: tuple[Member, ...]
    not_followed: tuple[NotFollowed, ...]
    unread: int
    last: Instalment = field(repr=False)

    @property
    def collections(self) -> tuple[bytes, ...]:
        """The IDs, in order."""
        return tuple(each.collection for each in self.members)


@dataclass(slots=True)
class _Said:
    """The last words of one wallet about collections for which it speaks."""

    words: Words = field(default_factory=lambda: Words(()))
    roles: dict[bytes, tuple[str, str]] = field(default_factory=dict)  # provider, and as what
    odd: list[NotFollowed] = field(default_factory=list)
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Series:
    """Beginning series, adding to them, and following them; `Kiseki.data.series`."""

    wallet: Wallet

    def begin(self, collection: bytes, folder: str | Path, *, name: str = "") -> Instalment:
        """The document with which a series begins. Sends nothing.

        Args:
            collection: the first.
            folder: with the documents of series; where this one is there already, it is given.
            name: of the series. Whoever has the document reads it; the chain has a salted hash.

        Raises:
            InvalidInput: this wallet put the collection into another place of a series, or does not
                speak for it.
            NotInIndex: there is no such collection.
        """
        there = self._last_word(collection, folder)
        if there is None:
            return Instalment(collection, None, 1, name, secrets.token_bytes(32))
        if there.before is not None or there.name != name:
            raise InvalidInput(_already(there))
        return there

    def add(self, collection: bytes, to: bytes, folder: str | Path) -> Instalment:
        """The document that adds a collection to the end of a series. Sends nothing.

        Args:
            collection: the new one.
            to: any collection of the series.

        Raises:
            InvalidInput: this wallet said nothing of that series, its document is not in the
                folder, or the new collection is somewhere in a series already.
            NotInIndex: there is no such collection.
        """
        found = [e for e in self.of(to, folder) if e.speaker == self.wallet.address.lower()]
        if not found:
            raise InvalidInput(
                f"in {folder} there is no series of this wallet with {to_hex(to)}; begin one "
                "(kiseki data series begin), or name the folder with its documents"
            )
        there = self._last_word(collection, folder)
        if there is not None:
            if collection in found[0].collections and collection != to:
                return there
            raise InvalidInput(_already(there))
        return found[0].last.next(collection)

    def state(self, instalment: Instalment, folder: str | Path) -> tuple[Receipt, ...]:
        """Writes a document into a folder, and states its hash in public and for good. Sends
        nothing where that is this wallet's last word already.

        Raises:
            InvalidInput: this wallet does not speak for the collection.
            FilesError: the document cannot be written; nothing was sent.
        """
        return speaking.state(
            self.wallet, instalment.collection, _SORT, instalment.to_json(), folder, adds_up=False
        )

    def prepare(
        self, instalment: Instalment, folder: str | Path, days: int = WAITING_DAYS
    ) -> Signed:
        """The same as a message to be signed (`Kiseki.signed`), for somebody else to send
        (`Statements.submit`).

        Raises:
            InvalidInput, FilesError: as `state`.
        """
        return speaking.prepare(
            self.wallet, instalment.collection, _SORT, instalment.to_json(), folder, days
        )

    def of(self, collection: bytes, folder: str | Path) -> list[SeriesFound]:
        """The series in which a collection stands: one for each wallet that speaks for it and says
        so; mostly one.

        Costs as much as that wallet said about series; what others say costs nothing.

        Args:
            folder: with the documents, each found by its hash.

        Raises:
            NotInIndex: there is no such collection.
            FilesError: the folder cannot be read.
        """
        return series_of(self.wallet.session.index, collection, Published(folder))

    def strangers(self, collection: bytes) -> list[str]:
        """Who states about a collection that it is in a series without speaking for it, among the
        first hundred statements about it. Nobody follows them.

        Raises:
            NotInIndex: there is no such collection.
        """
        index = self.wallet.session.index
        known = speaking.speakers(index, collection)
        said = index.statements("DataRegistry", collection, most=_LOOKED)
        strange = (each.speaker for each in said if each.kind == _KIND)
        return [each for each in dict.fromkeys(strange) if each not in known]

    # Inside

    def _last_word(self, collection: bytes, folder: str | Path) -> Instalment | None:
        """What this wallet said last about a collection.

        Raises:
            InvalidInput: the document is not in the folder.
        """
        index, me = self.wallet.session.index, self.wallet.address
        said = index.said_about("DataRegistry", collection, me, _KIND)
        if not said:
            return None
        found = _read(Published(folder), said[-1].document) if Path(folder).is_dir() else None
        if found is None:
            raise InvalidInput(
                f"this wallet said already in which series {to_hex(collection)} is, and the "
                f"document {to_hex(said[-1].document)} is not in {folder}"
            )
        return found


def series_of(index: Index, collection: bytes, published: Published) -> list[SeriesFound]:
    """See `Series.of`."""
    return list(series_through(index, [collection], published))


def series_through(
    index: Index, collections: Iterable[bytes], published: Published
) -> Iterator[SeriesFound]:
    """The series in which collections stand, each once, however many of them are in it.

    Raises:
        NotInIndex: there is no such collection.
    """
    words: dict[str, _Said] = {}
    seen: set[tuple[str, bytes]] = set()
    for collection in collections:
        for speaker in speaking.speakers(index, collection):
            if (speaker, collection) in seen:
                continue
            if speaker not in words:
                words[speaker] = _said(index, speaker, published)
            found = _found(speaker, words[speaker], collection)
            if found is not None:
                seen |= {(speaker, each) for each in found.collections}
                yield found


def reach(
    index: Index, roots: Iterable[bytes], published: Published | None
) -> tuple[list[bytes], list[str]]:
    """What there is beside some collections: what was registered under the same standing consents,
    and what stands in the same series. And what could not be followed, in sentences.

    Args:
        roots: IDs of collections, or of standing consents.
        published: the documents of series; without them no series is followed.

    Raises:
        NotInIndex: one of the roots is neither.
    """
    found: dict[bytes, None] = {}
    consents: dict[bytes, None] = {}
    for root in roots:
        under = index.under(root, most=1)
        if under:
            consents[root] = None
            continue
        found[root] = None
        standing = index.collection_head(root).standing
        if standing is not None:
            consents[standing] = None
    for consent in consents:
        found |= dict.fromkeys(index.under(consent))
    told: dict[str, None] = {}
    for each in series_through(index, list(found), published) if published is not None else ():
        found |= dict.fromkeys(each.collections)
        told |= dict.fromkeys(f"Not followed: {problem.words}" for problem in each.not_followed)
        if each.unread:
            told[
                f"{counted(each.unread, 'statement')} of {checksummed(each.speaker)} about series "
                "cannot be read here: the documents are not in the folder"
            ] = None
    return list(found), list(told)


def _found(speaker: str, said: _Said, collection: bytes) -> SeriesFound | None:
    followed = said.words.follow(collection)
    if not followed.told:
        return None
    members = tuple(
        Member(each.instalment.collection, each.instalment.number,
               *said.roles[each.instalment.collection], each.time)
        for each in followed.told
    )  # fmt: skip
    problems = (*followed.problems, *said.odd)
    last = followed.told[-1].instalment
    return SeriesFound(speaker, followed.name, members, problems, said.unread, last)


def _said(index: Index, speaker: str, published: Published) -> _Said:
    told: list[Told] = []
    said = _Said()
    registry = dict(index.contracts)["DataRegistry"]
    last = {each.subject: each for each in index.said_by(speaker, _KIND)}
    for subject, spoken in last.items():
        instalment = _read(published, spoken.document)
        if instalment is None:
            said.unread += 1
            continue
        key = instalment.collection
        role = None
        with contextlib.suppress(NotInIndex):
            role = speaking.speakers(index, key).get(speaker)
        if ids.subject(registry, key) != subject:
            said.odd.append(NotFollowed("elsewhere", key, ()))
        elif role is None:
            said.odd.append(NotFollowed("foreign", key, ()))
        else:
            told.append(Told(instalment, spoken.time, spoken.place))
            said.roles[key] = index.status(key).provider, role
    said.words = Words(told)
    return said


def _read(published: Published, document: bytes) -> Instalment | None:
    content = published.document(document)
    if content is None:
        return None
    try:
        return Instalment.from_json(content)
    except InvalidInput:
        return None


def _already(there: Instalment) -> str:
    place = "begins a series" if there.before is None else f"comes after {to_hex(there.before)}"
    named = f" {there.name!r}" if there.name else ""
    return f"{to_hex(there.collection)} {place}{named} already, with the number {there.number:,}"
