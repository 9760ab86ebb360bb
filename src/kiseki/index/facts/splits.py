"""The splits that the index knows: their leaves, and who says that they exist.

Content-addressed: whoever brings a split brings its leaves, the key is their hash, so a split can
be unneeded but never false. Labels say where it is from. What was added by hand is kept beside the
store, for whoever asks here and nobody else: a private list stays private.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Integer, bindparam, or_, select

from kiseki.core.split import Split
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.rows import maker
from kiseki.index.store.types import Key, Long, keys, number_of, numbered

__all__ = ["KnownSplit", "Label", "Splits"]


@dataclass(frozen=True, slots=True)
class Label:
    """What a split is.

    Attributes:
        kind: ``data`` (of a group's sources), ``own`` (what a model asks), ``model`` or ``batch``
            (money paid to it), ``published`` (by event) or ``added`` (by hand, from a file).
        group: ID of the model or batch; zero for ``published`` and ``added``.
    """

    kind: str
    group: bytes


@dataclass(frozen=True, slots=True)
class KnownSplit:
    """A split and every label it has. Equal data splits are one split with several labels.

    Attributes:
        key: its payee key.
        split: leaves, opening and proofs.
        labels: at least one, sorted by kind and group.
    """

    key: bytes
    split: Split
    labels: tuple[Label, ...]


_ADDED = Label("added", ZERO32)
_SPLIT = select(t.split.c.salt, t.split.c.parts).where(t.split.c.key == bindparam("key", type_=Key))
_LEAVES = (
    select(t.leaf.c.payee, t.leaf.c.shares)
    .where(t.leaf.c.split == bindparam("key", type_=Key))
    .order_by(t.leaf.c.place)
)
_AT, _PLACE = bindparam("at", type_=Long), bindparam("place", type_=Integer)
_KEYS = (
    select(t.split.c.key)
    .where(t.split.c.at >= _AT, or_(t.split.c.at > _AT, t.split.c.place > _PLACE))
    .order_by(t.split.c.at, t.split.c.place)
    .limit(bindparam("most", type_=Long))
)
_WHERE = select(t.split.c.at, t.split.c.place).where(t.split.c.key == bindparam("key", type_=Key))
_ALL = 1 << 62
_LABELS = (
    select(number_of(t.label.c.split), t.label.c.kind, keys.c.raw)
    .join(keys, keys.c.id == number_of(t.label.c.group_id))
    .where(numbered(t.label.c.split, "splits"))
)
_label = maker(Label)


def _order(label: Label) -> tuple[str, bytes]:
    return label.kind, label.group


class Splits:
    """The known splits of one index."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._added: dict[bytes, Split] = {}

    def keep(self, split: Split, kind: str, group: bytes, at: int, place: int) -> bool:
        """Writes a split under a label; whether it is new.

        Args:
            at: the place of the event that made it known.
            place: of this split among those of the event.
        """
        self._store.add(
            t.label,
            [{"at": at, "place": place, "split": split.key, "kind": kind, "group_id": group}],
        )
        number = self._store.keys.number(split.key)
        if not self._store.keys.is_fresh(number):
            self._store.flush(t.split)
            if self._store.read("SELECT 1 FROM split WHERE key = ?", number) is not None:
                return False
        row = {
            "at": at,
            "place": place,
            "key": split.key,
            "salt": split.salt,
            "parts": json.dumps(list(split.parts)),
            "total": split.total,
        }
        self._store.add(t.split, [row])
        return True

    def add(self, split: Split) -> None:
        """Remembers a split beside the store."""
        self._added[split.key] = split

    def added(self) -> list[Split]:
        """What was added beside the store."""
        return list(self._added.values())

    def keys(self, after: bytes | None = None, most: int = _ALL) -> list[bytes]:
        """The keys of known splits: earliest first, then those that were added beside the store and
        are not in it.

        Args:
            after: the last one that is known.
            most: how many at most.

        Raises:
            NotInIndex: `after` is no known split.
        """
        start: tuple[int, int] | None = (-1, -1)
        if after is not None:
            row = self._store.row(_WHERE, key=after)
            start = None if row is None else (row[0], row[1])
            if start is None and after not in self._added:
                raise NotInIndex(f"no split {to_hex(after)} is known; begin with the first page")
        kept: list[bytes] = []
        if start is not None:
            rows = self._store.rows(_KEYS, at=start[0], place=start[1], most=most)
            kept = [bytes(key) for (key,) in rows]
        if len(kept) == most:
            return kept
        added = [key for key in self._added if self._store.row(_WHERE, key=key) is None]
        if start is None and after in added:
            added = added[added.index(after) + 1 :]
        return [*kept, *added][:most]

    def get(self, key: bytes) -> Split:
        """The split with this key.

        Raises:
            NotInIndex: its leaves are not known.
        """
        split = self.look_up(key)
        if split is None:
            raise NotInIndex(
                f"the leaves of the split {to_hex(key)} are not known; ask who made it for its"
                " file and give that to add_list"
            )
        return split

    def look_up(self, key: bytes) -> Split | None:
        """The same; nothing where its leaves are not known."""
        if key in self._added:
            return self._added[key]
        row = self._store.row(_SPLIT, key=key)
        if row is None:
            return None
        leaves = self._store.rows(_LEAVES, key=key)
        return Split([(payee, n) for payee, n in leaves], row[0], json.loads(row[1]))

    def known(self, key: bytes) -> KnownSplit:
        """The split with this key and its labels; raises as :meth:`get`."""
        number = self._store.keys.number(key)
        return KnownSplit(key, self.get(key), self.labels([number])[number])

    def labels(self, splits: Iterable[int]) -> dict[int, tuple[Label, ...]]:
        """The labels of splits, by their numbers; each sorted by kind and group."""
        wanted = list(splits)
        labels: dict[int, list[Label]] = {split: [] for split in wanted}
        for split, kind, group in self._store.rows(_LABELS, splits=wanted) if wanted else ():
            labels[split].append(_label(kind, group))
        for split in wanted if self._added else ():
            if self._store.keys.raw(split) in self._added:
                labels[split].append(_ADDED)
        return {
            split: tuple(told if len(told) == 1 else sorted(told, key=_order))
            for split, told in labels.items()
        }
