"""A season's outputs from a browser: seen before they are registered, and never twice."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from kiseki import Kiseki
from kiseki.chain.signing.accounts import local_account
from kiseki.core.terms import Terms
from kiseki.core.values import to_hex
from kiseki.vault.seasons import SeasonStore
from kiseki.web.app import application
from kiseki.web.names import Names
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .conftest import Places
from .test_web_names import state
from .test_web_pages import words

HERE = "http://localhost"
POSTS = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
LONG = 120.0


@pytest.fixture
def connect(places: Places, tmp_path: Path) -> Callable[[], Kiseki]:
    """The studio's wallet, as each thread of a site opens it."""

    def connected() -> Kiseki:
        return Kiseki.connect(
            places.scene.k.url, local_account(0), secrets=tmp_path / "studio" / "secrets",
            journal=tmp_path / "studio" / "journal", index=tmp_path / "studio" / "index",
        )  # fmt: skip

    return connected


@pytest.fixture
def studio(connect: Callable[[], Kiseki], tmp_path: Path) -> Iterator[Desk]:
    made = Desk(connect, tmp_path / "desk")
    yield made
    made.close()


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def producer(site: Site, studio: Desk, door: Door) -> Iterator[TestClient]:
    app = application(site, desk=studio, door=door, follows=False)
    client = TestClient(app, base_url=HERE)
    assert client.get(f"/studio?key={door.key}").status_code == 200
    yield client


Files = dict[str, bytes]


def announced(table: bytes, files: Files, named: str = "season.csv", **more: Any) -> dict[str, Any]:
    return {
        "name": "Season 1", "models": "", "table": [named, len(table), 5],
        "files": [[f"season/{path}", len(data), 5] for path, data in files.items()],
    } | more  # fmt: skip


def bring(producer: TestClient, table: bytes, files: Files, **more: Any) -> str:
    """Sends a season as the script does; the address of its page."""
    told = producer.post("/studio/season", json=announced(table, files, **more), headers=POSTS)
    assert told.status_code == 200, told.text
    send(producer, told.json(), table, files)
    return str(told.json()["next"])


def send(producer: httpx.Client, told: dict[str, Any], table: bytes, files: Files) -> None:
    for path, begins in told["files"]:
        data = table if path.startswith("table/") else files[path.removeprefix("files/")]
        at = f"{told['next']}/file"
        asked = {"path": path, "from": begins}
        sent = producer.post(at, params=asked, content=data[begins:], headers=own(producer))
        assert sent.json() == {"received": len(data)}, sent.text


def own(producer: httpx.Client) -> dict[str, str]:
    """As a page of the site itself sends."""
    return POSTS | {"Origin": str(producer.base_url).rstrip("/")}


def waited(producer: httpx.Client, page: str) -> str:
    """The page once nothing goes on any more."""
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        text = producer.get(page).text
        if "data-follow" not in text and "not all files" not in text:
            found = text
            # What was found stands on the page after the one that began to look.
            if "What is missing" in text or "What registering costs" in text:
                return found
            if "could not be read" in text or "What to keep" in text:
                return found
        time.sleep(0.05)
    raise AssertionError(text)


def press(producer: httpx.Client, page: str, text: str) -> Any:
    found = re.search(r'"agreed": "(0x[0-9a-f]{64})"', text)
    assert found, text
    return producer.post(f"{page}/register", json={"agreed": found.group(1)}, headers=own(producer))


def cuts(places: Places) -> tuple[bytes, Files]:
    """Two pictures of one model, and a film of two."""
    rows = ["file,model", f"ep1/a.png,{places.model}", f"ep1/b.png,{places.model}",
            f"film.mp4,{places.base}; {places.model}"]  # fmt: skip
    files = {"ep1/a.png": b"\x89PNG a", "ep1/b.png": b"\x89PNG b", "film.mp4": b"film" * 9_000}
    return "\n".join(rows).encode(), files


def sent_by(places: Places) -> int:
    """How many transactions the studio's wallet sent."""
    return int(places.scene.k.session.node.one(
        "eth_getTransactionCount", local_account(0).address, "latest"
    ), 16)  # fmt: skip


