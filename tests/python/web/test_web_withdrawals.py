"""Pages, API and feeds tell which models a revocation touches, and what their developers answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.python.promises.scene import WEIGHTS

from kiseki.client.documents import Documents
from kiseki.core.values import to_hex
from kiseki.vault.published import Published
from kiseki.web.app import application
from kiseki.web.own.effects import effect
from kiseki.web.shown import withdrawals
from kiseki.web.site import Site

from .conftest import Places
from .test_web_feeds import read, whole

JA = {"accept-language": "ja"}


@contextmanager
def asked(site: Site, folder: Path | None = None, settles: int = 0) -> Iterator[TestClient]:
    """Asks a site, which stays open behind it."""
    documents = Documents(Published(folder))
    app = application(
        site, ("trace.example.org",), follows=False, settles=settles, documents=documents
    )
    yield TestClient(app, base_url="http://localhost")


@pytest.fixture
def revoked(site: Site, places: Places) -> Places:
    """Alice's collection is revoked; the two models of the scene rest on it."""
    places.scene.alice.data.revoke(places.scene.collections["alice"].id)
    site.catch_up()
    return places


def test_pages_and_programs_are_told_of_models_and_answers(
    site: Site, revoked: Places, tmp_path: Path
) -> None:
    """Promise 2: a collection's page, a model's, and those of both wallets."""
    scene, folder = revoked.scene, tmp_path / "published"
    one, two = scene.developer_1, scene.developer_2
    art = scene.collections["alice"].id
    with asked(site) as client:
        page = client.get(f"/collection/{revoked.art}").text
        assert "What was revoked, and what developers answer" in page
        for each in (revoked.base, revoked.model, one.address, "The developer has not answered"):
            assert each in page
        told = client.get(f"/api/v1/collections/{revoked.art}").json()
        rows = told["withdrawals"]["rows"]
        assert [each["model"] for each in rows] == [revoked.base, revoked.model]
        assert client.get(f"/collection/{revoked.art}.json").json() == told
    day = date.fromtimestamp(site.k.index.time) + timedelta(days=30)
    kept = one.withdrawals.answer(scene.model_1, art, "kept", reason="<b>within</b> the licence")
    one.withdrawals.state(kept, folder)
    noted = two.withdrawals.answer(scene.model_2, art, "acknowledged")
    two.withdrawals.state(noted, folder)
    two.withdrawals.state(two.withdrawals.answer(scene.model_2, art, "retrain", day), folder)
    site.catch_up()
    with asked(site, folder) as client:
        for path in (f"/collection/{revoked.art}", f"/collection/{revoked.art}/withdrawals",
                     f"/wallet/{scene.alice.address}/revocations"):  # fmt: skip
            page = client.get(path).text
            assert "keeps the model and says that this is lawful" in page, path
            assert "&lt;b&gt;within&lt;/b&gt; the licence" in page and "<b>within" not in page
            assert f"promises a model without it by {day}" in page
            assert "An earlier answer" in page and "The developer has taken note." in page
        for model, wallet in ((revoked.base, one), (revoked.model, two)):
            for path in (f"/model/{model}", f"/model/{model}/withdrawals",
                         f"/wallet/{wallet.address}/withdrawals"):  # fmt: skip
                assert revoked.art in client.get(path).text, path
            same = client.get(f"/api/v1/models/{model}/withdrawals").json()
            assert same == client.get(f"/api/v1/wallets/{wallet.address}/withdrawals").json()
            assert same == client.get(f"/api/v1/models/{model}").json()["withdrawals"]
        both = client.get(f"/api/v1/wallets/{scene.alice.address}/revocations").json()
        assert both == client.get(f"/api/v1/collections/{revoked.art}/withdrawals").json()
        first = client.get(f"/api/v1/collections/{revoked.art}/withdrawals?most=1").json()
        after = {"most": 1, "after": first["after"]}
        second = client.get(f"/api/v1/collections/{revoked.art}/withdrawals", params=after).json()
        assert first["rows"] + second["rows"] == both["rows"] and second["after"] is None
        answers = [[each["answer"] for each in row["answers"]] for row in both["rows"]]
        assert answers == [["kept"], ["acknowledged", "retrain"]]
        ours = client.get(f"/model/{revoked.model}", headers=JA).text
        assert "このモデルに関わる同意の撤回" in ours and "約束しています" in ours
        assert client.get(f"/wallet/{scene.alice.address}").text.count("/revocations") == 1
        assert client.get(f"/wallet/{one.address}").text.count("/withdrawals.atom") == 1
    with asked(site) as client:  # without the folder
        page = client.get(f"/model/{revoked.base}").text
        assert "the document is not at hand" in page
        assert client.get(f"/collection/0x{'77' * 32}/withdrawals").status_code == 404
        assert client.get(f"/model/0x{'77' * 32}/withdrawals").status_code == 404
        assert client.get(f"/collection/{revoked.art}/withdrawals?after=0x12").status_code == 400
        assert client.get("/wallet/0x12/withdrawals").status_code == 400


