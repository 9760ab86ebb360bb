"""Steps of torch optimizers, also those that a GradScaler leaves out because gradients overflow."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from kiseki.training.extras import needed
from kiseki.training.ledger.writer import Writer

needed("torch", "torch")

from torch.amp.grad_scaler import GradScaler  # noqa: E402 - says how to install it first
from torch.optim.optimizer import register_optimizer_step_post_hook  # noqa: E402

__all__ = ["Watch"]

_WATCHES: weakref.WeakSet[Watch] = weakref.WeakSet()


class Watch:
    """Sees the steps of some optimizers, or of all optimizers in this process."""

    def __init__(self, writer: Writer, optimizers: Sequence[Any]) -> None:
        self._writer = writer
        self._own = [_inside(each) for each in optimizers]
        self._seen = 0
        if self._own:
            self._hooks = [each.register_step_post_hook(self._stepped) for each in self._own]
        else:
            self._hooks = [register_optimizer_step_post_hook(self._stepped)]
        _WATCHES.add(self)
        _see_scalers()

    def stop(self) -> None:
        """Sees no more."""
        for each in self._hooks:
            each.remove()
        _WATCHES.discard(self)

    def around(self, optimizer: Any) -> Callable[[], None]:
        """What to call after a GradScaler was asked to step."""
        before = self._seen
        is_mine = not self._own or any(each is _inside(optimizer) for each in self._own)

        def after() -> None:
            if is_mine and self._seen == before:
                self._writer.skipped()

        return after

    def _stepped(self, optimizer: Any, *_: Any) -> None:
        self._seen += 1
        # A fused optimizer is called even where gradients overflow, and leaves the step out itself.
        overflow = getattr(optimizer, "found_inf", None)
        if overflow is not None and float(overflow):
            self._writer.skipped()
        else:
            self._writer.stepped()


def _inside(optimizer: Any) -> Any:
    """The optimizer that another one, as Accelerate's, has inside and steps."""
    while "_optimizer_step_post_hooks" not in vars(optimizer) and hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    return optimizer


def _see_scalers() -> None:
    """A GradScaler that leaves a step out calls no optimizer, so no hook of one can tell."""
    step = GradScaler.step
    if getattr(step, "_kiseki", False):
        return

    @wraps(step)
    def watched(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        afterwards = [each.around(optimizer) for each in _WATCHES]
        result = step(self, optimizer, *args, **kwargs)
        for each in afterwards:
            each()
        return result

    watched._kiseki = True  # type: ignore[attr-defined]
    GradScaler.step = watched  # type: ignore[method-assign]
