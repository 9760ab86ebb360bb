"""A vault over HTTP, in a server of its own, and clients of it: real sockets."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from eth_account import Account
from eth_account.messages import encode_defunct

from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.vault.handing.cosigners import Cosigners
from kiseki.vault.handing.signin import By, Limits, SignIn
from kiseki.vault.store.database import Database
from kiseki.web.vault.app import application
from kiseki.web.vault.desk import Desk

from .handed import World

__all__ = ["CALLING", "ORIGIN", "Answer", "Client", "desk_of", "serving", "signed_by"]

ORIGIN = "https://vault.example.com"
CALLING = Account.from_key(b"\x07" * 32)


def signed_by(who: str, text: str, signature: bytes) -> By | None:
    try:
        found = Account.recover_message(encode_defunct(text=text), signature=signature)
    except Exception:  # noqa: BLE001 - whatever eth-keys makes of a bad signature
        return None
    return By.KEY if str(found) == checksummed(who) else None


def desk_of(database: Database, world: World, origin: str = ORIGIN, **more: Any) -> Desk:
    """What the routes need, over a world that is made up. Sessions go by the world's clock."""
    door = SignIn(
        database, origin.partition("://")[2], f"{origin}/vault", 31337, "Sign in to this vault.",
        signed_by, more.pop("limits", Limits(each=1_000)),
    )  # fmt: skip
    return Desk(
        origin, door, world.handouts, world.ledger, Cosigners(database, world.ledger), world.clock,
        **more,
    )  # fmt: skip


@contextmanager
def serving(desk: Desk, port: int = 0) -> Iterator[int]:
    """Serves on a port, which it gives, until the block ends."""
    config = uvicorn.Config(
        application(desk), port=port, log_level="critical", server_header=False, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.005)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(60)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    cookies: list[str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """A program, or a browser that keeps cookies (with an origin)."""

    def __init__(self, port: int, origin: str | None = None, host: str = "localhost") -> None:
        self.port, self.origin, self.host = port, origin, host
        self.cookies: dict[str, str] = {}
        self.token: str | None = None

    def ask(
        self, method: str, path: str, said: object = None, headers: Mapping[str, str] = {}
    ) -> Answer:  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Host": self.host, **self._who(method), **headers}
        data = said if isinstance(said, bytes) or said is None else json.dumps(said).encode()
        try:
            connection.request(method, f"/vault{path}", data, sent)
            answer = connection.getresponse()
            cookies = answer.msg.get_all("Set-Cookie") or []
            for each in cookies:
                name, _, value = each.partition(";")[0].partition("=")
                self.cookies[name] = value.strip('"')
            return Answer(answer.status, answer.headers, answer.read(), cookies)
        finally:
            connection.close()

    def _who(self, method: str) -> dict[str, str]:
        sent = {}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        if self.origin is not None and method not in ("GET", "HEAD"):
            sent |= {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"}
        return sent

    def sign_in(self, wallet: Any = CALLING) -> Answer:
        told = self.ask("POST", "/sign-in", {"wallet": wallet.address}).json
        signature = wallet.sign_message(encode_defunct(text=told["text"])).signature
        answer = self.ask(
            "POST", "/session", {"nonce": told["nonce"], "signature": to_hex(bytes(signature))}
        )
        if answer.status == 200:
            self.token = answer.json.get("token")
        return answer

    def begin(self, items: list[bytes], **more: object) -> Any:
        said = {"items": list(map(to_hex, items)), "use": "ai_training", **more}
        answer = self.ask("POST", "/handouts", said)
        assert answer.status == 200, answer.body
        return answer.json

    def raw(self, path: str, headers: Mapping[str, str] = {}) -> socket.socket:
        """A connection on which content was asked for, and nothing read yet."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        lines = [f"GET /vault{path} HTTP/1.1"]
        for name, value in {"Host": self.host, **self._who("GET"), **headers}.items():
            lines.append(f"{name}: {value}")
        made.sendall("\r\n".join([*lines, "", ""]).encode())
        return made
