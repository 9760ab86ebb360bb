"""What a hostile visitor, registrant or neighbour site tries against the pages (rules 12 and 13).

Each attack was seen to succeed once, with the guard against it taken away.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.python.costs import cost

from kiseki import Terms
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.vault.invitations import Invitation
from kiseki.web.app import application
from kiseki.web.guard import POLICY
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site

from .browser import launched
from .conftest import Places, served
from .test_web_signing import Device, begun

CODE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)",
    "</title><svg onload=alert(1)>", "javascript:alert(1)", "{{7*7}}", "{% raw %}", "&lt;b&gt;",
    "</script><script>alert(1)</script>", "<!--", "]]>",
]  # fmt: skip
TURNED = "good\u202egnp.exe\u2066\u200f\u061c"
"""A text that its reader sees from right to left, with marks that go on behind it."""
MARKS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x1b\x7f]")
LONG = "長い" * 90 + "W" * 20
ELSEWHERE = "attacker.example"


class Read(HTMLParser):
    """The tags of a page with their attributes, as a browser reads them, and the text between."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


def harmless(html: str) -> None:
    """Nothing of it runs: no script but ours, no handler, no style, nothing from elsewhere."""
    read = Read(html)
    for tag, attributes in read.tags:
        assert tag not in ("iframe", "object", "embed", "base", "style"), tag
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert not {"style", "srcdoc", "formaction"} & set(attributes), (tag, attributes)
        if tag == "script":
            ours = re.fullmatch(r"/static/js/\w+\.js", attributes.get("src", ""))
            assert ours or attributes["type"] == "application/json", attributes
        for name in ("href", "src", "action"):
            if value := attributes.get(name):
                # Neither another site nor a script: "//" and "/\\" name another site.
                assert re.match(r"(/(?![/\\])|[?#]|data:image/)", value), (tag, value)
    assert not MARKS.search(read.text), "what stands behind it is turned too"


def test_a_text_that_somebody_stated_is_only_text(
    visitor: TestClient, site: Site, places: Places
) -> None:
    """The search says a text again that a registrant put on the chain by its hash."""
    stranger = places.scene.stranger
    for text in (*CODE, TURNED, LONG):
        stranger.statements.state("collection", places.art, "name", keccak256(text.encode()))
    site.catch_up()
    for text in (*CODE, TURNED, LONG):
        for language in ("en", "ja"):
            answer = visitor.get("/search", params={"q": text, "language": language})
            assert answer.status_code == 200 and f'href="/collection/{places.art}"' in answer.text
            harmless(answer.text)
        told = visitor.get("/api/v1/search", params={"q": text})
        assert told.json()["text"] == text and told.headers["content-type"] == "application/json"
        harmless(visitor.get(f"/wallet/{text[:40]}").text)
    harmless(visitor.get(f"/collection/{places.art}").text)


def test_the_largest_values_that_a_registrant_can_choose_are_shown(
    visitor: TestClient, site: Site, places: Places, tmp_path: Path
) -> None:
    scene = places.scene
    last = Terms(
        True, True, True, True, True, True, 10_000, 10_000, 2**64 - 1, 2**32 - 1,
        "0x" + "ff" * 20, b"\xff" * 32,
    )  # fmt: skip
    (tmp_path / "hostile").mkdir()
    (tmp_path / "hostile" / "<img src=x>.svg").write_bytes(b"<svg onload=alert(1)>")
    prepared = scene.stranger.data.prepare(tmp_path / "hostile", last)
    scene.stranger.data.register(prepared)
    token = scene.k.test_token()
    scene.k.mint(token, scene.buyer.address, 2**127)
    scene.buyer.revenue.pay(scene.buyer.payee(places.batch), 2**127, token)
    site.catch_up()
    hostile = to_hex(prepared.id)
    for path in (f"/collection/{hostile}", f"/wallet/{scene.stranger.address}",
                 f"/wallet/{scene.buyer.address}", f"/split/{places.split}", "/"):  # fmt: skip
        for language in ("en", "ja"):
            answer = visitor.get(path, params={"language": language})
            assert answer.status_code == 200, path
            harmless(answer.text)
    assert f"{2**127:,}" in visitor.get(f"/wallet/{scene.buyer.address}").text


