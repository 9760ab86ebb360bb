"""Version 1 of the licences. Nothing here changes any more: a change would be another text, with
another hash, than the one that people signed. What is to be better becomes version 2, beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol

__all__ = ["Fields", "problem", "rendered", "title"]

_TEXTS = Path(__file__).parent / "texts"
_NEVER = 2**32 - 1
_NOBODY = "0x" + "00" * 20
_USES = (
    "data_mining", "ai_inference", "ai_training", "ai_generative_training", "commercial_output",
    "redistribution",
)  # fmt: skip
_CLAUSES = (
    "parties", "words", "permission", "royalty", "revoking", "ending", "moral", "credit", "minors",
    "others", "record", "warranty", "language", "law",
)  # fmt: skip
"""What each licence says, in order. One that permits nothing says nothing of an end."""


class Fields(Protocol):
    """Terms, as far as a licence knows them; `kiseki.core.terms.Terms` has the meanings."""

    @property
    def data_mining(self) -> bool: ...
    @property
    def ai_inference(self) -> bool: ...
    @property
    def ai_training(self) -> bool: ...
    @property
    def ai_generative_training(self) -> bool: ...
    @property
    def commercial_output(self) -> bool: ...
    @property
    def redistribution(self) -> bool: ...
    @property
    def royalty_bps(self) -> int: ...
    @property
    def floor_bps(self) -> int: ...
    @property
    def valid_until(self) -> int: ...
    @property
    def notice_seconds(self) -> int: ...
    @property
    def gate(self) -> str: ...
    @property
    def document(self) -> bytes: ...


def problem(name: str, terms: Fields) -> str:
    """Why terms cannot be under a licence, as part of a sentence; empty where they can."""
    trains = terms.ai_training or terms.ai_generative_training
    if name == "no-ai":
        asks = terms.royalty_bps or terms.floor_bps
        allows = any(getattr(terms, use) for use in _USES)
        return "it allows no use and asks no royalty" if asks or allows else ""
    if not trains:
        return "it allows training"
    if name == "royalty" and not terms.royalty_bps:
        return "it asks a royalty"
    if name == "licensed" and terms.gate == _NOBODY:
        return "it needs a gate, as the market"
    return ""


def title(name: str, language: str) -> str:
    """What the licence is called."""
    return _parts(language)[f"title {name}"]


def rendered(name: str, terms: Fields | None, language: str, governing: str) -> str:
    """The whole text.

    Args:
        terms: none for a text with blanks, whose variants are the usual ones.
        governing: the language of the text that was agreed on; this one is a translation where
            that is another.
    """
    parts = _parts(language)
    values, states = _blank(name) if terms is None else _of(terms, language)
    paragraphs = [
        parts["head"].format(title=title(name, language)),
        parts["advice"],
        *([] if governing == language else [parts[f"governs {governing}"]]),
        parts["part terms"],
        "\n".join(_terms(parts, name, states)),
        parts["part plain"],
        "\n".join(_plain(parts, name, states)),
        parts["part full"],
        *_clauses(parts, name, language, governing, states),
    ]
    text = "\n\n".join(paragraphs) + "\n"
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


def _terms(parts: Mapping[str, str], name: str, states: Mapping[str, str]) -> Iterator[str]:
    for each, state in states.items():
        key = f"terms {each} {state}"
        # Where nothing is allowed, some of the terms mean something else.
        yield parts[f"{key} {name}" if f"{key} {name}" in parts else key]


def _plain(parts: Mapping[str, str], name: str, states: Mapping[str, str]) -> Iterator[str]:
    yield parts[f"plain {name}"]
    if name != "no-ai":
        yield parts[f"plain notice {states['notice']}"]
    yield parts["plain rest"]


def _clauses(
    parts: Mapping[str, str], name: str, language: str, governing: str, states: Mapping[str, str]
) -> Iterator[str]:
    clauses = [each for each in _CLAUSES if (name, each) != ("no-ai", "ending")]
    for number, each in enumerate(clauses, 1):
        text = ""
        for key in _keys(name, each, states):
            # A key with a plus goes on in the same paragraph.
            same = " " if language == "en" else ""
            between = (same if key.startswith("+") else "\n") if text else ""
            text += between + parts[f"clause {key.removeprefix('+')}"]
        if each == "language" and governing != language:
            text = parts[f"clause language {governing}"]
        yield f"第{number}条　{text}" if language == "ja" else f"{number}. {text}"


def _keys(name: str, clause: str, states: Mapping[str, str]) -> tuple[str, ...]:
    """Which parts of the text make up a clause; the first holds its heading."""
    nothing, notice = name == "no-ai", states["notice"]
    if clause == "permission":
        return (f"permission {name}",)
    if clause == "royalty":
        if nothing:
            return ("royalty no-ai",)
        if states["royalty"] == states["floor"] == "none":
            return ("royalty none", "royalty unsure")
        floor = ("+royalty floor",) if states["floor"] == "some" else ()
        return ("royalty", *floor, "royalty paid", "royalty unsure")
    if clause == "revoking":
        return (f"revoking {'no-ai' if nothing else notice}",)
    if clause == "ending":
        if notice == "never":
            return ("ending never",) if states["until"] == "none" else ("ending",)
        return ("ending", "ending licensed") if name == "licensed" else ("ending",)
    if clause == "moral":
        return ("moral", "+moral no-ai" if nothing else "+moral training")
    return (f"{clause} no-ai",) if nothing and clause in ("credit", "warranty") else (clause,)


def _of(terms: Fields, language: str) -> tuple[dict[str, str], dict[str, str]]:
    """The values of the text, and of which kind each of the terms is."""
    uses = dict(zip(_USES, _parts(language)["uses"].split("; "), strict=True))
    allowed = [said for use, said in uses.items() if getattr(terms, use)]
    reserved = [said for use, said in uses.items() if not getattr(terms, use)]
    mark = "、" if language == "ja" else ", "
    values = {
        "allowed": mark.join(allowed),
        "reserved": mark.join(reserved),
        "royalty": _percent(terms.royalty_bps),
        "floor": _percent(terms.floor_bps),
        "until": _moment(terms.valid_until, language),
        "notice": _span(terms.notice_seconds, language),
        "gate": terms.gate.lower(),
    }
    notice = "some" if terms.notice_seconds else "none"
    states = {
        "allowed": "some" if allowed else "none",
        "reserved": "some" if reserved else "none",
        "royalty": "some" if terms.royalty_bps else "none",
        "floor": "some" if terms.floor_bps else "none",
        "until": "some" if terms.valid_until else "none",
        "notice": "never" if terms.notice_seconds == _NEVER else notice,
        "gate": ("none" if allowed else "nothing") if terms.gate == _NOBODY else "some",
    }
    return values, states


def _blank(name: str) -> tuple[dict[str, str], dict[str, str]]:
    names = ("allowed", "reserved", "royalty", "floor", "until", "notice", "gate")
    states = dict.fromkeys(names, "some")
    if name == "no-ai":
        states |= {"allowed": "none", "royalty": "none", "floor": "none", "gate": "nothing"}
    return dict.fromkeys(names, "____"), states


def _percent(bps: int) -> str:
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%" if rest else f"{whole}%"


def _moment(seconds: int, language: str) -> str:
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    except OverflowError:
        return f"1970年から{seconds}秒後" if language == "ja" else f"{seconds} seconds after 1970"
    if language == "ja":
        clock = f"{at.hour}時{at.minute}分{at.second}秒"
        return f"{at.year}年{at.month}月{at.day}日{clock}（UTC）"
    day = f"{at.year:04}-{at.month:02}-{at.day:02}"
    return f"{day} {at.hour:02}:{at.minute:02}:{at.second:02} UTC"


def _span(seconds: int, language: str) -> str:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    parts = ((day, "day", "日"), (hour, "hour", "時間"), (minute, "minute", "分"),
             (second, "second", "秒"))  # fmt: skip
    if language == "ja":
        return "".join(f"{number}{unit}" for number, _, unit in parts if number)
    said = [f"{number} {unit}{'' if number == 1 else 's'}" for number, unit, _ in parts if number]
    return ", ".join(said)


@cache
def _parts(language: str) -> Mapping[str, str]:
    """The parts of the texts by their names, which stand behind ``= ``."""
    text = (_TEXTS / f"first.{language}.txt").read_text("utf-8")
    found = re.findall(r"^= (.+)\n((?:(?!= ).*\n)*)", text, re.MULTILINE)
    return {name: content.strip() for name, content in found}
