"""Licence texts are made from the terms, anybody makes them again, and no version ever changes."""

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki import licences
from kiseki.core.keccak import keccak256
from kiseki.core.terms import IRREVOCABLE, Terms
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import InvalidInput
from kiseki.language import LANGUAGES
from kiseki.licences import LICENCES, Licence, first

from .test_language_words import broken

ROOT = Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "tests" / "vectors" / "licences.json"
SHOWN = ROOT / "docs" / "licences"
GATE = "0x" + "A1" * 20
DAY = datetime(2027, 12, 31, 14, 5, 9, tzinfo=UTC)

ALL = [Licence(name, 1, language) for name, language in product(LICENCES, LANGUAGES)]
SAMPLES = {
    "royalty": [
        Terms.of("train", "20%"),
        Terms.of("train", "20%", "0.5%", DAY, timedelta(days=1, seconds=3_661), GATE),
        Terms.of("ai_training", "12.34%", notice=timedelta(0)),
        Terms(True, True, True, True, True, True, 10_000, 0, 2**64 - 1, 2**32 - 1),
        Terms.of("train", "20%", notice=IRREVOCABLE),
    ],
    "licensed": [
        Terms.of("train", "0%", gate=GATE),
        Terms.of("train", "20%", "5%", DAY, IRREVOCABLE, GATE),
        Terms.of("ai_generative_training", "0%", notice=timedelta(0), gate=GATE),
    ],
    "no-ai": [
        Terms.of("none", "0%"),
        Terms.of("none", "0%", valid_until=DAY, notice=IRREVOCABLE, gate=GATE),
        Terms.of("none", "0%", notice=timedelta(0)),
    ],
}
UNDER = [(which, terms) for which in ALL for terms in SAMPLES[which.name]]


def golden() -> list[dict[str, Any]]:
    return [
        {"licence": each.name, "version": each.version, "language": each.language,
         "terms": json.loads(terms.to_json()), "document": to_hex(licences.document(terms, each))}
        for each, terms in UNDER
    ]  # fmt: skip


def test_a_version_never_changes() -> None:
    """What somebody signed can be shown for ever. To better a text, add a version beside it."""
    kept = json.loads(GOLDEN.read_text("utf-8"))
    assert kept == golden()
    for each in kept:
        terms = Terms.from_json(json.dumps(each["terms"]))
        text = licences.licence(terms, Licence(each["licence"], 1, each["language"]))
        assert to_hex(keccak256(text.encode())) == each["document"]


def test_the_texts_in_the_documents_are_these() -> None:
    for which in ALL:
        path = SHOWN / f"{which.name}.{which.language}.txt"
        assert path.read_text("utf-8") == licences.blank(which), path


