"""Promise 3: outputs name model and rights, and anyone can check them. Promise 5: rights move."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from kiseki import ContractReverted, Terms
from kiseki.client.outputs.endorsements import Endorsement
from kiseki.client.revenue.revenue import ETHER
from kiseki.client.sources import shown
from kiseki.core import ids
from kiseki.core.merkle import SLICE
from kiseki.core.values import ZERO32
from kiseki.errors import InvalidInput, NotInIndex

from .scene import Scene


def file(scene: Scene, name: str = "cut/0.png") -> Path:
    return scene.folder / name


def closed(scene: Scene) -> Terms:
    """Terms behind a list that lets nobody in."""
    return scene.k.data.define_terms("reserved", "0%", gate=scene.k.models.gate.address)


def test_a_generated_file_verifies_with_nothing_found(scene: Scene) -> None:
    manifest = scene.manifest
    folder = scene.folder / "manifests"
    scene.developer_1.models.publish_manifest(
        scene.model_1, manifest({"alice": 7, "bob": 3}), folder
    )
    scene.developer_2.models.publish_manifest(scene.model_2, manifest({"alice": 1}), folder)
    answer = scene.stranger.outputs.verify(file(scene))
    assert answer.known
    assert answer.batch == scene.batch.id
    assert answer.registrant == scene.creator.address
    assert answer.rights_holder == scene.creator.address
    assert answer.problems == ()
    assert [each.code for each in answer.findings] == []
    assert answer.sentence.startswith(f"Registered by {scene.creator.address} on ")
    assert "was authorised when they were registered" in answer.sentence
    assert "the developers' word" in answer.sentence


def test_one_changed_byte_makes_a_file_unknown(scene: Scene, tmp_path: Path) -> None:
    changed = tmp_path / "changed.png"
    content = bytearray(file(scene).read_bytes())
    content[3] ^= 1
    changed.write_bytes(content)
    answer = scene.stranger.outputs.verify(changed)
    assert not answer.known
    assert (answer.batch, answer.registrant, answer.findings) == (None, None, ())
    assert answer.sentence.startswith("Unknown: no batch of generated files holds this very file.")


def test_training_data_is_not_found_by_who_has_the_file(scene: Scene) -> None:
    assert not scene.stranger.outputs.verify(scene.folder / "alice" / "alice-0.svg").known


@pytest.mark.parametrize("whose", ["alice", "bob"], ids=["of both models", "of the ancestor"])
def test_a_source_revoked_since_is_a_finding_and_stays_authorised(scene: Scene, whose: str) -> None:
    before = scene.stranger.outputs.verify(file(scene))
    collection = scene.collections[whose].id
    (scene.alice if whose == "alice" else scene.bob).data.revoke(collection)
    answer = scene.stranger.outputs.verify(file(scene))
    new = [each for each in answer.findings if each not in before.findings]
    assert collection in {each.subject for each in new}
    assert not [each for each in new if each.severity == "problem"]
    assert answer.known


def test_a_file_of_a_batch_that_is_published_in_part_has_no_problem(scene: Scene) -> None:
    """What is not known of the others is no word against this one."""
    folder = scene.folder / "long"
    folder.mkdir()
    for number in range(SLICE + 1):
        (folder / f"{number}.png").write_bytes(b"frame %d" % number)
    outputs = scene.creator.session["OutputRegistry"]
    prepared = scene.creator.outputs.prepare(folder, [scene.model_2])
    scene.creator.outputs.register(prepared, publish=False)
    last = prepared.items[-1]
    opening = (prepared.tree.root, prepared.sources_hash)
    proof = list(prepared.tree.slice_proof(1))
    scene.stranger._wallet.send(
        outputs.call("publish", prepared.id, opening, [last.commitment], proof)
    )
    answer = scene.stranger.outputs.verify(next(
        each for each in folder.iterdir()
        if ids.commitment(sha256(each.read_bytes()).digest(), ZERO32) == last.commitment
    ))  # fmt: skip
    assert answer.batch == prepared.id
    told = {each.code: each.severity for each in answer.findings}
    assert told["outputs_unpublished"] == "fact"
    assert "not_in_batch" not in told


def test_a_batch_is_authorised_when_it_is_registered(scene: Scene) -> None:
    """Invariant 5: a model behind a gate serves its developer and whom that endorses."""
    model = scene.model(scene.developer_1, "closed", {"alice": 1}, terms=closed(scene))
    with pytest.raises(ContractReverted) as refused:
        scene.outputs("refused", [model])
    assert refused.value.name == "DataRegistry_GateClosed"
    with pytest.raises(NotInIndex):
        scene.k.index.batch(scene.creator.outputs.prepare(scene.folder / "refused", [model]).id)
    prepared = scene.creator.outputs.prepare(scene.folder / "refused", [model])
    until = scene.k.session.now() + 1000
    endorsement = scene.developer_1.outputs.endorse(model, prepared, until)
    done = scene.creator.outputs.register(prepared, endorsements=[endorsement])
    assert scene.k.index.batch(done.id).endorsed
    assert scene.outputs("own", [model], scene.developer_1).creator == scene.developer_1.address


def test_an_endorsement_counts_for_one_batch_until_its_deadline(scene: Scene) -> None:
    model = scene.model(scene.developer_1, "closed", {"alice": 1}, terms=closed(scene))
    other = scene.creator.outputs.prepare(scene.folder / "cut", [model])
    wanted = scene.creator.outputs.prepare(scene.folder / "cut" / "0.png", [model])
    until = scene.k.session.now() + 100
    endorsement = scene.developer_1.outputs.endorse(model, other, until)
    with pytest.raises(ContractReverted, match="somebody else signed"):
        scene.creator.outputs.register(wanted, endorsements=[endorsement])
    with pytest.raises(InvalidInput, match="does not rest on the model"):
        scene.creator.outputs.register(
            other, endorsements=[replace(endorsement, model=scene.model_1)]
        )
    with pytest.raises(InvalidInput, match="two endorsements"):
        scene.creator.outputs.register(other, endorsements=[endorsement, replace(endorsement)])
    scene.k.wait(200)
    with pytest.raises(ContractReverted, match="ask this model's developer") as refused:
        scene.creator.outputs.register(other, endorsements=[endorsement])
    assert refused.value.name == "OutputRegistry_EndorsementExpired"
    assert refused.value.values == {"model": model, "until": until}


def test_endorsements_of_different_deadlines_count_in_one_batch(scene: Scene) -> None:
    """A batch of two closed models waits for the later word without losing the earlier one."""
    one = scene.model(scene.developer_1, "closed", {"alice": 1}, terms=closed(scene))
    other = scene.model(scene.developer_2, "closed too", {"bob": 1}, terms=closed(scene))
    prepared = scene.creator.outputs.prepare(scene.folder / "cut", [one, other])
    now = scene.k.session.now()
    late = scene.developer_2.outputs.endorse(other, prepared, now + 10_000)
    soon = scene.developer_1.outputs.endorse(one, prepared, now + 100)
    with pytest.raises(InvalidInput, match="does not rest on the model"):
        scene.developer_1.outputs.endorse(scene.model_1, prepared, now + 100)
    with pytest.raises(ContractReverted) as refused:
        scene.creator.outputs.register(prepared, endorsements=[late])
    assert refused.value.name == "DataRegistry_GateClosed"
    scene.k.wait(200)
    with pytest.raises(ContractReverted) as refused:
        scene.creator.outputs.register(prepared, endorsements=[late, soon])
    assert refused.value.values == {"model": one, "until": now + 100}
    again = scene.developer_1.outputs.endorse(one, prepared, now + 1000)
    given = [Endorsement.from_text(each.to_text()) for each in (late, again)]
    done = scene.creator.outputs.register(prepared, endorsements=given)
    assert scene.k.index.batch(done.id).endorsed


def test_collections_that_generation_read_are_paid_too(scene: Scene) -> None:
    lines = scene.k.data.define_terms("ai_inference", royalty="10%")
    art = scene.bob.data.register(scene.folder / "bob", lines)
    prepared = scene.creator.outputs.prepare(
        scene.folder / "cut", [scene.model_2], collections=[art.id], payee=scene.creator.address
    )
    scene.creator.outputs.register(prepared)
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(prepared.id), 10**18)
    claimed = scene.stranger.revenue.claim([scene.bob.address, scene.creator.address])
    assert claimed.amounts[scene.bob.address] == {ETHER: 10**17 + 10**18 // 5 * 6 // 27}
    assert claimed.amounts[scene.creator.address] == {ETHER: 4 * 10**17}


def test_somebody_else_submits_a_batch_with_the_creators_signature(scene: Scene) -> None:
    prepared = scene.creator.outputs.prepare(scene.folder / "cut" / "0.png", [scene.model_2])
    with pytest.raises(InvalidInput, match="let the creator sign the batch"):
        scene.stranger.outputs.register(prepared)
    approval = scene.creator.outputs.approve(prepared)
    done = scene.stranger.outputs.register_for(approval, scene.folder / "cut" / "0.png")
    assert scene.k.index.batch(done.id).creator == scene.creator.address.lower()
    again = scene.stranger.outputs.register_for(approval, scene.folder / "cut" / "0.png")
    assert (again.id, again.receipts) == (done.id, ())


def test_the_rights_token_moves_the_income(scene: Scene) -> None:
    """Promise 5: what the token earns goes to whoever holds it when the money moves."""
    payee = scene.buyer.outputs.payee(scene.batch.id)
    token = scene.k.rights.token("batch", scene.batch.id)
    scene.buyer.revenue.pay(payee, 10**18)
    scene.stranger.revenue.claim(scene.creator.address)
    scene.creator.rights.transfer(token, scene.buyer.address)
    assert scene.k.rights.holder(token) == scene.buyer.address
    scene.k.wallet(9).revenue.pay(payee, 10**18)
    assert scene.stranger.revenue.claim(scene.creator.address).amounts == {}
    claimed = scene.stranger.revenue.claim(scene.buyer.address)
    assert claimed.amounts == {scene.buyer.address: {ETHER: 5 * 10**17}}
    assert scene.stranger.outputs.verify(file(scene)).rights_holder == scene.buyer.address


def test_only_the_holder_transfers_and_only_the_registrant_mints(scene: Scene) -> None:
    token = scene.k.rights.token("batch", scene.batch.id)
    with pytest.raises(ContractReverted) as refused:
        scene.stranger.rights.transfer(token, scene.stranger.address)
    assert refused.value.name.startswith("ERC721")
    assert scene.k.rights.holder(token) == scene.creator.address
    with pytest.raises(ContractReverted, match="only who registered it") as refused:
        scene.stranger.rights.mint("model", scene.model_1)
    assert refused.value.name == "RightsToken_NotRegistrant"
    with pytest.raises(ContractReverted, match="minted already"):
        scene.creator.rights.mint("batch", scene.batch.id)


def test_a_collections_income_moves_with_its_rights_token_for_good(scene: Scene) -> None:
    bobs = scene.collections["bob"].id
    scene.bob.rights.mint("collection", bobs, set_payee=True)
    scene.bob.rights.transfer(scene.k.rights.token("collection", bobs), scene.stranger.address)
    scene.buyer.revenue.pay(scene.buyer.outputs.payee(scene.batch.id), 10**18)
    claimed = scene.k.revenue.claim(scene.stranger.address)
    assert claimed.amounts == {scene.stranger.address: {ETHER: 10**18 // 5 * 6 // 27}}
    with pytest.raises(ContractReverted) as refused:
        scene.bob.data.set_payee(bobs, scene.bob.address)
    assert refused.value.name == "DataRegistry_PayeeIsFixed"
    scene.bob.data.revoke(bobs)  # revoking consent always stays with the provider


def test_an_unknown_kind_of_rights_is_refused(scene: Scene) -> None:
    with pytest.raises(InvalidInput, match="batch, model, collection"):
        scene.k.rights.token("picture", scene.batch.id)


def test_the_contract_says_what_a_proof_of_another_tree_is_worth(scene: Scene) -> None:
    other = scene.outputs("other", [scene.model_2])
    index = scene.k.index
    commitment = scene.batch.items[0].commitment
    proof = list(other.tree.proof(other.items[0].id))
    known = index.sources(scene.batch.id)
    answer = scene.k.session["OutputRegistry"].read(
        "verify", commitment, scene.batch.id, (scene.batch.tree.root, known.hash), proof,
        shown(known),
    )  # fmt: skip
    assert answer["problems"] == 1
    whole = list(scene.batch.tree.proof(scene.batch.items[0].id))
    right = scene.k.session["OutputRegistry"].read(
        "verify", commitment, scene.batch.id, (scene.batch.tree.root, known.hash), whole,
        shown(known),
    )  # fmt: skip
    assert right["problems"] == 0
    assert ids.item_id(scene.creator.address, commitment) == scene.batch.items[0].id
