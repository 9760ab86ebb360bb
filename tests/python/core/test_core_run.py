"""A run's document says what is known, and leaves out what is not."""

import json
from fractions import Fraction
from typing import Any

import pytest

from kiseki.core.run import Exposed, Hashes, Run
from kiseki.errors import InvalidInput

WEIGHTS = {"form": "tensors", "digest": "0x" + "01" * 32, "settings": None}


def document(**members: Any) -> str:
    return json.dumps({"format": "kiseki-run-v1", "weights": WEIGHTS, **members})


def test_what_nobody_said_is_left_out() -> None:
    text = Run(Hashes("tensors", bytes([1]) * 32)).to_json()
    assert set(json.loads(text)) == {"format", "weights"}
    run = Run.from_json(text)
    assert run.seed is None and run.tolerance is None and run.exposure is None


def test_nothing_read_is_not_none_read() -> None:
    """A hook that counted no reading says nothing of it; one that counted zero says zero."""
    silent = Exposed("1", bytes(32), bytes(32), 1, 0, 0, 0, 0)
    assert silent.read is None
    for exposure in (silent, Exposed("1", bytes(32), bytes(32), 1, 0, 0, 0, 0, read=0)):
        run = Run(Hashes("tensors", bytes(32)), exposure=exposure)
        assert Run.from_json(run.to_json()).exposure == exposure


def test_a_member_of_the_developers_own_is_kept_and_hides_none_of_the_format() -> None:
    run = Run.from_json(document(studio={"who": "制作部"}))
    assert run.more == {"studio": {"who": "制作部"}} and Run.from_json(run.to_json()) == run
    with pytest.raises(InvalidInput, match="has a member seed of its own"):
        Run(run.weights, more={"seed": 7}).to_json()


@pytest.mark.parametrize("tolerance", ["0", "0.01", "0.000000000000000001"])
def test_a_tolerance_is_exact(tolerance: str) -> None:
    run = Run.from_json(document(tolerance=tolerance))
    assert run.tolerance == Fraction(tolerance)
    assert json.loads(run.to_json())["tolerance"] == tolerance


@pytest.mark.parametrize(
    "members",
    [
        {"tolerance": 0.01},
        {"tolerance": "1"},
        {"tolerance": "1e-2"},
        {"tolerance": "-0.1"},
        {"weights": None},
        {"weights": {"form": "tensors", "digest": "0x01"}},
        {"weights": {"form": "most", "digest": "0x" + "01" * 32}},
        {"seed": True},
        {"seed": -1},
        {"command": {"arguments": [], "weights": "a"}},
        {"command": {"arguments": ["a"]}},
        {"inputs": {"items": {"a": "no hash"}}},
        {"exposure": {"hook": {"version": "1"}}},
        {"folders": [{"name": "a", "pictures": 1, "draws": ["1e9999999999", "2"]}]},
        {"trained": {"program": "x", "version": "", "steps": -1}},
        {"trained": {"program": "x", "folders": [{"name": "a", "repeats": "1e9999999999"}]}},
        {"environment": {"packages": {"torch": "2"}}},
        {"settings": [1]},
    ],
)
def test_a_member_that_is_not_as_the_format_wants_it_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Run.from_json(document(**members))


def test_a_setting_that_is_no_json_is_refused() -> None:
    for wrong in (float("nan"), object(), "\ud800"):
        with pytest.raises(InvalidInput):
            Run(Hashes("tensors", bytes(32)), settings={"lr": wrong}).to_json()
