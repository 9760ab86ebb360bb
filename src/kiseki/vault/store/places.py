"""What the sealed values of hand-outs are bound to: the row and column that they lie in."""

from __future__ import annotations

__all__ = ["entry_receipt", "entry_salt", "handed_key"]


def entry_receipt(provider: bytes, number: int) -> bytes:
    """The receipt of an entry of a provider's log."""
    return b"receipt" + provider + number.to_bytes(8)


def entry_salt(provider: bytes, number: int) -> bytes:
    """The salt of such an entry."""
    return b"receipt salt" + provider + number.to_bytes(8)


def handed_key(handout: bytes, item: bytes) -> bytes:
    """The key of the age file in which an item is handed out."""
    return b"handed key" + handout + item
