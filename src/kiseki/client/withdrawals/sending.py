"""A withdrawal for programs: as JSON, with a name that stays the same on every chain reader, so
that whoever gets it twice knows it again."""

from __future__ import annotations

import uuid
from typing import Any

from kiseki.client.withdrawals.told import Told
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.core.withdrawal import Answer
from kiseki.index.answers.withdrawals import Withdrawal

__all__ = ["answered", "document", "name_of"]

_FORMAT = "kiseki-withdrawal-word-v1"
_SPACE = uuid.UUID("5b1f7a0a-5a53-5a0d-8d6b-3f0b6a2c4e19")
"""Of the names, which are the same whoever tells of a withdrawal."""


def name_of(row: Withdrawal, chain_id: int, registry: str) -> str:
    """A URN for one revocation, collection and model. A collection and an item are revoked once
    only, so it does not change where a reorganisation moves the event.

    Args:
        registry: the address of the chain's `DataRegistry`.
    """
    parts = (str(chain_id), registry.lower(), row.kind, to_hex(row.id), to_hex(row.collection),
             to_hex(row.model))  # fmt: skip
    return uuid.uuid5(_SPACE, " ".join(parts)).urn


def document(told: Told, chain_id: int, registry: str) -> dict[str, Any]:
    """What a program is told: facts that stay true, and nothing that is not on the chain."""
    row = told.row
    return {
        "format": _FORMAT,
        "name": name_of(row, chain_id, registry),
        "chain": chain_id,
        "kind": row.kind,
        "withdrawn": to_hex(row.id),
        "collection": to_hex(row.collection),
        "provider": checksummed(row.provider),
        "revoked": row.revoked_at,
        "ends": row.ends_at,
        "transaction": to_hex(row.transaction),
        "model": to_hex(row.model),
        "developer": checksummed(row.developer),
        "registered": row.registered_at,
        "direct": row.is_direct,
        "declares": told.declares,
    }


def answered(answer: Answer) -> dict[str, Any]:
    """An answer, for programs."""
    return {
        "answer": answer.answer,
        "by": answer.by.isoformat() if answer.by else None,
        "reason": answer.reason,
    }
