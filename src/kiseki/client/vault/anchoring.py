"""The heads of all logs of a vault, stated on the chain once a day.

The checkpoints of all providers are the entries of one small log, `DOMAIN/heads`. Its own
checkpoint, with the day as a further line, is the *anchor*; what `Statements` records is the
keccak256 of the anchor's text. So whoever has a checkpoint of a provider shows with a `.tlog-proof`
of a few hundred bytes that the vault had stated it by that block, and no vault can show another
history of that time to anybody later.

The document with all heads is written before anything is stated. Interrupted, the same document is
stated when this is run again, and one that is stated already is not stated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from kiseki.client.statements import Statements
from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput
from kiseki.index import Statement
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.log import Memory
from kiseki.vault.log.monitor import Evidence, Look, Monitor, Verdict
from kiseki.vault.log.notes import Note, Signer, VerifierKey
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.log.tree import Frontier, inclusion, leaf_hash

__all__ = ["SORT", "Anchor", "Anchors", "heads_key", "heads_origin", "look_at"]

SORT = "heads"
"""The sort of these statements."""
_FORMAT = "kiseki-vault-heads-v1"


def heads_origin(domain: str) -> str:
    """The name of the log of heads; no provider's log has it, as these end with an address."""
    return f"{domain}/heads"


def heads_key(domain: str, seed: bytes) -> VerifierKey:
    """The public key that anchors of a vault are signed with."""
    return Signer(heads_origin(domain), seed).key


