"""`kiseki training lay` and `clear`: shown first, asked for, written, taken away."""

import json
import shutil
from pathlib import Path

import pytest

from kiseki import LocalKiseki
from kiseki.core.laid import FILE

from .conftest import FREE, Shell

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "sd-scripts" / "datasets"
ME = ("--account", "test:0")


@pytest.fixture
def collection(shell: Shell, k: LocalKiseki) -> str:
    """Four pictures with captions, registered without those."""
    shutil.copytree(SAMPLES / "two_folders" / "train" / "3_fruit", shell.folder / "store")
    shutil.copytree(shell.folder / "store", shell.folder / "pictures")
    for caption in (shell.folder / "pictures").glob("*.txt"):
        caption.unlink()
    shell.run("data", "register", "pictures", *FREE, *ME)
    (found,) = k.index.registered("DataRegistry", k.address)
    return f"0x{found.hex()}"


def lay(collection: str, *more: str) -> tuple[str, ...]:
    return ("training", "lay", f"fruit={collection}", "train", "--for", "kohya", "--from", "store",
            "--repeats", "10", *more, *ME)  # fmt: skip


def test_it_shows_what_it_writes_and_how_large_and_asks(shell: Shell, collection: str) -> None:
    said = " ".join(shell.run(*lay(collection, "--dry-run")).split())
    assert "10_fruit" in said and "9 files, 3." in said and "Nothing was written." in said
    assert not (shell.folder / "train").exists()
    asked = shell.run(*lay(collection, "--no-yes"), code=2)
    assert "there is no terminal to ask this: Write 9 files?" in " ".join(asked.split())
    assert "Nothing was done." in shell.answer("n\n", *lay(collection), code=1)
    assert not (shell.folder / "train").exists()
    said = " ".join(shell.run(*lay(collection)).split())
    assert f"--dataset_config {shell.folder / 'train' / 'dataset.toml'}" in said
    assert len(list((shell.folder / "train" / "10_fruit").iterdir())) == 8
    assert "Everything is there already." in shell.run(*lay(collection))


def test_what_lacks_is_shown_and_the_command_ends_with_3(shell: Shell, collection: str) -> None:
    (shell.folder / "store" / "001.png").unlink()
    said = " ".join(shell.run(*lay(collection), code=3).split())
    assert "001.png" in said and "no file that you named has its content" in said
    told = shell.json(*lay(collection), code=3)
    assert told["left_out"] == [
        {"collection": collection, "what": ["001.png"],
         "why": "no file that you named has its content"}
    ]  # fmt: skip
    assert told["subsets"][0]["pictures"] == 3 and told["there"] == 6 and told["files"] == 0
    nothing = shell.run(*lay(collection.replace(collection[-2:], "00")), code=2)
    assert "nothing can be laid" in nothing
    twice = shell.run(*lay(collection, "--from", "store")[:2], "a=" + collection, "a=" + collection,
                      *lay(collection)[3:], code=2)  # fmt: skip
    assert "two collections are called 'a'" in twice
    assert "is N or NAME=N" in shell.run(*lay(collection, "--repeats", "many"), code=2)
    own = shell.json(*lay(collection, "--repeats", "fruit=3", "--dry-run"), code=3)
    assert own["subsets"][0]["folder"] == "3_fruit", "the one that names it counts"


def test_clear_shows_what_goes_and_takes_no_strangers_file(shell: Shell, collection: str) -> None:
    shell.run(*lay(collection))
    inside = shell.folder / "train" / "10_fruit"
    picture = next(inside.glob("*.png"))
    (inside / f"{picture.stem}_0064x0064_sd.npz").write_bytes(b"latent")
    (shell.folder / "train" / "lora.safetensors").write_bytes(b"mine")
    said = " ".join(shell.run("training", "clear", "train", "--dry-run").split())
    assert "10 files" in said and "1 cache" in said and "lora.safetensors" in said
    assert "it was not laid" in said and "Nothing was deleted." in said
    assert picture.exists()
    asked = shell.run("training", "clear", "train", "--no-yes", code=2)
    assert "10 files: delete?" in asked and picture.exists()
    told = shell.json("training", "clear", "train")
    assert (told["files"], told["caches"], told["deleted"]) == (10, 1, True)
    assert [Path(each["file"]).name for each in told["kept"]] == ["lora.safetensors"]
    left = [each.name for each in (shell.folder / "train").iterdir()]
    assert left == ["lora.safetensors"]
    assert f"holds no {FILE}" in shell.run("training", "clear", "train", code=1)


def test_a_file_that_was_laid_is_told_by_its_name(shell: Shell, collection: str) -> None:
    shell.run(*lay(collection))
    laid = json.loads((shell.folder / "train" / FILE).read_text())
    picture = laid["subsets"][0]["pictures"][0]
    stem = picture["file"].partition(".")[0]
    (told,) = shell.json("training", "original", f"train/10_fruit/{stem}_te_outputs.npz")
    assert told["item"] == picture["id"] and told["kind"] == "cache"
