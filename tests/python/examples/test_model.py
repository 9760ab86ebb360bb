"""The same training gives the same bytes; what is recorded is what was really consumed."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
from examples.openmoji.drawings import NOTICE, Drawing, Pixels
from examples.openmoji.model import Batch, Model, batches, fine_tune, train
from examples.openmoji.pictures import output, png
from examples.openmoji.recording import Trained, record
from PIL import Image
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from kiseki.training import Exposure, Ledger

from .counting import Consumed


class Size(TypedDict):
    rank: int
    kinds: int


SMALL = Size(rank=24, kinds=4)


def key(name: str) -> bytes:
    """A data ID for a name."""
    return name.encode().ljust(32, b".")


def plain(source: Iterable[Batch[str]]) -> list[Pixels]:
    return [each.pixels for each in source]


def recorded(folder: Path, source: Iterable[Batch[bytes]]) -> Trained:
    return record(folder, source, lambda taken: train(taken, **SMALL))


@pytest.fixture(scope="module")
def ids(some: list[Drawing]) -> list[str]:
    return [d.hexcode for d in some]


@pytest.fixture(scope="module")
def base(ids: list[str], pixels: Pixels) -> Model:
    return train(plain(batches(ids, pixels)), **SMALL)


def test_training_again_on_other_threads_gives_the_same_bytes(
    ids: list[str], pixels: Pixels, base: Model
) -> None:
    with threadpool_limits(2):
        again = train(plain(batches(ids, pixels)), **SMALL)
    assert again.to_bytes() == base.to_bytes()


def test_another_order_or_seed_is_another_model(
    ids: list[str], pixels: Pixels, base: Model
) -> None:
    other = train(plain(batches(ids, pixels, seed=1)), seed=1, **SMALL)
    assert other.to_bytes() != base.to_bytes()


def test_saved_and_loaded_it_draws_the_same(base: Model, tmp_path: Path) -> None:
    base.save(tmp_path / "weights.npz")
    assert (tmp_path / "weights.npz").read_bytes() == base.to_bytes()
    loaded = Model.load(tmp_path / "weights.npz")
    drawn = base.generate(3, seed=5, size=60)
    assert drawn.shape == (3, 60, 60, 3) and drawn.dtype == np.uint8
    assert np.array_equal(drawn, loaded.generate(3, seed=5, size=60))
    assert not np.array_equal(drawn, base.generate(3, seed=6, size=60))


def test_the_hook_counts_how_often_each_picture_was_taken(
    ids: list[str], pixels: Pixels, tmp_path: Path
) -> None:
    """As our own counter does, and as it was asked; the model is the one without a hook."""
    times = [1 + i % 3 for i in range(len(ids))]
    keys = [key(one) for one in ids]
    own: Consumed[bytes] = Consumed()
    done = recorded(tmp_path / "ledger", own.watched(batches(keys, pixels, times=times, size=10)))
    assert done.consumed == own == dict(zip(keys, times, strict=True))
    figures = done.figures
    assert (figures.consumed, figures.read, figures.lost) == (sum(times), sum(times), 0)
    assert (figures.batches, figures.steps) == (-(-sum(times) // 10), 1)
    assert figures.ended
    bare = train(plain(batches(ids, pixels, times=times, size=10)), **SMALL)
    assert done.model.to_bytes() == bare.to_bytes()


def test_a_picture_that_the_loader_skips_is_not_consumed(
    ids: list[str], pixels: Pixels, tmp_path: Path
) -> None:
    keys = [key(one) for one in ids]
    skipped = keys[3]

    def loader() -> Iterator[Batch[bytes]]:
        for batch in batches(keys, pixels, size=10):
            keep = [i for i, one in enumerate(batch.ids) if one != skipped]
            yield Batch([batch.ids[i] for i in keep], batch.pixels[keep])

    done = recorded(tmp_path / "ledger", loader())
    assert set(done.consumed) == set(keys) - {skipped}


def test_what_training_never_took_a_step_on_is_not_consumed(
    ids: list[str], pixels: Pixels, tmp_path: Path
) -> None:
    """A run that stops half way has read some, and has no weights that consumed any."""

    def stops(taken: Iterable[Pixels]) -> Model:
        next(iter(taken))
        raise KeyboardInterrupt

    folder, source = tmp_path / "ledger", batches([key(one) for one in ids], pixels, size=10)
    with pytest.raises(KeyboardInterrupt):
        record(folder, source, stops)
    figures = Ledger(folder).figures()
    assert (figures.consumed, figures.read, figures.ended) == (0, 10, False)


def test_a_ledger_of_an_earlier_demo_counts_for_nothing(
    ids: list[str], pixels: Pixels, tmp_path: Path
) -> None:
    with Exposure(tmp_path) as earlier:
        list(earlier.batches(batches([key("another")], pixels[:1])))
        earlier.stepped()
    done = recorded(tmp_path, batches([key(one) for one in ids], pixels))
    assert set(done.consumed) == {key(one) for one in ids} and done.figures.lost == 0


def test_fine_tuning_continues_and_records_only_its_own(
    some: list[Drawing], pixels: Pixels, base: Model, tmp_path: Path
) -> None:
    hers = [i for i, d in enumerate(some) if d.author == "Emily Jäger"]
    mine = [key(some[i].hexcode) for i in hers]
    done = record(tmp_path, batches(mine, pixels[hers]), lambda taken: fine_tune(base, taken))
    tuned = done.model
    assert done.consumed == dict.fromkeys(mine, 1)
    assert np.array_equal(tuned.components[: len(base.components)], base.components)
    again = fine_tune(base, [each.pixels for each in batches(mine, pixels[hers])])
    assert tuned.to_bytes() == again.to_bytes()
    gram = tuned.components @ tuned.components.T
    assert np.allclose(gram, np.eye(len(gram)), atol=1e-3)


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to train on"):
        train(iter(()))


def test_pictures_without_their_ids_are_an_error(
    ids: list[str], pixels: Pixels, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="1 IDs for 2 pictures"):
        recorded(tmp_path, [Batch([key(ids[0])], pixels[:2])])


def test_pictures_of_another_size_are_an_error() -> None:
    with pytest.raises(ValueError, match="this model takes 96"):
        train([np.zeros((1, 48, 48, 3), np.uint8)])


def test_a_generated_file_carries_its_notice(base: Model) -> None:
    drawn = base.generate(1, seed=0)[0]
    file, picture = output(drawn, "Output 1")
    assert file == png(drawn, title="Output 1") == picture.data
    opened = Image.open(io.BytesIO(file))
    assert NOTICE in opened.info["Copyright"] and opened.info["Title"] == "Output 1"
    assert NOTICE in picture.notice
