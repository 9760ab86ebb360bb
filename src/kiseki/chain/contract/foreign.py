"""Questions to contracts that anybody may have written, such as tokens and conditions.

Such a contract may revert, burn its gas or answer nonsense. That is an answer: it does not say. A
node that refuses the question (it is asked too much, it lacks the block) gives no answer, and an
error is raised. Only a revert looks the same on every node; of the rest each node has its own words
(``out of gas``, ``EVM error InvalidFEOpcode``), so the node is asked once more, with code around
the call that stops whatever the contract does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from kiseki.chain.batches import Asked
from kiseki.chain.contract.contracts import Call, Contract, node_errors, refused
from kiseki.chain.node import Node
from kiseki.chain.refusals import Refusal
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import ChainError, ContractReverted

__all__ = ["GAS", "said", "tried", "tried_all"]

GAS = 1_000_000
"""For one question; a contract that needs more does not say."""


def tried(contract: Contract, function: str, *arguments: Any) -> Any | None:
    """What `Contract.read` gives; `None` where the contract does not say.

    Raises:
        ChainError: the node refuses the question.
        NodeUnreachable: nobody answered.
    """
    return tried_all(contract, function, [arguments])[0]


def tried_all(contract: Contract, function: str, asked: Sequence[Sequence[Any]]) -> list[Any]:
    """The same for each list of arguments, in as few requests as the node takes."""
    calls = [contract.call(function, *arguments) for arguments in asked]
    return [_read(contract, function, each) for each in said(contract.node, calls)]


def said(node: Node, calls: Sequence[Call], sender: str | None = None) -> list[bytes | None]:
    """What calls return; `None` for each that the contract lets fail.

    Args:
        sender: who asks, where that matters to the contract.

    Raises:
        ChainError: the node refuses a question.
        NodeUnreachable: it does not answer.
    """
    as_sender = {} if sender is None else {"from": sender}
    asked = [as_sender | {"to": each.to, "data": to_hex(each.data)} for each in calls]
    with node_errors():
        answers = node.ask([_question(each) for each in asked])
        unclear = [i for i, each in enumerate(answers) if _is_unclear(each)]
        around = [_question(as_sender | {"data": to_hex(_around(calls[i]))}) for i in unclear]
        for i, succeeds in zip(unclear, node.ask(around), strict=True):
            if isinstance(succeeds, Refusal):
                raise succeeds
            if any(from_hex(succeeds, 32, "whether a call succeeds")):
                raise answers[i]  # so it was the node that refused
        return [
            None if isinstance(each, Refusal) else from_hex(each, None, "the answer to a call")
            for each in answers
        ]


def _read(contract: Contract, function: str, data: bytes | None) -> Any | None:
    with contextlib.suppress(ChainError):
        return None if data is None else contract.answer(function, data)
    return None  # nonsense


def _question(transaction: dict[str, str]) -> Asked:
    return ("eth_call", [transaction | {"gas": hex(GAS)}, "latest"])


def _is_unclear(answer: Any | Refusal) -> bool:
    """Whether either the contract or the node may have failed."""
    return isinstance(answer, Refusal) and not isinstance(refused(answer), ContractReverted)


def _around(call: Call) -> bytes:
    """Code that makes a call and returns whether it succeeded. A node runs it as a constructor.

    All gas but a 64th goes to the call, so this code has some left whatever the contract does.
    """
    size = f"61{len(call.data):04x}"
    copy = f"{size}6032600039"  # the calldata, which follows these 0x32 bytes, into memory
    make = f"60006000{size}6000600073{call.to[2:]}5af1"
    give = "60005260206000f3"
    return bytes.fromhex(copy + make + give) + call.data
