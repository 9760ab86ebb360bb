"""What a training loop goes over: batches as it knows them, counted as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from kiseki.errors import InvalidInput
from kiseki.training.hooks.tagged import Split, Tagged
from kiseki.training.ledger.writer import Writer

__all__ = ["Loader"]


class Loader:
    """A loader whose batches are counted where the loop takes them.

    It has whatever the loader inside has: a length, ``set_epoch``, ``state_dict`` of a
    StatefulDataLoader.
    """

    def __init__(self, inner: Any, writer: Writer) -> None:
        """
        Raises:
            InvalidInput: it splits batches among processes after IDs were attached.
        """
        if type(inner).__name__ == "DataLoaderDispatcher":
            raise InvalidInput(
                "this loader reads on one process and deals parts of each batch out to the others, "
                "so nobody knows which IDs a process gets; make the Accelerator with "
                "DataLoaderConfiguration(dispatch_batches=False)"
            )
        self._inner, self._writer = inner, writer
        for each in _torch_loaders(inner):
            if not isinstance(each.collate_fn, Split):
                each.collate_fn = Split(each.collate_fn)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_inner" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __len__(self) -> int:
        return len(self._inner)

    def __iter__(self) -> Iterator[Any]:
        for batch in self._inner:
            if not isinstance(batch, Tagged):
                raise InvalidInput(
                    "the batches of this loader have no IDs; make it of exposure.dataset(…)"
                )
            self._writer.arrived(batch.ids, aside=_gradients_are_off())
            yield batch.data


def _torch_loaders(inner: Any) -> list[Any]:
    """The DataLoaders in a loader, whose collate function sees samples: itself, the one that
    Accelerate made, or the first stage of webdataset's WebLoader."""
    inside = getattr(inner, "base_dataloader", inner)
    stages = getattr(inside, "pipeline", None)
    found = stages if isinstance(stages, list) else [inside]
    return [each for each in found if hasattr(each, "collate_fn")]


def _gradients_are_off() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and not torch.is_grad_enabled()
