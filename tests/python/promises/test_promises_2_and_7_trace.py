"""Promise 2: anyone sees origin, terms, use and revocation. Promise 7: lineage and usage.

Also invariant 4 (nothing registered changes) and 5 (nothing is registered on what is not allowed).
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiseki import ContractReverted, External, Terms, Use
from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotInIndex

from .scene import Scene


def test_anyone_sees_where_data_came_from_and_under_which_terms(
    scene: Scene, tmp_path: Path
) -> None:
    origin = tmp_path / "origin.txt"
    origin.write_text("drawn by hand in 2025")
    licence = tmp_path / "licence.txt"
    licence.write_text("the licence")
    terms = scene.alice.data.define_terms(
        ["ai_training", "ai_generative_training"], royalty="12.5%", floor="0.5%",
        valid_until=datetime(2030, 1, 1, tzinfo=UTC), notice=timedelta(days=30), document=licence,
    )  # fmt: skip
    done = scene.alice.data.register(scene.folder / "alice", terms, origin=origin)
    record = scene.stranger.index.collection(done.id)
    assert record.provider == scene.alice.address.lower()
    assert record.origin == keccak256(origin.read_bytes())
    assert record.registered_at == scene.k.session.now()
    found = scene.stranger.index.terms(record.terms_id)
    assert found == terms
    assert "12.5% of gross" in found.words()
    assert to_hex(keccak256(licence.read_bytes())) in found.words()


def test_anyone_sees_which_models_and_batches_used_a_collection(scene: Scene) -> None:
    alice = scene.stranger.index.usage(scene.alice.address)
    assert [use.group for use in alice] == [scene.model_1, scene.model_2]
    bob = scene.stranger.index.usage(scene.bob.address, deep=True)
    assert {use.group for use in bob} == {scene.model_1, scene.model_2, scene.batch.id}
    assert scene.stranger.index.usage(scene.buyer.address) == []


def test_the_lineage_of_an_output_reaches_all_of_the_data(scene: Scene) -> None:
    lineage = scene.stranger.index.lineage(scene.batch.id)
    found = {node.id for node in lineage.nodes}
    data = {prepared.id for prepared in scene.collections.values()}
    assert found == {scene.batch.id, scene.model_1, scene.model_2, *data}


def test_a_revocation_is_seen_by_everybody_and_rewrites_nothing(scene: Scene) -> None:
    """Invariant 4."""
    scene.k.wait(10)
    before = scene.k.index.collection(scene.collections["bob"].id)
    model = scene.k.index.model(scene.model_1)
    scene.bob.data.revoke(before.id)
    after = scene.stranger.index.collection(before.id)
    assert after.revoked_at == scene.k.session.now()
    same = ("provider", "root", "count", "terms_id", "origin", "registered_at", "published")
    assert all(getattr(before, name) == getattr(after, name) for name in same)
    assert scene.k.index.model(scene.model_1) == model
    data = scene.k.session["DataRegistry"]
    assert data.read("wasUsable", before.id, after.revoked_at - 1)
    assert not data.read("wasUsable", before.id, after.revoked_at)
    # Invariant 5: no new use.
    with pytest.raises(ContractReverted, match="ended consent") as refused:
        scene.model(scene.developer_2, "late", {"bob": 1})
    assert refused.value.name == "DataRegistry_ConsentRevoked"


def test_what_is_revoked_twice_stays_revoked_since_the_first_time(scene: Scene) -> None:
    collection = scene.collections["bob"].id
    scene.bob.data.revoke(collection)
    first = scene.k.index.collection(collection).revoked_at
    scene.k.wait(1000)
    scene.bob.data.revoke(collection)
    assert scene.k.index.collection(collection).revoked_at == first


def test_consent_lasts_as_long_as_the_notice(scene: Scene) -> None:
    terms = scene.k.data.define_terms("train", "0%", notice=timedelta(days=7))
    prepared = scene.bob.data.prepare(scene.folder / "bob", terms)
    scene.bob.data.register(prepared)
    scene.bob.data.revoke(prepared.id)
    manifest = Manifest({prepared.id: [(item.id, 1) for item in prepared.items]})
    scene.developer_1.models.register(b"a" * 32, terms, manifest=manifest)
    scene.k.wait(7 * 24 * 3600)
    with pytest.raises(ContractReverted) as refused:
        scene.developer_1.models.register(b"b" * 32, terms, manifest=manifest)
    assert refused.value.name == "DataRegistry_ConsentRevoked"


def test_a_source_revoked_between_check_and_registration_is_refused(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 5: the contract judges at registration, whatever was found out before."""
    terms, bobs = scene.k.data.put_terms, scene.collections["bob"].id
    sent = []

    def revoke_in_between(self: object, given: Terms) -> tuple[object, ...]:
        sent.append(scene.bob.data.revoke(bobs))
        return terms(given)

    monkeypatch.setattr("kiseki.client.data.data.Data.put_terms", revoke_in_between)
    with pytest.raises(ContractReverted, match="leave it out and train again") as refused:
        scene.model(scene.developer_2, "late", {"alice": 1, "bob": 1})
    assert sent
    assert refused.value.values["collection"] == bobs
    assert [use.group for use in scene.k.index.usage(scene.bob.address)] == [scene.model_1]


