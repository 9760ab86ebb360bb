"""The report with invented figures: real drawings, no chain, for whoever designs or tests it.

python -m examples.openmoji.preview node_modules/openmoji preview.html
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from examples.openmoji.drawings import NOTICE, Drawing, load, rasterise
from examples.openmoji.model import SIZE, batches, fine_tune, train
from examples.openmoji.pictures import original, output
from examples.openmoji.report import render
from examples.openmoji.summary import (
    Act,
    Artist,
    Batch,
    Chain,
    Check,
    Duration,
    Exposure,
    Model,
    Payee,
    Payment,
    Picture,
    Rights,
    Scene,
    Step,
    Summary,
    Token,
    Verification,
)
from kiseki.core import seal

REFUSED = "Sofie Ascherl"
TUNED_ON = "Emily Jäger"
REVOKED = ("Liz Bravo", "Martin Wehl")
ETH, TEST = Token("ETH", 18), Token("TEST", 6)


def _hash(words: str) -> str:
    return "0x" + hashlib.sha256(words.encode()).hexdigest()


def _wallet(name: str) -> str:
    return _hash(name)[:42]


def _seal() -> Picture:
    drawn = seal.svg(bytes.fromhex(_hash("t")[2:])).encode()
    return Picture("image/svg+xml", drawn, "Seal of the batch’s rights token", "A preview’s")


def summary(drawings: Sequence[Drawing], outputs: Sequence[Picture]) -> Summary:
    by: dict[str, list[Drawing]] = defaultdict(list)
    for drawing in drawings:
        by[drawing.author].append(drawing)
    uses = {
        name: sum(1 if d.skintone else 2 for d in mine) - (2 if name in REVOKED else 0)
        for name, mine in by.items()
        if name != REFUSED
    }
    total = sum(uses.values())
    income = {"ETH": 4 * 10**18, "TEST": 12_000 * 10**6}
    earned: dict[str, dict[str, int]] = {name: {} for name in by}
    amounts: dict[str, dict[str, int]] = {"creator": {}, "one": {}, "two": {}}
    payments = []
    for token in (ETH, TEST):
        gross = income[token.symbol]
        fifth = gross // 5
        for name, weight in uses.items():
            earned[name][token.symbol] = fifth * weight // total
        earned[TUNED_ON][token.symbol] += fifth
        amounts["one"][token.symbol] = gross // 20
        amounts["two"][token.symbol] = gross // 10
        amounts["creator"][token.symbol] = gross - 2 * fifth - gross // 20 - gross // 10
        out = sum(e.get(token.symbol, 0) for e in earned.values())
        out += sum(a[token.symbol] for a in amounts.values())
        payments.append(Payment(token, gross, out, gross - out, 2 * len(uses)))
    payees = [
        Payee("Creator", "creator", _wallet("c"), amounts["creator"]),
        Payee("Developer of model 1", "developer", _wallet("one"), amounts["one"]),
        Payee("Developer of model 2", "developer", _wallet("two"), amounts["two"]),
    ] + [Payee(n, "artist", _wallet(n), earned[n]) for n in by if n != REFUSED]
    artists = tuple(
        Artist(
            name=name,
            wallet=_wallet(name),
            drawings=len(mine),
            status="refused" if name == REFUSED else "consented",
            revoked=(original(mine[3]),) if name in REVOKED else (),
            ended=name == REVOKED[1],
            earned=earned[name],
            picture=original(mine[len(mine) // 3]),
        )
        for name, mine in by.items()
    )
    models = (
        Model(
            "Model 1", _hash("m1"), "Developer of model 1", _hash("w1"), None, uses, 2000, 500,
            _exposure(sum(uses.values())),
        ),
        Model(
            "Model 2", _hash("m2"), "Developer of model 2", _hash("w2"), "Model 1",
            {TUNED_ON: len(by[TUNED_ON])}, 2000, 1000, _exposure(len(by[TUNED_ON])),
        ),
    )  # fmt: skip
    return Summary(
        date="2026-11-22",
        chain=Chain(
            "none: a preview with invented figures", 31337, 412,
            {n: _wallet(n) for n in ("DataRegistry", "ModelRegistry", "OutputRegistry",
                                     "RevenueSplitter", "RightsToken", "Statements")},
        ),
        artists=artists,
        models=models,
        batch=Batch(
            _hash("b"), "Model 2", "Creator",
            Rights(str(int(_hash("t"), 16)), _wallet("c"), "45%", "10%", _seal()),
            tuple(outputs),
        ),
        payments=tuple(payments),
        payees=tuple(payees),
        steps=(
            Step("Deploy the suite", 14_210_338, 7, "six contracts and a test token"),
            Step("Register 121 collections", 13_904_112, 121, "4,410 IDs, each consent signed"),
            Step("Revoke two drawings", 98_220, 2, ""),
            Step("Register model 1", 3_120_400, 1, "120 collections"),
            Step("Register model 2", 241_800, 1, "one collection, on top of model 1"),
            Step("Register the batch", 201_331, 1, f"{len(outputs)} pictures"),
            Step("Mint the rights token", 142_900, 1, ""),
            Step("Walk the manifest of model 2", 402_100, 1, "53 drawings, by a buyer"),
            Step("Receive payments", 301_220, 4, "two in ether, two in TEST"),
            Step("Pay everyone", 17_840_500, 6, "246 claims in batches"),
        ),
        verifications=(
            Verification(
                "A generated file", True, "Nothing against it",
                "This file is registered, and everything its model declares was authorised when "
                "it was registered.",
                ("Registered by Creator in block 398", "Model 2, on top of Model 1",
                 "120 collections, all usable at registration", "Manifest of Model 2 checked"),
            ),
            Verification(
                "The same file with one byte changed", False, "Unknown file",
                "Nobody has registered this file. That says nothing about where it comes from.",
                ("No output has the commitment 0x8a1f…c3e0",),
            ),
            Verification(
                "A batch whose source was revoked since", False, "One revocation",
                "It was authorised when it was registered. One collection it rests on has been "
                "revoked since, so no new model may use it.",
                ("Revoked after registration: collection of Martin Wehl, block 409",),
            ),
            Verification(
                "The manifest of model 2", True, "Checked item by item",
                "The buyer showed the contract every drawing that it declares. It stands as "
                "checked for good.",
                (f"Manifest root {_hash('r2')}",),
            ),
            Verification(
                "The manifest of model 1", None, "Published, not walked",
                "Its developer published it. Nobody has shown that the drawings in it are in "
                "their collections; anybody can.",
                (f"Manifest root {_hash('r1')}",),
            ),
            Verification(
                "Model 1, trained again", True, "Reproduced, bit for bit",
                "The studio, which holds the drawings and had no part in the training, ran the "
                "recorded command on the pictures that the manifest declares, without network, "
                "home and keys. The same weights came out.",
                (f"Weights {_hash('w1')}", f"Document {_hash('again')}"),
            ),
            Verification(
                f"A drawing by {REFUSED}", True, "Not in the manifest",
                "The manifest of Model 1 is proved not to contain it: its two neighbours there "
                "are adjacent.",
                ("Between 0x4c02…11fa and 0x4c07…90be", "No source of her wallet in Model 2"),
            ),
            Verification(
                f"A model on {REFUSED}'s collection", None, "Refused by the contract",
                "Her terms allow no use, so a model that names her collection cannot be "
                "registered.",
                ("ModelRegistry_UseNotAllowed(collection 0x77ab…, use aiGenerativeTraining)",),
            ),
        ),
        acts=(
            Act(
                "A licence unlocks training",
                (
                    Scene("The creator registers the pictures as data behind the market.", 431),
                    Scene("A developer tries to register a model on them. The contract refuses: "
                          "DataRegistry_GateClosed.", None),
                    Scene("The developer buys a licence for a year.", 433),
                    Scene("Now the contract registers the model.", 434),
                ),
                (("Collection", _hash("c3")), ("Model 3", _hash("m3"))),
            ),
            Act(
                "Rights that move by themselves",
                (
                    Scene("The creator locks the rights token.", 435),
                    Scene("A payment of one wei crosses the threshold. The token moves in the same "
                          "transaction.", 437),
                ),
                (("Schedule", _hash("s1")),),
            ),
            Act(
                "A vault that does not forget",
                (
                    Scene("A stranger asks the vault for the pictures, and is told: this vault has "
                          "nothing for you under this ID for this use now.", None),
                    Scene("The vault states the heads of its logs.", 438),
                ),
                (("Anchor of the day", _hash("a1")),),
            ),
        ),
        checks=(
            Check("In each token, what came in is what went out plus the remainder", True),
            Check("Model 1's artists got 20% of gross together", True),
            Check("Model 2's artist got 20% of gross, besides her part of model 1's", True),
            Check("No drawing that was refused or revoked was consumed", True),
            Check("Nothing but wallets and hashes is on the chain", True),
        ),
        durations=tuple(
            Duration(*d)
            for d in (("Deploy", 3.1), ("Register drawings", 11.2), ("Rasterise", 7.5),
                      ("Train model 1", 8.1), ("Train model 2", 0.1), ("Pay", 6.0))
        ),
        notice=NOTICE,
    )  # fmt: skip


def _exposure(taken: int) -> Exposure:
    return Exposure(
        ("recorded", "reproduced"),
        None,
        taken,
        taken,
        0,
        -(-taken // 256),
        1,
        _hash("run"),
        _hash("ledger"),
    )


def main(package: str, target: str) -> None:
    """Train on a sixth of the drawings, so that it takes seconds, and write the report."""
    drawings = load(Path(package))
    some = drawings[::6]
    hers = [d for d in drawings if d.author == TUNED_ON]
    first, then = (
        [each.pixels for each in batches([d.hexcode for d in few], rasterise(few, SIZE))]
        for few in (some, hers)
    )
    tuned = fine_tune(train(first), then)
    outputs = [output(p, f"Output {i + 1}")[1] for i, p in enumerate(tuned.generate(48, seed=11))]
    Path(target).write_text(render(summary(drawings, outputs)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
