"""Small worlds, event by event: what the index answers of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from kiseki.chain.contract.artifacts import artifact
from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.ids import PART, Collection, External
from kiseki.core.split import Split
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import IndexInconsistent, InvalidInput, NotInIndex
from kiseki.index import (
    MANIFEST,
    ClaimStep,
    Index,
    ResolveStep,
    steps,
)
from kiseki.index.facts import fold

from .world import (
    ARTIST,
    CREATOR,
    DATA,
    DAY,
    DEVELOPER,
    ETHER,
    MODELS,
    OUTPUTS,
    RIGHTS,
    STRANGER,
    STUDIO,
    SUITE,
    World,
    account,
    named,
)

TRAIN = Terms.of(["train", "ai_inference"], royalty="20%")
ASKS = Terms.of("train", royalty="5%")
DOLLAR = account("dollar")


class Diamond(World):
    """A base model, two made from it, and a batch of both; the artist is in base and left."""

    def __init__(self) -> None:
        super().__init__()
        self.art = self.collection(ARTIST, TRAIN, ["sun", "moon"])
        self.film = self.collection(STUDIO, TRAIN, ["cut 1"])
        self.base = self.model("base", {self.art: 3, self.film: 1}, terms=ASKS)
        self.left = self.model("left", {self.art: 1}, [self.base], terms=ASKS)
        self.right = self.model("right", {}, [self.base], terms=ASKS, developer=STUDIO)
        self.frames = self.batch(["frame 1", "frame 2"], [self.left, self.right])

    @property
    def income(self) -> bytes:
        return self.split_for(OUTPUTS, self.frames)


def owed(index: Index, wallet: str, token: str = ETHER) -> int:
    return sum(each.amount for each in index.owed(wallet) if each.token == token)


def test_everybody_is_owed_what_the_terms_say() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    index = world.index()
    # base: 20% data + 5%; left: 20% + 5%; right: 5%.
    assert owed(index, ARTIST) == 150_000 + 200_000
    assert owed(index, STUDIO) == 50_000 + 50_000
    assert owed(index, DEVELOPER) == 100_000
    assert owed(index, CREATOR) == 1_000_000 - 550_000
    assert index.owed(STRANGER) == []
    settled = index.balance(ETHER, settled=True)
    assert settled.exact and settled.held == settled.remainder == 0
    assert index.balance(ETHER).held == 1_000_000


def test_steps_bring_exactly_what_is_owed() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_003)
    world.deposit(world.income, 77, DOLLAR)
    before = world.index()
    for wallet in (ARTIST, STUDIO, DEVELOPER, CREATOR):
        world.claim_everything_of(wallet)
        for token in (ETHER, DOLLAR):
            assert world.paid[wallet, token] == owed(before, wallet, token)
    after = world.index()
    for wallet in (ARTIST, STUDIO, DEVELOPER, CREATOR):
        assert after.owed(wallet) == []
    assert after.balance(ETHER).exact
    assert after.balance(ETHER).held == after.balance(ETHER).remainder


def test_a_subject_paid_by_several_claims_in_a_row_is_resolved_once() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    found = world.index().owed(ARTIST)
    assert [each.amount for each in found if each.now] == []
    planned = steps(found)
    assert len(set(planned)) == len(planned)
    claims = [step for step in planned if isinstance(step, ClaimStep)]
    last = [step for step in claims if step.payee == ids.subject(DATA, world.art)]
    assert [bool(step.opening) for step in last] == [False, True]
    world.play(planned)
    assert world.paid[ARTIST, ETHER] == 350_000


def test_what_one_claim_brings_now_is_told_apart() -> None:
    world = Diamond()
    world.deposit(world.split_for(MODELS, world.base), 1000)
    data = next(each for each in world.index().owed(ARTIST))
    assert (data.amount, data.now) == (150, 0)
    assert {label.kind for label in data.labels} == {"data"}
    (rest,) = world.index().owed(DEVELOPER)
    assert (rest.amount, rest.now, len(rest.steps)) == (800, 800, 1)


def test_money_that_a_subject_holds_is_owed() -> None:
    world = Diamond()
    world.deposit(ids.subject(DATA, world.art), 50)
    (only,) = world.index().owed(ARTIST)
    assert (only.amount, only.now, only.split, only.leaf) == (50, 50, ZERO32, -1)
    assert only.subject == ids.subject(DATA, world.art)
    (step,) = only.steps
    assert isinstance(step, ResolveStep)
    assert (step.account, step.id) == (DATA, world.art)
    world.claim_everything_of(ARTIST)
    assert world.paid[ARTIST, ETHER] == 50


def test_payees_that_change_are_paid_as_of_now() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    world.set_payee(world.art, ids.wallet(STRANGER))
    assert owed(world.index(), ARTIST) == 0
    assert owed(world.index(), STRANGER) == 350_000


def test_rights_tokens_pay_their_holder_or_before_minting_the_registrant() -> None:
    world = Diamond()
    number, subject = world.token(DATA, world.art)
    world.set_payee(world.art, subject)
    world.deposit(world.income, 1_000_000)
    # Nobody told the token its opening: owed all the same, and said that it waits for that.
    (waits, *_) = world.index().owed(ARTIST)
    assert (owed(world.index(), ARTIST), waits.unknown) == (350_000, (DATA, world.art))
    world.reveal(DATA, world.art, ARTIST)
    assert owed(world.index(), ARTIST) == 350_000
    assert {each.unknown for each in world.index().owed(ARTIST)} == {None}
    world.transfer(DATA, world.art, STRANGER)
    assert owed(world.index(), ARTIST) == 0
    (first, *_) = world.index().owed(STRANGER)
    last = first.steps[-1]
    assert isinstance(last, ResolveStep)
    assert (last.account, last.id) == (RIGHTS, number.to_bytes(32, "big"))
    world.claim_everything_of(STRANGER)
    assert world.paid[STRANGER, ETHER] == 350_000


def test_lists_added_by_hand_are_checked_and_told_apart() -> None:
    world = Diamond()
    team = Split([(ids.wallet(ARTIST), 2), (ids.wallet(STRANGER), 1)])
    world.set_payee(world.art, team.key)
    world.deposit(world.income, 1_000_000)
    index = world.index()
    assert owed(index, STRANGER) == 0
    assert index.balance(ETHER, settled=True).held == 350_000
    with pytest.raises(NotInIndex):
        index.split(team.key)
    with pytest.raises(InvalidInput):
        index.add_list(team.to_json(), key=ZERO32)
    assert index.add_list(team.to_json(), key=team.key) == team.key
    assert owed(index, STRANGER) == 350_000 // 3
    assert [label.kind for label in index.split(team.key).labels] == ["added"]
    world.log(
        "RevenueSplitter",
        "SplitPublished",
        split=team.key,
        opening=team.opening,
        payees=[payee for payee, _ in team.leaves],
        shares=[shares for _, shares in team.leaves],
    )
    index.apply(world.events)
    assert [label.kind for label in index.split(team.key).labels] == ["added", "published"]


def test_a_published_split_with_a_payee_of_zero_is_passed_over() -> None:
    world = Diamond()
    world.log(
        "RevenueSplitter",
        "SplitPublished",
        split=named("any"),
        opening=bytes(76),
        payees=[ZERO32],
        shares=[1],
    )
    assert all(known.key != named("any") for known in world.index().splits())


def test_a_circle_of_payees_is_followed_and_said_to_be_incomplete() -> None:
    world = Diamond()
    world.set_payee(world.film, world.income)
    world.deposit(world.income, 10**18)
    index = world.index()
    found = index.owed(ARTIST)
    # The studio's 5% of each round come back: 0.35 + 0.35 * 0.05 + ...
    assert abs(sum(each.amount for each in found) - 35 * 10**18 // 95) < 10
    world.play(steps(found))
    assert index.balance(ETHER, settled=True).exact
    alone = Split([(ids.subject(DATA, world.film), 1)])
    world.know(alone)
    world.set_payee(world.film, alone.key)
    world.deposit(world.income, 10**18)
    index = world.index()
    index.add_split(alone)
    assert index.balance(ETHER, settled=True).exact  # it ends, though the money never does
    assert all(each.complete for each in index.owed(CREATOR))


def test_below_a_circle_without_end_amounts_are_lower_bounds() -> None:
    world = Diamond()
    circle = Split([(ids.subject(DATA, world.film), 999_999), (ids.wallet(STRANGER), 1)])
    world.set_payee(world.film, circle.key)
    world.deposit(circle.key, 10**18)
    index = world.index()
    index.add_split(circle)
    (only,) = index.owed(STRANGER)
    assert not only.complete
    world.play(only.steps)
    assert world.paid[STRANGER, ETHER] == only.amount


def test_a_full_account_of_a_hostile_token_harms_only_those_paid_in_it() -> None:
    world = Diamond()
    _, subject = world.token(DATA, world.art)
    world.set_payee(world.art, subject)
    world.reveal(DATA, world.art, ARTIST)
    world.deposit(world.income, 1_000_000)
    world.deposit(subject, 2**128 - 2, DOLLAR)
    world.deposit(world.income, 1_000_000, DOLLAR)
    index = world.index()
    assert owed(index, ARTIST) == 350_000
    assert owed(index, ARTIST, DOLLAR) == 2**128 - 2
    assert owed(index, CREATOR, DOLLAR) == 450_000
    assert index.balance(DOLLAR, settled=True).exact


def test_money_held_and_money_coming_are_paid_out_once() -> None:
    world = Diamond()
    world.deposit(world.income, 1_000_000)
    world.deposit(ids.subject(DATA, world.art), 50)
    planned = steps(world.index().owed(ARTIST))
    paying = [step for step in planned if isinstance(step, ClaimStep) and step.opening]
    assert paying == [] and isinstance(planned[-1], ResolveStep)
    world.play(planned)
    assert world.paid[ARTIST, ETHER] == 350_050
    assert [each.name for each in world.events].count("Resolved") == 1


# Rebuilding


def test_a_split_that_is_not_what_was_logged_stops_the_index() -> None:
    world = Diamond()
    *before, last = (each for each in world.events if each.name != "BatchPublished")
    changed = replace(last, args={**last.args, "split": named("another")})
    index = Index(SUITE.items())
    with pytest.raises(IndexInconsistent, match="disagree"):
        index.apply([*before, changed])
    assert index.block is None
    index.apply(world.events)
    assert index.batch(world.frames).split == world.income


def test_missing_events_are_said_to_be_missing() -> None:
    world = Diamond()
    index = Index(SUITE.items())
    kept = [each for each in world.events if each.name != "ModelSource"]
    index.apply(kept)
    with pytest.raises(IndexInconsistent, match="missing"):
        index.owed(ARTIST)
    index.apply(world.events)
    assert index.owed(ARTIST) == []


def test_another_transaction_in_the_same_place_is_a_reorganisation() -> None:
    world = Diamond()
    index = world.index()
    with pytest.raises(IndexInconsistent, match="reorganised"):
        index.apply([replace(world.events[3], transaction=named("other"))])


def test_events_of_other_contracts_are_passed_over() -> None:
    world = Diamond()
    world.deposit(world.income, 1)
    foreign = replace(world.events[-1], address=STRANGER, block=9999)
    index = world.index()
    index.apply([foreign])
    assert index.balance(ETHER).deposited == 1
    assert index.block == world.block


def test_drafts_of_strangers_and_abandoned_ones_do_not_disturb() -> None:
    world = Diamond()
    weights = {world.art: 7, world.film: 2}
    model = world.model_id("fought over", weights)
    fake = world.sources({world.film: 1})
    world.log_sources(model, fake, STRANGER, world.time)
    world.log_sources(model, fake, DEVELOPER, world.time)
    world.next_block(2 * DAY)
    world.log_sources(model, fake, STRANGER, world.time)
    assert world.model("fought over", weights, same_block=True) == model
    world.log_sources(model, fake, DEVELOPER, world.time)  # a draft begun afterwards
    collections = world.index().sources(model).collections
    assert [(each.id, each.weight) for each in collections] == sorted(weights.items())


@pytest.fixture(scope="module")
def crowd() -> tuple[World, list[bytes]]:
    world = World()
    terms = Terms.of("train", royalty="10%", floor="0.01%")
    free = Terms.of("train")
    made = [
        world.collection(account(f"artist {i}"), free if i % 5 == 0 else terms)
        for i in range(2 * PART + 50)
    ]
    return world, sorted(made)


@pytest.mark.parametrize("count", [PART, PART + 1, 2 * PART, 2 * PART + 50])
def test_models_of_many_parts_are_rebuilt(crowd: tuple[World, list[bytes]], count: int) -> None:
    made, collections = crowd
    world = World()
    world.__dict__.update({k: v.copy() if hasattr(v, "copy") else v for k, v in vars(made).items()})
    weights = {each: i + 1 for i, each in enumerate(collections[:count])}
    name = f"of {count}"
    model = world.model_id(name, weights)
    listed = world.sources(weights)
    drafted = (count - 1) // PART * PART
    world.next_block()
    begun = world.time
    for start in range(0, drafted, PART):
        world.log_sources(model, listed[start : start + PART], DEVELOPER, begun)
        world.next_block(60)
    world.model(name, weights, drafted=(drafted, begun))
    sources = world.index().sources(model)
    assert list(sources.collections) == listed
    assert len(sources.parts) == -(-count // PART)


@pytest.mark.parametrize("count", [0, 3, PART])
def test_a_draft_of_the_same_second_beside_a_registration_without_one(
    crowd: tuple[World, list[bytes]], count: int
) -> None:
    made, collections = crowd
    world = World()
    world.__dict__.update({k: v.copy() if hasattr(v, "copy") else v for k, v in vars(made).items()})
    base = world.model("base", {collections[0]: 1})
    weights = dict.fromkeys(collections[-count:], 5) if count else {}
    model = world.model_id("x", weights, [base])
    world.next_block()
    world.log_sources(
        model,
        [Collection(each, named("i"), 1) for each in collections[:PART]],
        DEVELOPER,
        world.time,
    )
    world.model("x", weights, [base], same_block=True)
    assert [each.id for each in world.index().sources(model).collections] == sorted(weights)


# Trace


def test_usage_is_told_with_its_exact_share() -> None:
    world = Diamond()
    index = world.index()
    uses = index.usage(ARTIST)
    assert [(each.kind, each.group) for each in uses] == [
        ("model", world.base),
        ("model", world.left),
    ]
    assert (uses[0].weight, uses[0].whole) == (3, 4)
    assert uses[0].ppm == 150_000
    assert uses[1].share == Fraction(1, 5)
    deep = index.usage(ARTIST, deep=True)
    in_batch = [each for each in deep if each.group == world.frames]
    assert {each.through for each in in_batch} == {world.base, world.left}
    assert sum(each.share for each in in_batch) == Fraction(35, 100)
    assert index.usage(STRANGER) == []


def test_lineage_goes_down_to_the_data() -> None:
    world = Diamond()
    world.revoke(world.art)
    revoked_at = world.time
    index = world.index()
    assert not any(node.lapsed for node in index.lineage(world.frames).nodes), "its notice runs"
    lineage = index.lineage(world.frames, now=revoked_at + 30 * DAY)
    assert lineage.nodes[0].id == world.frames
    assert {node.id for node in lineage.nodes} == {
        world.frames, world.left, world.right, world.base, world.art, world.film,
    }  # fmt: skip
    edges = {(edge.user, edge.source): edge.ppm for edge in lineage.edges}
    assert edges == {
        (world.frames, world.left): 250_000,
        (world.frames, world.right): 50_000,
        (world.left, world.base): 250_000,
        (world.right, world.base): 250_000,
        (world.left, world.art): 200_000,
        (world.base, world.art): 150_000,
        (world.base, world.film): 50_000,
    }
    art = next(node for node in lineage.nodes if node.id == world.art)
    assert art.lapsed and art.revoked_at == revoked_at
    earlier = world.index().lineage(world.frames, now=world.time - 1)
    assert not any(node.lapsed for node in earlier.nodes)


def test_nothing_is_found_where_all_is_well() -> None:
    world = Diamond()
    assert world.index().findings(world.frames) == []


def test_an_unpublished_manifest_is_found_whoever_else_states_one() -> None:
    world = World()
    art = world.collection(ARTIST, TRAIN, ["sun"])
    model = world.model("silent", {art: 1}, published=False)
    frames = world.batch(["1"], [model])
    subject = ids.subject(MODELS, model)
    said = {"subject": subject, "kind": MANIFEST, "document": bytes(32)}
    world.log("Statements", "Stated", speaker=STRANGER, **said)
    (found,) = world.index().findings(frames)
    assert (found.code, found.severity, found.subject) == ("manifest_unpublished", "problem", model)
    world.log("Statements", "Stated", speaker=DEVELOPER, **said)
    assert world.index().findings(frames) == []
    assert [each.speaker for each in world.index().statements("ModelRegistry", model)] == [
        STRANGER,
        DEVELOPER,
    ]


def test_what_was_shown_of_a_manifest_is_found_also_under_ancestors() -> None:
    """Promise 3: a false manifest stays a problem of all that rests on it, a checked one a fact."""
    world = World()
    art = world.collection(ARTIST, TRAIN, ["sun"])
    padded = world.model("padded", {art: 1})
    honest = world.model("honest", {art: 2}, [padded])
    frames = world.batch(["1"], [honest])
    assert world.index().findings(frames) == []
    about = {"model": padded, "collection": art, "challenger": STRANGER}
    world.log("Challenges", "OutOfOrder", **about, first=bytes(32), second=bytes(32))
    world.next_block()
    world.log("Challenges", "RevokedItem", **about, id=bytes(32), revokedAt=5)
    world.log("Challenges", "ManifestChecked", model=honest, walker=STUDIO)
    index = world.index()
    order, revoked, checked = index.findings(frames)
    assert {(each.code, each.subject, each.severity) for each in (order, revoked)} == {
        ("manifest_false", padded, "problem")
    }
    assert "stand in it twice or out of order" in order.sentence
    assert "revocation had taken effect" in revoked.sentence
    assert all(f"{STRANGER} showed it" in each.sentence for each in (order, revoked))
    assert (checked.code, checked.subject, checked.severity) == ("manifest_checked", honest, "fact")
    assert [each.kind for each in index.challenges(padded)] == ["out_of_order", "revoked_item"]
    assert index.challenges(padded)[0].transaction == named(
        f"transaction of block {world.block - 1}"
    )
    assert (index.challenges(honest), index.manifest_checked_at(padded)) == ([], None)
    assert index.manifest_checked_at(honest) == world.time


def test_every_revoked_item_is_known_logged_or_not() -> None:
    world = World()
    world.collection(ARTIST, TRAIN, ["sun"])
    for name in ("sun", "never logged"):
        world.next_block()
        world.log("DataRegistry", "ItemRevoked", provider=ARTIST, commitment=named(name))
    assert world.index().items_revoked() == {
        ids.item_id(ARTIST, named("sun")): world.time - 12,
        ids.item_id(ARTIST, named("never logged")): world.time,
    }


def test_sources_that_ended_under_ancestors_are_found() -> None:
    world = World()
    ends = datetime.fromtimestamp(world.time + DAY, UTC)
    short = world.collection(ARTIST, Terms.of("train", valid_until=ends))
    long = world.collection(STUDIO, TRAIN, ["kept", "withdrawn"])
    base = world.model("base", {short: 1, long: 1}, terms=Terms.of("train", valid_until=ends))
    frames = world.batch(["frame"], [world.model("child", {}, [base])])
    assert world.index().findings(frames) == []
    world.revoke(long, 3 * DAY)
    world.log("DataRegistry", "ItemRevoked", provider=STUDIO, commitment=named("withdrawn"))
    found = world.index().findings(frames)
    assert {(each.code, each.subject) for each in found} == {
        ("source_revoked", long),
        ("source_expired", short),
        ("model_expired", base),
        ("item_revoked", long),
    }
    assert {each.severity for each in found} == {"fact"}


def test_an_external_cannot_hide_behind_another_id() -> None:
    world = World()
    art = world.collection(ARTIST, TRAIN)
    base = world.model("base", {art: 1})
    frames = world.batch(["x"], [base], externals=[External(base, named("a page"))])
    index = world.index()
    assert [each.code for each in index.findings(frames)] == ["stated_base"]
    kinds = [node.kind for node in index.lineage(frames).nodes]
    assert kinds == ["batch", "model", "external", "collection"]


def test_a_base_that_is_not_registered_is_a_fact_where_it_is_stated_and_else_a_problem() -> None:
    """Promise 3: the usual LoRA can be clean, and who did not say what it rests on is named."""
    world = World()
    page, nobodys = named("a page"), bytes(32)
    stated = world.model("lora", {}, externals=[External(named("base"), page)])
    silent = world.model("silent", {}, externals=[External(named("base"), bytes(32))])
    lost = world.model("lost", {}, externals=[External(nobodys, page)])
    on_stated = world.batch(["1"], [stated])
    on_all = world.batch(["2"], [stated, silent, lost], externals=[External(nobodys, nobodys)])
    index = world.index()
    (fact,) = index.findings(on_stated)
    assert (fact.code, fact.severity, fact.subject) == ("stated_base", "fact", stated)
    assert f"the hash {to_hex(page)}, and nobody has checked what that says" in fact.sentence
    found = index.findings(on_all)
    assert {(each.code, each.severity, each.subject) for each in found} == {
        ("undisclosed_base", "problem", silent),
        ("undisclosed_base", "problem", lost),
        ("undisclosed_base", "problem", on_all),
        ("stated_base", "fact", stated),
    }
    for each in found:
        kind = "batch" if each.subject == on_all else "model"
        assert each.sentence.startswith(f"The {kind} {to_hex(each.subject)[:10]}…")
    lineage = index.lineage(on_all)
    externals = {(each.id, each.document) for each in lineage.nodes if each.kind == "external"}
    assert externals == {
        (named("base"), page), (named("base"), nobodys), (nobodys, page), (nobodys, nobodys),
    }  # fmt: skip
    edges = {(e.user, e.source, e.document) for e in lineage.edges if e.kind == "external"}
    assert (silent, named("base"), nobodys) in edges and (stated, named("base"), page) in edges


def test_the_level_is_the_worst_of_itself_and_every_ancestor() -> None:
    world = World()
    art = world.collection(ARTIST, TRAIN)
    page = External(named("base"), named("a page"))
    blank = External(named("other"), bytes(32))
    traced = world.model("traced", {art: 1})
    stated = world.model("stated", {}, [traced], externals=[page])
    above = world.model("above", {}, [stated])
    hidden = world.model("hidden", {}, [above], externals=[blank])
    index_of = {
        world.batch(["1"], [traced]): Base.TRACED,
        world.batch(["2"], [above, traced]): Base.STATED,
        world.batch(["3"], [above, hidden]): Base.UNDISCLOSED,
        world.batch(["4"], [traced], externals=[blank]): Base.UNDISCLOSED,
    }
    index = world.index()
    models = [index.model(each).base for each in (traced, stated, above, hidden)]
    assert models == [Base.TRACED, Base.STATED, Base.STATED, Base.UNDISCLOSED]
    assert {each: index.batch(each).base for each in index_of} == index_of


def test_what_only_the_index_sees_is_found() -> None:
    world = World()
    art = world.collection(ARTIST, TRAIN)
    base = world.model("weights", {art: 1})
    world.next_block(DAY)
    hidden = External(named("weights"), named("a page"))
    child = world.model("child", {}, externals=[hidden], developer=STUDIO)
    copy = world.model("weights", {art: 9}, developer=STRANGER, terms=ASKS)
    first = world.batch(["frame", "other"], [child])
    world.next_block(DAY)
    second = world.batch(["frame"], [copy], creator=STRANGER)
    world.batch(["frame", "third"], [copy], creator=STRANGER, publish=False)
    index = world.index()
    assert {(each.code, each.subject, each.severity) for each in index.findings(first)} == {
        ("stated_base", child, "fact"),
        ("external_registered", base, "problem"),
        ("external_registered", copy, "fact"),
        ("outputs_twice", second, "fact"),
    }
    assert {(each.code, each.subject, each.severity) for each in index.findings(second)} == {
        ("weights_twice", base, "problem"),
        ("outputs_twice", first, "problem"),
    }
    assert [each.id for each in index.find(named("frame"))] == [first, second]
    twice = index.findings(second)[1].sentence
    assert "1 of its outputs was registered before" in twice
    assert "who was first need not have made them" in twice


def test_a_stranger_who_sees_a_registration_coming_cannot_stain_it() -> None:
    """Who looked the day before and found nothing has no problem, whoever was quicker by then."""
    world = World()
    art = world.collection(ARTIST, TRAIN)
    world.model("weights", {art: 9}, developer=STRANGER, terms=ASKS)
    thief = world.model("base", {art: 9}, developer=STRANGER, terms=ASKS)
    world.batch(["frame"], [thief], creator=STRANGER)
    world.next_block(DAY - 100)
    honest = world.model("weights", {}, externals=[External(named("base"), named("a page"))])
    frames = world.batch(["frame"], [honest])
    found = world.index().findings(frames)
    assert {(each.code, each.severity) for each in found} == {
        ("stated_base", "fact"),
        ("external_registered", "fact"),
        ("weights_twice", "fact"),
        ("outputs_twice", "fact"),
    }


# Records


def test_records_say_what_the_events_said() -> None:
    world = Diamond()
    index = world.index()
    art = index.collection(world.art)
    assert (art.provider, art.count, art.complete, art.revoked_at) == (ARTIST, 2, True, None)
    assert index.terms(art.terms_id) == TRAIN
    assert ids.collection_id(art.provider, art.root, art.terms_id) == world.art
    left = index.model(world.left)
    assert (left.developer, left.own_ppm, left.data_ppm) == (DEVELOPER, 250_000, 200_000)
    frames = index.batch(world.frames)
    assert frames.complete and frames.endorsed and frames.count == 2
    assert index.ancestry(world.left) == list(world.ancestries[world.left])
    assert [each.kind for each in index.find(named("sun"))] == ["collection"]
    shown = index.sources(world.left)
    assert ids.sources_hash(shown.parts, shown.models, shown.externals) == left.sources_hash
    assert shown.part(0) == shown.collections
    for ask in (index.collection, index.model, index.batch, index.terms, index.lineage):
        with pytest.raises(NotInIndex):
            ask(named("nothing"))


def test_a_list_is_complete_when_it_rebuilds_the_root() -> None:
    world = World()
    files = [f"file {i}" for i in range(9)]
    art = world.collection(ARTIST, TRAIN, files, publish=False)
    commitments = [named(each) for each in files]
    assert not world.index().collection(art).complete
    world.publish(art, ARTIST, commitments[5:])
    assert not world.index().collection(art).complete
    world.publish(art, ARTIST, commitments[:7])
    assert world.index().collection(art).complete


def test_consent_ends_with_the_notice_or_the_terms_whichever_is_first() -> None:
    world = World()
    until = datetime.fromtimestamp(world.time + 10 * DAY, UTC)
    terms = Terms.of("train", valid_until=until, notice=timedelta(days=3))
    art = world.collection(ARTIST, terms)
    assert world.index().collection(art).ends_at == int(until.timestamp()) + 1
    world.revoke(art, DAY)
    index = world.index()
    assert index.collection(art).revoked_at == world.time
    assert index.collection(art).ends_at == world.time + 3 * DAY
    late = world.collection(STUDIO, terms)
    world.revoke(late, 8 * DAY)
    assert world.index().collection(late).ends_at == int(until.timestamp()) + 1


def test_the_hand_made_logs_are_shaped_as_the_contracts_log() -> None:
    world = Diamond()
    world.reveal(DATA, world.art, ARTIST)
    world.transfer(DATA, world.art, STRANGER)
    world.set_payee(world.art, ids.subject(RIGHTS, ids.subject(DATA, world.art)))
    world.revoke(world.film)
    world.deposit(world.income, 1_000_000)
    world.claim_everything_of(STRANGER)
    seen = set()
    for event in world.events:
        abi = artifact(event.contract).abi
        (entry,) = [e for e in abi if e["type"] == "event" and e["name"] == event.name]
        assert [member["name"] for member in entry["inputs"]] == list(event.args)
        seen.add(event.name)
    assert len(seen) >= 15
    for contract, name in fold.READ:
        assert any(e.get("name") == name for e in artifact(contract).abi if e["type"] == "event")


def test_the_index_needs_every_address() -> None:
    with pytest.raises(InvalidInput, match="RightsToken"):
        Index((name, at) for name, at in SUITE.items() if name != "RightsToken")
