"""Receipts of hand-outs and their logs: one text, no fork, no step back in time (invariant 11)."""

from __future__ import annotations

import json
import multiprocessing
import random
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from kiseki.core.terms import Use
from kiseki.errors import InvalidInput, LogDamaged, SecretsError, VaultError
from kiseki.vault.handing.ledger import Issued, Ledger
from kiseki.vault.handing.receipts import HAND_OUT_USES, Basis, Block, Receipt, Salted
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.notes import Note, Signer
from kiseki.vault.log.tree import check_consistency
from kiseki.vault.store.database import Database

from .conftest import interrupt
from .handed import ARTIST, CALLER, DOMAIN, OTHER_ARTIST, SEED, receipt, spoilt

ORIGIN = f"{DOMAIN}/{ARTIST}"
KEY = Signer(ORIGIN, SEED).key
FORK = multiprocessing.get_context("fork")


@pytest.fixture(params=["a file", "PostgreSQL"])
def where(tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    if request.param == "a file":
        return tmp_path / "store"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def database(where: Path | str) -> Iterator[Database]:
    made = Database(where)
    yield made
    made.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, DOMAIN, SEED)


def checkpoints(database: Database) -> list[Checkpoint]:
    """All that were ever signed for the artist, each found to be signed."""
    rows = database.rows(
        text("SELECT note FROM checkpoint WHERE provider = :who ORDER BY size"),
        who=bytes.fromhex(ARTIST[2:]),
    )
    return [opened(Note.from_bytes(bytes(note)), ORIGIN, [KEY]) for (note,) in rows]


def must_be_one_log(database: Database, size: int) -> None:
    """Each entry is in the last checkpoint, and each checkpoint begins with the one before."""
    ledger = Ledger(database, DOMAIN, SEED)
    signed = checkpoints(database)
    assert signed[-1].size == size
    for number in range(size):
        proof = ledger.prove(ARTIST, number)
        assert proof.extra is not None
        entry = Salted(ledger.receipt(ARTIST, number).receipt, proof.extra).entry
        assert proof.check(entry, ORIGIN, [KEY]).checkpoint == signed[-1]
    for old, new in pairwise(signed):
        path = ledger.consistency(ARTIST, old.size, new.size)
        check_consistency(old.size, new.size, old.root, new.root, path)


# The text of a receipt


@given(
    use=st.sampled_from(HAND_OUT_USES),
    basis=st.sampled_from(list(Basis)),
    number=st.integers(0, 2**63 - 1),
    until=st.integers(0, 2**64 - 1),
)
def test_a_receipt_is_read_as_it_was_written(
    use: Use, basis: Basis, number: int, until: int
) -> None:
    made = receipt(
        use=use, basis=basis, size=number, at=number, block=Block(number, b"\xab" * 32, number),
        caller=ARTIST if basis is Basis.PROVIDER else CALLER,
        subject=b"\x01" * 32 if basis is Basis.LICENCE else None,
        until=None if basis is Basis.PROVIDER else until,
    )  # fmt: skip
    assert Receipt.from_json(made.to_json()) == made
    assert Receipt.from_json(made.to_json().encode()) == made


def test_the_entry_is_the_hash_of_salt_and_text_and_shows_neither() -> None:
    salted = Salted(receipt(), b"\x07" * 32)
    assert salted.entry == sha256(b"\x07" * 32 + receipt().to_json().encode()).digest()
    assert "0707" not in repr(salted)
    assert "x07" not in repr(salted)
    with pytest.raises(InvalidInput, match="salt"):
        Salted(receipt(), b"short")


