"""What a wallet wants to have done: the values that a journal keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import Fees

__all__ = ["Attempt", "Intent", "Lane", "Scope"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction of an intent.

    Attributes:
        raw, hash: as `SignedTransaction`.
        fees: what it offers.
        cancels: whether it does nothing but take the intent's nonce away.
        sent: when it was last handed to a node, in Unix seconds.
    """

    raw: bytes = field(repr=False)
    hash: bytes
    fees: Fees
    cancels: bool
    sent: float


@dataclass(frozen=True, slots=True)
class Intent:
    """A transaction that is to be carried out once.

    Attributes:
        id: in its journal.
        nonce: that it has taken.
        call: what it does; its gas is the limit.
        command: of which it is a part; empty for none.
        told: whether somebody was given its result.
        block, block_hash: in which it was seen; none while it waits.
        since: when it was written down, in Unix seconds.
    """

    id: int
    nonce: int
    call: Call = field(repr=False)
    command: str
    told: bool
    block: int | None
    block_hash: bytes | None
    since: float

    @property
    def gas(self) -> int:
        """The limit it is sent with."""
        return self.call.gas or 0


@dataclass(frozen=True, slots=True)
class Lane:
    """The nonces of one wallet on one chain, which only one may hand out at a time.

    Attributes:
        chain_id: the chain.
        genesis: hash of its first block: a local chain that was started anew is another.
        wallet: the address.
        fork: which copy of that chain, where the node plays on with one of its own: what is sent
            there is valid on the real one too, and must never be sent again there. Empty for the
            chain itself.
    """

    chain_id: int
    genesis: bytes
    wallet: str
    fork: str = ""

    def __str__(self) -> str:
        where = f"{self.chain_id}-{self.genesis[:8].hex()}-{self.wallet.lower()}"
        return f"{where}-{self.fork}" if self.fork else where


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom something is sent.

    Attributes:
        command: of which it is a part; empty for none.
        run: who waits for it: a process, a command in that, a flight in that.
    """

    command: str
    run: str
