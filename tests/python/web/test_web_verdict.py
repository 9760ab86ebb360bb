"""Headline, sentences and colour of a page say the same of consent (promises 2 and 3)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from kiseki.core.values import to_hex
from kiseki.language import LANGUAGES
from kiseki.web.cards.drawn import Card, draw
from kiseki.web.site import Site

from .conftest import Places
from .test_web_pages import words

DAYS = 30
HEADS = {
    "": "This file is known, and nothing was found against it",
    "ending": "This file is known; all consent is in force, and what was revoked ends later",
    "over": "This file is known; some consent has ended since",
}


class Noticed:
    """Outputs of a model that was trained on data whose consent holds for a while after it was
    revoked, and of which nothing else is out of order."""

    def __init__(self, places: Places) -> None:
        scene = places.scene
        terms = scene.k.data.define_terms("train", "20%", notice=timedelta(days=DAYS))
        folder = scene.folder / "noticed"
        folder.mkdir()
        (folder / "1.svg").write_text("a drawing under notice")
        self.scene, self.data = scene, scene.bob.data.prepare(folder, terms)
        scene.k.data.register(self.data, consent=scene.bob.data.consent(self.data))
        scene.collections["noticed"] = self.data
        model = scene.model(scene.developer_1, "model 3", {"noticed": 1})
        scene.developer_1.models.publish_manifest(
            model, scene.manifest({"noticed": 1}), scene.folder / "manifests"
        )
        batch = scene.outputs("noticed-outputs", [model], scene.developer_1)
        self.pages = {
            "batch": f"/batch/{to_hex(batch.id)}",
            "model": f"/model/{to_hex(model)}",
            "output": f"/output/{to_hex(batch.items[0].id)}",
            "commitment": f"/commitment/{to_hex(batch.items[0].commitment)}",
        }
        self.collection = f"/collection/{to_hex(self.data.id)}"

    def revoke(self) -> None:
        self.scene.bob.data.revoke(self.data.id)


@pytest.fixture
def noticed(places: Places, site: Site) -> Noticed:
    made = Noticed(places)
    site.catch_up()
    return made


def tone_of(html: str) -> str:
    found = re.search(r'class="verdict ?([a-z]*)"', html)
    assert found
    return found[1]


def all_say(visitor: TestClient, noticed: Noticed, tone: str, consent: str) -> None:
    """Every page and its JSON have one tone, and a file's headline is that of the tone."""
    for language in LANGUAGES:
        for name, path in noticed.pages.items():
            answer = visitor.get(path, headers={"Accept-Language": language})
            assert tone_of(answer.text) == tone, name
    for name, path in noticed.pages.items():
        told = visitor.get(f"{path}.json").json()
        about = {"output": "batch", "commitment": "output"}.get(name)
        standing = (told[about] if about else told)["standing"]
        assert standing["consent"] == consent, name
    file = visitor.get(noticed.pages["commitment"]).text
    assert f'class="state known {tone}"' in file
    assert [head for head in HEADS.values() if head in words(file)] == [HEADS[tone]]


def test_consent_in_force_in_its_notice_and_ended_are_never_mixed_up(
    visitor: TestClient, site: Site, noticed: Noticed
) -> None:
    """Each page says who revoked which consent and when, beside the sentence that says that
    somebody did; and in every state that it was authorised when it was registered."""
    all_say(visitor, noticed, "", "in_force")
    noticed.revoke()
    site.catch_up()
    all_say(visitor, noticed, "ending", "ending")
    for path in noticed.pages.values():
        page = visitor.get(path).text
        verdict = page.partition('class="verdict')[2].partition("</div>")[0]
        said = words(verdict)
        assert "Each was authorised when this was registered" in said
        assert "Consent to all of them is in force today." in said
        assert re.search(r"revoked consent to the collection 0x\S+ on \d{4}-\d\d-\d\d", said)
        assert "it is in force until" in said
        assert f'href="{noticed.collection}"' in verdict
        assert f'href="/wallet/{noticed.scene.bob.address}"' in verdict
        assert "The provider" not in words(page), "it is not said a second time"
    assert tone_of(visitor.get(noticed.collection).text) == "ending"
    wallet = words(visitor.get(f"/wallet/{noticed.scene.bob.address}").text)
    assert re.search(r"revoked on \S+ \S+ UTC; in force until", wallet)
    noticed.scene.k.test_money.wait(DAYS * 86_400)
    site.catch_up()
    all_say(visitor, noticed, "over", "ended")
    said = words(visitor.get(noticed.pages["batch"]).text)
    assert "Each was authorised when this was registered" in said
    assert "it ended on" in said and "is in force today" not in said
    assert tone_of(visitor.get(noticed.collection).text) == "over"
    assert "revoked on" in said and "; ended on" in said, "the table says it too"


def test_only_what_is_over_warns_on_the_picture_of_a_link(
    visitor: TestClient, site: Site, noticed: Noticed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice is no end."""
    seen: list[bool] = []

    def drawn(card: Card) -> bytes:
        seen.append(card.warns)
        return draw(card)

    monkeypatch.setattr("kiseki.web.cards.easel.draw", drawn)
    noticed.revoke()
    site.catch_up()
    assert visitor.get(f"{noticed.pages['batch']}.png").status_code == 200
    noticed.scene.k.test_money.wait(DAYS * 86_400)
    site.catch_up()
    assert visitor.get(f"{noticed.pages['batch']}.png").status_code == 200
    assert seen == [False, True]
