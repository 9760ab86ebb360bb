"""Japanese as a publisher would print it: the glossary's words, one form of each, one style."""

import re
import tomllib
from pathlib import Path

import pytest

from .test_language_catalogue import messages

HERE = Path(__file__).parent
RULES = tomllib.loads((HERE / "words.toml").read_text("utf-8"))
GLOSSARY = (HERE.parents[2] / "docs" / "glossary.md").read_text("utf-8")

JAPANESE = r"[\u3005-\u3007\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff、。（）「」：？～]"
MESSAGES = [(ids, each) for ids, said, _ in messages("ja") for each in said]
ENDINGS = r"(です|ます|ません|ました|ましょう|ますか|ください|こと|なし|\}|）|」|：.*|全世界)$"


def glossary() -> dict[str, str]:
    rows = re.findall(r"^\| ([a-z, ()]+) \| ([^|]+) \|", GLOSSARY, re.MULTILINE)
    return {word: japanese.strip() for word, japanese in rows}


def broken(text: str) -> list[str]:
    """Which rules a Japanese text breaks."""
    plain = re.sub(r"\{[a-z]+\}", "{}", text)
    found = [f"{form}: write {right}" for form, right in RULES["banned"].items()
             if re.search(form, plain)]  # fmt: skip
    rules = {
        "half-width katakana": r"[\uff61-\uff9f]",
        "full-width Latin letters or digits": r"[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]",
        "a blank beside Japanese": rf"{JAPANESE}[ \u3000]|[ \u3000]{JAPANESE}|\u3000",
        "a comma or full stop that is not 、 or 。": rf"[，．]|{JAPANESE}[,.;]|[,.;]{JAPANESE}",
        "half-width brackets or marks beside Japanese": rf"{JAPANESE}[()!?:]|[(!?:]{JAPANESE}",
        "である at the end of a sentence": r"(である|だ|だった|(?<!ま)した|する|ない|れる|せる)。",
    }
    found += [rule for rule, form in rules.items() if re.search(form, plain)]
    sentences = re.findall(r"[^。]+(?=。)", plain)
    found += [f"not です or ます: {each}" for each in sentences if not re.search(ENDINGS, each)]
    return found


@pytest.mark.parametrize(("ids", "said"), MESSAGES, ids=[ids[0][:60] for ids, _ in MESSAGES])
def test_every_translation_keeps_the_rules(ids: list[str], said: str) -> None:
    assert not broken(said)


@pytest.mark.parametrize("word", RULES["required"])
def test_the_words_of_the_glossary_are_used(word: str) -> None:
    right = glossary()[word].removesuffix("する")
    found = 0
    for ids, said in MESSAGES:
        english = re.sub(r"\{[a-z]+\}", "", ids[0])
        if re.search(rf"\b{word}(s|d|es)?\b", english, re.I) and ids[0] not in RULES["without"]:
            found += 1
            assert right in said, (ids[0], right)
    assert found, "or the rule holds nothing"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ロイヤリティです。", "ロイヤリティ"),
        ("ﾛｲﾔﾙﾃｨです。", "half-width katakana"),
        ("料率は２０%です。", "full-width"),
        ("Kiseki は確認しません。", "a blank"),
        ("同意　します。", "a blank"),
        ("同意します.", "a comma or full stop"),
        ("収集,登録します。", "a comma or full stop"),
        ("提供者(本人)です。", "half-width brackets"),
        ("同意するものである。", "である"),
        ("同意する。", "not です or ます"),
    ],
)
def test_each_rule_finds_what_it_is_for(text: str, rule: str) -> None:
    assert any(rule in each for each in broken(text)), broken(text)
