"""Content of a vault over real sockets: ranges, slow and vanishing clients, many at once."""

from __future__ import annotations

import http.client
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyrage
import pytest

from kiseki.vault.age.keys import Identity
from kiseki.vault.age.stream import CHUNK
from kiseki.vault.store.database import Database
from kiseki.web.vault.desk import Desk
from kiseki.web.vault.flow import Flow

from .handed import Bytes, World
from .served import CALLING, Client, desk_of, serving

LARGE = random.Random(17).randbytes(5 * CHUNK + 17)
HUGE = random.Random(18).randbytes(1 << 20) * 24
WHO = str(CALLING.address).lower()


@pytest.fixture(params=["a file", "PostgreSQL"])
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    of = tmp_path / "store" if request.param == "a file" else request.getfixturevalue("postgres")
    made = Database(of)
    yield made
    made.close()


@pytest.fixture
def file_database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "store")
    yield made
    made.close()


def world_of(database: Database, *contents: bytes, **lengths: int) -> World:
    made = World(database, *contents, **lengths)
    made.license(5_000, who=WHO)
    return made


def handed_out(port: int, world: World, **more: object) -> tuple[Client, str, list[str]]:
    client = Client(port)
    assert client.sign_in().status == 200
    out = client.begin(world.shelf.ids, **more)
    return client, out["handout"], [f"/handouts/{out['handout']}/{e['item']}" for e in out["items"]]


def eventually(fact: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_every_range_is_of_one_file(database: Database) -> None:
    world, identity = world_of(database, LARGE, b""), Identity.new()
    theirs = pyrage.x25519.Identity.from_str(identity.text)
    with serving(desk_of(database, world)) as port:
        for recipient in (None, str(identity.recipient)):
            client, _, (path, empty) = handed_out(port, world, recipient=recipient)
            whole = client.ask("GET", path)
            file, etag = whole.body, whole.headers["ETag"]
            assert (file if recipient is None else pyrage.decrypt(file, [theirs])) == LARGE
            size, chance = len(file), random.Random(17)
            for _ in range(40):
                start = chance.randrange(size)
                last = chance.choice([chance.randrange(start, size), size - 1, size + 5])
                answer = client.ask("GET", path, headers={"Range": f"bytes={start}-{last}"})
                assert (answer.status, answer.body) == (206, file[start : last + 1])
                ends = min(last, size - 1)
                assert answer.headers["Content-Range"] == f"bytes {start}-{ends}/{size}"
                assert answer.headers["ETag"] == etag
            for asked, part in (
                (f"{size - 1}-", file[-1:]),
                ("-7", file[-7:]),
                ("-99999999", file),
            ):
                answer = client.ask("GET", path, headers={"Range": f"bytes={asked}"})
                assert (answer.status, answer.body) == (206, part)
            head = client.ask("HEAD", path, headers={"Range": "bytes=0-1"})
            assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(size))
            # Nothing has no bytes, and says so.
            if recipient is None:
                assert client.ask("GET", empty).body == b""
                assert client.ask("GET", empty, headers={"Range": "bytes=0-"}).status == 416


def test_what_is_no_single_range_gets_the_whole_file(file_database: Database) -> None:
    world = world_of(file_database, LARGE)
    with serving(desk_of(file_database, world)) as port:
        client, _, (path,) = handed_out(port, world)
        etag = client.ask("HEAD", path).headers["ETag"]
        for value in (
            "bytes=0-1,4-5", "bytes=5-4", "bytes=-", "bytes=x-", "lines=0-1", "bytes 0-1", "",
            "bytes=" + "9" * 5_000 + "-", "bytes=0-1, ", "bytes=+1-2",
        ):  # fmt: skip
            answer = client.ask("GET", path, headers={"Range": value})
            assert (answer.status, answer.body) == (200, LARGE)
        for value in (f"bytes={len(LARGE)}-", "bytes=-0", "bytes=99999999-99999999"):
            answer = client.ask("GET", path, headers={"Range": value})
            assert (answer.status, answer.body) == (416, b"")
            assert answer.headers["Content-Range"] == f"bytes */{len(LARGE)}"
        part = {"Range": "bytes=1-2"}
        for other in ('"another"', f"W/{etag}", "Tue, 01 Dec 2026 00:00:00 GMT"):
            answer = client.ask("GET", path, headers={**part, "If-Range": other})
            assert (answer.status, answer.body) == (200, LARGE)
            answer = client.ask("GET", path, headers={**part, "If-Match": other})
            assert (answer.status, answer.body) == (412, b"")
        answer = client.ask("GET", path, headers={**part, "If-Range": etag, "If-Match": etag})
        assert (answer.status, answer.body) == (206, LARGE[1:3])
        for value in (etag, f'"x", W/{etag}', "*"):
            answer = client.ask("GET", path, headers={"If-None-Match": value})
            assert (answer.status, answer.body) == (304, b"")


def test_a_download_goes_on_at_another_server_of_the_store(database: Database) -> None:
    identity = Identity.new()
    first, second = (world_of(database, HUGE) for _ in range(2))
    with serving(desk_of(database, first)) as port:
        client, _, (path,) = handed_out(port, first, recipient=str(identity.recipient))
        etag = client.ask("HEAD", path).headers["ETag"]
        with client.raw(path) as connection:
            got = bytearray()
            while len(got) < 3 << 20:
                got += connection.recv(1 << 16)
    got = got[got.index(b"\r\n\r\n") + 4 :]
    with serving(desk_of(database, second)) as port:
        client.port = port
        rest = client.ask("GET", path, headers={"Range": f"bytes={len(got)}-", "If-Range": etag})
        assert rest.status == 206
    theirs = pyrage.x25519.Identity.from_str(identity.text)
    assert pyrage.decrypt(bytes(got) + rest.body, [theirs]) == HUGE


