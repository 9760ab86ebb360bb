"""Node fail, are asked too much, lag and lie; there are others."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call, node_errors
from kiseki.chain.node import connect
from kiseki.chain.refusals import Refusal
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.kiseki import Kiseki, LocalKiseki
from kiseki.errors import ChainError, NodeUnreachable, WrongChain
from kiseki.vault.keystore import KeyStore

from ..front import answered, front, place

TO = "0x" + "42" * 20


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with anvil(4_245) as found:
        yield found


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_node_that_is_busy_is_asked_again(url: str, status: int) -> None:
    with front(url, lambda n, _: (status, b"busy") if n in (2, 3) else None) as busy:
        busy.headers_sent = {"Retry-After": "0"}
        node = connect(place(busy))
        assert node.w3.eth.chain_id == 4_245
        assert busy.count == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_node_that_refuses_us_is_not(url: str, status: int) -> None:
    with front(url, lambda n, _: (status, b"no") if n > 1 else None) as closed:
        node = connect(place(closed))
        with pytest.raises(NodeUnreachable), node_errors():
            node.w3.eth.get_block("latest")
        assert closed.count == 2


def test_a_limit_that_is_told_in_json_is_waited_out(url: str) -> None:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": "Too many requests"}}
    with front(url, lambda n, _: (200, json.dumps(error).encode()) if n == 2 else None) as busy:
        assert connect(place(busy)).w3.eth.get_block("latest")["number"] >= 0
        assert busy.count == 3


def test_a_price_that_a_node_does_not_tell_is_not_nothing(url: str) -> None:
    def answer(_: int, asked: Any) -> tuple[int, bytes]:
        found = answered(url, asked)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each.get("result"), dict):
                each["result"].pop("effectiveGasPrice", None)
        return 200, json.dumps(found).encode()

    with front(url, answer) as silent:
        sender = Sender(connect(place(silent)), account_of(2))
        offered = sender.fees().most
        done = sender.send(Call(TO, b"", 1, "a gift"))
    assert 0 < done.gas * (offered // 4) <= done.fee


def test_an_answer_that_is_cut_off_is_asked_for_again(url: str) -> None:
    with front(url, lambda n, _: (200, b'{"jsonrpc": "2.0", "res') if n == 2 else None) as torn:
        assert connect(place(torn)).w3.eth.get_block("latest")["number"] >= 0
        assert torn.count == 3


def test_what_does_something_each_time_is_never_asked_twice(url: str) -> None:
    with front(url, lambda n, _: (503, b"busy") if n == 2 else None) as busy:
        node = connect(place(busy))
        with pytest.raises(requests.HTTPError):
            node.one("evm_mine")
        assert busy.count == 2


def test_a_proxy_and_a_password_are_used_for_every_question(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the environment is asked for them once: that takes longer than a question."""
    heard: list[tuple[str, str | None, str | None]] = []
    with front(url, lambda *_: None) as proxy:
        handle = proxy.RequestHandlerClass.do_POST  # type: ignore[attr-defined]

        def do_POST(handler: Any) -> None:  # noqa: N802 - the server's name
            headers = handler.headers
            heard.append((handler.path, headers["Authorization"], headers["Cookie"]))
            handle(handler)

        monkeypatch.setattr(proxy.RequestHandlerClass, "do_POST", do_POST)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setenv("http_proxy", place(proxy))
        node = connect("http://me:secret@kiseki.invalid/way")
        assert node.balance(TO) >= 0
        monkeypatch.delenv("http_proxy")
        assert [node.balance(each.address) for each in (account_of(3), account_of(4))]
        assert node.code(TO) == b""
        proxy.headers_sent = {"Set-Cookie": "node=7; Path=/"}
        numbers = [node.one("eth_blockNumber") for _ in range(2)]
        assert numbers[0] == numbers[1] == hex(int(numbers[0], 16))
    assert {each[:2] for each in heard} == {("http://kiseki.invalid/way", "Basic bWU6c2VjcmV0")}
    assert [each[2] for each in heard] == [None] * 6 + ["node=7"]


