"""What the demo proves at its end: sums, and answers of the verifier. Nothing rests on trust."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from examples.openmoji.steps import output_files, published
from examples.openmoji.summary import Check, Picture, Rights, Token, Verification
from examples.openmoji.units import exact, plural
from examples.openmoji.world import (
    BASE_DEVELOPER,
    CREATOR,
    REFUSED,
    REVOKED,
    REVOKES_LATER,
    STUDIO,
    TUNED_ON,
    TUNING_DEVELOPER,
    World,
)
from kiseki import ContractReverted, Manifest, Split
from kiseki.client.outputs.verify import Verification as Answer
from kiseki.core import ids, seal
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import manifest_root, verify_absence, verify_inclusion
from kiseki.core.values import to_hex

PPM = 1_000_000
DATA_SHARE = 200_000
"""What the artists of each model asked together, in ppm of gross."""


@dataclass(frozen=True, slots=True)
class Money:
    """One token, in base units.

    Attributes:
        token: its name and decimals.
        address: on the chain; zero for ether.
        gross: what came in.
        before: what each wallet held before anybody was paid.
    """

    token: Token
    address: str
    gross: int
    before: Mapping[str, int]


def holdings(world: World, address: str) -> dict[str, int]:
    """What everybody who may be paid holds of a token, by wallet."""
    token = None if int(address, 16) == 0 else address
    wallets = [world.k.wallet(n).address for n in (CREATOR, BASE_DEVELOPER, TUNING_DEVELOPER)]
    wallets += [artist.address for artist in world.artists.values()]
    return {wallet: world.k.balance(token, wallet) for wallet in wallets}


def earned(world: World, money: Money) -> dict[str, int]:
    """What everybody's wallet gained, by wallet: real balances, not what anybody says was paid."""
    now = holdings(world, money.address)
    return {wallet: now[wallet] - money.before[wallet] for wallet in now}


def data_split(world: World, model: str) -> Split:
    """The split of what a model's artists ask together."""
    for known in world.k.index.splits():
        if any(
            (label.kind, label.group) == ("data", world.models[model]) for label in known.labels
        ):
            return known.split
    raise LookupError(model)


def left(world: World, money: Money) -> int:
    """What the splitter still holds: real balance."""
    splitter = world.k.session["RevenueSplitter"].address
    return world.k.balance(None if int(money.address, 16) == 0 else money.address, splitter)


def bound(world: World) -> int:
    """One base unit for each leaf of each split that money went through."""
    return sum(len(known.split.leaves) for known in world.k.index.splits())


def money_checks(world: World, money: Money) -> list[Check]:
    """In = out + remainder; each model's artists got their share of gross; each artist exactly."""
    name, places = money.token.symbol, money.token.decimals
    gains = earned(world, money)
    out, rest = sum(gains.values()), left(world, money)
    checks = [
        Check(
            f"{name}: what came in, {exact(money.gross, places)}, is what went out, "
            f"{exact(out, places)}, plus a remainder of {rest} base units (at most {bound(world)})",
            money.gross == out + rest and 0 <= rest <= bound(world),
        )
    ]
    splitter = world.k.session["RevenueSplitter"]
    expected = dict.fromkeys((a.address.lower() for a in world.artists.values()), 0)
    payee_of = {
        ids.subject(world.k.session["DataRegistry"].address, world.collections[artist].id): artist
        for artist in world.artists
    }
    for model in world.models:
        split = data_split(world, model)
        dues = split.dues(splitter.read("received", split.key, money.address))
        for (payee, _), due in zip(split.leaves, dues, strict=True):
            expected[world.artists[payee_of[payee]].address.lower()] += due
        asked = money.gross * DATA_SHARE // PPM
        # Rounded down once on the way to each leaf, and once a level above.
        short = asked - sum(dues)
        count = len(split.leaves)
        who = f"the {count} artists" if count > 1 else TUNED_ON
        checks.append(
            Check(
                f"{name}: {who} behind "
                f"{model.lower()} got 20% of gross, {exact(sum(dues), places)}, "
                f"{plural(short, 'base unit')} short of the exact fifth",
                0 <= short <= count + 2,
            )
        )
    paid = {wallet.lower(): gain for wallet, gain in gains.items()}
    checks.append(
        Check(
            f"{name}: every artist's wallet gained exactly the dues, {TUNED_ON}'s from both models",
            all(paid[wallet] == due for wallet, due in expected.items()),
        )
    )
    return checks


