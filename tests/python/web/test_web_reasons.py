"""A Japanese page gives its reasons in Japanese; in English, and marked, only what nobody knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.python.web.bringing import announced, bring, press
from tests.python.web.test_web_own import enters
from tests.python.web.test_web_phone import paying
from tests.python.web.test_web_signing import HERE, POSTS, Device, begun

from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.relay import Relay
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door
from kiseki.web.words import Words

from .conftest import Places

JAPANESE = {"Accept-Language": "ja"}
PROSE = re.compile(r"(?<!`)(?:\b[a-z]{2,}\b ){3,}")
"""Words of English in a row."""


@pytest.fixture
def relay(places: Places, tmp_path: Path) -> Relay:
    return paying(places.scene.k, tmp_path)


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def reader(site: Site, desk: Desk, door: Door, relay: Relay) -> Iterator[TestClient]:
    app = application(site, desk=desk, door=door, relay=relay, follows=False)
    with TestClient(app, base_url=HERE, headers=JAPANESE) as client:
        yield client


def told(answer: Any) -> str:
    """The reason that a script is given; it must be Japanese."""
    said = answer.json()
    assert (answer.is_error, said["language"]) == (True, "ja"), said
    assert not PROSE.search(said["error"]), said
    return str(said["error"])


PATHS = [
    "/collection/0x12", "/model/nonsense", f"/batch/0x{'77' * 32}", "/lineage/0x", "/data/1",
    f"/collection/0x{'77' * 32}", f"/model/0x{'77' * 32}", f"/lineage/0x{'77' * 32}",
    f"/terms/0x{'77' * 32}", f"/offer/0x{'77' * 32}", f"/schedule/0x{'77' * 32}",
    f"/identity/0x{'77' * 32}", f"/token/0x{'77' * 32}", f"/split/0x{'77' * 32}", "/wallet/mika",
    "/wallet/0x70997970C51812DC3A010C7D01B50E0D17DC79c8", "/tx/0x1", "/commitment/0xzz",
    f"/collection/0x{'77' * 32}/uses?after=x", "/split/0x12?after=-1", "/nowhere/at/all",
    f"/model/0x{'77' * 32}/users?after=abc", "/relay/nobody", f"/batch/0x{'77' * 32}/outputs",
    "/own/statement.csv", "/search?q=" + "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_page_that_says_no_says_why_in_japanese(reader: TestClient, path: str) -> None:
    answer = reader.get(path)
    assert answer.is_error
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    reason = re.search(r'<p class="soft">(.*?)</p>', main)
    assert reason is not None
    assert 'lang="en"' not in main
    assert not PROSE.search(re.sub(r"<[^>]*>", "", main)), main


def test_what_the_relay_refuses_it_refuses_in_japanese(reader: TestClient) -> None:
    for kind, text in (
        ("consent", "{}"), ("consent", "no"), ("consent", '{"kiseki": {}}'), ("revocation", "{}"),
        ("revocation", "[]"), ("operation", "{}"), ("operation", '{"message": {}}'),
        ("operation", '{"message": 1}'), ("claim", "{}"), ("claim", '{"wallet": "mika"}'),
        ("claim", f'{{"wallet": "0x{"00" * 20}"}}'), ("nothing", "{}"), ("claim", "x" * 300_000),
    ):  # fmt: skip
        headers = {**POSTS, "Content-Type": "application/json"}
        assert told(reader.post(f"/relay/{kind}", content=text, headers=headers))
    assert told(reader.post("/relay/claim", content="{}", headers={"Origin": "https://x.example"}))


def test_an_own_page_refuses_in_japanese(
    reader: TestClient, cuts: Invitation, places: Places
) -> None:
    device = Device()
    begun(reader, cuts, device)
    assert told(reader.post("/own/enter", json={}, headers=POSTS))
    account = places.scene.k.accounts.address(device.phone.key)
    assert enters(reader, device).is_success
    for page in (
        f"key?key={account}", "key?key=mika@example.com", f"guardians?guardians={account}",
        f"guardians?guardians=0x{'ab' * 20}&threshold=3", "guardians?threshold=x", "nonsense",
        f"claim?to={account}", f"revoke?collection=0x{'77' * 32}", "revoke?collection=0x12",
        f"revoke?collection={places.art}",
    ):  # fmt: skip
        shown = reader.get(f"/own/do/{page}").text.partition("<main")[2]
        reason = re.search(r'<p class="(?:verdict over|soft)">(.*?)</p>', shown)
        assert reason is not None, page
        assert not PROSE.search(re.sub(r"<[^>]*>", "", reason[1])), (page, reason[1])
    assert told(reader.post("/own/do", json={"message": {}}, headers=POSTS))
    assert told(reader.post("/own/letter", json={"signature": "0x"}, headers=POSTS))


def test_an_invitation_refuses_in_japanese(reader: TestClient, cuts: Invitation) -> None:
    at = f"/sign/{cuts.secret}"
    for page, body in (("begin", {}), ("signature", {}), ("wallet", {"account": "mika"}),
                       ("wallet", {"signature": "0x12"})):  # fmt: skip
        assert told(reader.post(f"{at}/{page}", json=body, headers=POSTS))
    assert reader.get(f"{at}/drawing/99").status_code == 404


LISTS: dict[str, bytes] = {
    "empty.csv": b"",
    "columns.csv": b"one,two\n1,2\n",
    "nobody.csv": b"file,name,artist\na.png,A,\n",
    "nothing.csv": b"file,name,artist\n",
    "gone.csv": "file,name,artist\nb.png,B,花子\n".encode(),
    "joint.csv": "file,name,artist,share\na.png,A,花子,1\na.png,A,太郎,1\n".encode(),
    "shares.csv": "file,name,artist,share\na.png,A,花子,60%\na.png,A,太郎,60%\n".encode(),
    "twice.csv": b"file,name,name\na.png,A,B\n",
    "wide.csv": b"file,name,artist\na.png,A,B,C\n",
    "narrow.csv": b"file,name,artist\na.png\n",
    "latin.csv": "file,name,artist\na.png,é,ü\n".encode("latin-1"),
    "zero.csv": b"file,name,artist\na.png,\0,B\n",
    "nobook.xlsx": b"PK\x03\x04 this is none",
    "nosheet.ods": b"nothing",
    "out.csv": "file,name,artist\n../../../etc/hostname,A,花子\n".encode(),
    "hash.csv": b"sha256,name,artist\n12,A,B\n",
    "from.csv": "file,name,artist,basis\na.png,A,花子,own\n".encode(),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_cannot_be_read_is_refused_in_japanese(
    reader: TestClient, door: Door, name: str
) -> None:
    assert reader.get(f"/studio?key={door.key}").is_success
    page = bring(reader, {name: LISTS[name], "a.png": b"\x89PNG\r\n\x1a\n" + bytes(range(40))})
    shown = reader.get(page).text
    assert '"revision"' not in shown or told(press(reader, page)), name
    assert '<span lang="en">' not in shown, name


def test_a_form_that_says_nonsense_is_refused_in_japanese(reader: TestClient, door: Door) -> None:
    assert reader.get(f"/studio?key={door.key}").is_success
    wrong: dict[str, Any]
    for wrong in (
        {"licence": "none"}, {"governs": "fr"}, {"days": "soon"}, {"royalty": "much"},
        {"royalty": "200"}, {"royalty": "0.001"}, {"notice": "-1"}, {"studio": ""},
        {"licence": "licensed", "royalty": "1e9"}, {"notice": "99999"}, {"files": []},
    ):  # fmt: skip
        asked = announced({"cuts.csv": LISTS["nobody.csv"]}) | wrong
        assert told(reader.post("/studio/invite", json=asked, headers=POSTS)), wrong


def test_what_nobody_translated_is_shown_in_english_and_marked(translated: list[str]) -> None:
    words = Words("ja")
    assert words.reason("the moon <is> full") == '<span lang="en">the moon &lt;is&gt; full</span>'
    assert words.refused("the moon is full") == {"error": "the moon is full", "language": "en"}
    assert Words("en").reason("this is no <b>") == "this is no &lt;b&gt;"
    assert len(translated) == 3
    translated.clear()