def test_a_season_is_seen_and_priced_before_anything_is_sent_and_then_registered(
    producer: TestClient, places: Places, site: Site, connect: Callable[[], Kiseki]
) -> None:
    before = sent_by(places)
    page = bring(producer, *cuts(places))
    text = waited(producer, page)
    assert "2 outputs" in text and "1 output" in text
    assert text.count(f"/model/{places.model}") == 2 and f"/model/{places.base}" in text
    assert "It declares" in text
    assert "Registering sends 2 transactions" in text and "ETH" in text
    assert "Register 2 batches" in text
    assert sent_by(places) == before
    assert press(producer, page, text).json() == {"next": page}
    text = waited(producer, page)
    site.catch_up()
    assert sent_by(places) == before + 2
    assert "Register 2 batches" not in text and "What to keep" in text
    table = list(csv.DictReader(io.StringIO(producer.get(f"{page}/outputs.csv").text[1:])))
    assert [each["file"] for each in table].sort() == list(cuts(places)[1]).sort()
    told = producer.get(f"{page}/registered.json").json()
    k = connect()
    for each in told["batches"]:
        batch = k.index.batch(bytes.fromhex(each["batch"][2:]))
        assert batch.complete and batch.creator == k.address.lower()
        assert [to_hex(m) for m in k.index.sources(batch.id).models] == each["models"]
        assert set(map(to_hex, batch.published)) == {one["commitment"] for one in each["outputs"]}
        assert each["transactions"][0]["transaction"] == to_hex(batch.transaction)
    k.close()


def test_a_second_press_and_a_second_producer_register_nothing_twice(
    producer: TestClient, places: Places, site: Site, studio: Desk
) -> None:
    before = sent_by(places)
    page, other = bring(producer, *cuts(places)), bring(producer, *cuts(places))
    texts = [waited(producer, each) for each in (page, other)]
    node = places.scene.k.session.node
    node.one("evm_setAutomine", False)
    assert {press(producer, page, texts[0]).status_code for _ in range(3)} == {200}
    assert press(producer, other, texts[1]).status_code == 200  # two see the same season
    time.sleep(3)  # the second would have sent by now
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    for each in (page, other):
        assert "What to keep" in waited(producer, each)
    assert sent_by(places) == before + 2


def test_what_is_registered_is_what_the_page_showed(producer: TestClient, places: Places) -> None:
    before = sent_by(places)
    table, files = cuts(places)
    page = bring(producer, table, files)
    text = waited(producer, page)
    changed = files | {"ep1/a.png": b"\x89PNG another"}
    told = producer.post(page, json=announced(table, changed), headers=POSTS).json()
    assert [path for path, _ in told["files"]] == ["files/ep1/a.png"]  # the others are here
    send(producer, told, table, changed)
    assert press(producer, page, text).status_code == 400
    seen = waited(producer, page)  # somebody else looks at it as it is now
    assert press(producer, page, text).status_code == 400
    text = seen
    assert sent_by(places) == before
    assert press(producer, page, text).status_code == 200
    waited(producer, page)
    assert sent_by(places) == before + 2


