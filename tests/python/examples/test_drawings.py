"""The real package is what the demo says it is, and turns into the same pixels every time."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from examples.openmoji.drawings import NOTICE, Drawing, Pixels, load, rasterise


def test_it_has_4495_drawings_by_121_named_artists(drawings: list[Drawing]) -> None:
    assert len(drawings) == len({d.hexcode for d in drawings}) == 4495
    assert len({d.author for d in drawings}) == 121
    assert all(d.author.strip() for d in drawings)
    assert {d.notice for d in drawings} == {NOTICE}


def test_names_are_kept_as_they_are_written(drawings: list[Drawing]) -> None:
    count = Counter(d.author for d in drawings)
    assert count["Laura Dworatschek"] == 107 and count["Laudra Dworatschek"] == 6
    assert count[" Mostafa Hussein Omar"] == 1
    alike = [name for name in count if name.startswith("Kai Magnus M")]
    assert len(alike) == 2


def test_one_artist_may_have_drawn_one_file_twice(drawings: list[Drawing]) -> None:
    """So 4,495 drawings are 4,410 IDs: an ID is a registrant and a content."""
    assert len({(d.author, d.content()) for d in drawings}) == 4410


def test_the_pixels_are_the_same_with_one_worker_and_two(drawings: list[Drawing]) -> None:
    few = drawings[:130]
    seen: list[tuple[int, int]] = []
    one = rasterise(few, 48, workers=1, progress=lambda done, all_: seen.append((done, all_)))
    assert seen[-1] == (130, 130) and seen == sorted(seen)
    assert np.array_equal(one, rasterise(few, 48, workers=2))


def test_a_drawing_is_on_white_in_flat_colours(drawings: list[Drawing], pixels: Pixels) -> None:
    face = rasterise(drawings[:1], 96)[0]
    assert (face[0, 0] == 255).all()
    assert len(np.unique(face.reshape(-1, 3), axis=0)) <= 5
    assert pixels.dtype == np.uint8


def test_a_folder_without_the_package_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="npm ci"):
        load(tmp_path)


def test_a_missing_drawing_is_named(drawings: list[Drawing], tmp_path: Path) -> None:
    folder = drawings[0].path.parents[2]
    (tmp_path / "data").mkdir()
    shutil.copy(folder / "data" / "openmoji.json", tmp_path / "data")
    with pytest.raises(FileNotFoundError, match=r"4,495 drawings .* 1F600"):
        load(tmp_path)
