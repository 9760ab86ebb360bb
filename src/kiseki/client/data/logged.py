"""What of a collection the chain has logged already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kiseki.chain.contract.abi import topic
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.logs import head, scan
from kiseki.client.wallet import Wallet
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex

__all__ = ["PUBLISHED", "REGISTERED", "logs_of", "mark", "slices_logged"]

_CONTRACT = "DataRegistry"


_FIRST = 64
"""Blocks asked for at first: a block can be full of logged commitments."""


def _event(name: str) -> Mapping[str, Any]:
    return next(e for e in artifact(_CONTRACT).abi if (e["type"], e.get("name")) == ("event", name))


PUBLISHED, REGISTERED = _event("CollectionPublished"), _event("CollectionRegistered")


def slices_logged(wallet: Wallet, collections: Sequence[bytes]) -> set[bytes]:
    """The slices of these collections that are logged, each as `mark` has it."""
    # Of the data, the offset and the number of commitments come first.
    return {
        mark(each["topics"][1], each["data"][64:])
        for each in logs_of(wallet, PUBLISHED, collections)
    }


def logs_of(
    wallet: Wallet, event: Mapping[str, Any], collections: Sequence[bytes]
) -> Iterator[Any]:
    """All logs of an event about these collections."""
    if not collections:
        return
    session = wallet.session
    latest = head(session.node).number
    for start in range(0, len(collections), 1_000):
        topics = [to_hex(topic(event)), [to_hex(e) for e in collections[start : start + 1_000]]]
        at, place = session.deployment.block, [session[_CONTRACT].address]
        for _, found in scan(session.node, at, latest, place, topics, _FIRST):
            yield from found


def mark(collection: bytes, commitments: bytes) -> bytes:
    return keccak256(collection + commitments)
