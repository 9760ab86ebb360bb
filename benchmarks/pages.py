"""The pages of `kiseki serve` over a twentieth of the made-up chain (`benchmarks/world`), of which
none is kind, in a process of its own and without a node.

First one visitor asks for one page after the other, of wallets, models, batches, collections and
items by chance and of what is largest: the time until the first byte, by the clock on the wall.
Then 200 visitors look at pages for a minute, each some seconds at one; the machine's two cores
carry both them and the server. What a page loads of JavaScript is compressed as a proxy does it."""

from __future__ import annotations

import gzip
import http.client
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import uvicorn

from benchmarks.index import world
from benchmarks.reader import Reader
from benchmarks.reading import history, percentile
from benchmarks.rows import ROOT, Row
from benchmarks.world.sample import Sample
from benchmarks.world.timeline import HISTORY
from kiseki.core import ids
from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.web.app import application
from kiseki.web.serve import KEEP_ALIVE, settle
from kiseki.web.site import READERS, Site, State

__all__ = ["ROWS", "measure"]

TITLE = "Pages"

_KINDS = ("home", "wallet", "model or batch", "collection", "data ID")
_EACH, _VISITORS, _SECONDS, _LOOKS = 100, 200, 60, 5.0
_JS = ROOT / "src" / "kiseki" / "web" / "static" / "js"

ROWS = (
    *(Row(f"pages: {kind}, first byte, median", "ms", 50) for kind in _KINDS),
    *(Row(f"pages: {kind}, p99", "ms", 150) for kind in _KINDS),
    Row("pages: 200 visitors for a minute, pages", "pages"),
    Row("pages: 200 visitors for a minute, errors", "errors", 0),
    Row("pages: 200 visitors for a minute, median", "ms"),
    Row("pages: 200 visitors for a minute, p99", "ms"),
    Row("pages: JavaScript of any page, compressed, the most", "KB", 120),
)


def measure(scale: float = 0.05) -> dict[str, float]:
    folder = world(scale)
    with _serving(folder) as port:
        asked = _paths(Sample.read(folder), port)
        alone = {kind: _alone(port, paths) for kind, paths in asked.items()}
        crowd, errors = _crowd(port, [path for paths in asked.values() for path in paths])
    values = (
        *(median(alone[kind]) * 1e3 for kind in _KINDS),
        *(percentile(alone[kind], 0.99) * 1e3 for kind in _KINDS),
        len(crowd),
        errors,
        median(crowd) * 1e3,
        percentile(crowd, 0.99) * 1e3,
        _scripts() / 1e3,
    )
    return {row.name: round(value, 2) for row, value in zip(ROWS, values, strict=True)}


# Asking


def _paths(sample: Sample, port: int) -> dict[str, list[str]]:
    """Addresses of pages: of what the world itself names as largest, and by chance."""
    chance = random.Random(1)

    def some(listed: Any) -> list[str]:
        return chance.sample(list(listed), min(_EACH, len(listed)))

    groups = [f"/lineage/0x{each.removeprefix('0x')}" for each in some(sample.groups)]
    found: dict[str, list[str]] = {
        "home": ["/"] * 20,
        "wallet": [f"/wallet/{each}" for each in some([*sample.wallets, *sample.providers])],
        "model or batch": groups,
        "collection": [],
        "data ID": [],
    }
    for provider in some(sample.providers):
        page = _got(port, f"/wallet/{provider}").decode()
        found["collection"] += re.findall(r'href="(/collection/0x[0-9a-f]{64})"', page)[:2]
        for commitment in sample.items[:1]:
            found["data ID"].append(
                "/data/" + to_hex(ids.item_id(provider, bytes.fromhex(commitment[-64:])))
            )
    return found


def _got(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse().read()
    connection.close()
    return answer


def _alone(port: int, paths: list[str]) -> list[float]:
    """Seconds until the first byte of each page, on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    for path in paths:
        began = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        times.append(time.perf_counter() - began)
        answer.read()
    connection.close()
    return times


def _crowd(port: int, paths: list[str]) -> tuple[list[float], int]:
    """Seconds of each page, and how many answers were none, while many look at once."""
    times: list[float] = []
    errors = 0
    ends = time.monotonic() + _SECONDS
    lock = threading.Lock()

    def visitor(number: int) -> None:
        nonlocal errors
        chance = random.Random(number)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        time.sleep(chance.random() * _LOOKS)
        while time.monotonic() < ends:
            began = time.perf_counter()
            try:
                connection.request("GET", chance.choice(paths))
                answer = connection.getresponse()
                answer.read()
                good = answer.status in (200, 404)
            except (OSError, http.client.HTTPException):
                good = False
                connection.close()
            with lock:
                times.append(time.perf_counter() - began)
                errors += not good
            time.sleep(chance.random() * 2 * _LOOKS)
        connection.close()

    crowd = [threading.Thread(target=visitor, args=(n,)) for n in range(_VISITORS)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    return times, errors


def _scripts() -> int:
    """Bytes of all modules that the heaviest page loads, compressed, with what they import."""

    def loads(module: str, seen: set[str]) -> set[str]:
        if module in seen or not (_JS / module).exists():
            return seen
        seen.add(module)
        text = (_JS / module).read_text("utf-8")
        for name in re.findall(r'["\']\./([\w.-]+\.js)["\']', text):
            loads(name, seen)
        return seen

    pages = (Path(ROOT) / "src" / "kiseki" / "web" / "templates").rglob("*.html")
    most = 0
    for page in pages:
        seen: set[str] = set()
        for name in re.findall(r"/static/js/([\w.-]+\.js)", page.read_text("utf-8")):
            loads(name, seen)
        most = max(most, sum(len(gzip.compress((_JS / each).read_bytes())) for each in seen))
    return most


# Serving


@contextmanager
def _serving(folder: Path) -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.pages", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.terminate()


class _Read(Site):
    """A site over an index that was read, without a node."""

    def __init__(self, index: Index, where: Path) -> None:
        import queue

        self._first, self._where = index, where
        self._readers: queue.LifoQueue[Index | None] = queue.LifoQueue()
        for _ in range(READERS):
            self._readers.put(None)
        session = SimpleNamespace(reader=self._open, as_of=None, chain_id=31337)
        self._k: Any = SimpleNamespace(session=session, close=lambda: None)
        self._failure, self._since = "", None

    def _open(self) -> Index:
        made = Index.kept(self._where)
        made.at(self._first.time)
        return made

    def state(self, index: Index) -> State:
        cursor = self._first.cursor
        return State(31337, cursor.block, self._first.time, cursor.hash, "", None)

    def close(self) -> None: ...


def _serve(folder: Path) -> None:
    reader = Reader()
    history(reader, folder / HISTORY)
    site = _Read(reader.index, reader._file)
    server = uvicorn.Server(
        uvicorn.Config(
            application(site, follows=False),
            port=0,
            log_level="error",
            timeout_keep_alive=KEEP_ALIVE,
        )
    )

    def told() -> None:
        while not server.started:
            time.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)

    threading.Thread(target=told, daemon=True).start()
    settle()
    server.run()


def main() -> int:
    if len(sys.argv) > 1:
        _serve(Path(sys.argv[1]))
        return 0
    from benchmarks.__main__ import table
    from benchmarks.rows import results

    values: Mapping[str, float] = measure()
    print(table(results("pages", values)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
