"""Pages say what the index says, in both languages, and nothing that a visitor or registrant writes
becomes part of them (promises 2, 3 and 7; rules 9, 10, 12 and 13)."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import partial
from html import unescape
from typing import Any

import pytest
from jinja2 import Environment
from starlette.testclient import TestClient

from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.errors import IndexUnusable
from kiseki.language import LANGUAGES
from kiseki.web.asked import _templates, prepare
from kiseki.web.guard import POLICY
from kiseki.web.shown import parts
from kiseki.web.site import Site

from .conftest import Places

NOBODY = "0x" + "77" * 32
PLURALS = {
    "terms": "terms", "offer": "offers", "schedule": "schedules", "identity": "identities",
}  # fmt: skip


def words(html: str) -> str:
    """What a person reads of a page."""
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_every_page_answers_in_both_languages_and_has_its_twin(
    visitor: TestClient, places: Places
) -> None:
    for name, path in places.pages.items():
        said = {}
        for language in LANGUAGES:
            answer = visitor.get(path, headers={"Accept-Language": language})
            assert answer.status_code == 200, (name, language)
            assert f'<html lang="{language}">' in answer.text
            assert answer.headers["content-language"] == language
            said[language] = words(answer.text)
        assert said["en"] != said["ja"], name
        if name not in ("home", "file", "search", "uses", "history", "earned", "held"):
            twin = visitor.get(f"{path}.json")
            assert twin.status_code == 200 and twin.json(), name


def test_the_first_visitor_waits_for_nothing_that_could_be_ready(
    visitor: TestClient, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    _templates.cache_clear()
    prepare()
    monkeypatch.setattr(Environment, "compile", lambda *_: pytest.fail("a template is compiled"))
    for path in places.pages.values():
        assert visitor.get(path).status_code == 200


def test_a_collection_says_whether_consent_holds_and_who_declares_it(
    visitor: TestClient, places: Places
) -> None:
    """Promise 2."""
    scene, path = places.scene, places.pages["collection"]
    record = scene.k.index.collection(scene.collections["alice"].id)
    told = visitor.get(f"{path}.json").json()
    assert (told["provider"], told["count"], told["logged"]) == (scene.alice.address, 3, 3)
    assert (told["registered_at"], told["transaction"]) == (
        record.registered_at,
        to_hex(record.transaction),
    )
    assert told["holds"] and told["payee"]["kind"] == "wallet"
    used = scene.k.index.uses(record.id, deep=True)
    assert [each["share"] for each in told["uses"]["rows"]] == [str(each.share) for each in used]
    assert (told["models"], told["batches"]) == (2, 1)
    said = words(visitor.get(path).text)
    assert "Consent is in force." in said and scene.terms.words() in said
    assert "同意は有効です。" in words(visitor.get(f"{path}?language=ja").text)


def test_revoked_data_is_said_to_be_revoked_where_it_stands_and_above(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """Promises 2 and 3: what was registered before stays, and nobody is told that it was wrong."""
    before = words(visitor.get(places.pages["batch"]).text)
    assert "Consent to all of them is in force today." in before
    scene = places.scene
    scene.alice.data.revoke(scene.collections["alice"].id)
    site.catch_up()
    data = words(visitor.get(places.pages["collection"]).text)
    assert (
        "Its provider revoked consent on" in data
        and "and it ended on" in data
        and "no new use is allowed" in data
    )
    batch = words(visitor.get(places.pages["batch"]).text)
    assert "Consent to 1 of them has ended since. What was registered before stays" in batch
    assert "Consent to all of them" not in batch
    told = visitor.get(f"{places.pages['batch']}.json").json()
    assert (told["standing"]["collections"], told["standing"]["lapsed"]) == (2, 1)


def test_an_output_is_told_with_what_its_batch_rests_on(
    visitor: TestClient, places: Places
) -> None:
    """Promise 3: who has one picture learns how all of its batch stands."""
    told = visitor.get(f"{places.pages['output']}.json").json()
    assert (told["kind"], told["batch"]["id"]) == ("output", places.batch)
    assert told["batch"]["standing"]["collections"] == 2
    said = words(visitor.get(places.pages["output"]).text)
    assert said.startswith("Output") or " Output 0x" in said
    assert "it rests on 2 collections" in said and "2 problems are on record" in said
    data = visitor.get(f"{places.pages['item']}.json").json()
    assert (data["kind"], data["batch"]) == ("data", None)


def test_what_was_found_is_told_in_the_language_of_who_reads(
    visitor: TestClient, places: Places
) -> None:
    """A finding is no English sentence on a Japanese page, and the API answers in that language."""
    said = words(visitor.get(places.pages["batch"]).text)
    assert "has not published the manifest of the model" in said
    path = f"{places.pages['batch']}?language=ja"
    japanese = visitor.get(path).text
    assert "学習データ目録を公開していません。" in words(japanese).replace(" ", "")
    assert "manifest of" not in japanese and '<span lang="en">' not in japanese
    told = visitor.get(f"{places.pages['batch']}.json", headers={"Accept-Language": "ja"}).json()
    assert all("学習データ目録" in each["sentence"] for each in told["findings"])


def test_a_lineage_tells_what_reaches_whom_as_the_split_pays(
    visitor: TestClient, places: Places
) -> None:
    """Promise 4, rule 9: the parts of the picture are those that a claim of everybody brings."""
    scene = places.scene
    told = visitor.get(f"{places.pages['lineage']}.json").json()
    shares = {each["id"]: Fraction(each["share"]) for each in told["nodes"]}
    gained = {who: sum(e.amount for e in scene.k.index.owed(who)) for who in scene.people}
    for name, who in (("alice", scene.alice), ("bob", scene.bob)):
        part = shares[to_hex(scene.collections[name].id)]
        assert abs(part * 3 * 10**18 - gained[who.address]) < 3, "rounded down, a unit a step"
    assert shares[places.model] == shares[places.base] == Fraction(1, 4)
    picture = visitor.get(places.pages["lineage"]).text
    assert picture.count("<svg") == 2 and f'href="/collection/{places.art}"' in picture


def test_a_long_lineage_is_shown_in_parts_that_are_the_whole(
    visitor: TestClient, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model may rest on thousands of collections, and a page holds some rows of them."""
    monkeypatch.setattr(parts, "part", partial(parts.part, most=2))
    told = visitor.get(f"{places.pages['lineage']}.json").json()["nodes"][1:]
    assert len(told) > 2
    for first in (places.pages["batch"], places.pages["lineage"]):
        path, listed, pages = first, list[str](), 0
        while path:
            page = visitor.get(path).text
            table = re.search(r"<details(?! class).*?</details>", page, re.S)
            assert table and ("<svg" in page) == (not pages), "and its picture once"
            shown = re.findall(r'<td data-label="What">.*?title="(\w+)"', table[0])
            assert 0 < len(shown) <= 2
            listed, pages = listed + shown, pages + 1
            more = re.search(r'href="(/lineage/[^"]*after=[^"]*)"', table[0])
            path = more[1] if more else ""
        assert listed == [each["id"] for each in told]
    beyond = visitor.get(f"{places.pages['lineage']}?after=9000000000000000000")
    assert beyond.status_code == 200 and "There is nothing more." in beyond.text


