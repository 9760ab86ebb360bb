"""What a vault shows of the anchors that it stated. Only what is genuine counts as shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

from kiseki.client.vault.comparing import genuine
from kiseki.client.vault.stated import Stated
from kiseki.client.vault.weblogs import is_answer
from kiseki.errors import InvalidInput, ProofError, VaultError
from kiseki.vault.log.heads import anchored
from kiseki.vault.log.notes import Note, VerifierKey
from kiseki.vault.log.proofs import LogProof

__all__ = ["Shown", "Shows", "answer", "shown"]

P = ParamSpec("P")
T = TypeVar("T")


class Shows(Protocol):
    """What a vault shows of its anchors (`kiseki.client.vault.weblogs.WebLogs`)."""

    def keeper(self, provider: str) -> str | None:
        """The wallet that states them, as the vault tells it."""
        ...

    def anchored(self, provider: str, document: bytes) -> LogProof | None:
        """The proof of a log's head in an anchor."""
        ...

    def anchor(self, document: bytes) -> Note | None:
        """An anchor without its heads."""
        ...

    def consistency(self, provider: str, old: int, new: int) -> Sequence[bytes]:
        """The proof that a log's first `new` entries begin with the first `old`."""
        ...


class Shown(NamedTuple):
    """An anchor, as a vault shows it to who asks about one log.

    Attributes:
        anchor: signed.
        head: the proof of the log's head in it; none where the vault says that it has none.
    """

    anchor: Note
    head: LogProof | None


def shown(
    shows: Shows, log: VerifierKey, stated: Stated, chain: int, wallet: str
) -> Shown | None:  # fmt: skip
    """An anchor that was stated, and the head of a log in it; none where the vault shows none that
    is genuine.

    Args:
        log: the key of the log.
        chain: the ID of the chain.
        wallet: who stated it.

    Raises:
        VaultError: the vault does not answer.
    """
    provider = log.name.rpartition("/")[2]
    proof = answer(shows.anchored, provider, stated.document)
    note = answer(shows.anchor, stated.document) if proof is None else proof.note
    if note is None:
        return None
    try:
        genuine(note, log, stated.document, chain, wallet)
        if proof is not None:
            anchored(proof, log)
    except (InvalidInput, ProofError):
        return None
    return Shown(note, proof)


def answer(ask: Callable[P, T], *given: P.args, **more: P.kwargs) -> T | None:
    """What a vault answers; none where it answers something else.

    Raises:
        VaultError: it does not answer.
    """
    try:
        return ask(*given, **more)
    except VaultError as error:
        if not is_answer(error):
            raise
        return None
