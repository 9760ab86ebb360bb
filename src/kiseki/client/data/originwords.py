"""A document of origin in words, in English and Japanese."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime

from kiseki.core.checksum import checksummed
from kiseki.core.days import utc
from kiseki.core.origin import WORLD, Origin, Owner
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

__all__ = ["LANGUAGES", "consents", "proves", "words"]

LANGUAGES = ("en", "ja")

_BASIS = {
    "own": ("The works are the provider's own.", "提供者自身が創作した著作物です。"),
    "hire": (
        "The works were made for hire: the employer counts as their author.",
        "職務著作です。著作者は法人その他の使用者です。",
    ),
    "assigned": (
        "The rights in the works were assigned to the provider.",
        "著作権の譲渡を受けた著作物です。",
    ),
    "licensed": (
        "The provider has the works under a licence.",
        "権利者の許諾を得た著作物です。",
    ),
    "joint": ("The works are joint works.", "共同著作物です。"),
    "unknown": (
        "The author of the works is unknown.",
        "著作者不明の著作物（孤児著作物）です。",
    ),
    "public-domain": (
        "The works are in the public domain.",
        "パブリックドメインの著作物です。",
    ),
}


def words(origin: Origin, language: str = "en") -> list[str]:
    """What a document of origin says, in plain sentences. Names and texts stay as they are.

    Args:
        language: one of `LANGUAGES`.

    Raises:
        InvalidInput: there is no such language.
    """
    if language not in LANGUAGES:
        raise InvalidInput(f"the language is one of {', '.join(LANGUAGES)}, not {language!r:.40}")
    return _japanese(origin) if language == "ja" else _english(origin)


def proves(provider: str, when: int | None, language: str = "en") -> list[str]:
    """What the hash of a document on the chain shows, and what it does not.

    Args:
        provider: whose collection it is.
        when: it was registered, in Unix seconds; none before that.
    """
    who = checksummed(provider)
    if language == "ja":
        shown = "まだ登録されていません。"
        if when is not None:
            at = datetime.fromtimestamp(when, UTC)
            shown = f"証明されること：{_day(at.date())}{at:%H:%M}（UTC）に、提供者{who}の"
            shown += "コレクションがこの文書を由来として登録されたこと。"
        return [
            shown,
            "証明されないこと：文書の内容が真実であること。"
            "氏名、契約、作品が事実と合うかどうかをKisekiは確認しません。",
        ]
    shown = "It is not registered yet."
    if when is not None:
        shown = (
            f"Shown: on {utc(when)} the collection of {who} was registered with this very document."
        )
    return [
        shown,
        "Not shown: that the document is true. Kiseki compares no name, contract or work with the "
        "world.",
    ]


def consents(origin: Origin, agreed: Collection[Owner], language: str = "en") -> list[str]:
    """Which required consents are shown, and which are not.

    Args:
        agreed: the owners whose consent is shown.
    """
    first, second = ("同意の署名：", "同意の署名なし：") if language == "ja" else (
        "Consent is shown of: ", "No consent is shown of: ",
    )  # fmt: skip
    stop, comma = ("。", "、") if language == "ja" else (".", ", ")
    missing = [each for each in origin.required if each not in agreed]
    return [
        f"{begins}{comma.join(each.name for each in owners)}{stop}"
        for begins, owners in ((first, agreed), (second, missing))
        if owners
    ]


def _english(origin: Origin) -> list[str]:
    first, last = origin.first.isoformat(), origin.last.isoformat()
    days = f"on {first}" if first == last else f"from {first} to {last}"
    found = [
        f"According to {checksummed(origin.provider)}: {_BASIS[origin.basis][0]}",
        f"Collected by {_named(*origin.collector)} {days}. How: {_ended(origin.how, '.')}",
    ]
    if origin.source:
        found.append(f"From: {_ended(origin.source, '.')}")
    held = "everywhere" if origin.territories == (WORLD,) else f"in {', '.join(origin.territories)}"
    found.append(f"This holds {held}.")
    if origin.owners:
        found.append(f"Owners: {'; '.join(_owner(each) for each in origin.owners)}.")
    if origin.terms is not None:
        found.append(f"Only under the terms {to_hex(origin.terms)}.")
    elif origin.required:
        found.append("Under which terms the works are registered, the provider says.")
    if origin.search:
        found.append(f"How the author was searched for: {_ended(origin.search, '.')}")
    listed = "; ".join(f"{each.words} (hash {to_hex(each.hash)})" for each in origin.evidence)
    found.append(f"Evidence: {listed}." if listed else "No evidence is named.")
    return found


def _japanese(origin: Origin) -> list[str]:
    days = _day(origin.first)
    if origin.first != origin.last:
        days += f"～{_day(origin.last)}"
    found = [
        f"{checksummed(origin.provider)}の申告：{_BASIS[origin.basis][1]}",
        f"収集者：{_named(*origin.collector, '（', '）')}。収集時期：{days}。",
        f"収集方法：{_ended(origin.how, '。')}",
    ]
    if origin.source:
        found.append(f"入手元：{_ended(origin.source, '。')}")
    held = "全世界" if origin.territories == (WORLD,) else "、".join(origin.territories)
    found.append(f"対象地域：{held}。")
    if origin.owners:
        found.append(f"権利者と持分：{'、'.join(map(_owner_ja, origin.owners))}。")
    if origin.terms is not None:
        found.append(f"利用条件：{to_hex(origin.terms)}に限ります。")
    elif origin.required:
        found.append("利用条件：提供者が定めます。")
    if origin.search:
        found.append(f"著作者の探索：{_ended(origin.search, '。')}")
    listed = "、".join(
        f"{each.words}（ハッシュ値 {to_hex(each.hash)}）" for each in origin.evidence
    )
    found.append(f"証拠資料：{listed}。" if listed else "証拠資料の記載はありません。")
    return found


def _owner(owner: Owner) -> str:
    more = ", whose consent is required" if owner.consents else ""
    return f"{_named(owner.name, owner.who)} {owner.share}{more}"


def _owner_ja(owner: Owner) -> str:
    part = "全部" if owner.share == 1 else f"{owner.share.denominator}分の{owner.share.numerator}"
    more = "（同意が必要）" if owner.consents else ""
    return f"{_named(owner.name, owner.who, '（', '）')}{part}{more}"


def _named(name: str, who: str, opens: str = " (", closes: str = ")") -> str:
    if not who:
        return name
    wallet, colon, person = who.partition(":")
    return f"{name}{opens}{checksummed(wallet)}{colon}{person}{closes}"


def _ended(text: str, stop: str) -> str:
    return text if text.endswith((".", "。", "!", "?")) else text + stop


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
