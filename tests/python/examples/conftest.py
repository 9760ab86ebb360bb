"""The real package, and a small part of it that is quick to train on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from examples.openmoji import drawings as d  # noqa: E402
from examples.openmoji import model as m  # noqa: E402

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
