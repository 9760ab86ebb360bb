"""PyTorch datasets whose samples carry their IDs: map-style, iterable, Hugging Face, webdataset."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kiseki.errors import InvalidInput
from kiseki.training.extras import needed
from kiseki.training.hooks.tagged import Ids, Samples, Tagged, Take
from kiseki.training.ledger.reads import Reads

needed("torch", "torch")

from torch.utils.data import Dataset, IterableDataset  # noqa: E402 - says how to install it first

__all__ = ["TaggedDataset", "TaggedStream", "tagged"]


def tagged(dataset: Any, ids: Ids, reads: Reads) -> TaggedDataset | TaggedStream:
    """A dataset whose samples carry their IDs, and which writes down what it gives out.

    Raises:
        InvalidInput: it is no dataset, or IDs by index do not fit it.
    """
    is_map = hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")
    if isinstance(dataset, IterableDataset) or not is_map:
        if not hasattr(dataset, "__iter__"):
            raise InvalidInput(
                f"{type(dataset).__name__} is no dataset: it has neither __getitem__ and __len__ "
                "nor __iter__"
            )
        kind = _STREAMS[_has_state(dataset), hasattr(dataset, "__len__")]
        return kind(dataset, Take(ids), reads)
    take = Take(ids)
    take.must_fit(len(dataset))
    return (_StatefulDataset if _has_state(dataset) else TaggedDataset)(dataset, take, reads)


class _Inner:
    """Has what the dataset inside has, as `set_epoch`."""

    _inner: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_inner" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._inner, name)


class TaggedDataset(_Inner, Dataset[Tagged]):
    """Of samples with a number."""

    def __init__(self, inner: Any, take: Take, reads: Reads) -> None:
        self._inner, self._take, self._reads = inner, take, reads

    def __len__(self) -> int:
        return len(self._inner)

    def __getitem__(self, index: Any) -> Tagged:
        sample = self._take(self._inner[index], index)
        self._reads.add(sample.ids)
        return sample

    def __getitems__(self, indices: Any) -> Samples:
        """A batch at once, as DataLoader asks for it."""
        if hasattr(self._inner, "__getitems__"):
            found = self._inner.__getitems__(indices)
        else:
            found = [self._inner[each] for each in indices]
        samples = self._take.all(found, indices)
        self._reads.add(b"".join(samples.ids))
        return samples


class TaggedStream(_Inner, IterableDataset[Tagged]):
    """Of samples that come one after the other."""

    def __init__(self, inner: Any, take: Take, reads: Reads) -> None:
        self._inner, self._take, self._reads = inner, take, reads

    def __iter__(self) -> Iterator[Tagged]:
        inner = iter(self._inner)
        kind = _StatefulSamples if _has_state(inner) else _Samples
        return kind(inner, self._take, self._reads)


class _Samples:
    """The samples of a stream, one pass."""

    def __init__(self, inner: Iterator[Any], take: Take, reads: Reads) -> None:
        self._inner, self._take, self._reads = inner, take, reads

    def __iter__(self) -> Iterator[Tagged]:
        return self

    def __next__(self) -> Tagged:
        sample = self._take(next(self._inner))
        self._reads.add(sample.ids)
        return sample


class _WithState:
    """Hands on the state of what is inside, which StatefulDataLoader asks for."""

    _inner: Any

    def state_dict(self) -> Any:
        return self._inner.state_dict()

    def load_state_dict(self, state: Any) -> None:
        self._inner.load_state_dict(state)


class _StatefulSamples(_WithState, _Samples):
    pass


class _StatefulDataset(_WithState, TaggedDataset):
    pass


class _StatefulStream(_WithState, TaggedStream):
    pass


class _SizedStream(TaggedStream):
    def __len__(self) -> int:
        return len(self._inner)


class _SizedStatefulStream(_WithState, _SizedStream):
    pass


_STREAMS: dict[tuple[bool, bool], type[TaggedStream]] = {
    (False, False): TaggedStream,
    (False, True): _SizedStream,
    (True, False): _StatefulStream,
    (True, True): _SizedStatefulStream,
}
"""By whether the stream has a state, and a length: loaders look at which methods there are."""


def _has_state(inner: Any) -> bool:
    return hasattr(inner, "state_dict") and hasattr(inner, "load_state_dict")
