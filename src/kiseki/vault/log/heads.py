"""The heads of all logs of a vault, as one small log, whose checkpoint is the *anchor*.

The checkpoints of all providers are entries of the log `DOMAIN/heads`. The anchor says, in further
lines, when the heads were read and which wallet of which chain states it; stated is the keccak256
of the anchor's text. So whoever has the checkpoint of one provider shows with a `.tlog-proof` of
4 KB that the vault had stated it by that block. The proof hands the provider's head on as its
`extra`, and of the other heads it has hashes only.

**A log has one place in an anchor**: the tree has 2**62 entries, nearly all of them empty, and the
first 62 bits of SHA-256 of a log's name say which entry is its head. Else a vault could put two
heads of one log into one anchor, and show two people a proof of each.

No key need be learnt for it: the log of heads is signed with the key of the providers' logs, under
its own name.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple, Self

from kiseki.core import documents
from kiseki.core.days import day
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, uint
from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.monitor import Evidence, Look, Monitor, Verdict
from kiseki.vault.log.notes import Note, Signer, VerifierKey
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.log.tree import inclusion, leaf_hash, node_hash

__all__ = [
    "PLACES", "Anchor", "Anchored", "Stamp", "anchored", "heads_key", "heads_origin", "look_at",
    "place_of",
]  # fmt: skip

_LEVELS = 62
PLACES = 1 << _LEVELS
"""Entries of a log of heads. Nearly all of them are empty."""

_FORMAT = "kiseki-vault-heads-v1"
_TAKEN, _BY = "taken ", "stated by "
_ACCOUNT = re.compile(r"eip155:([1-9][0-9]{0,19}):(0x[0-9a-f]{40})", re.ASCII)
"""A wallet on a chain (CAIP-10), in lower case."""


def heads_origin(domain: str) -> str:
    """The name of the log of heads; no provider's log has it, as these end with an address."""
    return f"{domain}/heads"


def place_of(origin: str) -> int:
    """Which entry of an anchor is the head of a log, from 0 to below `PLACES`."""
    return int.from_bytes(sha256(origin.encode()).digest()[:8]) >> 64 - _LEVELS


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
            two logs have one place (which somebody must have searched for); or the note says
            nothing of a time and a wallet.
    """

    note: Note
    heads: tuple[Note, ...]

    def __post_init__(self) -> None:
        origins = self.origins
        if any(one >= other for one, other in pairwise(origins)):
            raise InvalidInput("the heads of a vault must ascend by their logs, each of them once")
        said = self.stamp.checkpoint
        if (said.size, said.root) != (PLACES, _places(self.heads).root):
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
        signer, root = Signer(heads_origin(domain), seed), _places(tuple(listed)).root
        text = Stamp.of(signer.key.name, PLACES, root, taken, chain, wallet).text
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
        index = place_of(origin)
        path = inclusion(index, PLACES, _places(self.heads).node)
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
        InvalidInput, ProofError: it does not show a head of this log, signed by it and at its
            place, in an anchor of its vault.
    """
    if proof.extra is None:
        raise ProofError("the proof of an anchor must hand on the head that it is of")
    head, key = Note.from_bytes(proof.extra), heads_key(log)
    found = proof.check(head.text.encode(), key.name, [key])
    if (proof.index, found.checkpoint.size) != (place_of(log.name), PLACES):
        raise ProofError("the head is not at its log's place in the anchor; another one may be")
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


def _empty() -> tuple[bytes, ...]:
    """The roots of subtrees of empty entries, by level."""
    made = [leaf_hash(b"")]
    for _ in range(_LEVELS):
        made.append(node_hash(made[-1], made[-1]))
    return tuple(made)


_EMPTY = _empty()


class _Places:
    """The tree over all places, of which few have an entry."""

    def __init__(self, leaves: Mapping[int, bytes]) -> None:
        self._leaves, self._at = leaves, sorted(leaves)
        self._known: dict[tuple[int, int], bytes] = {}

    @property
    def root(self) -> bytes:
        """The root."""
        return self.node(_LEVELS, 0)

    def node(self, level: int, index: int) -> bytes:
        """The hash of a subtree (`kiseki.vault.log.tree.Nodes`)."""
        first = bisect_left(self._at, index << level)
        count = bisect_left(self._at, index + 1 << level) - first
        if not count:
            return _EMPTY[level]
        if count == 1:  # its way up, beside empty ones
            place = self._at[first]
            found = self._leaves[place]
            for each in range(level):
                beside = _EMPTY[each]
                is_right = place >> each & 1
                found = node_hash(beside, found) if is_right else node_hash(found, beside)
            return found
        if (level, index) not in self._known:
            halves = (self.node(level - 1, 2 * index + each) for each in (0, 1))
            self._known[level, index] = node_hash(*halves)
        return self._known[level, index]


@lru_cache(4)
def _places(heads: tuple[Note, ...]) -> _Places:
    """The tree of some heads, kept while proofs are asked for one after the other.

    Raises:
        InvalidInput: two of them have one place.
    """
    leaves: dict[int, bytes] = {}
    for each in heads:
        place = place_of(Checkpoint.from_text(each.text).origin)
        if place in leaves:
            raise InvalidInput(f"two logs have the place {place}; leave one of them out")
        leaves[place] = leaf_hash(each.text.encode())
    return _Places(leaves)


def _note(given: object) -> Note:
    if not isinstance(given, str):
        raise InvalidInput("a head of a vault must be a text")
    return Note.from_bytes(given.encode("utf-8", "surrogatepass"))
