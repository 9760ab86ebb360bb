"""How a page looks and can be used, on a phone and a desk, by day and by night, in both languages.

for look, options in looks():
    with launched(**options) as page:
        page.goto(address)
        wrong += looked_at(page, PICTURES / f"{name}-{look}.png")
assert wrong == []
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

__all__ = ["ROOT", "looked_at", "looks", "measured", "unusable"]

ROOT = Path(__file__).resolve().parents[3]
SIZES = {"phone": (360, 740), "desk": (1280, 800)}
SCHEMES = ("light", "dark")
LOCALES = {"en": "en-GB", "ja": "ja-JP"}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""WCAG 2.2 AA, as far as axe can tell."""

_MEASURE = """() => {
  const width = document.documentElement.clientWidth;
  const shown = e => e.checkVisibility() && !e.closest('.unseen, .skip, thead');
  const all = [...document.body.querySelectorAll('*')].filter(shown);
  const name = e => `${e.tagName}.${e.getAttribute('class')} ${e.textContent.trim().slice(0, 40)}`;
  const inScroll = e => e.parentElement.closest('.scroll');
  const wide = all.filter(e => !inScroll(e) && e.getBoundingClientRect().right > width + 0.5);
  const clipped = all.filter(e => !e.matches('.scroll, input') && e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).overflowX !== 'visible');
  const flow = [...document.querySelectorAll('.flow')].filter(e => e.checkVisibility());
  const texts = flow.flatMap(e => [...e.querySelectorAll('text')]).map(t => {
    const b = t.getBoundingClientRect();
    return [t.textContent, b.left, b.top, b.right, b.bottom];
  });
  const touched = 'button, input, .mark, .languages a, .more a, summary';
  const small = [...document.querySelectorAll(touched)].filter(shown)
    .filter(e => e.getBoundingClientRect().height < 43.5);
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const at = (node, place) => {
    const range = document.createRange();
    range.setStart(node, place);
    range.setEnd(node, place + 1);
    return range.getBoundingClientRect();
  };
  const begins = [];
  for (let node = walk.nextNode(), last; node; node = walk.nextNode()) {
    if (!node.textContent.trim() || !shown(node.parentElement)) continue;
    [...node.textContent].forEach((sign, place) => {
      if (sign.trim() === '') return;
      const box = at(node, place);
      if (last && '、。，．）」』】？！：；'.includes(sign) && box.top > last.bottom - 2)
        begins.push(node.textContent.slice(0, 60));
      last = box;
    });
  }
  return { begins, wide: wide.map(name), clipped: clipped.map(name), texts, small: small.map(name),
    flows: flow.length, words: document.querySelector('main').innerText.trim().length };
}"""
"""What is wider than the screen, clipped, too small to touch (WCAG 2.2, 2.5.8, asks for 24 pixels),
or begins a line with a full stop; and where the labels of a drawing are."""


def looks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way in which people look at a page: its name, and the browser's options. The policy of
    the pages is passed by, so that axe can be put into them."""
    for size, scheme, language in product(SIZES, SCHEMES, LOCALES):
        width, height = SIZES[size]
        yield (
            f"{size}-{scheme}-{language}",
            {
                "viewport": {"width": width, "height": height},
                "color_scheme": scheme,
                "locale": LOCALES[language],
                "device_scale_factor": 2 if size == "phone" else 1,
                "bypass_csp": True,
            },
        )


def measured(page: Page) -> dict[str, Any]:
    """What `_MEASURE` finds, and ``wrong``: what of it is wrong, in words."""
    found: dict[str, Any] = page.evaluate(_MEASURE)
    wrong = [
        f"{what}: {each}" for what in ("wide", "clipped", "small", "begins") for each in found[what]
    ]
    wrong += [f"labels touch: {one} {other}" for one, other in _overlaps(found["texts"])]
    return {**found, "wrong": wrong}


def unusable(page: Page) -> list[str]:
    """What axe finds."""
    page.evaluate((ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8"))
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)["violations"]
    return [
        f"{each['id']}: {each['help']} {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in found
    ]


def looked_at(page: Page, picture: Path) -> list[str]:
    """Takes the picture; what is wrong with the page, with the picture's name."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=picture, full_page=True)
    found = measured(page)
    wrong = [*found["wrong"], *unusable(page)]
    if found["words"] <= 20:
        wrong.append("it is empty")
    return [f"{picture.stem}: {each}" for each in wrong]


def _overlaps(texts: list[Any]) -> list[tuple[str, str]]:
    found = []
    for place, (one, left, top, right, bottom) in enumerate(texts):
        for other, l2, t2, r2, b2 in texts[place + 1 :]:
            if left < r2 and l2 < right and top + 4 < b2 and t2 + 4 < bottom:
                found.append((one, other))
    return found
