"""Others' readers fetch the vault's logs over HTTP, and cosignatures are taken and shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from tlog_scales import signing
from tlog_scales import tlog as scales
from tlog_scales.backend import HttpBackend
from tlog_scales.reader import TilesReader

from kiseki.vault.handing.cosigners import MOST
from kiseki.vault.handing.ledger import Issued
from kiseki.vault.handing.receipts import Receipt
from kiseki.vault.log import tree
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.cosigning import Cosigner
from kiseki.vault.log.lines import hashes
from kiseki.vault.log.notes import Note, Signature, Signer
from kiseki.vault.log.tree import check_consistency
from kiseki.vault.log.witness import Accepted, Submission, accepted, add_checkpoint
from kiseki.vault.store.database import Database
from kiseki.web.vault.desk import Desk

from .handed import ARTIST, DOMAIN, OTHER_ARTIST, SEED, World, receipt
from .served import Client, desk_of, serving

KEY = Signer(f"{DOMAIN}/{ARTIST}", SEED).key
WITNESS = Cosigner("witness.example.org/w1", bytes(range(1, 33)))
STRANGE = Cosigner("witness.example.org/w2", bytes(range(2, 34)))
LOG = f"/log/{ARTIST}"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def world(database: Database) -> World:
    return World(database, b"a drawing")


@pytest.fixture
def desk(database: Database, world: World) -> Desk:
    return desk_of(database, world)


@pytest.fixture
def port(desk: Desk) -> Iterator[int]:
    with serving(desk) as made:
        yield made


def receipts(count: int, since: int = 0) -> list[Receipt]:
    return [receipt(number) for number in range(since, since + count)]


def test_tlog_scales_reads_a_log_over_http(port: int, world: World) -> None:
    """Its checkpoint, each entry, its root and proofs, from the tiles alone; as the log grows."""
    before: list[tuple[int, bytes]] = []
    issued: list[Issued] = []
    for count in (1, 2, 252, 1, 1, 300):
        issued += world.ledger.issue(receipts(count, len(issued)), 2_000)
        theirs = TilesReader(HttpBackend(f"http://127.0.0.1:{port}/vault{LOG}"))
        head = theirs.get_checkpoint()
        head.verify(signing.Vkey.from_string(KEY.text))
        assert (head.origin, head.size) == (KEY.name, len(issued))
        assert theirs.calculate_root_hash() == head.root_hash
        for number in {0, head.size // 2, head.size - 1}:
            entry = theirs.get_entry(number)
            assert entry == issued[number].salted.entry
            leaf = tree.leaf_hash(entry)
            theirs.get_inclusion_proof(number, head.size).check(leaf, head.root_hash)
        for size, root in before:
            asked = f"{LOG}/consistency?old={size}&new={head.size}"
            lines = Client(port).ask("GET", asked).body.decode().split("\n")
            path = hashes(lines[:-1], "a proof")
            check_consistency(size, head.size, root, head.root_hash, path)
            assert list(path) == theirs.get_consistency_proof(size, head.size).node_hashes
            scales.ConsistencyProof(size, head.size, list(path)).check(root, head.root_hash)
        before.append((head.size, head.root_hash))


def test_a_log_is_public_and_says_how_long_a_part_stays(port: int, world: World) -> None:
    world.ledger.issue(receipts(300), 2_000)
    client = Client(port)
    full = client.ask("GET", f"{LOG}/tile/0/000")
    assert (full.status, len(full.body)) == (200, 32 * 256)
    assert "immutable" in full.headers["Cache-Control"]
    part = client.ask("GET", f"{LOG}/tile/0/001.p/44")
    assert (len(part.body), part.headers["Cache-Control"]) == (32 * 44, "no-cache")
    assert client.ask("GET", f"{LOG}/checkpoint").headers["Content-Type"].startswith("text/plain")
    assert client.ask("GET", f"{LOG}/key").body.decode() == f"{KEY.text}\n"
    for path in (
        f"{LOG}/tile/0/001", f"{LOG}/tile/0/001.p/45", f"{LOG}/tile/1/000", f"{LOG}/tile/0/0",
        f"{LOG}/tile/entries/001.p/45", f"{LOG}/tile/entries/001", f"{LOG}/tile/64/000",
        f"{LOG}/tile/0/000/", f"{LOG}/tile/x", f"{LOG}/checkpoint/301",
        f"/log/{OTHER_ARTIST}/checkpoint", f"/log/{OTHER_ARTIST}/tile/0/000.p/1", "/log/x/key",
        "/log/x/checkpoint", "/log/", "/nothing",
    ):  # fmt: skip
        answer = client.ask("GET", path)
        assert (answer.status, list(answer.json)) == (404, ["error"]), path
    for asked in ("", "?old=1", "?old=2&new=1", "?old=0&new=301", "?old=-1&new=3", "?old=a&new=b"):
        assert client.ask("GET", f"{LOG}/consistency{asked}").status == 400


# Cosignatures


def test_a_witness_cosigns_and_everybody_sees_it(port: int, world: World, desk: Desk) -> None:
    desk.cosigners.register(WITNESS.key.text)
    world.ledger.issue(receipts(3), 2_000)
    client = Client(port)
    note = Note.from_bytes(client.ask("GET", f"{LOG}/checkpoint").body)
    # A witness of C2SP, which asks what it must before it cosigns.
    path = tuple(world.ledger.consistency(ARTIST, 0, 3))
    answer = add_checkpoint(
        Submission(0, path, note).to_bytes(), {KEY.name: [KEY]}, lambda _: None, [WITNESS], 2_001
    )
    assert isinstance(answer, Accepted)
    cosigned, _ = accepted(answer.body, note, [WITNESS.key])
    done = client.ask("POST", f"{LOG}/cosignatures", cosigned.to_bytes())
    assert (done.status, done.json) == (200, {"kept": [WITNESS.key.name]})
    shown = client.ask("GET", f"{LOG}/checkpoint").body
    assert shown == cosigned.to_bytes()
    theirs = scales.Checkpoint.from_text(shown.decode())
    for key in (KEY, WITNESS.key):
        theirs.verify(signing.Vkey.from_string(key.text))
    # The log grows; the checkpoint that was cosigned stays to be had.
    world.ledger.issue(receipts(1, 3), 2_002)
    assert client.ask("GET", f"{LOG}/checkpoint/3").body == shown
    last = Note.from_bytes(client.ask("GET", f"{LOG}/checkpoint").body)
    assert opened(last, KEY.name, [KEY]).size == 4
    assert len(last.signatures) == 1
    # The last cosignature of a key counts, in whichever order they come.
    later = note.adding([WITNESS.cosign(note.text, 2_003)])
    for each in (later, cosigned):
        assert client.ask("POST", f"{LOG}/cosignatures", each.to_bytes()).status == 200
        assert client.ask("GET", f"{LOG}/checkpoint/3").body == later.to_bytes()
    desk.cosigners.dismiss(WITNESS.key.text)
    assert client.ask("GET", f"{LOG}/checkpoint/3").body == note.to_bytes()


def test_what_nobody_registered_signed_is_not_kept(port: int, world: World, desk: Desk) -> None:
    world.ledger.issue([*receipts(3), receipt(9, OTHER_ARTIST)], 2_000)
    client, post = Client(port), f"{LOG}/cosignatures"
    note = Note.from_bytes(client.ask("GET", f"{LOG}/checkpoint").body)
    signed = note.adding([WITNESS.cosign(note.text, 2_000)])
    assert client.ask("POST", post, signed.to_bytes()).status == 403  # not registered
    desk.cosigners.register(WITNESS.key.text)
    forged = Checkpoint(KEY.name, 3, bytes(32)).text
    other = client.ask("GET", f"/log/{OTHER_ARTIST}/checkpoint").body
    theirs = Note.from_bytes(other)
    wrong = Signature(WITNESS.key.name, WITNESS.key.id, bytes(72))
    for data, status in (
        (b"", 400), (b"x" * 70_000, 413), (b"\xff", 400), (note.to_bytes(), 403),
        (Note(forged, (WITNESS.cosign(forged, 2_000),)).to_bytes(), 400),
        (theirs.adding([WITNESS.cosign(theirs.text, 2_000)]).to_bytes(), 400),
        (note.adding([STRANGE.cosign(note.text, 2_000)]).to_bytes(), 403),
        (note.adding([wrong]).to_bytes(), 403),
        (note.adding([WITNESS.cosign(note.text, 2_006)]).to_bytes(), 400),
    ):  # fmt: skip
        answer = client.ask("POST", post, data)
        assert (answer.status, list(answer.json)) == (status, ["error"]), data
        assert client.ask("GET", f"{LOG}/checkpoint").body == note.to_bytes()
    both = signed.adding([STRANGE.cosign(note.text, 2_000)])
    assert client.ask("POST", post, both.to_bytes()).json == {"kept": [WITNESS.key.name]}
    assert client.ask("GET", f"{LOG}/checkpoint").body == signed.to_bytes()


def test_a_provider_registers_a_key_for_the_own_log(database: Database, world: World) -> None:
    artist = Account.from_key(b"\x0b" * 32)
    provider = str(artist.address).lower()
    desk = desk_of(database, world)
    world.ledger.issue([receipt(0, provider), receipt(1)], 2_000)
    with serving(desk) as port:
        client = Client(port)
        client.sign_in(artist)
        said = {"key": WITNESS.key.text}
        assert client.ask("POST", f"{LOG}/cosigners", said).status == 403  # another's log
        mine = f"/log/{provider}"
        for _ in range(2):
            assert client.ask("POST", f"{mine}/cosigners", said).status == 200
        for wrong in ({"key": "x"}, {}, {"key": KEY.text}):
            assert client.ask("POST", f"{mine}/cosigners", wrong).status == 400
        # Nobody has a key twice, nor the name of another.
        for name, seed in (("other", range(1, 33)), (WITNESS.key.name, range(32))):
            twice = Cosigner(name, bytes(seed)).key.text
            assert client.ask("POST", f"{mine}/cosigners", {"key": twice}).status == 400
        note = Note.from_bytes(client.ask("GET", f"{mine}/checkpoint").body)
        signed = note.adding([WITNESS.cosign(note.text, 2_000)]).to_bytes()
        assert client.ask("POST", f"{mine}/cosignatures", signed).status == 200
        assert client.ask("GET", f"{mine}/checkpoint").body == signed
        for number in range(1, MOST):
            key = Cosigner(f"w{number}", bytes([number]) * 32).key.text
            assert client.ask("POST", f"{mine}/cosigners", {"key": key}).status == 200
        more = Cosigner("more", bytes(32)).key.text
        assert client.ask("POST", f"{mine}/cosigners", {"key": more}).status == 400
