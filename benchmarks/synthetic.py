"""A node of a chain that is only told of: blocks of 12 seconds, and logs where a list says so. It
refuses as public nodes do, and counts what it is asked."""

import json
import threading
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["ADDRESS", "YEAR", "Synthetic", "synthetic"]

YEAR = 365 * 24 * 3_600 // 12
"""Blocks."""
ADDRESS = "0x" + "ab" * 20


class Synthetic(ThreadingHTTPServer):
    """The node.

    Args:
        blocks: how many the chain has.
        logged: the block of each log, ascending.
        most_blocks: of one question.
        most_logs: of one answer.
        names_limit: whether its refusals name how many blocks it takes.
        tells_times: whether logs have the time of their block.

    Attributes:
        requests: how often it was asked, over HTTP.
        questions: how many questions about logs that were.
        refused: how many of them it refused.
    """

    def __init__(
        self,
        blocks: int,
        logged: Sequence[int],
        most_blocks: int = 10_000,
        most_logs: int = 10_000,
        *,
        names_limit: bool = True,
        tells_times: bool = True,
    ) -> None:
        self.blocks, self.logged = blocks, logged
        self.most_blocks, self.most_logs = most_blocks, most_logs
        self.names_limit, self.tells_times = names_limit, tells_times
        self.requests = self.questions = self.refused = 0
        self._counting = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer to one question."""
        method, params = asked["method"], asked["params"]
        said: dict[str, Any] = {"result": "0x1"}
        if method == "eth_getBlockByNumber":
            last = self.blocks - 1
            number = last if params[0] == "latest" else int(params[0], 16)
            said = {"result": block(number) if number <= last else None}
        elif method == "eth_getLogs":
            said = self._logs(*(int(params[0][each], 16) for each in ("fromBlock", "toBlock")))
        return {"jsonrpc": "2.0", "id": asked["id"], **said}

    def count(self, asked: Sequence[dict[str, Any]]) -> None:
        with self._counting:
            self.requests += 1
            self.questions += sum(each["method"] == "eth_getLogs" for each in asked)

    def forget(self) -> None:
        """Counts from nothing."""
        self.requests = self.questions = self.refused = 0

    def _logs(self, first: int, last: int) -> dict[str, Any]:
        if last - first + 1 > self.most_blocks:
            limit = f" of {self.most_blocks}" if self.names_limit else ""
            return self._refused(f"block range exceeds the limit{limit}")
        begin, end = bisect_left(self.logged, first), bisect_left(self.logged, last + 1)
        if end - begin > self.most_logs:
            words = f"query returned more than {self.most_logs} results"
            if self.names_limit:
                fits = max(first, self.logged[begin + self.most_logs] - 1)
                words += f". Try with this block range [{hex(first)}, {hex(fits)}]."
            return self._refused(words)
        return {"result": [self._log(place) for place in range(begin, end)]}

    def _refused(self, words: str) -> dict[str, Any]:
        self.refused += 1
        return {"error": {"code": -32005, "message": words}}

    def _log(self, place: int) -> dict[str, Any]:
        number = self.logged[place]
        told = block(number)
        times = {"blockTimestamp": told["timestamp"]} if self.tells_times else {}
        return {
            "address": ADDRESS,
            "topics": ["0x" + "11" * 32],
            "data": "0x",
            "blockNumber": told["number"],
            "blockHash": told["hash"],
            "transactionHash": f"0x{place:064x}",
            "transactionIndex": "0x0",
            "logIndex": hex(place - bisect_left(self.logged, number)),
            "removed": False,
            **times,
        }


def block(number: int) -> dict[str, Any]:
    """A block of the chain."""
    return {
        "number": hex(number),
        "timestamp": hex(1_700_000_000 + 12 * number),
        "hash": f"0x{number + 1:064x}",
        "parentHash": f"0x{number:064x}",
    }


class _Handler(BaseHTTPRequestHandler):
    server: Synthetic
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        many = asked if isinstance(asked, list) else [asked]
        self.server.count(many)
        told = [self.server.answer(each) for each in many]
        content = json.dumps(told if isinstance(asked, list) else told[0]).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def synthetic(*args: Any, **options: Any) -> Iterator[Synthetic]:
    """The node, while it is needed."""
    with Synthetic(*args, **options) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:  # a server that is only closed goes on looking for requests
            server.shutdown()
            thread.join()
