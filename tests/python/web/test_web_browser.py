"""What people see, in a real browser: every page, on a phone and a desk, by day and by night, in
English and Japanese. The pictures of a run are in `build/pages`."""

from __future__ import annotations

from tests.python.web.browser import launched
from tests.python.web.looking import ROOT, looks, measured, unusable

from kiseki.web.site import Site

from .conftest import Places, served

PICTURES = ROOT / "build" / "pages"


def test_every_page_can_be_read_on_every_screen_in_both_languages(
    site: Site, places: Places
) -> None:
    """Nothing is wider than the screen, clipped or on top of another; what is touched is large
    enough (WCAG 2.2, 2.5.8, asks for 24 pixels)."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    complaints: list[str] = []
    with served(site) as at:
        for look, options in looks():
            with launched(**{**options, "bypass_csp": False}) as page:
                page.on("console", lambda said: complaints.append(said.text))
                page.on("pageerror", lambda error: complaints.append(str(error)))
                for name, path in places.pages.items():
                    page.goto(at + path)
                    page.screenshot(path=PICTURES / f"{name}-{look}.png", full_page=True)
                    found = measured(page)
                    assert found["wrong"] == [] and found["words"] > 20, (name, look)
                    drawn = name in ("model", "batch", "lineage")
                    assert found["flows"] == drawn, "one of the two drawings is shown"
    assert complaints == [], "as of what the policy forbids"
    # Other tests put theirs there too, at the same time.
    taken = {f"{name}-{look}.png" for name in places.pages for look, _ in looks()}
    assert len(taken) == len(places.pages) * 8
    assert taken <= {path.name for path in PICTURES.glob("*.png")}


def test_every_page_can_be_used_by_those_who_do_not_see_it(site: Site, places: Places) -> None:
    """WCAG 2.2 AA, as far as axe can tell."""
    wrong: list[str] = []
    with served(site) as at:
        for look, options in looks():
            if look.startswith("desk"):
                continue
            with launched(**options) as page:
                for name, path in places.pages.items():
                    page.goto(at + path)
                    wrong += [f"{name}-{look} {each}" for each in unusable(page)]
    assert wrong == []


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
