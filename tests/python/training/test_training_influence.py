"""Leave-one-collection-out is exact, goes on where it stopped, and says what it clips."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.weighing import weigh
from kiseki.errors import FilesError, InvalidInput
from kiseki.training.influence import Influence, agreement, blend, leave_one_out, trainings

WORTH = {"a": 5.0, "b": 2.0, "c": -1.0}


class Lessons:
    """A model is the list of what it learned; seeds shift each score a little."""

    def __init__(self, stops_after: int | None = None) -> None:
        self.trained: list[tuple[tuple[str, ...], int]] = []
        self.stops_after = stops_after

    def train(self, some: Sequence[str], seed: int) -> float:
        if self.stops_after == len(self.trained):
            raise KeyboardInterrupt
        self.trained.append((tuple(some), seed))
        return sum(WORTH[each] for each in some) + seed * len(some) / 64

    @staticmethod
    def score(model: float) -> float:
        return model


def test_influence_is_what_the_score_loses() -> None:
    lessons, steps = Lessons(), []
    found = leave_one_out(
        lessons.train, lessons.score, "abc", [1, 2], told=lambda done, every: steps.append(done)
    )
    assert trainings("abc", [1, 2]) == len(lessons.trained) == 8
    assert steps == list(range(9))
    assert lessons.trained[:4] == [
        (("a", "b", "c"), 1), (("b", "c"), 1), (("a", "c"), 1), (("a", "b"), 1),
    ]  # fmt: skip
    assert found.by_seed("a") == {1: 5 + 1 / 64, 2: 5 + 2 / 64}
    assert found.spread("b") == (2 + 1 / 64, 2 + 2 / 64)
    assert found.mean("c") == -1 + 1.5 / 64
    assert found.negative == ["c"]
    assert found.weights == {
        "a": Fraction(5 * 128 + 3, 128),
        "b": Fraction(2 * 128 + 3, 128),
        "c": 0,
    }


def test_a_run_that_was_interrupted_trains_what_is_missing_alone(tmp_path: Path) -> None:
    """Invariant 8: it ends as one that nobody interrupted."""
    whole = leave_one_out(Lessons().train, Lessons.score, "abc", [1, 2])
    first, second, third = Lessons(3), Lessons(), Lessons()
    with pytest.raises(KeyboardInterrupt):
        leave_one_out(first.train, first.score, "abc", [1, 2], folder=tmp_path, what="toy")
    found = leave_one_out(second.train, second.score, "abc", [1, 2], folder=tmp_path, what="toy")
    assert found == whole and len(second.trained) == 5
    more = leave_one_out(third.train, third.score, "abc", [1, 2, 3], folder=tmp_path, what="toy")
    assert len(third.trained) == 4 and more.scores.keys() == {1, 2, 3}
    for other in (("abc", "another"), ("abd", "toy"), ("ab", "toy")):
        with pytest.raises(InvalidInput, match="is no score of this training"):
            leave_one_out(Lessons().train, Lessons.score, other[0], [1], folder=tmp_path,
                          what=other[1])  # fmt: skip
    for said in ("", "{}", json.dumps({"format": "kiseki-influence-v1"}), "[]"):
        (tmp_path / "1-all.json").write_text(said)
        with pytest.raises(InvalidInput, match=r"1-all\.json is no score"):
            leave_one_out(Lessons().train, Lessons.score, "abc", [1], folder=tmp_path, what="toy")
    (tmp_path / "file").write_text("")
    with pytest.raises(FilesError):
        leave_one_out(Lessons().train, Lessons.score, "abc", [1], folder=tmp_path / "file")


def test_a_run_that_is_killed_keeps_each_score_whole(tmp_path: Path) -> None:
    program = f"""
import os, signal
from kiseki.training.influence import leave_one_out
count = 0
def train(some, seed):
    global count
    count += 1
    if count == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return len(some)
leave_one_out(train, float, ["'a'", "b"], [1, 2], folder={str(tmp_path)!r})
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == -9, done.stderr
    trained: list[int] = []

    def train(some: Sequence[str], seed: int) -> float:
        trained.append(seed)
        return len(some)

    leave_one_out(train, float, ["'a'", "b"], [1, 2], folder=tmp_path)
    assert trained == [2, 2, 2]


