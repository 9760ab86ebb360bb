"""Documents that somebody published (`kiseki.vault.published`), read and remembered.

A document that is not at hand, or cannot be read, tells nothing.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sized
from typing import Any, TypeVar

from kiseki.core.manifest import Manifest
from kiseki.core.run import Run
from kiseki.errors import KisekiError
from kiseki.vault.published import Published

__all__ = ["Declared", "Documents"]

_KEPT = 4_096
_ITEMS = 1_000_000
"""Items of all documents that are remembered together; each takes some hundred bytes."""
_T = TypeVar("_T")


class Declared:
    """What a published manifest declares, in little memory.

    Args:
        manifest: read whole, so its root is the one that its items give.

    Attributes:
        root: of the manifest.
        total: the sum of all weights.
        weights: how many items have each weight.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.root, self.total = manifest.root, manifest.weight
        self._items = {
            key: (b"".join(item for item, _ in pairs), [weight for _, weight in pairs])
            for key, pairs in manifest.items.items()
        }
        self.weights: Mapping[int, int] = Counter(
            weight for _, weights in self._items.values() for weight in weights
        )

    def __len__(self) -> int:
        return sum(map(len, (weights for _, weights in self._items.values())))

    def weight(self, collection: bytes, data_id: bytes) -> int:
        """Of an item under a collection; 0 where it is not declared there."""
        ids, weights = self._items.get(collection, (b"", []))
        at = bisect_left(range(len(weights)), data_id, key=lambda i: ids[32 * i : 32 * i + 32])
        there = at < len(weights) and ids[32 * at : 32 * at + 32] == data_id
        return weights[at] if there else 0


class Documents:
    """What published documents say, by their hash.

    A hash names one text for ever, so what was read once is not read again.

    Args:
        published: a folder of them; none has nothing.
    """

    def __init__(self, published: Published | None = None) -> None:
        self._published = published or Published()
        self._kept: OrderedDict[tuple[bytes, object], Any] = OrderedDict()
        self._items = 0
        self._one = threading.Lock()

    def __bool__(self) -> bool:
        """Whether there are any, or may be."""
        return self._published.is_somewhere

    def __contains__(self, key: bytes) -> bool:
        """Whether the document with a hash is at hand, whatever it says."""
        return key in self._published

    @property
    def mark(self) -> str:
        """The same only while the documents are the same; empty without any."""
        return self._published.mark

    def read(self, key: bytes, reader: Callable[[bytes], _T]) -> _T | None:
        """What a document says; none where it is not at hand or is none of this sort.

        Args:
            key: its keccak256, 32 bytes.
            reader: gives what it says, or raises a `KisekiError`; the same function each time.
        """
        with self._one:
            if (key, reader) in self._kept:
                self._kept.move_to_end((key, reader))
                found: _T | None = self._kept[key, reader]
                return found
        content = self._published.document(key)
        if content is None:
            return None  # it may come
        try:
            found = reader(content)
        except KisekiError:
            found = None
        self._keep((key, reader), found)
        return found

    def content(self, key: bytes) -> bytes | None:
        """A document as it is, which is not remembered; none where it is not at hand."""
        return self._published.document(key)

    def run(self, key: bytes) -> Run | None:
        """A run; none likewise."""
        return self.read(key, Run.from_json)

    def manifest(self, key: bytes, root: bytes) -> Declared | None:
        """A published manifest; none likewise, and where it is not the one with this root."""
        told = self.read(key, _declared)
        return told if told is not None and told.root == root else None

    def _keep(self, key: tuple[bytes, object], found: object) -> None:
        """Remembers the last ones, as many as there is room for."""
        with self._one:
            if key in self._kept:
                return  # another thread read the same
            self._kept[key] = found
            self._items += _size(found)
            while len(self._kept) > 1 and (len(self._kept) > _KEPT or self._items > _ITEMS):
                self._items -= _size(self._kept.popitem(last=False)[1])


def _declared(text: bytes) -> Declared:
    return Declared(Manifest.from_json(text))


def _size(found: object) -> int:
    return len(found) if isinstance(found, Sized) else 0