def test_another_spelling_of_a_receipt_is_refused() -> None:
    said = receipt().to_json()
    document = json.loads(said)
    for other in (
        said + "\n",
        "\ufeff" + said,
        json.dumps(document),
        json.dumps(dict(reversed(document.items())), separators=(",", ":")),
        said.replace("ai_training", "AI_TRAINING"),
        said.replace('"size":"0"', '"size":"00"'),
        said.replace('"size":"0"', '"size":0'),
        said.replace(ARTIST, "0x" + ARTIST[2:].upper()),
        said.replace("licence", "gift"),
        said.replace("}", ',"more":1}'),
        said.replace('"at"', '"size":"0","at"'),
        said.replace('"because":"licence"', '"because":"provider"'),
        said.replace('"because":"licence"', '"because":["licence"]'),
        said.replace('"use":"ai_training"', '"use":"generation"'),
        said[:-1] + " " * 5000 + "}",
        "[" * 100_000,
        "",
        "null",
    ):
        assert other != said
        with pytest.raises(InvalidInput):
            Receipt.from_json(other)


def test_a_spoilt_receipt_is_refused() -> None:
    chance = random.Random(17)
    said = receipt().to_json().encode()
    for _ in range(2_000):
        other = spoilt(said, chance)
        try:
            read = Receipt.from_json(other)
        except InvalidInput:
            continue
        assert read.to_json().encode() == other  # another receipt, written as one is


