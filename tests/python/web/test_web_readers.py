"""What readers who knew nothing of Kiseki did not find or did not understand (docs/trials)."""

from __future__ import annotations

from fractions import Fraction

from starlette.testclient import TestClient

from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.language.forms import amount
from kiseki.web.site import Site

from .browser import launched
from .conftest import Places, served
from .test_web_pages import words


def test_a_transaction_shows_what_its_events_say_of_money(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """Promise 3: from whom to whom, in which currency, and all digits of it on demand."""
    scene = places.scene
    told = visitor.get(f"{places.pages['tx']}.json").json()
    (moved,) = [each["moved"] for each in told["events"] if each["moved"]]
    assert moved == {
        "source": {"kind": "wallet", "id": scene.buyer.address},
        "target": {"kind": "split", "id": places.split},
        "token": ZERO_ADDRESS, "amount": str(3 * 10**18),
    }  # fmt: skip
    assert "3 ETH" in words(visitor.get(places.pages["tx"]).text)
    scene.buyer.revenue.pay(scene.alice.address, 10**18 + 1)
    token = scene.k.test_token()
    scene.k.mint(token, scene.buyer.address, 5)
    scene.buyer.revenue.pay(scene.alice.address, 5, token)
    signed = scene.alice.revenue.redirection(scene.stranger.address)
    scene.k.revenue.claim(redirections=[signed])
    site.catch_up()
    seen = set()
    for entry in scene.k.index.overview.history(scene.alice.address):
        path = f"/tx/{to_hex(entry.transaction)}"
        page = visitor.get(path).text
        for event in visitor.get(f"{path}.json").json()["events"]:
            seen.add(event["event"])
            if (moved := event["moved"]) and moved["token"] == ZERO_ADDRESS:
                assert f'href="/{moved["target"]["kind"]}/{moved["target"]["id"]}"' in page
                exact = amount(int(moved["amount"]), 18, "ETH", exact=True)
                assert exact in words(page)
                if exact != amount(int(moved["amount"]), 18, "ETH"):
                    assert f"</summary>{exact}</details>" in page
                    seen.add("exact")
        if entry.token == token:
            assert f"5 units of the token {token}" in words(page)
    assert {"Deposited", "Claimed", "Resolved", "Redirected", "exact"} <= seen


def test_shares_add_up_to_all_of_the_money(visitor: TestClient, places: Places) -> None:
    """Promise 4: who gets what no data gets is said beside the shares of the data."""
    told = visitor.get(f"{places.pages['batch']}.json").json()["lineage"]
    data = sum(Fraction(e["share"]) for e in told["nodes"] if e["kind"] == "collection")
    assert (Fraction(told["to_data"]), told["to_data"]) == (data, "2/5")
    assert (told["to_developers"], told["rest"]) == ("1/10", "1/2")
    leaves = visitor.get(f"{places.pages['split']}.json").json()["leaves"]["rows"]
    assert [e["share"] for e in leaves if e["payee"]["kind"] != "split"] == [told["rest"]]
    for name in ("batch", "lineage"):
        said = words(visitor.get(places.pages[name]).text)
        assert (
            "40% goes to the data, 10% to the developers of the models, and the other 50%" in said
        )
    said = words(visitor.get(f"/model/{places.base}").text)
    assert "20% goes to the data, and the other 80% to whoever registered this" in said


def test_what_rests_on_it_through_a_model_says_through_which(
    visitor: TestClient, places: Places
) -> None:
    told = visitor.get(f"/model/{places.base}.json").json()["dependents"]["rows"]
    assert {(e["kind"], e["direct"], *e["through"]) for e in told} == {
        ("model", True), ("batch", False, places.model),
    }  # fmt: skip
    for path in (f"/model/{places.base}", places.pages["terms"]):
        rests = visitor.get(path).text.partition("<tbody>")[2]
        assert f'through a model <a class="id" href="/model/{places.model}"' in rests


def test_terms_say_in_plain_words_until_when_they_hold(visitor: TestClient, places: Places) -> None:
    said = words(visitor.get(places.pages["terms"]).text)
    assert "Valid until no date: they do not end by themselves" in said
    assert "Consent stays in force for this long after it was revoked." in said


def test_a_part_of_a_name_finds_nothing_and_the_page_says_why(visitor: TestClient) -> None:
    said = words(visitor.get("/search?q=Kaze").text)
    assert "A name is found only whole, just as somebody wrote it" in said
    assert "a part of a name has another one, so it finds nothing" in said


def test_a_phone_is_asked_to_choose_and_not_to_drop(site: Site) -> None:
    """Nothing can be dragged there; and the language stands in the first row of the page."""
    with served(site) as at:
        phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
        for locale in ("en-GB", "ja-JP"):
            with launched(locale=locale, **phone) as page:
                page.goto(f"{at}/file")
                assert page.locator(".drag").is_hidden() and page.locator(".touch").is_visible()
                mark, languages = (
                    page.locator(each).bounding_box() for each in (".mark", ".languages a")
                )
                assert mark and languages
                assert languages["y"] < mark["y"] + mark["height"], "the first row"
                assert page.evaluate("document.documentElement.scrollWidth") == 390
        with launched(viewport={"width": 1280, "height": 800}) as page:
            page.goto(f"{at}/file")
            assert page.locator(".touch").is_hidden() and page.locator(".drag").is_visible()
