"""What pages tell of a rights token."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index

__all__ = ["TokenShown", "token"]

_KINDS = {"DataRegistry": "collection", "ModelRegistry": "model", "OutputRegistry": "batch"}


@dataclass(frozen=True, slots=True)
class TokenShown:
    """A rights token.

    Attributes:
        number: its number.
        kind: ``collection``, ``model`` or ``batch``; ``foreign`` for a registry that is not
            Kiseki's, of which nothing more is known here.
        registry: the contract that registered what it stands for.
        id: the ID of that.
        holder: who holds it; none before it is minted.
        minted_at: when; none before it is minted.
        document: the hash of the agreement behind it, or zero; none before it is minted.
        royalty_bps: what of a resale goes to its subject, hundredths of a percent; none before it
            is minted.
    """

    number: str
    kind: str
    registry: str
    id: str
    holder: str | None
    minted_at: int | None
    document: str | None
    royalty_bps: int | None


def token(index: Index, number: bytes) -> TokenShown:
    """A rights token that was minted or put on record.

    Raises:
        NotInIndex: it was neither.
    """
    record = index.agreements.token(number)
    names = {at.lower(): name for name, at in index.contracts}
    return TokenShown(
        to_hex(number),
        _KINDS.get(names.get(record.registry, ""), "foreign"),
        checksummed(record.registry),
        to_hex(record.id),
        None if record.holder is None else checksummed(record.holder),
        record.minted_at,
        None if record.document is None else to_hex(record.document),
        record.royalty_bps,
    )
