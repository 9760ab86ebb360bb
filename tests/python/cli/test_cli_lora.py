"""`kiseki model from-lora`: from a trainer's file to a registered model, in one command."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy
from safetensors.numpy import save

from kiseki import LocalKiseki
from kiseki.core.keccak import keccak256

from .conftest import FREE, Shell

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "sd-scripts"


def brought(shell: Shell, lora: str, data: str) -> None:
    """A LoRA and the folders that it was trained on, as somebody has them."""
    shutil.copy(SAMPLES / lora, shell.folder / "lora.safetensors")
    shutil.copytree(SAMPLES / "datasets" / data / "train", shell.folder / "train")
    for caption in (shell.folder / "train").rglob("*.txt"):
        caption.unlink()


def test_a_lora_is_registered_in_one_command_with_what_its_trainer_wrote(
    shell: Shell, k: LocalKiseki
) -> None:
    """Promise 3: the manifest is what the file says, and the run's document says where from."""
    brought(shell, "two_folders/fruit_birds.safetensors", "two_folders")
    shell.run("data", "register", "train", *FREE, "--account", "test:0")
    words = ("model", "from-lora", "lora.safetensors", "train", *FREE, "--account", "test:0")
    asked = " ".join(shell.run(*words, code=2).split())
    assert "names the base model 'tiny-base.safetensors'" in asked
    assert "--external unknown" in asked
    tried = shell.run(*words, "--external", "unknown", "--dry-run")
    assert not (shell.folder / "lora.safetensors.run.json").exists(), tried
    (shell.folder / "mine.json").write_text("what somebody wrote")
    taken = shell.run(*words, "--external", "unknown", "--run-out", "mine.json", code=2)
    assert "there is another file mine.json already" in " ".join(taken.split())
    said = " ".join(shell.run(*words, "--external", "unknown", "--publish", "manifests").split())
    assert "sd-scripts" in said and "66 steps" in said
    assert "9 times" in said and "6 times" in said
    assert "lora.safetensors.run.json" in said
    (model,) = k.index.registered("ModelRegistry", k.address)
    document = (shell.folder / "manifests" / "lora.safetensors.run.json").read_bytes()
    assert keccak256(document) == k.index.model(model).run
    assert json.loads(document)["trained"]["session"]
    (collection,) = k.index.sources(model).collections
    assert collection.weight == 4 * 9 + 5 * 6
    (then,) = re.findall(r"See it: kiseki (model show \S+ --documents \S+)", said)
    assert "recorded" not in (seen := shell.run(*then.split())) and f"0x{model.hex()}" in seen
    again = shell.run(*words, "--external", "unknown", "--publish", "manifests")
    assert "Nothing was sent." in " ".join(again.split()), "nothing is missing"
    told = shell.json(*words, "--external", "unknown", "--publish", "manifests")
    assert told["model"] == f"0x{model.hex()}"


def test_what_cannot_be_mapped_is_named_and_nothing_is_sent(shell: Shell, k: LocalKiseki) -> None:
    brought(shell, "two_folders/fruit_birds.safetensors", "two_folders")
    shell.run("data", "register", "train", *FREE, "--account", "test:0")
    shutil.move(shell.folder / "train" / "2_birds", shell.folder / "birds")
    words = ("model", "from-lora", "lora.safetensors", "train", *FREE, "--account", "test:0",
             "--external", "unknown")  # fmt: skip
    lost = " ".join(shell.run(*words, code=2).split())
    assert "nobody said where the pictures of '2_birds' lie" in lost and "not found" in lost
    assert k.index.registered("ModelRegistry", k.address) == []
    wrong = shell.run(*words, "--folder", "birds", code=2)
    assert "--folder is NAME=PATH" in wrong
    assert "9 times" in shell.run(*words, "--folder", "2_birds=birds")
    (shell.folder / "train" / "3_fruit" / "new.png").write_bytes(b"another picture")
    more = " ".join(shell.run(*words, "--folder", "2_birds=birds", code=2).split())
    assert "has 5 pictures, and the file says that '3_fruit' had 4" in more


def test_documents_tell_how_a_model_was_trained_and_by_whose_word(
    shell: Shell, k: LocalKiseki
) -> None:
    """Promise 3: without them that is unknown, and not told as nothing."""
    brought(shell, "two_folders/fruit_birds.safetensors", "two_folders")
    shell.run("data", "register", "train", *FREE, "--account", "test:0")
    words = ("model", "from-lora", "lora.safetensors", "train", *FREE, "--account", "test:0")
    shell.run(*words, "--external", "unknown", "--publish", "published")
    model = f"0x{k.index.registered('ModelRegistry', k.address)[0].hex()}"
    told = shell.json("model", "show", model, "--documents", "published")
    assert told["run_document"]["trained"]["steps"] == 66
    assert [each["level"] for each in told["backing"]] == ["declared"]
    assert shell.json("model", "show", model)["run_document"] is None
    said = " ".join(shell.run("model", "show", model, "--documents", "published").split())
    assert "declared when it was registered" in said
    assert "declared when" not in " ".join(shell.run("model", "show", model).split())
    missing = shell.run("model", "show", model, "--documents", "nowhere", code=1)
    assert "nowhere is no folder" in " ".join(missing.split())


