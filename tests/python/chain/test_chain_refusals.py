"""What real nodes and providers say when they refuse, and what is done about it."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_abi.abi import encode

from kiseki.chain import history as history_of
from kiseki.chain import node
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.abi import selector
from kiseki.chain.contract.artifacts import artifact, names
from kiseki.chain.contract.contracts import Call, Contract, node_errors
from kiseki.chain.contract.reverts import decode_revert
from kiseki.chain.history import history
from kiseki.chain.node import connect
from kiseki.chain.refusals import Kind, Refusal
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.rehearsal import Rehearsal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.sending.wire import is_refused
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import ChainError, ContractReverted, NodeBehind, NodeBusy, NodeUnreachable

from ..front import answered, each_question, front, place, refusing
from .real_refusals import ROWS, WITHOUT


def said(code: Any, message: str) -> dict[str, Any]:
    """The error of a row, as the node writes it."""
    data = {"data": "Reverted 0x08c379a0"} if message == "VM execution error." else {}
    return {"message": message, **data} | ({} if code is WITHOUT else {"code": code})


@pytest.mark.parametrize(("kind", "code", "message", "source"), ROWS)
def test_what_a_node_says_is_understood(kind: Kind, code: Any, message: str, source: str) -> None:
    assert Refusal(said(code, message)).kind is kind, source


@pytest.mark.parametrize(
    ("node_name", "kinds"),
    [
        ("go-ethereum", "limit, lag, nonce, fee, funds, revert, unknown method, known"),
        ("Erigon", "limit, lag, nonce, fee, funds, known"),
        ("Nethermind", "lag, nonce, fee, funds, revert, known"),
        ("Besu", "limit, lag, nonce, fee, funds, revert, unknown method, known"),
        ("Reth", "limit, lag, nonce, fee, funds, revert, known"),
        ("INFURA", "limit"),
        ("Infura", "rate"),
        ("Alchemy", "limit, rate, unknown method"),
        ("QuickNode", "limit, rate"),
        ("Anvil", "lag, nonce, fee, funds, revert, unknown method, known"),
    ],
)
def test_the_table_has_every_node(node_name: str, kinds: str) -> None:
    there = {kind.value for kind, _, _, source in ROWS if node_name in source}
    assert there >= set(kinds.split(", "))


@pytest.mark.parametrize(
    ("message", "blocks"),
    [
        ("range 1000000 exceeds limit of 10000", 10_000),
        ("up to a 500 block range. Based on your parameters, this block range should work: "
         "[0x123c9b2, 0x123cba5]", 500),
        ("eth_getLogs is limited to a 10,000 range", 10_000),
        ("query exceeds max block range 2000", 2_000),
        ("query block range exceeds server limit, narrow your filter: 1000", 1_000),
        ("block range is larger than max block range, block range = 5120, max block range = 5000",
         5_000),
        ("eth_getLogs is limited to a 1000 blocks range", 1_000),
        ("You can make eth_getLogs requests with up to a 2K block range and no limit", 2_000),
        ("requested too many blocks from 0 to 20000, maximum is set to 2048", 2_048),
        ("Block range is too large. Max range: 800", 800),
        ("Maximum allowed number of requested blocks is 1000", 1_000),
        ("maximum [from, to] blocks distance: 10000", 10_000),
        ("eth_getLogs is limited to 0 - 50 blocks range", 50),
        ("block range exceeds the range allowed for your plan (20000 > 5000)", 5_000),
        ("please limit the query to at most 1,000 blocks", 1_000),
        ("exceed maximum block range: 5000", 5_000),
        ("block range greater than 10000 max", 10_000),
        ("block range exceeds 1000", 1_000),
        ("eth_getLogs range is too large, max is 10k blocks", 10_000),
        ("query must be smaller than size 1024", 1_024),
        ("block range is too wide (maximum 1024)", 1_024),
        ("block range too large, max range: 1000", 1_000),
        ("ranges over 10000 blocks are not supported on freetier", 10_000),
        # Nothing of blocks.
        ("query returned more than 10000 results", None),
        ("logs matched by query exceeds limit of 10000", None),
        ("response size should not greater than 10000000 bytes", None),
        ("batch limit 100 exceeded (can increase by --rpc.batch.limit). Requested batch of size: "
         "401", None),
        ("block range too high", None),
        ("limit exceeded", None),
        ("query exceeds max results 20000, retry with the range 25766988-25775072", None),
        ("block range exceeds 0", None),
        ("header not found: up to 7 blocks", None),
    ],
)  # fmt: skip
def test_how_many_blocks_a_node_takes_is_read_from_a_refusal(
    message: str, blocks: int | None
) -> None:
    assert Refusal({"code": -32000, "message": message}).blocks == blocks


@pytest.mark.parametrize(
    ("message", "span"),
    [
        ("query exceeds max results 20000, retry with the range 25766988-25775072",
         (25_766_988, 25_775_072)),
        ("query returned more than 10000 results. Try with this block range [0xCB3D, 0x7B737].",
         (0xCB3D, 0x7B737)),
        ("You can make eth_getLogs requests with up to a 500 block range. Based on your "
         "parameters, this block range should work: [0x123c9b2, 0x123cba5]",
         (0x123C9B2, 0x123CBA5)),
        ("requested block range [4096, 8192] is beyond latest executed block 4000 (node is still "
         "syncing)", None),
        ("requested too many blocks from 0 to 20000, maximum is set to 2048", None),
    ],
)  # fmt: skip
def test_the_range_that_a_node_would_answer_is_read_from_a_refusal(
    message: str, span: tuple[int, int] | None
) -> None:
    assert Refusal({"code": -32000, "message": message}).range == span


@pytest.mark.parametrize(
    ("message", "least"),
    [
        ("transaction gas price below minimum: gas tip cap 1, minimum needed 25000", 25_000),
        ("transaction underpriced: tip needed 2, tip permitted 1", 2),
        ("transaction priority fee below minimum required priority fee 20000000000", 2 * 10**10),
        ("transaction underpriced: have gas tip cap (22) < pool gas tip cap (47)", 47),
        ("transaction underpriced", None),
        ("intrinsic gas too low: gas 21000, minimum needed 53000", None),
        ("max fee per gas less than block base fee: maxFeePerGas: 1, baseFee: 7", None),
    ],
)  # fmt: skip
def test_the_least_tip_is_read_from_a_refusal(message: str, least: int | None) -> None:
    assert Refusal({"code": -32000, "message": message}).least == least


@pytest.mark.parametrize("kind", list(Kind))
def test_a_transaction_that_the_node_has_or_may_get_is_waited_for(kind: Kind) -> None:
    waits = {Kind.KNOWN, Kind.NONCE, Kind.FEE}
    for code, message in [(c, m) for k, c, m, _ in ROWS if k is kind]:
        assert is_refused(Refusal(said(code, message))) == (kind not in waits)


# What is done about it


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with anvil(4_248) as found:
        connect(found).one("anvil_mine", "0x8")
        yield found


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node, "_PAUSES", (0.01, 0.01, 0.01))
    monkeypatch.setattr(history_of, "PAUSES", (0.01, 0.01))


def of_kind(kind: Kind) -> list[tuple[Any, str]]:
    return [(code, message) for k, code, message, _ in ROWS if k is kind]


Answer = Callable[[int, Any], tuple[int, bytes] | None]


def http(status: int, url: str, method: str, error: dict[str, Any]) -> Answer:
    """A provider that puts its refusals into HTTP errors."""

    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        if isinstance(asked, list):
            return None if all(e["method"] != method for e in asked) else (400, b"no batches")
        if asked["method"] != method:
            return None
        return status, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()

    return answer


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("status", [200, 400, 413, 500])
@pytest.mark.parametrize(("code", "message"), of_kind(Kind.LIMIT))
def test_a_range_that_is_too_long_is_cut(url: str, status: int, code: Any, message: str) -> None:
    ranges = []

    def answer(n: int, asked: Any) -> tuple[int, bytes] | None:
        if isinstance(asked, list):
            return 400, b"no batches"
        if asked["method"] == "eth_getLogs":
            first, last = (int(asked["params"][0][e], 16) for e in ("fromBlock", "toBlock"))
            ranges.append(last - first + 1)
            if ranges[-1] > 3:
                return http(status, url, "eth_getLogs", said(code, message))(n, asked)
        return None

    with front(url, answer) as provider:
        found = list(history(connect(place(provider)), 0, 8, ["0x" + "00" * 20]))
    assert found[-1].last.number == 8
    assert ranges[0] == 9


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize("status", [200, 429, 403])
@pytest.mark.parametrize(("code", "message"), of_kind(Kind.RATE))
def test_a_node_that_is_asked_too_much_is_asked_later(
    url: str, status: int, code: Any, message: str
) -> None:
    if status == 403:  # the plan is used up: asking again does not help
        with front(url, http(403, url, "eth_gasPrice", said(code, message))) as provider:
            asked = connect(place(provider))
            with pytest.raises(ChainError, match="answered HTTP 403") as told, node_errors():
                asked.one("eth_gasPrice")
        assert message[:20] in str(told.value)
        return
    refuses = http(status, url, "eth_gasPrice", said(code, message))
    with front(url, lambda n, asked: refuses(n, asked) if n in (2, 3) else None) as busy:
        assert connect(place(busy)).one("eth_gasPrice").startswith("0x")
    with front(url, refuses) as busy:
        asked = connect(place(busy))
        with pytest.raises(ChainError) as told, node_errors():
            asked.one("eth_gasPrice")
        assert isinstance(told.value, NodeBusy | NodeUnreachable)
        assert "did not answer" not in str(told.value)
        assert message[:20] in str(told.value)


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(("code", "message"), of_kind(Kind.LAG))
def test_a_block_that_a_node_lacks_is_asked_of_another(url: str, code: Any, message: str) -> None:
    behind = each_question(url, refusing("eth_call", said(code, message)))
    question = ("eth_call", [{"to": "0x" + "00" * 20}, "latest"])
    with front(url, behind) as one, front(url, lambda *_: None) as other:
        assert connect([place(one), place(other)]).one(*question[:1], *question[1]) == "0x"
        assert connect([place(one), place(other)]).ask([question] * 2) == ["0x"] * 2
    with front(url, behind) as one:
        alone = Contract(connect(place(one)), "TestToken", "0x" + "00" * 20)
        with pytest.raises(NodeBehind, match="does not have that block yet"):
            alone.read("decimals")


@pytest.mark.parametrize(("code", "message"), of_kind(Kind.FUNDS))
def test_a_wallet_that_cannot_pay_is_told_so(url: str, code: Any, message: str) -> None:
    for method, kind in (("eth_estimateGas", Sender), ("eth_simulateV1", Rehearsal)):
        with front(url, each_question(url, refusing(method, said(code, message)))) as poor:
            sender = kind(connect(place(poor)), account_of(2))
            with pytest.raises(ChainError, match="insufficient funds; send it some ETH"):
                sender.send(Call("0x" + "42" * 20, b"", 1, "a gift"))


@pytest.mark.parametrize(("code", "message"), of_kind(Kind.FUNDS))
def test_no_refusal_tells_people_an_amount_in_wei(url: str, code: Any, message: str) -> None:
    for long in (
        message,
        f"{message}: have 20000000000000000 want 1500000000000000000 (gas 21000)",
    ):
        told = Refusal(said(code, long)).words("POL")
        assert not re.search(r"[0-9]{7}(?![0-9]* POL)", told.replace(".", "")), told
        assert ("have 0.02 POL want 1.5 POL (gas 21000)" in told) == (long != message)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("insufficient funds: address 0x" + "1" * 40 + " have 0x0 want 0xde0b6b3a7640000",
         "insufficient funds: address 0x" + "1" * 40 + " have 0 POL want 1 POL"),
        ("transaction underpriced: gas tip cap 1000000000, minimum needed 25000000000, gas limit "
         "30000000", "transaction underpriced: gas tip cap 1 gwei, minimum needed 25 gwei, gas "
         "limit 30000000"),
        ("query exceeds max results 20000000", "query exceeds max results 20000000"),
    ],
)  # fmt: skip
def test_what_is_an_amount_is_told_from_what_is_none(message: str, told: str) -> None:
    assert Refusal({"code": -32000, "message": message}).words("POL") == told


def test_a_wallet_that_cannot_pay_is_told_in_the_currency_of_its_chain(url: str) -> None:
    words = "insufficient funds for gas * price + value: have 1 want 2"
    with front(url, each_question(url, refusing("eth_estimateGas", said(-32000, words)))) as poor:
        sender = Sender(connect(place(poor)), account_of(2), policy=Policy(currency="POL"))
        with pytest.raises(ChainError, match=r"needs 0\.5 POL and the fee, .* holds 10,000 POL"):
            sender.send(Call("0x" + "42" * 20, b"", 5 * 10**17, "a gift"))
    refuses = each_question(url, refusing("eth_sendRawTransaction", said(-32000, words)))
    with front(url, refuses) as poor:
        sender = Sender(connect(place(poor)), account_of(2), policy=Policy(currency="POL"))
        with pytest.raises(ChainError, match=r"have 0\.000000000000000001 POL"):
            sender.send(Call("0x" + "42" * 20, b"", 1, "a gift"))


@pytest.mark.parametrize(
    ("error", "values", "told"),
    [
        ("RevenueSplitter_NotEnoughEther", (10**18, 1), "amount 1 ether, left 0.000000000000000001 "
         "ether"),
        ("Escrow_NotPaid", (bytes(32), ZERO_ADDRESS, 10**17), "price 0.1 ether"),
        ("Escrow_NotPaid", (bytes(32), "0x" + "11" * 20, 1_000), "price 1,000 base units"),
        ("Signed_Expired", (1_800_000_000,), "deadline 2027-01-15 08:00 UTC"),
        ("Waterfall_TooLittleGas", (100_000,), "needed 100000"),
    ],
)  # fmt: skip
def test_a_contract_that_refuses_tells_amounts_and_times_as_people_read_them(
    error: str, values: tuple[Any, ...], told: str
) -> None:
    entry = next(each for name in names() for each in artifact(name).abi
                 if each["type"] == "error" and each["name"] == error)  # fmt: skip
    kinds = [each["type"] for each in entry["inputs"]]
    assert told in str(decode_revert(selector(entry) + encode(kinds, values)))


@pytest.mark.parametrize(("code", "message"), of_kind(Kind.REVERT))
def test_a_contract_that_refuses_is_no_node_that_does(url: str, code: Any, message: str) -> None:
    with front(url, each_question(url, refusing("eth_estimateGas", said(code, message)))) as node_:
        sender = Sender(connect(place(node_)), account_of(2))
        with pytest.raises(ContractReverted):
            sender.send(Call("0x" + "42" * 20, b"", 1, "a gift"))


@pytest.mark.parametrize(("code", "message"), of_kind(Kind.KNOWN))
def test_a_transaction_that_the_node_has_already_is_not_refused(
    url: str, code: Any, message: str
) -> None:
    def answer(asked: Any) -> dict[str, Any] | None:
        if asked["method"] != "eth_sendRawTransaction":
            return None
        answered(url, asked)
        return {"error": said(code, message)}

    with front(url, each_question(url, answer)) as twice:
        sender = Sender(connect(place(twice)), account_of(3), policy=Policy(patience=5))
        assert sender.send(Call("0x" + "42" * 20, b"", 1, "a gift")).block > 0


@pytest.mark.parametrize(("code", "message"), of_kind(Kind.METHOD))
def test_a_node_without_a_method_says_so(url: str, code: Any, message: str) -> None:
    refuses = each_question(url, refusing("eth_simulateV1", said(code, message)))
    with front(url, refuses) as older:
        sender = Rehearsal(connect(place(older)), account_of(2))
        sender.send(Call("0x" + "42" * 20, b"", 1, "a gift"))
        assert sender.trials[0].gas == 21_000, "one call needs nothing of others"
        with pytest.raises(ChainError, match="ask a node that has eth_simulateV1"):
            sender.send(Call("0x" + "42" * 20, b"", 1, "a gift"))


def test_what_of_a_batch_became_too_large_is_asked_alone(url: str) -> None:
    """go-ethereum answers the first questions of a batch and refuses the others."""
    error = {"code": -32003, "message": "response too large"}

    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        if not isinstance(asked, list):
            return None
        told = answered(url, asked)
        for each in told[3:]:
            del each["result"]
            each["error"] = error
        return 200, json.dumps(told).encode()

    with front(url, answer) as large:
        wallets = [f"0x{number:040x}" for number in range(6)]
        found = connect(place(large)).ask([("eth_getBalance", [e, "latest"]) for e in wallets])
        assert not any(isinstance(each, Refusal) for each in found)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_who_answered_is_not_said_to_be_silent(url: str, status: int) -> None:
    body = json.dumps({"error": {"code": -32000, "message": "invalid project id"}}).encode()
    with front(url, lambda n, _: (status, body) if n > 1 else None) as closed:
        asked = connect(place(closed))
        with (
            pytest.raises(NodeUnreachable, match=rf"answered HTTP {status} \(invalid project id\)"),
            node_errors(),
        ):
            asked.one("eth_blockNumber")
    with (
        front(url, lambda *_: (status, b"<html>")) as closed,
        pytest.raises(NodeUnreachable, match=f"is no node for us: HTTP {status}"),
    ):
        connect(place(closed))


# Blocks that are final


@pytest.fixture(params=["safe", "finalized"])
def tag(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    "told",
    [
        {"result": None},
        {"error": {"code": -39001, "message": "Unknown block"}},
        {"error": {"code": -32602, "message": "unsupported block tag: finalized"}},
        {"error": {"code": -32000, "message": "finalized block not found"}},
    ],
)
@pytest.mark.parametrize("kind", [Sender, Rehearsal])
def test_a_node_that_knows_no_final_block_is_told_before_anything_is_sent(
    url: str, tag: Any, told: dict[str, Any], kind: type[Sender]
) -> None:
    def answer(asked: Any) -> dict[str, Any] | None:
        is_tag = asked["method"] == "eth_getBlockByNumber" and asked["params"][0] == tag
        return told if is_tag else None

    to = "0x" + "43" * 20
    with front(url, each_question(url, answer)) as young:
        sender = kind(connect(place(young)), account_of(4), None, Policy(finality=tag))
        with pytest.raises(
            ChainError, match=rf"know which block is {tag}.*nothing was sent.*--confirmations 12"
        ):
            sender.send(Call(to, b"", 1, "a gift"))
        assert not sender.pending()
    assert connect(url).balance(to) == 0


@pytest.mark.usefixtures("_quick")
def test_a_node_that_forgets_the_final_block_is_not_said_to_be_silent(url: str, tag: Any) -> None:
    """Its answers are repeated when sending gives up, and the journal goes on with it."""
    sent = False

    def answer(asked: Any) -> dict[str, Any] | None:
        nonlocal sent
        sent = sent or asked["method"] == "eth_sendRawTransaction"
        is_tag = asked["method"] == "eth_getBlockByNumber" and asked["params"][0] == tag
        return {"error": {"code": -39001, "message": "Unknown block"}} if is_tag and sent else None

    with front(url, each_question(url, answer)) as forgetful:
        policy = Policy(finality=tag, patience=0.3)
        sender = Sender(connect(place(forgetful)), account_of(5), policy=policy)
        with pytest.raises(
            ChainError, match=f"know which block is {tag} .it says: Unknown block"
        ) as told:
            sender.send(Call("0x" + "42" * 20, b"", 1, "a gift"))
        assert "not answer" not in str(told.value)
