"""Pages tell a place in a series, and what an item was made from, by who may say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from kiseki import Terms
from kiseki.client.documents import Documents
from kiseki.core.derived import Row
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.vault.published import Published
from kiseki.web.app import application
from kiseki.web.site import Site

from .browser import launched
from .conftest import Places, served
from .looking import ROOT, looked_at, looks


class Weeks:
    """Two collections of one provider, the second of them made from the first."""

    def __init__(self, places: Places, folder: Path) -> None:
        self.k, self.folder = places.scene.k, folder
        self.documents = folder / "documents"
        self.rough, self.clean = (self._week(name) for name in ("rough", "clean"))
        begun = self.k.data.series.begin(self.rough[0], self.documents, name="狐の冒険")
        self.k.data.series.state(begun, self.documents)
        self.k.data.series.state(
            self.k.data.series.add(self.clean[0], self.rough[0], self.documents), self.documents
        )
        derived = self.k.data.derivations.make(
            self.clean[0], [Row(self.clean[1], self.rough[1], "clean")]
        )
        self.k.data.derivations.state(derived, self.documents)

    def _week(self, name: str) -> tuple[bytes, bytes]:
        """A collection, and its only item."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        (folder / "1.svg").write_text(f"<svg><!-- {name} --></svg>")
        done = self.k.data.register(self.k.data.prepare(folder, Terms.of("train", "5%")))
        return done.id, self.k.data.openings.items(done.id)[0].id


@pytest.fixture
def weeks(places: Places, tmp_path: Path) -> Weeks:
    return Weeks(places, tmp_path / "weeks")


def asking(site: Site, folder: Path | None) -> TestClient:
    site.catch_up()
    documents = Documents(Published(folder))
    return TestClient(
        application(site, follows=False, documents=documents), base_url="http://localhost"
    )


def test_a_collection_says_which_it_follows(weeks: Weeks, site: Site) -> None:
    client = asking(site, weeks.documents)
    first, second = (
        client.get(f"/collection/{to_hex(each)}.json").json()["series"]
        for each in (weeks.rough[0], weeks.clean[0])
    )
    assert (first["number"], first["before"], first["name"]) == (1, None, "狐の冒険")
    assert (second["number"], second["before"]) == (2, to_hex(weeks.rough[0]))
    page = client.get(f"/collection/{to_hex(weeks.clean[0])}?language=en").text
    assert "number 2" in page and f"/collection/{to_hex(weeks.rough[0])}" in page


def test_an_item_says_what_it_was_made_from(weeks: Weeks, site: Site) -> None:
    client = asking(site, weeks.documents)
    (row,) = client.get(f"/data/{to_hex(weeks.clean[1])}.json").json()["made_from"]
    assert (row["item"], row["step"], row["by"]) == (
        to_hex(weeks.rough[1]),
        "clean",
        weeks.k.address,
    )
    assert client.get(f"/data/{to_hex(weeks.rough[1])}.json").json()["made_from"] == []
    page = client.get(f"/data/{to_hex(weeks.clean[1])}?language=en").text
    assert "What it was made from" in page and f"/data/{to_hex(weeks.rough[1])}" in page


def test_without_documents_the_place_in_a_series_is_unknown(weeks: Weeks, site: Site) -> None:
    """And not the first: that somebody said something is known, and what they said is not."""
    client = asking(site, None)
    told = client.get(f"/collection/{to_hex(weeks.clean[0])}.json").json()["series"]
    assert (told["here"], told["number"], told["before"]) == (False, None, None)
    assert "not here" in client.get(f"/collection/{to_hex(weeks.clean[0])}?language=en").text
    assert client.get(f"/data/{to_hex(weeks.clean[1])}.json").json()["made_from"] == []


def test_a_strangers_word_is_not_told_as_the_providers(
    places: Places, weeks: Weeks, site: Site
) -> None:
    stranger = places.scene.buyer
    alone = to_hex(bytes.fromhex(places.pages["collection"].rpartition("/")[2][2:]))
    text = (weeks.documents / f"{to_hex(_stated(weeks))}.json").read_text()
    stranger.statements.state("collection", alone, "series", keccak256(text.encode()))
    client = asking(site, weeks.documents)
    assert client.get(f"/collection/{alone}.json").json()["series"] is None


def _stated(weeks: Weeks) -> bytes:
    """The last word of the provider about the second collection's place."""
    said = weeks.k.index.said_about(
        "DataRegistry", weeks.clean[0], weeks.k.address, keccak256(b"series")
    )
    return said[-1].document


def test_a_word_about_another_collection_is_none_about_this(weeks: Weeks, site: Site) -> None:
    """Its provider states a document that speaks of the other collection."""
    weeks.k.statements.state("collection", to_hex(weeks.rough[0]), "series", _stated(weeks))
    client = asking(site, weeks.documents)
    told = client.get(f"/collection/{to_hex(weeks.rough[0])}.json").json()["series"]
    assert (told["here"], told["number"]) == (False, None)


def test_it_can_be_read_on_a_phone_and_a_desk(weeks: Weeks, site: Site) -> None:
    site.catch_up()
    pictures = ROOT / "build" / "pages"
    pictures.mkdir(parents=True, exist_ok=True)
    pages = (f"/collection/{to_hex(weeks.clean[0])}", f"/data/{to_hex(weeks.clean[1])}")
    with served(site, documents=Documents(Published(weeks.documents))) as address:
        for look, options in looks():
            with launched(**options) as browser:
                for page in pages:
                    answer = browser.goto(f"{address}{page}")
                    assert answer is not None and answer.ok, look
                    name = f"living-{page.split('/')[1]}-{look}.png"
                    assert looked_at(browser, pictures / name) == []
