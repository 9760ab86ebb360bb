"""The splits that the index knows: their leaves, and who says that they exist.

Content-addressed: whoever brings a split brings its leaves, the key is their hash, so a split can
be unneeded but never false. Labels say where it is from, and keep what came from events apart
from what was added by hand.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from kiseki.core.split import Split
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import NotInIndex
from kiseki.index.store.sqlite import Store

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


class Splits:
    """The known splits of one index."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: dict[bytes, Split] = {}

    def add(self, split: Split, kind: str, group: bytes = ZERO32) -> bytes:
        """Remembers a split under a label; returns its key."""
        key = split.key
        if self._store.row("SELECT 1 FROM split WHERE key = ?", key) is None:
            parts = json.dumps(list(split.parts))
            self._store.add("split", [{"key": key, "salt": split.salt, "parts": parts}])
            self._store.add(
                "leaf",
                (
                    {"split": key, "place": i, "payee": payee, "shares": str(shares)}
                    for i, (payee, shares) in enumerate(split.leaves)
                ),
            )
        self._store.add("label", [{"split": key, "kind": kind, "group_id": group}])
        return key

    def keys(self) -> list[bytes]:
        """The key of every known split, ascending."""
        return [key for (key,) in self._store.rows("SELECT key FROM split ORDER BY key")]

    def get(self, key: bytes) -> Split:
        """The split with this key.

        Raises:
            NotInIndex: its leaves are not known.
        """
        found = self._cache.get(key)
        if found is None:
            row = self._store.row("SELECT salt, parts FROM split WHERE key = ?", key)
            if row is None:
                raise NotInIndex(
                    f"the leaves of the split {to_hex(key)} are not known; ask who made it for its"
                    " file and give that to add_list"
                )
            leaves = self._store.rows(
                "SELECT payee, shares FROM leaf WHERE split = ? ORDER BY place", key
            )
            found = Split([(payee, int(n)) for payee, n in leaves], row[0], json.loads(row[1]))
            self._cache[key] = found
        return found

    def known(self, key: bytes) -> KnownSplit:
        """The split with this key and its labels; raises as :meth:`get`."""
        rows = self._store.rows(
            "SELECT kind, group_id FROM label WHERE split = ? ORDER BY kind, group_id", key
        )
        return KnownSplit(key, self.get(key), tuple(Label(*row) for row in rows))

    def __iter__(self) -> Iterator[KnownSplit]:
        return map(self.known, self.keys())