def test_the_names_in_an_invitation_are_only_text(desk: Desk, site: Site, tmp_path: Path) -> None:
    """A studio's list is somebody's file: names of works and artists come from it."""
    folder = tmp_path / "list"
    folder.mkdir()
    rows, names = [], [*CODE, TURNED]
    for number, text in enumerate(names):
        Image.new("RGB", (8, 8), (number, 9, 9)).save(folder / f"{number}.png")
        rows.append(f'{number}.png,"{text.replace(chr(34), chr(34) * 2)}",<b>Somebody</b>\n')
    (folder / "list.csv").write_text("file,name,artist\n" + "".join(rows))
    with desk.using() as invitations:
        (made,) = invitations.invite(
            folder / "list.csv", Terms.of("train", "20%"), studio="<script>alert(1)</script>"
        )
    app = application(site, desk=desk, follows=False)
    with TestClient(app, base_url="http://localhost") as asks:
        begun(asks, made, Device())
        for part in ("", "/terms", "/drawings"):
            answer = asks.get(f"/sign/{made.secret}{part}", follow_redirects=False)
            assert answer.status_code == 200, part
            harmless(answer.text)
        shown = Read(answer.text).text
        assert all(text in shown for text in CODE), "and as text they are there"


def test_a_drawing_is_drawn_anew(desk: Desk, site: Site, tmp_path: Path) -> None:
    """What an artist's browser gets of a picture is made here: no script in it, nothing fetched."""
    folder = tmp_path / "svg"
    folder.mkdir()
    (folder / "a.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="alert(1)"><script>'
        'alert(1)</script><image href="http://127.0.0.1:9/seen"/><path d="M1 8L5 2L8 8z"/></svg>'
    )
    (folder / "list.csv").write_text("file,name,artist\na.svg,A,Somebody\n")
    with desk.using() as invitations:
        (made,) = invitations.invite(folder / "list.csv", Terms.of("train", "20%"), studio="Studio")
    with TestClient(
        application(site, desk=desk, follows=False), base_url="http://localhost"
    ) as asks:
        answer = asks.get(f"/sign/{made.secret}/drawing/0")
    assert answer.status_code in (200, 404)
    assert not re.search(rb"alert|127\.0\.0\.1|<svg", answer.content)
    assert str(folder) not in answer.text, "nor where the studio's files lie"


# Other sites


class _Framing(BaseHTTPRequestHandler):
    """A page of another site that shows ours in a frame."""

    ours = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe id="f" src="{self.ours}"></iframe>'.encode())

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def another_site() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Framing)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_no_other_site_can_show_a_page_in_a_frame(site: Site, another_site: str) -> None:
    """Clickjacking, in a real browser."""
    with served(site) as ours, launched() as page:
        _Framing.ours = ours
        page.goto(another_site)
        page.wait_for_load_state("networkidle")
        (frame,) = [each for each in page.frames if each != page.main_frame]
        assert "Kiseki" not in frame.content()
        page.goto(ours)
        assert "Kiseki" in page.content(), "by itself it is shown"


def test_every_answer_forbids_frames_and_foreign_code(visitor: TestClient, places: Places) -> None:
    asked = [
        ("GET", "/", {}), ("GET", "/static/site.css", {}), ("GET", "/static/none.css", {}),
        ("POST", "/", {}), ("GET", "/", {"Host": ELSEWHERE}), ("GET", "/api/v1/search", {}),
        ("GET", "/model/x", {}), ("GET", "/health", {}), ("GET", "/robots.txt", {}),
        ("OPTIONS", "/api/v1/", {"Origin": f"https://{ELSEWHERE}"}),
    ]  # fmt: skip
    for method, path, headers in asked:
        answer = visitor.request(method, path, headers=headers)
        assert answer.headers["x-frame-options"] == "DENY", (method, path)
        assert answer.headers["content-security-policy"] == POLICY, (method, path)
        assert answer.headers["x-content-type-options"] == "nosniff", (method, path)


POISON = {
    "X-Forwarded-Host": ELSEWHERE, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": f"//{ELSEWHERE}", "Forwarded": f"host={ELSEWHERE};proto=https",
    "X-Original-URL": "/model/x", "X-Rewrite-URL": "/model/x", "X-Host": ELSEWHERE,
    "X-HTTP-Method-Override": "POST", "X-Forwarded-For": "6.6.6.6", "Origin": f"https://{ELSEWHERE}",
    "Referer": f"https://{ELSEWHERE}/",
}  # fmt: skip


def test_what_a_cache_keeps_depends_only_on_what_it_is_told(
    visitor: TestClient, places: Places
) -> None:
    """Cache poisoning: a page is the same whatever else is sent, or it says what it varies with."""
    for path in (*places.pages.values(), "/static/site.css", "/api/v1/", "/nothing"):
        plain = visitor.get(path)
        for name, value in POISON.items():
            again = visitor.get(path, headers={name: value})
            assert again.text == plain.text, (path, name)
            assert again.headers == plain.headers, (path, name)
        assert ELSEWHERE not in plain.text
        if path in places.pages.values() or path.startswith("/api/"):
            assert {"Accept-Language", "Cookie"} <= set(plain.headers["vary"].split(", "))
        assert plain.headers["cache-control"] in ("no-cache", "no-store"), path


