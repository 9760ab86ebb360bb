"""A vault that serves one file of 1 GB, which lies encrypted in a folder, and many of 1 MB, by
uvicorn in a process of its own, with its rows in a SQLite file. The yardstick is the plain file of
the same content, which Starlette's `FileResponse` serves in the same process: the three take turns,
one client after the other on the same machine takes all bytes and throws them away, and a value is
the median of the ratios of five rounds. Both programs share two cores. Then 200 clients ask at the
same moment for 1 MB each, of a wallet that is signed in; the time of the first byte begins when the
first of them asks. The chain answers at once, because its node's time comes on top for all. Memory
is the most that the serving process had resident in all of this."""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median

import pyrage
import uvicorn
from pyrage import x25519
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route

from benchmarks.rows import ROOT, Row
from kiseki.core import ids
from kiseki.core.terms import Use
from kiseki.core.values import to_hex
from kiseki.vault import lists
from kiseki.vault.age.keys import Identity
from kiseki.vault.handing.cosigners import Cosigners
from kiseki.vault.handing.handout import HandOuts
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.handing.receipts import Block
from kiseki.vault.handing.rules import Facts, Item, Licence, Table
from kiseki.vault.handing.signin import By, SignIn
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.adding import Added, add
from kiseki.vault.objects.incoming import hashed
from kiseki.vault.objects.place import place
from kiseki.vault.objects.reading import Contents, Stored
from kiseki.vault.objects.rows import Objects
from kiseki.web.listening import KEEP_ALIVE
from kiseki.web.vault.app import mounted
from kiseki.web.vault.desk import Desk

__all__ = ["ROWS", "measure"]

TITLE = "A vault that serves content"

_GB, _MB, _CROWD, _ROUNDS = 1_000_000_000, 1_000_000, 200, 5
_PROVIDER, _CALLER = "0x" + "1a" * 20, "0x" + "3c" * 20
_ORIGIN = "http://localhost"

ROWS = (
    Row("1 GB from a vault as it is, against FileResponse of the plain file", "times", 1.25),
    Row("1 GB from a vault, encrypted to its receiver, against the same", "times", 2),
    Row("1 GB by FileResponse", "MB/s"),
    Row("200 downloads of 1 MB at once: first byte, p99", "ms", 500),
    Row("200 downloads of 1 MB at once: all of them", "ms"),
    Row("200 downloads of 1 MB at once: errors", "errors", 0),
    Row("memory of the process that serves, the most", "MB", 200),
)


def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        (where / "plain").mkdir()
        _write(where / "plain" / "large", _GB)
        _write(where / "plain" / "small", _MB)
        command = [sys.executable, "-m", "benchmarks.vault_serving", folder]
        subprocess.run([*command, "add"], cwd=ROOT, check=True)  # its memory is not what is asked
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            port, token, plain, as_it_is, encrypted, small = server.stdout.readline().split()
            try:
                values = _taken(int(port), token, plain, as_it_is, encrypted, small)
                memory = _memory(server.pid)
            finally:
                server.terminate()
    figures = (*values, memory)
    return {row.name: round(value, 3) for row, value in zip(ROWS, figures, strict=True)}


def _taken(
    port: int, token: str, plain: str, as_it_is: str, encrypted: str, small: str
) -> tuple[float, ...]:
    first, second, speed = [], [], []
    for _ in range(_ROUNDS):
        base, one, two = (_seconds(port, token, each) for each in (plain, as_it_is, encrypted))
        first.append(one / base)
        second.append(two / base)
        speed.append(_GB / base / 1e6)
    begins, all_of_them, errors = _crowd(port, token, small)
    p99 = sorted(begins)[int(len(begins) * 0.99) - 1] * 1e3
    return median(first), median(second), median(speed), p99, all_of_them * 1e3, errors


def _asked(path: str, token: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Connection: close\r\n\r\n"
    ).encode()


def _seconds(port: int, token: str, path: str) -> float:
    """How long all of a file takes."""
    buffer, got = bytearray(1 << 20), 0
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(_asked(path, token))
        while some := connection.recv_into(buffer):
            got += some
    if got < _GB:
        raise OSError(f"{path} gave {got:,} bytes")
    return time.perf_counter() - began