@pytest.mark.parametrize(
    "wrong",
    [
        {"chain": 0}, {"caller": "0x12"}, {"caller": CALLER.upper().replace("X", "x")},
        {"item": b"\x01" * 32}, {"collection": b""}, {"use": Use.GENERATION},
        {"use": Use.AI_TRAINING | Use.DATA_MINING}, {"use": Use(0)}, {"subject": None},
        {"until": None}, {"until": 2**64}, {"size": -1}, {"at": 1.5}, {"at": True},
        {"basis": Basis.PROVIDER, "subject": None, "until": None},
        {"basis": Basis.OPENED}, {"block": Block(-1, b"\x11" * 32, 0)},
        {"block": Block(1, b"", 0)}, {"block": Block(1, b"\x11" * 32, -1)},
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_no_receipt(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        receipt(**wrong)


# The logs


def test_receipts_are_in_the_log_of_their_provider(ledger: Ledger, database: Database) -> None:
    mixed = [receipt(n, OTHER_ARTIST if n % 3 == 0 else ARTIST, size=n) for n in range(9)]
    issued = ledger.issue(mixed, 2_000)
    assert [each.salted.receipt.size for each in issued] == list(range(9))
    assert [each.number for each in issued] == [0, 0, 1, 1, 2, 3, 2, 4, 5]
    assert {each.salted.receipt.at for each in issued} == {2_000}
    assert len({each.salted.salt for each in issued}) == 9
    (later,) = ledger.issue([receipt(10)], 2_001)
    assert later.number == 6
    must_be_one_log(database, 7)
    first = ledger.prove(ARTIST, 0, issued[1].checkpoint)
    assert first.check(issued[1].salted.entry, ORIGIN, [KEY]).checkpoint.size == 6
    assert ledger.latest(OTHER_ARTIST) == issued[0].checkpoint
    assert ledger.latest(CALLER) is None
    assert ledger.receipts_of(mixed[1].item, ARTIST) == [issued[1].salted]
    assert ledger.receipts_of(mixed[1].item, OTHER_ARTIST) == []
    assert len(ledger.received_by(CALLER)) == 10
    assert ledger.received_by(ARTIST) == []
    with pytest.raises(InvalidInput, match="no entry 7"):
        ledger.receipt(ARTIST, 7)


def test_a_log_of_many_is_the_log_that_memory_gives(ledger: Ledger, database: Database) -> None:
    done: list[Issued] = []
    for count in (1, 2, 3, 5, 64, 1, 100):
        done += ledger.issue([receipt(len(done) + n) for n in range(count)], 2_000)
    other = Log(Signer(ORIGIN, SEED), Memory())
    other.append(each.salted.entry for each in done)
    assert ledger.latest(ARTIST) == other.checkpoint()
    must_be_one_log(database, 176)


def test_a_transaction_that_is_undone_leaves_no_receipt(
    ledger: Ledger, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.issue([receipt(n) for n in range(5)], 2_000)
    with pytest.raises(KeyboardInterrupt), database.writing() as db:
        ledger.append(db, [receipt(5), receipt(6, OTHER_ARTIST)], 2_000)
        interrupt()
    assert ledger.latest(OTHER_ARTIST) is None
    ledger.issue([receipt(7)], 2_000)
    must_be_one_log(database, 6)


def test_receipts_are_not_issued_inside_of_another_transaction(
    ledger: Ledger, database: Database
) -> None:
    with pytest.raises(RuntimeError, match="not durable"), database.writing():
        ledger.issue([receipt()], 2_000)
    assert ledger.latest(ARTIST) is None


def test_a_clock_set_back_makes_no_earlier_receipt(ledger: Ledger, database: Database) -> None:
    ledger.issue([receipt(0)], 2_000)
    (held,) = ledger.issue([receipt(1)], 1_995)
    assert held.salted.receipt.at == 2_000
    with pytest.raises(VaultError, match=r"stands 6 seconds before .* set it right"):
        ledger.issue([receipt(2)], 1_994)
    with pytest.raises(VaultError):  # nor what else was to be written with it
        ledger.issue([receipt(2, OTHER_ARTIST), receipt(2)], 1_994)
    assert ledger.latest(OTHER_ARTIST) is None
    must_be_one_log(database, 2)
    times = [at for (at,) in database.rows(text("SELECT at FROM checkpoint ORDER BY size"))]
    assert times == [2_000, 2_000]
    assert ledger.issue([receipt(3)], 2_001)[0].salted.receipt.at == 2_001


def test_a_log_that_lacks_a_node_signs_nothing(ledger: Ledger, database: Database) -> None:
    ledger.issue([receipt(n) for n in range(4)], 2_000)
    with database.writing() as db:
        db.execute(text("DELETE FROM log_node WHERE level = 2"))
    with pytest.raises(LogDamaged, match="node 0 of level 2"):
        ledger.issue([receipt(5)], 2_000)
    assert len(checkpoints(database)) == 1


def test_a_log_needs_a_domain_and_a_seed(database: Database) -> None:
    for domain, seed in (("", SEED), ("a b", SEED), ("a+b", SEED), (DOMAIN, b"short")):
        with pytest.raises(InvalidInput):
            Ledger(database, domain, seed)


def _issue(where: Path | str, first: int, times: int) -> None:
    database = Database(where)
    ledger = Ledger(database, DOMAIN, SEED)
    for number in range(times):
        ledger.issue([receipt(first + number * 3 + n) for n in range(1 + number % 3)], 2_000)
    database.close()


def test_processes_that_write_at_once_never_fork_a_log(where: Path | str) -> None:
    Database(where).close()
    workers = [FORK.Process(target=_issue, args=(where, n * 1_000, 20)) for n in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(300)
        assert each.exitcode == 0
    database = Database(where)
    per_worker = sum(1 + number % 3 for number in range(20))
    assert len(checkpoints(database)) == 80
    must_be_one_log(database, 4 * per_worker)
    database.close()


def test_a_database_that_answers_before_the_disk_does_not_for_receipts(postgres: str) -> None:
    seen: list[str] = []
    database = Database(postgres)
    with database.writing() as db:
        db.execute(text("SET LOCAL synchronous_commit TO off"))
        Ledger(database, DOMAIN, SEED).append(db, [receipt()], 2_000)
        seen += db.execute(text("SHOW synchronous_commit")).scalars()
    assert seen == ["on"]
    database.close()


def test_a_full_disk_gives_no_receipt(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    ledger = Ledger(database, DOMAIN, SEED)
    ledger.issue([receipt(0)], 2_000)
    with database.reading() as db:
        pages = db.execute(text("PRAGMA page_count")).scalar_one()
        db.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(SecretsError, match="room"):
        ledger.issue([receipt(n) for n in range(1, 900)], 2_000)
    must_be_one_log(database, 1)
    database.close()
