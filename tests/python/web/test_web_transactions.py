"""A transaction is told as the node tells it, and not at all while no node answers (rule 13)."""

from __future__ import annotations

from starlette.testclient import TestClient
from tests.python.web.test_web_pages import NOBODY, words

from kiseki.core.values import to_hex
from kiseki.web.site import Site

from .conftest import Places


def test_a_transaction_is_told_as_the_node_tells_it(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """What was carried out, what failed and what waits; what nobody knows is no answer."""
    scene = places.scene
    path = places.pages["tx"]
    told = visitor.get(f"{path}.json").json()
    entry = scene.k.index.overview.history(scene.buyer.address)[0]
    assert (told["hash"], told["time"], told["succeeded"]) == (
        to_hex(entry.transaction), entry.time, True,
    )  # fmt: skip
    assert (told["contract"], told["value"]) == ("RevenueSplitter", str(3 * 10**18))
    assert told["events"][-1]["event"] == "Deposited"
    assert [each["id"] for each in told["events"][-1]["names"]] == [places.split]
    said = words(visitor.get(path).text)
    assert "It was carried out on" in said and "Deposited" in said
    node, splitter = scene.k.session.node, scene.k.session["RevenueSplitter"].address
    sent = {"from": scene.buyer.address, "to": splitter, "data": "0xdeadbeef", "gas": hex(10**6)}
    failed = node.one("eth_sendTransaction", sent)
    scene.k.session.w3.eth.wait_for_transaction_receipt(failed)  # Anvil answers before it mines
    assert visitor.get(f"/tx/{failed}.json").json()["succeeded"] is False
    assert "nothing of it counts" in words(visitor.get(f"/tx/{failed}").text)
    node.one("evm_setAutomine", False)
    waits = node.one("eth_sendTransaction", {**sent, "to": scene.alice.address, "data": "0x"})
    try:
        pending = visitor.get(f"/tx/{waits}.json").json()
        assert (pending["block"], pending["succeeded"]) == (None, None)
        assert "It waits for a block." in words(visitor.get(f"/tx/{waits}").text)
    finally:
        node.one("evm_setAutomine", True)
        node.one("evm_mine")
    assert visitor.get(f"/api/v1/transactions/{waits}").json()["succeeded"] is True
    nobody = visitor.get(f"/tx/{NOBODY}")
    assert nobody.status_code == 404 and "knows no such transaction" in words(nobody.text)
    assert visitor.get(f"/tx/{NOBODY}.json").status_code == 404
    assert visitor.get("/tx/0x12").status_code == 400


def test_no_transaction_is_told_while_the_node_is_away(
    visitor: TestClient, site: Site, places: Places
) -> None:
    site.k.session.node._urls[:] = ["http://127.0.0.1:1"]
    for _ in range(2):  # before and after the follower knows it
        away = visitor.get(places.pages["tx"])
        assert away.status_code == 503 and away.headers["cache-control"] == "no-store"
        assert "nobody can tell from this page" in words(away.text)
        twin = visitor.get(f"{places.pages['tx']}.json")
        assert twin.status_code == 503 and "does not answer" in twin.json()["error"]
        site.catch_up()
