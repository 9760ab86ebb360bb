"""Calls and answers of one contract, by its ABI: no wrapper per function to keep in step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiseki.chain.answers import NONSENSE
from kiseki.chain.batches import Asked
from kiseki.chain.contract.abi import decode_named, exact, kind, selector, signature
from kiseki.chain.contract.artifacts import Artifact, artifact
from kiseki.chain.contract.reverts import decode_revert
from kiseki.chain.failures import is_away
from kiseki.chain.node import Node, answered_with
from kiseki.chain.refusals import Kind, Refusal
from kiseki.core.checksum import checksummed
from kiseki.core.counts import counted
from kiseki.core.values import address, from_hex, to_hex
from kiseki.errors import (
    ChainError,
    InvalidInput,
    KisekiError,
    NodeAway,
    NodeBehind,
    NodeUnreachable,
)

__all__ = ["Call", "Contract", "answered", "erc20", "node_errors", "refused", "results", "returned"]


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction or question carries.

    Attributes:
        to: address.
        data: selector and arguments.
        value: ether in wei.
        what: contract and function, for people.
        gas: what it needs, where that is known better than from trying this very call.
        same: what tells it from other calls, where its data would be others when it is asked for
            again after an interruption, because a signature or what is left to do is in it.
    """

    to: str
    data: bytes
    value: int
    what: str
    gas: int | None = None
    same: bytes | None = None


class Contract:
    """One contract of the suite at its address.

    Args:
        built: what runs there; the newest of that name if it is not told.

    Attributes:
        node: who is asked.
        name: as in Solidity.
        address: where it is.
    """

    def __init__(self, node: Node, name: str, address: str, built: Artifact | None = None) -> None:
        self.node = node
        self.name = name
        self.address = address
        self._built = built
        abi = (built or artifact(name)).abi
        functions = [entry for entry in abi if entry["type"] == "function"]
        # Overloads are told apart by how many arguments they take, and answer alike.
        self._functions = {(entry["name"], len(entry["inputs"])): entry for entry in functions}
        self._outputs = {entry["name"]: entry["outputs"] for entry in functions}

    def call(self, function: str, *arguments: Any, value: int = 0) -> Call:
        """The call of `function`, to be sent. Structs are given as sequences in order.

        Raises:
            InvalidInput: an argument does not fit the ABI.
        """
        from eth_abi.abi import encode
        from eth_abi.exceptions import EncodingError

        entry = self._functions.get((function, len(arguments)))
        if entry is None:
            raise InvalidInput(
                f"{self.name}.{function} does not take {counted(len(arguments), 'argument')}"
            )
        try:
            for member, argument in zip(entry["inputs"], arguments, strict=True):
                exact(member, argument)
            data = encode([kind(member) for member in entry["inputs"]], arguments)
        except (EncodingError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"{self.name}.{function} cannot be called with this: {error}"
            ) from error
        return Call(self.address, selector(entry) + data, value, f"{self.name}.{function}")

    def of(self, node: Node) -> Contract:
        """The same contract, asked of another node."""
        return Contract(node, self.name, self.address, self._built)

    def selector(self, function: str) -> bytes:
        """The first four bytes of calls of `function`, which is named by its signature."""
        (found,) = (each for each in self._functions.values() if signature(each) == function)
        return selector(found)

    def read(self, function: str, *arguments: Any, sender: str | None = None) -> Any:
        """Asks `function` at the latest block: its one answer, or all answers by name.

        Raises:
            ContractReverted: it refused.
            NodeUnreachable: nobody answered.
        """
        call = self.call(function, *arguments)
        transaction: dict[str, Any] = {"to": call.to, "data": to_hex(call.data)}
        if sender is not None:
            transaction["from"] = sender
        with node_errors():
            answer = self.node.one("eth_call", transaction, "latest")
            data = from_hex(answer, None, "the answer to a call")
        return self.answer(function, data)

    def read_all(self, function: str, asked: Sequence[Sequence[Any]]) -> list[Any]:
        """What `read` gives, for each list of arguments, in as few requests as the node takes.

        Raises:
            ContractReverted: it refused one.
            NodeUnreachable: nobody answered.
        """
        calls = [self.call(function, *arguments) for arguments in asked]
        return [self.answer(function, each) for each in returned(self.node, calls)]

    def answer(self, function: str, data: bytes) -> Any:
        """What the bytes that `function` answered say, as `read` gives it."""
        outputs = self._outputs[function]
        if not data and outputs:
            raise ChainError(f"there is no {self.name} at {self.address} on this chain")
        named = [{**member, "name": member["name"] or str(i)} for i, member in enumerate(outputs)]
        answers: Mapping[str, Any] = decode_named(named, data)
        return next(iter(answers.values())) if len(outputs) == 1 else answers


