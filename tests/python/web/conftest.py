"""A small world on a real chain, and a site over it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient
from tests.python.promises.scene import Scene

from kiseki import Kiseki, LocalKiseki
from kiseki.core.values import to_hex
from kiseki.web.app import application
from kiseki.web.site import Site

KEY = "0x" + "59" * 32
"""Of a wallet that only looks."""


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
            "search": f"/search?q={self.art[:8]}",
            "uses": f"/collection/{self.art}/uses",
            "history": f"/wallet/{scene.buyer.address}/history",
        }


@pytest.fixture
def places(k: LocalKiseki, tmp_path: Path) -> Places:
    scene = Scene(k, tmp_path / "scene")
    batch = scene.buyer.payee(to_hex(scene.batch.id))
    scene.buyer.revenue.pay(batch, 3 * 10**18)
    return Places(scene)


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


@contextmanager
def served(site: Site) -> Iterator[str]:
    """The address of a real server, until the block ends."""
    app = application(site, follows=False)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
