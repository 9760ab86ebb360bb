"""Every question as it stood at a block: what an index answers that never read what came after."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kiseki.core import ids
from kiseki.core.event import Event
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, KisekiError
from kiseki.index import Index
from kiseki.index.answers.withdrawals import Of
from kiseki.index.money import Money

from .busy import NAME, busy
from .diamond import TRAIN, Diamond, owed
from .test_money_properties import TOKENS
from .world import (
    ARTIST,
    BUYER,
    CREATOR,
    DATA,
    DAY,
    ETHER,
    MODELS,
    OUTPUTS,
    STRANGER,
    STUDIO,
    SUITE,
    World,
    named,
)

SEEDS = range(3)
_GROUPS: tuple[Of, ...] = ("model", "collection", "item")
_WALLETS: tuple[Of, ...] = ("developer", "provider")
REGISTRIES = ("DataRegistry", "ModelRegistry", "OutputRegistry")


def told(ask: Any, *args: Any, **more: Any) -> Any:
    """An answer, or the kind of error."""
    try:
        return ask(*args, **more)
    except KisekiError as error:
        return type(error)


def answers(index: Money, world: World) -> Iterator[tuple[str, object, Any]]:
    """Each question asked about everything that the world ever has: name, about what, answer."""
    people = [*getattr(world, "people", [ARTIST, STUDIO, CREATOR]), STRANGER, BUYER]
    groups = [*world.providers, *world.ancestries, *batches(world.events), named("nothing")]
    payees = [*world.split_of, *world.stands_for, *map(ids.wallet, people)]
    now = index.time
    for name in REGISTRIES:
        yield "registered", name, index.registered(name)
        yield "log", name, (index.log(name), index.count(name))
    for group in groups:
        for name in ("collection", "status", "model", "batch", "sources", "ancestry", "lineage",
                     "findings", "uses", "challenges", "manifest_checked_at"):  # fmt: skip
            yield name, group, told(getattr(index, name), group)
        yield "heads", group, (told(index.collection_head, group), told(index.batch_head, group))
        yield "deep uses", group, index.uses(group, deep=True)
        for collection in world.providers:
            yield "source", group, told(index.source, group, collection)
        yield "impact", group, index.overview.impact(group)
        yield "models on", group, index.overview.models_on(group, most=1000)
        yield "declaring", group, index.declaring(group, world.ancestries)
        for of in _GROUPS:
            yield "withdrawals", group, index.overview.withdrawals(of, group, most=1000)
        yield "terms", group, index.overview.terms_of(group)
        yield "newest", group, index.overview.newest_uses(group)
        yield "dependents", group, index.overview.dependents(group, most=1000)
        for name in REGISTRIES:
            yield "statements", group, index.statements(name, group)
            said = [index.said_about(name, group, who, named("audit")) for who in people]
            yield "said about", group, said
        yield "collector", group, index.collector(group)
        offers = index.agreements.offers(ids.subject(DATA, group))
        yield "offers", group, offers
        yield "licences", group, index.agreements.licences(subject=ids.subject(DATA, group))
    for event in world.events:
        if event.name == "CollectionPublished":
            for each in event.args["commitments"]:
                item = ids.item_id(event.args["provider"], each)
                yield "find", each, (index.find(each), index.find(each, kind="batch"))
                yield "item", each, told(index.item, item)
                yield "search", each, index.overview.search(to_hex(item))
    yield "called", None, index.called([*world.providers, *batches(world.events)], people)
    for who in people:
        yield "usage", who, index.usage(who, deep=True)
        for of in _WALLETS:
            yield "withdrawals", who, index.overview.withdrawals(of, who, most=1000)
        yield "collections", who, told(index.collections, who)
        yield "held", who, index.agreements.held(who)
        yield "schedules", who, index.agreements.schedules(party=who)
        yield "standing", who, index.standing(who)
        yield "under", who, [index.under(each.id) for each in index.standing(who)]
        yield "said by", who, index.said_by(who, named("audit"))
        yield "history", who, index.overview.history(who, most=1000)
        for by in ("month", "subject", "token"):
            yield "earnings", who, index.overview.earnings(who, by)
        yield "months", who, index.overview.months(who)
        yield "tokens owed", who, index.tokens_owed(who)
        seen = index.glance(who, 9)  # which was known first, each index says for itself
        yield "glance", who, (sorted(seen.totals, key=lambda each: each.token), seen.more)
        for token in TOKENS:
            rows = index.owed(who, token)
            yield "owed", (who, token), rows
            yield "steps", (who, token), index.steps(rows)
    for payee in payees:
        yield "tokens at", payee, index.tokens_at(payee)
        yield "knows", payee, index.knows(payee)
        yield "split", payee, told(index.split, payee)
        yield "opening", payee, told(index.opening, payee)
        yield "received", payee, index.overview.received(payee, TOKENS)
        for token in TOKENS:
            yield "unclaimed", (payee, token), index.unclaimed(payee, token, most=1000)
    yield "tokens", None, index.tokens()
    for token in TOKENS:
        for settled in (False, True):
            yield "balance", (token, settled), index.balance(token, settled)
    yield "splits", None, index.splits()
    for terms in world.terms:
        yield "under", terms, index.overview.works_under(terms, most=1000)
    yield "providers", None, index.providers()
    yield "waterfalls", None, index.agreements.waterfalls()
    yield "counts", None, index.overview.counts()
    yield "coverage", None, index.overview.coverage(now)
    yield "search", None, index.overview.search(NAME)
    yield "deposits", None, index.deposits([named("an invoice")])


def batches(events: list[Event]) -> list[bytes]:
    return [event.args["batch"] for event in events if event.name == "BatchRegistered"]


def until(world: World, block: int, where: Path | str | None = None, depth: int = 64) -> Index:
    index = Index(SUITE.items(), where, depth=depth)
    index.apply([event for event in world.events if event.block <= block])
    for each in getattr(world, "given", []):
        index.add_split(each)
    return index


def compare(index: Index, world: World, block: int, is_folded: bool) -> None:
    before = until(world, block)
    with index.as_of(block) as then:
        assert (then.is_folded, then.block, then.time) == (is_folded, block, before.time)
        count = 0
        pairs = zip(answers(then, world), answers(before, world), strict=True)
        for (name, about, now), (_, _, known) in pairs:
            assert now == known, (name, about)
            count += 1
        assert count > 100


@pytest.mark.parametrize("depth", [1000, 1])
@pytest.mark.parametrize("seed", SEEDS)
def test_every_question_is_answered_as_it_stood_then(seed: int, depth: int) -> None:
    """Invariant 9: near the head by taking blocks back, and long ago from all facts."""
    world = busy(seed)[0]
    index = until(world, world.block, depth=depth)
    known = sorted({event.block for event in world.events})
    for block in Random(seed).sample(known[:-2], 2):
        compare(index, world, block, is_folded=depth == 1)
    compare(index, world, known[-1], is_folded=False)
    assert index.digest() == busy(seed)[1].digest(), "nothing was changed"


@pytest.mark.parametrize("depth", [1000, 0])
def test_in_a_file_others_go_on_reading_and_writing(tmp_path: Path, depth: int) -> None:
    world = busy(5)[0]
    blocks = sorted({event.block for event in world.events})
    middle, late = blocks[len(blocks) // 2], blocks[-3]
    index = until(world, late, tmp_path / "index.db", depth)
    with index.as_of(middle) as then:
        before = [answer for _, _, answer in answers(then, world)]
        writer = Index(SUITE.items(), tmp_path / "index.db", depth=depth)
        writer.apply(world.events)
        assert [answer for _, _, answer in answers(then, world)] == before
        assert before == [answer for _, _, answer in answers(until(world, middle), world)]
        writer.close()
    index.refresh()
    assert index.digest() == busy(5)[1].digest()
    index.close()


@pytest.mark.parametrize("depth", [1000, 1])
def test_in_postgresql_too(postgres: str, depth: int) -> None:
    world = busy(6)[0]
    index = until(world, world.block, postgres, depth)
    blocks = sorted({event.block for event in world.events})
    for block in (blocks[len(blocks) // 2], blocks[-3]):
        compare(index, world, block, is_folded=depth == 1)
    assert index.digest() == busy(6)[1].digest()
    index.close()


@pytest.mark.parametrize("depth", [1000, 0])
def test_identities_circles_and_late_splits_stand_as_they_stood(depth: int) -> None:
    """Money before its split is known; a binding whose time comes without an event; a circle that
    is made and broken."""
    world, blocks = World(), []

    world.next_block()
    person = named("a person")
    identity = ids.subject(SUITE["Identities"], ids.identity_id(STUDIO, person))
    art = world.collection(ARTIST, TRAIN, ["sun"], payee=identity)
    model = world.model("base", {art: 1}, terms=TRAIN)
    income = world.split_for(MODELS, model)
    world.deposit(income, 10**6)
    blocks.append(world.block)
    binding = {"issuer": STUDIO, "person": person, "wallet": CREATOR}
    world.next_block()
    world.log("Identities", "IdentityBound", **binding, **{"from": world.time + DAY})
    blocks.append(world.block)
    world.next_block(DAY)
    world.log("RevenueSplitter", "Deposited", payee=income, payer=BUYER, token=ETHER, amount=7,
              ref=bytes(32))  # fmt: skip
    world.credit(income, ETHER, 7)
    blocks.append(world.block)
    other = world.collection(STUDIO, TRAIN, ["cut"], payee=income)
    frames = world.batch(["frame"], [model], [other])
    world.deposit(world.split_for(OUTPUTS, frames), 10**9)
    blocks.append(world.block)
    world.set_payee(other, ids.wallet(STRANGER))
    blocks.append(world.block)
    world.claim_everything_of(STRANGER)
    world.next_block()
    world.collection(ARTIST, TRAIN, ["last"])
    index = until(world, world.block, depth=depth)
    for block in blocks:
        compare(index, world, block, is_folded=depth == 0)
    with index.as_of(blocks[1]) as then, index.as_of(blocks[2]) as later:
        assert (owed(then, CREATOR), owed(later, CREATOR)) == (0, 200_001)  # type: ignore[arg-type]


def test_a_time_is_the_last_block_before_it() -> None:
    world = Diamond()
    for _ in range(5):
        world.next_block(1000)
        world.next_block(1000)
        world.deposit(world.income, 7)
    index = world.index()
    times = {event.block: event.timestamp for event in world.events}
    for block, time in times.items():
        assert index.block_at(time) == block
        assert index.block_at(time - 1) < block
    assert index.block_at(world.time - 1500) == world.block - 3
    assert index.block_at(10**12) == world.block
    assert index.block_at(5) == -1
    with index.as_of(-1) as then:
        assert (then.time, then.registered("DataRegistry"), then.tokens()) == (0, [], [])
    with index.as_of(world.block - 2, now=10**12) as then:
        assert then.time == 10**12


def test_what_was_not_read_yet_is_refused() -> None:
    world = Diamond()
    with pytest.raises(InvalidInput, match="goes up to block"):
        world.index().as_of(world.block + 1)


def test_who_only_reads_keeps_an_identity_that_is_bound(tmp_path: Path) -> None:
    """An identity that is added by hand and bound long ago stands for its wallet; it was taken for
    one that nobody bound by every process that had not read the chain itself."""
    world = World()
    world.next_block()
    person = named("a person")
    binding = {"issuer": STUDIO, "person": person, "wallet": ARTIST, "from": world.time}
    world.log("Identities", "IdentityBound", **binding)
    identity = ids.subject(SUITE["Identities"], ids.identity_id(STUDIO, person))
    world.deposit(identity, 5)
    until(world, world.block, tmp_path / "index.db").close()
    index = Index(SUITE.items(), tmp_path / "index.db")
    assert owed(index, ARTIST) == 5
    index.add_identity(STUDIO, person)
    assert owed(index, ARTIST) == 5
    index.close()
