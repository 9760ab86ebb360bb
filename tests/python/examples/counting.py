"""A counter of our own in the training loop, to hold Kiseki's hook against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from examples.openmoji.drawings import Pixels
from examples.openmoji.model import Batch

Id = TypeVar("Id", bound=Hashable)


class Consumed(Counter[Id]):
    """How many times the training loop has seen each ID. Only the loop adds to it."""

    def batches(self, source: Iterable[Batch[Id]]) -> Iterator[Pixels]:
        """Pass on the pixels of `source`, counting what is taken, when it is taken."""
        for batch in source:
            self.update(batch.ids)
            yield batch.pixels

    def watched(self, source: Iterable[Batch[Id]]) -> Iterator[Batch[Id]]:
        """The batches themselves, counted when they are taken."""
        for batch in source:
            self.update(batch.ids)
            yield batch