def test_a_wallet_sees_what_waits_and_what_came(visitor: TestClient, places: Places) -> None:
    scene = places.scene
    told = visitor.get(f"{places.pages['wallet']}.json").json()
    owed = scene.k.index.owed(scene.alice.address)
    (total,) = told["due"]
    most_first = sorted((each.amount for each in owed), reverse=True)
    assert [each["amount"] for each in total["rows"]] == list(map(str, most_first))
    assert (total["amount"], total["sources"]) == (str(sum(e.amount for e in owed)), len(owed))
    assert [each["id"] for each in told["collections"]["rows"]] == [places.art]
    paid = visitor.get(f"/wallet/{scene.buyer.address}.json").json()["history"]["rows"]
    assert [(each["kind"], each["amount"]) for each in paid] == [("deposit", str(3 * 10**18))]
    stranger = "0x" + "12" * 20
    said = words(visitor.get(f"/wallet/{stranger}").text)
    assert checksummed(stranger) in said and "Nobody here knows this wallet." in said


def test_what_nobody_knows_is_not_called_unregistered(visitor: TestClient) -> None:
    """Rule 13: "unknown" is never "forged", and a failed question is no answer."""
    for noun in ("collection", "model", "batch", "lineage", "data", "output", "token", "split"):
        answer = visitor.get(f"/{noun}/{NOBODY}")
        assert answer.status_code == 404, noun
        said = words(answer.text)
        assert "Nobody here knows this" in said and "may be registered on another chain" in said
        assert answer.headers["cache-control"] == "no-store"
        twin = visitor.get(f"/{noun}/{NOBODY}.json")
        assert twin.status_code == 404 and twin.json()["error"], noun
    assert "Nobody here knows this." in words(visitor.get(f"/search?q={NOBODY}").text)


