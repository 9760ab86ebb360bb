"""What this wallet may train on now, and why not on the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.chain.contract.contracts import answered
from kiseki.client.kiseki import Kiseki
from kiseki.core.days import utc
from kiseki.core.terms import Terms, Use
from kiseki.errors import ChainError, ContractReverted

__all__ = ["LeftOut", "closed", "ended"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of a collection that is not laid.

    Attributes:
        collection: its ID, 32 bytes.
        what: what is left out: names of files, or IDs; all of the collection where there are none.
        why: the reason, in words.
        lacks: whether something is missing that might be had: a file, an opening, consent to all of
            it. Not where only single items were revoked, or are there already.
    """

    collection: bytes
    what: tuple[str, ...]
    why: str
    lacks: bool


def closed(k: Kiseki, collections: Sequence[bytes]) -> dict[bytes, str]:
    """Those of the collections on which this wallet may not train now, each with the reason.

    The registry says it, for this second and with the gate: the same view that decides when a model
    is registered.

    Raises:
        NodeUnreachable, ChainError: nobody answered.
    """
    registry, now = k.session["DataRegistry"], k.session.now()
    calls = [
        registry.call("authorise", [each], k.address, int(Use.AI_GENERATIVE_TRAINING), now)
        for each in collections
    ]
    reasons = {}
    for each, answer in zip(collections, answered(k.session.node, calls), strict=True):
        if isinstance(answer, ContractReverted):
            reasons[each] = str(answer)
        elif isinstance(answer, ChainError):  # the node's, so it is no answer
            raise answer
    return reasons


def ended(terms: Terms, revoked_at: int | None) -> str:
    """Why an item is left out that its provider revoked; empty where it is not, or where that has
    no effect. One in its notice is left out too: a model that is trained now comes later."""
    if revoked_at is None or terms.irrevocable:
        return ""
    return f"its provider revoked it on {utc(revoked_at)}"
