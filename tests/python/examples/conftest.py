"""The real package, and a small part of it that is quick to train on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from examples.openmoji import drawings as d  # noqa: E402
from examples.openmoji import model as m  # noqa: E402
from examples.openmoji.pictures import output  # noqa: E402
from examples.openmoji.preview import summary  # noqa: E402
from examples.openmoji.summary import Picture, Summary  # noqa: E402

PACKAGE = ROOT / "node_modules" / "openmoji"


@pytest.fixture(scope="session")
def drawings() -> list[d.Drawing]:
    try:
        return d.load(PACKAGE)
    except FileNotFoundError as missing:
        pytest.fail(
            f"these tests need the npm package openmoji: run `npm ci` in {ROOT} ({missing})"
        )


@pytest.fixture(scope="session")
def some(drawings: list[d.Drawing]) -> list[d.Drawing]:
    """A few drawings of many kinds, and all of one artist's."""
    return drawings[::40] + [x for x in drawings[1::40] if x.author == "Emily Jäger"]


@pytest.fixture(scope="session")
def pixels(some: list[d.Drawing]) -> d.Pixels:
    return d.rasterise(some, m.SIZE)


@pytest.fixture(scope="session")
def facts(drawings: list[d.Drawing]) -> Summary:
    """What a report is made of, with invented figures and all 121 artists."""
    return summary(drawings, blank_outputs())


def blank_outputs() -> list[Picture]:
    blank = np.full((24, 24, 3), 255, np.uint8)
    return [output(blank, f"Output {i + 1}")[1] for i in range(6)]
