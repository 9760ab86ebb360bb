"""How much each collection is worth to a model: exact leave-one-collection-out.

For each seed a model is trained on all collections, and once more without each of them. What the
score loses without a collection is its influence. This is exact, and it takes (collections + 1) x
seeds trainings, so it is for small models. ::

    found = leave_one_out(train, score, collections, seeds=[1, 2, 3], folder="influence")
    half = blend(counts, found.weights, Fraction(1, 2))
    k.models.manifest(files, weights=half)

The score is what whoever trains cares for; another score gives other influences. A model that is
better without a collection gives it a negative influence; nobody is paid less than nothing, so it
counts as zero, and `Influence.negative` names it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from typing import Generic, TypeVar

from kiseki.core.weighing import Number
from kiseki.disk import texts
from kiseki.errors import InvalidInput
from kiseki.training.extras import needed

__all__ = ["Influence", "agreement", "blend", "leave_one_out", "trainings"]

K = TypeVar("K", bound=Hashable)
M = TypeVar("M")

_FORMAT = "kiseki-influence-v1"
_LEAST = 3
"""Collections below which an order of them agrees or not by chance alone."""


@dataclass(frozen=True, slots=True)
class Influence(Generic[K]):
    """What each collection is worth to a model.

    Attributes:
        scores: seed -> the score of the model that was trained on all.
        without: collection -> seed -> the score of the model that was trained without it.
    """

    scores: Mapping[int, float]
    without: Mapping[K, Mapping[int, float]]

    def by_seed(self, collection: K) -> dict[int, float]:
        """Seed -> what the score loses without a collection."""
        return {seed: self.scores[seed] - each for seed, each in self.without[collection].items()}

    def mean(self, collection: K) -> float:
        """The same, over all seeds."""
        return fmean(self.by_seed(collection).values())

    def spread(self, collection: K) -> tuple[float, float]:
        """The least and the most of it, of one seed each. Where they are far apart, chance decides
        more than the data, and more seeds are needed."""
        found = self.by_seed(collection).values()
        return min(found), max(found)

    @property
    def negative(self) -> list[K]:
        """Collections without which the models are better in the mean; they weigh zero."""
        return [each for each in self.without if self.mean(each) < 0]

    @property
    def weights(self) -> dict[K, Fraction]:
        """Weights for a manifest: the means, and zero where they are negative."""
        return {each: max(Fraction(), Fraction(self.mean(each))) for each in self.without}


def trainings(collections: Sequence[Hashable], seeds: Sequence[int]) -> int:
    """How many trainings `leave_one_out` takes, so that it can be said before it begins."""
    return (len(collections) + 1) * len(seeds)


def leave_one_out(
    train: Callable[[Sequence[K], int], M],
    score: Callable[[M], float],
    collections: Sequence[K],
    seeds: Sequence[int],
    *,
    folder: str | Path | None = None,
    what: str = "",
    told: Callable[[int, int], None] = lambda *_: None,
) -> Influence[K]:
    """Trains with and without each collection.

    Args:
        train: trains a model on some collections, in the order in which they are given here, with a
            seed. The same collections and seed must give the same model.
        score: how good a model is; the higher, the better. It must not rest on what any of the
            models was trained on.
        collections: at least two, each once. In a folder they are told apart by their `repr`.
        seeds: at least one, each once.
        folder: where each score is kept as soon as it is known, so that an interrupted run goes on
            where it stopped.
        what: says what is trained and scored, for the folder: one of another training is refused.
        told: called with how many trainings are done, and in all.

    Raises:
        InvalidInput: too few collections or seeds, or one twice; a score that is no finite number;
            or the folder is of another training.
        FilesError: the folder cannot be read or written.
    """
    wanted, numbers = list(collections), list(seeds)
    if len(wanted) < 2 or len(set(wanted)) != len(wanted):
        raise InvalidInput("name at least two collections, each once")
    if not numbers or len(set(numbers)) != len(numbers):
        raise InvalidInput("name at least one seed, each once")
    kept = _Kept(None if folder is None else Path(folder), [what, *map(repr, wanted)])
    done, every = 0, trainings(wanted, numbers)
    scores: dict[int, float] = {}
    without: dict[K, dict[int, float]] = {each: {} for each in wanted}
    told(done, every)
    for seed in numbers:
        for left in (None, *range(len(wanted))):
            found = kept.score(seed, left)
            if found is None:
                some = [each for place, each in enumerate(wanted) if place != left]
                found = float(score(train(some, seed)))
                if not math.isfinite(found):
                    raise InvalidInput(f"the score {found} of seed {seed} is no finite number")
                kept.keep(seed, left, found)
            if left is None:
                scores[seed] = found
            else:
                without[wanted[left]][seed] = found
            done += 1
            told(done, every)
    return Influence(scores, without)


def blend(
    counts: Mapping[K, Number], influence: Mapping[K, Number], part: Fraction = Fraction(1, 2)
) -> dict[K, Fraction]:
    """Weights of which one part follows counts and the rest influence, each made to add up to 1
    first.

    Args:
        counts: how often training used each collection.
        influence: as `Influence.weights` has it.
        part: of the counts, from 0 to 1.

    Raises:
        InvalidInput: they are of different collections, one of them is less than zero, or all of
            one kind are zero.
    """
    if counts.keys() != influence.keys():
        raise InvalidInput("counts and influence are of different collections")
    if not 0 <= part <= 1:
        raise InvalidInput("the part of the counts is from 0 to 1")
    both = []
    for name, each in (("counts", counts), ("influences", influence)):
        shares = {key: Fraction(value) for key, value in each.items()}
        total = sum(shares.values())
        if total <= 0 or min(shares.values()) < 0:
            raise InvalidInput(f"the {name} must be zero or more, and not all of them zero")
        both.append({key: value / total for key, value in shares.items()})
    return {key: part * both[0][key] + (1 - part) * both[1][key] for key in counts}


def agreement(one: Mapping[K, Number], other: Mapping[K, Number]) -> float | None:
    """How far two sets of weights put the collections into the same order: Spearman's rank
    correlation, from -1 to 1, by SciPy. None where one of them puts all on one rank, or where there
    are fewer than three collections, because then it says nothing.

    Raises:
        InvalidInput: they are of different collections.
        TrainingError: SciPy is not installed.
    """
    if one.keys() != other.keys():
        raise InvalidInput("the weights are of different collections")
    if len(one) < _LEAST or len(set(one.values())) == 1 or len(set(other.values())) == 1:
        return None
    keys = list(one)
    # Ranks, because an exact weight may be larger than any float.
    ranks = [{value: place for place, value in enumerate(sorted(set(each.values())))}
             for each in (one, other)]  # fmt: skip
    stats = needed("scipy.stats", "influence")
    found = stats.spearmanr([ranks[0][one[key]] for key in keys],
                            [ranks[1][other[key]] for key in keys])  # fmt: skip
    return float(found.statistic)


class _Kept:
    """Scores in a folder, one file each; without a folder none is kept."""

    def __init__(self, folder: Path | None, of: Sequence[str]) -> None:
        self._folder = folder
        self._of = sha256(json.dumps(list(of)).encode()).hexdigest()

    def score(self, seed: int, left: int | None) -> float | None:
        path = self._path(seed, left)
        if path is None or not path.exists():
            return None
        try:
            said = json.loads(texts.read(path))
            if said["format"] == _FORMAT and said["of"] == self._of:
                return float.fromhex(said["score"])
        except (ValueError, KeyError, TypeError):
            pass
        raise InvalidInput(
            f"{path} is no score of this training; name another folder, or delete this one"
        )

    def keep(self, seed: int, left: int | None, score: float) -> None:
        path = self._path(seed, left)
        if path is not None:
            said = {"format": _FORMAT, "of": self._of, "score": score.hex()}
            texts.write(path, json.dumps(said) + "\n", folder=True)

    def _path(self, seed: int, left: int | None) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / f"{seed}-{'all' if left is None else f'without-{left}'}.json"
