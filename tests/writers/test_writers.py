"""What the libraries of real trainers wrote is read as it was meant (tests/writers/write.py)."""

import io
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from kiseki.client.models.weights import read_weights
from kiseki.core import weights
from kiseki.core.trainers import trained

FOLDER = Path(__file__).resolve().parents[2] / ".build" / "writers"
NAMES = ("diffusers", "lycoris_kohya", "lycoris_wrapped", "peft", "simpletuner")


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """Made by `make test-writers`."""
    found: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text("utf-8"))
    assert sorted(found) == sorted(NAMES)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_what_a_library_wrote_is_read_and_what_it_did_not_write_is_not_made_up(
    name: str, expected: dict[str, Any]
) -> None:
    told, path = expected[name], FOLDER / f"{name}.safetensors"
    found = trained(weights.tensors({path.name: io.BytesIO(path.read_bytes())}).metadata)
    if told["program"] is None:
        assert found is None
        return
    assert found is not None and found.network is not None
    assert (found.program, found.network.rank, found.network.alpha) == (
        told["program"], Fraction(told["rank"]), Fraction(told["alpha"]),
    )  # fmt: skip
    assert found.folders is None and found.steps is None and found.base is None


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_model_by_its_tensors(name: str) -> None:
    found = read_weights(FOLDER / f"{name}.safetensors")
    assert found.form == "tensors" and found.count > 0


def test_the_hash_that_lycoris_writes_is_of_its_own_kind(expected: dict[str, Any]) -> None:
    """It begins with 0x, and nobody can recompute it from the file: it stays a claim."""
    path = FOLDER / "lycoris_kohya.safetensors"
    metadata = weights.tensors({path.name: io.BytesIO(path.read_bytes())}).metadata
    assert metadata["sshs_model_hash"].startswith("0x")
