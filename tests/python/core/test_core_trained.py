"""What real trainers wrote is read as it was meant, and what they did not say is not made up."""

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core import weights
from kiseki.core.contradictions import in_itself, with_manifest
from kiseki.core.trained import Draws, Trained
from kiseki.core.trainers import trained

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
MERGES = [name for name, told in EXPECTED.items() if "merged_from" in told]
SILENT = [
    name for name, told in EXPECTED.items()
    if told["folders"] is None and "merged_from" not in told
]  # fmt: skip
SAYING = [name for name, told in EXPECTED.items() if told["folders"] is not None]


def metadata(name: str) -> dict[str, str]:
    opened = io.BytesIO((SAMPLES / name).read_bytes())
    return dict(weights.tensors({name: opened}).metadata)


def read(name: str) -> Trained:
    found = trained(metadata(name))
    assert found is not None
    return found


def of(folders: dict[str, Any], regularisation: bool) -> set[tuple[object, ...]]:
    return {
        (name.removesuffix(" (2)"), told["images"], told["repeats"], regularisation)
        for name, told in folders.items()
    }


@pytest.mark.parametrize("name", SAYING)
def test_folders_pictures_and_repeats_are_those_that_were_trained_on(name: str) -> None:
    told, found = EXPECTED[name], read(name)
    assert found.folders is not None and found.program == "sd-scripts"
    read_ = {(each.name, each.images, each.repeats, each.regularisation) for each in found.folders}
    assert read_ == of(told["folders"], False) | of(told.get("reg_folders", {}), True)
    if "steps" in told:
        assert found.steps == told["steps"]
    if isinstance(told.get("batch"), int):
        assert found.batch == told["batch"]


@pytest.mark.parametrize("name", [each for each in SAYING if EXPECTED[each].get("complete")])
def test_of_a_whole_training_every_picture_is_counted_exactly(name: str) -> None:
    """Epochs times repeats, whatever the batches and however many make a step."""
    told, found = EXPECTED[name], read(name)
    assert found.epochs_done == (told["epochs"], False)
    for folder in found.folders or ():
        draws = found.draws(folder)
        assert draws is not None and folder.repeats is not None
        if not folder.regularisation:
            assert draws.is_exact and draws.least == told["epochs"] * folder.repeats
    assert sum(
        (each.images or 0) * (each.repeats or 0)
        for each in found.folders or () if not each.regularisation
    ) == told["images_x_repeats"]  # fmt: skip


def test_regularisation_pictures_are_taken_as_often_as_there_are_others() -> None:
    """16 pictures of an epoch, and 7 of regularisation: each is taken twice or three times. In a
    configuration file each dataset has its own: 15, and 3."""
    found = read("sd-scripts/with_reg/sksfoxes.safetensors")
    (kept,) = (each for each in found.folders or () if each.regularisation)
    assert found.draws(kept) == Draws(Fraction(4), Fraction(6))
    found = read("sd-scripts/toml/birds_fruit.safetensors")
    (kept,) = (each for each in found.folders or () if each.regularisation)
    assert found.draws(kept) == Draws(Fraction(10), Fraction(10))


def test_of_an_epoch_that_was_cut_only_bounds_are_known() -> None:
    """Its trainer writes two epochs, and the second was broken off."""
    found = read("sd-scripts/cut_epoch/foxes_cut.safetensors")
    (folder,) = found.folders or ()
    assert (found.epochs, found.epochs_done) == (2, (1, True))
    assert found.draws(folder) == Draws(Fraction(10), Fraction(20))


def test_one_saved_on_the_way_counts_what_it_rests_on() -> None:
    found = read("sd-scripts/one_folder/foxes-000001.safetensors")
    assert (found.epochs, found.epochs_done, found.steps) == (2, (1, False), 30)


@pytest.mark.parametrize("name", MERGES)
def test_a_merge_names_what_it_was_made_of_and_no_pictures(name: str) -> None:
    found = read(name)
    assert ", ".join(found.merged) == EXPECTED[name]["merged_from"]
    assert found.folders is None and found.steps is None


@pytest.mark.parametrize("name", SILENT)
def test_a_file_that_says_nothing_is_not_made_to_speak(name: str) -> None:
    found = trained(metadata(name))
    assert found is None or found.folders is None


def test_the_base_model_is_known_by_the_hash_of_its_file() -> None:
    base = read("sd-scripts/one_folder/foxes.safetensors").base
    assert base is not None and base.name == "tiny-base.safetensors"
    assert base.sha256 is not None and base.sha256.hex().startswith("6336a138c245")
    assert read("sd-scripts/merged/foxes_resized.safetensors").resized


def test_onetrainer_says_what_it_was_told_to_write() -> None:
    whole, settings, nothing = (
        read(f"onetrainer/lora_{each}.safetensors") for each in ("all", "settings", "no_config")
    )
    assert {(each.name, each.repeats) for each in whole.folders or ()} == {
        ("data/foxes", Fraction(10)), ("data/fruit", Fraction(3)),
    }  # fmt: skip
    assert (whole.epochs, whole.batch) == (settings.epochs, settings.batch) == (2, 2)
    assert settings.folders is None and nothing.folders is None and nothing.epochs is None
    assert {each.program for each in (whole, settings, nothing)} == {"OneTrainer"}
    assert all(whole.draws(each) is None for each in whole.folders or ()), "it says no steps"


def test_ai_toolkit_and_diffusers_say_nothing_of_pictures() -> None:
    """The tag frequency that ai-toolkit writes is made up of the trigger word."""
    half = read("ai-toolkit/fox_lora_000000500.safetensors")
    assert (half.program, half.version, half.steps) == ("ai-toolkit", "0.12.26", 500)
    assert half.folders is None and half.epochs_done is None
    newer = read("diffusers/pytorch_lora_weights_diffusers_0.36.0.safetensors")
    assert newer.network is not None and newer.network.rank == 2 and newer.folders is None
    older = metadata("diffusers/pytorch_lora_weights_diffusers_0.32.1.safetensors")
    assert trained(older) is None


WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)


@given(st.data())
def test_a_hostile_file_is_read_without_harm(data: st.DataObject) -> None:
    """Any value under any name that a reader asks for: what cannot be read is not said."""
    said = metadata(data.draw(st.sampled_from([*SAYING, "onetrainer/lora_all.safetensors"])))
    for name in data.draw(st.lists(st.sampled_from(sorted(said)), max_size=6)):
        wild = data.draw(WILD)
        said[name] = wild if isinstance(wild, str) else json.dumps(wild)
    found = trained(said)
    if found is not None:
        list(in_itself(found))
        list(with_manifest(found, {1: 3, 7: 2}))
        for folder in found.folders or ():
            draws = found.draws(folder)
            assert draws is None or 0 <= draws.least <= draws.most
