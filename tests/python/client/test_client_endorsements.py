"""Endorsements as they are handed from a developer to a creator: one word, read strictly."""

import pytest

from kiseki.client.outputs.endorsements import Endorsement, for_contract
from kiseki.errors import InvalidInput

MODEL, OTHER, THIRD = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
GIVEN = Endorsement(MODEL, 1_800_000_000, b"\x05" * 65)


def test_what_is_handed_over_is_what_was_signed() -> None:
    assert Endorsement.from_text(f" {GIVEN.to_text()}\n") == GIVEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        GIVEN.to_text().replace(":", "="),
        GIVEN.to_text() + ":",
        GIVEN.to_text().replace("1800000000", ""),
        GIVEN.to_text().replace("1800000000", "-1"),
        GIVEN.to_text().replace("1800000000", "٣"),
        GIVEN.to_text().replace("1800000000", str(2**64)),
        GIVEN.to_text()[2:],
        GIVEN.to_text()[:-1],
        GIVEN.to_text()[:-130],
        GIVEN.to_text().replace("0x0505", "0xzz05"),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        Endorsement.from_text(text)


def test_each_stands_at_its_model_and_the_others_are_empty() -> None:
    other = Endorsement(THIRD, 5, b"\x06" * 65)
    assert for_contract([MODEL, OTHER, THIRD], [other, GIVEN]) == [
        (GIVEN.until, GIVEN.signature),
        (0, b""),
        (5, other.signature),
    ]
