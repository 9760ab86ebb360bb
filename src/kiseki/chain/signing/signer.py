"""Who signs for a wallet: the one thing that a sender and a client need of a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


__all__ = ["LocalSigner", "SignedTransaction", "Signer"]


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction ready to be sent.

    Attributes:
        raw: as it is sent.
        hash: 32 bytes, by which it is found.
    """

    raw: bytes = field(repr=False)
    hash: bytes


@runtime_checkable
class Signer(Protocol):
    """A wallet that can sign. It never shows its key, in a `repr` neither."""

    @property
    def address(self) -> str:
        """The wallet, checksummed."""
        ...

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """Signs a transaction: ``from``, ``to``, ``data`` (bytes), ``value``, ``gas``, ``nonce``,
        ``chainId``, and the fees, as numbers.

        Raises:
            SigningError: it was refused, or is not what was asked for.
        """
        ...

    def sign_typed(self, message: Mapping[str, Any]) -> bytes:
        """Signs an EIP-712 message that `kiseki.core.typed` made; 65 bytes.

        Raises:
            SigningError: it was refused.
        """
        ...

    def sign_text(self, text: str) -> bytes:
        """Signs a text for people (EIP-191, version 0x45, as `personal_sign`); 65 bytes.

        Raises:
            SigningError: it was refused.
        """
        ...


class LocalSigner:
    """Signs with a key in this process's memory."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"

    @property
    def address(self) -> str:
        """The wallet, checksummed."""
        return str(self._account.address)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """Signs a transaction; see `Signer`."""
        signed = self._account.sign_transaction(dict(transaction))
        return SignedTransaction(bytes(signed.raw_transaction), bytes(signed.hash))

    def sign_typed(self, message: Mapping[str, Any]) -> bytes:
        """Signs an EIP-712 message; see `Signer`."""
        return bytes(self._account.sign_typed_data(full_message=dict(message)).signature)

    def sign_text(self, text: str) -> bytes:
        """Signs a text; see `Signer`."""
        from eth_account.messages import encode_defunct

        return bytes(self._account.sign_message(encode_defunct(text=text)).signature)
