"""A receipt that somebody keeps, beside a later anchor on the chain: a file for others to check.

All that is in it is signed by the vault or stated on the chain. Who checks it needs the key of the
log and a look at the chain, and asks the vault nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from kiseki.client.vault.stated import Stated
from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.handing.receipts import Receipt, Salted
from kiseki.vault.log.checkpoints import opened
from kiseki.vault.log.dates import Dated, Dates
from kiseki.vault.log.heads import Stamp, anchored, heads_key, look_at
from kiseki.vault.log.lines import encoded, hashes
from kiseki.vault.log.monitor import Look, Monitor, Verdict
from kiseki.vault.log.notes import Note, VerifierKey
from kiseki.vault.log.proofs import LogProof

__all__ = ["Comparison", "Given", "Says", "genuine"]

_FORMAT = "kiseki-anchored-v1"
_MEMBERS = (
    "format", "log", "receipt", "proof", "anchor", "head", "path", "chain", "wallet", "block",
    "time", "transaction",
)  # fmt: skip


class Says(Enum):
    """What an anchor says beside a receipt."""

    CONTAINED = "contained"
    """It has the receipt, and all else that was seen with it."""
    BEFORE = "before"
    """It is from before the receipt."""
    UNPROVED = "unproved"
    """The vault owes the proof that it has what was seen, and gives none that shows it."""
    CONTRADICTED = "contradicted"
    """The vault has signed two things that cannot both be true."""


@dataclass(frozen=True, slots=True)
class Given:
    """A receipt of a hand-out, as its receiver keeps it.

    Attributes:
        receipt: its text.
        proof: with the salt of the receipt as `extra`, and the checkpoint that was seen.
    """

    receipt: str
    proof: LogProof

    def check(self, log: VerifierKey) -> Receipt:
        """The receipt, if it is in the log that the proof is of.

        Raises:
            InvalidInput, ProofError: it is not.
        """
        said = Receipt.from_json(self.receipt)
        if self.proof.extra is None:
            raise ProofError("a receipt without its salt shows nothing")
        self.proof.check(Salted(said, self.proof.extra).entry, log.name, [log])
        return said


@dataclass(frozen=True, slots=True)
class Comparison:
    """A receipt beside an anchor.

    Attributes:
        log: the key of the log.
        given: the receipt, and the checkpoint that was seen with it.
        anchor: the anchor, signed.
        head: the proof of the log's head in it, with that head; none where the vault leaves it out.
        path: the proof that the head begins with what was seen, as the vault gave it; empty where
            it gave none, or none is needed.
        stated: where the anchor is on the chain.
        chain: the ID of the chain.
        wallet: who stated it.
    """

    log: VerifierKey
    given: Given
    anchor: Note
    head: LogProof | None
    path: tuple[bytes, ...]
    stated: Stated
    chain: int
    wallet: str

    @property
    def seen(self) -> Note:
        """The checkpoint that was seen."""
        return self.given.proof.note

    def says(self) -> tuple[Says, str]:
        """Checks all of it, and says what the anchor says beside the receipt, and why. That the
        anchor is on the chain is another question.

        Raises:
            InvalidInput, ProofError: something in it is not what the vault signed or stated.
        """
        receipt = self.given.check(self.log)
        stamp = genuine(self.anchor, self.log, self.stated.document, self.chain, self.wallet)
        look, size = self._look()
        dates = Dates([Dated(size, stamp.taken, self.stated.time)])
        wrong = dates.wrong(self.given.proof.index, receipt.at)
        if wrong is not None:
            return Says.CONTRADICTED, wrong
        if look.verdict is Verdict.CONSISTENT:
            return Says.CONTAINED, look.why
        if look.verdict is Verdict.ROLLED_BACK:
            return Says.BEFORE, "the anchor is from before the receipt"
        unproved = look.verdict is Verdict.UNPROVED
        return Says.UNPROVED if unproved else Says.CONTRADICTED, look.why

    def _look(self) -> tuple[Look, int]:
        head, size = None, 0
        if self.head is not None:
            if self.head.note.text != self.anchor.text:
                raise ProofError("the head is proved by another anchor")
            _, head, size = anchored(self.head, self.log)
        monitor = Monitor(self.log.name, (self.log,), self.seen)
        return look_at(head, self.anchor, monitor, self.path), size

    def to_json(self) -> str:
        """The one text of it."""
        return documents.write(
            {
                "format": _FORMAT, "log": self.log.text, "receipt": self.given.receipt,
                "proof": self.given.proof.to_bytes().decode(),
                "anchor": self.anchor.to_bytes().decode(),
                "head": None if self.head is None else self.head.to_bytes().decode(),
                "path": [encoded(each) for each in self.path],
                "chain": str(self.chain), "wallet": self.wallet, "block": str(self.stated.block),
                "time": str(self.stated.time), "transaction": to_hex(self.stated.transaction),
            }
        )  # fmt: skip

    @classmethod
    def from_json(cls, text: str | bytes) -> Comparison:
        """Reads one, of which nothing is checked.

        Raises:
            InvalidInput: it is none.
        """
        document = documents.read(text, _FORMAT)
        (
            _, log, receipt, proof, anchor, head, path, chain, wallet, block, time, transaction,
        ) = documents.members(document, _MEMBERS, "a comparison with an anchor")  # fmt: skip
        if not isinstance(path, list):
            raise InvalidInput("a proof must be a list of hashes")
        note = Note.from_bytes(_bytes(anchor))
        return cls(
            VerifierKey.from_text(_string(log)), Given(_string(receipt), _proof(proof)), note,
            None if head is None else _proof(head),
            hashes([_string(each) for each in path], "a proof"),
            Stated(
                keccak256(note.text.encode()), documents.decimal(time, "the time"),
                documents.decimal(block, "the block"),
                from_hex(transaction, 32, "the transaction"),
            ),
            documents.decimal(chain, "the chain's ID"),
            address_text(address(_string(wallet), "the wallet")),
        )  # fmt: skip


def genuine(anchor: Note, log: VerifierKey, document: bytes, chain: int, wallet: str) -> Stamp:
    """What an anchor says, if it is the one that a wallet stated.

    Args:
        log: the key of any log of the vault.
        document: what is stated.

    Raises:
        InvalidInput, ProofError: it is another one, or not signed by the vault, or says that it is
            stated elsewhere or by somebody else.
    """
    key = heads_key(log)
    opened(anchor, key.name, [key])
    if keccak256(anchor.text.encode()) != document:
        raise ProofError("this is not the anchor that is stated")
    stamp = Stamp.from_text(anchor.text)
    if (stamp.chain, stamp.wallet) != (chain, wallet):
        raise ProofError("this anchor says that another wallet, or another chain, states it")
    return stamp


def _proof(given: Any) -> LogProof:
    return LogProof.from_bytes(_bytes(given))


def _bytes(given: Any) -> bytes:
    return _string(given).encode("utf-8", "surrogatepass")


def _string(given: Any) -> str:
    if not isinstance(given, str):
        raise InvalidInput("a comparison with an anchor must have texts")
    return given