def test_all_that_is_in_disorder_is_named_and_keeps_the_button_away(
    producer: TestClient, places: Places, site: Site
) -> None:
    scene = places.scene
    scene.alice.data.revoke(scene.collections["alice"].id)
    site.catch_up()
    nobody = "0x" + "77" * 32
    mine = scene.outputs("mine", [scene.model_2], creator=scene.k, mint=False)
    (old,) = {path.read_bytes() for path in mine.items[0].paths}
    (theirs,) = {path.read_bytes() for path in scene.batch.items[0].paths}
    rows = [
        "file,model,collection,record",
        f"here.png,{places.model},,", f"gone.png,{places.model},,",
        f"../../etc/passwd,{places.model},,", f"same.png,{places.model},,",
        f"two.png,{places.model},,", f"two.png,{places.base},,", "none.png,,,",
        f"unknown.png,{nobody},,", f"read.png,{places.model},{places.art},",
        f"paper.png,{places.model},,no.txt", f"old.png,{places.model},,",
        f"theirs.png,{places.model},,", f"empty.png,{places.model},,",
    ]  # fmt: skip
    files = {
        "here.png": b"1", "same.png": b"1", "two.png": b"2", "none.png": b"3",
        "unknown.png": b"4", "read.png": b"5", "paper.png": b"6", "old.png": old,
        "theirs.png": theirs, "empty.png": b"", "forgotten.png": b"7",
        "season.csv": "\n".join(rows).encode(),
    }  # fmt: skip
    text = waited(producer, bring(producer, "\n".join(rows).encode(), files))
    for each in (
        "2 rows name files that are not in the folder.",
        "1 row names no model.",
        "1 model is not registered on this chain.",
        "1 row names a document that is not",
        "Consent to 1 collection that generation read has ended.",
        "Rows say two different things of 1 file.",
        "1 file is probably no output.",
        "1 file is in a batch that this wallet registered before.",
        "1 file is also in a batch that somebody else registered.",
        "1 content is there under several names",
    ):
        assert each in text, each
    assert "1 file of the folder stands in no row" in text and "forgotten.png" in text
    assert "season.csv" not in text and "row 3: gone.png" in text
    assert "Nothing can be registered before the above is in order." in text
    assert 'data-do="post">Register' not in text


def test_a_model_whose_gate_refuses_is_told_before_and_an_endorsement_opens_it(
    producer: TestClient, places: Places, site: Site, tmp_path: Path
) -> None:
    scene = places.scene
    gate = scene.k.session["AllowList"].address
    terms = Terms.of("train", royalty="5%", gate=gate)
    scene.developer_1.data.put_terms(terms)
    model = scene.model(scene.developer_1, "closed", {"bob": 1}, terms=terms)
    site.catch_up()
    folder = tmp_path / "gated"
    folder.mkdir()
    (folder / "x.png").write_bytes(b"a closed model's")
    table = f"file,model\nx.png,{to_hex(model)}\n".encode()
    page = bring(producer, table, {"x.png": b"a closed model's"})
    text = waited(producer, page)
    assert "The contract refuses a batch." in text
    batch = scene.k.outputs.prepare(folder, [model])
    word = scene.developer_1.outputs.endorse(model, batch, scene.k.session.now() + 9_999).to_text()
    table = f"file,model,endorsement\nx.png,{to_hex(model)},{word}\n".encode()
    told = producer.post(page, json=announced(table, {"x.png": b"a closed model's"}), headers=POSTS)
    send(producer, told.json(), table, {"x.png": b"a closed model's"})
    text = waited(producer, page)
    assert "Endorsements" in text
    assert press(producer, page, text).status_code == 200
    assert "What to keep" in waited(producer, page)


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"name": ""}, "call this season"),
    ({"name": "x\u202ey"}, "call this season"),
    ({"models": "0x12"}, "must be 32 bytes"),
    ({"files": [["season/../../evil", 1, 1]]}, "no file of the folder"),
    ({"files": [["/etc/evil", 1, 1]]}, "no file of the folder"),
    ({"files": [["season\\..\\evil", 1, 1]]}, "no file of the folder"),
    ({"files": [["season/a\x00b", 1, 1]]}, "no file of the folder"),
    ({"files": [["season/" + "ä" * 200, 1, 1]]}, "too long"),
    ({"files": [["season/a", 1, 1], ["season/a", 2, 2]]}, "same name"),
    ({"files": [["season/か\u3099", 1, 1], ["season/が", 1, 1]]}, "same name"),
    ({"files": [["season/a", 1, 1], ["season/a/b", 1, 1]]}, "same name"),
    ({"files": [["season/a", 1 << 52, 1]]}, "not enough room"),
    ({"files": [["season/a", -1, 1]]}, "choose the table"),
    ({"files": [["season/a", True, "x"]]}, "choose the table"),
    ({"files": []}, "choose the table"),
    ({"table": None}, "choose the table"),
    ({"table": ["../../x", 1, 1], "files": [["a", 1, 1]]}, "no file of the folder"),
)  # fmt: skip


