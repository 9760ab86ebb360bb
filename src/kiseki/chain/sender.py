"""Sending transactions: one object owns a wallet's nonces, fees, receipts; nothing else sends."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.exceptions import ContractLogicError, TransactionNotFound, Web3Exception, Web3RPCError

from kiseki.chain.contracts import Call, node_errors
from kiseki.chain.node import NONSENSE
from kiseki.core.values import uint
from kiseki.errors import ChainError, TransactionFailed

__all__ = ["MOST_BYTES", "MOST_GAS", "Receipt", "Sender"]

MOST_GAS = 16_777_216
"""Gas that one transaction may use (EIP-7825)."""

MOST_BYTES = 131_072
"""Bytes of a transaction that public mempools accept."""

_ENVELOPE = 1024
"""Bytes of a transaction beside its data, generously."""

_SPARE_GAS = 1.15
_PATIENCE = 180.0
_PAUSE = 0.01


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that was carried out.

    Attributes:
        what: contract and function, for people.
        transaction: its hash, 32 bytes.
        block: block number.
        gas: gas used, intrinsic and calldata included.
        contract: address of the contract it made, if it made one.
        logs: what was logged, as web3 gives it.
    """

    what: str
    transaction: bytes
    block: int
    gas: int
    contract: str | None = None
    logs: tuple[Mapping[str, Any], ...] = field(default=(), repr=False, compare=False)