def training_checks(world: World, batch: bytes) -> list[Check]:
    """Nothing refused or revoked is declared; events alone give the splits on record."""
    declared = {
        data_id
        for manifest in world.manifests.values()
        for items in manifest.items.values()
        for data_id, _ in items
    }
    kept_out = {item.id for item in world.collections[REFUSED].items}
    kept_out |= {world.ids[d.path] for d in world.drawings if d.hexcode in REVOKED}
    refused, revoked = len(world.collections[REFUSED].items), len(REVOKED)
    return [
        Check(
            f"No manifest declares any of the {refused} refused and {revoked} revoked drawings",
            not declared & kept_out,
        ),
        Check(
            "The splits rebuilt from the chain's events alone are those that the contracts keep",
            _splits_rebuilt(world, batch),
        ),
    ]


def _splits_rebuilt(world: World, batch: bytes) -> bool:
    """Asks the contracts for their splits, and for each the index for leaves that hash to it."""
    models, outputs = world.k.session["ModelRegistry"], world.k.session["OutputRegistry"]
    kept = [outputs.read("batchOf", batch)["split"]]
    for model in world.models.values():
        record = models.read("modelOf", model)
        kept += [record["split"], record["ownSplit"]]
    return all(world.k.index.split(key).split.key == key for key in kept)


# Rights


def rights(world: World, batch: bytes) -> Rights:
    """The batch's rights token: who holds it, and what the chain's own metadata says of it."""
    token = world.k.rights.token("batch", batch)
    holder, said = world.k.rights.holder(token), world.k.rights.metadata(token)
    if holder is None or said.income is None:
        raise AssertionError("the token should be minted, and its income on record")
    _demand((said.kind, said.id) == ("batch", batch), "the token should be this batch's")
    return Rights(
        str(token), holder, f"{said.income:f}%", f"{said.royalty:f}%",
        Picture(
            "image/svg+xml", drawn_by_the_chain(world, token), "Seal of the batch’s rights token",
            "Drawn by the contract from the token’s number",
        ),
    )  # fmt: skip


def drawn_by_the_chain(world: World, token: int) -> bytes:
    """The picture in a token's metadata, as the node answers it."""
    uri = world.k.session["RightsToken"].read("tokenURI", token)
    image = json.loads(b64decode(uri.partition(",")[2]))["image"]
    return b64decode(image.partition(",")[2])


def rights_checks(world: World, rights: Rights, money: Sequence[Money]) -> list[Check]:
    """The chain draws the seal that we draw; what it says of income is what the holder got."""
    checks = [
        Check(
            "The seal of the rights token that the chain draws is, byte for byte, the one that "
            "kiseki.core.seal draws",
            rights.seal.data == seal.svg(int(rights.token).to_bytes(32)).encode(),
        )
    ]
    percent = Fraction(rights.income.removesuffix("%"))
    for each in money:
        got = earned(world, each)[rights.holder]
        short = each.gross * percent / 100 - got
        checks.append(
            Check(
                f"{each.token.symbol}: the holder of the rights token got "
                f"{exact(got, each.token.decimals)}, the {rights.income} of gross that the chain "
                "says reaches the holder",
                # Rounded down once in each split on the way: the batch's, and the holder's part.
                0 <= short <= 2,
            )
        )
    return checks


