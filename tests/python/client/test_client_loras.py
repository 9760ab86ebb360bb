"""From a LoRA's file to its manifest: what the file says, the pictures as they lie on the disk, and
nothing between them made up (promise 3)."""

import json
import shutil
import struct
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.client.models.lora import Finished
from kiseki.core import ids
from kiseki.core.run import Run
from kiseki.core.values import ZERO32
from kiseki.errors import FilesError, InvalidInput

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "sd-scripts"
TWO = SAMPLES / "two_folders" / "fruit_birds.safetensors"
CUT = SAMPLES / "cut_epoch" / "foxes_cut.safetensors"
KEPT = SAMPLES / "with_reg" / "sksfoxes.safetensors"
TOML = SAMPLES / "toml" / "birds_fruit.safetensors"


def train(name: str) -> Path:
    return SAMPLES / "datasets" / name / "train"


def pictures(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.png"))


def registered(k: Kiseki, folder: Path) -> bytes:
    terms = k.data.define_terms("train", royalty="20%")
    return k.data.register(pictures(folder), terms).id


def weights(k: Kiseki, found: Finished) -> list[int]:
    made = k.models.loras.manifest(found)
    return sorted(w for items in made.manifest.items.values() for _, w in items)


def relabelled(source: Path, target: Path, **changed: str) -> Path:
    """The same tensors, with other words beside them."""
    raw = source.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    header["__metadata__"].update(changed)
    text = json.dumps(header).encode()
    target.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + size :])
    return target


def test_each_picture_weighs_as_often_as_training_took_it(k: LocalKiseki) -> None:
    """Two folders, three epochs: four pictures nine times, and five six times."""
    collection = registered(k, train("two_folders"))
    found = k.models.loras.read(TWO, train("two_folders"))
    assert found.problems == [] and found.is_exact
    made = k.models.loras.manifest(found)
    assert list(made.manifest.items) == [collection]
    assert weights(k, found) == [6] * 5 + [9] * 4
    run = found.run()
    assert json.loads(run.to_json())["weights"] == found.weights.document
    assert Run.from_json(run.to_json()) == run and run.trained == found.told
    done = k.models.register(
        found.weights, Terms.of("train", "5%"), manifest=made.manifest,
        externals=[ids.External(ZERO32, ZERO32)], run=run.hash,
    )  # fmt: skip
    assert k.index.model(done.id).weights == found.weights.commitment


def test_a_training_that_was_cut_declares_the_mean_and_says_so(k: LocalKiseki) -> None:
    registered(k, train("one_folder"))
    found = k.models.loras.read(CUT, train("one_folder"))
    assert not found.is_exact and weights(k, found) == [1] * 6, "each may have been 10 or 20 times"


def test_regularisation_pictures_are_declared_too(k: LocalKiseki) -> None:
    """They were consumed: four pictures eight times, and seven of them four to six times."""
    root = SAMPLES / "datasets" / "with_reg"
    registered(k, root)
    places = {each.name: each for each in root.rglob("*") if each.is_dir()}
    wanted = {name: path for name, path in places.items() if name in ("4_sks foxes", "1_foxes")}
    found = k.models.loras.read(KEPT, places=wanted)
    assert found.problems == []
    assert sorted(found.shares()) == [5, 8]


def test_a_folder_that_nobody_named_or_that_is_not_the_same_is_no_manifest(
    k: LocalKiseki, tmp_path: Path
) -> None:
    nowhere = k.models.loras.read(TWO)
    assert len(nowhere.problems) == 2 and "nobody said where" in nowhere.problems[0]
    shutil.copytree(train("two_folders"), tmp_path / "train")
    pictures(tmp_path / "train")[0].unlink()
    fewer = k.models.loras.read(TWO, tmp_path / "train")
    (said,) = fewer.problems
    assert "and the file says that" in said
    with pytest.raises(InvalidInput, match="and the file says that"):
        k.models.loras.manifest(fewer)
    with pytest.raises(InvalidInput, match="names no folder '9_cats'"):
        k.models.loras.read(TWO, places={"9_cats": tmp_path})
    with pytest.raises(FilesError, match="is no folder"):
        k.models.loras.read(TWO, places={"3_fruit": tmp_path / "gone"})


def test_a_path_that_a_file_names_is_never_followed(k: LocalKiseki, tmp_path: Path) -> None:
    """Safe: only what the caller names is read."""
    secret, root = tmp_path / "secret", tmp_path / "train"
    shutil.copytree(train("one_folder") / "10_foxes", secret)
    root.mkdir()
    (root / "linked").symlink_to(secret)
    for name in ("../secret", str(secret), "..", ".", "linked", "a/../../secret", "..\\secret"):
        told = json.dumps({name: {"n_repeats": 10, "img_count": 6}})
        file = relabelled(CUT, tmp_path / "hostile.safetensors", ss_dataset_dirs=told)
        found = k.models.loras.read(file, root)
        assert [each.path for each in found.laid] == [None], name
        assert found.problems


def test_a_merge_and_a_silent_file_say_what_to_do_instead(k: LocalKiseki) -> None:
    merge = k.models.loras.read(SAMPLES / "merged" / "merged_two.safetensors")
    assert "is a merge of Foxes, fruit_birds" in merge.problems[0]
    stripped = k.models.loras.read(SAMPLES / "edited" / "foxes_stripped.safetensors")
    assert "says nothing of its training" in stripped.problems[0]
    toolkit = SAMPLES.parent / "ai-toolkit" / "fox_lora.safetensors"
    assert "ai-toolkit wrote nothing" in k.models.loras.read(toolkit).problems[0]


def test_a_file_that_contradicts_itself_makes_no_manifest(k: LocalKiseki) -> None:
    file = SAMPLES / "edited" / "foxes_count_changed.safetensors"
    found = k.models.loras.read(file, train("one_folder"))
    assert any("says that an epoch has 60" in each for each in found.problems)


def test_the_base_model_is_found_where_its_file_is_registered(k: LocalKiseki) -> None:
    found = k.models.loras.read(TWO)
    assert found.told is not None and found.told.base is not None
    assert k.models.loras.bases(found) == []
    digest = found.told.base.sha256
    assert digest is not None
    base = k.models.register(
        ids.commitment(digest, ZERO32), Terms.of("train", "5%"),
        externals=[ids.External(ZERO32, ZERO32)],
    )  # fmt: skip
    assert k.models.loras.bases(found) == [base.id]


def test_one_picture_in_two_datasets_adds_up(k: LocalKiseki) -> None:
    """The folder of birds stands twice in the configuration, three times and once."""
    root = SAMPLES / "datasets" / "toml"
    registered(k, root)
    names = ("birds", "fruit", "houses_reg")
    places = {each.name: each for each in root.rglob("*") if each.is_dir() and each.name in names}
    found = k.models.loras.read(TOML, places=places)
    assert found.problems == []
    assert weights(k, found) == [4] * 4 + [8] * 5 + [10] * 3
