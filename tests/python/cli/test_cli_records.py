"""What is on record about collections, and who may use them, by commands alone."""

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.core import ids
from kiseki.core.manifest import Manifest
from kiseki.core.values import from_hex, to_hex

from .conftest import FREE, Shell

ARTIST, DEVELOPER = ("--account", "test:1"), ("--account", "test:2")
SOMEBODY = account_of(2).address


def registered(shell: Shell, *words: str) -> str:
    shell.files("artwork")
    made = shell.json(
        "data", "register", "--uses", "train", "artwork", "--royalty", "20%", *words, *ARTIST
    )
    (collection,) = made["collections"]
    return str(collection["collection"])


def test_every_item_is_shown_with_its_id_its_names_and_its_revocation(
    shell: Shell, k: LocalKiseki
) -> None:
    """Promise 2: from a collection to its data IDs, whoever asks."""
    collection = registered(shell)
    items = shell.json("data", "show", collection)["items"]
    record = k.index.collection(from_hex(collection, 32, "it"))
    assert [each["id"] for each in items] == sorted(
        map(to_hex, ids.item_ids(record.provider, record.published))
    )
    assert sorted(each["names"] for each in items) == [["0.svg"], ["1.svg"], ["2.svg"]]
    shell.run("data", "revoke-item", items[0]["commitment"], *ARTIST)
    now = shell.json("data", "show", collection)["items"]
    assert [bool(each["revoked_at"]) for each in now] == [True, False, False]
    shown = shell.run("data", "show", collection, "--items")
    assert all(each["id"] in shown and each["names"][0] in shown for each in items)
    # Who has no key store of the provider sees the IDs and no names.
    bare = shell.json("data", "show", collection, "--secrets", "elsewhere")["items"]
    assert [each["id"] for each in bare] == [each["id"] for each in items]
    assert not any(each["names"] for each in bare)


def test_what_was_never_logged_is_shown_to_who_keeps_it(shell: Shell) -> None:
    collection = registered(shell, "--no-publish")
    items = shell.json("data", "show", collection)["items"]
    assert [each["logged"] for each in items] == [False] * 3
    assert shell.json("data", "show", collection, "--secrets", "elsewhere")["items"] == []


def test_the_list_of_collections_says_what_each_allows_and_who_uses_it(
    shell: Shell, k: LocalKiseki
) -> None:
    """Promise 2."""
    collection = registered(shell)
    (listed,) = shell.json("data", "list", *ARTIST)
    assert listed["uses"] == ["ai_training", "ai_generative_training", "commercial_output"]
    assert (listed["models"], listed["batches"]) == ([], [])
    assert "nobody" in shell.run("data", "list", *ARTIST)
    items = shell.json("data", "show", collection)["items"]
    model = model_of(shell, collection, [each["id"] for each in items])
    (listed,) = shell.json("data", "list", *ARTIST)
    assert listed["models"] == [model]
    shown = " ".join(shell.run("data", "list", *ARTIST).split())
    assert "models: 1" in shown and "ai_generative_training" in shown
    assert "no collections" in shell.run("data", "list", account_of(7).address)


def model_of(shell: Shell, collection: str, items: list[str], code: int = 0) -> str:
    raw = {from_hex(collection, 32, "it"): [(from_hex(each, 32, "it"), 1) for each in items]}
    (shell.folder / "manifest.json").write_text(Manifest(raw).to_json())
    (shell.folder / "model.bin").write_text("weights")
    words = (
        "model",
        "register",
        *FREE,
        "model.bin",
        "--manifest",
        "manifest.json",
        *DEVELOPER,
    )
    if code:
        return shell.run(*words, code=code)
    return str(shell.json(*words)["model"])


def test_an_allow_list_is_kept_by_commands(shell: Shell) -> None:
    """Promises 1 and 2: `--gate list` can let somebody in, and shut them out again."""
    collection = registered(shell, "--gate", "list")
    items = [each["id"] for each in shell.json("data", "show", collection)["items"]]
    assert "GateClosed" in model_of(shell, collection, items, code=1)
    listed = ("gate", "show", "collection", collection)
    assert "Nobody is on the list" in shell.run(*listed)
    allow = ("gate", "allow", "collection", collection, SOMEBODY, "--uses")
    refused = shell.run(*allow, "data_mining", *ARTIST, code=2)
    assert "do not allow data_mining" in " ".join(refused.split())
    assert "generation" in shell.run(*allow, "generation", *ARTIST, code=2)
    assert "there is no use" in shell.run(*allow, "everything", *ARTIST, code=2)
    assert "NotRegistrant" in shell.run(*allow, "ai_training", *DEVELOPER, code=1)
    told = shell.run(*allow, "ai_generative_training", *ARTIST)
    assert "ai_generative_training and nothing else" in " ".join(told.split())
    assert shell.json(*listed) == [{"user": SOMEBODY.lower(), "uses": ["ai_generative_training"]}]
    assert SOMEBODY in shell.run(*listed)
    assert model_of(shell, collection, items)
    shell.run("gate", "remove", "collection", collection, SOMEBODY, *ARTIST)
    assert shell.json(*listed) == []


