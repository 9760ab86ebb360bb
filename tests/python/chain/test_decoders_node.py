"""A node may answer anything, as may a proxy or a login page in front of it: it is told in words.

A real server stands before the real chain and answers one method with nonsense.
"""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.fuzz.targets import readable

from kiseki import LocalKiseki
from kiseki.chain.contract.contracts import Call, erc20
from kiseki.chain.node import connect
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account
from kiseki.client.session import Session
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import ChainError, KisekiError, TransactionFailed

from ..front import passed_on, serving

RESULTS: list[Any] = [
    None, -1, 10**30, "x", "0x", [], {}, [{}],
    {"number": "x", "timestamp": "zz", "hash": 5},
    [{"address": "0x1", "topics": "x", "data": 5, "blockNumber": "0x1", "blockTimestamp": "zz"}],
]  # fmt: skip
ERRORS: list[Any] = [
    None, "x", {}, {"code": 3, "message": "\x1b[2J" * 999},
    {"code": 3, "message": "execution reverted", "data": "0x0"},
    {"code": 3, "message": "execution reverted", "data": "0x08c379a0" + "ff" * 64},
]  # fmt: skip
PAGES = [b"", b"\xff", b"<html>log in</html>"]
ANSWERS: list[Any] = [
    *({"result": each} for each in RESULTS),
    *({"error": each} for each in ERRORS),
    {},
    *PAGES,
]


class Between(ThreadingHTTPServer):
    """Passes everything on, but for one method."""

    method = ""
    answer: bytes | dict[str, Any] = b""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Between

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if isinstance(asked, list):
            answers = [self.answer(each) for each in asked]
            pages = [each for each in answers if each in PAGES]
            answer = pages[0] if pages else b"[" + b",".join(answers) + b"]"
        else:
            answer = self.answer(asked)
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def answer(self, asked: dict[str, Any]) -> bytes:
        if asked["method"] != self.server.method:
            return passed_on(self.server.node, asked)
        if isinstance(self.server.answer, bytes):
            return self.server.answer
        return json.dumps({"jsonrpc": "2.0", "id": asked["id"]} | self.server.answer).encode()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def between(k: LocalKiseki) -> Iterator[Between]:
    with serving(Between(k.url)) as server:
        yield server


def use(url: str) -> None:
    """Everything that asks a node."""
    node = connect(url)
    session = Session(node)
    session.now()
    session.index.tokens()
    erc20(node, ZERO_ADDRESS[:-1] + "1").read("balanceOf", ZERO_ADDRESS)


def send(url: str) -> None:
    sender = Sender(connect(url), local_account(0), policy=Policy(patience=0.05))
    sender.send(Call(local_account(1).address, b"", 1, "a gift"))


@pytest.mark.parametrize(
    ("action", "method"),
    [
        (use, "eth_blockNumber"),
        (use, "eth_call"),
        (use, "eth_chainId"),
        (use, "eth_getBlockByNumber"),
        (use, "eth_getCode"),
        (use, "eth_getLogs"),
        (send, "eth_chainId"),
        (send, "eth_estimateGas"),
        (send, "eth_getBalance"),
        (send, "eth_getBlockByNumber"),
        (send, "eth_getTransactionCount"),
        (send, "eth_getTransactionReceipt"),
        (send, "eth_maxPriorityFeePerGas"),
        (send, "eth_sendRawTransaction"),
    ],
)
def test_nonsense_is_told_in_one_line(
    between: Between, action: Callable[[str], None], method: str
) -> None:
    between.method = method
    for answer in ANSWERS:
        between.answer = answer
        try:
            action(between.url)
        except KisekiError as error:
            readable(str(error))


@pytest.mark.parametrize("page", PAGES)
def test_a_transaction_whose_answer_is_nonsense_is_not_called_unsent(
    between: Between, page: bytes
) -> None:
    between.method, between.answer = "eth_getTransactionReceipt", page
    with pytest.raises(TransactionFailed, match="was sent as 0x"):
        send(between.url)


def test_a_page_instead_of_a_node_is_named(between: Between) -> None:
    between.method, between.answer = "eth_getLogs", b"<html>log in</html>"
    with pytest.raises(ChainError, match="makes no sense"):
        use(between.url)
