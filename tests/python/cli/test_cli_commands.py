"""What a studio, an artist and a buyer type, from drawings to licences and payout."""

import stat

import numpy as np
from safetensors.numpy import save
from tests.python.core.media import embed, picture

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import Manifest
from kiseki.core.values import to_hex

from .conftest import ARTIST, BUYER, FREE, Shell


def test_from_drawings_to_payout(shell: Shell, k: LocalKiseki) -> None:
    """Promises 1 to 4, by nothing but commands."""
    shell.files("artwork")
    artist = ("--account", "test:1")
    made = shell.json("data", "register", "--uses", "train", "artwork", "--royalty", "20%", *artist)
    (collection,) = made["collections"]
    assert (collection["items"], len(collection["transactions"])) == (3, 2)
    again = shell.json(
        "data", "register", "--uses", "train", "artwork", "--royalty", "20%", *artist
    )
    assert (again["transactions"], again["gas"]) == (0, "0")
    assert stat.S_IMODE((shell.folder / "home/.kiseki/secrets").stat().st_mode) == 0o600

    record = k.index.collection(bytes.fromhex(collection["collection"][2:]))
    items = ids.item_ids(record.provider, record.published)
    manifest = Manifest({record.id: [(each, 1) for each in items]})
    (shell.folder / "manifest.json").write_text(manifest.to_json())
    (shell.folder / "model.bin").write_text("weights")
    model = shell.json(
        "model", "register", "--uses", "train",
        "model.bin", "--manifest", "manifest.json", "--royalty", "5%",
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
    assert "A resale asks for 0% of its price (--royalty), permanently." in " ".join(told.split())
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
    register = (
        "model",
        "register",
        *FREE,
        "lora.safetensors",
        "--account",
        "test:2",
        "--external",
    )
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
    endorse = (
        "output", "endorse", "pictures", "--model", model, "--other", lost, "--until", "30d",
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
        "data", "register", "--uses", "train", "artwork", "--royalty", "20%", "--gate", "market",
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
    assert "When it was scheduled it was 100%" in paying
    shell.run("revenue", "pay", BUYER, "0.05", "--account", "test:5")
    (pending,) = shell.json("rights", "pending", BUYER)
    assert pending["due"]
    done = shell.run("keeper", "--once", "--account", "test:6")
    assert "execute 1 time;" in done
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
        "data", "register", "--uses", "train",
        "artwork", "--royalty", "20%", "--gate", "market", *artist
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
    k.wait(60)  # commands are quick enough for two blocks of one second
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
    register = (
        "model",
        "register",
        *FREE,
        "lora.safetensors",
        "--external",
        "unknown=base.md",
    )
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


def test_a_mint_is_signed_by_its_registrant_and_brought_by_anybody(
    shell: Shell, k: LocalKiseki
) -> None:
    """Promise 5: shown in words before it is signed, and before it is sent."""
    mine = ("--account", "test:1")
    drawings = (
        k.wallet(1).data.register(shell.files("art", 1), k.data.define_terms("train", "0%")).id
    )
    mint = ("rights", "mint", "collection", to_hex(drawings), "--sign", "mint.json", *mine)
    assert "cannot change the payee" in shell.run(*mint, "--set-payee", "--yes", code=2)
    assert "add --yes" in shell.run(*mint, "--no-yes", code=2)
    assert not (shell.folder / "mint.json").exists()
    told = " ".join(shell.run(*mint, "--royalty", "5%", "--yes").split())
    words = (
        f"The rights token of the collection {to_hex(drawings)} is minted to the wallet {ARTIST}"
    )
    assert words in told
    assert "Nothing of what is paid to the collection reaches the token" in told
    assert "The royalty of a resale is 5%." in told
    assert "exists already; name another file" in shell.run(*mint, "--yes", code=1)
    done = shell.json("rights", "mint-for", "mint.json")
    assert k.rights.holder(int(done["token"])) == ARTIST
    assert "is no signed mint" in shell.run("rights", "mint-for", "art/0.svg", code=2)


def test_a_model_is_found_by_its_weights_and_a_picture_with_its_credentials(
    shell: Shell, k: LocalKiseki
) -> None:
    terms = k.data.define_terms("train", "0%")
    art = k.data.prepare(shell.files("art", 1), terms)
    k.data.register(art)
    manifest = Manifest({art.id: [(each.id, 1) for each in art.items]})
    (shell.folder / "manifest.json").write_text(manifest.to_json())
    (shell.folder / "a.safetensors").write_bytes(save({"w": np.ones(3)}, {"alpha": "1"}))
    (shell.folder / "b.bin").write_bytes(b"no tensors")
    given = ("--manifest", "manifest.json", "--account", "test:1")
    said = shell.run("model", "register", *FREE, "b.bin", *given)
    assert "covers the whole file, every byte of it: it is not in the safetensors format" in said
    assert "covers 1 tensor." in shell.run("model", "register", *FREE, "a.safetensors", *given)

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
