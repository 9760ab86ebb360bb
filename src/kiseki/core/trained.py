"""What a file of weights says of the training that made it, and what follows from that.

Trainers write into a file's metadata from which folders they took pictures, how often, and where
they stopped. That is the word of whoever ran them: anybody can edit it, and the tensors stay the
same. It is compared with what was declared (`kiseki.core.manifest`). Nothing is made up where a
file is silent: what it does not say is ``None`` here.

`kiseki.core.trainers` reads it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["Base", "Draws", "Folder", "Network", "Trained"]


@dataclass(frozen=True, slots=True)
class Folder:
    """Where pictures came from.

    Attributes:
        name: as the file has it: a folder (sd-scripts writes the number of repeats before it, as
            in ``10_foxes``), a concept, or the file that listed the pictures.
        images: how many pictures it had; none where the file does not say.
        repeats: how often an epoch takes each picture; none likewise.
        regularisation: whether its pictures only kept the base model as it was. Training consumed
            them all the same.
        dataset: which of several datasets it belongs to.
    """

    name: str
    images: int | None
    repeats: Fraction | None
    regularisation: bool = False
    dataset: int = 0

    @property
    def taken(self) -> Fraction | None:
        """Pictures of one epoch, with their repeats; none where the file does not say."""
        if self.images is None or self.repeats is None:
            return None
        return self.images * self.repeats


@dataclass(frozen=True, slots=True)
class Draws:
    """How often training took each picture of a folder.

    Attributes:
        least, most: the same for a training that ended with an epoch. One that stopped within an
            epoch took some of the pictures once more, and the file does not say which.
    """

    least: Fraction
    most: Fraction

    @property
    def is_exact(self) -> bool:
        """Whether the file says it to the last picture."""
        return self.least == self.most


@dataclass(frozen=True, slots=True)
class Base:
    """The model that training began with.

    Attributes:
        name: as whoever trained typed it.
        sha256: of its file, 32 bytes; none where the trainer was given a name and not a file.
    """

    name: str
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Network:
    """What was trained beside the base model.

    Attributes:
        module: the program's name for it, as ``networks.lora``; none where the file does not say.
        rank, alpha: of its matrices; likewise.
    """

    module: str | None
    rank: Fraction | None
    alpha: Fraction | None


@dataclass(frozen=True, slots=True)
class Trained:
    """What a file says.

    Attributes:
        program: that wrote it; empty where it cannot be told.
        version: its version or commit, as the file has it; empty likewise.
        folders: from which pictures came; none where the file does not say.
        steps: of the optimizer that the file's weights rest on.
        planned: how many steps the whole training was to have.
        epochs: how many epochs it was to have.
        batches: of one epoch.
        batch: pictures of one batch; none where there are several sizes, or it does not say.
        accumulation: batches of one step.
        train_images: pictures of one epoch with their repeats, without those of regularisation.
        base: the model that training began with.
        network: what was trained.
        seed: of the random numbers.
        session: the trainer's own number of the run.
        title: what whoever trained calls it.
        merged: what it was merged from, by title; empty where it was not. A merge says nothing
            of pictures.
        resized: whether it was made smaller from another file, whose words it keeps.
    """

    program: str
    version: str
    folders: tuple[Folder, ...] | None = None
    steps: int | None = None
    planned: int | None = None
    epochs: int | None = None
    batches: int | None = None
    batch: int | None = None
    accumulation: int | None = None
    train_images: int | None = None
    base: Base | None = None
    network: Network | None = None
    seed: int | None = None
    session: str | None = None
    title: str | None = None
    merged: tuple[str, ...] = ()
    resized: bool = False

    @property
    def steps_an_epoch(self) -> int | None:
        """Steps of one whole epoch; none where it cannot be told. The last step of an epoch may
        have fewer batches."""
        if not self.batches or not self.accumulation:
            return None
        return -(-self.batches // self.accumulation)

    @property
    def epochs_done(self) -> tuple[int, bool] | None:
        """Whole epochs that the weights rest on, and whether a part of another; none where it
        cannot be told. What a trainer writes as the epoch counts one that was cut as whole."""
        each = self.steps_an_epoch
        if each is None or self.steps is None:
            return None
        return self.steps // each, bool(self.steps % each)

    @property
    def steps_in_all(self) -> int | None:
        """Steps of all its epochs; none where it cannot be told."""
        each = self.steps_an_epoch
        return None if each is None or self.epochs is None else each * self.epochs

    @property
    def images(self) -> int | None:
        """Pictures of all folders; none where the file does not say it of each."""
        if not self.folders or any(each.images is None for each in self.folders):
            return None
        return sum(each.images or 0 for each in self.folders)

    @property
    def counted_images(self) -> Fraction | None:
        """Pictures of one epoch with their repeats, without those of regularisation, as the folders
        add up; none where the file does not say it of each."""
        if not self.folders:
            return None
        return _sum(each.taken for each in self.folders if not each.regularisation)

    def draws(self, folder: Folder) -> Draws | None:
        """How often training took each picture of a folder; none where it cannot be told."""
        done = self.epochs_done
        epoch = self._regularised(folder) if folder.regularisation else _repeated(folder)
        if done is None or epoch is None:
            return None
        whole, is_cut = done
        return Draws(whole * epoch.least, (whole + is_cut) * epoch.most)

    def _regularised(self, folder: Folder) -> Draws | None:
        """How often an epoch takes each of its regularisation pictures. There are as many of them
        as of the others of the dataset: each folder's repeats, and then all of them once more and
        once more; or, where they are too many, only the first, and the file does not say which.

        Source: ``DreamBoothDataset`` of sd-scripts.
        """
        beside = [each for each in self.folders or () if each.dataset == folder.dataset]
        wanted = _sum(each.taken for each in beside if not each.regularisation)
        there = _sum(each.taken for each in beside if each.regularisation)
        pictures = _sum(each.images for each in beside if each.regularisation)
        if wanted is None or there is None or not pictures or folder.repeats is None:
            return None
        if there > wanted:
            return Draws(Fraction(0), folder.repeats)
        more = (wanted - there) / pictures
        return Draws(folder.repeats + math.floor(more), folder.repeats + math.ceil(more))


def _repeated(folder: Folder) -> Draws | None:
    return None if folder.repeats is None else Draws(folder.repeats, folder.repeats)


def _sum(numbers: Iterable[Fraction | int | None]) -> Fraction | None:
    """Of all; none where one is not known."""
    total = Fraction(0)
    for each in numbers:
        if each is None:
            return None
        total += each
    return total
