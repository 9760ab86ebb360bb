"""What a trainer wrote is held against what was registered, and only what is certain is told."""

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.python.core.test_core_trained import SAYING, read

from kiseki.core.contradictions import in_itself, with_base, with_manifest
from kiseki.core.trained import Base, Folder, Trained

ONE = "sd-scripts/one_folder/foxes.safetensors"
TWO = "sd-scripts/two_folders/fruit_birds.safetensors"
CUT = "sd-scripts/cut_epoch/foxes_cut.safetensors"
HONEST = [name for name in SAYING if "count_changed" not in name]


def codes(told: Trained, *weights: int) -> list[str]:
    return [each.code for each in with_manifest(told, Counter(weights))]


def test_a_count_that_was_changed_contradicts_the_file_itself() -> None:
    (said,) = in_itself(read("sd-scripts/edited/foxes_count_changed.safetensors"))
    assert said.words() == (
        "The trainer's file lists folders with 10 pictures, repeats included, and says that an "
        "epoch has 60."
    )
    assert "60" in said.words("ja") and said.words("ja") != said.words()


@pytest.mark.parametrize("name", HONEST)
def test_no_file_of_an_honest_trainer_contradicts_itself(name: str) -> None:
    """Nor one that was relabelled with care, which nobody can tell from the file."""
    assert list(in_itself(read(name))) == []


@pytest.mark.parametrize("name", HONEST)
def test_no_manifest_of_what_a_trainer_wrote_contradicts_it(name: str) -> None:
    """As `from-lora` declares it: how often each was taken, or the mean of the bounds."""
    told, weights = read(name), []
    for folder in told.folders or ():
        drawn = told.draws(folder)
        assert drawn is not None, "each of these files says how often"
        weights += [drawn.least + drawn.most] * (folder.images or 0)
    whole = [int(each * 2**20) for each in weights]
    assert codes(told, *whole) == []
    assert codes(told, *whole, 7 * 2**20) == ["trainer_more"]


def test_a_picture_that_is_left_out_shows_in_the_weights() -> None:
    """Six pictures ten times an epoch, twice: 120 draws are no five equal parts of 20."""
    told = read(ONE)
    assert codes(told, 1, 1, 1, 1, 1, 1) == [] == codes(told, *[20] * 6)
    assert codes(told, 1, 1, 1, 1, 1) == ["trainer_manifest"]
    assert codes(read(TWO), *[9] * 4, *[6] * 4) == ["trainer_manifest"]


def test_the_same_picture_twice_is_one_item_and_no_contradiction() -> None:
    told = read(ONE)
    assert codes(told, 2, 1, 1, 1, 1) == [] == codes(told, 2, 2, 2) == codes(told, 1)


def test_weights_that_stand_in_another_proportion_are_told() -> None:
    (said,) = with_manifest(read(TWO), Counter([6] * 4 + [9] * 5))
    assert said.code == "trainer_weights" and not said.is_certain, "pay may follow another measure"
    assert said.words().startswith(
        "The trainer's file speaks of 9 pictures, and the manifest declares 9 items, with other"
    )


def test_an_epoch_that_was_cut_gives_bounds_that_a_manifest_may_lie_in() -> None:
    told = read(CUT)  # 47 of 60 steps: each picture 10 or 20 times
    assert codes(told, 20, 20, 20, 14, 10, 10) == []
    assert codes(told, 50, 9, 9, 9, 9, 4) == ["trainer_weights"], "4 of 90 is below every bound"


@pytest.mark.parametrize(
    "told",
    [
        Trained("x", "1"),
        Trained("x", "1", (Folder("a", None, Fraction(1)),), steps=4, batches=2, accumulation=1),
        Trained("x", "1", (Folder("a", 3, Fraction(1)),)),
        Trained("x", "1", (Folder("a", 3, Fraction(0)),), steps=4, batches=2, accumulation=1),
    ],
)
def test_what_a_file_does_not_say_contradicts_nothing(told: Trained) -> None:
    assert codes(told, 5, 1) == [] == list(in_itself(told)) == list(with_base(told, False))


def test_a_base_model_that_is_named_in_the_file_is_named_in_the_registration() -> None:
    told = read(ONE)
    (said,) = with_base(told, False)
    assert "names the base model tiny-base.safetensors" in said.words()
    assert list(with_base(told, True)) == []
    (nameless,) = with_base(Trained("x", "1", base=Base("", bytes([7]) * 32)), False)
    assert "0707" in nameless.words()


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 12)), min_size=1, max_size=4
    ),
    st.data(),
)  # fmt: skip
def test_no_truth_is_called_a_contradiction(
    folders: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Whatever the folders, and whichever of their pictures are the same: what was really taken is
    never told to be false."""
    epochs = data.draw(st.integers(1, 4))
    told = Trained(
        "x", "1",
        tuple(Folder(str(i), n, Fraction(r)) for i, (n, r) in enumerate(folders)),
        steps=5 * epochs, batches=5, accumulation=1, epochs=epochs,
    )  # fmt: skip
    taken: Counter[Any] = Counter()
    for n, r in folders:
        for _ in range(n):
            taken[data.draw(st.integers(0, 12))] += r * epochs
    assert codes(told, *taken.values()) == []


def test_many_folders_take_no_time_without_end() -> None:
    told = Trained(
        "x", "1", tuple(Folder(str(i), 9, Fraction(10_007 + i)) for i in range(40)),
        steps=5, batches=5, accumulation=1,
    )  # fmt: skip
    assert codes(told, *range(1, 300)) in ([], ["trainer_weights"], ["trainer_manifest"])
