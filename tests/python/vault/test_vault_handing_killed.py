"""No byte leaves without a durable receipt, whenever the process is killed (invariant 11)."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import event, text

from kiseki.core.terms import Use
from kiseki.vault.age.keys import Identity
from kiseki.vault.age.stream import CHUNK
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.keystore import KeyStore
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.notes import Note, Signer
from kiseki.vault.log.tree import check_consistency
from kiseki.vault.resealing import next_epoch
from kiseki.vault.store.database import Database

from .handed import ARTIST, CALLER, DOMAIN, SEED, Bytes, World
from .keeping import NOW, Key

FORK = multiprocessing.get_context("fork")
CONTENT = random.Random(17).randbytes(CHUNK + 17)
RECIPIENT = Identity.new().recipient
ORIGIN = f"{DOMAIN}/{ARTIST}"
KEY = Signer(ORIGIN, SEED).key
VAULT = Key()


@pytest.fixture(params=["a file", "PostgreSQL"])
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    if request.param == "a file":
        return tmp_path / "store"
    return str(request.getfixturevalue("postgres"))


def made(where: Path | str) -> Database:
    """The store of a new vault."""
    with KeyStore(where) as store:
        next_epoch(store, [VAULT.holder], VAULT.identity, NOW)
    return KeyStore(where, VAULT.identity).database


def world_in(database: Database) -> World:
    made = World(database, CONTENT, b"another drawing")
    made.license(10**9)
    return made


def _countdown(moments: int) -> Callable[..., None]:
    """Kills this process when it is called for the last time."""
    left = [moments]

    def at(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def _serve(where: Path | str, moments: int, to: Connection) -> None:
    """Hands out and sends, as a server does. Each statement, each commit, the moment behind each
    commit and each byte range is a moment at which it may be killed."""
    database = KeyStore(where, VAULT.identity).database
    at = _countdown(moments)
    event.listen(database._engine, "before_cursor_execute", at)
    event.listen(database._engine, "after_cursor_execute", at)
    event.listen(database._engine, "commit", at)
    world = world_in(database)
    for recipient in (None, RECIPIENT):
        out = world.handouts.begin(CALLER, world.shelf.ids, Use.AI_TRAINING, recipient)
        at()
        for each in world.shelf.ids:
            for piece in world.handouts.read(out.id, CALLER, each):
                at()
                to.send_bytes(each + piece)
                at()
    to.send_bytes(b"whole")
    to.close()
    database.close()


def _received(from_: Connection) -> tuple[dict[bytes, int], bool]:
    """Bytes that arrived of each item, and whether it was all."""
    got: dict[bytes, int] = {}
    whole = False
    while True:
        try:
            said = from_.recv_bytes()
        except EOFError:
            return got, whole
        if said == b"whole":
            whole = True
        else:
            got[said[:32]] = got.get(said[:32], 0) + len(said) - 32


def must_be_sound(database: Database, seen: list[Checkpoint]) -> Checkpoint | None:
    """Every receipt has its entry, all are signed, and nothing of before was taken out."""
    ledger = Ledger(database, DOMAIN, SEED)
    note = ledger.latest(ARTIST)
    ((entries,),) = database.rows(text("SELECT count(*) FROM entry"))
    if note is None:
        assert entries == 0
        return None
    now = opened(note, ORIGIN, [KEY])
    assert now.size == entries
    for number in range(entries):
        salted = ledger.receipt(ARTIST, number)
        ledger.prove(ARTIST, number, note).check(salted.entry, ORIGIN, [KEY])
    for before in seen:
        path = ledger.consistency(ARTIST, before.size, now.size)
        check_consistency(before.size, now.size, before.root, now.root, path)
    # Nor is there a hand-out without its receipts.
    lost = database.rows(
        text(
            "SELECT handed.item FROM handed LEFT JOIN entry ON entry.provider = handed.provider "
            "AND entry.number = handed.number WHERE entry.item IS NULL "
            "OR entry.item <> handed.item"
        )
    )
    assert lost == []
    return now


def test_no_byte_without_a_durable_receipt(where: Path | str) -> None:
    database, seen = made(where), list[Checkpoint]()
    killed = before_bytes = after_bytes = moment = 0
    whole = False
    while not whole:
        moment += 1
        size = seen[-1].size if seen else 0
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=_serve, args=(where, moment, theirs))
        process.start()
        theirs.close()
        got, whole = _received(ours)
        process.join(60)
        assert process.exitcode == (0 if whole else -signal.SIGKILL)
        now = must_be_sound(database, seen)
        new = (now.size if now else 0) - size
        told = Ledger(database, DOMAIN, SEED).received_by(CALLER)[size:]
        assert new in (0, 2, 4)  # all of a hand-out or none of it
        assert set(got) <= {each.receipt.item for each in told}
        for item, count in got.items():
            most = sum(each.receipt.size + 1_000 for each in told if each.receipt.item == item)
            assert count <= most
        killed += not whole
        before_bytes += bool(not got and new)
        after_bytes += bool(got and not whole)
        if now is not None and now not in seen:
            seen.append(now)
    # There were moments of every sort.
    assert killed >= 60
    assert before_bytes >= 10
    assert after_bytes >= 10
    # Who comes afterwards is served.
    out = world_in(database).handouts.begin(CALLER, list(got), Use.AI_TRAINING)
    assert len(out.items) == 2
    must_be_sound(database, seen)
    database.close()


def test_a_checkpoint_that_was_seen_is_one_that_lasts(where: Path | str) -> None:
    """What a process told before it died is in the log of those that come after it."""
    made(where).close()
    notes: list[Note] = []

    def tell(to: Connection) -> None:
        world = world_in(KeyStore(where, VAULT.identity).database)
        while True:
            out = world.handouts.begin(CALLER, world.shelf.ids, Use.AI_TRAINING)
            to.send_bytes(out.items[0].issued.checkpoint.to_bytes())

    chance = random.Random(17)
    for _ in range(10):
        ours, theirs = FORK.Pipe(duplex=False)
        process = FORK.Process(target=tell, args=(theirs,))
        process.start()
        theirs.close()
        for _ in range(chance.randrange(1, 6)):
            notes.append(Note.from_bytes(ours.recv_bytes()))
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join(60)
        while ours.poll(0):
            try:
                notes.append(Note.from_bytes(ours.recv_bytes()))
            except EOFError:
                break
    database = KeyStore(where, VAULT.identity).database
    must_be_sound(database, [opened(each, ORIGIN, [KEY]) for each in notes])
    assert len(notes) >= 20
    database.close()


def test_the_content_in_memory_is_given_in_pieces() -> None:
    assert [len(each) for each in Bytes(CONTENT).read(0, len(CONTENT))] == [CHUNK, 17]
