"""Sending transactions: one object owns a wallet's nonces, fees and receipts; nothing else sends."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import TimeExhausted

from kiseki.chain.contracts import Call, node_errors
from kiseki.errors import ChainError, TransactionFailed

__all__ = ["MOST_BYTES", "MOST_GAS", "Receipt", "Sender"]

MOST_GAS = 16_777_216
"""Gas that one transaction may use (EIP-7825)."""

MOST_BYTES = 131_072
"""Bytes of a transaction that public mempools accept."""

_SPARE_GAS = 1.15
_PATIENCE = 180.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that was carried out.

    Attributes:
        what: contract and function, for people.
        transaction: its hash, 32 bytes.
        block: block number.
        gas: gas used, intrinsic and calldata included.
        contract: address of the contract it made, if it made one.
    """

    what: str
    transaction: bytes
    block: int
    gas: int
    contract: str | None = None


class Sender:
    """Sends for one wallet, in order, from any number of threads."""

    def __init__(self, w3: Web3, account: LocalAccount) -> None:
        self._w3 = w3
        self._account = account
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    @property
    def address(self) -> str:
        """The wallet, checksummed."""
        return str(self._account.address)

    def send(self, call: Call) -> Receipt:
        """Sends one transaction and waits until it is in a block.

        It is tried on the node first, so what a contract would refuse costs nothing.

        Raises:
            ContractReverted: the contract refuses; nothing was sent.
            TransactionFailed: it was sent and not carried out.
            ChainError: too large or too much gas, no funds, or the node refuses.
            NodeUnreachable: the node does not answer.
        """
        if len(call.data) > MOST_BYTES - 1024:
            raise ChainError(
                f"{call.what} would be {len(call.data):,} bytes; mempools take {MOST_BYTES:,}; "
                "send fewer at a time"
            )
        transaction: dict[str, Any] = {
            "from": self.address,
            "to": call.to,
            "data": call.data,
            "value": call.value,
        }
        with node_errors(), self._lock:
            gas = self._w3.eth.estimate_gas(transaction)  # type: ignore[arg-type]
            if gas > MOST_GAS:
                raise ChainError(
                    f"{call.what} needs {gas:,} gas; a transaction may use {MOST_GAS:,}; "
                    "send fewer at a time"
                )
            transaction |= {
                "gas": min(int(gas * _SPARE_GAS), MOST_GAS),
                "chainId": self._w3.eth.chain_id,
                "nonce": self._w3.eth.get_transaction_count(self._account.address, "pending"),
                **self._fees(),
            }
            signed = self._account.sign_transaction(transaction)
            sent = self._w3.eth.send_raw_transaction(signed.raw_transaction)
        with node_errors():
            try:
                receipt = self._w3.eth.wait_for_transaction_receipt(sent, _PATIENCE, 0.01)
            except TimeExhausted as error:
                raise TransactionFailed(
                    f"{call.what} was sent as 0x{sent.hex()} and is in no block after "
                    f"{_PATIENCE:.0f} s; it may still get into one, so look before sending again"
                ) from error
        if receipt["status"] != 1:
            raise TransactionFailed(
                f"{call.what} was sent as 0x{sent.hex()} and failed in block {receipt['blockNumber']}; "
                "what it depends on changed meanwhile, so run this again"
            )
        return Receipt(
            call.what,
            bytes(sent),
            receipt["blockNumber"],
            receipt["gasUsed"],
            receipt.get("contractAddress"),
        )

    def _fees(self) -> Mapping[str, int]:
        base = self._w3.eth.get_block("latest").get("baseFeePerGas")
        if base is None:
            return {"gasPrice": self._w3.eth.gas_price}
        tip = self._w3.eth.max_priority_fee
        return {"maxPriorityFeePerGas": tip, "maxFeePerGas": 2 * base + tip}
