"""Reasons of errors: every one that a page can tell is there in every language."""

import ast
import importlib
import json
import re
import string
from typing import Any

import pytest
from tests.python.costs import cost

from kiseki.chain.contract.abi import selector
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.reverts import decode_revert
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput, KisekiError
from kiseki.language import LANGUAGES, reason

tool: Any = importlib.import_module("tools.language")
finder: Any = tool.reasons

OTHERS = [each for each in LANGUAGES if each != "en"]
VALUES = [f"0x{number:02x}f{number}" for number in range(26)]


def said(message: str) -> tuple[str, list[str]]:
    """A reason as an error says it, and its values."""
    text = ""
    values: list[str] = []
    for before, name, _, _ in string.Formatter().parse(message):
        text += before
        if name is not None:
            values.append(VALUES[len(values)])
            text += values[-1]
    return text, values


def test_the_file_of_reasons_is_what_the_code_says() -> None:
    path = tool.LOCALES / "reasons.json"
    assert path.read_bytes() == tool.sentences(), "run `python tools/language.py`"
    assert len(json.loads(path.read_text("utf-8"))) > 500


@pytest.mark.parametrize("language", OTHERS)
def test_every_reason_is_said_in_each_language_with_its_values(language: str) -> None:
    for message in finder.reasons():
        english, values = said(message)
        own = re.sub(r"\{.\}|[^a-z]", "", message)
        if values and len(own) < 4:  # told only where its reason is one
            english = english.replace(values[-1], "this is no signature of an account")
            values = values[:-1]
        told, found = reason(english, language)
        assert found == language, message
        assert all(each in told for each in values), (message, told)
        assert reason(english, "en") == (english, "en")


def test_a_reason_within_a_reason_is_said_too() -> None:
    entry = next(e for e in artifact("Account").abi if e.get("name") == "Account_Threshold")
    refused = decode_revert(selector(entry) + (3).to_bytes(32) + (2).to_bytes(32))
    assert reason(f"the account refuses this: {refused}", "ja") == (
        "アカウントがこれを受け付けません：復旧協力者は1人から16人まで指定でき、必要な人数はそれ以下です"
        f"（Account_Threshold：{str(refused).partition('(')[2].partition(')')[0]}）",
        "ja",
    )
    with pytest.raises(InvalidInput) as short:
        from_hex("0x12", 32, "the ID of a collection")
    assert reason(str(short.value), "ja")[0] == (
        "コレクションのIDは32バイトでなければなりませんが、1バイトです。"
    )


@pytest.mark.parametrize("text", [
    "", "nobody ever said this", "nobody: ever said this", "nobody({a}); said", "{a} must be",
    "this is no signature, or is it", "must be 32 bytes",
    "this is no signature of an account" * 1_000,
])  # fmt: skip
def test_what_is_not_known_stays_english_and_whole(text: str) -> None:
    assert reason(text, "ja") == (text, "en")


def test_what_a_stranger_writes_into_a_value_is_not_read_as_a_message() -> None:
    told, language = reason("{a} must be 32 bytes and has {b}", "ja")
    assert (language, told) == ("ja", "{a}は32バイトでなければなりませんが、{b}バイトです。")


def test_no_text_takes_long() -> None:
    texts = ["(" * 4_000, "), " * 1_300, "rows 1 and 2, " * 280, ": " * 2_000, ", row 1" * 600]
    plain = cost(lambda: reason("a plain word of a text " * 170, "ja"))
    for each in texts:
        assert cost(lambda each=each: reason(each, "ja")) < 50 * plain, each[:9]  # type: ignore[misc]


def test_a_language_that_there_is_not_is_told() -> None:
    with pytest.raises(InvalidInput, match="one of en, ja"):
        reason("this is no signature of an account", "fr")


def test_what_is_left_out_is_imported_and_says_why() -> None:
    paths = {each.relative_to(finder.SOURCE).as_posix() for each in finder.SOURCE.rglob("*.py")}
    for place, why in finder.UNSEEN.items():
        assert any(each.startswith(place) for each in paths), place
        assert why and not place.startswith("web/"), "nothing that a page itself says"
    assert {"kiseki.web.relay.works", "kiseki.core.values", "kiseki.disk.tables"} <= {
        *finder.seen()
    }


def test_the_tool_finds_messages_however_they_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    code = """
WORDS = "the first of them is wrong"
def fails(error, what, n):
    raise InvalidInput(f"{what} must be {n!r:.80}{', or none' if n else ''}") from error
raise SigningError(WORDS)
raise ContractReverted(name, values, "a contract says no" + name)
address(given, f"the wallet of {name}")
print("nobody reads this")
"""
    module = finder._Module(
        "kiseki.web.app", ast.parse(code), {"WORDS": "the first of them is wrong"}
    )
    monkeypatch.setattr(finder, "_modules", lambda: {"kiseki.web.app": module})
    monkeypatch.setattr(finder, "_naming", lambda: iter([("address", 1)]))
    assert set(finder.reasons()) - set(finder.PARTS) == {
        "{a} must be {b}{c}", ", or none", "the first of them is wrong", "a contract says no{a}",
        "the wallet of {a}",
    }  # fmt: skip


def test_every_class_of_error_is_looked_at() -> None:
    """A new class whose messages nobody collects would be English on every page."""

    def below(kind: type[KisekiError]) -> set[str]:
        return {kind.__name__}.union(*(below(each) for each in kind.__subclasses__()))

    # All of them, or it would hang on which tests ran before in this process.
    for path in sorted(finder.SOURCE.rglob("*.py")):
        if re.search(r"^class \w+\(.*(Error|Input)\b", path.read_text("utf-8"), re.M):
            name = ".".join(("kiseki", *path.relative_to(finder.SOURCE).with_suffix("").parts))
            importlib.import_module(name.removesuffix(".__init__"))
    ours = below(KisekiError)
    assert ours - finder._CLASSES <= finder._INTERNAL | {"KisekiError", "Odd"}, ours
