"""A chain that is set back and reorganised, senders on it, and what they send."""

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import Node, connect
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.intents import Intent
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender

FAST = Policy(stuck=0.3, patience=10)
IMPATIENT = Policy(patience=0.2)
PLACES = itertools.count(1)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A chain of the test module's own, because it is stopped, set back and reorganised."""
    with anvil(4_242) as found:
        yield found


@pytest.fixture
def node(url: str) -> Iterator[Node]:
    found = connect(url)
    yield found
    found.one("evm_setAutomine", True)


def somebody() -> str:
    """An address that nobody has used."""
    return f"0x{0xABCD:08x}{next(PLACES):032x}"


def gift(to: str, amount: int = 1) -> Call:
    return Call(to, b"", amount, f"a gift of {amount}", 21_000)


def balance(node: Node, of: str) -> int:
    return int(node.one("eth_getBalance", of, "latest"), 16)


@pytest.fixture
def sender(node: Node, tmp_path: Path) -> Callable[..., Sender]:
    """A sender with a wallet of its own, and one journal for all that a test makes."""
    wallet = Account.from_key(os.urandom(32))
    node.one("anvil_setBalance", wallet.address, hex(10**21))

    def make(policy: Policy = FAST, name: str = "journal") -> Sender:
        return Sender(node, wallet, Journal(tmp_path / name), policy)

    return make


def is_waiting(sender: Sender, intent: Intent) -> bool:
    """Whether the node has it and no block does."""
    found = [
        sender.node.one("eth_getTransactionByHash", "0x" + each.hash.hex())
        for each in sender.journal.attempts(intent)
    ]
    return any(each is not None and each["blockNumber"] is None for each in found)


def wait_for(fact: Callable[[], Any], seconds: float = 600) -> Any:
    """What `fact` gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = fact()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError("it did not happen")
