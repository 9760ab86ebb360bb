"""Documents that somebody published (`kiseki.vault.published`), read and remembered.

A document that is not at hand, or cannot be read, tells nothing.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kiseki.core.manifest import Manifest
from kiseki.core.run import Run
from kiseki.errors import KisekiError
from kiseki.vault.published import Published

__all__ = ["Documents"]

_KEPT = 4_096
_T = TypeVar("_T")


class Documents:
    """What published documents say, by their hash.

    A hash names one text for ever, so what was read once is not read again.

    Args:
        published: a folder of them; none has nothing.
    """

    def __init__(self, published: Published | None = None) -> None:
        self._published = published or Published()
        self._kept: OrderedDict[tuple[bytes, object], Any] = OrderedDict()
        self._one = threading.Lock()

    def __bool__(self) -> bool:
        """Whether there are any, or may be."""
        return self._published.is_somewhere

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
        with self._one:
            self._kept[key, reader] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found

    def content(self, key: bytes) -> bytes | None:
        """A document as it is, which is not remembered; none where it is not at hand."""
        return self._published.document(key)

    def run(self, key: bytes) -> Run | None:
        """A run; none likewise."""
        return self.read(key, Run.from_json)

    def weights(self, key: bytes, root: bytes) -> Mapping[int, int] | None:
        """Of a published manifest: how many items have each weight; none likewise, and where it is
        not the manifest with this root."""
        told = self.read(key, _weights)
        return told[1] if told is not None and told[0] == root else None


def _weights(text: bytes) -> tuple[bytes, Counter[int]]:
    manifest = Manifest.from_json(text)
    weights = Counter(weight for pairs in manifest.items.values() for _, weight in pairs)
    return manifest.root, weights
