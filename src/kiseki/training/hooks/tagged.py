"""A sample or a batch beside the IDs that it was made of, on its way from worker to training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from kiseki.core.counts import counted
from kiseki.errors import InvalidInput
from kiseki.training.ledger.keys import pack

__all__ = ["Ids", "Split", "Tagged", "Take"]

Ids = str | int | Callable[[Any], Any] | Sequence[Any]
"""Where the IDs of samples are: the name of a member (a column), a place in a tuple, a function of
the sample, or one ID for each index of the dataset."""


class Tagged(NamedTuple):
    """Libraries that move or pin batches go into a named tuple and leave bytes and texts alone.

    Attributes:
        ids: of all that `data` was made of, as `pack` gave them: workers do it once for all.
        data: what the dataset gave, without its IDs.
    """

    ids: bytes
    data: Any


class Take:
    """Takes the ID off a sample."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def must_fit(self, size: int) -> None:
        """
        Raises:
            InvalidInput: there is an ID for each index, and more or fewer than samples.
        """
        if isinstance(self._ids, str | int) or callable(self._ids):
            return
        if len(self._ids) != size:
            raise InvalidInput(
                f"there are {counted(len(self._ids), 'ID')} and {counted(size, 'sample')}; give "
                "one ID for each sample, in the order of the dataset"
            )

    def __call__(self, sample: Any, index: Any = None) -> Tagged:
        """
        Raises:
            InvalidInput: the sample has no ID there, or it is neither bytes nor a text.
        """
        ids = self._ids
        try:
            if isinstance(ids, str):
                if not isinstance(sample, Mapping):
                    raise InvalidInput(
                        f"samples are no dicts but {type(sample).__name__}, so they have no member "
                        f"{ids!r}; give the place in a tuple, a function or a list of IDs as ids"
                    )
                rest = dict(sample)
                return Tagged(_packed(rest.pop(ids)), rest)
            if isinstance(ids, int):
                return Tagged(_packed(sample[ids]), _without(sample, ids))
            return Tagged(_packed(ids(sample) if callable(ids) else ids[index]), sample)
        except (KeyError, IndexError, TypeError) as error:
            raise InvalidInput(
                f"a sample has no ID at {ids!r:.60} ({type(error).__name__}: {error}); say where "
                "it is with ids"
            ) from error


class Split:
    """A collate function that works on samples as they were, and keeps their IDs beside."""

    def __init__(self, collate: Callable[[Any], Any]) -> None:
        self.collate = collate

    def __call__(self, given: Any) -> Any:
        """
        Raises:
            InvalidInput: the samples have no IDs.
        """
        if isinstance(given, Tagged):  # a dataset of batches
            return Tagged(given.ids, self.collate(given.data))
        if not all(isinstance(each, Tagged) for each in given):
            raise InvalidInput(
                "the samples of this DataLoader have no IDs; make it of exposure.dataset(…)"
            )
        # Collate functions leave out samples that are None, as of files that cannot be read.
        ids = b"".join([each.ids for each in given if each.data is not None])
        return Tagged(ids, self.collate([each.data for each in given]))


def _packed(value: Any) -> bytes:
    """Of a sample, or of a batch that the dataset put together itself."""
    return pack(value if isinstance(value, list | tuple) else (value,))


def _without(sample: Any, place: int) -> Any:
    members = list(sample)
    del members[place]
    return tuple(members)
