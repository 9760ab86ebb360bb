"""The report is one file that loads nothing, names everyone, and says exact amounts."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from examples.openmoji.drawings import NOTICE, Drawing
from examples.openmoji.pictures import output
from examples.openmoji.preview import REFUSED, summary
from examples.openmoji.report import render
from examples.openmoji.summary import Check, Summary, to_json
from examples.openmoji.units import exact, places

VOID = {"meta", "img", "br", "path", "rect", "circle", "line", "image"}


class Page(HTMLParser):
    """What the page would load, what it says, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.words = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in {"src", "srcset", "poster", "data", "href", "xlink:href"}:
                (self.links if tag == "a" else self.loads).append(value or "")
            assert not name.startswith("on")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def facts(drawings: list[Drawing]) -> Summary:
    blank = np.full((24, 24, 3), 255, np.uint8)
    return summary(drawings, [output(blank, f"Output {i + 1}")[1] for i in range(6)])


@pytest.fixture(scope="module")
def html(facts: Summary) -> str:
    return render(facts)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_it_loads_nothing_and_runs_nothing(html: str, page: Page) -> None:
    assert page.loads and all(url.startswith("data:image/") for url in page.loads)
    assert page.links == ["https://openmoji.org"]
    assert not page.tags & {"script", "link", "iframe", "object", "embed"}
    assert "url(" not in html and "@import" not in html


def test_it_names_every_artist_as_they_are_named(facts: Summary, page: Page) -> None:
    assert len(facts.artists) == 121
    for artist in facts.artists:
        assert artist.name in page.words


def test_it_says_what_everyone_got_to_the_base_unit(facts: Summary, page: Page) -> None:
    for payment in facts.payments:
        token = payment.token
        pad = places((p.amounts[token.symbol] for p in facts.payees), token.decimals)
        for payee in facts.payees:
            assert exact(payee.amounts[token.symbol], token.decimals, pad) in page.words
        assert exact(payment.amount_in, token.decimals) in page.words
    assert "does not add up" not in page.words


def test_money_that_does_not_add_up_is_said(facts: Summary) -> None:
    wrong = dataclasses.replace(facts.payments[0], remainder=facts.payments[0].remainder + 1)
    shown = render(dataclasses.replace(facts, payments=(wrong, facts.payments[1])))
    assert "does not add up" in shown


def test_a_failed_check_is_said(facts: Summary) -> None:
    shown = render(dataclasses.replace(facts, checks=(Check("Water is wet", False),)))
    assert "Water is wet: this failed" in shown


def test_the_refused_artist_is_linked_to_nothing(facts: Summary, html: str) -> None:
    ribbons = re.findall(r'class="(?:ribbon[^"]*|again)".*?<title>(.*?)</title>', html)
    assert len(ribbons) == 2 * (120 + 1)
    assert not any(REFUSED in words for words in ribbons)
    assert "refused, used by nothing" in html


def test_names_and_findings_are_escaped(facts: Summary) -> None:
    evil = '<script>alert("1")</script>'
    artists = tuple(
        dataclasses.replace(a, name=evil) if a.status == "refused" else a for a in facts.artists
    )
    payees = (dataclasses.replace(facts.payees[0], name=evil, wallet=evil), *facts.payees[1:])
    verification = dataclasses.replace(
        facts.verifications[0], title=evil, verdict=evil, sentence=evil, findings=(evil,)
    )
    chain = dataclasses.replace(facts.chain, name=evil, contracts={evil: evil})
    shown = render(
        dataclasses.replace(
            facts, artists=artists, payees=payees, verifications=(verification,), chain=chain
        )
    )
    assert "script" not in Page(shown).tags and evil not in shown


def test_the_notice_is_visible(page: Page) -> None:
    assert page.words.count("CC BY-SA 4.0") >= 3 and NOTICE in page.words


def test_the_json_has_every_amount_as_a_string_and_no_picture(facts: Summary) -> None:
    data = json.loads(to_json(facts))
    assert int(data["payments"][0]["amount_in"]) == facts.payments[0].amount_in
    assert isinstance(data["payees"][0]["amounts"]["ETH"], str)
    assert len(data["artists"]) == 121
    assert set(data["batch"]["outputs"][0]) == {"caption", "notice", "sha256"}


@pytest.mark.parametrize(
    ("amount", "decimals", "pad", "words"),
    [
        (0, 18, None, "0"),
        (1, 18, None, "0.000000000000000001"),
        (1_500_000, 6, None, "1.5"),
        (1_500_000, 6, 3, "1.500"),
        (12_345_000_000, 6, None, "12,345"),
        (7, 0, None, "7"),
        (-5, 1, None, "-0.5"),
        (2**128, 18, None, "340,282,366,920,938,463,463.374607431768211456"),
    ],
)
def test_units_are_exact(amount: int, decimals: int, pad: int | None, words: str) -> None:
    assert exact(amount, decimals, pad) == words
