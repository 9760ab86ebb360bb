"""Scripts of pages are small, and of this release. `make check` holds that `web/ts` builds them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "src" / "kiseki" / "web" / "static" / "js"
TEMPLATES = ROOT / "src" / "kiseki" / "web" / "templates"
ENTRIES = sorted(path.stem for path in ROOT.glob("web/ts/*.ts"))
MOST = 120_000
"""Bytes, compressed, of all the scripts of a page, also those that it loads later."""


def loaded(names: set[str]) -> set[str]:
    """The files that modules bring: what they import, now or later, and their workers."""
    found: set[str] = set()
    while names:
        name = names.pop()
        found.add(name)
        text = (BUILT / name).read_text("utf-8")
        names |= set(re.findall(r"""["'`](?:\./)?([\w.-]+\.js)["'`]""", text)) - found
    return found


def weight(names: set[str]) -> int:
    return sum(len(gzip.compress((BUILT / name).read_bytes())) for name in loaded(names))


def test_each_source_of_a_page_is_built() -> None:
    assert ENTRIES and {f"{name}.js" for name in ENTRIES} <= {p.name for p in BUILT.glob("*.js")}


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_script_weighs_little(entry: str) -> None:
    assert 0 < weight({f"{entry}.js"}) <= MOST


def test_the_scripts_of_a_page_weigh_little() -> None:
    pages = {str(path): path.read_text("utf-8") for path in TEMPLATES.rglob("*.html")}
    used = {name: set(re.findall(r"/static/js/([\w.-]+)", text)) for name, text in pages.items()}
    assert {"file.js"} in used.values()
    assert {name: weight(each) for name, each in used.items() if weight(each) > MOST} == {}


def test_a_script_tells_nothing_of_the_machine_that_built_it() -> None:
    for path in BUILT.iterdir():
        text = path.read_text("utf-8")
        assert "sourceMappingURL" not in text and str(ROOT) not in text and "file://" not in text


def test_a_browser_asks_whether_a_script_has_changed(visitor: TestClient) -> None:
    """A page of this release never runs a script of the one before."""
    answer = visitor.get(f"/static/js/{ENTRIES[0]}.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["etag"]
