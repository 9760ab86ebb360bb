"""What whoever trained says where the trainer's file is silent (promises 3 and 8): it counts, it is
kept apart from what the file says, and it never stands against the file."""

import json
import re
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from kiseki import LocalKiseki
from kiseki.core.run import Run
from kiseki.core.said import Said
from kiseki.core.trained import Draws
from kiseki.errors import InvalidInput
from kiseki.training.laying.write import lay

from .test_client_loras import SAMPLES, TWO, registered, train, weights

ONETRAINER = SAMPLES.parent / "onetrainer"
AI_TOOLKIT = SAMPLES.parent / "ai-toolkit" / "fox_lora.safetensors"
BARE = SAMPLES / "edited" / "foxes_stripped.safetensors"
DIFFUSERS = SAMPLES.parent / "diffusers"


@pytest.fixture
def root(k: LocalKiseki, tmp_path: Path) -> Path:
    """Six pictures of foxes and four of fruit, registered, in folders as the samples name them."""
    folder = tmp_path / "data"
    shutil.copytree(train("one_folder") / "10_foxes", folder / "foxes")
    shutil.copytree(train("two_folders") / "3_fruit", folder / "fruit")
    for caption in folder.rglob("*.txt"):
        caption.unlink()
    registered(k, folder)
    return folder


def test_onetrainer_writes_no_steps_so_its_user_says_the_epochs(k: LocalKiseki, root: Path) -> None:
    """The file says the concepts and their repeats, 10 and 3, and two epochs in all."""
    file = ONETRAINER / "lora_all.safetensors"
    silent = k.models.loras.read(file, root)
    assert len(silent.problems) == 2 and "--epochs N" in silent.problems[0]
    assert "--repeats" not in silent.problems[0], "the file says these"
    found = k.models.loras.read(file, root, said=Said(epochs=Fraction(2)))
    assert found.problems == [] and found.is_exact
    assert weights(k, found) == [3 * 2] * 4 + [10 * 2] * 6
    assert all(each.by_user for each in found.laid)
    run = found.run()
    assert run.trained == found.told == silent.told, "the file's word stays the file's"
    told = json.loads(run.to_json())
    assert told["said"] == {"epochs": "2", "steps": None, "batch": None, "repeats": {}}
    assert told["trained"]["steps"] is None
    assert {each["name"]: each["draws"] for each in told["folders"]} == {
        "data/foxes": ["20", "20"], "data/fruit": ["6", "6"],
    }  # fmt: skip
    assert Run.from_json(run.to_json()) == run
    stopped = k.models.loras.read(file, root, said=Said(epochs=Fraction("1.5")))
    assert [each.draws for each in stopped.laid] == [Draws(Fraction(10), Fraction(20)),
                                                     Draws(Fraction(3), Fraction(6))]  # fmt: skip
    # 72 pictures an epoch and two a step are 36 steps; the file says the two.
    by_steps = k.models.loras.read(file, root, said=Said(steps=72))
    assert [each.draws for each in by_steps.laid] == [each.draws for each in found.laid]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Said(Fraction(3)), "you say 3 epochs, and the file says 2 in all"),
        (Said(Fraction(2), batch=4), "you say 4 pictures a step, and the file says 2"),
        (Said(Fraction(1), repeats={"data/foxes": Fraction(5)}),
         "you say 5 repeats of 'data/foxes', and the file says 10"),
        (Said(Fraction(1), steps=73), "1 epoch of 72 pictures, repeats included, take 72, and 73"),
    ],
)  # fmt: skip
def test_what_contradicts_the_file_is_refused(
    k: LocalKiseki, root: Path, said: Said, words: str
) -> None:
    found = k.models.loras.read(ONETRAINER / "lora_all.safetensors", root, said=said)
    assert len(found.problems) == 1 and words in found.problems[0]
    with pytest.raises(InvalidInput, match=re.escape(words)):
        k.models.loras.manifest(found)


def test_a_file_that_says_all_is_not_talked_over(k: LocalKiseki) -> None:
    """sd-scripts: three epochs of 22 steps. The same may be said, and adds nothing."""
    root = train("two_folders")
    registered(k, root)
    plain = k.models.loras.read(TWO, root)
    same = k.models.loras.read(TWO, root, said=Said(Fraction(3), 66, 1, {"3_fruit": Fraction(3)}))
    assert plain.problems == same.problems == []
    assert not any(each.by_user for each in same.laid)
    assert [each.draws for each in same.laid] == [each.draws for each in plain.laid]
    for said, words in (
        (Said(Fraction(2)), "you say 2 epochs, and the file says 3"),
        (Said(steps=60), "you say 60 steps, and the file says 66"),
        (Said(batch=2), "you say 2 pictures a step, and the file says 1"),
        (Said(repeats={"2_birds": Fraction(9)}), "you say 9 repeats of '2_birds', and the file"),
    ):
        (problem,) = k.models.loras.read(TWO, root, said=said).problems
        assert words in problem
    with pytest.raises(InvalidInput, match="the file names no folder 'fruit'"):
        k.models.loras.read(TWO, root, said=Said(repeats={"fruit": Fraction(9)}))


