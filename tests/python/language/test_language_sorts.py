"""Every sort of a statement has words for people, in both languages."""

import re
from pathlib import Path

import pytest

import kiseki
from kiseki.client.statements import SORTS, sort_for_people, sort_in_words
from kiseki.core.keccak import keccak256

_STATED = re.compile(r'(?:_SORT|SORT) = "([a-z]+)"|keccak256\(b"([a-z]+)"\)')


@pytest.mark.parametrize("sort", SORTS)
def test_a_sort_is_said_in_both_languages(sort: str) -> None:
    hashed = keccak256(sort.encode())
    english, japanese = (sort_for_people(hashed, language) for language in ("en", "ja"))
    assert english and english.isascii()
    assert japanese and not re.search("[a-z]", japanese)
    assert sort_in_words(hashed) == sort


def test_what_kiseki_states_itself_is_a_sort_that_has_words() -> None:
    found = {
        one or other
        for path in Path(kiseki.__file__).parent.rglob("*.py")
        for one, other in _STATED.findall(path.read_text())
    }
    assert {"series", "derived", "withdrawal", "manifest"} <= found
    assert found <= set(SORTS)


def test_another_word_is_called_nothing() -> None:
    assert sort_for_people(keccak256(b"applause"), "ja") is None
