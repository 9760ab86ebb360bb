"""One catalogue: whole, without doubt, and compiled from what people read."""

import importlib
import re
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po

from kiseki.errors import InvalidInput
from kiseki.language import LANGUAGES, mark, plural, say

tool: Any = importlib.import_module("tools.language")

ROOT = Path(__file__).resolve().parents[3]
OTHERS = [each for each in LANGUAGES if each != "en"]


def messages(language: str) -> list[tuple[list[str], list[str], set[str]]]:
    """Each message with its forms in English, its forms in the language, and its flags."""
    found = []
    with tool.of(language).open("rb") as file:
        catalogue: Any = read_po(file, locale=language)
        for each in catalogue:
            if each.id:
                ids = [each.id] if isinstance(each.id, str) else list(each.id)
                said = [each.string] if isinstance(each.string, str) else list(each.string)
                found.append((ids, said, set(each.flags)))
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_the_files_are_what_the_code_and_babel_make_of_them(language: str) -> None:
    po, mo = tool.updated(language)
    where = tool.of(language)
    assert where.read_bytes() == po, "run `python tools/language.py`"
    assert where.with_suffix(".mo").read_bytes() == mo, "run `python tools/language.py`"
    assert len(messages(language)) > 50


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_and_none_is_in_doubt(language: str) -> None:
    for ids, said, flags in messages(language):
        assert said and all(said), ids
        assert "fuzzy" not in flags, ids


def names(text: str) -> set[str]:
    fields = string.Formatter().parse(text)
    assert all(not spec and not convert for _, name, spec, convert in fields if name is not None)
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", OTHERS)
def test_both_sides_have_the_same_values(language: str) -> None:
    for ids, said, _ in messages(language):
        assert names(ids[0]) == names(ids[-1]), ids
        for each in said:
            assert names(each) == names(ids[0]), (ids, each)
            assert all(re.fullmatch("[a-z]+", name) for name in names(each)), ids


def test_a_message_is_said_in_each_language_and_values_are_no_messages() -> None:
    assert say("{wallet} is paid.", wallet="0x1") == "0x1 is paid."
    assert say("{wallet} is paid.", "ja", wallet="{no}") == "受取人は{no}です。"
    one, many = "{number} item", "{number} items"
    assert plural(one, many, 1) == "1 item"
    assert [plural(one, many, each) for each in (0, 2_000)] == ["0 items", "2,000 items"]
    assert plural(one, many, 2_000, "ja") == "素材2,000点"
    assert mark("a text") == "a text"


def test_what_has_no_translation_is_an_error_and_never_half_english() -> None:
    with pytest.raises(LookupError, match=r"tools/language\.py"):
        say("Nobody translated this.", "ja")
    with pytest.raises(LookupError, match=r"tools/language\.py"):
        plural("{number} thing", "{number} things", 2, "ja")


@pytest.mark.parametrize("language", ["fr", "", "JA", "../ja"])
def test_a_language_that_there_is_not_is_told(language: str) -> None:
    with pytest.raises(InvalidInput, match="one of en, ja"):
        say("{wallet} is paid.", language, wallet="0x1")
    with pytest.raises(InvalidInput, match="one of en, ja"):
        plural("{number} item", "{number} items", 1, language)


def test_the_tool_finds_what_is_said_and_not_what_is_printed(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        'from kiseki.language import say, plural, mark\nshow.say("printed")\nprint("no")\n'
        'say("one", x)\nplural("two", "twos", 2)\nmark("three")\nsay(KNOWN[x])\nother("four")\n'
    )
    with module.open("rb") as file:
        found = list(tool.in_python(file, tool.KEYWORDS, (), {}))
    assert [each[2] for each in found] == [("one", None), ("two", "twos", None), "three"]
    module.write_text('from elsewhere import say\nsay("not ours")\n')
    with module.open("rb") as file:
        assert not list(tool.in_python(file, tool.KEYWORDS, (), {}))


def test_english_reads_no_catalogue_and_no_language_needs_babel() -> None:
    code = """
import sys
from kiseki.language import say, plural, moment, accepted
say("{wallet} is paid.", wallet="x"); moment(0); accepted("ja")
assert "gettext" not in sys.modules and "budoux" not in sys.modules
say("{wallet} is paid.", "ja", wallet="x")
assert "gettext" in sys.modules and not {"babel", "budoux", "jinja2"} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
