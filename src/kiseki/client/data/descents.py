"""What an item was made from and what was made from it, as far as documents and the chain tell."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kiseki.client.data.speaking import speakers
from kiseki.core import ids
from kiseki.core.counts import counted
from kiseki.core.derived import DERIVED_FORMAT, Derived, Row, circles, reached
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.vault.published import Published

if TYPE_CHECKING:
    from kiseki.index import Index

__all__ = ["KIND", "Believed", "Descent", "Known", "Passed", "Step", "derived_from", "descent_of"]

KIND = keccak256(b"derived")
"""Sort of the statement about a collection whose document says what was made from what."""
_BEGIN = f'{{"format":"{DERIVED_FORMAT}"'.encode()
"""Of the one text of a document. Another text of it has another hash, which nobody states."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the chain says of an item.

    Attributes:
        id: its data ID.
        kind: ``collection`` or ``batch``, where it stands; empty where nothing is known of it.
        home: the ID of that collection or batch; none where nothing is known.
        registrant: whose it is, in lower case; empty likewise.
        revoked_at: when it was revoked, in Unix seconds; none where it was not.
        ends_at: first second at which consent to its collection refuses new uses, as far as that
            is known; none without end.
    """

    id: bytes
    kind: str
    home: bytes | None
    registrant: str
    revoked_at: int | None
    ends_at: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step, by the word of who speaks for the collection of what was made.

    Attributes:
        away: how many steps it is away from the item that was asked about, from 1.
        item: what was made.
        made_from: what it was made from.
        step: what was done.
        speaker: who says so, in lower case.
        role: as what: ``provider``, or ``collector`` under a standing consent.
        checked: whether the item is in that collection for certain: its log is whole.
    """

    away: int
    item: Known
    made_from: Known
    step: str
    speaker: str
    role: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Passed:
    """A document that is not followed, or not all of it.

    Attributes:
        document: its hash.
        kind: ``unreadable``; ``unstated``, nobody who speaks for its collection stated it;
            ``foreign``, it names items that the collection does not hold.
        collection: of which it tells; none where it cannot be read.
        items: how many items are foreign.
        why: what is wrong with one that cannot be read.
    """

    document: bytes
    kind: str
    collection: bytes | None = None
    items: int = 0
    why: str = ""

    @property
    def words(self) -> str:
        """The same in a sentence."""
        which = to_hex(self.document)
        if self.collection is None:
            return f"{which} is no document of what was made from what: {self.why}"
        home = to_hex(self.collection)
        if self.kind == "unstated":
            return f"{which} is not stated by who speaks for the collection {home}"
        return (
            f"{which} names {counted(self.items, 'item')} that the collection {home} does not hold"
        )


@dataclass(frozen=True, slots=True)
class Descent:
    """What is known of how an item came about, and of what became of it.

    Attributes:
        item: which.
        above: what it was made from, nearest first.
        below: what was made from it, nearest first.
        circles: items that would be made from each other in a circle; somebody's word is false.
        not_followed: what lies in the folder and is not followed; its `words` say why.
    """

    item: Known
    above: tuple[Step, ...]
    below: tuple[Step, ...]
    circles: tuple[bytes, ...]
    not_followed: tuple[Passed, ...]

    def ended_above(self, now: int) -> list[Known]:
        """What it was made from, of which the item was revoked, or consent to the collection ended
        or was revoked by then. Its own terms hold all the same."""
        found = {each.made_from.id: each.made_from for each in self.above}
        return [each for each in found.values() if _has_ended(each, now)]

    def below_all(self) -> list[Known]:
        """Everything that was made from it, each once."""
        return list({each.item.id: each.item for each in self.below}.values())


def _has_ended(item: Known, now: int) -> bool:
    return item.revoked_at is not None or (item.ends_at is not None and item.ends_at <= now)