def test_a_lora_over_a_laid_folder_is_registered_with_its_base_model(
    shell: Shell, k: LocalKiseki
) -> None:
    """From laying to the model: lay, train, one command; and the base by its own file."""
    brought(shell, "two_folders/fruit_birds.safetensors", "two_folders")
    shutil.move(shell.folder / "train", shell.folder / "store")
    me = ("--account", "test:0")
    ids: list[bytes] = []
    for name in ("3_fruit", "2_birds"):
        shell.run("data", "register", f"store/{name}", *FREE, *me)
        (new,) = set(k.index.registered("DataRegistry", k.address)) - set(ids)
        ids.append(new)
    shell.run("training", "lay", f"fruit=0x{ids[0].hex()}", f"birds=0x{ids[1].hex()}", "train",
              "--for", "kohya", "--from", "store", "--repeats", "3", "--repeats", "birds=2",
              *me)  # fmt: skip
    base = shell.folder / "base.safetensors"
    base.write_bytes(save({"unet": numpy.arange(300, dtype="float32")}))
    digest = hashlib.sha256(base.read_bytes()).hexdigest()
    lora = shell.folder / "lora.safetensors"
    raw = lora.read_bytes()
    named = "6336a138c24550878d9a136b8db249f6ee17f8604bce81c9e12aa1b77f036ebb"
    assert raw.count(named.encode()) == 1
    words = ("model", "from-lora", "lora.safetensors", "train", *FREE, *me)
    other = " ".join(shell.run(*words, "--base", "base.safetensors", code=2).split())
    assert f"whose SHA-256 is 0x{named}" in other and digest in other
    lora.write_bytes(raw.replace(named.encode(), digest.encode()))
    unknown = " ".join(shell.run(*words, "--base", "base.safetensors", code=2).split())
    assert "Name it with --external base.safetensors=DOCUMENT" in unknown
    shell.run("model", "register", "base.safetensors", "--external", "unknown", *FREE, *me)
    (parent,) = k.index.registered("ModelRegistry", k.address)
    said = " ".join(shell.run(*words, "--base", "base.safetensors").split())
    assert f"It is the model 0x{parent.hex()} (same tensors" in said
    (model,) = set(k.index.registered("ModelRegistry", k.address)) - {parent}
    sources = k.index.sources(model)
    assert tuple(sources.models) == (parent,)
    assert {each.id: each.weight for each in sources.collections} == {ids[0]: 36, ids[1]: 30}


def test_a_list_or_a_collection_takes_the_place_of_a_folder(shell: Shell, k: LocalKiseki) -> None:
    shutil.copy(SAMPLES / "meta_json" / "fruit_json.safetensors", shell.folder / "lora.safetensors")
    shutil.copytree(SAMPLES / "datasets" / "meta_json", shell.folder / "data")
    shell.run("data", "register", "data/img", *FREE, "--account", "test:0")
    (collection,) = k.index.registered("DataRegistry", k.address)
    words = ("model", "from-lora", "lora.safetensors", *FREE, "--account", "test:0", "--external",
             "unknown", "--dry-run")  # fmt: skip
    listed = "meta_cap.json=data/meta_cap.json"
    assert "4 times" in shell.run(*words, "--folder", listed, "--from", "data/img")
    lost = " ".join(shell.run(*words, "--folder", listed, code=2).split())
    assert "not in the folders that you named (--from PATH)" in lost
    whole = f"meta_cap.json=0x{collection.hex()}"
    assert "4 times" in shell.run(*words, "--folder", whole, "--from", "data")
    assert "must be 0x and 64 hex digits" in shell.run(
        *words, "--folder", "meta_cap.json=0x12", code=2
    )


def test_what_the_file_does_not_say_its_user_says(shell: Shell, k: LocalKiseki) -> None:
    """OneTrainer, which writes no steps; shown and published as told by the user."""
    brought(shell, "../onetrainer/lora_all.safetensors", "one_folder")
    (shell.folder / "train" / "10_foxes").rename(shell.folder / "train" / "foxes")
    shutil.copytree(SAMPLES / "datasets/two_folders/train/3_fruit", shell.folder / "train/fruit")
    for caption in (shell.folder / "train").rglob("*.txt"):
        caption.unlink()
    shell.run("data", "register", "train", *FREE, "--account", "test:0")
    words = ("model", "from-lora", "lora.safetensors", "train", *FREE, "--account", "test:0",
             "--external", "unknown")  # fmt: skip
    asked = " ".join(shell.run(*words, code=2).split())
    assert "say how many epochs the weights rest on (--epochs N)" in asked and "unknown" in asked
    for option, wrong in (("--epochs", "0"), ("--epochs", "1e9"), ("--repeats", "foxes=")):
        assert "no number of epochs or repeats" in " ".join(
            shell.run(*words, option, wrong, code=2).split()
        )
    refused = " ".join(shell.run(*words, "--epochs", "3", code=2).split())
    assert "you say 3 epochs, and the file says 2 in all" in refused
    said = " ".join(shell.run(*words, "--epochs", "2").split())
    assert "20 times, told by you" in said and "6 times, told by you" in said
    document = json.loads((shell.folder / "lora.safetensors.run.json").read_text())
    assert document["said"]["epochs"] == "2" and document["trained"]["epochs"] == 2
    (model,) = k.index.registered("ModelRegistry", k.address)
    assert sum(e.weight for e in k.index.sources(model).collections) == 6 * 20 + 4 * 6
