"""Who may have what of a vault, asked of the chain (`kiseki.vault.handing.rules.Chain`).

Everything is asked at one block, which is there for good (`safe`), by its hash: a node that has
another block meanwhile gives no answer. 10,000 items of one collection take a few requests.

An item that its provider revoked ends with its notice, whoever is licensed: a licence is of a
collection, and single items can be taken out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import time
from typing import Any

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.contract.many import ask_many
from kiseki.chain.logs import Head, behind, blocks
from kiseki.chain.node import Node
from kiseki.chain.sending.fees import Finality
from kiseki.client.session import Session
from kiseki.client.vault.stated import safe_block
from kiseki.core import ids
from kiseki.core.abi import who, word
from kiseki.core.counts import counted
from kiseki.core.offer import FOREVER
from kiseki.core.terms import ITEM_NOTICE, Use
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import ContractReverted, NodeBehind, VaultError
from kiseki.vault.handing.receipts import Block
from kiseki.vault.handing.rules import Answer, Facts, Item, Licence

__all__ = ["OnChain"]

_ALONE = 64
"""Items up to which each is asked about for itself, however many collections they are in: whoever
measures the time does not learn which of them are here. Of more, it takes too long."""


class OnChain:
    """Asks a chain.

    Args:
        session: a connection to it.
        finality: at which block: ``safe``, ``finalized``, or so many blocks below the latest.
        witness: another node, which must say the same.
        oldest: seconds that the block may be old, so that a node which stopped following the chain
            gives no answer; any age if left out, for a chain that makes blocks only when there is
            something in them.
        clock: the time, in seconds since 1970.
    """

    def __init__(
        self,
        session: Session,
        finality: Finality = "safe",
        witness: Node | None = None,
        oldest: int | None = None,
        clock: Callable[[], int] = lambda: int(time()),
    ) -> None:
        self._session, self._finality, self._witness = session, finality, witness
        self._oldest, self._clock = oldest, clock
        self._terms: dict[bytes, tuple[int, bool]] = {}

    def ask(self, caller: str, items: Sequence[Item], use: Use) -> Answer:
        """What the chain says of these items; see `Chain`.

        Raises:
            NodeUnreachable, ChainError: the node does not answer, or refuses a question.
            NodeContradicts, NodeBehind: it lies behind, or its block became another one.
            VaultError: the two nodes do not agree, or a node has no block that is safe.
        """
        block = self._block()
        facts = self._facts(self._session.node, block, caller, items, use)
        if self._witness is not None:
            (there,) = blocks(self._witness, block.number)
            if there is None:
                raise behind(block.number)
            if there.hash != block.hash or facts != self._facts(
                self._witness, block, caller, items, use
            ):
                raise VaultError("two nodes say different things; nothing is given out")
        return Answer(self._session.chain_id, Block(block.number, block.hash, block.time), facts)

    def _block(self) -> Head:
        found = safe_block(self._session.node, self._finality)
        age = self._clock() - found.time
        if self._oldest is not None and age > self._oldest:
            raise NodeBehind(
                f"the last block that counts is {counted(age, 'second')} old: the node does not "
                "follow the chain, or this clock is wrong; put that right, nothing is given out"
            )
        return found

    def _facts(
        self, node: Node, block: Head, caller: str, items: Sequence[Item], use: Use
    ) -> list[Facts]:
        """Of each item: the licence of its collection, when it was revoked, and its terms."""
        alone = len(items) <= _ALONE
        wanted = [each.collection for each in items]
        collections = wanted if alone else list(dict.fromkeys(wanted))
        registry = self._session["DataRegistry"].of(node)
        person, kind = who(caller, "the caller"), word(int(use))
        subjects = [ids.subject(registry.address, each) for each in collections]
        licensed = [0] * len(collections)
        for market in self._session.all("LicenseMarket"):
            ends = _numbers(
                market.of(node), "licensedUntil(bytes32,address,uint256)",
                [each + person + kind for each in subjects], block,
            )  # fmt: skip
            licensed = list(map(max, licensed, ends))
        statuses = ask_many(registry, "status(bytes32)", collections, 5, block.hash)
        known = [
            _status(registry, each, said) for each, said in zip(collections, statuses, strict=True)
        ]
        asked = [each + person + kind for each in collections]
        may = _numbers(registry, "mayUse(bytes32,address,uint256)", asked, block)
        revoked = _numbers(registry, "itemRevokedAt(bytes32)", [e.id for e in items], block)
        terms = self._terms_of(block, registry, [each and each["termsId"] for each in known])
        of = list(zip(licensed, known, map(bool, may), terms, strict=True))
        if not alone:
            by_collection = dict(zip(collections, of, strict=True))
            of = [by_collection[each] for each in wanted]
        return [_facts_of(item, at, *one) for item, at, one in zip(items, revoked, of, strict=True)]

    def _terms_of(
        self, block: Head, registry: Contract, wanted: Sequence[Any]
    ) -> list[tuple[int, bool]]:
        """Of the terms of each collection: the notice of single items, and whether a gate stands
        before them. Terms never change."""
        new = [each for each in dict.fromkeys(wanted) if each and each not in self._terms]
        answers = ask_many(registry, "termsOf(bytes32)", new, 12, block.hash)
        for each, data in zip(new, answers, strict=True):
            told = registry.answer("termsOf", _answer(data))
            notice = max(int(told["noticeSeconds"]), ITEM_NOTICE)
            self._terms[each] = (notice, told["gate"].lower() != ZERO_ADDRESS)
        return [self._terms[each] if each else (0, True) for each in wanted]


def _numbers(contract: Contract, function: str, asked: Sequence[bytes], block: Head) -> list[int]:
    answers = ask_many(contract, function, asked, 1, block.hash)
    return [int.from_bytes(_answer(each)) for each in answers]


def _answer(said: bytes | ContractReverted) -> bytes:
    if isinstance(said, ContractReverted):
        raise said
    return said


def _status(registry: Contract, collection: bytes, said: bytes | ContractReverted) -> Any:
    """What is on record of a collection; none where the registry says that it does not know it."""
    if isinstance(said, ContractReverted) and (said.name, said.values) == (
        "DataRegistry_UnknownCollection", {"collection": collection},
    ):  # fmt: skip
        return None
    return registry.answer("status", _answer(said))


def _facts_of(
    item: Item, revoked: int, licensed: int, status: Any, may: bool, terms: tuple[int, bool]
) -> Facts:
    if status is None or status["provider"].lower() != item.provider:
        return Facts()  # nobody registered it, or it is not whose the vault says
    notice, gated = terms
    item_ends = revoked + notice - 1 if revoked else FOREVER
    licence = Licence(item.collection, min(licensed, item_ends)) if licensed else None
    allowed = None
    if may and not gated:
        ends = int(status["endsAt"])
        allowed = min(ends - 1 if ends else FOREVER, item_ends)
    return Facts(licence, allowed)