def test_a_node_that_dies_is_followed_by_the_next(url: str) -> None:
    with front(url, lambda *_: None) as first:
        node = connect([place(first), url])
        sender = Sender(node, account_of(0))
        sender.send(Call(TO, b"", 1, "a gift"))
    sender.send(Call(TO, b"", 1, "a gift"))
    assert int(node.w3.eth.get_balance(TO)) >= 2  # type: ignore[arg-type]
    assert node.urls[0] == url


def test_a_fallback_on_another_chain_is_never_asked(url: str) -> None:
    with (
        anvil(4_246) as wrong,
        front(url, lambda n, _: None if n == 1 else (500, b"")) as first,
    ):
        node = connect([place(first), wrong])
        with pytest.raises(WrongChain, match=r"is on chain 4246, not 4245; take it off the list"):
            node.w3.eth.get_block("latest")
    with (
        anvil(4_247) as wrong,
        front(url, lambda n, _: None if n == 1 else (500, b"")) as first,
    ):
        node = connect(f"{place(first)}, {wrong}, {url}")
        assert node.w3.eth.chain_id == 4_245


@pytest.mark.parametrize(
    "bad",
    [
        (401, b"no"),
        (403, b"no"),
        (200, b"{}"),
        (200, b'{"id":1}'),
        (200, b'{"id":1,"error":{"code":-32601,"message":"no eth_chainId here"}}'),
    ],
)
def test_a_fallback_that_is_no_use_is_passed_over(url: str, bad: tuple[int, bytes]) -> None:
    """Its key has run out, say. It must not end what a third one can do."""
    with (
        front(url, lambda n, _: (503, b"down") if n > 1 else None) as first,
        front(url, lambda _, __: bad) as useless,
        front(url, lambda _, __: None) as third,
    ):
        node = connect([place(first), place(useless), place(third)])
        for _ in range(3):
            assert node.w3.eth.get_block("latest")["number"] >= 0
        assert useless.count <= 2
    with front(url, lambda _, __: bad) as useless:
        node = connect([place(useless), url])  # also where it is the first of them
        assert node.w3.eth.chain_id == 4_245


def test_a_node_whose_key_ran_out_is_followed_by_the_next(url: str) -> None:
    with front(url, lambda n, _: (403, b"no") if n > 1 else None) as first:
        node = connect([place(first), url])
        assert node.w3.eth.get_block("latest")["number"] >= 0


@pytest.mark.parametrize(
    "error",
    [
        {"code": 429, "message": "Your app has exceeded its compute units per second capacity"},
        {"code": -32005, "message": "project ID request rate exceeded"},
        {"code": 429, "message": "later"},
    ],
)
def test_what_of_a_batch_was_too_much_is_asked_again_and_the_rest_is_not(
    url: str, error: dict[str, Any]
) -> None:
    asked: list[list[str]] = []

    def answer(n: int, content: Any) -> tuple[int, bytes] | None:
        if not isinstance(content, list):
            return None
        asked.append([each["params"][0] for each in content])
        if len(asked) > 2:
            return None
        whole = answered(url, content)
        return 200, json.dumps(
            [
                each if place_ < 2 else {"jsonrpc": "2.0", "id": each["id"], "error": error}
                for place_, each in enumerate(whole)
            ]
        ).encode()

    wallets = [f"0x{number:040x}" for number in range(5)]
    with front(url, answer) as busy:
        node = connect(place(busy))
        found = node.ask([("eth_getBalance", [each, "latest"]) for each in wallets])
        assert not any(isinstance(each, Refusal) for each in found)
    assert [len(each) for each in asked] == [5, 3, 1]