def test_what_touches_nothing_says_nothing(site: Site, places: Places) -> None:
    with asked(site) as client:
        for path in (f"/collection/{places.art}", f"/model/{places.model}"):
            assert "withdrawals" not in client.get(path).text
        for path in (f"/collection/{places.art}/withdrawals",
                     f"/wallet/0x{'77' * 20}/withdrawals"):  # fmt: skip
            assert "There is nothing more" in client.get(path).text


def test_a_feed_tells_a_developer_each_revocation_once(
    site: Site, revoked: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts that stay true, under names that stay; in pages, once nothing takes them back."""
    scene = revoked.scene
    path = f"/wallet/{scene.developer_2.address}/withdrawals.atom"
    scene.alice.data.revoke_item(scene.collections["alice"].items[0].commitment)
    site.catch_up()
    with asked(site) as client:
        for language in ("en", "ja"):
            answer = client.get(path, params={"language": language})
            assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
            whole(answer.text)
            found = read(answer.text)
            assert len(found.entries) == 2
            for entry in found.entries:
                assert revoked.model in entry.summary and revoked.art in entry.summary
                assert entry.author == scene.alice.address
                assert f"/model/{revoked.model}/withdrawals" in entry.link
        names = [each.id for each in read(client.get(path).text).entries]
        assert names == [each.id for each in found.entries], "whatever the language"
        assert read(client.get(f"/wallet/0x{'77' * 20}/withdrawals.atom").text).entries == []
        assert client.get("/wallet/0x12/withdrawals.atom").status_code == 400
        assert client.get(f"{path}?before=5").status_code == 400
        tag = client.get(path).headers["etag"]
        assert client.get(path, headers={"if-none-match": tag}).status_code == 304
        monkeypatch.setattr(withdrawals, "_ROWS", 1)
        first = read(client.get(path).text)
        (more,) = (each.href for each in first.feed.links if each.rel == "next")
        rest = read(client.get(more.removeprefix("https://trace.example.org")).text)
        assert [each.id for each in (*first.entries, *rest.entries)] == names
    with asked(site, settles=1_000) as client:
        assert read(client.get(path).text).entries == []


def test_whoever_is_about_to_revoke_sees_whom_it_concerns(site: Site, places: Places) -> None:
    scene = places.scene
    with site.reading() as index:
        shown = effect(index, scene.alice.address.lower(), {"collection": places.art})
    assert shown is not None
    assert shown.resting == [
        (places.base, scene.developer_1.address), (places.model, scene.developer_2.address),
    ]  # fmt: skip


def test_of_an_item_a_page_says_whether_its_manifest_has_it(
    site: Site, places: Places, tmp_path: Path
) -> None:
    scene, folder = places.scene, tmp_path / "published"
    items = scene.collections["alice"].items
    scene.alice.data.revoke_item(items[0].commitment)
    site.catch_up()
    path = f"/api/v1/models/{places.base}/withdrawals"
    with asked(site) as client:
        assert client.get(path).json()["rows"][0]["declares"] == "unknown"
        assert "is unknown here" in client.get(f"/model/{places.base}").text
    folder.mkdir()
    manifest = scene.manifest(WEIGHTS).to_json()
    (folder / "any name").write_text(manifest)
    scene.developer_1.statements.state("model", places.base, "manifest", folder / "any name")
    site.catch_up()
    with asked(site, folder) as client:
        (row,) = client.get(path).json()["rows"]
        assert (row["declares"], row["kind"], row["id"]) == ("yes", "item", to_hex(items[0].id))
