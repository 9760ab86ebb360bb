"""Who gets content, for what and how long; and all ranges of a hand-out are of one file."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import text

from kiseki.core.terms import Use
from kiseki.errors import InvalidInput, NodeUnreachable, SecretsError, VaultError
from kiseki.vault.age.files import Opened
from kiseki.vault.age.keys import Identity
from kiseki.vault.age.stream import CHUNK
from kiseki.vault.handing.receipts import HAND_OUT_USES, Basis
from kiseki.vault.handing.rules import (
    Answer,
    Facts,
    Grounds,
    Item,
    Licence,
    NotGiven,
    grounds,
    why_not,
)
from kiseki.vault.keystore import KeyStore
from kiseki.vault.resealing import next_epoch
from kiseki.vault.store.database import Database
from kiseki.vault.store.places import handed_key

from .handed import ARTIST, BLOCK, CALLER, COLLECTION, OTHER_ARTIST, Bytes, World
from .keeping import NOW, Key

TRAINING = Use.AI_TRAINING
SMALL, LARGE = b"a drawing", random.Random(17).randbytes(3 * CHUNK + 17)


@pytest.fixture(params=["a file", "PostgreSQL"])
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    of = tmp_path / "store" if request.param == "a file" else request.getfixturevalue("postgres")
    key = Key()
    with KeyStore(of) as store:  # of a vault, which is where hand-outs are
        next_epoch(store, [key.holder], key.identity, NOW)
        yield store.database


@pytest.fixture
def world(database: Database) -> World:
    made = World(database, SMALL, LARGE)
    made.license(5_000)
    return made


def count(database: Database, table: str) -> int:
    ((found,),) = database.rows(text(f"SELECT count(*) FROM {table}"))
    return int(found)


# The rules

ITEM = Item(b"\x01" * 32, ARTIST, COLLECTION, b"\x02" * 32)


def asked(
    facts: Facts = Facts(),  # noqa: B008 - a value
    caller: str = CALLER,
    opened: bool = False,
    now: int = 2_000,
    use: Use = TRAINING,
) -> list[Grounds]:
    return grounds(caller, ITEM, use, Answer(1, BLOCK, [facts]), facts, opened, now)


def test_the_provider_may_have_it_for_any_use() -> None:
    for use in HAND_OUT_USES:
        assert asked(caller=ARTIST, use=use) == [Grounds(Basis.PROVIDER)]
    assert asked(caller=OTHER_ARTIST) == []
    assert asked(caller=ARTIST, use=Use.GENERATION) == []


def test_a_licence_counts_to_its_last_second() -> None:
    facts = Facts(Licence(COLLECTION, 2_000))
    assert asked(facts) == [Grounds(Basis.LICENCE, COLLECTION, 2_000)]
    assert asked(facts, now=2_001) == []
    # The clock may stand behind the block, but the block's time has come.
    assert asked(Facts(Licence(COLLECTION, BLOCK.time - 1)), now=1) == []
    assert asked(Facts(Licence(COLLECTION, BLOCK.time)), now=1) != []


def test_open_terms_count_where_the_keeper_opened_the_collection() -> None:
    facts = Facts(None, 2_000)
    assert asked(facts) == []
    assert asked(facts, opened=True) == [Grounds(Basis.OPENED, None, 2_000)]
    assert asked(facts, opened=True, now=2_001) == []
    assert asked(opened=True) == []
    both = asked(Facts(Licence(COLLECTION, 3_000), 2_000), opened=True)
    assert [each.basis for each in both] == [Basis.LICENCE, Basis.OPENED]


def test_why_not_is_told_to_provider_and_operator_only() -> None:
    operator = "0x" + "99" * 20
    said = {}
    for name, item, facts, opened in (
        ("not here", None, Facts(), False),
        ("ended", ITEM, Facts(Licence(COLLECTION, 1_999)), False),
        ("never", ITEM, Facts(), False),
        ("not allowed", ITEM, Facts(), True),
        ("consent ended", ITEM, Facts(None, 1_999), True),
    ):
        answer = Answer(1, BLOCK, [facts])
        said[name] = why_not(operator, [operator], item, answer, facts, opened, 2_000)
        if item is not None:
            assert why_not(ARTIST, [operator], item, answer, facts, opened, 2_000) == said[name]
        for other in (CALLER, OTHER_ARTIST):
            with pytest.raises(NotGiven) as refused:
                why_not(other, [operator], item, answer, facts, opened, 2_000)
            assert str(refused.value) == str(NotGiven())
    assert len(set(said.values())) == len(said)
    with pytest.raises(NotGiven):
        why_not(ARTIST, [operator], None, Answer(1, BLOCK, []), Facts(), False, 2_000)


# A hand-out


def test_what_is_handed_out_is_the_content_and_its_receipt_says_why(world: World) -> None:
    out = world.handouts.begin(CALLER, world.shelf.ids, TRAINING)
    for each, content in zip(out.items, (SMALL, LARGE), strict=True):
        said = each.issued.salted.receipt
        assert b"".join(world.handouts.read(out.id, CALLER, said.item)) == content
        assert each.size == said.size == len(content)
        assert world.handouts.size(out.id, CALLER, said.item) == len(content)
        assert (said.caller, said.provider, said.use) == (CALLER, ARTIST, TRAINING)
        assert (said.basis, said.subject, said.until) == (Basis.LICENCE, COLLECTION, 5_000)
        assert (said.chain, said.block, said.at) == (31337, BLOCK, 2_000)
        assert world.ledger.receipts_of(said.item, ARTIST) == [each.issued.salted]
    assert out.items[0].issued.checkpoint == world.ledger.latest(ARTIST)


def test_all_ranges_are_of_one_file_that_age_opens(world: World, database: Database) -> None:
    identity = Identity.new()
    out = world.handouts.begin(CALLER, world.shelf.ids, TRAINING, identity.recipient)
    theirs = pyrage.x25519.Identity.from_str(identity.text)
    for item, content, each in zip(world.shelf.ids, (SMALL, LARGE), out.items, strict=True):
        file = b"".join(world.handouts.read(out.id, CALLER, item))
        assert len(file) == each.size == world.handouts.size(out.id, CALLER, item)
        assert pyrage.decrypt(file, [theirs]) == content
        assert b"".join(Opened(io.BytesIO(file), identity).read()) == content
        # Another process, which knows only what is in the store, gives the same bytes.
        again = World(database, SMALL, LARGE)
        again.license(5_000)
        chance = random.Random(17)
        for _ in range(40):
            start = chance.randrange(len(file) + 1)
            stop = chance.randrange(start, len(file) + 1)
            part = b"".join(again.handouts.read(out.id, CALLER, item, start, stop))
            assert part == file[start:stop]
        with pytest.raises(ValueError, match="there are none"):
            world.handouts.read(out.id, CALLER, item, 0, len(file) + 1)
    other = world.handouts.begin(CALLER, world.shelf.ids[:1], TRAINING, identity.recipient)
    assert b"".join(world.handouts.read(other.id, CALLER, world.shelf.ids[0])) != file


def test_the_file_key_is_kept_sealed_and_goes_with_the_hand_out(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = b"sixteen bytes .."
    monkeypatch.setattr("kiseki.vault.age.header.new_file_key", lambda: key)
    out = world.handouts.begin(CALLER, world.shelf.ids, TRAINING, Identity.new().recipient)
    kept = database.rows(text('SELECT "key" FROM handed'))
    assert [each for each in kept if key in each[0]] == []
    with database.reading():
        columns = database.columns
    items = database.rows(text('SELECT item, "key" FROM handed'))
    shown = [columns.shown(bytes(each), handed_key(out.id, bytes(of))) for of, each in items]
    assert shown == [key, key]
    with pytest.raises(SecretsError, match="does not open"):  # bound to its place
        columns.shown(bytes(items[0][1]), handed_key(out.id, bytes(items[1][0])))
    world.handouts.end(out.id)
    assert (count(database, "handed"), count(database, "handout")) == (0, 0)
    assert count(database, "entry") == 2
    with pytest.raises(NotGiven):
        world.handouts.read(out.id, CALLER, world.shelf.ids[0])


def test_there_is_one_answer_for_all_that_is_not_given(world: World) -> None:
    mine, missing = world.shelf.ids[0], b"\x77" * 32
    said = set()
    for caller, wanted, use in (
        (CALLER, [missing], TRAINING),
        (OTHER_ARTIST, [mine], TRAINING),
        (CALLER, [mine], Use.REDISTRIBUTION),
        (CALLER, [mine, missing], TRAINING),
        (ARTIST, [missing], TRAINING),
    ):
        before = world.chain.asked
        with pytest.raises(NotGiven) as refused:
            world.handouts.begin(caller, wanted, use)
        assert world.chain.asked == before + 1  # also for what is not here
        said.add(str(refused.value))
    world.license(1_999)
    with pytest.raises(NotGiven) as refused:
        world.handouts.begin(CALLER, [mine], TRAINING)
    assert said == {str(refused.value)}
    assert world.ledger.latest(ARTIST) is None


def test_of_a_collection_who_asks_gets_what_may_be_had(world: World) -> None:
    """One item that was revoked does not keep back the others; its receipt is not written."""
    one, two = world.shelf.ids
    del world.chain.facts[CALLER, one, TRAINING]
    with pytest.raises(NotGiven):
        world.handouts.begin(CALLER, [one, two], TRAINING)
    out = world.handouts.begin(CALLER, [one, two], TRAINING, partly=True)
    assert [each.issued.salted.receipt.item for each in out.items] == [two]
    assert world.ledger.receipts_of(one, ARTIST) == []
    with pytest.raises(NotGiven):
        world.handouts.read(out.id, CALLER, one)
    with pytest.raises(NotGiven):
        world.handouts.begin(CALLER, [one], TRAINING, partly=True)


def test_what_no_hand_out_can_be_is_refused(world: World) -> None:
    mine = world.shelf.ids[0]
    for wanted, use in (
        ([], TRAINING), ([mine, mine], TRAINING), ([mine], Use.GENERATION),
        ([mine], TRAINING | Use.DATA_MINING), ([mine], Use(0)), ([mine] * 10_001, TRAINING),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            world.handouts.begin(CALLER, wanted, use)
    with pytest.raises(InvalidInput):
        world.handouts.begin("somebody", [mine], TRAINING)


def test_a_hand_out_is_the_callers_own_and_ends(world: World, database: Database) -> None:
    mine, other = world.shelf.ids
    out = world.handouts.begin(CALLER, [mine], TRAINING)
    world.license(10**9)
    world.license(10**9, who=OTHER_ARTIST)
    for handout, caller, item in (
        (out.id, OTHER_ARTIST, mine), (out.id, ARTIST, mine), (out.id, CALLER, other),
        (b"\x00" * 16, CALLER, mine), (b"", CALLER, mine),
    ):  # fmt: skip
        with pytest.raises(NotGiven):
            world.handouts.read(handout, caller, item)
    world.clock.now = out.ends - 1
    assert b"".join(world.handouts.read(out.id, CALLER, mine)) == SMALL
    for now in (out.ends, 1_994):  # over, or the clock was set back
        world.clock.now = now
        with pytest.raises(NotGiven):
            world.handouts.read(out.id, CALLER, mine)
        with pytest.raises(NotGiven):
            world.handouts.size(out.id, CALLER, mine)
    world.clock.now = out.ends
    world.handouts.sweep()
    assert count(database, "handout") == 0


def test_a_licence_that_ends_stops_the_next_range(world: World) -> None:
    mine = world.shelf.ids[0]
    out = world.handouts.begin(CALLER, [mine], TRAINING)
    world.clock.now = 5_000
    assert b"".join(world.handouts.read(out.id, CALLER, mine)) == SMALL
    world.clock.now = 5_001
    with pytest.raises(NotGiven):
        world.handouts.read(out.id, CALLER, mine)
    # Another reason does not carry it on, because its receipt does not state it.
    world.openings.open(COLLECTION)
    world.allow(10**9)
    with pytest.raises(NotGiven):
        world.handouts.read(out.id, CALLER, mine)
    later = world.handouts.begin(CALLER, [mine], TRAINING)
    assert later.items[0].issued.salted.receipt.basis is Basis.OPENED
    assert b"".join(world.handouts.read(later.id, CALLER, mine)) == SMALL
    world.openings.close(COLLECTION)
    with pytest.raises(NotGiven):
        world.handouts.read(later.id, CALLER, mine)


@pytest.mark.parametrize("how", ["bytes", "seconds", "ended", "erased", "away"])
@pytest.mark.parametrize("age", [False, True])
def test_a_download_stops_in_its_middle(
    database: Database, how: str, age: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(database, LARGE, check_bytes=2 * CHUNK + 1_000, check_seconds=60)
    world.license(5_000)
    (mine,) = world.shelf.ids
    recipient = Identity.new().recipient if age else None
    out = world.handouts.begin(CALLER, [mine], TRAINING, recipient)
    pieces = world.handouts.read(out.id, CALLER, mine)
    asked = world.chain.asked
    got = next(pieces)
    expected: type[Exception] = NotGiven
    if how == "seconds":
        world.license(None)
        world.clock.now += 60
    elif how == "bytes":
        world.license(None)
    elif how == "ended":
        world.handouts.end(out.id)
    elif how == "erased":
        del world.shelf.contents[next(iter(world.shelf.contents))]
    else:

        def away(*_: object) -> Answer:
            raise NodeUnreachable("no answer")

        monkeypatch.setattr(world.chain, "ask", away)
        expected = NodeUnreachable
    with pytest.raises(expected):
        for piece in pieces:
            got += piece
    assert len(got) <= (2 * CHUNK + 1_000)
    assert (len(got) < CHUNK) == (how == "seconds" and age) or not age
    assert world.chain.asked == asked + (how in ("bytes", "seconds", "erased"))


def test_a_long_download_goes_on_while_it_may(database: Database) -> None:
    world = World(database, LARGE, check_bytes=CHUNK, check_seconds=60)
    world.license(5_000)
    (mine,) = world.shelf.ids
    out = world.handouts.begin(CALLER, [mine], TRAINING)
    before = world.chain.asked
    assert b"".join(world.handouts.read(out.id, CALLER, mine)) == LARGE
    assert world.chain.asked == before + 1 + 3


def test_content_that_is_not_what_it_was_is_not_given(world: World) -> None:
    mine = world.shelf.ids[0]
    out = world.handouts.begin(CALLER, [mine], TRAINING, Identity.new().recipient)
    item = next(iter(world.shelf.contents))
    world.shelf.contents[item] = Bytes(SMALL + b"!")
    with pytest.raises(VaultError, match="not what it was"):
        world.handouts.read(out.id, CALLER, mine)


@pytest.mark.parametrize(
    "lost", ["DELETE FROM entry", "DELETE FROM checkpoint", "UPDATE checkpoint SET size = 0"]
)
def test_no_byte_without_a_receipt_in_a_signed_checkpoint(
    world: World, database: Database, lost: str
) -> None:
    mine = world.shelf.ids[0]
    out = world.handouts.begin(CALLER, [mine], TRAINING)
    with database.writing() as db:
        db.execute(text(lost))
    with pytest.raises(NotGiven):
        world.handouts.read(out.id, CALLER, mine)


def test_nothing_is_handed_out_where_the_receipt_cannot_be_written(
    world: World, database: Database
) -> None:
    mine = world.shelf.ids[0]
    world.handouts.begin(CALLER, [mine], TRAINING)
    world.clock.now = 1_000
    with pytest.raises(VaultError, match="set back"):
        world.handouts.begin(CALLER, [mine], TRAINING)
    assert (count(database, "handout"), count(database, "entry")) == (1, 1)


def test_a_chain_that_does_not_answer_gives_nothing(
    world: World, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = world.shelf.ids[0]
    monkeypatch.setattr(world.chain, "ask", lambda *_: Answer(1, BLOCK, []))
    with pytest.raises(VaultError, match="other items"):
        world.handouts.begin(ARTIST, [mine], TRAINING)
    assert count(database, "handout") == 0


def test_who_asks_too_often_waits(database: Database) -> None:
    world = World(database, SMALL, asked=3)
    for _ in range(3):  # refused ones, too
        with pytest.raises(NotGiven):
            world.handouts.begin(CALLER, world.shelf.ids, TRAINING)
    with pytest.raises(VaultError, match="too often"):
        world.handouts.begin(CALLER, world.shelf.ids, TRAINING)
    world.handouts.begin(ARTIST, world.shelf.ids, TRAINING)


def test_what_is_in_a_hand_out_is_told_to_its_caller_while_it_may_be_had(world: World) -> None:
    """With it the openings go along; so it stops when the reason ends, as the content does."""
    out = world.handouts.begin(CALLER, world.shelf.ids, TRAINING)
    found = world.handouts.items(out.id, CALLER)
    assert [each.id for each in found] == sorted(world.shelf.ids)
    for handout, caller in ((out.id, OTHER_ARTIST), (bytes(16), CALLER), (b"", CALLER)):
        with pytest.raises(NotGiven):
            world.handouts.items(handout, caller)
    world.license(1_999)
    with pytest.raises(NotGiven):
        world.handouts.items(out.id, CALLER)
    world.license(9_999_999)
    assert len(world.handouts.items(out.id, CALLER)) == len(world.shelf.ids)
    world.clock.now = out.ends
    with pytest.raises(NotGiven):
        world.handouts.items(out.id, CALLER)
