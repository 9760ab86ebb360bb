"""What cannot be so: a trainer's own words (`kiseki.core.trained`) against each other, and against
what was registered. A file that is silent contradicts nothing.

Only what is certain counts. Pictures with the same content are one item, so a manifest may have
fewer items than the trainer had pictures; then their weights say so too, and are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from kiseki.core.trained import Draws, Trained
from kiseki.language import mark, plural, say

__all__ = ["Contradiction", "in_itself", "with_base", "with_manifest"]

_STEPS = 20_000
"""Sums of draws that are tried at most; what takes more is not known to contradict anything."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something that cannot be so.

    Attributes:
        code: ``trainer_itself``, ``trainer_manifest``, ``trainer_weights``, ``trainer_more`` or
            ``trainer_base``.
        said: makes the sentence in a language.
    """

    code: str
    said: Callable[[str], str] = field(repr=False, compare=False)

    @property
    def is_certain(self) -> bool:
        """Whether something is wrong. Else there are two readings, and the sentence says so."""
        return self.code not in ("trainer_more", "trainer_weights")

    def words(self, language: str = "en") -> str:
        """The sentence in a language.

        Raises:
            InvalidInput: there is no such language.
        """
        return self.said(language)


def in_itself(told: Trained) -> Iterator[Contradiction]:
    """What in a file cannot be so, by the file alone."""
    counted = told.counted_images
    if counted is not None and told.train_images and counted != told.train_images:
        said = partial(_say, _EPOCH, there=counted, said=told.train_images)
        yield Contradiction("trainer_itself", said)
    steps = told.steps
    for most in (told.planned, told.steps_in_all):
        if steps is not None and most is not None and steps > most:
            said = partial(_say, _STEPS_TAKEN, there=steps, said=most)
            yield Contradiction("trainer_itself", said)
            return


def with_manifest(told: Trained, weights: Mapping[int, int]) -> Iterator[Contradiction]:
    """What in a file cannot be so if a manifest is right.

    Args:
        weights: of the manifest: how many items have each weight.
    """
    pictures = told.images
    if pictures is None:
        return
    items = sum(weights.values())
    said: Callable[[str], str]
    if items > pictures:
        # Training that went on from another file's weights leaves no word of that file's pictures.
        said = partial(_of_items, _MORE, pictures=pictures, items=items)
        yield Contradiction("trainer_more", said)
        return
    draws: dict[Draws, int] = {}
    for folder in told.folders or ():
        drawn = told.draws(folder)
        if drawn is None:
            return
        draws[drawn] = draws.get(drawn, 0) + (folder.images or 0)
    if not _fit(draws, weights):
        # Weights decide who is paid, so they may follow another measure than counts.
        is_all = items == pictures
        said = partial(_of_items, _WEIGHED if is_all else _OTHER, pictures=pictures, items=items)
        yield Contradiction("trainer_weights" if is_all else "trainer_manifest", said)


def with_base(told: Trained, is_named: bool) -> Iterator[Contradiction]:
    """What in a file cannot be so if a registration names its base models, or none.

    Args:
        is_named: whether it names any, registered or not.
    """
    if told.base is not None and not is_named:
        name = told.base.name or (told.base.sha256 or b"").hex()
        yield Contradiction("trainer_base", partial(_say, _NAMED, name=f"{name:.80}"))


_EPOCH = mark(
    "The trainer's file lists folders with {there} pictures, repeats included, and says that an "
    "epoch has {said}."
)
_STEPS_TAKEN = mark(
    "The trainer's file says that training took {there} steps, and that it had {said} in all."
)
_NAMED = mark("The trainer's file names the base model {name}, and the registration names none.")
_OTHER = mark(
    "The trainer's file speaks of {pictures}, and the manifest declares {items}. How often the file"
    " says that they were taken and the weights in the manifest cannot both be right, not even if "
    "some pictures are the same."
)
_WEIGHED = mark(
    "The trainer's file speaks of {pictures}, and the manifest declares {items}, with other weights"
    " than how often the file says that they were taken. Weights decide who is paid, and may follow"
    " another measure."
)
_MORE = mark(
    "The trainer's file speaks of {pictures}, and the manifest declares {items}. The others may be "
    "of an earlier training, of which such a file keeps nothing."
)


def _fit(draws: Mapping[Draws, int], weights: Mapping[int, int]) -> bool:
    """Whether each weight can be how often training took one item: one picture, or several with the
    same content. Weights stand in proportion, so all draws together are all weights together."""
    total = sum(weight * count for weight, count in weights.items())
    least = sum((each.least * count for each, count in draws.items()), Fraction(0))
    most = sum((each.most * count for each, count in draws.items()), Fraction(0))
    if not total or not most:
        return True
    steps = [_STEPS]
    return all(_can_be(w * least / total, w * most / total, draws, steps) for w in weights)


def _can_be(low: Fraction, high: Fraction, draws: Mapping[Draws, int], steps: list[int]) -> bool:
    """Whether some pictures together can have been taken between two numbers of times."""
    ways = sorted((each.least, each.most) for each in draws)
    reached, seen = [(Fraction(0), Fraction(0))], set[tuple[Fraction, Fraction]]()
    while reached:
        begin, end = reached.pop()
        for least, most in ways:
            one = begin + least, end + most
            steps[0] -= 1
            if steps[0] < 0 or (one[0] <= high and one[1] >= low):
                return True
            # One more never leads below `high` again, and what grows by nothing is tried once.
            if one[0] <= high and one not in seen:
                seen.add(one)
                reached.append(one)
    return False


def _say(message: str, language: str, **values: int | Fraction | str) -> str:
    shown = {
        name: f"{int(value):,}" if not isinstance(value, str) and value == int(value) else value
        for name, value in values.items()
    }
    return say(message, language, **shown)


def _of_items(message: str, language: str, *, pictures: int, items: int) -> str:
    return say(
        message,
        language,
        pictures=plural("{number} picture", "{number} pictures", pictures, language),
        items=plural("{number} item", "{number} items", items, language),
    )
