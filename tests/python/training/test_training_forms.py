"""Each trainer's own reader takes what was laid; of one that is no package, its files compare."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from kiseki import Terms
from kiseki.training.laying.write import lay

from .scene import SAMPLES, Scene, listed


def laid(scene: Scene, terms: Terms, tool: str, repeats: int = 1) -> None:
    collections = {"sks fruit": scene.registered("fruit", terms),
                   "キツネ": scene.registered("foxes", terms)}  # fmt: skip
    lay(scene.trainer, collections, tool, scene.folder, sources=[scene.store], repeats=repeats)


def pictures(folder: Path) -> set[str]:
    return {str(each) for each in folder.rglob("*.png")}


READ = """
import json, sys
import datasets
found = datasets.load_dataset("imagefolder", cache_dir=sys.argv[1], **json.loads(sys.argv[2]))
sizes = [each["image"].size for rows in found.values() for each in rows]  # decoded
told = {}
for name, rows in found.items():
    bare = rows.cast_column("image", datasets.Image(decode=False))
    told[name] = [[each["image"]["path"], each.get("text")] for each in bare]
print(json.dumps({"splits": told, "sizes": sizes}))
"""
"""In a process of its own: datasets changes the environment of the one that imports it."""


def imagefolder(cache: Path, **given: Any) -> Any:
    """What the real reader of datasets finds."""
    words = [sys.executable, "-c", READ, str(cache), json.dumps(given)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("how", ["data_dir", "data_files"])
def test_datasets_reads_every_picture_with_its_caption(
    scene: Scene, terms: Terms, how: str, tmp_path: Path
) -> None:
    """The real `imagefolder`, by either way in which the scripts of diffusers name a folder."""
    (scene.store / "foxes" / "001.txt").unlink()
    laid(scene, terms, "diffusers")
    given: dict[str, Any] = {"data_dir": str(scene.folder)}
    if how == "data_files":
        given = {"data_files": {"train": str(scene.folder / "**")}}
    found = imagefolder(tmp_path / "cache", **given)
    assert list(found["splits"]) == ["train"] and len(found["sizes"]) == 10
    read = dict(found["splits"]["train"])
    assert set(read) == pictures(scene.folder)
    for path, text in read.items():
        beside = Path(path).with_suffix(".txt")
        assert text == (beside.read_text() if beside.exists() else "")
    assert list(read.values()).count("") == 1


def test_a_name_that_datasets_takes_for_a_split_would_lose_the_others(tmp_path: Path) -> None:
    """Why such names are refused: this is what the real reader does with one."""
    for name in ("fruit", "my-test"):
        (tmp_path / "train" / name).mkdir(parents=True)
        picture = (SAMPLES / "two_folders" / "train" / "3_fruit" / "001.png").read_bytes()
        (tmp_path / "train" / name / "1.png").write_bytes(picture)
    found = imagefolder(tmp_path / "cache", data_dir=str(tmp_path / "train"))
    assert {name: len(rows) for name, rows in found["splits"].items()} == {"test": 1}


def test_sd_scripts_gets_what_its_own_samples_have(scene: Scene, terms: Terms) -> None:
    """Settings as in the file that the real reader took (tests/samples), and folders by number."""
    laid(scene, terms, "kohya", 10)
    written = tomllib.loads((scene.folder / "dataset.toml").read_text("utf-8"))
    real = tomllib.loads((SAMPLES / "toml" / "dataset.toml").read_text("utf-8"))
    (dataset,) = written["datasets"]
    known = {name for each in real["datasets"] for sub in each["subsets"] for name in sub}
    for subset in dataset["subsets"]:
        assert set(subset) - known == {"caption_extension"} <= set(real["general"])
        assert subset["num_repeats"] == 10 and subset["caption_extension"] == ".txt"
        folder = Path(subset["image_dir"])
        assert folder.is_absolute() and folder.parent == scene.folder
        number, _, token = folder.name.partition("_")
        assert int(number) == 10 and token in ("sks fruit", "キツネ")
        for each in folder.glob("*.png"):
            assert "_" not in each.stem, "or a caption of another picture is taken for its own"
    found = {str(each) for one in dataset["subsets"] for each in Path(one["image_dir"]).iterdir()
             if each.suffix == ".png"}  # fmt: skip
    assert found == pictures(scene.folder)


def test_onetrainer_and_ai_toolkit_get_a_folder_and_repeats(scene: Scene, terms: Terms) -> None:
    laid(scene, terms, "onetrainer", 3)
    concepts = json.loads((scene.folder / "concepts.json").read_text("utf-8"))
    assert [(each["name"], each["balancing"], each["enabled"]) for each in concepts] == [
        ("sks fruit", 3.0, True), ("キツネ", 3.0, True),
    ]  # fmt: skip
    assert all(each["balancing_strategy"] == "REPEATS" for each in concepts)
    assert {Path(each["path"]).name for each in concepts} == {"sks fruit", "キツネ"}
    assert all(each["text"]["prompt_source"] == "sample" for each in concepts)
    scene.folder = scene.folder.with_name("toolkit")
    laid(scene, terms, "ai-toolkit", 3)
    told = yaml.safe_load((scene.folder / "datasets.yaml").read_text("utf-8"))
    assert [(Path(each["folder_path"]).name, each["num_repeats"]) for each in told["datasets"]] == [
        ("sks fruit", 3), ("キツネ", 3),
    ]  # fmt: skip
    assert all(Path(each["folder_path"]).is_dir() for each in told["datasets"])
    assert len(listed(scene.folder).subsets) == 2


@pytest.mark.parametrize("tool", ["kohya", "onetrainer", "ai-toolkit"])
def test_a_folder_of_any_name_is_written_so_that_its_reader_finds_it(
    scene: Scene, terms: Terms, tool: str
) -> None:
    scene.folder = scene.folder.with_name('a "b" \\c # é 狐 \x7f\x85 🦊')
    laid(scene, terms, tool)
    (text,) = ((scene.folder / name).read_text("utf-8") for name in listed(scene.folder).settings)
    if tool == "kohya":
        places = [each["image_dir"] for each in tomllib.loads(text)["datasets"][0]["subsets"]]
    elif tool == "onetrainer":
        places = [each["path"] for each in json.loads(text)]
    else:
        places = [each["folder_path"] for each in yaml.safe_load(text)["datasets"]]
    assert len(places) == 2 and all(Path(each).is_dir() for each in places)