def test_ai_toolkit_says_steps_and_no_folders(k: LocalKiseki, root: Path) -> None:
    """1,000 steps; one picture each of six is 166 epochs and a part of another."""
    silent = k.models.loras.read(AI_TOOLKIT)
    assert "--folder NAME=PATH" in silent.problems[0] and "--epochs" in silent.problems[0]
    places = {"foxes": root / "foxes"}
    (problem,) = k.models.loras.read(AI_TOOLKIT, None, places).problems
    assert "--repeats foxes=N" in problem and "--steps N --batch N" in problem
    said = Said(batch=1, repeats={"": Fraction(1)})
    found = k.models.loras.read(AI_TOOLKIT, None, places, said=said)
    assert found.problems == [] and found.laid[0].draws == Draws(Fraction(166), Fraction(167))
    assert found.run().said == Said(batch=1, repeats={"foxes": Fraction(1)})
    few = Said(Fraction(100), repeats={"": Fraction(1)})
    (problem,) = k.models.loras.read(AI_TOOLKIT, None, places, said=few).problems
    assert "100 epochs of 6 pictures, repeats included, take 600, and 1,000 steps" in problem
    other = Said(steps=900, batch=1, repeats={"": Fraction(1)})
    (problem,) = k.models.loras.read(AI_TOOLKIT, None, places, said=other).problems
    assert "you say 900 steps, and the file says 1,000" in problem


@pytest.mark.parametrize(
    "file",
    [BARE, DIFFUSERS / "pytorch_lora_weights_diffusers_0.32.1.safetensors",
     DIFFUSERS / "pytorch_lora_weights_diffusers_0.36.0.safetensors",
     ONETRAINER / "lora_no_config.safetensors"],
)  # fmt: skip
def test_a_file_that_says_nothing_is_registered_on_its_users_word(
    k: LocalKiseki, root: Path, file: Path
) -> None:
    assert "--folder NAME=PATH" in k.models.loras.read(file, root).problems[0]
    said = Said(Fraction(20), repeats={"": Fraction(1), "foxes": Fraction(2)})
    places = {"foxes": root / "foxes", "fruit": root / "fruit"}
    found = k.models.loras.read(file, None, places, said=said)
    assert found.problems == [] and weights(k, found) == [20] * 4 + [40] * 6
    assert all(each.by_user for each in found.laid)
    run = found.run()
    assert Run.from_json(run.to_json()) == run and run.trained == found.told
    assert run.said == Said(Fraction(20), repeats={"foxes": Fraction(2), "fruit": Fraction(1)})


def test_a_folder_that_was_laid_says_folders_and_repeats(
    k: LocalKiseki, root: Path, tmp_path: Path
) -> None:
    """So that of a bare file only the epochs are to be said."""
    terms = k.data.define_terms("train", royalty="30%")
    collection = k.data.register(sorted((root / "fruit").iterdir()), terms).id
    folder = tmp_path / "train"
    lay(k, {"fruit": collection}, "onetrainer", folder, sources=[root], repeats=7)
    found = k.models.loras.read(BARE, folder, said=Said(Fraction(2)))
    assert found.problems == [] and found.laid[0].collection == collection
    assert weights(k, found) == [14] * 4
    assert found.run().said == Said(Fraction(2), repeats={"fruit": Fraction(7)})
    (folder / "kiseki-laid.json").write_text(
        (folder / "kiseki-laid.json").read_text().replace('"whole": true', '"whole": false')
    )
    (problem,) = k.models.loras.read(BARE, folder, said=Said(Fraction(2))).problems
    assert "was laid in part" in problem
    folder.rename(folder.with_name(".train.laying"))
    with pytest.raises(InvalidInput, match="train is half-laid"):
        k.models.loras.read(BARE, folder, said=Said(Fraction(2)))
    (problem, *_) = k.models.loras.read(ONETRAINER / "lora_all.safetensors", folder).problems
    assert "train is half-laid" in problem


def test_what_was_said_is_read_as_it_was_written() -> None:
    said = Said(Fraction("2.5"), 7, 2, {"a": Fraction(1, 2)})
    assert Said.from_json(json.loads(json.dumps(said.to_json()))) == said
    bad: tuple[dict[str, object], ...] = (
        {"epochs": 2}, {"steps": "7"}, {"batch": True}, {"repeats": []}, {"repeats": {"a": 1}},
    )  # fmt: skip
    for wrong in bad:
        with pytest.raises(InvalidInput):
            Said.from_json(said.to_json() | wrong)
