"""Contracts that anybody may have written: one that fails is told from a node that does."""

from collections.abc import Iterator

import pytest

from kiseki import ContractReverted, Kiseki, LocalKiseki
from kiseki.chain.contract.contracts import Call, erc20
from kiseki.chain.contract.foreign import GAS, said, tried, tried_all
from kiseki.errors import ChainError

from ..conftest import Refuses, ask

FAILS = {
    "reverts": "5f5ffd",
    "reverts with 16 MB": "62ffffff5ffd",
    "burns all gas": "5b5f56",
    "has no such instruction": "fe",
    "takes from an empty stack": "50",
    "jumps into nowhere": "60ff56",
}
AT = "0x" + "ab" * 20


@pytest.fixture
def at(k: LocalKiseki) -> Iterator[str]:
    yield AT
    ask(k, "anvil_setCode", AT, "0x")


@pytest.mark.parametrize("code", FAILS.values(), ids=FAILS.keys())
def test_a_contract_that_fails_does_not_say(k: LocalKiseki, at: str, code: str) -> None:
    """In whatever way: a stranger's contract must stop no question about others."""
    ask(k, "anvil_setCode", at, "0x" + code)
    good = k.test_token()
    asked = [erc20(k.session.node, each).call("decimals") for each in (good, at, good)]
    six = (6).to_bytes(32)
    assert said(k.session.node, asked) == [six, None, six]
    assert said(k.session.node, [Call(at, b"\1" * 16_384, 0, "much")]) == [None]
    assert tried(erc20(k.session.node, at), "decimals") is None
    assert k.decimals(at) == 0


@pytest.mark.parametrize("code", ["60ff5f5360015ff3", "00", "7f" + "ff" * 32 + "5f5260205ff3"])
def test_nonsense_is_no_answer(k: LocalKiseki, at: str, code: str) -> None:
    """One byte, nothing, and a number that no decimals can be."""
    ask(k, "anvil_setCode", at, "0x" + code)
    assert tried(erc20(k.session.node, at), "decimals") is None


def test_a_node_that_refuses_is_no_answer(k: LocalKiseki, monkeypatch: pytest.MonkeyPatch) -> None:
    """Decimals of 0 would make 100 tokens the millionth part of them."""
    token = k.test_token()
    with monkeypatch.context() as patch:
        Refuses(k, patch, "eth_call")
        with pytest.raises(ChainError, match="header not found"):
            k.decimals(token)
    with monkeypatch.context() as patch:
        Refuses(k, patch, "eth_call", times=1)  # and says right after that the call succeeds
        with pytest.raises(ChainError, match="header not found"):
            k.decimals(token)
    with monkeypatch.context() as patch:
        Refuses(k, patch, "eth_call", times=1)
        fails = erc20(k.session.node, AT)
        ask(k, "anvil_setCode", AT, "0xfe")
        assert tried(fails, "decimals") is None, "it fails, whatever the node said first"
        ask(k, "anvil_setCode", AT, "0x")


def test_a_contract_is_asked_as_somebody(k: LocalKiseki, at: str) -> None:
    ask(k, "anvil_setCode", at, "0x335f5260205ff3")  # says who asks
    (who,) = said(k.session.node, [Call(at, b"", 0, "who")], sender="0x" + "cd" * 20)
    assert who == bytes(12) + b"\xcd" * 20


def test_a_question_has_so_much_gas_and_no_more(k: LocalKiseki, at: str) -> None:
    ask(k, "anvil_setCode", at, "0x5a5f5260205ff3")  # says what is left
    (left,) = said(k.session.node, [Call(at, b"", 0, "gas")])
    assert GAS - 30_000 < int.from_bytes(left or b"") < GAS


def test_many_answers_come_in_their_order(k: LocalKiseki, stranger: Kiseki) -> None:
    token = erc20(k.session.node, k.test_token())
    k.mint(token.address, stranger.address, 7)
    assert tried_all(token, "balanceOf", [(k.address,), (stranger.address,)]) == [0, 7]
    with pytest.raises(ContractReverted):
        token.read("transferFrom", k.address, stranger.address, 8)
