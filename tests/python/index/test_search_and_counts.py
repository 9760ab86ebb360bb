"""What a text may mean, and how many of each kind there are."""

import dataclasses
from collections import Counter
from collections.abc import Callable

import pytest

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.core.terms import Terms
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotInIndex
from kiseki.index.answers.counts import counts_of
from kiseki.index.answers.coverage import coverage_of
from kiseki.index.answers.earnings import earnings_of
from kiseki.index.answers.history import history_of
from kiseki.index.answers.impact import dependents_of, impact_of, received_by
from kiseki.index.answers.items import Item
from kiseki.index.answers.newest import newest_uses
from kiseki.index.answers.search import Hit, search
from kiseki.index.index import Index
from kiseki.index.store.database import Store
from kiseki.index.store.tables import place_of

from .busy import NAME, Busy, busy
from .diamond import Diamond
from .test_money_properties import TOKENS
from .world import ARTIST, DATA, SUITE, World, named

SEEDS = range(4)

ONE_EACH = {
    "terms": "TermsDefined",
    "collections": "CollectionRegistered",
    "collections revoked": "CollectionRevoked",
    "models": "ModelRegistered",
    "batches": "BatchRegistered",
    "statements": "Stated",
    "offers": "Offered",
    "licences": "LicenceBought",
    "deposits": "Deposited",
    "claims": "Claimed",
    "resolutions": "Resolved",
    "redirects": "Redirected",
}
"""What is counted -> the event that states one."""


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_are_those_of_the_events(seed: int) -> None:
    world, index = busy(seed)
    cut = place_of(*world.cut)
    for at in (None, cut):
        seen = [e for e in world.events if at is None or place_of(e.block, e.position) <= at]
        names = Counter(e.name for e in seen)
        counts = counts_of(index._store, at)
        assert {kind: counts[kind] for kind in ONE_EACH} == {
            kind: names[name] for kind, name in ONE_EACH.items()
        }
        items = {
            (e.args[kind], commitment)
            for e in seen
            for kind in ("collection", "batch")
            if e.name in ("CollectionPublished", "BatchPublished") and kind in e.args
            for commitment in e.args["commitments"]
        }
        revoked = {(e.args["provider"], e.args["commitment"]) for e in seen if "Item" in e.name}
        assert (counts["items published"], counts["items revoked"]) == (len(items), len(revoked))
        assert counts["waterfalls"] == counts["schedules"] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_is_found_by_how_its_id_begins(seed: int) -> None:
    world, index = busy(seed)
    store, kinds = index._store, dict.fromkeys(world.providers, "collection")
    kinds |= {e.args["batch"]: "batch" for e in world.events if e.name == "BatchRegistered"}
    kinds |= dict.fromkeys(world.ancestries, "model") | dict.fromkeys(world.terms, "terms")
    kinds |= {e.args["offerId"]: "offer" for e in world.events if e.name == "Offered"}
    for key, kind in kinds.items():
        text = to_hex(key)
        for beginning in (text[:6], text[:7].upper(), text[2:9], text):
            wanted = beginning.lower().removeprefix("0x")
            every = {Hit(k, each) for each, k in kinds.items() if each.hex().startswith(wanted)}
            assert Hit(kind, key) in every
            assert every <= set(search(store, beginning))
    for who in set(world.providers.values()):
        assert Hit("address", ids.wallet(who)) in search(store, who[:8])
        assert search(store, who) == [Hit("address", ids.wallet(who))]
    assert search(store, to_hex(named("nothing"))) == []
    some = next(iter(kinds))
    at = place_of(0)
    assert search(store, to_hex(some), at=at) == [], "nothing was there in the beginning"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_data_id_is_found_by_how_it_begins_and_tells_whose_it_is(seed: int) -> None:
    """Promise 2: of works and of outputs, each once, wherever else its commitment stands."""
    world, index = busy(seed)
    items = {
        ids.item_id(who, each): (each, who)
        for event in world.events
        if (who := _publisher(event))
        for each in event.args["commitments"]
    }
    assert items
    for item, (commitment, who) in items.items():
        text = to_hex(item)
        for beginning in (text[:6], text[2:13], text.upper().replace("0X", "0x")):
            wanted = beginning.lower().removeprefix("0x")
            every = {each for each in items if each.hex().startswith(wanted)}
            hits = {hit.key for hit in search(index._store, beginning) if hit.kind == "item"}
            assert hits == every and item in hits
        assert index.item(item) == Item(item, commitment, who.lower())
        own = [each for each in index.find(commitment) if each.registrant == who.lower()]
        data = [each for each in own if each.kind == "collection"]
        assert index.home(index.item(item)) == (data or own)[0]
        almost = item[:-1] + bytes([item[-1] ^ 1])
        assert Hit("item", almost) not in search(index._store, to_hex(almost))
        with pytest.raises(NotInIndex, match="does not log its items"):
            index.item(almost)


