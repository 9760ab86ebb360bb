"""Payees as the contracts take them: a key, and its opening unless it is a wallet."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.split import Split

__all__ = ["Payee", "usual"]


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid.

    Attributes:
        key: 32 bytes.
        opening: what hashes to the key: of a wallet nothing, of a split 76 bytes, of a subject 52.
    """

    key: bytes
    opening: bytes = b""

    @classmethod
    def of(cls, given: Payee | Split | str) -> Payee:
        """A payee from what people have: an address, a split, or a payee already."""
        if isinstance(given, Payee):
            return given
        return cls(given.key, given.opening) if isinstance(given, Split) else cls(ids.wallet(given))

    @classmethod
    def subject(cls, contract: str, subject_id: bytes) -> Payee:
        """Whatever `contract` says about `subject_id` when the money moves."""
        return cls(ids.subject(contract, subject_id), ids.subject_opening(contract, subject_id))


def usual(given: Payee | Split | str | None, wallet: str, token: Payee) -> Payee:
    """Who is paid for a model or batch: its rights token, unless another is named.

    Args:
        given: a payee; ``wallet`` for the registrant's own; none for the token.
        wallet: the registrant's.
        token: the payee that is the group's rights token.
    """
    if given is None:
        return token
    return Payee.of(wallet if given == "wallet" else given)
