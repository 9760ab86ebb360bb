"""One chain, the suite on it, and what it logged so far; shared by all wallets that act there."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3

from kiseki.chain import deployment
from kiseki.chain.contracts import Contract, node_errors
from kiseki.chain.events import Decoder
from kiseki.chain.sender import Sender
from kiseki.errors import ChainError
from kiseki.index import Index

__all__ = ["Session"]

_BLOCKS = 10_000
"""Blocks asked for at once; halved when the node finds that too much."""


class Session:
    """The suite on one chain."""

    def __init__(self, w3: Web3, record: Path | None = None) -> None:
        """
        Raises:
            NotDeployed: the suite is not there, or not the whole of it.
            NodeUnreachable: the node does not answer.
        """
        self.w3 = w3
        self.deployment = deployment.find(w3, record)
        self._contracts = {
            name: Contract(w3, name, address) for name, address in self.deployment.addresses.items()
        }
        self._senders: dict[str, Sender] = {}
        self._decoder = Decoder(self.deployment.addresses)
        self._index = Index(self.deployment.addresses)
        self._next = self.deployment.block
        self._lock = threading.Lock()

    @property
    def chain_id(self) -> int:
        """The chain."""
        return self.deployment.chain_id

    def __getitem__(self, name: str) -> Contract:
        """A contract of the suite by its name."""
        return self._contracts[name]

    def sender(self, account: LocalAccount) -> Sender:
        """The one sender of a wallet."""
        with self._lock:
            return self._senders.setdefault(account.address, Sender(self.w3, account))

    def now(self) -> int:
        """Time of the latest block, in seconds; what contracts compare with."""
        with node_errors():
            return int(self.w3.eth.get_block("latest")["timestamp"])

    @property
    def index(self) -> Index:
        """The index, with everything that the chain has logged by now."""
        with self._lock, node_errors():
            latest = self.w3.eth.block_number
            step = _BLOCKS
            while self._next <= latest:
                end = min(self._next + step - 1, latest)
                try:
                    logs = self._logs(self._next, end)
                except ChainError:
                    if step == 1:
                        raise
                    step //= 2
                    continue
                self._index.apply(self._decoder.decode(logs, self._timestamps(logs)))
                self._next = end + 1
            return self._index

    def _logs(self, first: int, last: int) -> list[Mapping[str, Any]]:
        with node_errors():
            addresses = list(self.deployment.addresses.values())
            found = self.w3.eth.get_logs(
                {"fromBlock": first, "toBlock": last, "address": addresses}  # type: ignore[typeddict-item]
            )
        return list(found)

    def _timestamps(self, logs: list[Mapping[str, Any]]) -> Mapping[int, int]:
        return dict(self._times(logs))

    def _times(self, logs: list[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
        """From the logs where the node tells, which most do now; else from the blocks."""
        for number in sorted({log["blockNumber"] for log in logs}):
            told = next(log.get("blockTimestamp") for log in logs if log["blockNumber"] == number)
            if told is None:
                told = self.w3.eth.get_block(number)["timestamp"]
            yield number, int(told, 16) if isinstance(told, str) else int(told)
