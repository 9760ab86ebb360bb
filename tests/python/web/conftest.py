"""A small world on a real chain, and a site over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image
from starlette.testclient import TestClient
from tests.python.promises.scene import Scene

from kiseki import Kiseki, LocalKiseki, language
from kiseki.core import ids
from kiseki.core.conditions import AfterTime, AllOf, AnyOf, Approvals, Escrow, IncomeThreshold
from kiseki.core.terms import Terms, Use
from kiseki.core.values import to_hex
from kiseki.language import reason
from kiseki.licences import Licence
from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site

KEY = "0x" + "59" * 32
"""Of a wallet that only looks."""


PERSON = "an artist without a wallet"


@pytest.fixture(autouse=True)
def translated(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whatever a page tells as a reason, in any test, is there in Japanese; what is not."""
    unknown: list[str] = []

    def told(said: str, language: str) -> tuple[str, str]:
        if said and reason(said, "ja")[1] != "ja":
            unknown.append(said)
        return reason(said, language)

    monkeypatch.setattr(language, "reason", told)
    yield unknown
    assert not unknown, "tools/reasons.py does not find these"


class Places:
    """The scene, and where its pages are."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.batch = to_hex(scene.batch.id)
        self.model = to_hex(scene.model_2)
        self.base = to_hex(scene.model_1)
        self.art = to_hex(scene.collections["alice"].id)
        self.item = to_hex(scene.collections["alice"].items[0].id)
        self.output = to_hex(scene.batch.items[0].id)
        self.token = to_hex(scene.k.rights.token("batch", scene.batch.id).to_bytes(32))
        index = scene.k.index
        self.split = to_hex(index.batch(scene.batch.id).split)
        self.offer = index.agreements.offers()[0].key
        self.schedule = index.agreements.schedules()[0].id
        self.identity = ids.identity_id(scene.k.address, scene.k.identities.person(PERSON))
        self.pages = {
            "home": "/",
            "collection": f"/collection/{self.art}",
            "model": f"/model/{self.model}",
            "batch": f"/batch/{self.batch}",
            "lineage": f"/lineage/{self.batch}",
            "item": f"/data/{self.item}",
            "output": f"/output/{self.output}",
            "wallet": f"/wallet/{scene.alice.address}",
            "token": f"/token/{self.token}",
            "split": f"/split/{self.split}",
            "file": "/file",
            "commitment": f"/commitment/{to_hex(scene.batch.items[0].commitment)}",
            "nowhere": f"/commitment/0x{'77' * 32}",
            "tx": f"/tx/{to_hex(index.overview.history(scene.buyer.address)[0].transaction)}",
            "terms": f"/terms/{to_hex(scene.terms.id)}",
            "offer": f"/offer/{to_hex(self.offer)}",
            "schedule": f"/schedule/{to_hex(self.schedule)}",
            "identity": f"/identity/{to_hex(self.identity)}",
            "search": f"/search?q={self.art[:8]}",
            "uses": f"/collection/{self.art}/uses",
            "history": f"/wallet/{scene.buyer.address}/history",
            "earned": f"/wallet/{scene.alice.address}/earned",
            "held": f"/wallet/{scene.creator.address}/held",
        }


@pytest.fixture
def places(k: LocalKiseki, tmp_path: Path) -> Places:
    scene = Scene(k, tmp_path / "scene")
    batch = scene.buyer.payee(to_hex(scene.batch.id))
    scene.buyer.revenue.pay(batch, 3 * 10**18)
    agreed(scene)
    return Places(scene)


def agreed(scene: Scene) -> None:
    """An offer that somebody bought, a rights token that waits for several things, and an artist
    who is paid before they have a wallet."""
    year = timedelta(days=365)
    offer = scene.creator.market.draft(
        "batch", scene.batch.id, 0, Use.COMMERCIAL_OUTPUT, lasts=year, supply=3
    )
    scene.creator.market.offer(offer)
    scene.buyer.market.buy(offer)
    token = scene.creator.rights.token("batch", scene.batch.id)
    payee = scene.buyer.outputs.payee(scene.batch.id)
    soon = int(scene.k.session.now()) + 86_400
    several = AnyOf([AllOf([AfterTime(soon), Approvals(1, [scene.alice.address])]), Escrow(10**18)])
    scene.creator.rights.schedule(
        token, scene.buyer.address, [IncomeThreshold(payee.key, 10**19), several], year
    )
    person = scene.k.identities.person(PERSON)
    scene.k.identities.bind({person: scene.stranger.address})
    scene.k.revenue.pay(scene.k.identities.payee(person), 10**17)


@pytest.fixture
def site(places: Places, tmp_path: Path) -> Site:
    url = places.scene.k.url

    def connect() -> Kiseki:
        return Kiseki.connect(
            url, KEY, secrets=tmp_path / "secrets", journal=tmp_path / "journal",
            index=tmp_path / "index", chain_id=31337, allow_old=True,
        )  # fmt: skip

    found = Site(connect)
    found.catch_up()
    return found


@pytest.fixture
def visitor(site: Site) -> Iterator[TestClient]:
    """Asks the application without a server between."""
    with TestClient(application(site, follows=False), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def desk(places: Places, tmp_path: Path) -> Desk:
    """A studio's desk, at which invitations open."""
    return Desk(lambda: places.scene.k, tmp_path / "invitations")


@pytest.fixture
def cuts(desk: Desk, tmp_path: Path) -> Invitation:
    """An invitation to somebody without a wallet, about three pictures and a drawing."""
    folder = tmp_path / "cuts"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (60, 40), (200, 40 * number, 0)).save(folder / f"{number}.png")
    (folder / "hill.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 8L5 2L8 8z"/></svg>'
    )
    files = ["0.png", "1.png", "2.png", "hill.svg"]
    rows = "".join(f"{each},Cut {each[0]},山田 花子\n" for each in files)
    (folder / "cuts.csv").write_text("file,name,artist\n" + rows)
    terms = Terms.of("train", royalty="20%").under(Licence("royalty", 1, "ja"))
    with desk.using() as invitations:
        (made,) = invitations.invite(folder / "cuts.csv", terms, studio="Studio Kaze")
    return made


@contextmanager
def served(site: Site, **options: Any) -> Iterator[str]:
    """The address of a real server, until the block ends.

    Args:
        options: of `application`.
    """
    app = application(site, follows=False, **options)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