def test_files_that_cannot_be_meant_are_refused_with_a_reason(
    producer: TestClient, studio: Desk, tmp_path: Path
) -> None:
    for said, why in WRONG:
        given = announced(b"file\n", {"a": b"1"}) | said
        told = producer.post("/studio/season", json=given, headers=POSTS)
        assert told.status_code == 400 and why in told.json()["error"], (said, told.text)
    for body in (b"", b"[]", b"{", b"[" * 100_000, b'{"name": 1}'):
        headers = POSTS | {"Content-Type": "application/json"}
        told = producer.post("/studio/season", content=body, headers=headers)
        assert told.status_code == 400, body[:9]
    assert not (tmp_path / "evil").exists()
    assert studio.seasons.store.all() == [], "what was refused is in no list"
    assert not any(studio.seasons.store.folder("").rglob("*.*"))


TABLES = (
    ("season.csv", b""),
    ("season.csv", b"\x00" * 4_096),
    ("season.xlsx", b"PK\x05\x06" + bytes(18)),
    ("season.xlsx", b"PK\x03\x04" + bytes(400)),
    ("season.csv", b"GIF89a;/*\xff\xfe*/"),
    ("season.csv", b"file;model\n'a.png;=HYPERLINK(\"http://x\")\n"),
    ("season.csv", b"file,file\na,b\n"),
    ("season.csv", b"x" * (2 << 20)),
    ("season.csv", "file\n\u202egnp.exe\n".encode("utf-16-le")),
)  # fmt: skip


def test_a_table_that_is_none_is_told_of_and_nothing_else_happens(
    producer: TestClient, studio: Desk
) -> None:
    for name, content in TABLES:
        page = bring(producer, content, {"a.png": b"1"}, named=name)
        text = waited(producer, page)
        assert "This could not be read." in text, content[:20]
        assert str(studio.seasons.store.folder("")) not in text  # where files lie
        told = producer.post(f"{page}/forget", json={}, headers=POSTS)
        assert told.json() == {"next": "/studio/season"}
        assert producer.get(page).status_code == 404
        assert not studio.seasons.store.folder(page.rpartition("/")[2]).exists()


def test_a_formula_in_a_name_is_a_name_and_nothing_more(
    producer: TestClient, places: Places
) -> None:
    files = {"=1+1.png": b"1", "x\u202egnp.exe": b"2", "<b>.png": b"3"}
    rows = "".join(f"{each},{places.model}\n" for each in files)
    page = bring(producer, f"file,model\n{rows}".encode(), files)
    text = waited(producer, page)
    assert "\u202e" not in text and "<b>.png" not in text and "&lt;b&gt;.png" in text
    assert press(producer, page, text).status_code == 200
    waited(producer, page)
    table = producer.get(f"{page}/outputs.csv").text
    assert (
        "\n'=1+1.png," in table
        or "'=1+1.png," in table.splitlines()[1:][0]
        or any(line.startswith("'=1+1.png,") for line in table.splitlines())
    )
    assert not any(line.startswith("=") for line in table.splitlines())


def test_models_can_be_chosen_the_newest_first_and_stay_chosen(
    producer: TestClient, places: Places, site: Site, studio: Desk, door: Door
) -> None:
    """Nobody need copy an ID; what was chosen stands in the form when files are sent again."""
    first, second = (
        to_hex(places.scene.model(places.scene.k, f"model {number}", {"alice": 1}))
        for number in (3, 4)
    )
    site.catch_up()
    text = producer.get("/studio/season").text
    assert re.findall(r'type="checkbox"[^>]* value="(0x[0-9a-f]{64})"', text) == [second, first]
    assert "stands below the title of the model" in text
    state(places.scene.k, "model", second, "Hoshi v2")
    site.catch_up()
    app = application(site, desk=studio, door=door, called=Names(["Hoshi v2"]), follows=False)
    knows = TestClient(app, base_url=HERE)
    knows.get(f"/studio?key={door.key}")
    assert "“Hoshi v2” (its developer's word)" in words(knows.get("/studio/season").text)
    named = f"{places.model}; {first}"
    text = waited(producer, bring(producer, b"file\na.png\n", {"a.png": b"1"}, models=named))
    assert re.findall(r'value="(0x[0-9a-f]{64})" checked', text) == [first]
    assert re.findall(r'id="models"[^>]* value="([^"]*)"', text) == [places.model]


