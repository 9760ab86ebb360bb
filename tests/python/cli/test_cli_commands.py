"""What a studio, an artist and a payer type, from deployment to payout; and what goes wrong."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save
from tests.python.core.media import embed, picture

from kiseki import LocalKiseki, Split
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.release.releases import newest
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.values import to_hex

from ..conftest import ask, freeze
from .conftest import Shell

KEY = "0x" + bytes(account_of(1).key).hex()
ARTIST, BUYER = account_of(1).address, account_of(4).address
NOBODY = "0x" + "00" * 20
NOTHING = "0x" + "00" * 32


def test_from_drawings_to_payout(shell: Shell, k: LocalKiseki) -> None:
    """Promises 1 to 4, by nothing but commands."""
    shell.files("artwork")
    artist = ("--account", "test:1")
    made = shell.json("data", "register", "artwork", "--royalty", "20%", *artist)
    (collection,) = made["collections"]
    assert (collection["items"], len(collection["transactions"])) == (3, 2)
    again = shell.json("data", "register", "artwork", "--royalty", "20%", *artist)
    assert (again["transactions"], again["gas"]) == (0, "0")
    assert stat.S_IMODE((shell.folder / "home/.kiseki/secrets").stat().st_mode) == 0o600

    record = k.index.collection(bytes.fromhex(collection["collection"][2:]))
    items = ids.item_ids(record.provider, record.published)
    manifest = Manifest({record.id: [(each, 1) for each in items]})
    (shell.folder / "manifest.json").write_text(manifest.to_json())
    (shell.folder / "model.bin").write_text("weights")
    model = shell.json(
        "model", "register", "model.bin", "--manifest", "manifest.json", "--royalty", "5%",
        "--publish", "manifests", "--account", "test:2",
    )["model"]  # fmt: skip
    assert (shell.folder / "manifests" / f"{model}.json").exists()
    assert shell.json("model", "check-manifest", model, "manifest.json")["transactions"]
    assert shell.json("model", "show", model)["collections"] == 1

    shell.files("pictures", 2)
    register = ("output", "register", "pictures", "--model", model, "--account", "test:3")
    assert "goes to this wallet; its rights token will get nothing" in shell.run(
        *register, "--payee", "wallet", "--dry-run"
    )
    batch = shell.json(*register)
    told = shell.run("rights", "mint", "batch", batch["batch"], "--account", "test:3")
    assert "What reaches the token: 75% of what is paid to the batch." in told
    token = shell.json("rights", "show", "batch", batch["batch"], "--seal", "seal.svg")
    assert (token["income"], token["holder"]) == ("75", account_of(3).address)
    assert (shell.folder / "seal.svg").read_text().startswith("<svg")
    lies = shell.json("revenue", "address", batch["batch"])
    assert token["resale"] == lies["royalties"] != lies["address"]
    assert "everything its models declare was authorised" in shell.run("verify", "pictures/1.svg")
    assert "Unknown" in shell.run("verify", "artwork/1.svg", code=4)

    (shell.folder / "season1.csv").write_text(f"batch,weight\n{batch['batch']},120\n")
    season = ("revenue", "title", "add", "series.json", "1", "season1.csv", "--name", "A series")
    title = shell.json(*season)
    assert title["cuts"] == 1
    assert shell.json("revenue", "title", "publish", "series.json")["split"] == title["split"]
    assert not shell.json("revenue", "title", "publish", "series.json")["transactions"]
    assert title["split"] in shell.run("revenue", "title", "show", "series.json")

    shell.run("revenue", "pay", batch["batch"], "1", "--account", "test:4")
    (owed,) = shell.json("revenue", "owed", ARTIST)["owed"]
    assert owed["amount"] == str(2 * 10**17)
    assert "0.2 ether" in shell.run("revenue", "owed", ARTIST)
    before = k.balance(of=ARTIST)
    claimed = shell.json("revenue", "claim", ARTIST)  # by somebody else, who pays the gas
    assert claimed["amounts"] == {ARTIST: {"0x" + "00" * 20: str(2 * 10**17)}}
    assert k.balance(of=ARTIST) - before == 2 * 10**17
    assert "Nothing is owed" in shell.run("revenue", "claim", ARTIST)

    shown = shell.run("data", "show", collection["collection"])
    assert model in shown
    assert "20% of gross" in shown
    shell.run("data", "revoke", collection["collection"], *artist)
    (listed,) = shell.json("data", "list", *artist)
    assert listed["revoked"]


def test_what_rests_on_a_model_that_nobody_registered(shell: Shell, k: LocalKiseki) -> None:
    """Promise 3: said before it is sent, and a fact where it is stated."""
    for name in ("base", "lora", "other"):
        (shell.folder / f"{name}.safetensors").write_text(name)
    (shell.folder / "base.md").write_text("From somewhere, under some licence.")
    register = ("model", "register", "lora.safetensors", "--account", "test:2", "--external")
    base = k.models.weights(shell.folder / "base.safetensors")
    named = f"{to_hex(base.commitment)}=base.md"
    told = shell.run(*register, "base.safetensors=base.md", "--dry-run")
    assert "stated: for each base model" in " ".join(told.split())
    model = shell.json(*register, named)["model"]
    assert shell.json(*register, "base.safetensors=base.md")["model"] == model
    assert shell.json("model", "show", model)["base"] == "stated"
    assert "nobody has checked" in " ".join(shell.run("model", "show", model).split())
    told = shell.run(*register, "lora.safetensors=base.md", "--dry-run")
    assert f"it is the model {model}. Name that" in " ".join(told.split())
    assert "Name that" not in shell.run(*register, "other.safetensors=base.md", "--dry-run")
    (external,) = k.index.sources(bytes.fromhex(model[2:])).externals
    assert external.document == keccak256(b"From somewhere, under some licence.")
    lost = shell.json(*register, "unknown=base.md")["model"]
    assert k.index.model(bytes.fromhex(lost[2:])).base is Base.UNDISCLOSED
    bare = shell.run(*register, to_hex(b"w" * 32))
    assert "undisclosed: a base model is not registered" in " ".join(bare.split())
    assert "other.md cannot be read" in shell.run(*register, "other.safetensors=other.md", code=1)

    shell.files("pictures", 1)
    (shell.folder / "pictures/cut.png").write_bytes(picture("PNG")[:-4])
    creator = ("--account", "test:3")
    until = str(k.session.now() + 1000)
    endorse = (
        "output", "endorse", "pictures", "--model", model, "--other", lost, "--until", until,
        "--creator", account_of(3).address, "--account", "test:2",
    )  # fmt: skip
    word = shell.json(*endorse)["endorsement"]
    told = " ".join(shell.run(*endorse).split())
    assert "pictures/cut.png is hashed byte by byte, with its credentials: it is cut off" in told
    made = shell.json("output", "register", "pictures", "--model", model, "--model", lost,
                      "--endorsement", word, *creator)  # fmt: skip
    assert shell.json("output", "show", made["batch"])["base"] == "undisclosed"
    (found,) = shell.json("verify", "pictures/0.svg", code=4)
    assert (found["base"], found["findings"][0]["code"]) == ("undisclosed", "undisclosed_base")
    shell.files("frames", 1)
    frames = shell.json("output", "register", "frames", "--model", model, *creator)["batch"]
    assert "names a base model that is not registered" in shell.run("verify", "frames/0.svg")
    assert "with one problem" in shell.run("verify", "frames/0.svg", "--traced-only", code=4)

    offer = shell.json("market", "offer", "batch", frames, "0.1", "--uses", "commercial_output",
                       *creator)["offer"]  # fmt: skip
    told = shell.run("market", "buy", offer, "--traced-only", "--account", "test:4", code=2)
    assert "its base models are stated" in " ".join(told.split())
    shell.run("market", "buy", offer, "--account", "test:4")


def test_rights_that_move_a_market_and_a_keeper(shell: Shell, k: LocalKiseki) -> None:
    """Promises 5 and 7, by nothing but commands."""
    shell.files("artwork", 1)
    artist, buyer = ("--account", "test:1"), ("--account", "test:4")
    made = shell.json(
        "data", "register", "artwork", "--royalty", "20%", "--gate", "market",
        "--notice", "365d", *artist,
    )  # fmt: skip
    collection = made["collections"][0]["collection"]
    mint = ("rights", "mint", "collection", collection)
    assert "add --set-payee" in shell.run(*mint, *artist, code=2), (
        "nobody is asked, nothing is done"
    )
    told = shell.run(*mint, "--set-payee", *artist)
    assert "What reaches the token: all that is paid to the collection, permanently." in told
    assert "allow list and endorsements stay with who registered it" in told
    assert "that is for good" in shell.run("data", "set-payee", collection, ARTIST, *artist, code=1)
    licence = shell.json("market", "licence", "--out", "licence.json", "--territory", "JP")
    offer = shell.json(
        "market", "offer", "collection", collection, "0.1", "--uses", "ai_generative_training",
        "--lasts", "365d", "--licence", "licence.json", *artist,
    )["offer"]  # fmt: skip
    (listed,) = shell.json("market", "offers", "collection", collection)
    assert (listed["offer"], listed["lasts"]) == (offer, 365 * 86_400)
    assert listed["document"] == licence["document"]
    assert "ai_generative_training" in shell.run("market", "offers")
    before = k.balance(of=ARTIST)
    said = " ".join(
        shell.run("market", "buy", offer, "--for", account_of(2).address, *buyer).split()
    )
    assert f"{account_of(2).address} may use it at least: ai_generative_training until" in said
    assert "0.1 ether" in shell.run("revenue", "owed", ARTIST), "at the token, for whoever holds it"
    shell.run("revenue", "claim", ARTIST, *buyer)
    assert k.balance(of=ARTIST) - before == 10**17
    (licensed,) = shell.json("market", "licences", account_of(2).address)
    assert licensed["offers"] == [offer]
    assert licensed["payers"] == [BUYER.lower()]
    assert "ai_generative_training" in shell.run("market", "licences", account_of(2).address)

    scheduled = shell.json(
        "rights", "schedule", "collection", collection, BUYER, "--deadline", "30d",
        "--income", f"0.05={BUYER}", "--price", "0.2", "--approved", f"1={ARTIST}", *artist,
    )["schedule"]  # fmt: skip
    shown = " ".join(shell.run("rights", "pending").split())
    assert "All of the income is on record to come along with the token" in shown
    assert "has earned 0.05 ether from then on" in shown
    assert "0.2 ether lies in escrow for the holder" in shown
    assert "RightsToken_NotMet" in shell.run("rights", "execute", scheduled, code=1)
    shell.run("rights", "approve", scheduled, *artist)
    paying = shell.run("rights", "pay", scheduled, *buyer)
    assert "All of the income is on record" in paying
    assert "When it was scheduled it was 1 of 1" in paying
    shell.run("revenue", "pay", BUYER, "0.05", "--account", "test:5")
    (pending,) = shell.json("rights", "pending", BUYER)
    assert pending["due"]
    done = shell.run("keeper", "--once", "--account", "test:6")
    assert "execute 1 times" in done
    assert k.rights.holder(k.rights.token("collection", bytes.fromhex(collection[2:]))) == BUYER
    shell.run("rights", "settle", scheduled, "--account", "test:6")
    assert "no open schedules" in shell.run("rights", "pending")
    told = shell.run("market", "buy", offer, *buyer, code=2)
    assert "the rights have another holder now" in told
    shell.run("market", "end", offer, *artist)
    shell.run("market", "delegate", BUYER, *artist)


def test_a_buyer_is_told_what_is_revoked_and_says_the_word(shell: Shell, k: LocalKiseki) -> None:
    """Nothing is spent before it was said; the licence is sold though every item is revoked."""
    shell.files("artwork")
    artist, buyer = ("--account", "test:1"), ("--account", "test:4")
    (made,) = shell.json(
        "data", "register", "artwork", "--royalty", "20%", "--gate", "market", *artist
    )["collections"]  # fmt: skip
    collection = made["collection"]
    offer = shell.json(
        "market", "offer", "collection", collection, "0.1", "--uses", "ai_generative_training",
        "--lasts", "20d", *artist,
    )["offer"]  # fmt: skip
    first, *others = k.index.collection(bytes.fromhex(collection[2:])).published
    shell.run("data", "revoke-item", to_hex(first), *artist)
    told = "1 of the 3 items is revoked. Notice was given on"
    for command in (("market", "offers"), ("data", "show", collection)):
        assert told in " ".join(shell.run(*command).split())
    (listed,) = shell.json("market", "offers")
    assert (listed["items_revoked"]["count"], len(listed["items_revoked"]["times"])) == (3, 1)
    assert told in " ".join(shell.run("market", "buy", offer, *buyer).split())
    for each in others:
        shell.run("data", "revoke-item", to_hex(each), *artist)
    assert "no item is left that is known" in shell.run("data", "show", collection)
    held = k.balance(of=BUYER)
    refused = " ".join(shell.run("market", "buy", offer, *buyer, code=2).split())
    assert "3 of the 3 items are revoked. Notice was given from" in refused
    assert "say --revoked" in refused
    assert k.balance(of=BUYER) == held
    shell.run("market", "buy", offer, "--revoked", *buyer)
    assert held - k.balance(of=BUYER) >= 10**17


def test_a_model_behind_the_market_is_licensed_by_its_commands(shell: Shell) -> None:
    """Promise 7: whoever trained it sells who may generate with it."""
    (shell.folder / "lora.safetensors").write_text("lora")
    (shell.folder / "base.md").write_text("From somewhere, under some licence.")
    developer, creator = ("--account", "test:2"), ("--account", "test:3")
    register = ("model", "register", "lora.safetensors", "--external", "unknown=base.md")
    model = shell.json(*register, "--gate", "market", "--until", "2100-01-01", *developer)["model"]
    offer = shell.json(
        "market", "offer", "model", model, "0.1", "--uses", "generation", "--lasts", "365d",
        *developer,
    )["offer"]  # fmt: skip
    shell.files("pictures", 1)
    output = ("output", "register", "pictures", "--model", model, *creator)
    assert "GateClosed" in shell.run(*output, code=1), "who has no licence generates nothing"
    shell.run("market", "buy", offer, *creator)
    assert shell.json(*output)["batch"]


def test_a_committee_is_paid(shell: Shell, k: LocalKiseki) -> None:
    """Promise 4: a waterfall, and a statement held against the chain."""
    other = account_of(5).address
    profit = Split([(ids.wallet(BUYER), 60), (ids.wallet(other), 40)])
    made = shell.json("revenue", "split", "profit.json", f"{BUYER}=60", f"{other}=40")
    assert made["split"] == to_hex(profit.key)
    assert (shell.folder / "profit.json").read_text() == profit.to_json()
    assert made == shell.json("revenue", "split", "profit.json", f"{BUYER}=60", f"{other}=40")
    told = shell.run("revenue", "split", "profit.json", f"{BUYER}=1", code=2)
    assert "exists and has other content" in told
    assert "PAYEE=SHARES" in shell.run("revenue", "split", "other.json", BUYER, code=2)
    shell.run("revenue", "publish", "profit.json")
    fall = shell.json("revenue", "waterfall", "create", f"1={ARTIST}", "profit.json")["waterfall"]
    shell.run("revenue", "waterfall", "pay", fall, "1.5")
    shown = shell.json("revenue", "waterfall", "show", fall)
    assert [each["had"] for each in shown["tiers"]] == [str(10**18), str(5 * 10**17)]
    assert "the rest" in shell.run("revenue", "waterfall", "show", fall)
    (owed,) = shell.json("revenue", "owed", ARTIST)["owed"]
    assert owed["amount"] == str(10**18)

    (shell.folder / "october.csv").write_text(
        f"channel,territory,payee,amount\nstreaming,JP,{fall},0.5\ncinema,JP,profit.json,0.25\n"
    )
    period = ("--period", "2026-10")
    assert "not paid" in shell.run("revenue", "statement", "check", "october.csv", *period, code=4)
    paid = shell.json("revenue", "statement", "pay", "october.csv", *period)
    assert len(paid["transactions"]) == 1
    assert paid["total"] == str(75 * 10**16)
    assert "right" in shell.run("revenue", "statement", "check", "october.json")
    assert not shell.json("revenue", "statement", "pay", "october.json")["transactions"]
    told = shell.run("revenue", "owed", BUYER)
    assert f"0.5 ether in all are on the way through the waterfall {fall}." in told
    claimed = shell.json("revenue", "claim", BUYER, "--through")
    # 60% of the 0.5 above the first tier, of what the statement paid, and of the 0.25.
    assert claimed["amounts"] == {BUYER: {NOBODY: str(75 * 10**16)}}
    assert claimed["ahead"] == []
    assert k.revenue.waterfall.passed(fall) == 2 * 10**18
    k.sender.send(Call(fall, b"", 5, "somebody pays it as any wallet"))
    shell.run("revenue", "waterfall", "pass", fall)
    assert k.balance(of=fall) == 0


def test_what_waits_for_a_tier_is_named_and_retried(shell: Shell, k: LocalKiseki) -> None:
    """Promise 4: it is in no sum that a claim brings, wherever it is told."""
    yen = k.test_token()
    fall = shell.json(
        "revenue", "waterfall", "create", f"100@{yen}={ARTIST}", BUYER
    )["waterfall"]  # fmt: skip
    k.mint(yen, fall, 120 * 10 ** k.decimals(yen))
    code = ask(k, "eth_getCode", yen, "latest")
    freeze(k, yen)
    shell.run("revenue", "waterfall", "pass", fall, "--token", yen)
    units = str(100 * 10 ** k.decimals(yen))
    found = shell.json("revenue", "owed", ARTIST)
    assert found["owed"] == []
    waits = {"tier": 1, "amount": units}
    named = {"waterfall": fall.lower(), "token": yen.lower(), "lies": "0", "owed": "0"}
    assert found["ahead"] == [named | {"waiting": [waits]}]
    again = f"`kiseki revenue waterfall retry {fall} 1 --token {yen.lower()}`"
    for words in (
        ("revenue", "owed", ARTIST),
        ("revenue", "claim", ARTIST, "--through"),
        ("revenue", "waterfall", "show", fall, "--token", yen),
    ):
        told = " ".join(shell.run(*words).split())
        assert f"wait for tier 1 of the waterfall {fall}" in told
        assert again in told
        assert "on the way" not in told
        assert "still in the waterfall" not in told
    ask(k, "anvil_setCode", yen, code)
    shell.run("revenue", "waterfall", "retry", fall, "1", "--token", yen)
    assert shell.json("revenue", "owed", ARTIST)["ahead"] == []


def test_what_lies_at_any_address_of_a_batch_is_swept(shell: Shell, k: LocalKiseki) -> None:
    """A marketplace pays its royalty elsewhere than who pays the batch itself (promise 4)."""
    terms = k.data.define_terms("train")
    art = k.data.prepare(shell.files("art", 1), terms)
    k.data.register(art)
    manifest = Manifest({art.id: [(each.id, 1) for each in art.items]})
    model = k.models.register(keccak256(b"weights"), terms, manifest=manifest).id
    pictures = k.outputs.prepare(shell.files("pictures", 1), [model])
    k.outputs.register(pictures)
    batch = to_hex(pictures.id)
    lies = shell.json("revenue", "address", batch)
    assert shell.run("revenue", "address", batch, "--royalties").strip() == lies["royalties"]
    assert "there is no such money at" in shell.run("revenue", "sweep", batch, code=2)
    for number, place in enumerate((lies["address"], lies["royalties"]), 1):
        k.sender.send(Call(place, b"", number * 100, "a marketplace pays"))
    assert len(shell.json("revenue", "sweep", batch)["transactions"]) == 2
    k.sender.send(Call(lies["royalties"], b"", 50, "a marketplace pays"))
    told = ("--once", "--sweep", batch, "--worth", "50 wei", "--metrics", "kiseki.prom")
    shell.run("keeper", *told)
    kept = (shell.folder / "kiseki.prom").read_text()
    assert 'kiseki_keeper_done_total{what="sweep"} 1' in kept
    assert k.balance(of=lies["royalties"]) == 0
    splitter = k.session["RevenueSplitter"].address
    assert k.balance(of=splitter) == 350


def test_how_things_stand(shell: Shell) -> None:
    told = shell.json("status")
    assert set(told["contracts"].values()) == {"the same, to the byte"}
    assert (told["pending"], told["owed"], told["problems"]) == ([], {}, [])
    shown = shell.run("status")
    assert "local, chain 31337" in shown
    assert "pending" in shown
    with anvil(4_260) as url:
        bare = Shell(shell.folder, url)
        assert "kiseki deploy" in bare.run("status", "--account", "env", code=4)


def test_deploying_is_looked_at_first_and_asked_for(
    elsewhere: Callable[[str], Shell],
) -> None:
    with anvil(11_155_111, options=("--enable-tx-gas-limit", "--hardfork", "osaka")) as url:
        shell = elsewhere(url)
        given = {"KISEKI_PRIVATE_KEY": KEY}
        dry = shell.json("deploy", "--network", "sepolia", "--dry-run", more=given)
        assert dry["sent"] is False
        assert set(dry["addresses"]) == set(newest())
        assert "add --yes" in shell.run("deploy", "--network", "sepolia", code=2, more=given)
        shell.run("deploy", "--network", "sepolia", "--yes", more=given)
        assert (shell.folder / "deployments" / "11155111.json").exists()
        assert shell.json("deploy", "--network", "sepolia", more=given)["gas"]["DataRegistry"] == 0
        told = shell.json("verify-contracts", "--network", "sepolia")
        assert {each["said"] for each in told} == {"the same, to the byte"}
        # On a public network the cost is told, and asked for.
        shell.files("artwork")
        words = ("data", "register", "artwork", "--network", "sepolia")
        refused = shell.run(*words, code=2, more=given)
        assert re.search(r"2 transactions on sepolia from 0x.*: [\d,]+ gas, about 0\.\d+", refused)
        assert "add --yes" in refused
        dry = shell.json(*words, "--dry-run", more=given)
        assert (dry["transactions"], dry["sent"]) == (2, False)
        assert shell.json(*words, "--yes", more=given)["transactions"] == 2


def test_wallets_in_keystore_files(shell: Shell) -> None:
    """Invariant 7: neither key nor password is ever on the screen, but for `export`."""
    password = shell.folder / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    given = {"KISEKI_PASSWORD_FILE": str(password)}
    made = shell.json("accounts", "new", "studio", more=given)
    assert stat.S_IMODE(Path(made["path"]).stat().st_mode) == 0o600
    assert shell.json("accounts", "address", "studio")["address"] == made["address"]
    shown = shell.run("accounts", "import", "alice", more=given | {"KISEKI_PRIVATE_KEY": KEY})
    assert ARTIST in shown
    assert KEY[2:] not in shown
    assert shell.json("accounts", "export", "alice", more=given)["key"] == KEY
    names = [each["name"] for each in shell.json("accounts", "list")]
    assert names == ["alice", "studio"]
    shell.run("revenue", "pay", BUYER, "100 wei", "--account", "alice", more=given)
    password.write_text("wrong")
    refused = shell.run("revenue", "pay", BUYER, "1 wei", "--account", "alice", code=1, more=given)
    assert "that is not the password of alice" in refused
    assert "set KISEKI_PASSWORD_FILE" in shell.run("accounts", "export", "alice", code=2)


def test_consents_and_receipts(shell: Shell, k: LocalKiseki) -> None:
    shell.files("artwork")
    (shell.folder / "list.csv").write_text(
        f"file,name,artist\nartwork/0.svg,Cut 1,{ARTIST}\nartwork/1.svg,Cut 2,{BUYER}\n"
    )
    words = ("data", "consent")
    paths = shell.json(*words, "prepare", "list.csv", "consents", "--royalty", "20%")
    assert len(paths) == 2
    mine = next(each for each in paths if ARTIST.lower() in each)
    assert "add --yes" in shell.run(*words, "sign", mine, "--account", "test:1", code=2)
    shown = shell.run(*words, "sign", mine, "--account", "test:1", "--yes")
    assert "20% of gross" in shown
    told = shell.json(*words, "submit", "consents", code=3)
    problems = {Path(each["file"]).name: each["problem"] for each in told}
    assert problems.pop(Path(mine).name) == ""
    assert all(problems.values())
    collection = next(each["collection"] for each in told if not each["problem"])
    made = shell.json("data", "receipt", collection, "--out", "alice.json", "--clear")
    assert made["items"] == 1
    found = shell.json("data", "check-receipt", "alice.json", "artwork", "--clear", "--chain")
    assert (found["whole"], [each["names"] for each in found["files"]]) == (True, [["Cut 1"]])
    assert found["chain"]["registered_at"]


def test_a_standing_consent_from_its_file_to_its_end(shell: Shell, k: LocalKiseki) -> None:
    words = ("data", "standing")
    shown = shell.run(
        *words, "prepare", ARTIST, "alice.json", "--per-month", "1", "--royalty", "20%"
    )
    assert "registering up to one collection a month" in shown
    shell.files("week-1")
    under = ("data", "register", "week-1", "--under", "alice.json")
    assert "not signed yet" in shell.run(*under, code=2)
    assert "add --yes" in shell.run(*words, "sign", "alice.json", "--account", "test:1", code=2)
    shell.run(*words, "sign", "alice.json", "--account", "test:1", "--yes")
    assert "leave out these options" in shell.run(*under, "--royalty", "20%", code=2)
    assert "for the collector" in shell.run(*under, "--account", "test:2", code=2)
    assert "0 are left until" in shell.run(*under)
    assert "was registered already" in shell.run(*under)
    shell.files("week-2")
    refused = shell.run("data", "register", "week-2", "--under", "alice.json", code=2)
    assert "Nothing was sent" in refused
    told = shell.json(*words, "show", "alice.json")
    assert (told["left"], told["problem"], told["ended"]) == (0, "", False)
    (known,) = shell.json(*words, "list", ARTIST)
    assert known["id"] == told["consent"]
    (made,) = shell.json("data", "list", ARTIST)
    assert told["consent"] in shell.run("data", "show", made["collection"])
    assert "use that wallet to end it" in shell.run(*words, "end", "alice.json", code=2)
    sign = (*words, "end", "alice.json", "--sign", "ending.json", "--account", "test:1")
    assert "add --yes" in shell.run(*sign, code=2)
    shell.run(*sign, "--yes")
    shell.run(*words, "end", "ending.json", "--signed")
    assert shell.json(*words, "show", "alice.json")["ended"]
    assert "ended it" in shell.run("data", "register", "week-2", "--under", "alice.json", code=2)


def test_lists_are_shown_to_be_whole_and_checked_by_others(shell: Shell, k: LocalKiseki) -> None:
    shell.files("artwork")
    shell.run("data", "register", "artwork")
    assert "whole: proved against block" in shell.run("lists")
    told = {each["list"]: each for each in shell.json("lists", "--out", "lists")}
    assert (told["collections"]["count"], told["collections"]["proved"]) == (1, True)
    assert (told["models"]["count"], told["models"]["proved"]) == (0, True)
    said = shell.run("check-list", "lists/collections.json", "--rpc", "http://127.0.0.1:1")
    assert "This list is whole. Its 1 IDs are" in said and told["collections"]["hash"] in said
    file = shell.folder / "lists/collections.json"
    file.write_text(file.read_text().replace('"ids":["0x', '"ids":["0x' + "11" * 32 + '","0x'))
    assert "is not what the registry held" in shell.run("check-list", file.as_posix(), code=1)
    assert shell.json("status")["lists"] == {"collections": 1, "models": 0, "batches": 0}


def test_the_key_store_is_backed_up_and_restored(shell: Shell) -> None:
    shell.files("artwork")
    shell.run("data", "register", "artwork")
    assert shell.json("keys", "backup", "backup", "--clear")["salts"] == 3
    (shell.folder / "home/.kiseki/secrets").unlink()
    for extra in ("-wal", "-shm"):
        (shell.folder / f"home/.kiseki/secrets{extra}").unlink(missing_ok=True)
    assert shell.json("keys", "restore", "backup", "--clear") == {"new": 3, "salts": 3}
    assert len(shell.json("keys", "list")) == 1
    assert shell.json("data", "register", "artwork")["transactions"] == 0


def test_money_is_brought_where_its_payee_signed(shell: Shell, k: LocalKiseki) -> None:
    to = "0x" + "73" * 20
    split = Split([(ids.wallet(ARTIST), 1), (ids.wallet(k.address), 1)])
    (shell.folder / split.filename).write_text(split.to_json())
    shell.run("revenue", "pay", split.filename, "100 wei")
    assert shell.json("revenue", "owed", ARTIST)["owed"] == []
    shell.run("revenue", "redirect", to, "--out", "alice.json", "--yes", "--account", "test:1")
    claimed = shell.json("revenue", "claim", "--redirect", "alice.json", "--list", ".")
    assert claimed["redirected"][0]["to"].lower() == to
    assert k.balance(of=to) == 50


def test_a_redirect_is_shown_while_it_can_be_used_and_cancelled(
    shell: Shell, k: LocalKiseki
) -> None:
    to, mine = "0x" + "73" * 20, ("--account", "test:1")
    assert shell.json("revenue", "redirects", *mine) == []
    shell.run("revenue", "redirect", to, "--out", "alice.json", "--yes", *mine)
    shell.run("revenue", "redirect", to, "--out", "bob.json", "--days", "1", "--yes", *mine)
    kept = shell.folder / "home/.kiseki/redirects"
    assert kept.stat().st_mode & 0o777 == 0o600
    first, second = shell.json("revenue", "redirects", *mine)
    assert (first["to"].lower(), second["to"].lower()) == (to, to)
    assert shell.json("revenue", "redirects", "--account", "test:2") == [], "others' are not shown"
    told = shell.run("revenue", "redirects", *mine)
    assert f"kiseki revenue cancel-redirect {first['nonce']}" in told
    shell.run("revenue", "cancel-redirect", first["nonce"], *mine)
    assert shell.json("revenue", "redirects", *mine) == [second]
    k.wait(2 * 86_400)
    assert shell.json("revenue", "redirects", *mine) == [], "it ran out"
    longer = ("revenue", "redirect", to, "--out", "c.json", "--days", "30")
    refused = shell.run(*longer, *mine, code=2)
    assert "1 to 29 days" in refused


def test_a_mint_is_signed_by_its_registrant_and_brought_by_anybody(
    shell: Shell, k: LocalKiseki
) -> None:
    """Promise 5: shown in words before it is signed, and before it is sent."""
    mine = ("--account", "test:1")
    drawings = k.wallet(1).data.register(shell.files("art", 1), k.data.define_terms("train")).id
    mint = ("rights", "mint", "collection", to_hex(drawings), "--sign", "mint.json", *mine)
    assert "cannot change the payee" in shell.run(*mint, "--set-payee", "--yes", code=2)
    assert "add --yes" in shell.run(*mint, code=2)
    assert not (shell.folder / "mint.json").exists()
    told = " ".join(shell.run(*mint, "--royalty", "5%", "--yes").split())
    words = (
        f"The rights token of the collection {to_hex(drawings)} is minted to the wallet {ARTIST}"
    )
    assert words in told
    assert "Nothing of what is paid to the collection reaches the token" in told
    assert "A resale is asked for 5%." in told
    assert "exists already; name another file" in shell.run(*mint, "--yes", code=1)
    done = shell.json("rights", "mint-for", "mint.json")
    assert k.rights.holder(int(done["token"])) == ARTIST
    assert "is no signed mint" in shell.run("rights", "mint-for", "art/0.svg", code=2)


def test_artists_without_a_wallet(shell: Shell, k: LocalKiseki) -> None:
    told = shell.json("identity", "person", "staff number 12")
    assert told == shell.json("identity", "person", "staff number 12")
    assert "none yet" in shell.run("identity", "status", told["person"])
    shell.run("identity", "bind", told["person"], ARTIST)
    assert shell.json("identity", "status", told["person"])["wallet"] == ARTIST
    shell.run("identity", "withdraw", told["person"])
    assert shell.json("identity", "status", told["person"])["wallet"] is None


# What goes wrong


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["data", "show", NOTHING], "no collection", 1),
        (["data", "show", "0x12"], "the collection must be 0x and 64 hex digits", 2),
        (["data", "register", "nowhere"], "there is no nowhere", 1),
        (["data", "revoke", NOTHING], "register the collection first, or check the chain", 1),
        (["revenue", "pay", BUYER, "1.5 wei"], "more digits than there are base units", 2),
        (["revenue", "pay", BUYER, "much"], "is no amount; write one like 0.5", 2),
        (["revenue", "pay", BUYER, "999999999"], "insufficient funds; send it some ether", 1),
        (["revenue", "pay", BUYER, "1", "--account", "nobody"], "there is no wallet nobody", 2),
        (["status", "--network", "mainet"], "there is no network 'mainet'", 2),
        (["status", "--network", "sepolia"], "", 1),
        (["revenue", "pay", BUYER, "1", "--max-fee", "x"], "--max-fee must be a number of gwei", 2),
        (["revenue", "pay", BUYER, "1", "--max-fee", "0.000000001"], "raise the cap", 1),
        (["rights", "show", "film", NOTHING], "kind is one of batch, model, collection", 2),
        (["data", "terms", "--until", "soon"], "--until must be a day, as 2027-12-31", 2),
        (["accounts", "export", "x"], "set KISEKI_PASSWORD_FILE", 2),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    shell: Shell, words: list[str], said: str, code: int
) -> None:
    given = ["--rpc", shell.url] if "sepolia" in words else []
    shown = shell.run(*words, *given, code=code)
    assert shown.startswith("kiseki: ")
    assert len(shown.strip().splitlines()) == 1
    assert said in shown


def test_a_node_that_is_not_there(shell: Shell) -> None:
    secret = "http://127.0.0.1:9/v3/0123456789abcdef"
    shown = shell.run("status", "--rpc", secret, code=1)
    assert "no node answers at http://127.0.0.1:9" in shown
    assert "0123456789abcdef" not in shown
    told = shell.start("status", "--rpc", secret, "--debug").communicate(timeout=60)[1]
    assert "Traceback" in told
    assert "0123456789abcdef" not in told


@pytest.mark.parametrize(
    "words", [("status",), ("verify-contracts",), ("deploy", "--dry-run"), ("accounts", "list")]
)
def test_a_node_that_stops_answering_does_not_have_its_key_shown(
    elsewhere: Callable[[str], Shell], k: LocalKiseki, words: tuple[str, ...]
) -> None:
    """It says on which chain it is, and then that the key in the URL has run out."""
    asked = 0

    class Node(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal asked
            asked += 1
            self.rfile.read(int(self.headers["content-length"]))
            answer = b'{"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}' if asked == 1 else b"no"
            self.send_response(200 if asked == 1 else 403)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Node) as node:
        threading.Thread(target=node.serve_forever, daemon=True).start()
        shell = elsewhere(f"http://127.0.0.1:{node.server_port}/v3/SECRETKEY")
        code = 0 if words == ("accounts", "list") else 1
        assert "SECRETKEY" not in shell.run(*words, "--account", "test:1", code=code)
        node.shutdown()


@pytest.mark.parametrize(
    "words", [("keeper", "--once"), ("accounts", "cancel"), ("model", "check-manifest")]
)
def test_what_cannot_be_tried_refuses_a_dry_run(shell: Shell, words: tuple[str, ...]) -> None:
    """Nothing is sent that was asked not to be."""
    if words[0] == "model":
        (shell.folder / "manifest.json").write_text(Manifest({}).to_json(), "utf-8")
        words = (*words, "0x" + "33" * 32, "manifest.json")
    told = shell.run(*words, "--dry-run", "--account", "test:1", code=2)
    assert "cannot be tried without sending" in told


def test_a_dry_run_says_what_would_be_refused(shell: Shell) -> None:
    """And ends as the command would, not with 0."""
    shell.files("artwork", 1)
    shell.run("data", "register", "artwork", "--account", "test:1")
    told = ("data", "register", "artwork", "--payee", BUYER, "--account", "test:1", "--dry-run")
    assert "DataRegistry_DifferentValues" in shell.run(*told, code=1)
    assert shell.json(*told, code=1)["problems"]
    empty = ("revenue", "pay", BUYER, "1 wei", "--account", "test:19", "--dry-run")
    assert "insufficient funds" in shell.run(*empty, code=1)


def test_a_reader_that_has_enough(shell: Shell) -> None:
    command = f"{sys.executable} -m kiseki status --json | head -1"
    done = subprocess.run(
        command, shell=True, cwd=shell.folder, env=shell.environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("{\n", "")


def test_a_local_chain_for_others_to_use(shell: Shell) -> None:
    node = shell.start("node", "--port", "0", "--json")
    assert node.stdout
    told = json.loads(node.stdout.readline())
    assert len(told["wallets"]) == 10
    other = Shell(shell.folder, told["url"])
    assert set(other.json("status")["contracts"].values()) == {"the same, to the byte"}
    node.send_signal(signal.SIGINT)
    assert node.wait(timeout=20) == 0
    assert "no node answers" in other.run("status", code=1)


def test_an_interrupted_command_says_that_it_goes_on(shell: Shell, k: LocalKiseki) -> None:
    """Invariant 8, as people meet it."""
    k.session.node.one("evm_setAutomine", False)
    try:
        paying = shell.start("revenue", "pay", BUYER, "123 wei")
        journal = shell.folder / "home" / ".kiseki" / "journal"
        end = time.monotonic() + 30
        while time.monotonic() < end:
            pool = k.session.node.one("txpool_status")
            if journal.exists() and int(pool["pending"], 16):
                break
            time.sleep(0.05)
        paying.send_signal(signal.SIGINT)
        _, told = paying.communicate(timeout=30)
        assert paying.returncode == 130
        assert told.strip().endswith(
            "Interrupted. Run the same command again to go on; it sends nothing twice."
        )
        (pending,) = shell.json("status")["pending"]
        assert pending["what"] == "RevenueSplitter.deposit"
    finally:
        k.session.node.one("evm_setAutomine", True)
        k.session.node.one("evm_mine")
    before = k.balance(of=BUYER)
    (sent,) = shell.json("revenue", "pay", BUYER, "123 wei")["transactions"]
    assert sent["resumed"]
    assert k.balance(of=BUYER) == before
    (anew,) = shell.json("revenue", "pay", BUYER, "123 wei")["transactions"]
    assert not anew["resumed"]
    assert k.balance(of=BUYER) == before + 123


def test_progress_is_silent_in_a_pipe(shell: Shell) -> None:
    shell.files("artwork")
    done = shell.start("data", "register", "artwork")
    out, err = done.communicate(timeout=60)
    assert "\x1b" not in out + err
    assert "reading" not in out + err
    assert os.linesep + os.linesep not in err


def test_what_others_wrote_gives_a_terminal_no_orders(shell: Shell) -> None:
    """A receipt's names, for one, come from somebody else."""
    (shell.folder / "list.csv").write_text(f"sha256,name\n{'11' * 32},[bold]\x1b[2Jmine\n")
    (shell.folder / "drawing").mkdir()
    made = shell.json("data", "register", "list.csv")["collections"][0]["collection"]
    shell.run("data", "receipt", made, "--out", "receipt.json", "--clear")
    shown = shell.run("data", "check-receipt", "receipt.json", "--clear")
    assert "\x1b" not in shown
    name = shell.run("revenue", "pay", "\x1b[2J[bold]", "1", code=2)
    assert "\x1b" not in name