@dataclass(frozen=True, slots=True)
class Anchor:
    """All heads of a vault on one day, of which only the tree over them was checked.

    Attributes:
        note: the checkpoint over the heads, signed by the vault.
        heads: the checkpoint of each log, ascending by its origin.

    Raises:
        InvalidInput: the heads are out of order or twice, or do not give the root of the note.
    """

    note: Note
    heads: tuple[Note, ...]

    def __post_init__(self) -> None:
        origins = [Checkpoint.from_text(each.text).origin for each in self.heads]
        if any(one >= other for one, other in pairwise(origins)):
            raise InvalidInput("the heads of a vault must ascend by their logs, each of them once")
        said = Checkpoint.from_text(self.note.text)
        tree, _ = Frontier().add(leaf_hash(each.text.encode()) for each in self.heads)
        if (said.size, said.root) != (tree.size, tree.root):
            raise InvalidInput("the heads do not give this root; the file was changed")

    @classmethod
    def of(cls, domain: str, seed: bytes, heads: Sequence[Note], day: str) -> Anchor:
        """Makes one.

        Args:
            seed: the private key of the vault's logs.
            heads: of all logs, in any order.
            day: as ``2026-11-30``, in UTC.
        """
        listed = sorted(heads, key=lambda each: Checkpoint.from_text(each.text).origin)
        tree, _ = Frontier().add(leaf_hash(each.text.encode()) for each in listed)
        signer = Signer(heads_origin(domain), seed)
        text = Checkpoint(signer.key.name, tree.size, tree.root, (day,)).text
        return cls(Note(text, (signer.sign(text),)), tuple(listed))

    @property
    def hash(self) -> bytes:
        """What is stated: the keccak256 of the anchor's text, which is in every proof."""
        return keccak256(self.note.text.encode())

    def head(self, origin: str) -> Note | None:
        """The checkpoint of a log; none where it is left out."""
        for each in self.heads:
            if Checkpoint.from_text(each.text).origin == origin:
                return each
        return None

    def prove(self, origin: str) -> LogProof:
        """The proof that the head of a log is in the anchor. Its entry is the text of the head.

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
        return LogProof(index, inclusion(index, len(self.heads), store.node), self.note)

    def to_json(self) -> str:
        """The one text of the document."""
        heads = [each.to_bytes().decode() for each in self.heads]
        return documents.write(
            {"format": _FORMAT, "anchor": self.note.to_bytes().decode(), "heads": heads}
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Anchor:
        """Reads one; the root is computed again.

        Raises:
            InvalidInput: another format, or heads that do not give the root.
        """
        document = documents.read(text, _FORMAT)
        _, anchor, heads = documents.members(document, ("format", "anchor", "heads"), "an anchor")
        if not isinstance(heads, list):
            raise InvalidInput("the heads of a vault must be a list")
        return cls(_note(anchor), tuple(map(_note, heads)))


def look_at(anchor: Anchor, monitor: Monitor, path: Sequence[bytes]) -> Look:
    """Holds what somebody has seen of a log against a later anchor.

    Args:
        anchor: made after what was seen, and stated (`Anchors.statement`).
        monitor: what was seen.
        path: the proof from the size seen to that of the anchored head (`Ledger.consistency`).

    Raises:
        InvalidInput, ProofError: as `Monitor.look`.
    """
    head = anchor.head(monitor.origin)
    if head is not None:
        return monitor.look(head, path)
    if monitor.seen is None:
        return Look(Verdict.CONSISTENT, "nothing was seen, and nothing is anchored", monitor)
    why = f"the log had shown {monitor.size} entries, and the anchor leaves it out"
    return Look(Verdict.ROLLED_BACK, why, monitor, Evidence(monitor.seen, anchor.note))


@dataclass(frozen=True, slots=True)
class Anchors:
    """The anchors of one vault.

    Attributes:
        ledger: its logs.
        domain: of the vault.
        seed: the private key of its logs; never shown.
        statements: of the wallet that states them. They are about this wallet.
        folder: where the documents lie, one a day.
    """

    ledger: Ledger
    domain: str
    statements: Statements
    folder: Path
    seed: bytes

    def __repr__(self) -> str:
        return f"Anchors({self.domain!r}, {str(self.folder)!r})"

    def daily(self, now: int) -> Anchor | None:
        """Makes the anchor of this day, and states it and what was left unstated before.

        Args:
            now: in seconds since 1970.

        Returns:
            The anchor of this day; none where no log has an entry.

        Raises:
            FilesError: the folder cannot be read or written.
            KisekiError: it cannot be stated; run it again.
        """
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        path = self.folder / f"{day}.json"
        if not path.exists():
            heads = self.ledger.heads()
            if not heads:
                return None
            anchor = Anchor.of(self.domain, self.seed, heads, day)
            texts.write(path, anchor.to_json(), folder=True)
        stated = {each.document for each in self.stated()}
        waiting = []
        for each in reversed(self.kept()):
            if each.hash in stated:
                break
            waiting.append(each)
        for each in reversed(waiting):
            wallet = self.statements.wallet.address
            self.statements.state("wallet", wallet, SORT, each.hash)
        return Anchor.from_json(texts.read(path))

    def kept(self) -> list[Anchor]:
        """All that lie here, the earliest first.

        Raises:
            FilesError: one cannot be read.
            InvalidInput: one was changed.
        """
        try:
            paths = sorted(self.folder.glob("????-??-??.json"))
        except OSError as error:
            raise FilesError(f"{self.folder} cannot be read ({error.strerror})") from error
        return [Anchor.from_json(texts.read(each)) for each in paths]

    def stated(self) -> list[Statement]:
        """All anchors that the wallet stated, the earliest first."""
        return stated(self.statements, self.statements.wallet.address)


def stated(statements: Statements, vault: str) -> list[Statement]:
    """All anchors that the wallet of a vault stated of itself, the earliest first. For each of them
    it owes the document: one without shows that it hides what it stated.

    Args:
        vault: the address of its wallet.
    """
    kind = keccak256(SORT.encode())
    return [
        each for each in statements.about("wallet", vault)
        if each.kind == kind and each.speaker == vault.lower()
    ]  # fmt: skip


def _note(given: object) -> Note:
    if not isinstance(given, str):
        raise InvalidInput("a head of a vault must be a text")
    return Note.from_bytes(given.encode("utf-8", "surrogatepass"))
