"""Seals as a browser shows them: pictures, not only text.

The pictures are those of tokens on a chain, as a marketplace shows them: ``<img src="data:...">``.
"""

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.python.web.browser import launched

from kiseki import Kiseki

from .test_client_rights import mint_unchecked, opened, registry_of_anybody

COUNT = 24
LARGE, SMALL = 512, 32
LIGHT, DARK = "#ffffff", "#202124"
VERMILION, PAPER = (0xD3, 0x38, 0x1C), (0xF8, 0xF4, 0xE6)
Picture = NDArray[np.int16]


def look(folder: Path, images: Sequence[str], size: int, ground: str) -> list[Picture]:
    """What Chromium paints of each image, on a page of this colour."""
    style = f"margin:0;background:{ground};font-size:0;width:{8 * size}px"
    tags = "".join(f'<img src="{each}" width="{size}" height="{size}">' for each in images)
    page, shot = folder / "page.html", folder / "shot.png"
    page.write_text(f'<!doctype html><body style="{style}">{tags}</body>')
    rows = -(-len(images) // 8)
    window = {"width": 8 * size, "height": max(rows * size, 400)}
    with launched(viewport=window) as browser:
        browser.goto(page.as_uri())
        browser.screenshot(path=shot)
    whole = np.asarray(Image.open(shot).convert("RGB"), dtype=np.int16)
    spots = [(n // 8 * size, n % 8 * size) for n in range(len(images))]
    return [whole[y : y + size, x : x + size] for y, x in spots]


def share(picture: Picture, colour: tuple[int, int, int]) -> float:
    """How much of a picture has this colour."""
    return float((np.abs(picture - np.array(colour)).max(axis=2) < 12).mean())


def distance(one: Picture, other: Picture) -> float:
    return float(np.abs(one - other).mean())


@pytest.fixture
def images(stranger: Kiseki) -> list[str]:
    contract = stranger.session["RightsToken"]
    tokens = mint_unchecked(stranger, registry_of_anybody(stranger), range(COUNT))
    return [opened(contract.read("tokenURI", token))["image"] for token in tokens]


def test_a_seal_is_vermilion_on_paper_and_the_same_on_any_ground(
    images: list[str], tmp_path: Path
) -> None:
    light = look(tmp_path, images, LARGE, LIGHT)
    dark = look(tmp_path, images, LARGE, DARK)
    for one, other in zip(light, dark, strict=True):
        assert share(one, VERMILION) > 0.1
        assert share(one, PAPER) > 0.25
        assert share(one, VERMILION) + share(one, PAPER) > 0.95, "no other colours"
        assert (one[20:-20, 20:-20] == other[20:-20, 20:-20]).all()
        assert tuple(one[0, 0]) == (255, 255, 255), "round corners show the ground"


def test_a_seal_is_known_again_at_another_size_and_told_from_all_others(
    images: list[str], tmp_path: Path
) -> None:
    small = look(tmp_path, images, SMALL, DARK)
    large = [
        np.asarray(
            Image.fromarray(each.astype(np.uint8)).resize((SMALL, SMALL), Image.Resampling.BOX),
            dtype=np.int16,
        )
        for each in look(tmp_path, images, LARGE, DARK)
    ]
    same, others = [], []
    for i, one in enumerate(small):
        apart = [distance(one, other) for other in large]
        assert int(np.argmin(apart)) == i, "the nearest of all is itself"
        same.append(apart.pop(i))
        others += apart
    assert max(same) * 2 < min(others), "and by far"


def test_the_contracts_own_picture_is_a_seal_too(stranger: Kiseki, tmp_path: Path) -> None:
    image = opened(stranger.session["RightsToken"].read("contractURI"))["image"]
    (picture,) = look(tmp_path, [image], LARGE, LIGHT)
    assert share(picture, VERMILION) > 0.1


def test_a_broken_picture_would_be_noticed(tmp_path: Path) -> None:
    """The tests above can fail: what is no SVG is painted without vermilion."""
    broken = "data:image/svg+xml;base64," + base64.b64encode(json.dumps({}).encode()).decode()
    (picture,) = look(tmp_path, [broken], LARGE, LIGHT)
    assert share(picture, VERMILION) == 0