def test_no_link_leads_where_the_address_of_a_page_says(visitor: TestClient) -> None:
    for path in (f"//{ELSEWHERE}/", f"/\\{ELSEWHERE}/", f"///{ELSEWHERE}/x", f"/%5c{ELSEWHERE}"):
        answer = visitor.get(f"http://localhost{path}")
        assert answer.status_code == 404
        harmless(answer.text)


# The wire


def raw(address: str, request: bytes) -> bytes:
    """What a server answers to these very bytes."""
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    with socket.create_connection((host, int(port)), timeout=600) as connection:
        connection.sendall(request)
        connection.settimeout(600)
        said = b""
        try:
            while part := connection.recv(65_536):
                said += part
        except OSError:
            pass
    return said


def status(said: bytes) -> int:
    return int(said.split(b" ", 2)[1]) if said else 0


def asking(target: str, *headers: str) -> bytes:
    lines = [f"GET {target} HTTP/1.1", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode()


TRAVERSAL = [
    "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/%2e%2e%2fapp.py",
    "/static/%252e%252e/app.py", "/static/..\\app.py", "/static/..%5capp.py", "/static//etc/passwd",
    "/static/%2fetc%2fpasswd", "/static/site.css/../../app.py", "/static/%00site.css",
    "/static/js/../../app.py", "/../../../../etc/passwd", "/static/....//....//app.py", "/static/",
    "/static/%c0%ae%c0%ae/app.py", "/static/..;/app.py",
]  # fmt: skip


def test_nothing_but_the_sites_own_files_is_read(site: Site) -> None:
    """Traversal, in bytes that no browser and no client library changes."""
    with served(site) as address:
        assert status(raw(address, asking("/static/site.css", "Host: localhost"))) == 200
        for target in TRAVERSAL:
            said = raw(address, asking(target, "Host: localhost"))
            assert status(said) in (400, 404), target
            assert b"import" not in said and b"root:" not in said, target


def test_no_other_name_is_answered_however_it_is_said(site: Site) -> None:
    """DNS rebinding, and a cache that is told another name than the server."""
    with served(site) as address:
        for headers in (
            [f"Host: {ELSEWHERE}"], ["Host: localhost", f"Host: {ELSEWHERE}"], [], ["Host:"],
            [f"Host: {ELSEWHERE}", "Host: localhost"], [f"Host: localhost@{ELSEWHERE}"],
            [f"Host: {ELSEWHERE}#localhost"], [f"Host: localhost.{ELSEWHERE}"],
            [f"Host: {ELSEWHERE}", "X-Forwarded-Host: localhost"],
        ):  # fmt: skip
            for path in ("/", "/api/v1/", "/static/site.css"):
                said = raw(address, asking(path, *headers))
                assert status(said) == 400, (headers, path, said[:80])
                assert b"Kiseki" not in said
        # The name in the request line is not the one that counts.
        said = raw(address, asking(f"http://{ELSEWHERE}/", "Host: localhost"))
        harmless(said.partition(b"\r\n\r\n")[2].decode())
        assert status(raw(address, asking("/", "Host: localhost"))) == 200


def test_huge_questions_are_refused_at_once(site: Site) -> None:
    """No header or query is so long, or so odd, that others have to wait for it."""
    many = ";".join(f"a{number}=b" for number in range(2_000))
    with served(site) as address:
        plain = cost(lambda: raw(address, asking("/search?q=plain", "Host: localhost")))
        for request in (
            asking("/search?q=" + "a" * 60_000, "Host: localhost"),
            asking("/search?" + "&".join(f"a{n}=1" for n in range(5_000)), "Host: localhost"),
            asking("/" + "a/" * 20_000, "Host: localhost"),
            asking("/", "Host: localhost", "Accept-Language: " + "en-" * 15_000),
            asking("/", "Host: localhost", "Accept-Language: " + "ja;q=0.1," * 5_000),
            asking("/", "Host: localhost", f"Cookie: {many}"),
            asking("/", "Host: localhost", "If-None-Match: " + 'W/"a",' * 8_000),
            asking("/", "Host: " + "localhost:" * 5_000),
            asking("/", "Host: localhost", "A: " + "b" * 300_000),
            asking("/", "Host: localhost", *[f"A{n}: b" for n in range(3_000)]),
        ):
            took = cost(lambda request=request: raw(address, request))  # type: ignore[misc]
            assert took < 100 * plain, request[:60]
            said = raw(address, request)
            assert status(said) in (0, 200, 303, 400, 404, 413, 414, 431), (request[:60], said[:60])
        assert status(raw(address, asking("/", "Host: localhost"))) == 200, "it still answers"


def test_no_body_ends_the_process_or_fills_its_memory(
    site: Site, desk: Desk, cuts: Invitation
) -> None:
    """JSON is read by C code that recurses, and py_ecc lets it go deeper than a thread's stack."""
    app = application(site, desk=desk, follows=False)
    client = TestClient(app, base_url="http://localhost")
    posts = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin",
             "Content-Type": "application/json"}  # fmt: skip
    paths = [
        f"/sign/{cuts.secret}/begin", f"/sign/{cuts.secret}/signature",
        f"/sign/{cuts.secret}/wallet", "/own/enter", "/own/new?account=", "/own/enter-wallet",
        "/own/letter", "/own/do", "/studio/enter", "/studio/season", "/relay/consent",
    ]  # fmt: skip
    deep = (b"[" * 100_000, b'{"a":' * 100_000, b'[[["' + b"[" * 100_000)
    for path in paths:
        for body in (*deep, b"{", b"[]", b"\xff", b"", b'"' + b"x" * (17 << 20)):
            told = client.post(path, content=body, headers=posts)
            assert 400 <= told.status_code < 500, (path, body[:9], told.status_code)
    assert client.get("/").status_code == 200


