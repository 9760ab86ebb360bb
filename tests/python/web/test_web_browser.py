"""What people see, in a real browser: every page, on a phone and a desk, by day and by night, in
English and Japanese. The pictures of a run are in `build/pages`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from tests.python.web.browser import launched

from kiseki.web.site import Site

from .conftest import Places, served

ROOT = Path(__file__).resolve().parents[3]
PICTURES = ROOT / "build" / "pages"
SIZES = {"phone": (360, 740), "desk": (1280, 800)}
SCHEMES = ("light", "dark")
LOCALES = {"en": "en-GB", "ja": "ja-JP"}

MEASURE = """() => {
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


def _overlaps(texts: list[Any]) -> list[tuple[str, str]]:
    found = []
    for place, (one, left, top, right, bottom) in enumerate(texts):
        for other, l2, t2, r2, b2 in texts[place + 1 :]:
            if left < r2 and l2 < right and top + 4 < b2 and t2 + 4 < bottom:
                found.append((one, other))
    return found


def _looks() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way in which people look at a page: its name, and the browser's options."""
    for size, scheme, language in product(SIZES, SCHEMES, LOCALES):
        width, height = SIZES[size]
        yield (
            f"{size}-{scheme}-{language}",
            {
                "viewport": {"width": width, "height": height},
                "color_scheme": scheme,
                "locale": LOCALES[language],
                "device_scale_factor": 2 if size == "phone" else 1,
            },
        )


def test_every_page_can_be_read_on_every_screen_in_both_languages(
    site: Site, places: Places
) -> None:
    """Nothing is wider than the screen, clipped or on top of another; what is touched is large
    enough (WCAG 2.2, 2.5.8, asks for 24 pixels)."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    complaints: list[str] = []
    with served(site) as at:
        for look, options in _looks():
            with launched(**options) as page:
                page.on("console", lambda said: complaints.append(said.text))
                page.on("pageerror", lambda error: complaints.append(str(error)))
                for name, path in places.pages.items():
                    page.goto(at + path)
                    page.screenshot(path=PICTURES / f"{name}-{look}.png", full_page=True)
                    found = page.evaluate(MEASURE)
                    told = (found["wide"], found["clipped"], found["small"], found["begins"])
                    assert told == ([], [], [], []), (name, look)
                    assert found["words"] > 20, (name, look)
                    assert _overlaps(found["texts"]) == [], (name, look)
                    drawn = name in ("model", "batch", "lineage")
                    assert found["flows"] == drawn, "one of the two drawings is shown"
    assert complaints == [], "as of what the policy forbids"
    assert len(list(PICTURES.glob("*.png"))) == len(places.pages) * 8


def test_every_page_can_be_used_by_those_who_do_not_see_it(site: Site, places: Places) -> None:
    """WCAG 2.2 AA, as far as axe can tell."""
    axe = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    wrong: dict[str, list[str]] = {}

    with served(site) as at:
        for look, options in _looks():
            if look.startswith("desk"):
                continue
            with launched(**options, bypass_csp=True) as page:  # so that axe can be put in
                for name, path in places.pages.items():
                    page.goto(at + path)
                    page.evaluate(axe)
                    found = page.evaluate("tags => axe.run({runOnly: tags})", tags)
                    for each in found["violations"]:
                        nodes = [node["html"][:120] for node in each["nodes"][:3]]
                        rule = f"{each['id']}: {each['help']}"
                        wrong.setdefault(rule, []).append(f"{name}-{look} {nodes}")
    assert wrong == {}


def test_pages_are_walked_by_keyboard_and_without_scripts(site: Site, places: Places) -> None:
    """Reading needs no JavaScript; from the first page to a work's lineage by keys alone."""
    with served(site) as at, launched(java_script_enabled=False, locale="en-GB") as page:
        page.goto(at)
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        for _ in range(2):
            page.keyboard.press("Tab")
        page.keyboard.type(places.batch)
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=*")
        page.get_by_role("link", name=places.batch[:8]).focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/batch/{places.batch}")
        page.locator(f'svg.wide a[href="/collection/{places.art}"]').click()
        page.wait_for_url(f"**/collection/{places.art}")
        assert "Consent is in force." in page.inner_text("main")
        page.get_by_role("link", name="日本語").click()
        assert "同意は有効です。" in page.inner_text("main")
