"""What every noun of the client shares: a chain, a wallet that acts there, and its salts."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.signer import Signer
from kiseki.client.session import Session
from kiseki.core import accounts
from kiseki.core import origin as origins
from kiseki.core.days import SIGNED_DAYS
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32, bytes32, uint
from kiseki.vault.files import whole
from kiseki.vault.protocol import Salts

__all__ = ["Signed", "Wallet", "document_hash"]

_DAYS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature for a `…For` call.

    Attributes:
        signer: whose it is, checksummed.
        message: the EIP-712 message signed, as data.
        nonce: unordered; used once.
        deadline: last second at which it counts.
        signature: 65 bytes, or whatever the signer's contract takes.
        more: what the call needs beside the message, which binds it by its hash.
    """

    signer: str
    message: dict[str, Any]
    nonce: int
    deadline: int
    signature: bytes = field(repr=False)
    more: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def approval(self) -> tuple[int, int, bytes]:
        """As the contracts take it, once the account whose it is, is there."""
        made = accounts.undeployed(self.signature)
        return (self.nonce, self.deadline, self.signature if made is None else made.signature)


@dataclass(frozen=True, slots=True)
class Wallet:
    """Somebody acting on a chain."""

    session: Session
    signer: Signer = field(repr=False)
    salts: Salts

    @property
    def address(self) -> str:
        """Checksummed."""
        return self.signer.address

    @property
    def sender(self) -> Sender:
        """The one that sends for this wallet."""
        return self.session.sender(self.signer)

    def send(self, call: Call) -> Receipt:
        """Sends one transaction; see `Sender.send`."""
        return self.sender.send(call)

    def send_all(self, calls: Iterable[Call]) -> Iterator[Outcome]:
        """Sends many, several at a time; see `Sender.send_all`."""
        return self.sender.send_all(calls)

    def sign(self, message: dict[str, Any], nonce: int, deadline: int) -> Signed:
        """Signs an EIP-712 message that `kiseki.core.typed` made."""
        return Signed(self.address, message, nonce, deadline, self.signer.sign_typed(message))

    def signed(self, prepared: Signed) -> Signed:
        """The same, signed by this wallet."""
        signed = self.sign(prepared.message, prepared.nonce, prepared.deadline)
        return replace(signed, more=prepared.more)

    def fresh(self, days: int = SIGNED_DAYS) -> tuple[int, int]:
        """A nonce that nobody used, and a deadline that many days ahead.

        Raises:
            InvalidInput: not a day from now on, so the signature would never count.
        """
        uint(days, 16, "the number of days", 1)
        return secrets.randbits(64), self.session.now() + days * _DAYS


def document_hash(given: str | Path | bytes | None) -> bytes:
    """keccak256 of a document: of a file's content, or the hash itself as 32 bytes; zero for none.

    Of a document of origin it is the hash of its one text, with or without signatures in the file.

    Raises:
        FilesError: the file cannot be read.
        InvalidInput: bytes that are no hash.
    """
    if given is None:
        return ZERO32
    if isinstance(given, bytes):
        return bytes32(given, "the document's hash")
    content = whole(given, "the document")
    found = origins.read(content)
    return keccak256(content) if found is None else found.origin.hash
