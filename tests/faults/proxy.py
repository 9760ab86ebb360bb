"""A test network that misbehaves: Anvil behind a small proxy that injects faults, by a seed.

Nothing here is random beyond the seed, but for the threads of those who ask: a campaign that fails
prints its seed.
"""

from __future__ import annotations

import collections
import contextlib
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from kiseki.chain.anvil import anvil
from kiseki.chain.node import connect

__all__ = ["KINDS", "MOST_BYTES", "Proxy", "Testnet", "testnet"]

BY_HASH = ("eth_getTransactionReceipt", "eth_getTransactionByHash")
MOST_BYTES = 131_072
KINDS = ("drop", "lose", "delay", "429", "503", "cut", "twice", "lag", "unindexed", "shuffle")
"""What can be injected:

drop     the connection is reset before the node hears of it
lose     the node does it, and the answer is lost
delay    up to a fifth of a second
429      asked too much, with `Retry-After: 0`
503      the balancer has no node
cut      half of the answer, then the end
twice    the node hears it twice, as over a bad line
lag      an answer from before: no receipt yet, fewer blocks, a lower nonce
unindexed  the state is the newest, and transactions are not found by their hashes yet
shuffle  the answers of a batch in another order
"""


class Proxy(ThreadingHTTPServer):
    """In front of a node.

    Attributes:
        rates: how often each kind happens, from 0 to 1.
        counts: how often each has.
        asked: how many requests came.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, node: str, seed: int, rates: Mapping[str, float], port: int = 0) -> None:
        self.node = node
        self.rates = dict(rates)
        self.counts: collections.Counter[str] = collections.Counter()
        self.asked = 0
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def injects(self, kind: str) -> bool:
        """Whether it happens now."""
        rate = self.rates.get(kind, 0.0)
        if not rate:
            return False
        with self._lock:
            happens = self._dice.random() < rate
            self.counts[kind] += happens
            return happens

    def arrives(self) -> None:
        with self._lock:
            self.asked += 1

    def chance(self, most: float) -> float:
        with self._lock:
            return self._dice.uniform(0, most)

    def stop(self) -> None:
        """It dies: nobody listens any more."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who asked may have been killed: that is the point."""


class _Handler(BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        proxy = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        proxy.arrives()
        if proxy.injects("drop"):
            self.reset()
            return
        if proxy.injects("delay"):
            time.sleep(proxy.chance(0.2))
        for kind, status in (("429", 429), ("503", 503)):
            if proxy.injects(kind):
                self.reply(status, b"busy", {"Retry-After": "0"})
                return
        asked = json.loads(body)
        answer = self.forward(asked)
        if proxy.injects("twice"):
            self.forward(asked)
        if isinstance(answer, list) and proxy.injects("shuffle"):
            answer = answer[::-1]
        content = json.dumps(answer).encode()
        if proxy.injects("lose"):
            self.reset()
        elif proxy.injects("cut"):
            self.reply(200, content, cut=True)
        else:
            self.reply(200, content)

    def forward(self, asked: Any) -> Any:
        many = asked if isinstance(asked, list) else [asked]
        refused = {each["id"]: _oversized(each) for each in many if _is_oversized(each)}
        wanted = [each for each in many if each["id"] not in refused]
        answers = requests.post(self.server.node, json=wanted, timeout=60).json() if wanted else []
        by_id = {each["id"]: each for each in answers} | refused
        told = [self.altered(each, by_id[each["id"]]) for each in many]
        return told if isinstance(asked, list) else told[0]

    def altered(self, asked: Any, answer: Any) -> Any:
        """What a node that is a few blocks behind would say, with its state or its index."""
        method, result = asked["method"], answer.get("result")
        if method in BY_HASH and self.server.injects("unindexed"):
            return answer | {"result": None}
        lags: dict[str, Callable[[], Any]] = {
            "eth_getTransactionReceipt": lambda: None,
            "eth_blockNumber": lambda: hex(max(0, int(result, 16) - 2)),
            "eth_getTransactionCount": lambda: hex(max(0, int(result, 16) - 1)),
        }
        if method in lags and result is not None and self.server.injects("lag"):
            return answer | {"result": lags[method]()}
        return answer

    def reset(self) -> None:
        """Ends the connection as a broken line does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def reply(
        self,
        status: int,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        cut: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self.reset()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *_: Any) -> None:
        pass


def _is_oversized(asked: Mapping[str, Any]) -> bool:
    if asked["method"] != "eth_sendRawTransaction":
        return False
    return len(asked["params"][0]) // 2 - 1 > MOST_BYTES


def _oversized(asked: Mapping[str, Any]) -> dict[str, Any]:
    error = {"code": -32000, "message": "oversized data: transaction size exceeds the limit"}
    return {"jsonrpc": "2.0", "id": asked["id"], "error": error}


class Testnet:
    """Anvil in a test network's place, the proxy in front of it, and a hand on both.

    Attributes:
        node: Anvil's own URL.
        direct: a connection that meets no faults, to look at what really happened.
        proxy: what everybody else meets.
    """

    __test__ = False

    def __init__(self, node: str, proxy: Proxy) -> None:
        self.node, self.proxy = node, proxy
        self.direct = connect(node)

    @property
    def url(self) -> str:
        return self.proxy.url

    def ask(self, method: str, *arguments: Any) -> Any:
        answer = self.direct.answer(method, arguments)
        if "error" in answer:
            raise ValueError(f"{method}: {answer['error']}")
        return answer["result"]

    def fund(self, wallet: str, ether: int = 1_000) -> None:
        self.ask("anvil_setBalance", wallet, hex(ether * 10**18))

    def sent_by(self, wallet: str) -> list[Any]:
        """Every transaction of a wallet that is in a block, in the order of its nonces."""
        found = []
        for number in range(int(self.ask("eth_blockNumber"), 16) + 1):
            block = self.ask("eth_getBlockByNumber", hex(number), True)
            found += [each for each in block["transactions"] if each["from"] == wallet.lower()]
        return sorted(found, key=lambda each: int(each["nonce"], 16))

    def replace_proxy(self) -> None:
        """The node that died comes back, at the same address."""
        old = self.proxy
        self.proxy = Proxy(self.node, 0, old.rates, old.server_port)
        self.proxy.counts = old.counts


@contextlib.contextmanager
def testnet(
    seed: int,
    rates: Mapping[str, float] | None = None,
    *,
    chain_id: int = 11_155_111,
    block_time: float = 0,
) -> Iterator[Testnet]:
    """A test network while the block runs: its chain ID, the gas limit of a transaction (EIP-7825),
    Osaka's rules, and faults as often as `rates` say."""
    options = ["--enable-tx-gas-limit", "--hardfork", "osaka", "--slots-in-an-epoch", "4"]
    if block_time:
        options += ["--block-time", str(block_time)]
    with anvil(chain_id, options=tuple(options)) as node:
        proxy = Proxy(node, seed, rates or {})
        net = Testnet(node, proxy)
        try:
            yield net
        finally:
            with contextlib.suppress(OSError):
                net.proxy.stop()