def test_no_text_makes_a_reader_slow(visitor: TestClient) -> None:
    """ReDoS: what reads a text takes no longer for a hostile one of the same length."""
    texts = [
        "0x" + "a" * 197 + "!", "a" * 199 + "!", "(" * 200, "0x" * 100, " " * 199 + "a",
        "\u0300" * 200, "あ" * 200, "0" * 200, "-" * 200, "\u1e9b\u0323" * 100,
    ]  # fmt: skip
    for path in ("/search", "/api/v1/search"):

        def asks(text: str, path: str = path) -> None:
            assert visitor.get(path, params={"q": text}).status_code in (200, 400)

        plain = cost(lambda asks=asks: asks("a" * 200))  # type: ignore[misc]
        for text in texts:
            took = cost(lambda asks=asks, text=text: asks(text))  # type: ignore[misc]
            assert took < 20 * plain, text[:20]

    def comes(accepted: str) -> None:
        assert visitor.get("/", headers={"Accept-Language": accepted}).status_code == 200

    plain = cost(lambda: comes("ja," + " " * 90_000))
    for accepted in (
        "a-" * 50_000,
        "ja;q=" + "9" * 50_000,
        ";" * 90_000,
        "*," * 40_000,
        " " * 90_000,
    ):
        took = cost(lambda accepted=accepted: comes(accepted))  # type: ignore[misc]
        assert took < 20 * plain, accepted[:20]


def test_a_number_that_no_database_holds_is_refused(visitor: TestClient, places: Places) -> None:
    lists = [
        f"/wallet/{places.scene.alice.address}/history", f"/model/{places.base}/users",
        f"/wallet/{places.scene.alice.address}/earned",
        f"/wallet/{places.scene.alice.address}/held",
        f"/split/{places.split}", f"/api/v1/wallets/{places.scene.alice.address}/history",
        f"/api/v1/models/{places.base}/users", f"/api/v1/splits/{places.split}",
    ]  # fmt: skip
    for path in lists:
        for after in (2**63 - 1, 2**63, 10**19 - 1, 10**30, "1e9", "+1", "１", "0x1", "", "1\x00"):
            answer = visitor.get(path, params={"after": after})
            assert answer.status_code in (200, 400), (path, after)


def test_nothing_that_is_asked_makes_the_site_fetch_something(
    visitor: TestClient, site: Site, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSRF: no address that a visitor or registrant names is ever called."""
    node = int(places.scene.k.url.rpartition(":")[2].rstrip("/"))
    called: list[Any] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def noted(self: socket.socket, address: Any) -> None:
        called.append(address)
        connect(self, address)

    def looked_up(host: Any, *rest: Any, **more: Any) -> Any:
        called.append((host, *rest))
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", noted)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    targets = ["http://127.0.0.1:9/", "http://169.254.169.254/latest/", f"//{ELSEWHERE}/x",
               "file:///etc/passwd", "ipfs://x", "gopher://127.0.0.1:9/_"]  # fmt: skip
    for target in targets:
        visitor.get("/search", params={"q": target, "url": target, "callback": target})
        visitor.get("/", headers={"Referer": target, "Origin": target, "X-Forwarded-Host": target})
        visitor.get(f"/wallet/{target}")
        visitor.get(f"/collection/{target}")
        visitor.get(f"/api/v1/data/{target}")
    for path in places.pages.values():
        assert visitor.get(path).status_code == 200
    elsewhere = [each for each in called if each[1] != node]
    assert not elsewhere
    socket.create_server(("127.0.0.1", 0)).close()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", 9), timeout=1)
    assert any(each[1] == 9 for each in called), "or this test would see nothing"