# Verifying


def verify_outputs(world: World) -> list[Verification]:
    """A generated file, the same file with one byte changed, and after a source was revoked.

    What speaks for a manifest that was walked is among what the first is told, and not against it.
    """
    file = output_files(world)[0]
    whole = world.k.outputs.verify(file)
    changed = file.with_name("001-changed.png")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    changed.write_bytes(data)
    other = world.k.outputs.verify(changed)
    found = [
        _shown("A generated file", True, "Nothing against it", whole),
        _shown("The same file with one byte changed", False, "Unknown file", other),
    ]
    _demand(
        whole.known
        and {(each.code, each.subject) for each in whole.findings}
        == {("manifest_checked", world.models[name]) for name in world.walked},
        "of a generated file nothing should be found but that manifests were checked, not "
        + ", ".join(each.code for each in whole.findings),
    )
    _demand(not other.known, "a changed file should be unknown")
    collection = world.collections[REVOKES_LATER].id
    signed = world.artists[REVOKES_LATER].data.revocation(collection)
    world.cost("Revoke a collection", [world.k.data.revoke(collection, signed)], "after the fact")
    since = world.k.outputs.verify(file)
    _demand(
        any(each.subject == collection for each in since.findings),
        "a revoked source should be a finding",
    )
    found.append(_shown("A batch whose source was revoked since", False, "One revocation", since))
    return found


def manifests(world: World) -> list[Verification]:
    """Of each model: whether its published manifest was walked, by what the chain has on record."""
    return [_walked(world, name) if name in world.walked else _not_walked(world, name)
            for name in reversed(world.models)]  # fmt: skip


def _walked(world: World, name: str) -> Verification:
    model = world.models[name]
    walk, when = world.k.session["Challenges"], world.k.index.manifest_checked_at(model)
    if when is None or walk.read("stateOf", model)["checkedAt"] != when:
        raise AssertionError("a manifest that was walked should stand as checked")
    count = plural(_items(world, name), "drawing")
    return Verification(
        f"The manifest of {name.lower()}",
        True,
        "Checked item by item",
        f"The buyer, who had no part in it, showed the contract all {count} that it declares, for "
        f"{world.walked[name]:,} gas: each is in its collection, once, and none was revoked. It "
        "stands as checked for good. That shows what is declared, not what training used.",
        (f"Checked at {_time(when)}", *_lines(world, name)),
    )


def _not_walked(world: World, name: str) -> Verification:
    model = world.models[name]
    record = world.k.index.model(model)
    file = published(world, name).read_bytes()
    stated = world.k.index.statements("ModelRegistry", model)
    _demand(
        any((x.speaker, x.document) == (record.developer, keccak256(file)) for x in stated),
        "its developer should have stated the hash of this very file",
    )
    _demand(world.k.index.manifest_checked_at(model) is None, "it should not stand as checked")
    count = plural(_items(world, name), "drawing")
    cost = ""
    if world.walked:
        other = next(iter(world.walked))
        each = world.walked[other] / _items(world, other)
        millions = each * _items(world, name) / 1_000_000
        cost = f" Reckoned by {other.lower()}’s walk it takes {millions:.1f} million gas, or less"
        cost += " as more fits one transaction. The demo does it too with --walk-all."
    return Verification(
        f"The manifest of {name.lower()}",
        None,
        "Published, not walked",
        f"Its developer published it and stated its hash on the chain. Nobody has shown that the "
        f"{count} in it are in their collections, once, and not revoked; anybody can.{cost}",
        (f"keccak256 of the file {to_hex(keccak256(file))}", *_lines(world, name)),
    )


def _items(world: World, model: str) -> int:
    return sum(map(len, world.manifests[model].items.values()))


