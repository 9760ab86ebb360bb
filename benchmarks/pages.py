"""The pages of `kiseki serve` over a twentieth of the made-up chain (`benchmarks/world`), of which
none is kind, in a process of its own and without a node.

First one visitor asks for one page after the other, of wallets, models, batches, collections and
items by chance and of what is largest. Each page is made for this visitor: its address has a
query that no page reads, so none is kept. The first byte is sent when the page is made, so the
time until then is that of the server's processor, because the machine does other things too;
what the clock on the wall told meanwhile stands beside it. Then 200 visitors look at pages for a
minute, each some seconds at one; the machine's two cores carry both them and the server, and
whatever else runs. When this was measured, five to fifteen other processes wanted to run, so the
clock on the wall tells more of them than of the pages. A block comes every twelve seconds, and
with it every page anew. What a page loads of JavaScript is compressed as a proxy does it."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import queue
import random
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
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
from kiseki.index import Index
from kiseki.web.app import application
from kiseki.web.listening import KEEP_ALIVE
from kiseki.web.serve import settle
from kiseki.web.site import READERS, Site, State

__all__ = ["ROWS", "measure", "over", "rows"]

TITLE = "Pages"

_KINDS = ("home", "wallet", "model or batch", "lineage", "collection", "data ID")
_EACH, _VISITORS, _SECONDS, _LOOKS, _BLOCK = 100, 200, 60, 5.0, 12
_JS = ROOT / "src" / "kiseki" / "web" / "static" / "js"

_FIGURES = (
    *((f"{kind}, processor time to the first byte, median", "ms", 50) for kind in _KINDS),
    *((f"{kind}, processor time to the first byte, p99", "ms", 150) for kind in _KINDS),
    *((f"{kind}, by the clock on the wall, median", "ms", None) for kind in _KINDS),
    *((f"{kind}, by the clock on the wall, p99", "ms", None) for kind in _KINDS),
    ("200 visitors for a minute, looks", "looks", None),
    ("200 visitors for a minute, errors", "errors", 0),
    ("200 visitors for a minute, median", "ms", None),
    ("200 visitors for a minute, p99", "ms", None),
)
_SCRIPTS = Row("pages: JavaScript of any page, compressed, the most", "KB", 120)


def rows(begin: str) -> tuple[Row, ...]:
    """What is measured over one chain.

    Args:
        begin: of their names.
    """
    return tuple(Row(f"{begin}: {name}", unit, must) for name, unit, must in _FIGURES)


ROWS = (*rows("pages"), _SCRIPTS)


def measure() -> dict[str, float]:
    return over(0.05, "pages") | {_SCRIPTS.name: round(_scripts() / 1e3, 2)}


def over(scale: float, begin: str) -> dict[str, float]:
    """The figures of a site over a part of the made-up chain.

    Args:
        scale: which part.
        begin: of their names.
    """
    folder = world(scale)
    with _serving(folder) as (port, process):
        asked = _paths(Sample.read(folder), port)
        alone = {kind: _alone(port, process, paths) for kind, paths in asked.items()}
        crowd, errors = _crowd(port, [path for paths in asked.values() for path in paths])
    values = (
        *(
            figure([times[clock] for times in alone[kind]]) * 1e3
            for clock in ("processor", "wall")
            for figure in (median, _p99)
            for kind in _KINDS
        ),
        len(crowd),
        errors,
        median(crowd) * 1e3,
        _p99(crowd) * 1e3,
    )
    return {row.name: round(value, 2) for row, value in zip(rows(begin), values, strict=True)}


# Asking


def _paths(sample: Sample, port: int) -> dict[str, list[str]]:
    """Addresses of pages: of what the world itself names as largest, and by chance."""
    chance = random.Random(1)

    def some(begin: str, listed: Iterable[str]) -> list[str]:
        """Of those that are registered when the history ends."""
        mixed = [f"/{begin}/0x{each.removeprefix('0x')}" for each in listed]
        chance.shuffle(mixed)
        found = (path for path in mixed if _got(port, path)[0] == 200)
        return list(islice(found, _EACH))

    def linked(paths: Iterable[str], kind: str, most: int) -> list[str]:
        """The first things of a kind on each page."""
        links = rf'href="(/{kind}/0x[0-9a-f]{{64}})"'
        pages = (_got(port, path)[1].decode() for path in paths)
        return [found for page in pages for found in re.findall(links, page)[:most]]

    collections = linked(some("wallet", sample.providers), "collection", 2)
    return {
        "home": ["/"] * 20,
        "wallet": some("wallet", [*sample.wallets, *sample.providers]),
        "model or batch": [*some("model", sample.groups), *some("batch", sample.groups)],
        "lineage": some("lineage", sample.groups),
        "collection": collections,
        "data ID": linked(collections[::2], "data", 1),
    }


def _got(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def _p99(times: list[float]) -> float:
    return percentile(times, 0.99)


def _alone(port: int, process: int, paths: list[str]) -> list[dict[str, float]]:
    """Seconds until the first byte of each page, on one connection, by two clocks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times = []
    for path in paths:
        took, began = _took(process), time.perf_counter()
        connection.request("GET", f"{path}?anew")
        answer = connection.getresponse()
        wall = time.perf_counter() - began
        answer.read()
        times.append({"wall": wall, "processor": _took(process) - took})
    connection.close()
    return times


def _took(process: int) -> float:
    """Seconds of processors that a process took so far (Linux)."""
    threads = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(each.read_text("ascii").split()[0]) for each in threads) / 1e9


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
                good = answer.status == 200
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
def _serving(folder: Path) -> Iterator[tuple[int, int]]:
    """The port of a server in a process of its own, and the number of that."""
    command = [sys.executable, "-m", "benchmarks.pages", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline()), server.pid
        server.terminate()


def _kept(folder: Path) -> tuple[Path, int]:
    """The index of a world, which is read unless this very code read it before, and the time of its
    last block in Unix seconds."""
    here = ROOT / "benchmarks"
    measured = [*(ROOT / "src" / "kiseki" / "index").rglob("*.py"), here / "reader.py"]
    code = hashlib.sha256(b"".join(each.read_bytes() for each in sorted(measured))).hexdigest()
    place = ROOT / ".build" / "read" / f"{folder.name}-{code[:12]}.sqlite"
    ended = place.with_suffix(".time")
    if not ended.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        reader = Reader()
        history(reader, folder / HISTORY)
        last = reader.index.time
        reader.index.close()
        shutil.copyfile(reader.file, place)
        reader.close()
        ended.write_text(str(last), "ascii")
    return place, int(ended.read_text("ascii"))


class _Read(Site):
    """A site over an index that was read, without a node. A block seems to come now and then."""

    def __init__(self, where: Path, last: int) -> None:
        self._where, self._last = where, last
        self._first = self._open()
        self._readers: queue.LifoQueue[Index | None] = queue.LifoQueue()
        for _ in range(READERS):
            self._readers.put(None)
        session = SimpleNamespace(reader=self._open, as_of=None, chain_id=31337)
        self._k: Any = SimpleNamespace(session=session, close=lambda: None)
        self._failure, self._since = "", None

    def _open(self) -> Index:
        made = Index.kept(self._where)
        made.at(self._last)
        return made

    def state(self, index: Index) -> State:
        blocks = int(time.monotonic()) // _BLOCK
        hashed = f"{self._first.cursor.hash} {blocks}"
        return State(31337, self._first.cursor.block, self._last, hashed, "", None)

    def close(self) -> None: ...


def _serve(folder: Path) -> None:
    site = _Read(*_kept(folder))
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
