"""What whoever trained says of a training, where the trainer's file is silent.

Many files say too little: OneTrainer writes no steps, ai-toolkit and diffusers no folders. What
somebody says in their place is kept apart from what the file says (`kiseki.core.trained`), and
never against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from kiseki.core import documents
from kiseki.core.counts import counted
from kiseki.core.trained import Draws, Folder, Trained
from kiseki.errors import InvalidInput

__all__ = ["Said", "against", "draws_of"]


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says; what they do not say is none.

    Attributes:
        epochs: that the weights rest on; 2.5 for one that stopped within the third.
        steps: of the optimizer that the weights rest on.
        batch: pictures of one step.
        repeats: how often an epoch takes each picture of a folder, by its name as the file has it.
    """

    epochs: Fraction | None = None
    steps: int | None = None
    batch: int | None = None
    repeats: Mapping[str, Fraction] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.repeats) or (self.epochs, self.steps, self.batch) != (None, None, None)

    def to_json(self) -> dict[str, Any]:
        """For a run's document."""
        return {
            "epochs": None if self.epochs is None else str(self.epochs),
            "steps": self.steps, "batch": self.batch,
            "repeats": {name: str(each) for name, each in sorted(self.repeats.items())},
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: object) -> Said:
        """From what `to_json` gave.

        Raises:
            InvalidInput: a member is not as the format wants it.
        """
        given = documents.members(value, ["epochs", "steps", "batch", "repeats"], "what was said")
        epochs, steps, batch, repeats = given
        numbers = [each for each in (steps, batch) if each is not None]
        if not isinstance(repeats, dict) or any(type(each) is not int for each in numbers):
            raise InvalidInput("what was said of a training has numbers, and repeats by folder")
        return cls(
            None if epochs is None else documents.fraction(epochs, "the epochs"), steps, batch,
            {name: documents.fraction(each, "the repeats") for name, each in repeats.items()},
        )  # fmt: skip


def draws_of(
    told: Trained, said: Said, folders: Sequence[tuple[Folder, int]]
) -> list[Draws | None]:
    """How often training took each picture of each folder, by the file and what was said together;
    none where both leave it open.

    Steps count as a trainer counts them that fills each batch but the last of an epoch.

    Args:
        folders: each with the number of its pictures.
    """
    repeats = [_repeats(said, folder) for folder, _ in folders]
    done = said.epochs
    if done is None:
        done = _epochs(told, said, [count for _, count in folders], repeats)
    found: list[Draws | None] = []
    for (folder, _), each in zip(folders, repeats, strict=True):
        drawn = told.draws(folder)
        if drawn is None and done is not None and each is not None:
            drawn = Draws(math.floor(done) * each, math.ceil(done) * each)
        found.append(drawn)
    return found


def against(told: Trained, said: Said, folders: Sequence[tuple[Folder, int]]) -> Iterator[str]:
    """What was said and cannot be, because the file says otherwise, in words."""
    batch = _batch(told)
    if said.steps is not None and told.steps is not None and said.steps != told.steps:
        yield _but("steps", f"{said.steps:,}", f"{told.steps:,}")
    if said.batch is not None and batch is not None and said.batch != batch:
        yield _but("pictures a step", f"{said.batch:,}", f"{batch:,}")
    if said.epochs is not None and told.epochs is not None and said.epochs > told.epochs:
        yield _but("epochs", _decimal(said.epochs), f"{told.epochs:,} in all")
    for folder, _ in folders:
        repeats = said.repeats.get(folder.name)
        if repeats is not None and folder.repeats not in (None, repeats):
            name = f"repeats of {folder.name!r:.80}"
            yield _but(name, _decimal(repeats), _decimal(folder.repeats or Fraction(0)))
        if (known := told.draws(folder)) is None or folder.regularisation or not folder.repeats:
            continue
        epochs = said.epochs
        if epochs is not None and not (
            known.least <= math.ceil(epochs) * folder.repeats
            and math.floor(epochs) * folder.repeats <= known.most
        ):
            yield _but("epochs", _decimal(epochs), _done(told))
            return
    yield from _too_many_steps(told, said, folders)


def _too_many_steps(
    told: Trained, said: Said, folders: Sequence[tuple[Folder, int]]
) -> Iterator[str]:
    """A step takes a picture at least, so there are no more steps than pictures taken."""
    steps = said.steps if told.steps is None else told.steps
    epoch = _epoch([count for _, count in folders], [_repeats(said, each) for each, _ in folders])
    if steps is None or said.epochs is None or epoch is None:
        return
    if (taken := said.epochs * epoch) < steps:
        epochs = "1 epoch" if said.epochs == 1 else f"{_decimal(said.epochs)} epochs"
        yield (
            f"{epochs} of {counted(math.ceil(epoch), 'picture')}, repeats included, take "
            f"{math.floor(taken):,}, and {counted(steps, 'step')} take as many at least"
        )


def _epochs(
    told: Trained, said: Said, counts: Sequence[int], repeats: Sequence[Fraction | None]
) -> Fraction | None:
    """From steps and their size; with a part of an epoch where it stopped within one."""
    steps = told.steps if told.steps is not None else said.steps
    batch, epoch = _batch(told) or said.batch, _epoch(counts, repeats)
    if steps is None or not batch or not epoch:
        return None
    return Fraction(steps, math.ceil(epoch / batch))


def _epoch(counts: Sequence[int], repeats: Sequence[Fraction | None]) -> Fraction | None:
    """Pictures of one epoch, repeats included; none where they are not known of each folder."""
    total = Fraction(0)
    for count, each in zip(counts, repeats, strict=True):
        if each is None:
            return None
        total += count * each
    return total


def _repeats(said: Said, folder: Folder) -> Fraction | None:
    return said.repeats.get(folder.name) if folder.repeats is None else folder.repeats


def _batch(told: Trained) -> int | None:
    """Pictures of one step, as the file has it."""
    return told.batch and told.accumulation and told.batch * told.accumulation


def _done(told: Trained) -> str:
    whole, is_cut = told.epochs_done or (0, False)
    return f"{whole:,}" + (" and a part of another" if is_cut else "")


def _but(what: str, said: str, told: str) -> str:
    return f"you say {said} {what}, and the file says {told}"


def _decimal(number: Fraction) -> str:
    return f"{float(number):,g}"
