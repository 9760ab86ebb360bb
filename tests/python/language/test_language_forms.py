"""Times, spans, lists, parts and amounts as people write them; which language somebody reads."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki import language as words
from kiseki.errors import InvalidInput
from kiseki.language import accepted, amount, breakable, moment, of_locale, span, yen

AT = int(datetime(2027, 12, 31, 14, 5, 9, tzinfo=UTC).timestamp())


def test_a_time_is_written_as_people_write_it() -> None:
    assert (moment(AT), moment(AT, "ja")) == (
        "2027-12-31 14:05 UTC",
        "2027年12月31日14:05（UTC）",
    )
    assert moment(AT, exact=True) == "2027-12-31 14:05:09 UTC"
    assert moment(AT, "ja", exact=True) == "2027年12月31日14:05:09（UTC）"
    assert moment(AT - 9, "ja", exact=True) == "2027年12月31日14:05（UTC）"
    assert moment(2**64 - 1) == "18,446,744,073,709,551,615 seconds after 1970"
    assert moment(2**64 - 1, "ja") == "1970年から18,446,744,073,709,551,615秒後"
    day = date(2027, 1, 2)
    assert (words.day(day), words.day(day, "ja")) == ("2027-01-02", "2027年1月2日")


def test_a_span_of_time_is_written_in_parts() -> None:
    long = timedelta(days=1_095, hours=12, seconds=1)
    assert (span(long), span(long, "ja")) == (
        "1,095 days and 12 hours and 1 second",
        "1,095日12時間1秒",
    )
    assert (span(timedelta(0)), span(timedelta(0), "ja")) == ("no time", "0秒")


def test_lists_and_parts() -> None:
    assert words.listed(["a"]) == words.listed(["a"], "ja") == "a"
    assert words.listed(["a", "b", "c"]) == "a, b and c"
    assert words.listed(["a", "b", "c"], "ja") == "a、b、c"
    assert words.listed([]) == words.listed([], "ja") == ""
    assert words.joined(["a", "b"], "en", "; ") == "a; b" and words.joined(["a", "b"]) == "a, b"
    assert words.joined(["a", "b"], "ja", "; ") == "a、b"
    assert words.sentences(["A.", "", "B."]) == "A. B."
    assert words.sentences(["あ。", "", "い。"], "ja") == "あ。い。"
    assert [words.portion(Fraction(1, 3), each) for each in words.LANGUAGES] == ["1/3", "3分の1"]
    assert [words.portion(Fraction(1), each) for each in words.LANGUAGES] == ["1", "全部"]
    assert [words.percent(each) for each in (2_000, 5, 10_000, 0)] == ["20%", "0.05%", "100%", "0%"]


def test_amounts_are_short_where_people_read_and_exact_on_demand() -> None:
    third = 10**18 // 3
    assert amount(third, 18, "ETH") == "about 0.3333 ETH"
    assert amount(third, 18, "ETH", "ja") == "約0.3333 ETH"
    assert amount(third, 18, "ETH", exact=True) == "0.333333333333333333 ETH"
    assert amount(1_250_000, 6, "USDC") == "1.25 USDC" == amount(1_250_000, 6, "USDC", "ja")
    assert amount(12_345_678_900_000, 6, "JPYC") == "about 12,345,678 JPYC"
    assert amount(5 * 10**20, 18, "ETH") == "500 ETH"
    assert amount(1, 18, "ETH") == "0.000000000000000001 ETH", "never a zero that is none"
    assert amount(0, 18, "ETH") == "0 ETH"
    assert (yen(12_000), yen(12_000, "ja"), yen(-5, "ja")) == ("¥12,000", "12,000円", "-5円")


@given(units=st.integers(1, 2**256 - 1), decimals=st.integers(0, 36))
def test_a_short_amount_is_never_more_than_there_is(units: int, decimals: int) -> None:
    short, whole = (amount(units, decimals, "X", exact=each) for each in (False, True))
    value = Fraction(short.removeprefix("about ").removesuffix(" X").replace(",", ""))
    exact = Fraction(units, 10**decimals)
    assert value <= exact < value * Fraction(1_001, 1_000)
    assert short.startswith("about ") == (value != exact)
    assert Fraction(whole.removesuffix(" X").replace(",", "")) == exact


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("ja-JP,ja;q=0.9,en-US;q=0.8,en;q=0.7", "ja"),
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("fr, ja;q=0.3, en;q=0.2", "ja"),
        ("fr", "en"),
        ("*", "en"),
        ("en;q=0, *;q=0.5", "ja"),
        ("ja;q=0", "en"),
        ("en;q=0.1, JA ; q=1.0", "ja"),
        ("ja;q=0.5, en;q=0.5", "ja"),
        ("en;q=0.5, ja;q=0.5", "en"),
        ("ja;q=9, ;;, \u3042, en;q=x", "en"),
        ("x" * 100_000 + ",ja", "en"),
        ("ja," + "a-" * 100_000, "ja"),
    ],
)
def test_the_language_is_the_one_that_the_reader_likes_best(header: str, language: str) -> None:
    """RFC 9110, 12.5.4."""
    assert accepted(header) == language


@given(st.text())
def test_any_header_gives_a_language(header: str) -> None:
    assert accepted(header) in words.LANGUAGES


def test_a_locale_names_a_language() -> None:
    assert [of_locale(each) for each in ("ja_JP.UTF-8", "ja", "C.UTF-8", "", "de_DE@euro")] == [
        "ja", "ja", "en", "en", "en",
    ]  # fmt: skip


def test_a_line_ends_between_phrases() -> None:
    text = "同意は、撤回から30日後に終了します。"
    phrases = breakable(text)
    assert "".join(phrases) == text and len(phrases) > 2
    assert "終了します。" in phrases and not breakable("")


@pytest.mark.parametrize("language", ["fr", ""])
def test_a_language_that_there_is_not_is_refused_everywhere(language: str) -> None:
    refused: list[Callable[[], object]] = [
        lambda: words.listed([], language),
        lambda: moment(0, language),
        lambda: moment(2**64, language),
        lambda: words.day(date.min, language),
        lambda: span(timedelta(1), language),
        lambda: words.percent(1, language),
        lambda: amount(1, 0, "X", language),
        lambda: yen(1, language),
        lambda: words.sentences([], language),
        lambda: words.joined([], language),
        lambda: words.portion(Fraction(1), language),
    ]
    for act in refused:
        with pytest.raises(InvalidInput, match="one of en, ja"):
            act()
