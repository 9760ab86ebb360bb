"""Libraries for training, which Kiseki does not bring along."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from kiseki.errors import TrainingError

__all__ = ["needed"]


def needed(module: str, extra: str) -> ModuleType:
    """A module of a library that a hook works on.

    Args:
        module: its name, as ``torch``.
        extra: the extra of Kiseki that installs it.

    Raises:
        TrainingError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise TrainingError(
            f"{module} is not installed ({error}); install it with pip install 'kiseki[{extra}]'"
        ) from error