class Sender:
    """Sends for one wallet, in order, from any number of threads.

    Attributes:
        most_bytes: of one transaction. Public mempools take `MOST_BYTES`; private relays may more.
    """

    def __init__(self, w3: Web3, account: LocalAccount, most_bytes: int = MOST_BYTES) -> None:
        self._w3 = w3
        self._account = account
        self._lock = threading.Lock()
        self._in_flight: set[int] = set()
        self._chain_id: int | None = None
        self.most_bytes = most_bytes

    def __repr__(self) -> str:
        return f"Sender({self.address})"

    @property
    def address(self) -> str:
        """The wallet, checksummed."""
        return str(self._account.address)

    def fits(self, call: Call) -> bool:
        """Whether a call is small enough for one transaction."""
        return self.room(call) >= 0

    def room(self, call: Call) -> int:
        """How many bytes a call could have more in one transaction; below zero if too many."""
        return self.most_bytes - _ENVELOPE - len(call.data)

    def estimate(self, call: Call) -> int:
        """Gas that a transaction needs, as the node finds by trying it.

        Raises:
            ContractReverted: the contract refuses.
            ChainError: no funds, or the node refuses.
        """
        with node_errors():
            try:
                found = self._w3.eth.estimate_gas(self._bare(call))  # type: ignore[arg-type]
                return uint(int(found), 64, "the gas that the node estimates")
            except ContractLogicError:
                raise
            except Web3RPCError as error:
                if "insufficient funds" not in str(error).lower():
                    raise
                raise self._too_poor(call) from error

    def send(self, call: Call, gas: int | None = None) -> Receipt:
        """Sends one transaction and waits until it is in a block.

        It is tried on the node first, so what a contract would refuse costs nothing.

        Args:
            gas: what `estimate` found, when that is known better than from trying this very call.

        Raises:
            ContractReverted: the contract refuses; nothing was sent.
            TransactionFailed: it was sent and not carried out, or nobody knows.
            ChainError: too large or too much gas, no funds, or the node refuses; nothing was sent.
            NodeUnreachable: the node does not answer; nothing was sent.
        """
        if not self.fits(call):
            raise ChainError(
                f"{call.what} would be {len(call.data):,} bytes; mempools take {self.most_bytes:,};"
                " send fewer at a time; nothing was sent"
            )
        with self._lock:
            gas = gas or self.estimate(call)
            if gas > MOST_GAS:
                raise ChainError(
                    f"{call.what} needs {gas:,} gas; a transaction may use {MOST_GAS:,}; "
                    "send fewer at a time; nothing was sent"
                )
            nonce, signed = self._signed(call, min(int(gas * _SPARE_GAS), MOST_GAS))
            self._in_flight.add(nonce)
            try:
                self._submit(call, signed)
            except BaseException:
                self._in_flight.discard(nonce)
                raise
        try:
            done, receipt = self._await(call, bytes(signed.hash))
        finally:
            with self._lock:
                self._in_flight.discard(nonce)
        if not done:
            raise TransactionFailed(
                f"{call.what} was sent as 0x{signed.hash.hex()} and failed in block "
                f"{receipt.block}; what it depends on changed meanwhile, so run this again"
            )
        return receipt

    def _bare(self, call: Call) -> dict[str, Any]:
        return {"from": self.address, "to": call.to, "data": call.data, "value": call.value}

    def _signed(self, call: Call, gas: int) -> tuple[int, Any]:
        with node_errors():
            if self._chain_id is None:  # once: a node that changes chains must refuse what follows
                self._chain_id = uint(self._w3.eth.chain_id, 64, "the node's chain ID", 1)
            # What the node knows, or one more than what it may not know of yet.
            known = self._w3.eth.get_transaction_count(self._account.address, "pending")
            uint(known, 64, "the nonce that the node knows")
            nonce = max(known, max(self._in_flight, default=-1) + 1)
            fees = self._fees()
            price = fees.get("maxFeePerGas", fees.get("gasPrice", 0))
            if self._w3.eth.get_balance(self._account.address) < call.value + gas * price:
                raise self._too_poor(call, gas * price)
        transaction = {
            **self._bare(call),
            "gas": gas,
            "chainId": self._chain_id,
            "nonce": nonce,
            **fees,
        }
        return nonce, self._account.sign_transaction(transaction)

    def _too_poor(self, call: Call, fee: int = 0) -> ChainError:
        held = self._w3.eth.get_balance(self._account.address)
        needed = f"{call.value:,} wei and the fee" if not fee else f"up to {call.value + fee:,} wei"
        return ChainError(
            f"{call.what} needs {needed} and the wallet {self.address} holds {held:,}: "
            "insufficient funds; send it some ether, then run this again; nothing was sent"
        )

    def _submit(self, call: Call, signed: Any) -> None:
        """Hands it over. If the answer is lost it may have arrived: that is left to waiting."""
        try:
            with node_errors():
                self._w3.eth.send_raw_transaction(signed.raw_transaction)
        except ChainError as error:
            if not isinstance(error.__context__, (requests.RequestException, *NONSENSE)):
                raise

    def _await(self, call: Call, sent: bytes) -> tuple[bool, Receipt]:
        """Whether it was carried out, and its receipt."""
        end = time.monotonic() + _PATIENCE
        silent = False
        while time.monotonic() < end:
            try:
                found = self._w3.eth.get_transaction_receipt(sent)  # type: ignore[arg-type]
                return found["status"] == 1, Receipt(
                    call.what,
                    sent,
                    int(found["blockNumber"]),
                    int(found["gasUsed"]),
                    found.get("contractAddress"),
                    tuple(found["logs"]),
                )
            except TransactionNotFound:
                silent = False
            except (requests.RequestException, Web3Exception, *NONSENSE):
                if silent:  # twice in a row, each with the transport's own retries
                    break
                silent = True
            time.sleep(_PAUSE)
        raise TransactionFailed(
            f"{call.what} was sent as 0x{sent.hex()} and nothing is known of it"
            f"{'; the node does not answer' if silent else f' after {_PATIENCE:.0f} s'}; "
            "it may still get into a block, so look there before sending it again"
        )

    def _fees(self) -> Mapping[str, int]:
        base = self._w3.eth.get_block("latest").get("baseFeePerGas")
        if base is None:
            return {"gasPrice": uint(self._w3.eth.gas_price, 96, "the node's gas price")}
        tip = uint(self._w3.eth.max_priority_fee, 95, "the node's priority fee")
        return {
            "maxPriorityFeePerGas": tip,
            "maxFeePerGas": uint(2 * base + tip, 96, "the node's base fee"),
        }
