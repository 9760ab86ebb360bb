"""Signing in to a vault over HTTP, hand-outs and their receipts, and who is refused."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator

import pyrage
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from kiseki.core.values import to_hex
from kiseki.errors import NodeUnreachable
from kiseki.vault.age.keys import Identity
from kiseki.vault.age.stream import CHUNK
from kiseki.vault.handing.receipts import Receipt, Salted
from kiseki.vault.handing.rules import NotGiven
from kiseki.vault.handing.signin import Limits
from kiseki.vault.log.notes import Signer
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.store.database import Database
from kiseki.web.vault import giving

from .handed import ARTIST, DOMAIN, SEED, World
from .served import CALLING, ORIGIN, Answer, Client, desk_of, serving

SMALL, LARGE = b"a drawing", random.Random(17).randbytes(5 * CHUNK + 17)
WHO = str(CALLING.address).lower()
STRANGER = Account.from_key(b"\x09" * 32)
KEY = Signer(f"{DOMAIN}/{ARTIST}", SEED).key
MISSING = b"\x77" * 32


@pytest.fixture
def database(tmp_path) -> Iterator[Database]:  # type: ignore[no-untyped-def]
    made = Database(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def world(database: Database) -> World:
    made = World(database, SMALL, LARGE)
    made.license(5_000, who=WHO)
    return made


@pytest.fixture
def port(database: Database, world: World) -> Iterator[int]:
    with serving(desk_of(database, world)) as made:
        yield made


@pytest.fixture
def program(port: int) -> Client:
    made = Client(port)
    assert made.sign_in().status == 200
    return made


def test_a_program_signs_in_and_gets_what_it_holds_a_licence_for(
    program: Client, world: World
) -> None:
    identity = Identity.new()
    for recipient in (None, str(identity.recipient)):
        out = program.begin(world.shelf.ids, recipient=recipient)
        assert out["ends"] == 2_000 + 24 * 3_600
        for each, content, item in zip(out["items"], (SMALL, LARGE), world.shelf.ids, strict=True):
            assert each["item"] == to_hex(item)
            path = f"/handouts/{out['handout']}/{each['item']}"
            answer = program.ask("GET", path)
            assert (answer.status, len(answer.body)) == (200, each["size"])
            got = answer.body
            if recipient is not None:
                got = pyrage.decrypt(got, [pyrage.x25519.Identity.from_str(identity.text)])
            assert got == content
            assert answer.headers["Content-Type"] == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            # Whoever has the answer can show that the receipt is in the log.
            receipt = Receipt.from_json(each["receipt"])
            assert (receipt.caller, receipt.item) == (WHO, item)
            proof = LogProof.from_bytes(each["proof"].encode())
            salted = Salted(receipt, bytes.fromhex(each["salt"][2:]))
            proof.check(salted.entry, KEY.name, [KEY])
            assert proof.index == each["number"]
            assert proof.note.to_bytes().decode() == each["checkpoint"]


def test_a_browser_keeps_its_session_in_a_cookie_that_no_script_reads(port: int) -> None:
    browser = Client(port, ORIGIN, "vault.example.com")
    answer = browser.sign_in()
    assert "token" not in answer.json
    (session,) = [each for each in answer.cookies if each.startswith("kiseki-vault=")]
    (nonce,) = [each for each in answer.cookies if each.startswith("kiseki-vault-nonce=")]
    for each in (session, nonce):
        flags = {part.strip().lower() for part in each.split(";")[1:]}
        assert {"httponly", "samesite=strict", "secure", "path=/vault"} <= flags
    assert "Max-Age=0" in nonce
    assert browser.ask("GET", "/receipts").status == 200
    assert browser.ask("DELETE", "/session").status == 200
    browser.cookies = {"kiseki-vault": session.partition("=")[2].partition(";")[0]}
    assert browser.ask("GET", "/receipts").status == 401


def test_a_nonce_is_good_once_and_in_the_browser_that_asked(port: int) -> None:
    mine, other = Client(port), Client(port)
    told = mine.ask("POST", "/sign-in", {"wallet": CALLING.address}).json
    signature = to_hex(bytes(CALLING.sign_message(encode_defunct(text=told["text"])).signature))
    said = {"nonce": told["nonce"], "signature": signature}
    assert other.ask("POST", "/session", said).status == 401
    other.ask("POST", "/sign-in", {"wallet": CALLING.address})
    assert other.ask("POST", "/session", said).status == 401  # with a cookie of its own
    cookies = dict(mine.cookies)
    assert mine.ask("POST", "/session", said).status == 200
    mine.cookies = cookies
    assert mine.ask("POST", "/session", said).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "null"},
        {"Origin": "http://vault.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_another_sites_page_can_send_nothing(port: int, headers: dict[str, str]) -> None:
    browser = Client(port, ORIGIN, "vault.example.com")
    browser.sign_in()
    for method, path, said in (
        ("POST", "/sign-in", {"wallet": CALLING.address}), ("POST", "/session", {}),
        ("POST", "/handouts", {}), ("DELETE", "/session", None),
        ("POST", f"/log/{ARTIST}/cosignatures", {}),
    ):  # fmt: skip
        assert browser.ask(method, path, said, headers).status == 403
    assert browser.ask("GET", "/receipts").status == 200  # nobody signed it out


def test_a_cookie_alone_sends_nothing(port: int, world: World) -> None:
    browser = Client(port, ORIGIN, "vault.example.com")
    browser.sign_in()
    browser.origin = None  # which a form of an old browser would leave out
    said = {"items": [to_hex(world.shelf.ids[0])], "use": "ai_training"}
    assert browser.ask("POST", "/handouts", said).status == 403


@pytest.mark.parametrize("host", ["evil.example.com", "vault.example.com.evil.com", ""])
def test_another_name_does_not_lead_here(port: int, host: str) -> None:
    assert Client(port, host=host).ask("GET", "/health").status == 400
    for name in ("vault.example.com", "vault.example.com:8443", "localhost"):
        assert Client(port, host=name).ask("GET", "/health").status == 200


def test_there_is_one_answer_for_all_that_is_not_given(
    port: int, program: Client, world: World
) -> None:
    mine = world.shelf.ids[0]
    out = program.begin([mine])["handout"]
    stranger = Client(port)
    stranger.sign_in(STRANGER)
    answers: list[Answer] = []
    for client, wanted, use in (
        (program, MISSING, "ai_training"), (program, mine, "redistribution"),
        (stranger, mine, "ai_training"), (stranger, MISSING, "ai_training"),
    ):  # fmt: skip
        answers.append(client.ask("POST", "/handouts", {"items": [to_hex(wanted)], "use": use}))
    for client, path in (
        (stranger, f"{out}/{to_hex(mine)}"), (program, f"{out}/{to_hex(world.shelf.ids[1])}"),
        (program, f"{'00' * 16}/{to_hex(mine)}"), (program, f"{out}/{to_hex(MISSING)}"),
        (program, f"{out}/nothing"), (program, f"nothing/{to_hex(mine)}"),
        (program, f"{out}/openings/{to_hex(mine)}"),
    ):  # fmt: skip
        answers.append(client.ask("GET", f"/handouts/{path}"))
    world.license(1_999, who=WHO)
    answers.append(program.ask("GET", f"/handouts/{out}/{to_hex(mine)}"))
    answers.append(program.ask("GET", f"/handouts/{out}/{to_hex(mine)}", headers={"Range": "x"}))
    for each in answers:
        assert (each.status, each.json) == (404, {"error": str(NotGiven())})
        assert {*each.headers} == {*answers[0].headers}
        told = {name: each.headers[name] for name in each.headers if name.lower() != "date"}
        assert told == {name: answers[0].headers[name] for name in told}
    head = program.ask("HEAD", f"/handouts/{out}/{to_hex(mine)}")
    assert (head.status, head.headers["Content-Length"]) == (
        404, answers[0].headers["Content-Length"],
    )  # fmt: skip


def test_who_is_not_signed_in_is_told_so(port: int, world: World) -> None:
    client = Client(port)
    paths = (
        ("POST", "/handouts"), ("GET", "/receipts"), ("POST", f"/log/{ARTIST}/cosigners"),
        ("GET", f"/handouts/{'00' * 16}/{to_hex(world.shelf.ids[0])}"),
    )  # fmt: skip
    for token in (None, "", "nonsense", "\xff"):
        client.token = token
        for method, path in paths:
            answer = client.ask(method, path, {} if method == "POST" else None)
            origin_missing = token is None and method == "POST"
            assert answer.status == (403 if origin_missing else 401)
            assert "error" in answer.json


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/sign-in", {"wallet": "x" * 5_000}, 413),
        ("/sign-in", {"wallet": "0x12"}, 400),
        ("/sign-in", {"wallet": 7}, 400),
        ("/sign-in", b"[1]", 400),
        ("/sign-in", b"{" * 900, 400),
        ("/sign-in", b"\xff\xfe", 400),
        ("/session", {"nonce": "0", "signature": "0x" + "00" * 40_000}, 413),
        ("/session", {"nonce": "0", "signature": "zz"}, 400),
        ("/session", {}, 401),
        ("/handouts", {"items": ["0x" + "00" * 32] * 20_000, "use": "ai_training"}, 413),
        ("/handouts", {"items": ["0x" + "00" * 32] * 2, "use": "ai_training"}, 400),
        ("/handouts", {"items": [], "use": "ai_training"}, 400),
        ("/handouts", {"items": ["0x00"], "use": "ai_training"}, 400),
        ("/handouts", {"items": [7], "use": "ai_training"}, 400),
        ("/handouts", {"items": ["0x" + "00" * 32], "use": "generation"}, 400),
        ("/handouts", {"items": ["0x" + "00" * 32], "use": []}, 400),
        ("/handouts", {"collection": "0x" + "00" * 32, "use": "ai_training"}, 400),
        ("/handouts", {"items": ["0x" + "00" * 32], "use": "data_mining", "recipient": ""}, 400),
        ("/handouts", {"items": ["0x" + "00" * 32], "use": "ai_training", "recipient": 7}, 400),
    ],
)  # fmt: skip
def test_what_is_no_question_is_refused(
    program: Client, path: str, said: object, status: int
) -> None:
    answer = program.ask("POST", path, said)
    assert (answer.status, list(answer.json)) == (status, ["error"])


def test_a_collection_is_handed_out_as_a_whole(database: Database, world: World) -> None:
    here = b"\x22" * 32
    listed = {here: world.shelf.ids}
    with serving(desk_of(database, world, listed=lambda each: listed.get(each, []))) as port:
        client = Client(port)
        client.sign_in()
        question = {"collection": to_hex(here), "use": "ai_training"}
        out = client.ask("POST", "/handouts", question).json
        assert [each["item"] for each in out["items"]] == list(map(to_hex, world.shelf.ids))
        before = world.chain.asked
        answer = client.ask("POST", "/handouts", {**question, "collection": to_hex(MISSING)})
        assert (answer.status, world.chain.asked) == (404, before + 1)


@pytest.mark.parametrize(("items", "texts"), [(2, 1 << 20), (1_000, 4), (1, 1)])
def test_captions_are_told_in_parts_to_who_was_given_the_content(
    database: Database, monkeypatch: pytest.MonkeyPatch, items: int, texts: int
) -> None:
    """Of one that does not open it is said, and not that there is none."""
    world = World(database, b"one", b"two", b"three", b"four", b"five")
    world.license(5_000, who=WHO)
    monkeypatch.setattr(giving, "_PAGE", items)
    monkeypatch.setattr(giving, "_TEXTS", texts)
    ids = sorted(world.shelf.ids)
    said = dict.fromkeys(ids, "夕焼け \ud800") | {ids[0]: "", ids[-1]: None}
    desk = desk_of(database, world, captions=lambda of: ((each.id, said[each.id]) for each in of))
    with serving(desk) as port:
        client, other = Client(port), Client(port)
        client.sign_in()
        other.sign_in(STRANGER)
        question = {"items": list(map(to_hex, ids)), "use": "ai_training"}
        path = f"/handouts/{client.ask('POST', '/handouts', question).json['handout']}/captions"
        told, after, parts = [], "", 0
        while True:
            answer = client.ask("GET", path + after)
            assert answer.status == 200
            told += answer.json["captions"]
            parts += 1
            if answer.json["next"] is None:
                break
            after = f"?after={answer.json['next']}"
        shown = {each: text and text.replace("\ud800", "?") for each, text in said.items()}
        assert told == [
            {"item": to_hex(each), "caption": text} for each, text in shown.items() if text != ""
        ]
        assert parts > 1
        assert other.ask("GET", path).status == 404
        assert client.ask("GET", path + "?to=age1nobody").status == 400
        assert client.ask("GET", path + "?after=0x00").status == 404
        world.license(0, who=WHO)
        assert client.ask("GET", path).status == 404


def test_who_asks_too_often_is_told_when_to_come_back(database: Database) -> None:
    world = World(database, SMALL, asked=2)
    world.license(5_000, who=WHO)
    desk = desk_of(database, world, limits=Limits(each=2))
    with serving(desk) as port:
        client = Client(port)
        client.sign_in()
        said = {"items": [to_hex(world.shelf.ids[0])], "use": "ai_training"}
        for _ in range(2):
            assert client.ask("POST", "/handouts", said).status == 200
        for path, question in (("/handouts", said), ("/sign-in", {"wallet": CALLING.address})):
            for _ in range(2):
                answer = client.ask("POST", path, question)
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 3_600


def test_receipts_are_for_provider_and_receiver(port: int, program: Client, world: World) -> None:
    out = program.begin(world.shelf.ids)
    told = program.ask("GET", f"/receipts?provider={ARTIST}").json
    assert [each["receipt"] for each in told["receipts"]] == [e["receipt"] for e in out["items"]]
    assert told["providers"] == [ARTIST]
    assert (
        program.ask("GET", f"/receipts?provider={ARTIST}&since=1").json["receipts"]
        == (told["receipts"][1:])
    )
    assert program.ask("GET", "/receipts").json["receipts"] == []  # as a provider
    stranger = Client(port)
    stranger.sign_in(STRANGER)
    assert stranger.ask("GET", f"/receipts?provider={ARTIST}").json["receipts"] == []
    for wrong in ("since=-1", "since=x", "since=" + "9" * 30, "provider=x"):
        assert program.ask("GET", f"/receipts?{wrong}").status == 400


def test_a_provider_sees_who_was_given_what(database: Database) -> None:
    world = World(database, SMALL)
    artist = Account.from_key(b"\x0b" * 32)
    world.shelf.__init__(str(artist.address).lower(), SMALL)  # type: ignore[misc]
    world.license(5_000, who=WHO)
    with serving(desk_of(database, world)) as port:
        caller, provider = Client(port), Client(port)
        caller.sign_in()
        provider.sign_in(artist)
        out = caller.begin(world.shelf.ids)
        (seen,) = provider.ask("GET", "/receipts").json["receipts"]
        assert seen["receipt"] == out["items"][0]["receipt"]
        assert seen["salt"] == out["items"][0]["salt"]


def test_what_the_vault_cannot_do_says_nothing_of_why(
    program: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise NodeUnreachable("http://secret.example.com does not answer")

    monkeypatch.setattr(world.chain, "ask", away)
    said = {"items": [to_hex(world.shelf.ids[0])], "use": "ai_training"}
    answer = program.ask("POST", "/handouts", said)
    assert answer.status == 503
    assert b"secret" not in answer.body
    monkeypatch.setattr(world.chain, "ask", lambda *_: 1 / 0)
    assert program.ask("POST", "/handouts", said).status == 503


def test_a_vault_that_shows_no_page_loads_no_pages() -> None:
    """What it serves needs neither templates nor the index, which take more memory than it does."""
    told = subprocess.run(
        [sys.executable, "-c", "import sys, kiseki.web.vault.serve; print(*sys.modules)"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    loaded = set(told.stdout.split())
    assert "kiseki.web.vault.pages" in loaded
    assert not loaded & {"jinja2", "fastapi", "PIL", "web3", "kiseki.index", "kiseki.client"}
