"""Answers to a withdrawal: one text each, and nothing else is read."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core.keccak import keccak256
from kiseki.core.withdrawal import ANSWERS, WITHDRAWAL, Answer
from kiseki.errors import InvalidInput

MODEL, DATA = bytes([1]) * 32, bytes([2]) * 32
PROMISED = Answer(MODEL, "item", DATA, 1_800_000_000, "retrain", date(2027, 3, 31), "次の版で除く")


def changed(**members: Any) -> str:
    return json.dumps(json.loads(PROMISED.to_json()) | members)


def test_the_sort_is_the_hash_of_the_word() -> None:
    assert keccak256(b"withdrawal") == WITHDRAWAL


def test_an_answer_has_one_text_and_the_hash_of_it() -> None:
    text = PROMISED.to_json()
    assert Answer.from_json(text) == PROMISED
    assert Answer.from_json(json.dumps(json.loads(text), indent=1)).hash == PROMISED.hash
    assert PROMISED.hash == keccak256(text.encode())
    assert text.isascii()


def test_a_promise_ends_after_its_day() -> None:
    assert PROMISED.ends == 1_806_537_600  # 2027-04-01 00:00 UTC
    assert Answer(MODEL, "item", DATA, 1, "kept").ends is None


@given(
    answer=st.sampled_from(ANSWERS), by=st.none() | st.dates(), kind=st.text(max_size=5),
    reason=st.text(max_size=20),
)  # fmt: skip
def test_what_can_be_made_is_read_again(
    answer: str, by: date | None, kind: str, reason: str
) -> None:
    for each in (kind, "collection"):
        try:
            made = Answer(MODEL, each, DATA, 5, answer, by, reason)
        except InvalidInput:
            continue
        assert Answer.from_json(made.to_json()) == made
        assert (made.by is None) == (made.answer != "retrain")


@pytest.mark.parametrize(
    "members",
    [
        {"answer": "maybe"}, {"by": ""}, {"by": "2027-3-31"}, {"by": "20270331"}, {"by": 5},
        {"answer": "kept"}, {"kind": "batch"}, {"reason": "a\nb"}, {"reason": "x" * 501},
        {"reason": None}, {"revoked": 5}, {"model": "0x1"}, {"more": 1}, {"format": "another"},
        {"reason": "a\u202eb"},
    ],
)  # fmt: skip
def test_what_has_another_form_is_refused(members: dict[str, Any]) -> None:
    assert Answer.from_json(changed()) == PROMISED
    with pytest.raises(InvalidInput):
        Answer.from_json(changed(**members))