def test_a_revoked_item_makes_a_manifest_false_and_is_refused_here(scene: Scene) -> None:
    item = scene.collections["alice"].items[0]
    signed = scene.alice.data.item_revocation(item.commitment)
    scene.k.data.revoke_item(item.commitment, signed)
    scene.k.wait(30 * 24 * 3600)
    with pytest.raises(InvalidInput, match="was revoked before this; leave it out"):
        scene.model(scene.developer_2, "late", {"alice": 1})


def test_an_item_of_another_collection_is_in_no_manifest(scene: Scene) -> None:
    alice, bob = scene.collections["alice"], scene.collections["bob"]
    wrong = Manifest({alice.id: [(bob.items[0].id, 1)]})
    with pytest.raises(InvalidInput, match="is not in the collection"):
        scene.developer_1.models.register(b"a" * 32, scene.model_terms, manifest=wrong)


def test_reserved_data_cannot_be_used_by_anybody(scene: Scene) -> None:
    reserved = scene.k.data.define_terms("reserved", "0%")
    prepared = scene.bob.data.prepare(scene.folder / "bob", reserved)
    scene.bob.data.register(prepared)
    manifest = Manifest({prepared.id: [(item.id, 1) for item in prepared.items]})
    with pytest.raises(ContractReverted) as refused:
        scene.developer_1.models.register(b"a" * 32, scene.model_terms, manifest=manifest)
    assert refused.value.name == "DataRegistry_UseNotAllowed"


def test_expired_terms_end_consent(scene: Scene) -> None:
    until = datetime.fromtimestamp(scene.k.session.now() + 1000, UTC)
    terms = scene.k.data.define_terms("train", "0%", valid_until=until)
    prepared = scene.bob.data.prepare(scene.folder / "bob", terms)
    scene.bob.data.register(prepared)
    scene.k.wait(1001)
    manifest = Manifest({prepared.id: [(item.id, 1) for item in prepared.items]})
    with pytest.raises(ContractReverted, match="ask the provider for new terms") as refused:
        scene.developer_1.models.register(b"a" * 32, scene.model_terms, manifest=manifest)
    assert refused.value.name == "DataRegistry_TermsExpired"


def test_a_gate_lets_through_whom_the_provider_named_and_no_relayer(scene: Scene) -> None:
    gate = scene.bob.data.gate
    terms = scene.k.data.define_terms("train", "0%", gate=gate.address)
    prepared = scene.bob.data.prepare(scene.folder / "bob", terms)
    scene.bob.data.register(prepared)
    manifest = Manifest({prepared.id: [(item.id, 1) for item in prepared.items]})
    free = scene.k.data.define_terms("train", "0%")
    with pytest.raises(ContractReverted, match="whoever keeps the gate") as refused:
        scene.developer_1.models.register(b"a" * 32, free, manifest=manifest)
    assert refused.value.name == "DataRegistry_GateClosed"
    gate.allow(prepared.id, scene.developer_1.address, terms.uses)
    assert gate.lets(prepared.id, scene.developer_1.address, Use.AI_GENERATIVE_TRAINING)
    assert not gate.lets(prepared.id, scene.developer_2.address, Use.AI_GENERATIVE_TRAINING)
    scene.developer_1.models.register(b"a" * 32, free, manifest=manifest)
    with pytest.raises(ContractReverted):
        scene.developer_2.models.register(b"b" * 32, free, manifest=manifest)


