"""How a vault stands, for whoever runs it. Nothing in it is secret."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.vault.anchored import Standing, standing
from kiseki.vault.erasing import Erasing
from kiseki.vault.handing.anchors import AnchorFiles
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
        standing: how the logs stand beside the last anchor; none where anchors lie elsewhere.
    """

    held: Sequence[Held]
    epochs: Sequence[Epoch]
    erasures: Sequence[int]
    free: int | None
    standing: Standing | None = None


def health(vault: Vault, anchors: AnchorFiles | None = None) -> Health:
    """How a vault stands now.

    Args:
        anchors: where they lie.

    Raises:
        SecretsError: the store cannot be read.
        FilesError: the last anchor cannot be.
        OSError: the folder of the objects cannot be.
    """
    where, free = vault.setup.objects, None
    if "://" not in where:
        found = os.statvfs(where)
        free = found.f_bavail * found.f_frsize
    open_ = [each.request.at for each in Erasing(vault).all() if each.gone is None]
    beside = None if anchors is None else standing(anchors, vault.ledger, int(time.time()))
    return Health(vault.objects.held(), vault.epochs, open_, free, beside)