def test_the_chain_must_be_the_one_that_is_meant(url: str) -> None:
    with pytest.raises(WrongChain, match="is on chain 4245, not 11155111; nothing was sent"):
        connect(url, 11_155_111)


def test_a_key_in_a_url_is_never_shown(url: str) -> None:
    """Invariant 7."""
    with front(url, lambda n, _: None if n == 1 else (500, b"")) as failing:
        secret = place(failing, "/v3/0123456789abcdef?key=fedcba")
        node = connect(secret)
        with pytest.raises(NodeUnreachable) as told, node_errors():
            node.w3.eth.get_block("latest")
        shown = f"{told.value!r} {told.value.__cause__!r} {node.w3.provider!r}"
        assert "0123456789abcdef" not in shown
        assert "fedcba" not in shown
    with pytest.raises(NodeUnreachable) as told:
        connect("http://127.0.0.1:9/v3/0123456789abcdef")
    assert "0123456789abcdef" not in f"{told.value} {told.value.__cause__}"


# Batches


def test_many_questions_are_few_requests(url: str) -> None:
    with front(url, lambda *_: None) as counted:
        node = connect(place(counted))
        before = counted.count
        answers = node.ask([("eth_getBalance", [TO, "latest"])] * 250)
        assert len(answers) == 250
        assert counted.count - before == 3


def test_long_questions_are_kept_apart(url: str) -> None:
    with front(url, lambda *_: None) as counted:
        node = connect(place(counted))
        before = counted.count
        node.ask([("web3_sha3", ["0x" + "00" * 200_000])] * 6)
        assert counted.count - before == 3


def test_answers_in_another_order_find_their_questions(url: str) -> None:
    def mixed(_: int, asked: Any) -> tuple[int, bytes] | None:
        if not isinstance(asked, list):
            return None
        answers = answered(url, asked)
        return 200, json.dumps(answers[::-1]).encode()

    with front(url, mixed) as mixing:
        chain, refused, number = connect(place(mixing)).ask(
            [("eth_chainId", []), ("eth_none", []), ("eth_blockNumber", [])]
        )
    assert chain == hex(4_245)
    assert isinstance(refused, Refusal)
    assert isinstance(number, str)
    assert number.startswith("0x")


NO_BATCHES = b'{"jsonrpc":"2.0","id":%s,"error":{"code":-32600,"message":"no batches"}}'


@pytest.mark.parametrize("most", [1, 7])
@pytest.mark.parametrize(
    "refusal",
    [
        (200, NO_BATCHES % b"1"), (200, NO_BATCHES % b"null"),
        (200, b"[" + NO_BATCHES % b"null" + b"]"),
        (200, b"[" + b",".join([NO_BATCHES % b"null"] * 8) + b"]"), (200, b"[]"), (200, b"[null]"),
        (200, b"<html>"), (400, b"too many requests in batch"), (403, b""), (405, b""), (413, b""),
        (422, b""), (500, b"internal error"),
    ],
    ids=[
        "one error", "without number", "a list of one", "all without number", "no answers",
        "nothing", "a page", "400", "403", "405", "413", "422", "500",
    ],
)  # fmt: skip
def test_a_node_that_takes_no_long_batches_is_asked_in_shorter_ones(
    url: str, refusal: tuple[int, bytes], most: int
) -> None:
    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        return refusal if isinstance(asked, list) and len(asked) > most else None

    with front(url, answer) as picky:
        node = connect(place(picky))
        questions = [("eth_getBalance", [f"0x{n:040x}", "latest"]) for n in range(60)]
        answers = node.ask(questions)
        assert answers == connect(url).ask(questions)
        before = picky.count
        assert node.ask(questions) == answers
        assert picky.count - before <= 60 // max(1, most // 2) + 1, "what it takes is remembered"


