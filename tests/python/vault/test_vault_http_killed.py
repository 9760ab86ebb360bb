"""No byte arrives without a durable receipt, whenever the server is killed (invariant 11)."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import random
import signal
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import event

from kiseki.vault.age.stream import CHUNK
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.store.database import Database

from .handed import DOMAIN, SEED, World
from .keeping import countdown
from .served import CALLING, Client, desk_of, serving
from .test_vault_handing_killed import must_be_sound

FORK = multiprocessing.get_context("fork")
CONTENT = random.Random(17).randbytes(40 * CHUNK + 17)
WHO = str(CALLING.address).lower()
MOMENTS = [
    # Of the server, which writes its first receipts after about 60.
    *(("statements", number) for number in range(1, 100, 7)),
    *(("hand-outs", number) for number in range(1, 5)),  # that the client was told of
    *(("bytes", 1 + number * len(CONTENT) // 4) for number in range(10)),  # that arrived
]


@pytest.fixture(params=["a file", "PostgreSQL"])
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    if request.param == "a file":
        return tmp_path / "store"
    return str(request.getfixturevalue("postgres"))


def _serve(where: Path | str, to: Connection, statements: int) -> None:
    """Serves until it is killed, by itself where a count of statements and commits is given."""
    database = Database(where)
    world = World(database, CONTENT, b"another drawing")
    world.license(10**9, who=WHO)
    at = countdown(statements)
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(database._engine, name, at)
    with serving(desk_of(database, world)) as port:
        to.send((port, world.shelf.ids))
        signal.pause()


class Fetching:
    """Fetches until the server is gone; what arrived is written down as it comes.

    It kills the server itself, and at once: a slow machine changes nothing about the moment.

    Args:
        moment: what is counted, and the count at which the server is killed.
        server: its process.
    """

    def __init__(self, port: int, items: list[bytes], moment: tuple[str, int], server: int) -> None:
        self.port, self.items, self.moment, self.server = port, items, moment, server
        self.got: dict[bytes, int] = {}
        self.handouts: list[str] = []

    def fetch(self) -> None:
        client = Client(self.port)
        try:
            client.sign_in()
            while True:
                out = client.begin(self.items)
                self.handouts.append(out["handout"])
                self._counted("hand-outs", len(self.handouts))
                for each in out["items"]:
                    self._item(client, out["handout"], each["item"])
        except (OSError, http.client.HTTPException):
            return

    def _item(self, client: Client, handout: str, item: str) -> None:
        which = bytes.fromhex(item[2:])
        with client.raw(f"/handouts/{handout}/{item}") as connection:
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.status == 200
            while piece := answer.read1(1 << 16):
                self.got[which] = self.got.get(which, 0) + len(piece)
                self._counted("bytes", sum(self.got.values()))

    def _counted(self, what: str, count: int) -> None:
        if what == self.moment[0] and count >= self.moment[1]:
            os.kill(self.server, signal.SIGKILL)


def test_no_byte_arrives_without_a_durable_receipt(where: Path | str) -> None:
    database, seen = Database(where), list[Checkpoint]()
    database.close()
    arrived = begun = 0
    for of, number in MOMENTS:
        before = seen[-1].size if seen else 0
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(
            target=_serve, args=(where, theirs, number if of == "statements" else 0)
        )
        process.start()
        port, items = ours.recv()
        fetching = Fetching(port, items, (of, number), process.pid or 0)
        client = threading.Thread(target=fetching.fetch)
        client.start()
        process.join(60)
        client.join(60)
        assert not client.is_alive()
        assert process.exitcode == -signal.SIGKILL
        got, handouts = fetching.got, fetching.handouts
        database = Database(where)
        now = must_be_sound(database, seen)
        told = Ledger(database, DOMAIN, SEED).received_by(WHO)[before:]
        database.close()
        if now is not None and now not in seen:
            seen.append(now)
        new = (now.size if now else 0) - before
        assert new == len(told)
        assert new in (2 * len(handouts), 2 * len(handouts) + 2)  # one may not have been told
        for item, count in got.items():
            assert count <= sum(e.receipt.size for e in told if e.receipt.item == item)
        begun += bool(handouts)
        arrived += bool(got)
    # There were moments of every sort.
    assert len(MOMENTS) > begun > arrived
    assert arrived >= 13
