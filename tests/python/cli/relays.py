"""What stands between a client and a real vault: counts what goes through, holds it, changes it."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Answer", "Relay", "between"]


class Relay:
    """Passes bytes on, and none of a vault's answers from a certain number on.

    Attributes:
        passed: bytes of answers that went through.
        held: set when no more go through.
    """

    def __init__(self, port: int, to: int) -> None:
        self._to, self._most = to, 1 << 62
        self.passed, self.held = 0, threading.Event()
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def hold_at(self, most: int) -> None:
        """Counts anew, and holds when so many bytes went through."""
        with self._lock:
            self.passed, self._most = 0, most
            self.held.clear()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._pass, args=(client,), daemon=True).start()

    def _pass(self, client: socket.socket) -> None:
        with (
            client, socket.create_connection(("127.0.0.1", self._to)) as vault,
            contextlib.suppress(OSError),
        ):  # fmt: skip
            while True:
                ready, _, _ = select.select([client, vault], [], [])
                for one in ready:
                    data = one.recv(1 << 14)
                    if not data:
                        return
                    if one is client:
                        vault.sendall(data)
                    elif not self._answer(client, data):
                        return

    def _answer(self, client: socket.socket, data: bytes) -> bool:
        with self._lock:
            left = self._most - self.passed
            data = data[:left]
            self.passed += len(data)
            client.sendall(data)
            if self.passed < self._most:
                return True
            self.held.set()
        client.recv(1)  # until the client is gone
        return False


class Answer:
    """An answer of the vault, to be changed.

    Attributes:
        path: what was asked for.
        status: of HTTP.
        headers: by name in lower case.
        body: in pieces; without a content-length among the headers it ends with the connection.
    """

    def __init__(self, path: str, status: int, headers: dict[str, str], body: bytes) -> None:
        self.path, self.status, self.headers = path, status, headers
        self.body: Iterable[bytes] = [body]

    @property
    def whole(self) -> bytes:
        return b"".join(self.body)

    def say(self, body: bytes) -> None:
        """Another body, and its length."""
        self.body, self.headers["content-length"] = [body], str(len(body))


@contextmanager
def between(port: int, to: int, change: list[Callable[[Answer], None]]) -> Iterator[list[str]]:
    """A server that asks the vault, and changes what it answers; what it was asked for.

    Args:
        change: the last one of them is used.
    """
    asked = list[str]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            asked.append(f"{self.command} {self.path}")
            size = int(self.headers.get("Content-Length", 0))
            vault = http.client.HTTPConnection("127.0.0.1", to, timeout=60)
            with contextlib.closing(vault):
                vault.request(self.command, self.path, self.rfile.read(size), dict(self.headers))
                told = vault.getresponse()
                named = {name.lower(): value for name, value in told.getheaders()}
                answer = Answer(self.path, told.status, named, told.read())
            change[-1](answer)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in ("server", "date", "connection"):
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            with contextlib.suppress(OSError):
                for piece in answer.body:
                    self.wfile.write(piece)

        do_GET = do_POST = do_DELETE = _pass  # noqa: N815 - their names in http.server

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A client that went away is what is tested here."""

    server = Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