def test_a_node_that_takes_no_batches_is_sent_transactions_one_by_one(url: str) -> None:
    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        return (413, b"") if isinstance(asked, list) else None

    with front(url, answer) as single:
        sender = Sender(connect(place(single)), account_of(1))
        calls = [Call(TO, b"", place_, "a gift") for place_ in range(1, 6)]
        assert all(each.receipt for each in sender.send_all(calls))


def test_a_node_that_is_down_is_asked_as_much_at_once_afterwards(url: str) -> None:
    """It was not the number of questions."""
    down = True

    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        is_chain = not isinstance(asked, list) and asked["method"] == "eth_chainId"
        return (400, b"") if down and not is_chain else None

    with front(url, answer) as falling:
        node = connect(place(falling))
        questions = [("eth_getBalance", [f"0x{n:040x}", "latest"]) for n in range(60)]
        with pytest.raises(NodeUnreachable), node_errors():
            node.ask(questions)
        down, before = False, falling.count
        assert len(node.ask(questions)) == 60
        assert falling.count - before == 1


def test_blocks_that_carry_more_than_32_bytes_are_read(k: LocalKiseki) -> None:
    """Polygon and BSC put their validators' signatures into the header."""

    def answer(_: int, asked: Any) -> tuple[int, bytes] | None:
        found = answered(k.url, asked)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each.get("result"), dict) and "extraData" in each["result"]:
                each["result"]["extraData"] = "0x" + "97" * 97
        return 200, json.dumps(found).encode()

    with front(k.url, answer) as polygon:
        other = Kiseki.connect(
            place(polygon), account_of(1), secrets=KeyStore(), chain_id=k.session.chain_id
        )
        terms = other.data.define_terms("train", "20%")
        assert other.index.terms(terms.id) == terms


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told[:1],
        lambda told: [told[0]] * len(told),
        lambda told: [{"result": each["result"]} for each in told],
        lambda told: [each | {"id": str(each["id"])} for each in told],
    ],
    ids=["one is missing", "one is there twice", "without numbers", "numbers as text"],
)
def test_an_answer_counts_for_its_own_question_only(
    url: str, change: Callable[[list[Any]], list[Any]]
) -> None:
    """Whatever a node leaves out of a batch is asked again."""

    def mixed(_: int, asked: Any) -> tuple[int, bytes] | None:
        if not isinstance(asked, list):
            return None
        told = answered(url, asked)
        return 200, json.dumps(change(told)).encode()

    questions = [("eth_chainId", []), ("eth_getBlockByNumber", ["0x0", False])]
    with front(url, mixed) as mixing:
        assert connect(place(mixing)).ask(questions) == connect(url).ask(questions)


# What answers is no node


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (200, b"<html>", "what is there says what no node says"),
        (200, b'{"jsonrpc":"2.0","re', "what is there says what no node says"),
        (200, b'{"id":1,"result":"4245"}', "what is there says what no node says"),
        (200, b'{"error":"this key has run out"}', r"does not say .* \(this key has run out\)"),
        (301, b"", r"HTTP 301 \(it has moved to https://node.example:8545; name its URL there\)"),
        (302, b"", r"HTTP 302 \(it has moved to https://node.example:8545; name its URL there\)"),
    ],
)
def test_what_answers_and_is_no_node_is_never_said_not_to_answer(
    url: str, status: int, content: bytes, said: str
) -> None:
    with front(url, lambda *_: (status, content)) as other:
        other.headers_sent = {"Location": "https://node.example:8545/v3/SECRET"}
        with pytest.raises(ChainError, match=said) as told:
            connect(place(other))
    assert "SECRET" not in str(told.value)
    assert "kiseki node" not in str(told.value), "it does not help to run one"


@pytest.mark.parametrize("status", [307, 308])
def test_a_question_that_is_sent_on_is_asked_there(url: str, status: int) -> None:
    with front(url, lambda *_: (status, b"")) as moved:
        moved.headers_sent = {"Location": url}
        assert connect(place(moved)).chain_id == 4_245
