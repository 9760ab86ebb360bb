"""What became of a rerun, as a document that cannot claim more than its figures."""

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.keccak import keccak256
from kiseki.core.reproduction import MOST, Reproduction, decimal, judged
from kiseki.errors import InvalidInput

SAME = Reproduction(
    b"\x01" * 32, b"\x02" * 32, "0x" + "11" * 20, 31337, "bit for bit", Fraction(1, 100),
    published=b"\x03" * 32, reproduced=b"\x03" * 32, packages="wheels", python="3.11.9",
    system="Linux x86_64", hardware="2 x 処理装置", seconds=7,
)  # fmt: skip
NEAR = Reproduction(
    b"\x01" * 32, b"\x02" * 32, "0x" + "11" * 20, 31337, "within", Fraction(1, 100),
    Fraction(3, 1000), "base", b"\x03" * 32, b"\x04" * 32, "installed", seconds=7, reason="",
)  # fmt: skip


@pytest.mark.parametrize("found", [SAME, NEAR])
def test_a_document_is_read_as_it_was_written(found: Reproduction) -> None:
    assert Reproduction.from_json(found.to_json()) == found
    assert found.hash == keccak256(found.to_json().encode())
    assert found.is_reproduced


@pytest.mark.parametrize(
    "changed",
    [
        {"distance": "0.02"}, {"tolerance": "0.001"}, {"tolerance": "0.05", "distance": "0.02"},
        {"outcome": "bit for bit"}, {"outcome": "fine"}, {"distance": "3/1000"},
        {"distance": "0.0030"}, {"distance": 0.003}, {"tolerance": None}, {"model": "0x01"},
        {"seconds": -1}, {"seconds": True}, {"more": 1}, {"reason": "a\nb"}, {"packages": "magic"},
        {"registry": "0x" + "zz" * 20}, {"against": "nothing"}, {"format": "kiseki-run-v1"},
        {"distance": "nan"}, {"distance": "-0.001"}, {"distance": "1e-3"}, {"chain": "31337"},
    ],
)  # fmt: skip
def test_a_document_that_claims_more_than_its_figures_is_refused(changed: dict[str, Any]) -> None:
    document = {**json.loads(NEAR.to_json()), **changed}
    with pytest.raises(InvalidInput):
        Reproduction.from_json(
            json.dumps({name: value for name, value in document.items() if value is not None})
        )


def test_what_counts_is_what_was_stated_and_one_percent_at_most() -> None:
    part = Fraction(1, 1000)
    assert judged(True, None, None) == "bit for bit"
    assert judged(False, part, part) == "within"
    assert judged(False, part + Fraction(1, 10**18), part) == "differs"
    assert judged(False, MOST, MOST) == "within"
    assert judged(False, part, MOST + Fraction(1, 10**18)) == "differs"
    assert judged(False, part, None) == "differs"
    assert judged(False, None, MOST) == "differs"
    assert judged(False, Fraction(0), Fraction(0)) == "within"


@given(st.fractions(0, 1000))
def test_a_distance_is_never_rounded_down(value: Fraction) -> None:
    text = decimal(value)
    assert 0 <= Fraction(text) - value < Fraction(1, 10**18)
    assert decimal(Fraction(text)) == text


def test_words_say_how_far_and_from_where() -> None:
    assert SAME.words == "Reproduced bit for bit: the same tensors came out."
    assert NEAR.words == (
        "Reproduced within 0.3% (stated 1%); measured against the way from the base model."
    )
