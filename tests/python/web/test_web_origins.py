"""A list that says where works come from, from a browser, as the command line takes it."""

from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.python.passkey import Passkey as Phone
from tests.python.web.bringing import bring, press
from tests.python.web.browser import launched
from tests.python.web.looking import looked_at, looks
from tests.python.web.test_web_browser import PICTURES

from kiseki.core import passkeys
from kiseki.core.origin import read
from kiseki.vault.invitations import Invitation, Passkey
from kiseki.web.app import application
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .conftest import Places, served

HERE = "http://localhost"
POSTS = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
HEAD = "file,artist,basis,collector,collected,how,source,evidence,territory\n"
ROWS = (
    "0.svg,山田 花子,own,Studio Kaze,2026-04-01/2026-06-30,drawn for episode 1,,deal.txt,JP\n"
    "1.svg,山田 花子,hire,Studio Kaze,2026-07-01,drawn for episode 2,,,world\n"
    "2.svg,Sato Ken,own,Studio Kaze,2026-07-01,drawn for episode 2,,,world\n"
)


@pytest.fixture
def producer(site: Site, desk: Desk) -> Iterator[TestClient]:
    door = Door()
    client = TestClient(application(site, desk=desk, door=door, follows=False), base_url=HERE)
    assert client.get(f"/studio?key={door.key}").status_code == 200
    yield client


def invited(producer: TestClient, rows: str, head: str = HEAD) -> tuple[int, str]:
    """Brings a folder and makes the links: what the site says, on the page that shows the folder
    or when the links are made."""
    files = {"list.csv": (head + rows).encode(), "deal.txt": b"the deal"}
    page = bring(producer, files | {f"{n}.svg": f"<svg>{n}</svg>".encode() for n in range(3)})
    text = html.unescape(producer.get(page).text)
    if '"revision"' not in text:
        return 400, text
    told = press(producer, page)
    return told.status_code, told.text


def signs(desk: Desk, invitation: Invitation) -> Invitation:
    phone = Phone()
    passkey = Passkey(phone.key[:8], b"cose", phone.key, "localhost")
    with desk.using() as invitations:
        begun = invitations.begin(invitation, passkey)
        answer = passkeys.assertion(*phone.get(invitations.challenge(begun)))
        return invitations.sign(begun, passkey, answer)


def test_where_works_come_from_is_shown_signed_and_registered(
    producer: TestClient, desk: Desk, places: Places
) -> None:
    assert invited(producer, ROWS) == (200, '{"next":"/studio"}')
    assert invited(producer, ROWS)[0] == 200  # the same links
    made = desk.store.all()
    assert [(each.artist, len(each.drawings)) for each in made] == [
        ("山田 花子", 1), ("山田 花子", 1), ("Sato Ken", 1),
    ]  # fmt: skip
    first = signs(desk, made[0])
    page = producer.get(f"/sign/{first.secret}/terms").text
    for each in (
        "Where the drawings come from", "The works are the provider&#39;s own.", "in JP",
        "Collected by Studio Kaze", "drawn for episode 1", "deal.txt",
    ):  # fmt: skip
        assert each in page, each
    kept = producer.get(f"/sign/{first.secret}/origin.json")
    assert kept.headers["cache-control"] == "no-store"
    found = read(kept.content)
    assert found is not None
    document = found.origin
    assert document.provider == first.account
    other = signs(desk, made[1])
    assert "made for hire" in producer.get(f"/sign/{other.secret}/terms").text
    k = places.scene.k
    with desk.using() as invitations:
        results = list(k.data.consents.submit([
            invitations.folder / (each.consent or "") for each in (first, other)
        ]))  # fmt: skip
    assert [each.problem for each in results] == ["", ""]
    assert first.collection and other.collection
    assert k.index.collection(first.collection).origin == document.hash
    assert k.index.collection(other.collection).origin not in (document.hash, bytes(32))


def test_a_list_without_origins_shows_none(
    producer: TestClient, desk: Desk, cuts: Invitation
) -> None:
    done = signs(desk, cuts)
    assert "Where the drawings come from" not in producer.get(f"/sign/{done.secret}/terms").text
    assert producer.get(f"/sign/{done.secret}/origin.json").status_code == 404


def test_an_origin_that_cannot_be_right_is_refused_now_and_not_when_the_artist_comes(
    producer: TestClient, desk: Desk
) -> None:
    own = "own,Studio Kaze,2026-04-01,drawn,,,JP\n"
    for rows, why in (
        ("0.svg,A B,mine,Studio Kaze,2026-04-01,drawn,,,JP\n", "the basis must be one of"),
        ("0.svg,A B,own,Studio Kaze,1 April,drawn,,,JP\n", "the days of collecting"),
        ("0.svg,A B,own,Studio Kaze,2026-04-01,drawn,,gone.txt,JP\n", "gone.txt"),
        ("0.svg,A B,joint,Studio Kaze,2026-04-01,drawn,,,JP\n", "several or unknown authors"),
        ("0.svg,A B,own,Studio Kaze,2026-04-01,drawn,,/etc/passwd,JP\n", "no file of the folder"),
        ("0.svg,A B,own,Studio Kaze,2026-04-01,drawn,,../../x=y,JP\n", "no file of the folder"),
        (f"../../invitations.sqlite,A B,{own}", "no file of the folder"),
        (f"/etc/hostname,A B,{own}", "no file of the folder"),
        (f"0.svg,A B,{own}0.svg,A B,hire,Studio Kaze,2026-04-01,drawn,,,JP\n", "different things"),
        ("0.svg,A B,own,Stu\u202edio,2026-04-01,drawn,,,JP\n", "cannot be seen"),
    ):
        status, told = invited(producer, rows)
        assert status == 400 and why in " ".join(told.split()), (rows, told)
    assert desk.store.all() == []


def test_a_file_of_invitations_of_before_is_taken(tmp_path: Path) -> None:
    import sqlite3

    from kiseki.vault.invitations import InvitationStore

    path = tmp_path / "invitations.sqlite"
    InvitationStore(path).close()
    db = sqlite3.connect(path)
    db.execute("ALTER TABLE invitation DROP COLUMN origin")
    db.close()
    store = InvitationStore(path)
    assert store.all() == []
    store.close()


def test_an_artist_sees_where_the_drawings_come_from_on_every_screen(
    site: Site, desk: Desk, producer: TestClient
) -> None:
    invited(producer, ROWS)
    done = desk.store.all()[0]
    phone = Phone()
    with desk.using() as invitations:
        invitations.begin(done, Passkey(b"x", b"cose", phone.key, "localhost"))
    PICTURES.mkdir(parents=True, exist_ok=True)
    with served(site, desk=desk) as at:
        for look, options in looks():
            with launched(**options) as page:
                page.goto(f"{at.replace('127.0.0.1', 'localhost')}/sign/{done.secret}/terms")
                assert looked_at(page, PICTURES / f"sign-origin-{look}.png") == []