def test_a_broken_off_upload_goes_on_where_it_stopped(
    producer: TestClient, places: Places, studio: Desk
) -> None:
    table, files = cuts(places)
    told = producer.post("/studio/season", json=announced(table, files), headers=POSTS).json()
    at, film = f"{told['next']}/file", files["film.mp4"]

    def piece(begins: int, data: bytes) -> Any:
        asked: dict[str, str | int] = {"path": "files/film.mp4", "from": begins}
        return producer.post(at, params=asked, content=data, headers=POSTS)

    assert piece(0, film[:1_000]).json() == {"received": 1_000}
    assert piece(0, film[:1_000]).json() == {"received": 1_000}  # of another tab
    assert piece(5_000, b"later").json() == {"received": 1_000}
    assert piece(1_000, film).status_code == 400  # longer than it said
    assert "not all files are here yet" in producer.get(told["next"]).text
    again = producer.post(told["next"], json=announced(table, files), headers=POSTS).json()
    assert ["files/film.mp4", 1_000] in again["files"]
    send(producer, again, table, files)
    assert "Register 2 batches" in waited(producer, told["next"])
    kept = studio.seasons.store.folder(told["next"].rpartition("/")[2])
    for path, data in files.items():
        assert (kept / "files" / path).read_bytes() == data
        assert (kept / "files" / path).stat().st_mode & 0o077 == 0


def test_what_was_not_announced_or_is_too_long_is_not_written(
    producer: TestClient, places: Places, studio: Desk
) -> None:
    table, files = cuts(places)
    told = producer.post("/studio/season", json=announced(table, files), headers=POSTS).json()
    at = f"{told['next']}/file"
    for path in ("files/other.png", "../seasons.sqlite", "files/../../x", "", "table/other.csv"):
        sent = producer.post(at, params={"path": path}, content=b"x", headers=POSTS)
        assert sent.status_code == 400, path
    sent = producer.post(
        at, params={"path": "files/film.mp4"}, content=bytes((8 << 20) + 1), headers=POSTS
    )
    assert sent.status_code == 413
    assert not any(studio.seasons.store.folder("").rglob("*.*"))


def test_nobody_else_sees_sends_or_registers_a_season(producer: TestClient, places: Places) -> None:
    page = bring(producer, *cuts(places))
    text = waited(producer, page)
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    agreed = re.search(r'"agreed": "(0x[0-9a-f]{64})"', text)
    assert agreed
    for path in ("/studio/season", page, f"{page}/register", f"{page}/forget", f"{page}/again"):
        sent = producer.post(path, json={"agreed": agreed[1]}, headers=elsewhere)
        assert sent.status_code == 403, path
    assert producer.post(f"{page}/file?path=x", content=b"x", headers=elsewhere).status_code == 403
    producer.cookies.clear()
    for path in ("/studio/season", page, f"{page}/outputs.csv", f"{page}/registered.json"):
        assert producer.get(path).status_code == 403, path
    for path in ("/studio/season", page, f"{page}/register", f"{page}/forget", f"{page}/again"):
        assert producer.post(path, json={}, headers=POSTS).status_code == 403, path
    assert producer.post(f"{page}/file?path=x", content=b"x", headers=POSTS).status_code == 403


def test_a_folder_of_seasons_is_for_its_owner_only(tmp_path: Path) -> None:
    store = SeasonStore(tmp_path / "desk")
    store.close()
    assert (tmp_path / "desk" / "seasons.sqlite").stat().st_mode & 0o077 == 0


# Killed in the middle