@dataclass(slots=True)
class Believed:
    """Rows that who speaks for their collections stated, and why others are not followed. It can be
    kept as long as neither the documents nor what is on the chain changes."""

    up: defaultdict[bytes, list[Row]] = field(default_factory=lambda: defaultdict(list))
    down: defaultdict[bytes, list[Row]] = field(default_factory=lambda: defaultdict(list))
    said: dict[tuple[bytes, bytes], tuple[bytes, str, str, bool]] = field(default_factory=dict)
    problems: list[Passed] = field(default_factory=list)

    @classmethod
    def of(cls, index: Index, published: Published) -> Believed:
        """By the documents of a folder; those of other formats are passed over."""
        made = cls()
        for each in published.hashes():
            content = published.document(each)
            if content is not None and content.startswith(_BEGIN):
                made.add(index, content)
        return made

    def add(self, index: Index, content: bytes) -> None:
        """Takes in a document, as far as it is to be followed."""
        hashed = keccak256(content)
        try:
            derived = Derived.from_json(content)
        except InvalidInput as error:
            self.problems.append(Passed(hashed, "unreadable", why=str(error)))
            return
        who = _stated(index, derived.collection, hashed)
        if who is None:
            self.problems.append(Passed(hashed, "unstated", derived.collection))
            return
        record = index.collection(derived.collection)
        there = set(ids.item_ids(record.provider, record.published)) if record.complete else None
        strange = 0
        for row in derived.rows:
            if there is not None and row.item not in there:
                strange += 1
            elif (row.item, row.made_from) not in self.said:
                self.said[row.item, row.made_from] = (record.id, *who, there is not None)
                self.up[row.item].append(row)
                self.down[row.made_from].append(row)
        if strange:
            self.problems.append(Passed(hashed, "foreign", record.id, strange))


def _stated(index: Index, collection: bytes, document: bytes) -> tuple[str, str] | None:
    """Who stated a document of a collection for which they speak, and as what."""
    try:
        found = speakers(index, collection)
    except NotInIndex:
        return None
    for speaker, role in found.items():
        said = index.said_about("DataRegistry", collection, speaker, KIND)
        if any(each.document == document for each in said):
            return speaker, role
    return None


def descent_of(index: Index, item: bytes, believed: Believed) -> Descent:
    """See `Derivations.of`."""
    above = list(reached(believed.up, item, up=True))
    below = list(reached(believed.down, item, up=False))
    rows = [row for _, row in (*above, *below)]
    met = {item, *(each for row in rows for each in (row.item, row.made_from))}
    known = _known(index, met, believed)

    def steps(found: list[tuple[int, Row]]) -> tuple[Step, ...]:
        made = []
        for away, row in found:
            _, speaker, role, checked = believed.said[row.item, row.made_from]
            made.append(
                Step(away, known[row.item], known[row.made_from], row.step, speaker, role, checked)
            )
        return tuple(made)

    round_ = tuple(sorted(circles(rows)))
    return Descent(known[item], steps(above), steps(below), round_, tuple(believed.problems))


def derived_from(
    index: Index, items: set[bytes], gone: set[bytes], published: Published
) -> list[bytes]:
    """Which of some items were made, by however many steps, from something that was revoked.

    Args:
        gone: more items, to which consent ended.
        published: the documents.
    """
    believed = Believed.of(index, published)
    above = {start: None for start in items if start in believed.up}
    waiting = list(above)
    while waiting:
        for row in believed.up.get(waiting.pop(), ()):
            if row.made_from not in above:
                above[row.made_from] = None
                waiting.append(row.made_from)
    ended = [each for each in above if each in gone] + list(index.items_revoked(above))
    below: set[bytes] = set()
    waiting = ended
    while waiting:
        for row in believed.down.get(waiting.pop(), ()):
            if row.item not in below:
                below.add(row.item)
                waiting.append(row.item)
    return sorted(below & items)


def _known(index: Index, items: set[bytes], believed: Believed) -> dict[bytes, Known]:
    revoked = index.items_revoked(items)
    homes = {item: home for (item, _), (home, *_) in believed.said.items() if item in items}
    ends: dict[bytes, tuple[str, int | None]] = {}
    found = {}
    for item in items:
        kind, home, registrant = _home(index, item, homes.get(item))
        end = None
        if home is not None and kind == "collection":
            if home not in ends:
                status = index.status(home)
                ends[home] = status.provider, status.ends_at
            registrant, end = ends[home]
        found[item] = Known(item, kind, home, registrant, revoked.get(item), end)
    return found


def _home(index: Index, item: bytes, stated: bytes | None) -> tuple[str, bytes | None, str]:
    """Where an item stands: as its document says, or as the log says."""
    if stated is not None:
        return "collection", stated, ""
    try:
        home = index.home(index.item(item))
    except NotInIndex:
        return "", None, ""
    return home.kind, home.id, home.registrant