def test_a_model_is_found_by_its_weights_and_a_picture_with_its_credentials(
    shell: Shell, k: LocalKiseki
) -> None:
    terms = k.data.define_terms("train")
    art = k.data.prepare(shell.files("art", 1), terms)
    k.data.register(art)
    manifest = Manifest({art.id: [(each.id, 1) for each in art.items]})
    (shell.folder / "manifest.json").write_text(manifest.to_json())
    (shell.folder / "a.safetensors").write_bytes(save({"w": np.ones(3)}, {"alpha": "1"}))
    (shell.folder / "b.bin").write_bytes(b"no tensors")
    given = ("--manifest", "manifest.json", "--account", "test:1")
    said = shell.run("model", "register", "b.bin", *given)
    assert "covers the whole file, every byte of it: it is not in the safetensors format" in said
    assert "covers 1 tensors" in shell.run("model", "register", "a.safetensors", *given)

    (shell.folder / "a.safetensors").write_bytes(
        save({"w": np.ones(3)}, {"alpha": "2", "sshs_model_hash": "00"})
    )
    told = shell.json("model", "find", "a.safetensors")
    assert told["weights"]["form"] == "tensors"
    (model,) = told["models"]
    assert (model["form"], model["settings"]) == ("tensors", "unknown")
    assert [(each["name"], each["holds"]) for each in told["hints"]] == [("sshs_model_hash", False)]
    shown = shell.run("model", "find", "a.safetensors")
    assert f"{model['model']}: same tensors" in shown
    assert "it is not the hash of the tensors in this file" in shown
    assert "byte for byte" in shell.run("model", "find", "b.bin")
    (shell.folder / "b.bin").write_bytes(b"others")
    assert "Unknown" in shell.run("model", "find", "b.bin", code=4)

    (shell.folder / "1.png").write_bytes(picture("PNG"))
    (shell.folder / "2.webp").write_bytes(picture("WEBP")[:-1])
    registered = shell.run("output", "register", "1.png", "2.webp", "--model", model["model"],
                           "--account", "test:1")  # fmt: skip
    assert "2.webp is hashed byte by byte, with its credentials: it is cut off" in registered
    (shell.folder / "1.png").write_bytes(embed(picture("PNG"), "image/png"))
    assert shell.json("verify", "1.png", code=4)[0]["form"] == "without credentials"


