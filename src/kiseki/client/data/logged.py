"""What of a collection the chain has logged already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kiseki.chain.answers import Log
from kiseki.chain.contract.abi import topic
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.history import history
from kiseki.chain.logs import head
from kiseki.client.wallet import Wallet
from kiseki.core.keccak import keccak256
from kiseki.core.values import from_hex, to_hex

__all__ = ["PUBLISHED", "REGISTERED", "data_of", "logs_of", "mark", "slices_logged"]

_CONTRACT = "DataRegistry"


_FIRST = 64
"""Blocks asked for at first: a block can be full of logged commitments."""


def _event(name: str) -> Mapping[str, Any]:
    return next(e for e in artifact(_CONTRACT).abi if (e["type"], e.get("name")) == ("event", name))


PUBLISHED, REGISTERED = _event("CollectionPublished"), _event("CollectionRegistered")


def slices_logged(wallet: Wallet, collections: Sequence[bytes]) -> set[bytes]:
    """The slices of these collections that are logged, each as `mark` has it."""
    # Of the data, the offset and the number of commitments come first.
    with node_errors():
        return {
            mark(from_hex(each["topics"][1], 32, "a topic"), data_of(each)[64:])
            for each in logs_of(wallet, PUBLISHED, collections)
        }


def data_of(log: Log) -> bytes:
    """The data of a log."""
    return from_hex(log["data"], None, "the data of a log")


def logs_of(
    wallet: Wallet, event: Mapping[str, Any], collections: Sequence[bytes]
) -> Iterator[Log]:
    """All logs of an event about these collections."""
    if not collections:
        return
    session = wallet.session
    latest = head(session.node).number
    for start in range(0, len(collections), 1_000):
        topics = [to_hex(topic(event)), [to_hex(e) for e in collections[start : start + 1_000]]]
        at, place = session.deployment.block, [session[_CONTRACT].address]
        for part in history(session.node, at, latest, place, topics, span=_FIRST):
            yield from part.logs


def mark(collection: bytes, commitments: bytes) -> bytes:
    return keccak256(collection + commitments)
