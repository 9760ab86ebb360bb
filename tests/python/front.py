"""A server in front of a real node, which says what a test wants in the node's place."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any, TypeVar

import urllib3

__all__ = [
    "Front", "Said", "answered", "each_question", "front", "passed_on", "place", "refusing",
    "serving",
]  # fmt: skip

_NODES = urllib3.PoolManager(maxsize=8)


def passed_on(node: str, asked: Any) -> bytes:
    """What a node answers, over a connection that is kept: a new one takes three times as long."""
    body = asked if isinstance(asked, bytes) else json.dumps(asked).encode()
    kind = {"content-type": "application/json"}
    return _NODES.request("POST", node, body=body, headers=kind, timeout=600, retries=False).data


def answered(node: str, asked: Any) -> Any:
    """The same, read."""
    return json.loads(passed_on(node, asked))


Said = Callable[[Any], dict[str, Any] | None]
"""What is said to one question: ``result`` or ``error``; None where the node shall say it."""


class Front(ThreadingHTTPServer):
    """Before a node; `answer` says what to do with a request, None to pass it on."""

    def __init__(self, node: str, answer: Callable[[int, Any], tuple[int, bytes] | None]) -> None:
        self.node, self.answer, self.count = node, answer, 0
        self.headers_sent: dict[str, str] = {}
        super().__init__(("127.0.0.1", 0), Behind)


class Behind(BaseHTTPRequestHandler):
    server: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.count += 1
        told = self.server.answer(self.server.count, json.loads(body))
        if told is None:
            told = 200, passed_on(self.server.node, body)
        status, content = told
        self.send_response(status)
        for name, value in self.server.headers_sent.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


Server = TypeVar("Server", bound=HTTPServer)


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Serves until the block ends, also where it raises: the thread of a server that is only closed
    never ends, and takes a processor from all tests after it."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def front(node: str, answer: Callable[[int, Any], tuple[int, bytes] | None]) -> Iterator[Front]:
    with serving(Front(node, answer)) as server:
        yield server


def place(server: Front, rest: str = "") -> str:
    return f"http://127.0.0.1:{server.server_port}{rest}"


def each_question(node: str, say: Said) -> Callable[[int, Any], tuple[int, bytes] | None]:
    """For `front`: one question is answered after the other, also of those in a batch."""

    def answer(_: int, asked: Any) -> tuple[int, bytes]:
        many = asked if isinstance(asked, list) else [asked]
        told = []
        for each in many:
            said = say(each)
            if said is None:
                told.append(answered(node, each))
            else:
                told.append({"jsonrpc": "2.0", "id": each["id"], **said})
        return 200, json.dumps(told if isinstance(asked, list) else told[0]).encode()

    return answer


def refusing(method: str, error: dict[str, Any]) -> Said:
    """A node that refuses one method."""
    return lambda asked: {"error": error} if asked["method"] == method else None
