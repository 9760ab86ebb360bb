"""A withdrawal with all that is known of it: whether the model declares the item, and what its
developer answered.

The chain has the hash of an answer. What it says is known where its document is at hand, or where
it is one of the answers without a day and a reason, which have one text only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kiseki.client.documents import Documents
from kiseki.core.manifest import declared
from kiseki.core.sumtree import SumTree
from kiseki.core.withdrawal import WITHDRAWAL, Answer
from kiseki.errors import InvalidInput
from kiseki.index import MANIFEST, Index, Past, Statement
from kiseki.index.answers.resting import Declaring
from kiseki.index.answers.withdrawals import Withdrawal

__all__ = ["Answered", "Told", "tell"]

_MOST = 200
"""Answers of one developer about one model that are looked at; the last ones."""
_MANIFESTS = 5
"""Published manifests of one model that are tried; the last ones."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a developer answered.

    Attributes:
        document: keccak256 of the answer, as the chain has it.
        time: when it was stated, Unix seconds.
        answer: what it says.
    """

    document: bytes
    time: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Told:
    """A withdrawal, and what is known of it.

    Attributes:
        row: which revocation touches which model.
        declares: whether the model, or a model that it rests on, declares the item: ``yes``,
            ``no`` or ``unknown``. A collection is declared on the chain: ``yes``.
        answers: what the developer answered to this, earliest first; the last one counts.
        unread: how many answers of the developer about this model are not at hand; any of them may
            be to this.
        overdue: whether another model was promised until a day that has passed, and none of this
            developer is registered that leaves the collection out; none where not all of them were
            looked at.
    """

    row: Withdrawal
    declares: str
    answers: tuple[Answered, ...]
    unread: int
    overdue: bool | None

    @property
    def last(self) -> Answer | None:
        """The answer that counts; none where there is none, or none that can be read."""
        return self.answers[-1].answer if self.answers else None


def tell(index: Index | Past, rows: Sequence[Withdrawal], documents: Documents) -> list[Told]:
    """Some withdrawals with all that is known of them.

    Args:
        documents: that are at hand: answers, and manifests.
    """
    said = index.said_by_developers({e.model: e.developer for e in rows}, WITHDRAWAL, _MOST)
    items = _declared(index, [each for each in rows if each.kind == "item"], documents)
    by_model: dict[bytes, list[Withdrawal]] = {}
    for each in rows:
        by_model.setdefault(each.model, []).append(each)
    read = {model: _read(said[model], together, documents) for model, together in by_model.items()}
    return [_told(index.time, each, read[each.model], items) for each in rows]


def _told(
    now: int, row: Withdrawal, read: Sequence[tuple[Statement, Answer | None]],
    items: Mapping[tuple[bytes, bytes, bytes], str],
) -> Told:  # fmt: skip
    answers = tuple(
        Answered(each.document, each.time, answer)
        for each, answer in read
        if answer is not None and _is_to(answer, row)
    )
    unread = sum(1 for _, answer in read if answer is None)
    declares = "yes" if row.kind == "collection" else items[row.model, row.collection, row.id]
    ends = answers[-1].answer.ends if answers else None
    overdue: bool | None = ends is not None and ends <= now and row.without is None
    if overdue and row.more_later:
        overdue = None
    return Told(row, declares, answers, unread, overdue)


def _is_to(answer: Answer, row: Withdrawal) -> bool:
    """Whether it is to this revocation, and about this model."""
    there = (row.model, row.kind, row.id, row.revoked_at)
    return (answer.model, answer.kind, answer.withdrawn, answer.revoked_at) == there


def _read(
    said: Iterable[Statement], rows: Sequence[Withdrawal], documents: Documents
) -> list[tuple[Statement, Answer | None]]:
    """What each statement of a developer says; none where its document is not at hand, or is no
    answer."""
    plain = {
        each.hash: each
        for row in rows
        for word in ("acknowledged", "kept")
        for each in [Answer(row.model, row.kind, row.id, row.revoked_at, word)]
    }
    found: list[tuple[Statement, Answer | None]] = []
    for each in said:
        answer = plain.get(each.document) or documents.read(each.document, Answer.from_json)
        if answer is None and documents.content(each.document) is not None:
            continue  # it is at hand, and answers nothing
        found.append((each, answer))
    return found


def _declared(
    index: Index | Past, rows: Sequence[Withdrawal], documents: Documents
) -> dict[tuple[bytes, bytes, bytes], str]:
    """(model, collection, item) -> ``yes``, ``no`` or ``unknown``."""
    by_collection: dict[bytes, list[Withdrawal]] = {}
    for each in rows:
        by_collection.setdefault(each.collection, []).append(each)
    if not documents:
        return dict.fromkeys(((e.model, e.collection, e.id) for e in rows), "unknown")
    found = {}
    for collection, together in by_collection.items():
        pairs = index.declaring(collection, {each.model for each in together})
        of = {each.declares: each.developer for each in pairs}
        said = index.said_by_developers(of, MANIFEST, _MANIFESTS)
        known = {
            each.declares: _items_of(each, collection, said[each.declares], documents)
            for each in pairs
        }
        for row in together:
            there = [known[each.declares] for each in pairs if each.model == row.model]
            answer = "no" if None not in there else "unknown"
            if any(each is not None and row.id in each for each in there):
                answer = "yes"
            found[row.model, collection, row.id] = answer
    return found


def _items_of(
    each: Declaring, collection: bytes, said: Iterable[Statement], documents: Documents
) -> frozenset[bytes] | None:
    """What a model declares of a collection; none where no manifest at hand is its own."""
    for statement in said:
        content = documents.content(statement.document)
        if content is not None:
            items = _items(statement.document, content, collection, each.items, each.weight)
            if items is not None:
                return items
    return None


class _Content:
    """A document, known by its hash; once it was read, its content is not kept."""

    __slots__ = ("content", "key")

    def __init__(self, key: bytes, content: bytes) -> None:
        self.key, self.content = key, content

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and other.key == self.key


def _items(
    key: bytes, content: bytes, collection: bytes, root: bytes, weight: int
) -> frozenset[bytes] | None:
    return _in_manifest(_Content(key, content), collection, root, weight)


@lru_cache(16)
def _in_manifest(
    document: _Content, collection: bytes, root: bytes, weight: int
) -> frozenset[bytes] | None:
    """The items of a collection in a manifest, if they are those that the chain has the root of."""
    content, document.content = document.content, b""
    try:
        pairs = declared(content).get(collection)
        tree = SumTree(pairs) if pairs else None
    except InvalidInput:
        return None
    if pairs is None or tree is None or (tree.root, tree.total) != (root, weight):
        return None
    return frozenset(item for item, _ in pairs)