def test_a_joint_work_pays_all_of_its_artists(shell: Shell, k: LocalKiseki) -> None:
    """Promises 1, 2 and 4: it is told what became of each collection, and whom it pays."""
    one, two = account_of(1).address, account_of(2).address
    files = shell.files("art", 3)
    rows = [f"{file},{who}" for file in ("0", "1") for who in (one, two)]
    (shell.folder / "list.csv").write_text(
        "\n".join(["file,artist", *(f"art/{row.replace(',', '.svg,')}" for row in rows)])
    )
    told = shell.run("data", "register", "list.csv", "--royalty", "20%", "--dry-run")
    split = next((shell.folder / "home/.kiseki/splits").glob("0x*.json"))
    assert "RevenueSplitter.publish" in told, "what it costs to log the split is in the estimate"
    assert " ".join(told.split()).count(f"{one} 1/2") == 1
    (made,) = shell.json("data", "register", "list.csv", "--royalty", "20%")["collections"]
    assert (made["items"], made["became"], made["split"]) == (2, "registered", str(split))
    assert {each["who"]: each["part"] for each in made["artists"]} == {one: "1/2", two: "1/2"}
    assert "was registered already" in shell.run("data", "register", "list.csv", "--royalty", "20%")

    # By the split's file: the same collection, and as a payee wherever one is named.
    same = ("data", "register", "art", "--royalty", "20%", "--payee")
    (files / "2.svg").unlink()
    assert "was registered already" in shell.run(*same, str(split))
    other = shell.json(*same, one, code=1)["collections"][0]
    assert other["became"].startswith("DataRegistry_DifferentValues")
    assert [each["what"] for each in other["differences"]] == ["who is paid"]
    assert one in other["differences"][0]["asked"]
    assert one in other["differences"][0]["stands"]
    assert two in other["differences"][0]["stands"]

    # Some of it in another collection, for somebody else.
    (files / "1.svg").unlink()
    looked = " ".join(shell.run(*same, two).split())
    assert "Warning: 1 of the 1 items of the collection" in looked
    assert f"under the same terms, which pays those in the split {split.stem}" in looked
    (known,) = shell.json(*same, two)["collections"]
    assert known["overlaps"] == [
        {"collection": made["collection"], "items": 1, "payee": split.stem, "same_terms": True}
    ]
    shell.run("revenue", "pay", str(split), "7 wei", "--account", "test:4")
    owed = [shell.json("revenue", "owed", who)["owed"] for who in (one, two)]
    assert [each["amount"] for (each,) in owed] == ["3", "3"]