def test_items_of_a_collection_come_in_pages_in_the_order_of_their_ids() -> None:
    """Every item once, however long a page is, and none of another collection."""
    world = World()
    files = [f"{i}" for i in range(23)]
    art = world.collection(ARTIST, Terms.of("train", "0%"), files)
    world.collection(ARTIST, Terms.of("train", "5%"), ["more", *files[:5]])
    index = world.index()
    whole = sorted((ids.item_id(ARTIST, named(each)), named(each)) for each in files)
    for most in (1, 5, 22, 23, 50):
        told: list[Item] = []
        while page := index.items(art, ARTIST, told[-1].commitment if told else None, most):
            assert len(page) <= most
            told += page
        assert told == [Item(*each, ARTIST) for each in whole]
    assert index.items(named("nothing"), ARTIST) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_head_says_what_the_whole_record_says(seed: int) -> None:
    world, index = busy(seed)
    batches = [e.args["batch"] for e in world.events if e.name == "BatchRegistered"]
    assert world.providers and batches
    for heads, records, groups in (
        (index.collection_head, index.collection, list(world.providers)),
        (index.batch_head, index.batch, batches),
    ):
        for each in groups:
            head, record = heads(each), records(each)
            assert head.logged == len(record.published)
            for field in dataclasses.fields(head):
                if field.name != "logged":
                    assert getattr(head, field.name) == getattr(record, field.name), field.name
        with pytest.raises(NotInIndex):
            heads(named("nothing"))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_payee_stands_for_what_its_opening_says(seed: int) -> None:
    world, index = busy(seed)
    payees = [*world.split_of, *world.stands_for, *map(ids.wallet, world.people), named("none")]
    told = index.stands_for(payees)
    assert told
    for each in payees:
        try:
            opening = index.opening(each)
        except NotInIndex:
            assert each not in told
            continue
        if index.knows(each) and {label.kind for label in index.split(each).labels} == {"added"}:
            assert each not in told, "a private list is nobody else's business"
            continue
        contract = f"0x{opening[:20].hex()}" if len(opening) == 52 else ""
        assert (told[each].contract, told[each].id) == (
            contract,
            opening[20:] if contract else each,
        )


def test_what_was_registered_last_comes_first() -> None:
    world = World()
    made = [world.collection(ARTIST, Terms.of("train", "0%"), [f"{i}"]) for i in range(4)]
    index = world.index()
    assert index.latest("DataRegistry", 3) == made[:0:-1]
    assert index.latest("ModelRegistry") == []


def _publisher(event: Event) -> str:
    if event.name not in ("CollectionPublished", "BatchPublished"):
        return ""
    return str(event.args.get("provider") or event.args["creator"])


def test_a_name_that_was_stated_is_found_whole_and_what_else_it_may_be() -> None:
    """Only the hash of a name is on the chain."""
    world = Diamond()
    subject = ids.subject(DATA, world.art)
    for name in (NAME, "beef"):
        said = {"speaker": ARTIST, "subject": subject, "kind": named("identity")}
        world.log("Statements", "Stated", **said, document=named(name))
        world.log("Statements", "Stated", **said, document=named(name))
    store = world.index()._store
    assert search(store, f" {NAME} ") == [Hit("stated", subject)]
    assert search(store, NAME[:2]) == []
    assert Hit("stated", subject) in search(store, "beef")


def test_a_search_for_too_little_is_refused_and_a_page_is_as_long_as_asked() -> None:
    world = World()
    art = world.collection(ARTIST, Terms.of("train", "0%"))
    for i in range(5):
        world.next_block()
        world.offer(art, bytes.fromhex("abcd") + bytes([0, i]) * 15)
        world.log(
            "RevenueSplitter", "Redirected", payee=_near(i), to=ARTIST, token=_near(9), amount=1
        )
    store = world.index()._store
    for text in ("", "  ", "0x12", "0Xabc"):
        with pytest.raises(InvalidInput):
            search(store, text)
    assert search(store, "abc") == [], "that may be a name"
    found = search(store, "0xabcd", most=3)
    offers = [Hit("offer", bytes.fromhex("abcd") + bytes([0, i]) * 15) for i in range(3)]
    assert found == offers + [Hit("address", ids.wallet(_near(i))) for i in range(3)]


def _near(i: int) -> str:
    return f"0xabcd{i:036x}"


ASKS: dict[str, Callable[[Store, Busy], object]] = {
    "impact": lambda store, world: [impact_of(store, each) for each in world.providers],
    "dependents": lambda store, world: [dependents_of(store, each) for each in world.ancestries],
    "newest": lambda store, world: [
        newest_uses(store, each)
        for each in (*world.ancestries, *world.providers, *map(ids.wallet, world.people))
    ],
    "received": lambda store, world: [received_by(store, each, TOKENS) for each in world.payable],
    "received then": lambda store, world: [
        received_by(store, each, TOKENS, place_of(*world.cut)) for each in world.payable
    ],
    "history": lambda store, world: [history_of(store, who) for who in world.people],
    "months": lambda store, world: [earnings_of(store, who, "month") for who in world.people],
    "subjects": lambda store, world: [earnings_of(store, who, "subject") for who in world.people],
    "coverage": lambda store, world: coverage_of(store, world.time + 10**7),
    "counts": lambda store, world: counts_of(store),
    "search": lambda store, world: [search(store, each.hex()[:4]) for each in world.providers],
    "name": lambda store, world: search(store, NAME),
}


def test_postgresql_answers_as_sqlite_does(postgres: str) -> None:
    """It takes a few seconds: a server is started."""
    world, index = busy(3)
    ours = index._store
    theirs = Index(SUITE.items(), postgres)
    theirs.apply(world.events)
    for name, ask in ASKS.items():
        assert ask(theirs._store, world) == ask(ours, world), name
    theirs.close()
