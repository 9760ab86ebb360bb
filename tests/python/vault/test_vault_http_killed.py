"""No byte arrives without a durable receipt, whenever the server is killed (invariant 11)."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import random
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from kiseki.vault.age.stream import CHUNK
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.store.database import Database

from .handed import DOMAIN, SEED, World
from .served import CALLING, Client, desk_of, serving
from .test_vault_handing_killed import must_be_sound

FORK = multiprocessing.get_context("fork")
CONTENT = random.Random(17).randbytes(40 * CHUNK + 17)
WHO = str(CALLING.address).lower()
MOMENTS = 24


@pytest.fixture(params=["a file", "PostgreSQL"])
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    if request.param == "a file":
        return tmp_path / "store"
    return str(request.getfixturevalue("postgres"))


def _serve(where: Path | str, to: Connection) -> None:
    database = Database(where)
    world = World(database, CONTENT, b"another drawing")
    world.license(10**9, who=WHO)
    with serving(desk_of(database, world)) as port:
        to.send((port, world.shelf.ids))
        signal.pause()


def _fetch(port: int, items: list[bytes], got: dict[bytes, int], handouts: list[str]) -> None:
    """Fetches until the server is gone; what arrived is written down as it comes."""
    client = Client(port)
    try:
        client.sign_in()
        while True:
            out = client.begin(items)
            handouts.append(out["handout"])
            for each in out["items"]:
                item = bytes.fromhex(each["item"][2:])
                with client.raw(f"/handouts/{out['handout']}/{each['item']}") as connection:
                    answer = http.client.HTTPResponse(connection)
                    answer.begin()
                    assert answer.status == 200
                    while piece := answer.read1(1 << 16):
                        got[item] = got.get(item, 0) + len(piece)
    except (OSError, http.client.HTTPException):
        return


def test_no_byte_arrives_without_a_durable_receipt(where: Path | str) -> None:
    database, seen = Database(where), list[Checkpoint]()
    database.close()
    chance = random.Random(17)
    arrived = begun = 0
    for moment in range(MOMENTS):
        before = seen[-1].size if seen else 0
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_serve, args=(where, theirs))
        process.start()
        port, items = ours.recv()
        got, handouts = dict[bytes, int](), list[str]()
        client = threading.Thread(target=_fetch, args=(port, items, got, handouts))
        client.start()
        time.sleep(moment * 0.004 + chance.random() * 0.05)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join(60)
        client.join(60)
        assert not client.is_alive()
        assert process.exitcode == -signal.SIGKILL
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
    assert begun >= arrived >= 8  # there were moments of every sort
