"""Lists, times, spans, parts of a whole and amounts, as people write them in each language.

All times are in UTC, as chains count. Japanese has no blank between Japanese and Latin letters or
digits, as publishers print it.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal, localcontext
from fractions import Fraction

from kiseki.language.catalogue import known, plural, say

__all__ = [
    "amount",
    "day",
    "joined",
    "listed",
    "moment",
    "percent",
    "portion",
    "sentences",
    "size",
    "span",
    "yen",
]

_SHOWN = 4
"""Digits of an amount that people read, where it is not asked for exactly."""


def listed(names: Sequence[str], language: str = "en") -> str:
    """Names in a row: ``a, b and c``, 「a、b、c」."""
    if known(language) == "ja":
        return "、".join(names)
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def joined(parts: Sequence[str], language: str = "en", mark: str = ", ") -> str:
    """Parts with a mark between them: ``a, b, c``, 「a、b、c」.

    Args:
        mark: in English; Japanese has one.
    """
    return ("、" if known(language) == "ja" else mark).join(parts)


def portion(share: Fraction, language: str = "en") -> str:
    """Which part of a whole somebody has: ``1/3``, 「3分の1」."""
    if known(language) != "ja":
        return str(share)
    return "全部" if share == 1 else f"{share.denominator}分の{share.numerator}"


def size(count: int, language: str = "en") -> str:
    """So many bytes, to a tenth of a unit of a thousand: ``12.3 MB``, 「12.3MB」."""
    units, power = ("bytes", "KB", "MB", "GB", "TB"), 0
    while power < len(units) - 1 and count >= 1_000 ** (power + 1):
        power += 1
    if not power:
        return plural("{number} byte", "{number} bytes", count, language)
    tenths = count * 10 // 1_000**power
    between = "" if known(language) == "ja" else " "
    return f"{tenths // 10:,}.{tenths % 10}{between}{units[power]}"


def sentences(said: Sequence[str], language: str = "en") -> str:
    """Sentences one after the other; what is empty is left out."""
    return ("" if known(language) == "ja" else " ").join(filter(None, said))


def moment(seconds: int, language: str = "en", *, exact: bool = False) -> str:
    """A time: ``2027-12-31 14:05 UTC``, 「2027年12月31日14:05（UTC）」.

    Args:
        seconds: since 1970. What a calendar does not have stays a number.
        exact: with its second, if that is not the first of its minute.
    """
    known(language)
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return plural(
            "{number} second after 1970", "{number} seconds after 1970", seconds, language
        )
    clock = f"{at:%H:%M:%S}" if exact and at.second else f"{at:%H:%M}"
    if language == "ja":
        return f"{day(at.date(), language)}{clock}（UTC）"
    return f"{day(at.date())} {clock} UTC"


def day(given: date, language: str = "en") -> str:
    """A day: ``2027-12-31``, 「2027年12月31日」."""
    if known(language) == "ja":
        return f"{given.year}年{given.month}月{given.day}日"
    return given.isoformat()


def span(time: timedelta, language: str = "en") -> str:
    """A length of time: ``1,095 days``, ``1 day and 12 hours``, 「1日12時間」."""
    hours, rest = divmod(time.seconds, 3_600)
    minutes, seconds = divmod(rest, 60)
    parts = [
        plural("{number} day", "{number} days", time.days, language) if time.days else "",
        plural("{number} hour", "{number} hours", hours, language) if hours else "",
        plural("{number} minute", "{number} minutes", minutes, language) if minutes else "",
        plural("{number} second", "{number} seconds", seconds, language) if seconds else "",
    ]
    joined = ("" if language == "ja" else " and ").join(filter(None, parts))
    return joined or say("no time", language)


def percent(bps: int, language: str = "en") -> str:
    """Hundredths of a percent as a part of a whole, exactly: ``20%``, ``0.05%``."""
    known(language)
    return f"{(Decimal(bps) / 100).normalize():f}%"


def amount(
    units: int, decimals: int, symbol: str, language: str = "en", *, exact: bool = False
) -> str:
    """An amount of a currency: ``1.25 ETH``, ``about 0.3333 ETH``, 「約0.3333 ETH」.

    Args:
        units: in base units.
        decimals: how many digits of it stand after the point.
        exact: all digits. Without it, an amount with more than four digits after the first that
            counts is rounded down, and says so.
    """
    known(language)
    with localcontext() as all_digits:
        all_digits.prec = 200
        whole = Decimal(units).scaleb(-decimals)
        places = max(_SHOWN - 1 - whole.adjusted(), 0) if whole else 0
        shown = whole if exact else whole.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
        text = f"{shown:,f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        about = shown != whole
    said = f"{text} {symbol}"
    return say("about {amount}", language, amount=said) if about else said


def yen(amount: int, language: str = "en") -> str:
    """Yen: ``¥12,000``, 「12,000円」."""
    sign = "-" if amount < 0 else ""
    if known(language) == "ja":
        return f"{sign}{abs(amount):,}円"
    return f"{sign}¥{abs(amount):,}"