@pytest.mark.parametrize(
    ("collections", "seeds", "score"),
    [("a", [1], 1.0), ("aa", [1], 1.0), ("ab", [], 1.0), ("ab", [1, 1], 1.0),
     ("ab", [1], float("nan")), ("ab", [1], float("inf"))],
)  # fmt: skip
def test_what_says_nothing_is_refused(collections: str, seeds: list[int], score: float) -> None:
    with pytest.raises(InvalidInput):
        leave_one_out(lambda some, seed: 0, lambda _: score, collections, seeds)


def test_half_and_half_is_the_mean_of_two_parts_of_one() -> None:
    counts, worth = {"a": 1, "b": 3}, {"a": Fraction(1), "b": Fraction(0)}
    assert blend(counts, worth) == {"a": Fraction(5, 8), "b": Fraction(3, 8)}
    assert blend(counts, worth, Fraction(1)) == {"a": Fraction(1, 4), "b": Fraction(3, 4)}
    assert blend(counts, worth, Fraction(0)) == {"a": 1, "b": 0}
    for one, other, part in (
        ({"a": 1}, worth, Fraction(1, 2)), (counts, {"a": 0, "b": 0}, Fraction(1, 2)),
        (counts, {"a": -1, "b": 3}, Fraction(1, 2)), (counts, worth, Fraction(2)),
    ):  # fmt: skip
        with pytest.raises(InvalidInput):
            blend(one, other, part)


def test_weights_of_influence_are_those_of_a_manifest() -> None:
    keys = {name: name.encode() * 32 for name in WORTH}
    found = leave_one_out(Lessons().train, Lessons.score, "abc", [1, 2])
    counts = {keys[name]: {bytes([place]) * 32: 1} for place, name in enumerate(WORTH)}
    weights = weigh(counts, {keys[name]: each for name, each in found.weights.items()})
    (one,), (two,), (none,) = (items.values() for items in weights.values())
    assert none == 1 and abs(Fraction(one, two) - Fraction(643, 259)) < Fraction(1, 10**20)


def rho(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's, as its definition says: Pearson's of the mean ranks."""
    ranks = [[float(np.mean([i for i, each in enumerate(sorted(values)) if each == value]))
              for value in values] for values in (one, other)]  # fmt: skip
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


@given(pairs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=9))
def test_agreement_is_spearmans(pairs: list[tuple[int, int]]) -> None:
    one, other = ({str(i): pair[k] for i, pair in enumerate(pairs)} for k in (0, 1))
    found = agreement(one, other)
    if len(set(one.values())) == 1 or len(set(other.values())) == 1:
        assert found is None
    else:
        assert found == pytest.approx(rho(list(one.values()), list(other.values())))


def test_agreement_of_what_no_float_holds() -> None:
    large = {str(i): 1 << (2_000 + i) for i in range(4)}
    for order in permutations(range(4)):
        other = {str(i): place for i, place in enumerate(order)}
        assert agreement(large, other) == pytest.approx(rho(range(4), order))
    assert agreement({"a": 1, "b": 2}, {"a": 1, "b": 2}) is None
    with pytest.raises(InvalidInput):
        agreement(large, {"a": 1})


def test_nothing_heavy_is_imported_before_it_is_asked_for() -> None:
    program = """
import sys
from kiseki.training.influence import agreement, blend, leave_one_out
leave_one_out(lambda some, seed: len(some), float, [1, 2], [1])
print(*sorted({"numpy", "scipy", "sklearn", "torch"} & set(sys.modules)))
sys.modules["scipy.stats"] = None
try:
    agreement({1: 1, 2: 2, 3: 3}, {1: 1, 2: 3, 3: 2})
except Exception as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    first, second = done.stdout.splitlines()
    assert first == "" and "pip install 'kiseki[influence]'" in second


def test_an_influence_is_a_value() -> None:
    value: Influence[Any] = Influence({1: 2.0}, {"a": {1: 1.5}})
    assert value.mean("a") == 0.5 and value == Influence({1: 2.0}, {"a": {1: 1.5}})
