"""Who may have what of a vault, asked of the chain (`kiseki.vault.handing.rules.Chain`).

Everything is asked at one block, which is there for good (`safe`), and that block is asked for
again behind the rest: a node that changed its mind meanwhile gives no answer.

An item that its provider revoked ends with its notice, whoever is licensed: a licence is of a
collection, and single items can be taken out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kiseki.chain.contract.contracts import Call, Contract, answered
from kiseki.chain.logs import Head, behind, blocks, contradiction
from kiseki.chain.node import Node
from kiseki.chain.sending.fees import Finality
from kiseki.client.session import Session
from kiseki.core import ids
from kiseki.core.offer import FOREVER
from kiseki.core.terms import ITEM_NOTICE, Use
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.errors import ChainError, ContractReverted, VaultError
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
    """

    def __init__(
        self, session: Session, finality: Finality = "safe", witness: Node | None = None
    ) -> None:
        self._session, self._finality, self._witness = session, finality, witness
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
        depth = self._finality
        node = self._session.node
        if isinstance(depth, int):
            (latest,) = blocks(node, "latest")
            found = latest
            if latest is not None and depth > 1:
                (found,) = blocks(node, max(latest.number - depth + 1, 0))
        else:
            (found,) = blocks(node, depth)
        if found is None:
            raise VaultError(
                f"the node knows no block that is {depth}; ask another node, or set "
                "KISEKI_CONFIRMATIONS to a number of blocks"
            )
        return found

    def _facts(
        self, node: Node, block: Head, caller: str, items: Sequence[Item], use: Use
    ) -> list[Facts]:
        """Of each item: the licence of its collection, when it was revoked, and its terms."""
        alone = len(items) <= _ALONE
        wanted = [each.collection for each in items]
        collections = wanted if alone else list(dict.fromkeys(wanted))
        markets = self._session.all("LicenseMarket")
        registry = self._session["DataRegistry"]
        subjects = [ids.subject(registry.address, each) for each in collections]
        calls = [
            *(market.call("licensedUntil", subject, caller, int(use))
              for subject in subjects for market in markets),
            *(registry.call("status", each) for each in collections),
            *(registry.call("mayUse", each, caller, int(use)) for each in collections),
            *(registry.call("itemRevokedAt", each.id) for each in items),
        ]  # fmt: skip
        said = iter(_asked(node, block, calls))
        licensed = [
            max((int(m.answer("licensedUntil", _answer(next(said)))) for m in markets), default=0)
            for _ in subjects
        ]
        known = [_status(registry, next(said)) for _ in collections]
        may = [bool(registry.answer("mayUse", _answer(next(said)))) for _ in collections]
        revoked = [int(registry.answer("itemRevokedAt", _answer(next(said)))) for _ in items]
        terms = self._terms_of(node, block, registry, [each and each["termsId"] for each in known])
        of = list(zip(licensed, known, may, terms, strict=True))
        each_of = of if alone else list(map(dict(zip(collections, of, strict=True)).get, wanted))
        return [
            _facts_of(item, at, *one)
            for item, at, one in zip(items, revoked, each_of, strict=True)
            if one is not None
        ]

    def _terms_of(
        self, node: Node, block: Head, registry: Contract, wanted: Sequence[Any]
    ) -> list[tuple[int, bool]]:
        """Of the terms of each collection: the notice of single items, and whether a gate stands
        before them. Terms never change."""
        new = [each for each in dict.fromkeys(wanted) if each and each not in self._terms]
        calls = [registry.call("termsOf", each) for each in new]
        for each, data in zip(new, _asked(node, block, calls), strict=True):
            told = registry.answer("termsOf", _answer(data))
            notice = max(int(told["noticeSeconds"]), ITEM_NOTICE)
            self._terms[each] = (notice, told["gate"].lower() != ZERO_ADDRESS)
        return [self._terms[each] if each else (0, True) for each in wanted]


def _asked(node: Node, block: Head, calls: Sequence[Call]) -> list[bytes | ChainError]:
    """The answers at a block, which is still the same behind them."""
    if not calls:
        return []
    said = answered(node, calls, block.number)
    (after,) = blocks(node, block.number)
    if after is None or after.hash != block.hash:
        raise contradiction(f"the block {to_hex(block.hash)[:12]}… became another one")
    return said


def _answer(said: bytes | ChainError) -> bytes:
    if isinstance(said, ChainError):
        raise said
    return said


def _status(registry: Contract, said: bytes | ChainError) -> Any:
    """What is on record of a collection; none where it is not registered."""
    if isinstance(said, ContractReverted):
        return None
    return registry.answer("status", _answer(said))


def _facts_of(
    item: Item, revoked: int, licensed: int, status: Any, may: bool, terms: tuple[int, bool]
) -> Facts:
    notice, gated = terms
    item_ends = revoked + notice - 1 if revoked else FOREVER
    licence = Licence(item.collection, min(licensed, item_ends)) if licensed else None
    allowed = None
    if status is not None and may and not gated:
        ends = int(status["endsAt"])
        allowed = min(ends - 1 if ends else FOREVER, item_ends)
    return Facts(licence, allowed)
