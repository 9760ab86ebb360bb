"""A sample or a batch beside the IDs that it was made of, on its way from worker to training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, overload

from kiseki.core.counts import counted
from kiseki.errors import InvalidInput
from kiseki.training.ledger.keys import pack

__all__ = ["Ids", "Samples", "Split", "Tagged", "Take"]

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


class Samples(Sequence[Tagged]):
    """The samples of a batch, each beside its IDs when somebody looks at one; `Split` takes all of
    them at once, as the training loop waits for it.

    Attributes:
        ids: of each sample, as `pack` gave them.
        data: what the dataset gave, without its IDs.
    """

    def __init__(self, ids: list[bytes], data: list[Any]) -> None:
        self.ids, self.data = ids, data

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, place: int) -> Tagged: ...
    @overload
    def __getitem__(self, place: slice) -> Samples: ...
    def __getitem__(self, place: int | slice) -> Tagged | Samples:
        if isinstance(place, slice):
            return Samples(self.ids[place], self.data[place])
        return Tagged(self.ids[place], self.data[place])


class Take:
    """Takes the ID off a sample."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._list = None if isinstance(ids, str | int) or callable(ids) else ids

    def must_fit(self, size: int) -> None:
        """
        Raises:
            InvalidInput: there is an ID for each index, and more or fewer than samples.
        """
        if self._list is not None and len(self._list) != size:
            raise InvalidInput(
                f"there are {counted(len(self._list), 'ID')} and {counted(size, 'sample')}; give "
                "one ID for each sample, in the order of the dataset"
            )

    def all(self, samples: list[Any], indices: Sequence[Any]) -> Samples:
        """Of a batch.

        Raises:
            InvalidInput: see `__call__`; or there are more or fewer samples than were asked for.
        """
        if len(samples) != len(indices):
            raise InvalidInput(
                f"the dataset gave {counted(len(samples), 'sample')} where it was asked for "
                f"{len(indices):,}, so nobody knows which IDs they have; leave out none"
            )
        if self._list is None:
            taken = [self(*each) for each in zip(samples, indices, strict=True)]
            return Samples([each.ids for each in taken], [each.data for each in taken])
        try:
            return Samples([_packed(self._list[each]) for each in indices], samples)
        except (KeyError, IndexError, TypeError) as error:
            raise self._lacks(error) from error

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
            raise self._lacks(error) from error

    def _lacks(self, error: Exception) -> InvalidInput:
        return InvalidInput(
            f"a sample has no ID at {self._ids!r:.60} ({type(error).__name__}: {error}); say where "
            "it is with ids"
        )


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
        if isinstance(given, Samples):
            ids, data = given.ids, given.data
        elif all(isinstance(each, Tagged) for each in given):
            ids, data = [each.ids for each in given], [each.data for each in given]
        else:
            raise InvalidInput(
                "the samples of this DataLoader have no IDs; make it of exposure.dataset(…)"
            )
        # Collate functions leave out samples that are None, as of files that cannot be read.
        left = [own for own, each in zip(ids, data, strict=True) if each is not None]
        return Tagged(b"".join(left), self.collate(data))


def _packed(value: Any) -> bytes:
    """Of a sample, or of a batch that the dataset put together itself."""
    return pack(value if isinstance(value, list | tuple) else (value,))


def _without(sample: Any, place: int) -> Any:
    members = list(sample)
    del members[place]
    return tuple(members)