WRONG = [
    "/collection/0x12", "/model/x", "/batch/%00", "/wallet/0x12", "/data/" + "a" * 500,
    f"/collection/{NOBODY}/items?after=0x1", "/wallet/0x" + "12" * 20 + "/history?after=-1",
    "/search?q=0x1", "/search?q=" + "a" * 300, "/split/0xzz", "/token/../../etc/passwd",
    "/static/../app.py", "/static/%2e%2e/app.py", "/nothing",
]  # fmt: skip
HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "';--"]


def test_a_wrong_address_is_answered_in_words(visitor: TestClient) -> None:
    for path in WRONG:
        for twin in (path, path.partition("?")[0] + ".json"):
            answer = visitor.get(twin)
            assert answer.status_code in (400, 404), (twin, answer.status_code)
            assert "Traceback" not in answer.text


def test_nothing_that_a_visitor_writes_becomes_part_of_a_page(visitor: TestClient) -> None:
    """Rule 12."""
    for text in HOSTILE:
        answer = visitor.get("/search", params={"q": text})
        assert text in unescape(answer.text) and answer.status_code == 200
        assert "<script>" not in answer.text and "<img src=x" not in answer.text
        assert "49" not in words(answer.text).replace(text, "").partition("As of")[0]
        wrong = visitor.get(f"/collection/{text}")
        assert "<script>" not in wrong.text and "<img src=x" not in wrong.text


def test_every_answer_says_what_a_browser_may_do_with_it(
    visitor: TestClient, places: Places
) -> None:
    for path in (*places.pages.values(), "/static/site.css", "/api/v1/", f"/model/{NOBODY}"):
        headers = visitor.get(path).headers
        assert headers["content-security-policy"] == POLICY, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY" and headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in POLICY and "default-src 'none'" in POLICY
    for path in places.pages.values():
        text = visitor.get(path).text
        ours = r'<script type="module" src="/static/js/\w+\.js"></script>'
        plain = re.sub(ours, "", text)
        assert not re.search(r"<script|\son\w+=|style=|javascript:", plain), path
        assert not re.search(r'(src|href|action)="(https?:)?//', text), "nothing from elsewhere"


def test_only_the_sites_own_names_are_answered(visitor: TestClient) -> None:
    """DNS rebinding: a page elsewhere makes its own name lead here."""
    for host in ("attacker.example", "localhost.attacker.example", "127.0.0.1.nip.io", ""):
        assert visitor.get("/", headers={"Host": host}).status_code == 400, host
    for host in ("localhost", "127.0.0.1:8000", "[::1]:8000"):
        assert visitor.get("/", headers={"Host": host}).status_code == 200, host


def test_a_page_that_a_visitor_has_is_not_sent_again_until_a_block_comes(
    visitor: TestClient, site: Site, places: Places
) -> None:
    path = places.pages["model"]
    first = visitor.get(path)
    tag = {"If-None-Match": first.headers["etag"]}
    again = visitor.get(path, headers=tag)
    assert again.status_code == 304 and not again.content
    assert visitor.get(path, headers={**tag, "Accept-Language": "ja"}).status_code == 200
    places.scene.buyer.revenue.pay(places.scene.buyer.payee(places.batch), 1)
    site.catch_up()
    assert visitor.get(path, headers=tag).status_code == 200


def test_a_language_that_was_chosen_stays(visitor: TestClient) -> None:
    assert 'lang="ja"' in visitor.get("/?language=ja").text
    assert '<html lang="ja">' in visitor.get("/", headers={"Accept-Language": "en"}).text
    assert '<html lang="en">' in visitor.get("/?language=en").text
    assert '<html lang="en">' in visitor.get("/?language=tlh").text


