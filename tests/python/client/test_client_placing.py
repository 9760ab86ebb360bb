"""Pictures that a trainer's file names: in lists, in collections, in folders that Kiseki laid; and
the base model by its own file. What is not certain is named (promise 3)."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import save_file  # type: ignore[import-not-found,unused-ignore]

from kiseki import LocalKiseki, Terms
from kiseki.core import ids
from kiseki.core.laid import FILE, Laid
from kiseki.core.values import ZERO32
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.laying import lay

from .test_client_loras import SAMPLES, TWO, pictures, registered, relabelled, train, weights

META = SAMPLES / "meta_json" / "fruit_json.safetensors"
FOXES = SAMPLES / "one_folder" / "foxes.safetensors"
LIST = "meta_cap.json"
FINE = SAMPLES / "datasets" / "meta_json"


def test_a_list_takes_the_place_of_a_folder(k: LocalKiseki) -> None:
    """Fine-tuning of sd-scripts: the file names the list, whose pictures it took four times."""
    collection = registered(k, FINE)
    for given in (
        {"places": {LIST: FINE / LIST}, "sources": [FINE / "img"]}, {"root": FINE},
        {"places": {LIST: FINE / LIST}, "root": FINE / "img"},
    ):  # fmt: skip
        found = k.models.loras.read(META, **given)
        assert found.problems == [], given
        (placed,) = found.laid
        assert placed.path == FINE / LIST and len(placed.files) == 4
        assert list(k.models.loras.manifest(found).manifest.items) == [collection]
        assert weights(k, found) == [4] * 4
    alone = k.models.loras.read(META, places={LIST: FINE / LIST})
    assert "'001.png', '002.png', '003.png' and 1 more, which are not" in alone.problems[0]


def test_a_path_in_a_list_is_never_followed(k: LocalKiseki, tmp_path: Path) -> None:
    """Only what the caller names is read: of a path from some machine the last name counts."""
    registered(k, FINE)
    shutil.copytree(FINE / "img", tmp_path / "secret")
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "another.png").write_bytes(b"another")
    listed, places = tmp_path / "list.json", {LIST: tmp_path / "list.json"}
    for name in ("../secret/001.png", str(tmp_path / "secret" / "001.png"), "secret/001.png", ".."):
        listed.write_text(json.dumps({name: {}}))
        found = k.models.loras.read(META, places=places, sources=[tmp_path / "img"])
        assert found.laid[0].files == () and "not in the folders" in found.problems[0], name
    names = ["/data/001.png", "C:\\data\\002.png", "img/003.png", "img/004"]
    listed.write_text(json.dumps({each: {} for each in names}))
    found = k.models.loras.read(META, places=places, sources=[FINE])
    assert found.problems == [] and weights(k, found) == [4] * 4
    lines = tmp_path / "list.jsonl"
    lines.write_text("".join(json.dumps({"image_path": each}) + "\n" for each in names))
    assert k.models.loras.read(META, places={LIST: lines}, sources=[FINE]).problems == []


def test_a_name_that_several_files_have_is_asked_for(k: LocalKiseki, tmp_path: Path) -> None:
    registered(k, FINE)
    shutil.copytree(FINE / "img", tmp_path / "img")
    sources = [FINE / "img", tmp_path / "img"]
    found = k.models.loras.read(META, places={LIST: FINE / LIST}, sources=sources)
    assert "several files are called that" in found.problems[0]
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    parts = ["a/1.png", "b/1.png", "a/2.png", "b\\2.png"]
    for name, each in zip(parts, pictures(FINE), strict=True):
        shutil.copy(each, tmp_path / name.replace("\\", "/"))
    (tmp_path / "list.json").write_text(json.dumps({each: {} for each in parts}))
    found = k.models.loras.read(META, places={LIST: tmp_path / "list.json"}, sources=[tmp_path])
    assert found.problems == [] and len(set(found.laid[0].files)) == 4, "all parts of a name count"


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": ' * 90 + "1" + "}" * 90, "1"])
def test_what_is_no_list_is_refused(k: LocalKiseki, tmp_path: Path, text: str) -> None:
    for name in ("list.json", "list.jsonl"):
        (tmp_path / name).write_text(text)
        with pytest.raises(InvalidInput, match=r"is no list of pictures|nests deeper"):
            k.models.loras.read(META, places={LIST: tmp_path / name})
    with pytest.raises(FilesError, match="is no folder and no list"):
        k.models.loras.read(META, places={LIST: tmp_path / "gone.json"})


def test_a_table_names_files_or_hashes(k: LocalKiseki, tmp_path: Path) -> None:
    """A hash is found in the store whatever the file is called there."""
    registered(k, FINE)
    store = tmp_path / "store" / "deep"
    store.mkdir(parents=True)
    rows = ["file,sha256"]
    for number, each in enumerate(pictures(FINE)):
        shutil.copy(each, store / f"x{number}.png")
        rows.append(f"x{number}.png," if number else
                    f",{hashlib.sha256(each.read_bytes()).hexdigest()}")  # fmt: skip
    table = tmp_path / "list.csv"
    table.write_text("\n".join(rows))
    found = k.models.loras.read(META, places={LIST: table}, sources=[tmp_path / "store"])
    assert found.problems == [] and weights(k, found) == [4] * 4
    (store / "x0.png").unlink()
    found = k.models.loras.read(META, places={LIST: table}, sources=[tmp_path / "store"])
    assert "which is not in the folders that you named" in found.problems[0]
    table.write_text("file,sha256\nx1.png," + "00" * 32)
    with pytest.raises(InvalidInput, match="say either file or sha256"):
        k.models.loras.read(META, places={LIST: table}, sources=[tmp_path / "store"])


def test_pictures_of_a_collection_are_found_by_content(k: LocalKiseki, tmp_path: Path) -> None:
    """In a store with others, under other names. The content in a second collection too asks
    nobody: the caller said which it was."""
    collection = registered(k, train("one_folder"))
    second = k.data.register(
        pictures(train("one_folder")), k.data.define_terms("train", royalty="30%")
    ).id
    registered(k, train("two_folders"))
    store = tmp_path / "store"
    store.mkdir()
    for number, each in enumerate(pictures(SAMPLES / "datasets")):
        shutil.copy(each, store / f"{number}.PNG")
    for chosen in (collection, second):
        found = k.models.loras.read(FOXES, places={"10_foxes": chosen}, sources=[store])
        assert found.problems == []
        made = k.models.loras.manifest(found)
        assert list(made.manifest.items) == [chosen]
        assert weights(k, found) == [20] * 6
    found = k.models.loras.read(FOXES, places={"10_foxes": collection})
    assert "name a folder with them (--from PATH)" in found.problems[0]
    lost = next(each for each in store.iterdir()
                if each.read_bytes() == pictures(train("one_folder"))[0].read_bytes())  # fmt: skip
    for each in store.iterdir():
        if each.read_bytes() == lost.read_bytes() and each != lost:
            each.unlink()
    lost.unlink()
    found = k.models.loras.read(FOXES, places={"10_foxes": collection}, sources=[store])
    assert "has 5 pictures, and the file says that '10_foxes' had 6" in found.problems[0]
    silent = relabelled(FOXES, tmp_path / "lora.safetensors",
                        ss_dataset_dirs=json.dumps({"10_foxes": {"n_repeats": 10}}))  # fmt: skip
    found = k.models.loras.read(silent, places={"10_foxes": collection}, sources=[store])
    assert "has 6 items, of which 5 are in the folders" in found.problems[0]


def test_a_folder_that_kiseki_laid_says_its_collections_itself(
    k: LocalKiseki, tmp_path: Path
) -> None:
    """Each picture is in two collections; those that were laid are declared."""
    registered(k, train("two_folders"))
    chosen = {
        name: k.data.register(
            pictures(train("two_folders") / folder), k.data.define_terms("train", royalty="30%")
        ).id
        for name, folder in (("fruit", "3_fruit"), ("birds", "2_birds"))
    }
    folder = tmp_path / "train"
    lay(k, chosen, "kohya", folder, sources=[train("two_folders")],
        repeats={"fruit": 3, "birds": 2})  # fmt: skip
    found = k.models.loras.read(TWO, folder)
    assert found.problems == []
    made = k.models.loras.manifest(found).manifest
    assert set(made.items) == set(chosen.values())
    assert {w for _, w in made.items[chosen["fruit"]]} == {9}
    assert {w for _, w in made.items[chosen["birds"]]} == {6}
    with pytest.raises(InvalidInput, match="is in 2 collections"):
        k.models.loras.manifest(k.models.loras.read(TWO, train("two_folders")))

    laid = (folder / FILE).read_text()
    document = json.loads(laid)
    for change, words in (
        ({"whole": False}, "was laid in part"), ({"chain": 1}, "was laid from another chain, 1"),
        ({"registry": "0x" + "11" * 20}, "from another chain"), ({"tool": "x"}, "is for one of"),
    ):  # fmt: skip
        (folder / FILE).write_text(json.dumps(document | change))
        found = k.models.loras.read(TWO, folder)
        assert any(words in each for each in found.problems), change
    (folder / FILE).write_text(laid)
    assert Laid.from_json(laid).whole
    (folder / "3_fruit" / "mine.png").write_bytes(b"mine")
    assert "has 5 pictures" in k.models.loras.read(TWO, folder).problems[0]
    (folder / "3_fruit" / "mine.png").unlink()
    changed = pictures(folder / "3_fruit")[0]
    changed.chmod(0o644)
    changed.write_bytes(b"retouched")
    with pytest.raises(InvalidInput, match="unknown here"):
        k.models.loras.manifest(k.models.loras.read(TWO, folder))


def test_what_was_cropped_from_a_laid_picture_counts_for_it(k: LocalKiseki, tmp_path: Path) -> None:
    """In a folder of its own, as a trainer's tool writes it, or beside the pictures."""
    registered(k, train("one_folder"))
    chosen = k.data.register(
        pictures(train("one_folder")), k.data.define_terms("train", royalty="30%")
    ).id
    folder, crops = tmp_path / "train", tmp_path / "small" / "10_foxes"
    lay(k, {"foxes": chosen}, "kohya", folder, sources=[train("one_folder")], repeats=10)
    (subset,) = Laid.from_json((folder / FILE).read_text()).subsets
    crops.mkdir(parents=True)
    for each in subset.pictures:
        (crops / f"{each.stem}+512x512.jpg").write_bytes(b"smaller")
    unknown = k.models.loras.read(FOXES, crops.parent)
    with pytest.raises(InvalidInput, match="unknown here"):
        k.models.loras.manifest(unknown)
    found = k.models.loras.read(FOXES, crops.parent, laid=folder)
    assert found.problems == []
    made = k.models.loras.manifest(found).manifest
    assert {id_: dict(items) for id_, items in made.items.items()} == {
        chosen: {each.id: 20 for each in subset.pictures}
    }
    for each in subset.pictures[:3]:
        (folder / "10_foxes" / f"{each.stem}+512x512.jpg").write_bytes(b"smaller")
    both = relabelled(
        FOXES,
        tmp_path / "lora.safetensors",
        ss_num_train_images="90",
        ss_dataset_dirs=json.dumps({"10_foxes": {"n_repeats": 10, "img_count": 9}}),
    )
    found = k.models.loras.read(both, folder)
    counts = {each.id: 20 for each in subset.pictures}
    counts |= {each.id: 40 for each in subset.pictures[:3]}
    made = k.models.loras.manifest(found).manifest
    assert dict(made.items[chosen]) == counts
    (crops / "fox+512x512.jpg").write_bytes(b"a stranger's")
    (crops / f"{subset.pictures[0].stem}+512x512.jpg").unlink()
    with pytest.raises(InvalidInput, match="unknown here"):
        k.models.loras.manifest(k.models.loras.read(FOXES, crops.parent, laid=folder))
    with pytest.raises(FilesError, match="was not laid"):
        k.models.loras.read(FOXES, crops.parent, laid=crops)
    document = json.loads((folder / FILE).read_text()) | {"chain": 1}
    (folder / FILE).write_text(json.dumps(document))
    with pytest.raises(InvalidInput, match="from another chain"):
        k.models.loras.read(FOXES, crops.parent, laid=folder)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base model in a file of its own, with the LoRA's word for it beside it."""
    import numpy

    path = tmp_path / "base.safetensors"
    save_file({"unet": numpy.arange(300, dtype="float32")}, str(path), {"format": "pt"})
    return path