class _Told(Bytes):
    """Content that tells how far it was read, and whether it was left."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.taken, self.left = 0, 0

    def read(self, start: int, stop: int) -> Iterator[bytes]:
        try:
            for piece in super().read(start, stop):
                self.taken += len(piece)
                yield piece
        finally:
            self.left += 1


def told(world: World) -> _Told:
    (item,) = world.shelf.contents
    made = world.shelf.contents[item] = _Told(HUGE)
    return made


def test_a_client_that_goes_away_stops_the_work(file_database: Database) -> None:
    world = world_of(file_database, HUGE)
    content, desk = told(world), desk_of(file_database, world)
    with serving(desk) as port:
        client, _, (path,) = handed_out(port, world)
        for number in range(1, 6):
            with client.raw(path) as connection:
                assert connection.recv(1 << 10)
            eventually(lambda count=number: content.left == count)  # type: ignore[misc]
        assert content.taken < 5 * len(HUGE)
        eventually(lambda: not desk.flow.running and not desk.downloads)
        assert client.ask("GET", path).body == HUGE


def test_a_slow_client_holds_no_thread_and_little_memory(file_database: Database) -> None:
    world = world_of(file_database, HUGE)
    content, desk = told(world), desk_of(file_database, world)
    with serving(desk) as port:
        client, _, (path,) = handed_out(port, world)
        slow = [client.raw(path) for _ in range(3 * (os.cpu_count() or 1) + 20)]
        eventually(lambda: desk.flow.running == len(slow))
        time.sleep(0.5)  # so that all are read as far as they will be
        kernel = 6 << 20  # what its buffers take of each
        assert content.taken < (48 << 20) + len(slow) * kernel
        stood = content.taken
        # All threads are free for another.
        assert client.ask("GET", path).body == HUGE
        assert content.taken == stood + len(HUGE)
        answer = http.client.HTTPResponse(slow[0])
        answer.begin()
        assert answer.read() == HUGE  # and a slow one gets all of it in the end
        for each in slow:
            each.close()
        eventually(lambda: not desk.flow.running)


def test_a_client_that_takes_nothing_is_given_up(file_database: Database) -> None:
    world = world_of(file_database, HUGE)
    content = told(world)
    desk = desk_of(file_database, world, flow=Flow(patience=0.3))
    with serving(desk) as port:
        client, _, (path,) = handed_out(port, world)
        with client.raw(path):
            eventually(lambda: content.left == 1)
            assert content.taken < len(HUGE)


@pytest.mark.parametrize("how", ["licence", "hand-out", "erased", "damaged"])
@pytest.mark.parametrize("age", [False, True])
def test_what_ends_in_the_middle_is_seen_to_be_incomplete(
    file_database: Database, how: str, age: bool
) -> None:
    world = world_of(file_database, HUGE, check_bytes=1 << 20)
    content = told(world)
    with serving(desk_of(file_database, world)) as port:
        recipient = str(Identity.new().recipient) if age else None
        client, handout, (path,) = handed_out(port, world, recipient=recipient)
        with client.raw(path) as connection:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            got = answer.read(1 << 16)
            if how == "licence":
                world.license(1_999, who=WHO)
            elif how == "hand-out":
                world.handouts.end(bytes.fromhex(handout))
            elif how == "erased":
                world.shelf.contents.clear()
            else:
                content.content = HUGE[: 12 << 20]
            with pytest.raises(http.client.IncompleteRead) as short:
                answer.read()
        got += short.value.partial
        assert len(got) < len(HUGE)
        if not age:
            assert HUGE.startswith(got)
        if how != "damaged":
            assert client.ask("GET", path).status == 404


def test_content_that_is_damaged_from_the_start_is_no_content(file_database: Database) -> None:
    world = world_of(file_database, LARGE)
    with serving(desk_of(file_database, world)) as port:
        client, _, (path,) = handed_out(port, world)
        (item,) = world.shelf.contents
        world.shelf.contents[item] = Bytes(b"", len(LARGE))
        answer = client.ask("GET", path)
        assert (answer.status, list(answer.json)) == (503, ["error"])


def test_two_hundred_at_once_get_all_of_it(file_database: Database) -> None:
    each = random.Random(19).randbytes(1 << 20)
    world = world_of(file_database, each)
    desk = desk_of(file_database, world)
    with serving(desk) as port:
        client, _, (path,) = handed_out(port, world)
        together = threading.Barrier(200)

        def fetch(_: int) -> bool:
            together.wait()
            answer = client.ask("GET", path)
            return answer.status == 200 and answer.body == each

        with ThreadPoolExecutor(200) as threads:
            assert all(threads.map(fetch, range(200)))
        eventually(lambda: not desk.flow.running)


def test_a_wallet_has_so_many_downloads_at_once(file_database: Database) -> None:
    from kiseki.web.vault.desk import Most

    world = world_of(file_database, HUGE)
    desk: Desk = desk_of(file_database, world, most=Most(running=2, reads=4))
    with serving(desk) as port:
        client, _, (path,) = handed_out(port, world)
        held: list[socket.socket] = [client.raw(path) for _ in range(2)]
        eventually(lambda: desk.flow.running == 2)
        refused = client.ask("GET", path)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        for each in held:
            each.close()
        eventually(lambda: not desk.flow.running)
        assert client.ask("GET", path).body == HUGE
        assert client.ask("GET", path).status == 429  # more than four in a minute
        world.clock.now += 60
        assert client.ask("GET", path).status == 200
