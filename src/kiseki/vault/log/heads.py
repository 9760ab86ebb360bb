"""The heads of all logs of a vault, as one small log, whose checkpoint is the *anchor*.

The checkpoints of all providers are the entries of the log `DOMAIN/heads`. The anchor says, in
further lines, when the heads were read and which wallet of which chain states it; stated is the
keccak256 of the anchor's text. So whoever has the checkpoint of one provider shows with a
`.tlog-proof` of a few hundred bytes that the vault had stated it by that block. The proof hands the
provider's head on as its `extra`, and of the other heads it has hashes only.

No key need be learnt for it: the log of heads is signed with the key of the providers' logs, under
its own name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

from kiseki.core import documents
from kiseki.core.days import day
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, uint
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.log import Memory
from kiseki.vault.log.monitor import Evidence, Look, Monitor, Verdict
from kiseki.vault.log.notes import Note, Signer, VerifierKey
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.log.tree import Frontier, inclusion, leaf_hash

__all__ = ["Anchor", "Anchored", "Stamp", "anchored", "heads_key", "heads_origin", "look_at"]

_FORMAT = "kiseki-vault-heads-v1"
_TAKEN, _BY = "taken ", "stated by "
_ACCOUNT = re.compile(r"eip155:([1-9][0-9]{0,19}):(0x[0-9a-f]{40})", re.ASCII)
"""A wallet on a chain (CAIP-10), in lower case."""


def heads_origin(domain: str) -> str:
    """The name of the log of heads; no provider's log has it, as these end with an address."""
    return f"{domain}/heads"


def heads_key(log: VerifierKey) -> VerifierKey:
    """The public key that anchors are signed with, from that of any log of the vault."""
    return VerifierKey(heads_origin(log.name.rpartition("/")[0]), log.public)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the text of an anchor says.

    Attributes:
        checkpoint: over the heads.
        taken: when the heads were read, by the vault's clock, in seconds since 1970.
        chain: the ID of the chain on which it is stated.
        wallet: who states it, in lower case.
    """

    checkpoint: Checkpoint
    taken: int
    chain: int
    wallet: str

    @classmethod
    def of(cls, origin: str, size: int, root: bytes, taken: int, chain: int, wallet: str) -> Self:
        """Makes one.

        Raises:
            InvalidInput: a value is none of its kind.
        """
        who = address_text(address(wallet, "the wallet"))
        uint(taken, 63, "the time")
        uint(chain, 64, "the chain's ID", 1)
        more = (f"{_TAKEN}{taken}", f"{_BY}eip155:{chain}:{who}")
        return cls(Checkpoint(origin, size, root, more), taken, chain, who)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Reads the text of an anchor.

        Raises:
            InvalidInput: it is none.
        """
        said = Checkpoint.from_text(text)
        try:
            taken, by = said.more
        except ValueError:
            raise InvalidInput("an anchor must say when it was taken, and who states it") from None
        who = _ACCOUNT.fullmatch(by.removeprefix(_BY))
        if not taken.startswith(_TAKEN) or not by.startswith(_BY) or who is None:
            raise InvalidInput("an anchor must say when it was taken, and who states it")
        at = documents.decimal(taken.removeprefix(_TAKEN), "the time of an anchor")
        return cls.of(said.origin, said.size, said.root, at, int(who[1]), who[2])

    @property
    def text(self) -> str:
        """What is signed, and stated by its keccak256."""
        return self.checkpoint.text

    @property
    def day(self) -> str:
        """On which the heads were read, in UTC, as ``2026-11-30``."""
        return day(self.taken)


