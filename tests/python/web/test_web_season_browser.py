"""A season's outputs in a real browser and a real process: killed, closed, looked at."""
# ruff: noqa: F401, F811 - the fixtures are those of the season's other tests

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
from starlette.testclient import TestClient
from tests.python.web.browser import launched
from tests.python.web.looking import ROOT, looked_at, looks
from tests.python.web.test_web_browser import PICTURES

from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .bringing import FOLDER
from .bringing import announced as drawings
from .conftest import Places, served
from .test_web_seasons import (
    LONG,
    POSTS,
    announced,
    bring,
    connect,
    cuts,
    door,
    press,
    producer,
    send,
    sent_by,
    studio,
    waited,
)  # fmt: skip


@contextmanager
def serving(places: Places, folder: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """`kiseki serve` in a process of its own, and a producer at its pages."""
    place = ["--rpc", places.scene.k.url, "--account", "test:0",
             "--journal", str(folder / "journal"), "--index", str(folder / "index"),
             "--secrets", str(folder / "secrets"),
             "--deployments", str(folder / "deployments")]  # fmt: skip
    program = subprocess.Popen(
        [sys.executable, "-m", "kiseki", "serve", "--port", "0", "--invitations",
         str(folder / "desk"), *place], stderr=subprocess.PIPE, text=True, cwd=folder,
    )  # fmt: skip
    assert program.stderr is not None
    for line in program.stderr:
        if "studio's pages is in" in line:
            break
    threading.Thread(target=program.stderr.read, daemon=True).start()
    address = (folder / "desk" / "studio.url").read_text().strip()
    here = address.partition("/studio")[0]
    client = httpx.Client(base_url=here, follow_redirects=True, headers=POSTS | {"Origin": here})
    assert client.get(address).status_code == 200
    try:
        yield program, client
    finally:
        program.kill()
        program.wait()


def test_a_site_that_is_killed_in_the_middle_loses_nothing_and_sends_nothing_twice(
    places: Places, tmp_path: Path
) -> None:
    folder, node = tmp_path / "killed", places.scene.k.session.node
    folder.mkdir()
    table, files = cuts(places)
    with serving(places, folder) as (program, client):  # while files come
        told = client.post("/studio/season", json=announced(table, files)).json()
        asked: dict[str, str | int] = {"path": "files/film.mp4", "from": 0}
        sent = client.post(f"{told['next']}/file", params=asked, content=files["film.mp4"][:7_000])
        assert sent.json() == {"received": 7_000}
        program.send_signal(signal.SIGKILL)
    page = told["next"]
    before = sent_by(places)
    with serving(places, folder) as (program, client):  # while a transaction waits for its block
        told = client.post(page, json=announced(table, files)).json()
        assert dict(map(tuple, told["files"]))["files/film.mp4"] == 7_000
        send(client, told, table, files)
        text = waited(client, page)
        node.one("evm_setAutomine", False)
        assert press(client, page, text).status_code == 200
        until = time.monotonic() + LONG
        while int(node.one("txpool_status")["pending"], 16) < 1:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert "is being registered" in client.get(page).text
        program.send_signal(signal.SIGKILL)
    node.one("evm_setAutomine", True)
    node.one("evm_mine")
    assert sent_by(places) == before + 1
    with serving(places, folder) as (_, client):
        text = waited(client, page)
        assert "stopped before all of it was registered" in text
        assert "Registering sends 1 transaction " in text and "Register 1 batch" in text
        assert press(client, page, text).status_code == 200
        assert "What to keep" in waited(client, page)
        told = client.get(f"{page}/registered.json").json()
    assert sent_by(places) == before + 2
    assert len(told["batches"]) == 2
    hashes = {one["transaction"] for each in told["batches"] for one in each["transactions"]}
    assert len(hashes) == 2


def test_a_folder_of_drawings_outlives_a_site_that_is_killed_too(
    places: Places, tmp_path: Path
) -> None:
    """While pieces come; and after the links are made, which a second press does not make again."""
    folder = tmp_path / "killed"
    folder.mkdir()
    files = FOLDER | {"a/0.svg": b"<svg>" + b"0" * 9_000 + b"</svg>"}
    with serving(places, folder) as (program, client):
        told = client.post("/studio/invite", json=drawings(files)).json()
        asked: dict[str, str | int] = {"path": "files/a/0.svg", "from": 0}
        half = files["a/0.svg"][:7_000]
        sent = client.post(f"{told['next']}/file", params=asked, content=half)
        assert sent.json() == {"received": 7_000}
        program.send_signal(signal.SIGKILL)
    page = told["next"]
    with serving(places, folder) as (program, client):
        assert "0 of 3 files are here." in client.get(page).text
        told = client.post(page, json=drawings(files)).json()
        assert dict(map(tuple, told["files"]))["files/a/0.svg"] == 7_000
        for path, begins in told["files"]:
            data = files[path.removeprefix("files/")][begins:]
            client.post(f"{page}/file", params={"path": path, "from": begins}, content=data)
        assert "Make the links" in client.get(page).text
        sent = client.post(f"{page}/links", json={"revision": 2})
        assert sent.json() == {"next": "/studio"}
        links = set(re.findall(r"/sign/[\w-]+", client.get("/studio").text))
        program.send_signal(signal.SIGKILL)
    assert len(links) == 2
    with serving(places, folder) as (_, client):
        assert client.post(f"{page}/links", json={"revision": 2}).json() == {"next": "/studio"}
        assert set(re.findall(r"/sign/[\w-]+", client.get("/studio").text)) == links


# In a real browser


def test_a_producer_brings_a_season_in_a_browser_closes_it_and_registers(
    site: Site, studio: Desk, door: Door, places: Places, tmp_path: Path
) -> None:
    table, files = cuts(places)
    folder = tmp_path / "season"
    for path, data in (files | {".DS_Store": b"x"}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (tmp_path / "table.csv").write_bytes(table)
    before = sent_by(places)
    with served(site, desk=studio, door=door) as at:
        here = at.replace("127.0.0.1", "localhost")
        with launched(locale="en-GB") as page:
            page.goto(f"{here}/studio?key={door.key}")
            page.get_by_text("A season's outputs", exact=True).click()
            page.fill("#name", "Spring")
            page.set_input_files("#table", tmp_path / "table.csv")
            page.set_input_files("#folder", folder)
            page.get_by_text("Send the files", exact=True).click()
            page.wait_for_selector("text=Register 2 batches")
            assert sent_by(places) == before
            address = page.url
        with launched(locale="en-GB") as page:  # another day, another browser
            page.goto(f"{here}/studio?key={door.key}")
            page.goto(address)
            page.get_by_text("Register 2 batches", exact=True).click()
            page.wait_for_selector("text=What to keep")
            with page.expect_download() as told:
                page.get_by_text("All outputs as a table", exact=True).click()
            assert "film.mp4" in Path(told.value.path()).read_text()
    assert sent_by(places) == before + 2


def test_without_a_script_the_page_says_how_far_it_is_and_comes_again_by_itself(
    producer: TestClient, places: Places
) -> None:
    page = bring(producer, *cuts(places))
    text = producer.get(page).text
    if "data-follow" in text:
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in text
    assert '<meta http-equiv="refresh"' not in waited(producer, page)


def test_the_pages_of_a_season_can_be_read_and_used_on_every_screen(
    site: Site, studio: Desk, door: Door, places: Places, producer: TestClient
) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    table, files = cuts(places)
    good = bring(producer, table, files)
    waited(producer, good)
    rest = table + f"\ngone.png,{places.model}\nfilm.mp4,{places.base}\nx.png,\n".encode()
    bad = bring(producer, rest, files | {"x.png": b"7", "left.png": b"8"}, name="第2期")
    waited(producer, bad)
    open_ = producer.post("/studio/season", json=announced(table, files, name="Half"),
                          headers=POSTS).json()["next"]  # fmt: skip
    done_files = {"1.png": b"one", "2.png": b"two"}
    done = bring(producer, f"file,model\n1.png,{places.model}\n2.png,{places.model}\n".encode(),
                 done_files, name="Done")  # fmt: skip
    press(producer, done, waited(producer, done))
    waited(producer, done)
    places.scene.model(places.scene.k, "model 3", {"alice": 1})  # one that the studio can choose
    site.catch_up()
    assert producer.get(f"{done}/registered.json").json()["season"] == "Done"
    wrong: list[str] = []
    with served(site, desk=studio, door=door) as at:
        here = at.replace("127.0.0.1", "localhost")
        for look, options in looks():
            with launched(**options) as page:
                page.on("pageerror", lambda error: wrong.append(str(error)))
                page.goto(f"{here}/studio?key={door.key}")
                for name, path in (
                    ("seasons", "/studio/season"), ("season-ready", good), ("season-bad", bad),
                    ("season-open", open_), ("season-done", done),
                ):  # fmt: skip
                    page.goto(here + path)
                    wrong.extend(looked_at(page, PICTURES / f"{name}-{look}.png"))
    assert wrong == []
