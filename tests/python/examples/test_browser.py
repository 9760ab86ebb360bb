"""In a real browser: nothing is wider than the screen, no label meets another, hashes copy whole.

One page holds the report at each width, in a frame of its own; the report itself runs no script.
"""

from __future__ import annotations

import dataclasses
import json
from html import escape
from pathlib import Path
from typing import Any

import pytest
from examples.openmoji.report import render
from examples.openmoji.summary import Summary
from tests.python.web.browser import launched

WIDTHS = (320, 390, 768, 1041, 1280, 1600)
LONG = "Wolfeschlegelsteinhausenbergerdorff"

MEASURE = """
function measure(frame) {
  const page = frame.contentDocument, width = frame.clientWidth;
  page.querySelector('details').open = true;
  const box = e => { const b = e.getBoundingClientRect();
    return [b.left, b.top, b.right, b.bottom]; };
  const name = e => `${e.tagName}.${e.getAttribute('class')} ${e.textContent.slice(0, 40)}`;
  const wide = [...page.body.querySelectorAll('*')].filter(e => !e.parentElement.closest('.scroll')
    && e.getBoundingClientRect().right > width + 0.5).map(name);
  const flow = [...page.querySelectorAll('.flow')].filter(e => e.getBoundingClientRect().width);
  const texts = flow.flatMap(e => [...e.querySelectorAll('text')]);
  const scale = flow[0].getBoundingClientRect().width / flow[0].viewBox.baseVal.width;
  const code = page.querySelector('#run code.long');
  const chosen = page.getSelection();
  chosen.selectAllChildren(code);
  return { width, scrolls: page.documentElement.scrollWidth, wide, flows: flow.length,
    labels: texts.map(t => [t.textContent, box(t)]), picture: box(flow[0]),
    smallest: Math.min(...texts.map(t => t.getAttribute('font-size') * scale)),
    copied: chosen.toString(), whole: code.title,
    hash: box(code), line: parseFloat(frame.contentWindow.getComputedStyle(code).lineHeight),
    styled: frame.contentWindow.getComputedStyle(page.body).marginTop };
}
addEventListener('load', () => {
  const found = [...document.querySelectorAll('iframe')].map(measure);
  document.body.textContent = JSON.stringify(found);
});
"""


@pytest.fixture(scope="module")
def measured(facts: Summary, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    long = (dataclasses.replace(facts.artists[0], name=LONG), *facts.artists[1:])
    uses = {LONG if n == facts.artists[0].name else n: w for n, w in facts.models[0].uses.items()}
    models = (dataclasses.replace(facts.models[0], uses=uses), *facts.models[1:])
    told = escape(render(dataclasses.replace(facts, artists=long, models=models)))
    frames = "".join(f'<iframe width="{w}" height="800" srcdoc="{told}"></iframe>' for w in WIDTHS)
    folder = tmp_path_factory.mktemp("browser")
    file = Path(folder / "frames.html")
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><style>iframe{{border:0}}</style>'
        f"<script>{MEASURE}</script><body>{frames}",
        "utf-8",
    )
    with launched(viewport={"width": 1700, "height": 900}) as page:
        page.goto(file.as_uri())
        found: list[dict[str, Any]] = json.loads(page.inner_text("body"))
    return found


def test_every_width_was_measured_with_the_reports_own_style(
    measured: list[dict[str, Any]],
) -> None:
    assert [each["width"] for each in measured] == list(WIDTHS)
    assert {each["styled"] for each in measured} == {"0px"}, "the policy must let the style in"


def test_nothing_is_wider_than_the_screen(measured: list[dict[str, Any]]) -> None:
    """But tables inside what scrolls."""
    for each in measured:
        assert each["scrolls"] <= each["width"]
        assert each["wide"] == []


def test_one_lineage_shows_with_labels_apart_and_large_enough(
    measured: list[dict[str, Any]],
) -> None:
    for each in measured:
        assert each["flows"] == 1 and each["smallest"] >= 10
        labels = each["labels"]
        left, top, right, bottom = each["picture"]
        air = 0.35 * each["smallest"]  # a font's box is higher than its letters
        for i, (words, a) in enumerate(labels):
            assert left - 1 <= a[0] and a[2] <= right + 1 and top <= a[1] and a[3] <= bottom, words
            for other, b in labels[i + 1 :]:
                apart = a[2] <= b[0] or b[2] <= a[0] or a[3] - air <= b[1] or b[3] - air <= a[1]
                assert apart, (each["width"], words, other)


def test_a_folded_hash_takes_one_line_and_copies_whole(measured: list[dict[str, Any]]) -> None:
    for each in measured:
        assert each["copied"].replace("\n", "") == each["whole"]
        assert len(each["whole"]) == 66
        assert each["hash"][3] - each["hash"][1] < 1.9 * each["line"]