@dataclass(frozen=True, slots=True)
class Anchor:
    """All heads of a vault on one day, of which only the tree over them was checked.

    Attributes:
        note: the checkpoint over the heads, signed by the vault.
        heads: the checkpoint of each log, ascending by its origin.

    Raises:
        InvalidInput: the heads are out of order or twice, or do not give the root of the note; or
            the note says nothing of a time and a wallet.
    """

    note: Note
    heads: tuple[Note, ...]

    def __post_init__(self) -> None:
        origins = self.origins
        if any(one >= other for one, other in pairwise(origins)):
            raise InvalidInput("the heads of a vault must ascend by their logs, each of them once")
        said = self.stamp.checkpoint
        tree, _ = Frontier().add(leaf_hash(each.text.encode()) for each in self.heads)
        if (said.size, said.root) != (tree.size, tree.root):
            raise InvalidInput("the heads do not give this root; the file was changed")

    @classmethod
    def of(
        cls, domain: str, seed: bytes, heads: Sequence[Note], taken: int, chain: int, wallet: str
    ) -> Self:
        """Makes one.

        Args:
            seed: the private key of the vault's logs.
            heads: of all logs, in any order.
            taken: when they were read, in seconds since 1970.
            chain, wallet: on which chain it is stated, and by whom.
        """
        listed = sorted(heads, key=lambda each: Checkpoint.from_text(each.text).origin)
        tree, _ = Frontier().add(leaf_hash(each.text.encode()) for each in listed)
        signer = Signer(heads_origin(domain), seed)
        text = Stamp.of(signer.key.name, tree.size, tree.root, taken, chain, wallet).text
        return cls(Note(text, (signer.sign(text),)), tuple(listed))

    @property
    def stamp(self) -> Stamp:
        """What its text says."""
        return Stamp.from_text(self.note.text)

    @property
    def hash(self) -> bytes:
        """What is stated: the keccak256 of the anchor's text, which is in every proof."""
        return keccak256(self.note.text.encode())

    @property
    def origins(self) -> list[str]:
        """The logs, in the order of their heads."""
        return [Checkpoint.from_text(each.text).origin for each in self.heads]

    def head(self, origin: str) -> Note | None:
        """The checkpoint of a log; none where it is left out."""
        for each in self.heads:
            if Checkpoint.from_text(each.text).origin == origin:
                return each
        return None

    def prove(self, origin: str) -> LogProof:
        """The proof that the head of a log is in the anchor: its entry is the text of the head,
        which is handed on with it as the signed note.

        Raises:
            InvalidInput: the log is left out.
        """
        head = self.head(origin)
        if head is None:
            raise InvalidInput(f"the anchor has no log {origin!r:.80}")
        store = Memory()
        _, nodes = Frontier().add(leaf_hash(each.text.encode()) for each in self.heads)
        store.add(0, nodes, len(self.heads))
        index = self.heads.index(head)
        path = inclusion(index, len(self.heads), store.node)
        return LogProof(index, path, self.note, head.to_bytes())

    def to_json(self) -> str:
        """The one text of the document."""
        heads = [each.to_bytes().decode() for each in self.heads]
        return documents.write(
            {"format": _FORMAT, "anchor": self.note.to_bytes().decode(), "heads": heads}
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Reads one; the root is computed again.

        Raises:
            InvalidInput: another format, or heads that do not give the root.
        """
        document = documents.read(text, _FORMAT)
        _, anchor, heads = documents.members(document, ("format", "anchor", "heads"), "an anchor")
        if not isinstance(heads, list):
            raise InvalidInput("the heads of a vault must be a list")
        return cls(_note(anchor), tuple(map(_note, heads)))


class Anchored(NamedTuple):
    """The head of one log in an anchor.

    Attributes:
        stamp: what the anchor says.
        head: the head, as the log signed it.
        size: how many entries it is over.
    """

    stamp: Stamp
    head: Note
    size: int


def anchored(proof: LogProof, log: VerifierKey) -> Anchored:
    """Checks a proof of `Anchor.prove`, for who has no document. That the anchor is stated is
    another question: its keccak256 must be on the chain.

    Args:
        log: the key of the log.

    Raises:
        InvalidInput, ProofError: it does not show a head of this log, signed by it, in an anchor of
            its vault.
    """
    if proof.extra is None:
        raise ProofError("the proof of an anchor must hand on the head that it is of")
    head, key = Note.from_bytes(proof.extra), heads_key(log)
    proof.check(head.text.encode(), key.name, [key])
    return Anchored(Stamp.from_text(proof.note.text), head, opened(head, log.name, [log]).size)


def look_at(head: Note | None, anchor: Note, monitor: Monitor, path: Sequence[bytes]) -> Look:
    """Holds what somebody has seen of a log against a later anchor.

    Args:
        head: of the log, in the anchor; none where it is left out.
        anchor: made after what was seen, and stated.
        monitor: what was seen.
        path: the proof from the size seen to that of the head (`Log.consistency`).

    Raises:
        InvalidInput, ProofError: as `Monitor.look`.
    """
    if head is not None:
        return monitor.look(head, path)
    if monitor.seen is None:
        return Look(Verdict.CONSISTENT, "nothing was seen, and nothing is anchored", monitor)
    why = f"the log had shown {monitor.size} entries, and the anchor leaves it out"
    return Look(Verdict.ROLLED_BACK, why, monitor, Evidence(monitor.seen, anchor))


def _note(given: object) -> Note:
    if not isinstance(given, str):
        raise InvalidInput("a head of a vault must be a text")
    return Note.from_bytes(given.encode("utf-8", "surrogatepass"))