def results(node: Node, questions: Sequence[Asked]) -> list[Any]:
    """The node's results, in order, where none may be refused.

    Raises:
        ContractReverted, ChainError: it refuses one.
        NodeUnreachable: it does not answer.
    """
    with node_errors():
        answers = node.ask(questions)
        for each in answers:
            if isinstance(each, Refusal):
                raise each
        return answers


def returned(node: Node, calls: Sequence[Call], block: int | None = None) -> list[bytes]:
    """What calls return, asked in as few requests as the node takes; nothing is sent.

    Args:
        block: as of which block; the latest if none is named.

    Raises:
        ContractReverted, ChainError: one is refused.
        NodeUnreachable: the node does not answer.
    """
    found = []
    for each in answered(node, calls, block):
        if isinstance(each, ChainError):
            raise each
        found.append(each)
    return found


def answered(
    node: Node, calls: Sequence[Call], block: int | None = None, sender: str | None = None
) -> list[bytes | ChainError]:
    """The same, with the reason where one is refused.

    Args:
        sender: who asks, where that matters to the contract.

    Raises:
        NodeUnreachable: the node does not answer.
    """
    at = "latest" if block is None else hex(block)
    who = {} if sender is None else {"from": sender}
    asked = [("eth_call", [who | {"to": each.to, "data": to_hex(each.data)}, at]) for each in calls]
    with node_errors():
        return [
            refused(each) if isinstance(each, Refusal)
            else from_hex(each, None, "the answer to a call")
            for each in node.ask(asked)
        ]  # fmt: skip


def erc20(node: Node, token: str) -> Contract:
    """Any ERC-20, by what every one of them has.

    Raises:
        InvalidInput: `token` is no address.
    """
    coin = Contract(node, "TestToken", checksummed(address(token, "the token")))
    coin.name = "ERC-20 token"
    return coin


@contextlib.contextmanager
def node_errors() -> Iterator[None]:
    """Turns what the network and a node's answer raise into Kiseki's errors."""
    import requests

    try:
        yield
    except KisekiError:
        raise
    except Refusal as error:
        raise refused(error) from error
    except requests.RequestException as error:
        # The message of the cause holds the URL, and with it perhaps a key.
        said = answered_with(error)
        kind = NodeAway if is_away(error) else NodeUnreachable
        raise kind(
            f"the node answered {said} instead of the question; run this again, or check its URL "
            "and key"
            if said
            else f"the node did not answer ({type(error).__name__}); "
            "check that it runs, then run this again"
        ) from None
    except NONSENSE as error:
        # Without the cause, which may repeat what a server wrote, and with it perhaps the URL.
        raise ChainError(
            f"the node's answer makes no sense ({type(error).__name__}); "
            "check that the URL is a node's, or ask another"
        ) from None


def refused(refusal: Refusal) -> ChainError:
    """What a node refused to do, as an error: by name where a contract did."""
    if refusal.kind is Kind.REVERT:
        return decode_revert(refusal.returned)
    said = refusal.words() or "without a word"
    if refusal.kind is Kind.LAG:
        return NodeBehind(f"the node does not have that block yet ({said}); run this again")
    if refusal.kind is Kind.PRUNED:
        return ChainError(
            f"the node has dropped blocks that old ({said}); name a node that keeps all of them"
        )
    return ChainError(f"the node refused: {said}")