def test_pages_stay_and_say_how_old_they_are_while_the_node_is_away(
    visitor: TestClient, site: Site, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 13. What only the node tells is not told."""
    assert "does not answer" not in words(visitor.get("/").text)
    tag = visitor.get("/").headers["etag"]
    node = site.k.session.node
    monkeypatch.setattr(node, "_urls", ["http://127.0.0.1:9/"], raising=False)
    node.give_up(RuntimeError("the node is gone"))  # type: ignore[arg-type]
    site.catch_up()
    answer = visitor.get("/", headers={"If-None-Match": tag})
    assert answer.status_code == 200 and "node of this site does not answer" in words(answer.text)
    assert visitor.get(places.pages["batch"]).status_code == 200
    health = visitor.get("/health").json()
    assert health["ok"] and health["node"] == "away"
    assert "kiseki_node_answers 0" in visitor.get("/metrics").text


def test_a_visitor_does_not_learn_where_the_operators_files_lie(
    visitor: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """What is wrong with them stands in the log."""

    def reading() -> Any:
        raise IndexUnusable("the index at secret.sqlite cannot be read")

    monkeypatch.setattr(site, "reading", reading)
    for path in ("/", f"/collection/{NOBODY}", "/api/v1/", "/health", "/metrics"):
        answer = visitor.get(path)
        assert answer.status_code == 503, path
        assert "secret" not in answer.text
    assert "This cannot be answered now" in words(visitor.get("/").text)
    assert "secret.sqlite" in caplog.text


def test_the_api_gives_a_list_in_parts_that_are_the_whole(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """Rule 10: a part costs what it holds; nothing is there twice or missing."""
    scene = places.scene
    token = scene.k.test_token()
    scene.k.mint(token, scene.buyer.address, 10**9)
    scene.buyer.revenue.pay(scene.alice.address, 7, token)
    scene.alice.revenue.claim()
    site.catch_up()
    for path in (
        f"/api/v1/collections/{places.art}/uses", f"/api/v1/collections/{places.art}/items",
        f"/api/v1/models/{places.base}/users", f"/api/v1/batches/{places.batch}/outputs",
        f"/api/v1/wallets/{places.scene.buyer.address}/history",
        f"/api/v1/wallets/{places.scene.alice.address}/earned",
        f"/api/v1/wallets/{places.scene.creator.address}/held",
    ):  # fmt: skip
        whole = visitor.get(path, params={"most": 1000}).json()
        assert whole["after"] is None and whole["rows"], path
        rows, after = [], None
        while True:
            asked = {"most": 1} | ({"after": after} if after else {})
            part = visitor.get(path, params=asked).json()
            rows += part["rows"]
            if (after := part["after"]) is None:
                break
        assert rows == whole["rows"], path


def test_the_api_says_as_of_which_block_it_answers(visitor: TestClient, places: Places) -> None:
    answer = visitor.get(f"/api/v1/models/{places.model}")
    assert answer.headers["kiseki-block"] == str(places.scene.k.index.cursor.block)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == visitor.get(f"{places.pages['model']}.json").json()
    told = visitor.get("/api/openapi.json").json()
    assert told["paths"]["/api/v1/models/{which}"]["get"]["responses"]["200"]
    assert "example.org" not in json.dumps(told)


def test_agreements_say_what_was_agreed_and_how_it_stands(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """Promise 4: terms, offers, schedules and identities, each as its record and in words."""
    scene = places.scene
    index = scene.k.index
    offer = visitor.get(f"{places.pages['offer']}.json").json()
    record = index.agreements.offer(places.offer)
    assert (offer["price"], offer["sold"], offer["supply"]) == ("0", 1, record.offer.supply)
    assert offer["subject"]["id"] == places.batch and offer["uses"] == ["commercial_output"]
    assert not offer["over"] and "A licence costs nothing." in words(
        visitor.get(places.pages["offer"]).text
    )
    schedule = visitor.get(f"{places.pages['schedule']}.json").json()
    assert (schedule["state"], schedule["token"]) == ("open", places.token)
    income, several = schedule["conditions"]
    assert (income["kind"], income["amount"]) == ("income", str(10**19))
    assert [part["kind"] for part in several["parts"]] == ["all", "escrow"]
    both = several["parts"][0]["parts"]
    assert [part["kind"] for part in both] == ["time", "approvals"]
    assert both[1]["parties"] == [scene.alice.address]
    said = words(visitor.get(places.pages["schedule"]).text)
    assert "One of these: All of these: It is" in said and "1 ETH lies in escrow" in said
    terms = visitor.get(f"{places.pages['terms']}.json").json()
    assert terms["terms"]["words"] == scene.terms.words()
    assert [row["id"] for row in terms["works"]["rows"]] == [
        to_hex(each.id) for each in index.overview.works_under(scene.terms.id)
    ]
    identity = visitor.get(f"{places.pages['identity']}.json").json()
    assert identity["wallet"] is None, "the binding is not final yet"
    assert [row["amount"] for row in identity["waiting"]] == [str(10**17)]
    scene.creator.market.end(places.offer)
    scene.k.wait(8 * 86_400)
    scene.k.revenue.pay(scene.alice.address, 1)  # a block that tells the index the time
    site.catch_up()
    assert "has ended this offer" in words(visitor.get(places.pages["offer"]).text)
    later = visitor.get(f"{places.pages['identity']}.json").json()
    assert later["wallet"] == scene.stranger.address
    for name in ("terms", "offer", "schedule", "identity"):
        assert visitor.get(f"/{name}/{NOBODY}").status_code == 404
        api = visitor.get(f"/api/v1/{PLURALS[name]}/{NOBODY}")
        assert api.status_code == 404 and api.json()["error"]


def test_the_api_tells_what_is_registered_of_one_content(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """Promise 3: the earliest batch is the output's; others are places, in parts that are bounded
    (rule 10). An empty answer is one, and no error (rule 13)."""
    scene = places.scene
    again = scene.outputs("cut", [scene.model_2], creator=scene.stranger, mint=False)
    site.catch_up()
    which = to_hex(scene.batch.items[0].commitment)
    told = visitor.get(f"/api/v1/commitments/{which}").json()
    assert told == visitor.get(f"/commitment/{which}.json").json()
    assert (told["commitment"], told["output"]["batch"]) == (which, places.batch)
    assert told["output"]["id"] == places.output
    assert [each["id"] for each in told["output"]["models"]] == [places.model]
    assert told["output"]["standing"]["collections"] == 2
    assert [each["id"] for each in told["places"]["rows"]] == [places.batch, to_hex(again.id)]
    first = visitor.get(f"/api/v1/commitments/{which}", params={"most": 1}).json()["places"]
    assert [each["id"] for each in first["rows"]] == [places.batch]
    rest = {"most": 1, "after": first["after"]}
    second = visitor.get(f"/api/v1/commitments/{which}", params=rest).json()["places"]
    assert [each["id"] for each in second["rows"]] == [to_hex(again.id)]
    assert second["after"] is None
    nothing = visitor.get(f"/api/v1/commitments/{NOBODY}")
    assert nothing.status_code == 200
    assert nothing.json() == {
        "commitment": NOBODY, "output": None, "places": {"rows": [], "after": None}
    }  # fmt: skip
    wrong = {"after": NOBODY}
    assert visitor.get(f"/api/v1/commitments/{which}", params=wrong).status_code == 404
    for bad in ("0x12", "x", which + "00"):
        assert visitor.get(f"/api/v1/commitments/{bad}").status_code == 400, bad


def test_the_api_tells_what_one_model_declares_of_one_collection(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """Promise 2: root and weight are those of the manifest; what it does not name is none."""
    scene = places.scene
    (source,) = scene.manifest({"alice": 1}).collections
    at = f"/api/v1/models/{places.model}/sources"
    told = visitor.get(f"{at}/{places.art}").json()
    assert (told["items"], told["weight"]) == (to_hex(source.items), str(source.weight))
    other = visitor.get(f"{at}/{to_hex(scene.collections['bob'].id)}").json()
    assert (other["items"], other["weight"]) == (None, None)
    assert visitor.get(f"/api/v1/models/{NOBODY}/sources/{places.art}").status_code == 404
    item = scene.collections["alice"].items[0]
    asked = f"/api/v1/revocations/{to_hex(item.id)}"
    assert visitor.get(asked).json() == {"id": to_hex(item.id), "revoked_at": None}
    scene.alice.data.revoke_item(item.commitment)
    site.catch_up()
    assert visitor.get(asked).json()["revoked_at"] > 0


def test_an_id_is_found_as_pages_show_it(visitor: TestClient, places: Places) -> None:
    """Copied with its dots from a page, and not a word more than that."""
    for dots in ("…", "..."):
        short = f"{places.model[:8]}{dots}{places.model[-4:]}"
        hits = visitor.get("/search.json", params={"q": short}).json()["hits"]
        assert [each["id"] for each in hits] == [places.model]
    other = "0000" if not places.model.endswith("0000") else "1111"
    wrong = {"q": f"{places.model[:8]}…{other}"}
    assert visitor.get("/search.json", params=wrong).json()["hits"] == []