def _crowd(port: int, token: str, path: str) -> tuple[list[float], float, int]:
    """Seconds to the first byte of each, and to the last of all; how many were not whole."""
    waiting = selectors.DefaultSelector()
    got: dict[socket.socket, int] = {}
    begins = list[float]()
    for _ in range(_CROWD):
        connection = socket.create_connection(("127.0.0.1", port))
        got[connection] = 0
        waiting.register(connection, selectors.EVENT_READ)
    asked, began = _asked(path, token), time.perf_counter()
    for each in got:
        each.sendall(asked)
    buffer, errors = bytearray(1 << 18), 0
    while waiting.get_map():
        for key, _ in waiting.select():
            connection = key.fileobj  # type: ignore[assignment]
            some = connection.recv_into(buffer)
            if some and not got[connection]:
                begins.append(time.perf_counter() - began)
                errors += not buffer.startswith(b"HTTP/1.1 200 ")
            got[connection] += some
            if not some:
                waiting.unregister(connection)
                connection.close()
                errors += got[connection] < _MB
    return begins, time.perf_counter() - began, errors


def _memory(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError("this system does not tell how much memory a process has")


def _write(path: Path, size: int) -> None:
    with path.open("wb") as file:
        for _ in range(size // _MB):
            file.write(os.urandom(_MB))


# Serving


@dataclass(frozen=True, slots=True)
class _Content:
    """As `kiseki.vault.shelf.OnShelf` reads it."""

    stored: Stored

    @property
    def size(self) -> int:
        return self.stored.size

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        with self.stored.open() as content:
            yield from content.read(start, stop)


class _Shelf:
    """The files of the folder, from a vault."""

    def __init__(self, keys: KeyStore, folder: Path) -> None:
        of = x25519.Identity.from_str((folder / "key").read_text("ascii"))
        objects, where = Objects(keys), place(folder / "objects")
        names = sorted((folder / "plain").iterdir())
        contents = Contents(objects, where, lambda data: bytes(pyrage.decrypt(data, [of])))
        self._stored: dict[bytes, tuple[Item, _Content]] = {}
        for name in names:
            with name.open("rb") as file:
                digest = _digest(file)
            stored = contents.content_of(_PROVIDER, digest)
            assert stored is not None
            commitment = ids.commitment(digest, bytes(32))
            item = Item(ids.item_id(_PROVIDER, commitment), _PROVIDER, bytes(32), commitment)
            self._stored[item.id] = item, _Content(stored)

    @property
    def ids(self) -> list[bytes]:
        return list(self._stored)

    def items(self, wanted: Sequence[bytes], collection: bytes | None = None) -> list[Item | None]:
        return [self._stored[each][0] if each in self._stored else None for each in wanted]

    def content(self, item: Item) -> _Content:
        return self._stored[item.id][1]


def _digest(file: object) -> bytes:
    hashed, buffer = sha256(), bytearray(_MB)
    while some := file.readinto(buffer):  # type: ignore[attr-defined]
        hashed.update(memoryview(buffer)[:some])
    return hashed.digest()


def _add(folder: Path) -> None:
    key, added = Identity.new(), Added()
    (folder / "key").write_text(key.text, "ascii")
    listed = hashed(lists.read(folder / "plain"), added)
    where = place(folder / "objects")
    with KeyStore(folder / "store") as keys:
        add(Objects(keys), where, _PROVIDER, [str(key.recipient)], listed, added)


def _serve(folder: Path) -> None:
    import web3  # noqa: F401 - which asks the chain, and takes 40 MB

    keys = KeyStore(folder / "store")
    database = keys.database
    shelf, chain = _Shelf(keys, folder), Table(31337, Block(1, bytes(32), 1))
    until = int(time.time()) + 86_400
    for each in shelf.ids:
        chain.facts[_CALLER, each, Use.AI_TRAINING] = Facts(Licence(bytes(32), until))
    ledger = Ledger(database, "localhost", os.urandom(32))

    def clock() -> int:
        return int(time.time())

    handouts = HandOuts(database, ledger, shelf, chain, clock=clock)
    door = SignIn(database, "localhost", f"{_ORIGIN}/vault", 31337, "Sign in.", lambda *_: By.KEY)
    invited = door.invite(_CALLER, "here", clock())
    token = door.enter(invited.nonce, invited.cookie, b"", clock()).token
    large, small = shelf.ids
    paths = []
    for item, recipient in ((large, None), (large, Identity.new().recipient), (small, None)):
        out = handouts.begin(_CALLER, [item], Use.AI_TRAINING, recipient)
        paths.append(f"/vault/handouts/{out.id.hex()}/{to_hex(item)}")
    desk = Desk(_ORIGIN, door, handouts, ledger, Cosigners(database, ledger), clock)
    plain = FileResponse(folder / "plain" / "large")
    app = Starlette(routes=[mounted(desk), Route("/plain", lambda _: plain)])
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="error", timeout_keep_alive=KEEP_ALIVE, backlog=2048)
    )

    def told() -> None:
        while not server.started:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        print(port, token, "/plain", *paths, flush=True)

    threading.Thread(target=told, daemon=True).start()
    server.run()


if __name__ == "__main__":
    (_add if sys.argv[2:] else _serve)(Path(sys.argv[1]))
