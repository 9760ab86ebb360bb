"""What the demo says of rights and manifests is what a real chain holds, in a small world."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Iterator

import pytest
from examples.openmoji import acts, again, evidence, exposures, steps
from examples.openmoji.drawings import Drawing
from examples.openmoji.model import Model
from examples.openmoji.recording import Trained, lay, run_of
from examples.openmoji.summary import Rights, Token, Verification
from examples.openmoji.world import (
    CREATOR,
    REFUSED,
    REVOKED,
    REVOKES_LATER,
    TUNED_ON,
    TUNING_DEVELOPER,
    Made,
    World,
)

from kiseki import Kiseki
from kiseki.client.models.backing import backings
from kiseki.client.outputs.outputs import PreparedBatch
from kiseki.client.revenue.revenue import ETHER
from kiseki.core import seal
from kiseki.training import Exposure, Ledger
from kiseki.training.isolation import rooms


def silent(done: int, total: int) -> None:
    pass


@dataclasses.dataclass
class Run:
    """A demo of few drawings, of which model 2's manifest was walked and model 1's was not."""

    world: World
    prepared: PreparedBatch
    rights: Rights
    money: list[evidence.Money]
    file: Verification
    manifests: dict[str, Verification]


@pytest.fixture(scope="module")
def run(drawings: list[Drawing], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    people = (TUNED_ON, REFUSED, REVOKES_LATER, *REVOKED.values())
    few = [d for d in drawings if d.hexcode in REVOKED]
    few += [d for name in people for d in [x for x in drawings if x.author == name][:12]]
    few = list({d.hexcode: d for d in few}.values())
    with Kiseki.local() as k:
        world = World(k, few, tmp_path_factory.mktemp("demo"))
        steps.consent(world, silent)
        steps.revoke_drawings(world)
        k.wait(1)  # what is revoked in the second of a registration counts as after it
        pixels, used = steps.rasterise_usable(world, silent)
        base = steps.train_base(world, pixels, used)
        tuned = steps.train_tuned(world, base, pixels, used)
        steps.register_models(world, base, tuned)
        batch, _ = steps.generate(world, tuned)
        steps.walk(world, "Model 2", silent)
        gross = steps.receive(world, batch.id)
        money = [
            evidence.Money(token, address, gross[address], evidence.holdings(world, address))
            for token, address in zip((Token("ETH", 18), Token("TEST", 6)), gross, strict=True)
        ]
        steps.pay_everybody(world, silent)
        rights = evidence.rights(world, batch.id)
        file, *_ = evidence.verify_outputs(world)
        told = {v.title: v for v in evidence.manifests(world)}
        yield Run(world, batch, rights, money, file, told)


def test_the_seal_shown_is_the_contracts_own_picture(run: Run) -> None:
    token = int(run.rights.token)
    assert run.rights.seal.data == evidence.drawn_by_the_chain(run.world, token)
    assert run.rights.seal.data == seal.svg(token.to_bytes(32)).encode()
    assert token == run.world.k.rights.token("batch", run.prepared.id)


def test_the_holder_and_the_income_are_those_on_the_chain(run: Run) -> None:
    creator = run.world.k.wallet(CREATOR).address
    assert run.rights.holder == creator
    # 20% to the artists of each model, 5% to each developer: what is left of the gross.
    assert (run.rights.income, run.rights.royalty) == ("50%", "10%")
    assert run.world.k.balance(None, creator) > 0 and run.money[0].address == ETHER


def test_the_rights_are_checked_and_the_check_can_fail(run: Run) -> None:
    checks = evidence.rights_checks(run.world, run.rights, run.money)
    assert len(checks) == 3 and all(check.ok for check in checks)
    other = dataclasses.replace(run.rights.seal, data=run.rights.seal.data + b" ")
    wrong = dataclasses.replace(run.rights, seal=other, income="49.9999%")
    assert not any(c.ok for c in evidence.rights_checks(run.world, wrong, run.money))


def test_a_manifest_that_a_buyer_walked_stands_as_checked_and_the_other_does_not(run: Run) -> None:
    """And of each it is said which."""
    checked, published = (run.manifests[f"The manifest of model {n}"] for n in (2, 1))
    chain = run.world.k.session["Challenges"]
    at = {name: chain.read("stateOf", m)["checkedAt"] for name, m in run.world.models.items()}
    assert at["Model 2"] and not at["Model 1"]
    assert (checked.ok, checked.verdict) == (True, "Checked item by item")
    assert "all 12 drawings" in checked.sentence and "not what training used" in checked.sentence
    assert (published.ok, published.verdict) == (None, "Published, not walked")
    assert "Nobody has shown" in published.sentence


def test_the_verification_of_a_file_tells_of_the_walked_manifest_alone(run: Run) -> None:
    found = [line for line in run.file.findings if line.startswith("manifest_checked")]
    assert found == [f"manifest_checked 0x{run.world.models['Model 2'].hex()}"]
    assert "checked item by item" in run.file.sentence and run.file.ok


def test_a_published_manifest_is_read_and_its_stated_hash_compared(run: Run) -> None:
    file = steps.published(run.world, "Model 1")
    whole = file.read_text("utf-8")
    try:
        file.write_text(whole + " ", "utf-8")
        with pytest.raises(AssertionError, match="hash of this very file"):
            evidence.manifests(run.world)
    finally:
        file.write_text(whole, "utf-8")


def test_what_training_consumed_is_told_from_the_published_document(run: Run) -> None:
    for name, manifest in run.world.manifests.items():
        said = exposures.exposure(run.world, name)
        figures = Ledger(steps.ledger(run.world, name)).figures()
        assert (said.levels, said.handed_out, said.lost) == (("recorded",), None, 0)
        assert said.consumed == said.read == figures.consumed == manifest.weight
        assert said.run == f"0x{run.world.k.index.model(run.world.models[name]).run.hex()}"
    checks = exposures.exposure_checks(run.world)
    assert len(checks) == 2 and all(check.ok for check in checks)


def test_a_ledger_that_counts_something_else_is_noticed(run: Run) -> None:
    """Trained again with other data after registration: document and ledger no longer agree."""
    folder = steps.ledger(run.world, "Model 2")
    kept = folder.with_name("kept")
    shutil.copytree(folder, kept)
    try:
        with Exposure(folder) as exposure:
            exposure.restart()
            list(exposure.batches([([b"x" * 32], None)]))
            exposure.stepped()
        assert [check.ok for check in exposures.exposure_checks(run.world)] == [True, False]
    finally:
        shutil.rmtree(folder)
        kept.rename(folder)


@pytest.fixture
def without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    rooms._bubblewrap.cache_clear()  # it remembers what it found
    monkeypatch.setenv("PATH", "")
    yield
    rooms._bubblewrap.cache_clear()


def test_without_isolation_it_is_said_that_nobody_tried(run: Run, without_bubblewrap: None) -> None:
    """And why; nothing is stated, and the evidence is what it was."""
    (found,) = again.made_again(run.world)
    assert (found.ok, found.verdict) == (None, "Not tried")
    assert "bubblewrap" in found.sentence and found.sentence.endswith("Nothing was run.")
    assert again.remade_checks(run.world) == []
    assert {exposures.exposure(run.world, name).levels for name in run.world.models} == {
        ("recorded",)
    }


def test_each_model_is_made_again_bit_for_bit_by_somebody_else(run: Run) -> None:
    """Also the one on pictures that two artists drew alike, and the one on generated pictures."""
    acts.licence(run.world, run.prepared)
    found = again.made_again(run.world)
    if found[0].verdict == "Not tried" and not os.environ.get("CI"):
        pytest.skip(found[0].sentence)
    assert [(each.title, each.verdict) for each in found] == [
        (f"{name}, trained again", "Reproduced, bit for bit") for name in run.world.made
    ]
    assert len(found) == 3
    known = exposures.published_documents(run.world)
    for name, made in run.world.made.items():
        *_, last = backings(run.world.k.index, known, made.id)
        assert (last.level, last.is_developers, last.distance) == ("reproduced", False, None)
        if name in run.world.models:
            assert exposures.exposure(run.world, name).levels == ("recorded", "reproduced")
    checks = again.remade_checks(run.world)
    assert len(checks) == 3 and all(check.ok for check in checks)


def test_other_weights_are_told_and_stated_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A document with a recipe by which these weights were not made."""
    world, name = run.world, "Model 2"
    made, developer = world.made[name], world.k.wallet(TUNING_DEVELOPER)
    other = dataclasses.replace(made.laid.recipe, seed=made.laid.recipe.seed + 1)
    files = {made.laid.folder / file: id_ for file, id_ in made.laid.items.items()}
    trained = Trained(Model.load(made.weights), Ledger(steps.ledger(world, name)).figures())
    laid = lay(steps.inputs(world, "other"), files, other, made.laid.base)
    told = run_of(made.weights, trained, made.manifest, laid)
    weights = developer.models.weights(made.weights)
    terms = developer.data.define_terms("train", royalty="6%")  # it is another model
    done = developer.models.register(
        weights, terms, manifest=made.manifest, run=told.hash,
        parents=[world.models["Model 1"]],
    )  # fmt: skip
    steps.publish_run(world, done.id, told)
    wrong = Made(done.id, made.manifest, made.weights, laid)
    monkeypatch.setattr(world, "made", {name: wrong})
    (found,) = again.made_again(world)
    if found.verdict == "Not tried" and not os.environ.get("CI"):
        pytest.skip(found.sentence)
    assert (found.ok, found.verdict) == (False, "Not reproduced")
    assert "other tensors came out" in found.sentence
    assert [check.ok for check in again.remade_checks(world)] == [False]


def test_without_the_document_nothing_is_said_of_training(run: Run) -> None:
    file = steps.documents(run.world) / f"0x{run.world.models['Model 1'].hex()}-run.json"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole.replace(b'"lost": 0', b'"lost": 1'))
        with pytest.raises(LookupError, match="what a hook recorded"):
            exposures.exposure(run.world, "Model 1")
    finally:
        file.write_bytes(whole)


def test_both_are_walked_on_demand(run: Run) -> None:
    """Last in this file, because a walk cannot be undone."""
    steps.walk(run.world, "Model 1", silent)
    assert [v.verdict for v in evidence.manifests(run.world)] == ["Checked item by item"] * 2
