"""Pages that are kept for others show what is so now, to whom they are for, and take little room.

What a hostile visitor tries against them: another's page under an address, another language or
host, a page that is theirs alone, and memory.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
from starlette.testclient import TestClient

from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.shelf import Shelf
from kiseki.web.shown import wallets
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .conftest import Places, served
from .test_web_attacks import asking, raw, status

NAMES = ("one.example", "two.example")


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def asks(site: Site, shelf: Shelf) -> Iterator[TestClient]:
    """Of a site that is reached under two names, and keeps pages."""
    app = application(site, NAMES, shelf=shelf, follows=False)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def forgetful(site: Site) -> Iterator[TestClient]:
    """Of the same site, where every page is made anew."""
    app = application(site, NAMES, shelf=Shelf(0), follows=False)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_a_page_is_made_once_for_all_who_ask_and_is_the_same(
    asks: TestClient, forgetful: TestClient, shelf: Shelf, places: Places
) -> None:
    for path in places.pages.values():
        made, again = asks.get(path), asks.get(path)
        assert (again.text, again.headers) == (made.text, made.headers), path
        anew = forgetful.get(path)
        assert (anew.text, anew.headers) == (made.text, made.headers), path
    asked = len(shelf.addresses)
    assert asked == len(places.pages) - 2, "all but the search and what the node tells"
    for path in places.pages.values():
        asks.get(path)
    assert len(shelf.addresses) == asked


def test_a_block_shows_at_once(asks: TestClient, shelf: Shelf, site: Site, places: Places) -> None:
    buyer = places.scene.buyer
    wallet = f"/wallet/{buyer.address}/history"
    for number in range(1, 4):
        before = {path: asks.get(path).text for path in ("/", wallet, places.pages["batch"])}
        kept = shelf.taken
        buyer.revenue.pay(buyer.payee(places.batch), number * 10**18)
        assert asks.get(wallet).text == before[wallet], "nobody has read the block yet"
        site.catch_up()
        after = {path: asks.get(path).text for path in before}
        assert after[wallet].count("<tr>") == before[wallet].count("<tr>") + 1
        for path in before:
            assert _block(after[path]) > _block(before[path]), path
        assert shelf.taken < kept + 2_000, "what was kept before is gone"


def _block(page: str) -> int:
    found = re.search(r"As of block ([\d,]+)", page)
    assert found is not None
    return int(found[1].replace(",", ""))


def test_a_node_that_goes_away_shows_at_once(
    asks: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "does not answer" not in asks.get("/").text
    node = site.k.session.node
    monkeypatch.setattr(node, "_urls", ["http://127.0.0.1:9/"], raising=False)
    node.give_up(RuntimeError("the node is gone"))  # type: ignore[arg-type]
    site.catch_up()
    assert "does not answer" in asks.get("/").text


def test_nobody_gets_a_page_in_another_language_or_of_another_host(
    asks: TestClient, forgetful: TestClient, places: Places
) -> None:
    """In an order by chance, each as if nothing was kept."""
    hosts = ("localhost", "localhost:1", *NAMES)
    languages = (
        {"Accept-Language": "en"}, {"Accept-Language": "ja"}, {"Cookie": "language=ja"},
        {"Cookie": "language=en", "Accept-Language": "ja"}, {"Cookie": "language=<script>"},
    )  # fmt: skip
    queries = ("", "language=ja", "language=en", "language=tlh", "after=", "after=1&language=ja")
    paths = [places.pages[name] for name in ("home", "model", "wallet", "lineage", "uses")]
    every = list(product(paths, hosts, languages, queries))
    for path, host, headers, query in Random(15).choices(every, k=400):
        asks.cookies.clear()
        forgetful.cookies.clear()
        got, made = (
            each.get(f"{path}?{query}", headers={**headers, "Host": host})
            for each in (asks, forgetful)
        )
        assert got.status_code == made.status_code, (path, host, headers, query)
        assert (got.text, got.headers) == (made.text, made.headers), (path, host, headers, query)


def test_no_address_is_answered_with_the_page_of_another(
    site: Site, shelf: Shelf, places: Places
) -> None:
    """Cache poisoning, in bytes that no browser sends: a path in a host's name, in the query of
    another, escaped, or beside another host's name in the first line."""
    path, other, here = places.pages["wallet"], places.pages["home"], "Host: localhost:80"
    attacks = [
        asking(other, f"{here}{path}?"), asking(other, f"{here}{path}#"),
        asking(f"{other}?x={path}", here), asking(f"{other}?after={path}", here),
        asking(f"http://localhost{other}", f"{here}{path}"),
        asking(f"http://localhost{path}", f"{here}/"), asking(path, f"{here}/evil"),
        asking(path.replace("/", "%2f"), here), asking(f"{path}%3F", here),
        asking(f"{path}%23x", here), asking(f"{path}/", here), asking(f"/{path}", here),
        asking(f"{other}\\..{path}", here), asking(path, here, "X-Forwarded-Prefix: /evil"),
        asking(path, here, "X-Forwarded-Host: evil.example"),
        asking(path, here, "Accept-Language: ja, en;q=0"),
        asking(path, here, "Cookie: language=ja"),
    ]  # fmt: skip
    with served(site, shelf=shelf) as address:
        right = raw(address, asking(path, here)).partition(b"\r\n\r\n")[2]
        for attack in attacks:
            shelf.page("none", ())  # as if a block came: whoever poisons asks first
            assert not shelf.addresses
            raw(address, attack)
            said = raw(address, asking(path, here))
            assert status(said) == 200
            assert said.partition(b"\r\n\r\n")[2] == right, attack


