"""Lists that are shown to be whole: nobody left a collection, model or batch out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kiseki.chain.proofs import prove
from kiseki.client.session import Session
from kiseki.core.registrations import SLOT, ProvedList
from kiseki.errors import FilesError, InvalidInput, Unprovable
from kiseki.index import REGISTRIES

__all__ = ["Whole", "lists", "read"]

_LONGEST = 1 << 30


@dataclass(frozen=True, slots=True)
class Whole:
    """A list of all that a registry holds, and what it rests on.

    Attributes:
        kind: ``collections``, ``models`` or ``batches``.
        count: how many there are.
        block: as of which.
        proved: the list with its proof; none where there is no proof here.
        why: why there is none; empty where there is one.
    """

    kind: str
    count: int
    block: int
    proved: ProvedList | None = field(repr=False)
    why: str

    @property
    def sentence(self) -> str:
        """In words."""
        if self.proved is None:
            return (
                f"compared with the registry's log at block {self.block:,}, as the node tells it; "
                + self.why
            )
        found = self.proved.proof.header
        return f"whole: proved against block {found.number:,} (0x{found.hash.hex()})"


def lists(session: Session) -> list[Whole]:
    """All collections, models and batches as of the latest block, each list shown to be whole.

    Raises:
        IndexInconsistent: the node left something out.
        ProofError: the proof does not show what the node said.
        NodeUnreachable: it does not answer.
    """
    index, found = session.index, []
    for name, kind in REGISTRIES.items():
        ids, block = tuple(index.registered(name)), session.block
        address = session[name].address.lower()
        try:
            proof = prove(session.node, session[name].address, SLOT, block)
        except Unprovable as error:
            found.append(Whole(kind, len(ids), block, None, str(error)))
            continue
        proved = ProvedList(session.chain_id, address, ids, proof)
        proved.check()
        found.append(Whole(kind, len(ids), block, proved, ""))
    return found


def read(path: str | Path) -> ProvedList:
    """A file that :meth:`ProvedList.to_json` made; nothing but its form is checked.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is none.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(_LONGEST)
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    try:
        return ProvedList.from_json(text)
    except InvalidInput as error:
        raise InvalidInput(
            f"{path} is no list; name one that `kiseki lists` wrote ({error})"
        ) from error