def test_a_model_allows_no_more_than_its_sources(scene: Scene) -> None:
    narrow = scene.k.data.define_terms("ai_generative_training", "0%")
    prepared = scene.bob.data.prepare(scene.folder / "bob", narrow)
    scene.bob.data.register(prepared)
    manifest = Manifest({prepared.id: [(item.id, 1) for item in prepared.items]})
    with pytest.raises(ContractReverted, match="only what all its sources do") as refused:
        scene.developer_1.models.register(b"a" * 32, scene.model_terms, manifest=manifest)
    assert refused.value.name == "ModelRegistry_UsesWiderThanSources"


STATED = External(keccak256(b"some weights"), keccak256(b"where they came from"))
UNDISCLOSED = External(keccak256(b"some weights"), bytes(32))
LOST = External(bytes(32), keccak256(b"what is remembered"))


@pytest.mark.parametrize(
    ("external", "base", "code"),
    [
        (STATED, Base.STATED, "stated_base"),
        (UNDISCLOSED, Base.UNDISCLOSED, "undisclosed_base"),
        (LOST, Base.UNDISCLOSED, "undisclosed_base"),
    ],
    ids=["stated", "undisclosed", "of which nobody has the file"],
)
def test_what_is_declared_of_a_base_model_is_known_of_all_that_rests_on_it(
    scene: Scene, external: External, base: Base, code: str
) -> None:
    """Promise 3: stated is a fact, undisclosed a problem, and only traced is neither."""
    model = scene.developer_1.models.register(
        b"a" * 32, scene.model_terms, manifest=scene.manifest({"alice": 1}), externals=[external]
    ).id
    child = scene.model(scene.developer_2, "child", {}, [model])
    batch = scene.outputs("late", [child])
    models, outputs = (scene.k.session[each] for each in ("ModelRegistry", "OutputRegistry"))
    index = scene.k.index
    told = [index.model(model).base, index.model(child).base, index.batch(batch.id).base]
    asked = [models.read("modelOf", each)["base"] for each in (model, child)]
    assert told == [*asked, outputs.read("batchOf", batch.id)["base"]] == [base] * 3
    verified = scene.stranger.outputs.verify(scene.folder / "late" / "0.png")
    assert (verified.batch, verified.base) == (batch.id, base)
    (found,) = [each for each in verified.findings if each.code == code]
    assert found.subject == model
    is_problem = base is Base.UNDISCLOSED
    assert (code in [each.code for each in verified.problems]) == is_problem
    strict = scene.stranger.outputs.verify(scene.folder / "late" / "0.png", traced_only=True)
    assert code in [each.code for each in strict.problems]
    assert "with" in strict.sentence and found.sentence in strict.sentence


def test_on_registered_models_alone_it_is_traced(scene: Scene) -> None:
    verified = scene.stranger.outputs.verify(scene.folder / "cut" / "0.png", traced_only=True)
    assert verified.base is Base.TRACED
    assert not {"stated_base", "undisclosed_base"} & {each.code for each in verified.findings}


def test_a_published_manifest_is_stated_and_is_the_models(scene: Scene, tmp_path: Path) -> None:
    manifest = scene.manifest({"alice": 1})
    scene.developer_2.models.publish_manifest(scene.model_2, manifest, tmp_path / "manifests")
    text = (tmp_path / "manifests" / f"{to_hex(scene.model_2)}.json").read_text("utf-8")
    assert Manifest.from_json(text).root == scene.k.index.model(scene.model_2).manifest
    with pytest.raises(InvalidInput, match="not the manifest of"):
        scene.developer_1.models.publish_manifest(scene.model_1, manifest, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_every_split_is_rebuilt_from_events_alone(scene: Scene) -> None:
    """Invariant 5: the levies are in the split that the contract logged, or the index raises."""
    index = scene.k.index
    for model in (scene.model_1, scene.model_2):
        record = scene.k.session["ModelRegistry"].read("modelOf", model)
        assert index.model(model).split == record["split"]
        assert index.split(record["split"]).split.total == 1_000_000
        assert index.model(model).own_ppm == record["own"] == 250_000
    assert ids.wallet(scene.creator.address) not in {
        payee for payee, _ in index.split(index.batch(scene.batch.id).split).split.leaves
    }  # the rest goes to whoever holds the rights token


def test_what_is_not_there_is_said_to_be_not_there(scene: Scene) -> None:
    with pytest.raises(NotInIndex, match="is it on this chain"):
        scene.k.index.collection(b"\x01" * 32)
    with pytest.raises(NotInIndex):
        scene.developer_1.models.register(b"a" * 32, scene.model_terms, parents=[b"\x01" * 32])
