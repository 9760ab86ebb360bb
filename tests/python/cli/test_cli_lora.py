"""`kiseki model from-lora`: from a trainer's file to a registered model, in one command."""

import json
import shutil
from pathlib import Path

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
    document = (shell.folder / "lora.safetensors.run.json").read_bytes()
    assert keccak256(document) == k.index.model(model).run
    assert json.loads(document)["trained"]["session"]
    (collection,) = k.index.sources(model).collections
    assert collection.weight == 4 * 9 + 5 * 6
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
    shell.run(*words, "--external", "unknown", "--publish", "published",
              "--run-out", "published/run.json")  # fmt: skip
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