def _lines(world: World, model: str) -> tuple[str, ...]:
    id_, root = world.models[model], world.manifests[model].root
    return (f"Model ID {to_hex(id_)}", f"Manifest root {to_hex(root)}")


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def prove_refused(world: World) -> list[Verification]:
    """A drawing of hers who refused is in no manifest, and no model on hers can be made."""
    model = world.models["Model 1"]
    known = world.k.index.sources(model)
    record = world.k.index.model(model)
    hers = world.collections[REFUSED]
    # The source list is proved by the model's ID, the manifest's root by the source list.
    parts = [ids.part_hash(each) for each in ids.parts(known.collections)]
    rebuilt = ids.model_id(
        record.developer,
        record.weights,
        ids.sources_hash(parts, known.models, known.externals),
        record.terms_id,
    )
    _demand(rebuilt == model, "the source list should make the model's ID")
    root, weight = manifest_root(known.collections)
    _demand(
        (root, weight) == (record.manifest, record.weight), "it should make the manifest's root"
    )
    providers = {world.k.index.collection(each.id).provider for each in known.collections}
    _demand(hers.provider.lower() not in providers, "no source should be hers")
    drawing = world.by_artist[REFUSED][0]
    absent = Verification(
        f"A drawing by {REFUSED}",
        True,
        "Not in the manifest",
        f"“{drawing.annotation}” was not declared as training data of model 1: none of its "
        f"{len(known.collections)} sources is registered by her wallet, and the model's ID proves "
        "that there are no others.",
        (f"Data ID {to_hex(world.ids[drawing.path])}", f"Manifest root {to_hex(root)}"),
    )
    return [absent, _prove_revoked(world), _refuse_model(world)]


def _prove_revoked(world: World) -> Verification:
    """Two neighbours with nothing between them: the revoked drawing was not declared."""
    manifest = Manifest.from_json(published(world, "Model 1").read_text("utf-8"))
    drawing = next(d for d in world.drawings if d.hexcode in REVOKED)
    collection = world.collections[drawing.author].id
    source = next(each for each in manifest.collections if each.id == collection)
    proof = manifest.prove_absent(collection, world.ids[drawing.path])
    verify_absence(source, proof)
    other = manifest.items[collection][0][0]
    verify_inclusion(manifest.root, manifest.weight, manifest.prove(collection, other))
    return Verification(
        f"A drawing that {drawing.author} revoked",
        True,
        "Not in the manifest",
        f"“{drawing.annotation}” was not declared: its two neighbours in the sum tree of that "
        "collection touch, so there is no place for it between them.",
        tuple(f"Neighbour {to_hex(each.data_id)}" for each in (proof.left, proof.right) if each),
    )


def _refuse_model(world: World) -> Verification:
    """The contract refuses a model on her collection, whoever tries."""
    hers = world.collections[REFUSED]
    developer = world.k.wallet(STUDIO)
    manifest = Manifest({hers.id: [(item.id, 1) for item in hers.items]})
    terms = world.model_terms
    if terms is None:
        raise LookupError("the models' terms")
    try:
        developer.models.register(b"\x01" * 32, terms, manifest=manifest)
    except ContractReverted as refusal:
        _demand(refusal.name == "DataRegistry_UseNotAllowed", "it should name the rule")
        return Verification(
            f"A model on {REFUSED}'s collection",
            None,
            "Refused by the contract",
            "Her terms allow no use, so nobody can register a model that names her collection.",
            (str(refusal),),
        )
    raise AssertionError("a model on a reserved collection was registered")


def _shown(title: str, ok: bool, verdict: str, answer: Answer) -> Verification:
    lines = [f"{each.code} {to_hex(each.subject)}" for each in answer.findings]
    lines.append(f"Commitment {to_hex(answer.commitment)}")
    if answer.batch:
        lines.append(f"Batch {to_hex(answer.batch)}")
    return Verification(title, ok, verdict, answer.sentence, tuple(lines))


def _demand(fact: bool, otherwise: str) -> None:
    if not fact:
        raise AssertionError(otherwise)
