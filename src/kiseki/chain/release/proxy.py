"""The deterministic deployment proxy, which makes addresses follow from code alone (CREATE2).

Whoever pays for it can put it on a chain, and it is the same for everybody: its transaction was
made with a signature that is a pattern of digits, so nobody has the key of the address that it is
from, and it is of no chain in particular.

Source: github.com/Arachnid/deterministic-deployment-proxy.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kiseki.chain.contract.contracts import Call, node_errors
from kiseki.chain.logs import base_fee
from kiseki.chain.node import Node
from kiseki.chain.refusals import Kind, Refusal
from kiseki.chain.sending.sender import Sender
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.errors import ChainError

if TYPE_CHECKING:
    pass

__all__ = ["OVERHEAD", "PROXY", "cost", "is_there", "put"]

PROXY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
"""Its address, on every chain."""

OVERHEAD = 15_000
"""Gas that a deployment through it takes beyond one without it, generously."""

_CODE = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)
_DEPLOYER = "0x3fAB184622Dc19b6109349B94811493BF2a45362"
_GAS, _PRICE = 100_000, 100 * 10**9
_RAW = bytes.fromhex(
    "f8a58085174876e800830186a08080b853604580600e600039806000f350fe"
    + _CODE.hex()
    + "1ba0" + "22" * 32 + "a0" + "22" * 32
)  # fmt: skip
_WAIT = 120.0


def is_there(node: Node) -> bool:
    """Whether the proxy is on a chain.

    Raises:
        ChainError: something else is at its address.
    """
    with node_errors():
        code = node.code(PROXY)
    if code and code != _CODE:
        raise ChainError(
            f"at {PROXY} is something else than the deterministic deployment proxy; this chain "
            "cannot have Kiseki at the addresses of the others"
        )
    return bool(code)


def cost(node: Node) -> int:
    """What putting the proxy there costs, in wei, less what somebody has paid for it already."""
    with node_errors():
        return max(0, _GAS * _PRICE - node.balance(_DEPLOYER))


def put(sender: Sender) -> None:
    """Puts the proxy on the chain: the wallet pays for it, its own transaction does it.

    The one transaction that no sender owns: it is signed for good, so it can be sent by anybody
    and as often as one likes, and happens once.

    Raises:
        ChainError: the chain takes no such transaction, or asks more for gas than it offers.
    """
    node = sender.node
    with node_errors():
        base = base_fee(node)
    if base > _PRICE:
        raise ChainError(
            "the chain has no deterministic deployment proxy, and gas costs more now than the "
            "100 gwei that its transaction offers for good; wait until it is cheaper"
        )
    missing = cost(node)
    if missing:
        sender.send(Call(_DEPLOYER, b"", missing, "pay for the deterministic deployment proxy"))
    if not sender.sends:
        return
    with node_errors():
        (answer,) = node.ask([("eth_sendRawTransaction", [to_hex(_RAW)])])
    end = time.monotonic() + _WAIT
    while time.monotonic() < end:
        if is_there(node):
            return
        if isinstance(answer, Refusal) and answer.kind is not Kind.KNOWN:
            break
        time.sleep(0.2)
    why = f": {answer.words(sender.policy.currency)}" if isinstance(answer, Refusal) else ""
    raise ChainError(
        f"the deterministic deployment proxy (0x{keccak256(_RAW).hex()}) did not get onto the "
        f"chain{why}; some chains take no transaction without a chain ID (EIP-155): ask its "
        "operators for the proxy"
    )
