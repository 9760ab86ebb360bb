"""Small worlds, event by event: usage, lineage, and the problems that the index finds."""

from datetime import UTC, datetime
from fractions import Fraction

from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.ids import External
from kiseki.core.terms import Terms
from kiseki.core.values import to_hex
from kiseki.index import (
    MANIFEST,
)

from .diamond import ASKS, TRAIN, Diamond
from .world import (
    ARTIST,
    DATA,
    DAY,
    DEVELOPER,
    MODELS,
    OUTPUTS,
    STRANGER,
    STUDIO,
    World,
    named,
)


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


def test_whoever_a_list_ever_named_is_known_once() -> None:
    """Promise 2: of each collection apart; the list itself says what they may do now."""
    world = World()
    art, film = (world.collection(ARTIST, TRAIN, [name]) for name in ("sun", "film"))
    for group, user, uses in ((art, DEVELOPER, 8), (art, STUDIO, 8), (art, DEVELOPER, 0)):
        world.log("AllowList", "Allowed", registry=DATA, id=group, user=user, uses=uses)
    index = world.index()
    assert index.named_in_list("DataRegistry", art) == [DEVELOPER, STUDIO]
    assert index.named_in_list("DataRegistry", film) == []
    assert index.named_in_list("ModelRegistry", art) == []


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
    sun, never = (ids.item_id(ARTIST, named(name)) for name in ("sun", "never logged"))
    others = ids.item_id(STUDIO, named("sun"))
    revoked = world.index().items_revoked([sun, never, others])
    assert revoked == {sun: world.time - 12, never: world.time}


def test_sources_that_ended_under_ancestors_are_found() -> None:
    world = World()
    ends = datetime.fromtimestamp(world.time + DAY, UTC)
    short = world.collection(ARTIST, Terms.of("train", "0%", valid_until=ends))
    long = world.collection(STUDIO, TRAIN, ["kept", "withdrawn"])
    base = world.model("base", {short: 1, long: 1}, terms=Terms.of("train", "0%", valid_until=ends))
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
    assert [each.id for each in index.find(named("frame"), most=1, kind="batch")] == [first]
    assert index.find(named("frame"), kind="collection") == []
    twice = index.findings(second)[1].sentence
    assert "has 1 output of this batch too, and was registered before" in twice
    assert "whoever was first need not have made them" in twice


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


def test_what_a_wallet_registered_and_holds_is_listed_and_nobody_elses() -> None:
    """Invariant 10: each is asked by the wallet, and a stranger's answer is empty."""
    world = Diamond()
    for group, registry in ((world.frames, OUTPUTS), (world.left, MODELS)):
        world.reveal(registry, group, STUDIO)
        world.transfer(registry, group, STUDIO)
    world.transfer(MODELS, world.left, ARTIST)
    world.transfer(OUTPUTS, world.frames, ARTIST)
    world.transfer(OUTPUTS, world.frames, STUDIO)
    index = world.index()
    assert index.registered("ModelRegistry", DEVELOPER) == [world.base, world.left]
    assert index.registered("ModelRegistry", STUDIO) == [world.right]
    assert index.registered("DataRegistry", STUDIO) == [world.film]
    assert world.frames in index.registered("OutputRegistry")

    def held(who: str) -> list[tuple[str, bytes]]:
        return [(each.registry, each.id) for each in index.agreements.held(who)]

    assert held(STUDIO) == [(OUTPUTS.lower(), world.frames)]
    assert held(ARTIST) == [(MODELS.lower(), world.left)], "what went on is held no more"
    for name in ("DataRegistry", "ModelRegistry", "OutputRegistry"):
        assert index.registered(name, STRANGER) == []
    assert held(STRANGER) == []