def test_a_list_that_decides_nothing_is_refused(shell: Shell) -> None:
    collection = registered(shell)
    allow = ("gate", "allow", "collection", collection, SOMEBODY, "--uses", "ai_training")
    told = " ".join(shell.run(*allow, *ARTIST, code=2).split())
    assert "name no gate, so an allow list decides nothing" in told
    assert "kind is collection or model" in shell.run("gate", "show", "batch", collection, code=2)
    assert "--gate list" in shell.run("gate", "show", "collection", collection, code=2)


def test_the_list_of_a_model_lets_others_generate(shell: Shell) -> None:
    for name in ("lora.safetensors", "base.md"):
        (shell.folder / name).write_text(name)
    model = shell.json(
        "model", "register", *FREE,
        "lora.safetensors", "--external", "unknown=base.md", "--gate", "list",
        *DEVELOPER,
    )["model"]  # fmt: skip
    shell.files("pictures", 1)
    creator = account_of(3).address
    output = ("output", "register", "pictures", "--model", model, "--account", "test:3")
    assert "GateClosed" in shell.run(*output, code=1)
    shell.run("gate", "allow", "model", model, creator, "--uses", "generation", *DEVELOPER)
    assert shell.json("gate", "show", "model", model)[0]["uses"] == ["generation"]
    assert shell.json(*output)["batch"]


def test_a_dry_run_of_a_model_tries_the_manifest_too(shell: Shell) -> None:
    """Everything that would be sent is shown and nothing written; run again it sends nothing."""
    collection = registered(shell)
    items = [each["id"] for each in shell.json("data", "show", collection)["items"]]
    raw = {from_hex(collection, 32, "it"): [(from_hex(each, 32, "it"), 1) for each in items]}
    (shell.folder / "manifest.json").write_text(Manifest(raw).to_json())
    (shell.folder / "model.bin").write_text("weights")
    register = (
        "model", "register", "--uses", "train",
        "model.bin", "--manifest", "manifest.json", "--royalty", "5%",
        "--publish", "manifests", *DEVELOPER,
    )  # fmt: skip
    tried = shell.json(*register, "--dry-run")
    assert tried["transactions"] == 3
    assert tried["calls"]["Statements.state"]["times"] == 1
    assert not (shell.folder / "manifests").exists()
    done = shell.json(*register)
    assert len(done["transactions"]) == tried["transactions"]
    assert (shell.folder / "manifests" / f"{done['model']}.json").exists()
    assert shell.json(*register)["transactions"] == []
    again = ("model", "publish-manifest", done["model"], "manifest.json", "manifests")
    assert shell.json(*again, *DEVELOPER)["transactions"] == []
    alone = (
        "model",
        "register",
        *FREE,
        "model.bin",
        "--publish",
        "manifests",
        *DEVELOPER,
    )
    assert "name its file with --manifest" in shell.run(*alone, code=2)


def test_what_is_shown_one_by_one_is_listed_too(shell: Shell, k: LocalKiseki) -> None:
    """Collections, models, batches and rights tokens of a wallet: whoever lost an ID finds it."""
    registered(shell)
    shell.run("model", "manifest", "manifest.json", "artwork")
    (shell.folder / "model.bin").write_text("weights")
    model = shell.json("model", "register", "model.bin", "--manifest", "manifest.json",
                       "--uses", "train", "--royalty", "5%", *DEVELOPER)["model"]  # fmt: skip
    shell.files("frames", 2)
    batch = shell.json("output", "register", "frames", "--model", model, *DEVELOPER)["batch"]
    shell.run("rights", "mint", "batch", batch, *DEVELOPER)
    (known,) = shell.json("model", "list", SOMEBODY)
    assert (known["model"], known["uses"][0]) == (model, "ai_training")
    (known,) = shell.json("output", "list", SOMEBODY)
    assert (known["batch"], known["outputs"], known["models"]) == (batch, 2, [model])
    (known,) = shell.json("rights", "list", SOMEBODY)
    assert (known["kind"], known["id"], known["waits"]) == ("batch", batch, False)
    shell.run("rights", "schedule", "batch", batch, k.address, "--after", "3d", "--deadline", "9d",
              *DEVELOPER)  # fmt: skip
    assert "waits to move" in shell.run("rights", "list", *DEVELOPER)
    assert model in shell.run("model", "list", *DEVELOPER)
    assert batch in shell.run("output", "list", *DEVELOPER)
    for noun, none in (("model", "has no models"), ("output", "has no batches"),
                       ("rights", "holds no rights tokens")):  # fmt: skip
        assert none in shell.run(noun, "list", account_of(7).address)
        assert shell.json(noun, "list", account_of(7).address) == []
