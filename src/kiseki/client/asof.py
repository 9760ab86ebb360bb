"""What was read of a chain before, for answers while its node does not answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kiseki.chain.release.deploying import Deployment
from kiseki.chain.release.releases import places
from kiseki.core.counts import counted
from kiseki.core.days import ago, utc
from kiseki.errors import ChainError, IndexUnusable, NodeAway, NodeBusy

if TYPE_CHECKING:
    from kiseki.index import Index
    from kiseki.sync.places import Place

__all__ = ["AWAY", "AsOf", "Old", "deployment_of", "kept"]

AWAY = (NodeAway, NodeBusy)
"""What a node is said to be that may answer later. One on another chain, or that contradicts
itself, answers."""


@dataclass(frozen=True, slots=True)
class AsOf:
    """As of when answers are that come from what was read before.

    Attributes:
        block, time: the last block that was read, and its time in Unix seconds. What ends at a
            time, such as consent, is told as it was then.
        verified: the last block up to which the registries said that nothing was left out.
        node: where the node is that does not answer, without what may be a key.
        reason: why it does not, in words.
    """

    block: int
    time: int
    verified: int
    node: str
    reason: str

    @property
    def age(self) -> int:
        """Seconds since that block was made, by the clock of this machine."""
        return max(0, int(time.time()) - self.time)

    @property
    def words(self) -> str:
        """The same for people."""
        said = (
            f"This is as of block {self.block:,} of {utc(self.time)}, {ago(self.age)}: the node at "
            f"{self.node} does not answer, so this comes from what was read before."
        )
        if self.verified < self.block:
            said += (
                " Nobody asked the registries yet whether something is missing after block "
                f"{max(self.verified, 0):,}."
            )
        return said


class Old(NamedTuple):
    """An index as it was left, and where it is, in words."""

    kept: Index
    place: str


def kept(place: Place, chain_id: int, why: ChainError) -> Old:
    """The index of a chain as it was left, where nobody tells its first block.

    Raises:
        NodeAway: there is none, or there are several, of chains of the same number.
        IndexUnusable: it cannot be used.
    """
    there = place.there(chain_id)
    if not there:
        raise NodeAway(
            f"{why}. Nothing that was read of chain {chain_id} before could answer instead"
        ) from None
    if len(there) > 1:
        named = ", ".join(place.named(chain_id, each) for each in there)
        raise NodeAway(
            f"{why}. {counted(len(there), 'chain')} of the number {chain_id} were read before, and "
            f"only a node tells which one is meant: {named}; delete those that are not"
        ) from None
    named = place.named(chain_id, there[0])
    try:
        return Old(place.kept(chain_id, there[0]), named)
    except IndexUnusable as error:
        raise IndexUnusable(
            f"{why}. The index at {named} cannot answer instead: {error}"
        ) from error


def deployment_of(index: Index, chain_id: int) -> Deployment:
    """What was on a chain when it was read.

    Raises:
        IndexUnusable: it was read for contracts that this version of Kiseki does not know.
    """
    read = set(index.contracts)
    known = tuple(each for each in places() if (each.name, each.address.lower()) in read)
    if len(known) != len(read):
        raise IndexUnusable(
            f"what was read of chain {chain_id} before is of other contracts than this version of "
            "Kiseki knows; once a node answers, it is read again"
        )
    return Deployment(chain_id, known, 0)