def test_every_part_of_the_texts_is_in_one_that_never_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used: set[str] = set()

    class Noted(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            used.add(key)
            return super().__getitem__(key)

    for language in LANGUAGES:
        parts = Noted(first._parts(language))
        with monkeypatch.context() as patched:
            patched.setattr(first, "_parts", lambda _, parts=parts: parts)
            used.clear()
            for which, terms in UNDER:
                first.rendered(which.name, terms, language, which.language)
            translated = {each for each in parts if each.split()[0] in ("governs",)}
            assert used | translated == set(parts), language


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_languages_have_the_same_parts_and_values(language: str) -> None:
    english, other = first._parts("en"), first._parts(language)
    mine = {"governs ja", "clause language ja"}
    theirs = {each.replace(" ja", f" {'ja' if language == 'en' else 'en'}") for each in mine}
    assert set(english) - mine == set(other) - theirs
    for name in set(english) - mine:
        for text in (english[name], other[name]):
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", english[name]), name


def test_every_japanese_sentence_was_translated_back() -> None:
    shown = (SHOWN / "backtranslation.md").read_text("utf-8")
    rows = set(re.findall(r"^\| (.+?) \| [^|]+ \|$", shown, re.MULTILINE))
    for name, text in first._parts("ja").items():
        for sentence in re.findall(r"[^。\n]+。?", text):
            assert sentence.strip().removeprefix("・") in rows, name


@given(terms=st.sampled_from([each for _, each in UNDER]), data=st.data())
@settings(max_examples=200)
def test_changing_any_field_changes_the_text(terms: Terms, data: st.DataObject) -> None:
    which = next(each for each in ALL if terms in SAMPLES[each.name])
    name = data.draw(st.sampled_from([each.name for each in fields(Terms)]))
    value = getattr(terms, name)
    if isinstance(value, bool):
        other: Any = not value
    elif isinstance(value, int):
        other = max(0, value + data.draw(st.sampled_from([-60, -1, 1, 60, 86_400])))
    else:
        other = f"0x{int(value, 16) ^ 1:040x}" if isinstance(value, str) else b"\x01" * 32
    try:
        changed = replace(terms, **{name: other})
        texts = [licences.licence(changed, Licence(which.name, 1, each)) for each in LANGUAGES]
    except InvalidInput:
        return  # no longer under that licence, or above what the field can hold
    for language, text in zip(LANGUAGES, texts, strict=True):
        same = text == licences.licence(terms, Licence(which.name, 1, language))
        assert same == (changed == terms or name == "document"), (name, language)


@pytest.mark.parametrize(("which", "terms"), UNDER)
def test_whoever_has_the_terms_finds_the_licence(which: Licence, terms: Terms) -> None:
    assert licences.matches(terms) is None, "no document is named"
    signed = replace(terms, document=licences.document(terms, which))
    assert licences.matches(signed) == which
    assert licences.licence(signed, which) == licences.licence(terms, which), "without a circle"
    bent = bytes([signed.document[0] ^ 1, *signed.document[1:]])
    assert licences.matches(replace(signed, document=bent)) is None
    assert licences.matches(replace(signed, notice_seconds=12_345)) is None, "another text"
    for language in LANGUAGES:
        assert which.title(language) in signed.words(language)
        assert to_hex(signed.document) in signed.words(language)
        assert which.title(language) not in terms.words(language)


@pytest.mark.parametrize("which", ALL, ids=lambda each: each.word)
def test_a_translation_says_that_the_other_text_governs(which: Licence) -> None:
    terms = SAMPLES[which.name][0]
    (other,) = set(LANGUAGES) - {which.language}
    shown = licences.licence(terms, which, other)
    assert shown != licences.licence(terms, which) and shown != licences.licence(
        terms, Licence(which.name, 1, other)
    )
    said = {"en": "The Japanese text governs.", "ja": "正文は英語版です。"}[other]
    assert shown.count(said) == 2
    assert said not in licences.licence(terms, Licence(which.name, 1, other))
    assert said in licences.blank(which, other)


@pytest.mark.parametrize("which", ALL, ids=lambda each: each.word)
def test_each_text_says_what_people_must_know(which: Licence) -> None:
    text = licences.licence(SAMPLES[which.name][0], which)
    needed = {
        "en": ("no legal advice", "moral rights", "neither narrows nor widens what the law",
               "Credit line", "guardian", "Governing law: ____", "text governs",
               "Nobody can delete the record"),
        "ja": ("法的助言ではありません", "著作者人格権", "狭めも広げもしません",
               "クレジット表示", "法定代理人", "準拠法：____", "正文は", "誰も消せません"),
    }  # fmt: skip
    for each in needed[which.language]:
        assert each in text, each
    assert "{" not in text and text.endswith("\n") and "\r" not in text


@pytest.mark.parametrize("name", first._parts("ja"))
def test_the_japanese_keeps_the_rules_of_the_catalogue(name: str) -> None:
    text = re.sub("(____)　", r"\1", first._parts("ja")[name])
    for line in text.splitlines():
        if name != "uses":
            assert not broken(line), name


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("royalty", Terms.of("train", "0%")),
        ("royalty", Terms.of("data_mining", "20%")),
        ("licensed", Terms.of("train", "20%")),
        ("licensed", Terms.of("none", "20%", gate=GATE)),
        ("no-ai", Terms.of("data_mining", "0%")),
        ("no-ai", Terms.of("none", "1%")),
        ("no-ai", Terms.of("none", "0%", "1%")),
    ],
)
def test_terms_that_a_licence_does_not_fit_are_refused(name: str, terms: Terms) -> None:
    with pytest.raises(InvalidInput, match="do not fit the licence"):
        licences.licence(terms, Licence(name, 1, "en"))


def test_a_word_names_a_licence_and_its_language() -> None:
    assert licences.named("royalty") == Licence("royalty", 1, "en")
    assert licences.named("no-ai:ja") == Licence("no-ai", 1, "ja")
    assert all(licences.named(each.word) == each for each in ALL)
    for other in ("royalty:fr", "Royalty", "licence.pdf", "", ":ja"):
        assert licences.named(other) is None
    assert licences.matches(Terms.of("train", "20%", document=ZERO32)) is None
    with pytest.raises(InvalidInput, match="one of en, ja"):
        licences.blank(Licence("royalty", 1, "en"), "fr")