def lora_of(base: Path, folder: Path) -> Path:
    digest = hashlib.sha256(base.read_bytes()).hexdigest()
    return relabelled(TWO, folder / "lora.safetensors", ss_new_sd_model_hash=digest)


def test_the_base_model_is_found_by_its_tensors(k: LocalKiseki, base: Path, tmp_path: Path) -> None:
    """Registered by its tensors, its whole file's hash is on no chain; its file finds it."""
    found = k.models.loras.read(lora_of(base, tmp_path))
    assert k.models.loras.base(found, base).models == ()
    known = k.models.register(
        k.models.weights(base), Terms.of("train", "5%"),
        externals=[ids.External(ZERO32, ZERO32)],
    )  # fmt: skip
    assert k.models.loras.bases(found) == []
    (one,) = k.models.loras.base(found, base).models
    assert one.model == known.id and one.form == "tensors"


def test_a_base_model_that_the_file_does_not_name_is_refused(
    k: LocalKiseki, base: Path, tmp_path: Path
) -> None:
    """Even with the same tensors: the trainer wrote the hash of the whole file."""
    found = k.models.loras.read(lora_of(base, tmp_path))
    other = relabelled(base, tmp_path / "other.safetensors", comment="saved anew")
    said = hashlib.sha256(base.read_bytes()).hexdigest()
    with pytest.raises(InvalidInput, match=f"whose SHA-256 is 0x{said}; that of") as refused:
        k.models.loras.base(found, other)
    assert hashlib.sha256(other.read_bytes()).hexdigest() in str(refused.value)
    silent = k.models.loras.read(SAMPLES.parent / "onetrainer" / "lora_all.safetensors")
    assert k.models.loras.base(silent, other).models == (), "one without a hash contradicts nothing"
