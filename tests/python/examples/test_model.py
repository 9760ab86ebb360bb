"""The same training gives the same bytes; what is recorded is what was really consumed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from examples.openmoji.drawings import NOTICE, Drawing, Pixels
from examples.openmoji.model import Batch, Consumed, Model, batches, fine_tune, train
from examples.openmoji.pictures import output, png
from PIL import Image
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]


class Size(TypedDict):
    rank: int
    kinds: int


SMALL = Size(rank=24, kinds=4)


@pytest.fixture(scope="module")
def ids(some: list[Drawing]) -> list[str]:
    return [d.hexcode for d in some]


@pytest.fixture(scope="module")
def base(ids: list[str], pixels: Pixels) -> Model:
    return train(batches(ids, pixels), **SMALL)[0]


def test_training_again_on_other_threads_gives_the_same_bytes(
    ids: list[str], pixels: Pixels, base: Model
) -> None:
    with threadpool_limits(2):
        again, _ = train(batches(ids, pixels), **SMALL)
    assert again.to_bytes() == base.to_bytes()


def test_another_order_or_seed_is_another_model(
    ids: list[str], pixels: Pixels, base: Model
) -> None:
    other, _ = train(batches(ids, pixels, seed=1), seed=1, **SMALL)
    assert other.to_bytes() != base.to_bytes()


def test_saved_and_loaded_it_draws_the_same(base: Model, tmp_path: Path) -> None:
    base.save(tmp_path / "weights.npz")
    assert (tmp_path / "weights.npz").read_bytes() == base.to_bytes()
    loaded = Model.load(tmp_path / "weights.npz")
    drawn = base.generate(3, seed=5, size=60)
    assert drawn.shape == (3, 60, 60, 3) and drawn.dtype == np.uint8
    assert np.array_equal(drawn, loaded.generate(3, seed=5, size=60))
    assert not np.array_equal(drawn, base.generate(3, seed=6, size=60))


def test_consumed_counts_how_often_each_picture_was_seen(ids: list[str], pixels: Pixels) -> None:
    times = [1 + i % 3 for i in range(len(ids))]
    _, consumed = train(batches(ids, pixels, times=times), **SMALL)
    assert consumed == dict(zip(ids, times, strict=True))


def test_a_picture_that_the_loader_skips_is_not_consumed(ids: list[str], pixels: Pixels) -> None:
    skipped = ids[3]

    def loader() -> Iterator[Batch[str]]:
        for batch in batches(ids, pixels, size=10):
            keep = [i for i, one in enumerate(batch.ids) if one != skipped]
            yield Batch([batch.ids[i] for i in keep], batch.pixels[keep])

    _, consumed = train(loader(), **SMALL)
    assert set(consumed) == set(ids) - {skipped}


def test_what_training_never_reached_is_not_consumed(ids: list[str], pixels: Pixels) -> None:
    """A run that stops half way has consumed half, whatever list it was given."""
    consumed: Consumed[str] = Consumed()
    reading = consumed.batches(batches(ids, pixels, size=10))
    assert not consumed
    next(reading)
    assert consumed.total() == 10


def test_fine_tuning_continues_and_records_only_its_own(
    some: list[Drawing], pixels: Pixels, base: Model
) -> None:
    hers = [i for i, d in enumerate(some) if d.author == "Emily Jäger"]
    mine = [some[i].hexcode for i in hers]
    tuned, consumed = fine_tune(base, batches(mine, pixels[hers]))
    assert consumed == dict.fromkeys(mine, 1)
    assert np.array_equal(tuned.components[: len(base.components)], base.components)
    assert tuned.to_bytes() == fine_tune(base, batches(mine, pixels[hers]))[0].to_bytes()
    gram = tuned.components @ tuned.components.T
    assert np.allclose(gram, np.eye(len(gram)), atol=1e-3)


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        train(iter(()))


def test_pictures_without_their_ids_are_an_error(ids: list[str], pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="1 IDs for 2 pictures"):
        train([Batch(ids[:1], pixels[:2])])


def test_pictures_of_another_size_are_an_error(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="this model takes 96"):
        train([Batch(ids[:1], np.zeros((1, 48, 48, 3), np.uint8))])


def test_a_generated_file_carries_its_notice(base: Model) -> None:
    drawn = base.generate(1, seed=0)[0]
    file, picture = output(drawn, "Output 1")
    assert file == png(drawn, title="Output 1") == picture.data
    opened = Image.open(io.BytesIO(file))
    assert NOTICE in opened.info["Copyright"] and opened.info["Title"] == "Output 1"
    assert NOTICE in picture.notice