def test_what_is_somebodys_own_is_never_kept(
    site: Site, desk: Desk, cuts: Invitation, places: Places
) -> None:
    shelf, door = Shelf(), Door()
    app = application(site, desk=desk, door=door, shelf=shelf, follows=False)
    with TestClient(app, base_url="http://localhost") as client:
        for path in (
            f"/sign/{cuts.secret}", f"/sign/{cuts.secret}/terms", "/own", "/studio", "/operator",
            f"/relay/{'1' * 32}", "/nothing", places.pages["tx"], places.pages["search"],
            f"/{places.pages['model']}.json", "/api/v1/", "/health", "/metrics", "/model/0x1",
            f"/model/0x{'77' * 32}",
        ):  # fmt: skip
            answer = client.get(path)
            assert answer.status_code < 500, path
            assert not shelf.addresses, path


QUERIES = (
    "x={n}", "q={n}", "after={n}", "after=1&x={n}", "language=ja&{n}", "{n}", "language=en&q={n}",
    "Language=en&LANGUAGE={n}", "after=1;x={n}&y", "after[]={n}", "%61fter{n}=1", "most={n}",
)  # fmt: skip


def test_queries_that_no_page_reads_fill_nothing(
    asks: TestClient, shelf: Shelf, places: Places
) -> None:
    asks.get("/")
    kept, taken = shelf.addresses, shelf.taken
    for n, query in product(range(5), QUERIES):
        for path in ("/", places.pages["model"]):
            assert asks.get(f"{path}?{query.format(n=n)}").status_code == 200
    assert (shelf.addresses, shelf.taken) == (kept, taken)
    # Languages that there are not are one page, and cursors that are none are no page.
    for n in range(5):
        asks.get(f"/?language=x{n}")
        assert asks.get(f"{places.pages['history']}?after=x{n}").status_code == 400
    assert (shelf.addresses, shelf.taken) == (kept, taken)


def test_what_is_asked_most_stays_while_somebody_asks_for_everything(
    site: Site, places: Places
) -> None:
    """Anybody can ask for as many pages as there are wallets."""
    shelf = Shelf(100_000)
    app = application(site, shelf=shelf, follows=False)
    with TestClient(app, base_url="http://localhost") as client:
        page = len(client.get("/").content)
        for number in range(100):
            answer = client.get(f"/wallet/{to_hex((number + 1).to_bytes(20))}")
            assert answer.status_code == 200 and len(answer.content) * 100 > 100_000
            assert shelf.taken <= 100_000
            client.get("/")
        assert page < shelf.taken
        assert [each[3] for each in shelf.addresses][-1] == "/"


def test_the_shelf_counts_what_it_holds() -> None:
    """Whatever is put there, in whatever order, it takes no more than its room."""
    chance, shelf, room = Random(3), Shelf(50_000), 50_000
    held: dict[tuple[str, ...], bytes] = {}
    block = ""
    for step in range(5_000):
        if chance.random() < 0.01:
            block, held = str(step), {}
        address = ("http", "h" * chance.randrange(300), "", f"/{chance.randrange(60)}", "en")
        page = bytes(chance.randrange(chance.choice((10, 1_000, 60_000))))
        found = shelf.page(block, address)
        assert found is None or found == held[address]
        if found is None:
            shelf.keep(block, address, page)
            held[address] = page
        # Somebody who is late, with a page of a block that was.
        shelf.keep("before", address, b"late")
        least = sum(len(held[each]) + sum(map(len, each)) for each in shelf.addresses)
        assert least <= shelf.taken <= room
    assert shelf.addresses


def test_what_many_get_while_blocks_come_is_of_the_block_that_is_said(
    site: Site, places: Places, shelf: Shelf
) -> None:
    """One tag is one page, whoever asks when."""
    said: dict[tuple[str, str], set[str]] = {}
    wrong: list[object] = []
    ended = threading.Event()
    path = f"/wallet/{places.scene.buyer.address}"
    app = application(site, shelf=shelf, follows=False)
    with TestClient(app, base_url="http://localhost") as client:

        def look(language: str) -> None:
            answer = client.get(path, headers={"Accept-Language": language})
            said.setdefault((language, answer.headers["etag"]), set()).add(answer.text)

        def visitor(language: str) -> None:
            try:
                while not ended.is_set():
                    look(language)
            except Exception as error:  # noqa: BLE001 - told in the test's own thread
                wrong.append(error)

        visitors = [threading.Thread(target=visitor, args=(each,)) for each in ("en", "ja") * 2]
        for each in visitors:
            each.start()
        buyer = places.scene.buyer
        for number in range(8):
            buyer.revenue.pay(buyer.payee(places.batch), number + 1)
            site.catch_up()
            look("en")
            look("ja")
        ended.set()
        for each in visitors:
            each.join()
    assert not wrong
    assert len(said) >= 16 and all(len(pages) == 1 for pages in said.values())
    assert len(set().union(*said.values())) == len(said), "and another block is another page"


def test_a_page_that_is_kept_asks_the_index_only_which_block_it_is(
    asks: TestClient, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[str]()
    real = wallets.wallet

    def counted(index: Index, who: str) -> wallets.WalletShown:
        asked.append(who)
        return real(index, who)

    monkeypatch.setattr(wallets, "wallet", counted)
    for _ in range(3):
        assert asks.get(places.pages["wallet"]).status_code == 200
    assert len(asked) == 1
