"""How a vault stands, for whoever runs it. Nothing in it is secret."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.vault.erasing import Erasing
from kiseki.vault.keys.epochs import Epoch
from kiseki.vault.objects.rows import Held
from kiseki.vault.vault import Vault

__all__ = ["Health", "health"]


@dataclass(frozen=True, slots=True)
class Health:
    """How a vault stands.

    Attributes:
        held: what is kept of whom.
        epochs: all of them; the last is in force.
        erasures: when each erasure that is not finished was asked for, Unix seconds.
        free: bytes that are free where the objects lie; none where that is no folder.
    """

    held: Sequence[Held]
    epochs: Sequence[Epoch]
    erasures: Sequence[int]
    free: int | None


def health(vault: Vault) -> Health:
    """How a vault stands now.

    Raises:
        SecretsError: the store cannot be read.
        OSError: the folder of the objects cannot be.
    """
    where, free = vault.setup.objects, None
    if "://" not in where:
        found = os.statvfs(where)
        free = found.f_bavail * found.f_frsize
    open_ = [each.request.at for each in Erasing(vault).all() if each.gone is None]
    return Health(vault.objects.held(), vault.epochs, open_, free)
