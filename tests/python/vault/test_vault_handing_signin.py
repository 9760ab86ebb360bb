"""A wallet signs in with the text that it was given, once, from the same browser (EIP-4361)."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from sqlalchemy import text

from kiseki.core.checksum import checksummed
from kiseki.errors import InvalidInput, NodeUnreachable, VaultError
from kiseki.vault.handing import rates
from kiseki.vault.handing.signin import By, Invitation, Limits, SignIn
from kiseki.vault.store.database import Database

ROOT = Path(__file__).resolve().parents[3]
WALLET = Account.from_key(b"\x01" * 32)
STRANGER = Account.from_key(b"\x02" * 32)
WHO = str(WALLET.address).lower()
NOW = 1_796_083_200
STATEMENT = "Sign in to fetch what you hold a licence for. This sends nothing and costs nothing."
PLACE = ("vault.example.com:8443", "https://vault.example.com:8443/vault")
PARSED = """
import { SiweMessage } from "siwe";
const text = process.argv[1];
const message = new SiweMessage(text);
const found = await message.verify(JSON.parse(process.argv[2]), { suppressExceptions: true });
console.log(JSON.stringify({ ...message, again: message.prepareMessage(), success: found.success,
  error: found.error?.type }));
"""


def signed(text: str, wallet: Any = WALLET) -> bytes:
    return bytes(wallet.sign_message(encode_defunct(text=text)).signature)


def signed_by(who: str, text: str, signature: bytes) -> By | None:
    try:
        found = str(Account.recover_message(encode_defunct(text=text), signature=signature))
    except Exception:  # noqa: BLE001 - whatever eth-keys makes of a bad signature
        return None
    return By.KEY if found == checksummed(who) else None


@pytest.fixture(params=["a file", "PostgreSQL"])
def database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Database]:
    of = tmp_path / "store" if request.param == "a file" else request.getfixturevalue("postgres")
    made = Database(of)
    yield made
    made.close()


@pytest.fixture
def door(database: Database) -> SignIn:
    return SignIn(database, *PLACE, 31337, STATEMENT, signed_by)


def entered(door: SignIn, now: int = NOW) -> Any:
    given = door.invite(WHO, "somewhere", now)
    return door.enter(given.nonce, given.cookie, signed(given.text), now)


def siwe(text: str, **given: str) -> Any:
    """What the library of those who wrote EIP-4361 makes of a text, and of a signature."""
    node = shutil.which("node")
    assert node, "node is set up with the tests"
    done = subprocess.run(
        [node, "--input-type=module", "-e", PARSED, text, json.dumps(given)],
        capture_output=True, cwd=ROOT, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_another_implementation_reads_the_text_and_writes_the_same() -> None:
    database = Database(None)
    door = SignIn(database, *PLACE, 31337, STATEMENT, signed_by)
    given = door.invite(WHO, "somewhere", NOW)
    with_signature = {
        "signature": "0x" + signed(given.text).hex(), "domain": PLACE[0], "nonce": given.nonce,
        "time": "2026-12-01T00:09:59Z",
    }  # fmt: skip
    found = siwe(given.text, **with_signature)
    assert found["again"] == given.text
    assert found["domain"] == PLACE[0]
    assert found["address"] == checksummed(WHO)
    assert found["statement"] == STATEMENT
    assert found["uri"] == PLACE[1]
    assert (found["version"], found["chainId"], found["nonce"]) == ("1", 31337, given.nonce)
    assert found["issuedAt"] == "2026-12-01T00:00:00Z"
    assert found["expirationTime"] == "2026-12-01T00:10:00Z"
    assert found["success"]
    late = siwe(given.text, **{**with_signature, "time": "2026-12-01T00:10:01Z"})
    assert not late["success"]
    assert "expired" in late["error"].lower()
    other = {**with_signature, "signature": "0x" + signed(given.text, STRANGER).hex()}
    assert not siwe(given.text, **other)["success"]
    database.close()


def test_who_signed_is_signed_in(door: SignIn) -> None:
    session = entered(door)
    assert session.address == WHO
    assert door.who(session.token, NOW) == WHO
    assert door.who(session.token, session.ends - 1) == WHO
    assert session.token not in repr(session)


def test_a_session_ends_by_itself_and_when_it_is_left(door: SignIn, database: Database) -> None:
    first, second = entered(door), entered(door)
    with pytest.raises(VaultError, match="not signed in"):
        door.who(first.token, first.ends)
    with pytest.raises(VaultError, match="not signed in"):  # a clock set back
        door.who(first.token, NOW - 6)
    door.leave(first.token)
    door.leave(first.token)
    with pytest.raises(VaultError, match="not signed in"):
        door.who(first.token, NOW)
    assert door.who(second.token, NOW) == WHO
    door.leave_everywhere(WHO)
    with pytest.raises(VaultError, match="not signed in"):
        door.who(second.token, NOW)
    third = entered(door)
    entered(door, third.ends)
    assert database.rows(text("SELECT count(*) FROM session")) == [(1,)]  # what is over is gone


def test_a_text_works_once(door: SignIn) -> None:
    given = door.invite(WHO, "somewhere", NOW)
    door.enter(given.nonce, given.cookie, signed(given.text), NOW)
    with pytest.raises(VaultError, match="was used"):
        door.enter(given.nonce, given.cookie, signed(given.text), NOW)


def test_a_wrong_answer_uses_the_text_up(door: SignIn) -> None:
    given = door.invite(WHO, "somewhere", NOW)
    for wrong in (b"", b"\x00" * 65, b"\x01" * 100_000, signed(given.text, STRANGER)):
        given = door.invite(WHO, "somewhere", NOW)
        with pytest.raises(VaultError, match="did not sign this"):
            door.enter(given.nonce, given.cookie, wrong, NOW)
        with pytest.raises(VaultError, match="was used"):
            door.enter(given.nonce, given.cookie, signed(given.text), NOW)


def test_only_the_browser_that_asked_can_answer(door: SignIn) -> None:
    given, other = (door.invite(WHO, "somewhere", NOW) for _ in range(2))
    for cookie in (other.cookie, "", "\ud800", given.nonce):
        with pytest.raises(VaultError, match="this browser"):
            door.enter(given.nonce, cookie, signed(given.text), NOW)
    for nonce in ("", "\x00", "\ud800", given.nonce.upper() + "A"):
        with pytest.raises(VaultError, match="this browser"):
            door.enter(nonce, given.cookie, signed(given.text), NOW)
    # A stranger's attempts do not use the text up.
    assert door.enter(given.nonce, given.cookie, signed(given.text), NOW).address == WHO


@pytest.mark.parametrize("when", [-6, 600])
def test_a_text_works_in_its_time(door: SignIn, when: int) -> None:
    given = door.invite(WHO, "somewhere", NOW)
    assert given.ends == NOW + 600
    with pytest.raises(VaultError, match="too old"):
        door.enter(given.nonce, given.cookie, signed(given.text), NOW + when)


def test_another_text_that_the_wallet_signed_is_not_taken(door: SignIn) -> None:
    given = door.invite(WHO, "somewhere", NOW)
    for other in (
        given.text.replace("31337", "1"), given.text + "\n", given.text.replace("vault.", "evil."),
        door.invite(WHO, "somewhere", NOW).text,
    ):  # fmt: skip
        assert other != given.text
        given = door.invite(WHO, "somewhere", NOW)
        with pytest.raises(VaultError, match="did not sign this"):
            door.enter(given.nonce, given.cookie, signed(other), NOW)


def test_a_node_that_does_not_answer_signs_nobody_in(database: Database) -> None:
    def away(*_: object) -> By | None:
        raise NodeUnreachable("no answer")

    door = SignIn(database, *PLACE, 31337, STATEMENT, away)
    given = door.invite(WHO, "somewhere", NOW)
    with pytest.raises(NodeUnreachable):
        door.enter(given.nonce, given.cookie, signed(given.text), NOW)
    assert database.rows(text("SELECT count(*) FROM session")) == [(0,)]


def test_who_asks_too_often_waits_and_others_do_not(database: Database) -> None:
    door = SignIn(database, *PLACE, 1, STATEMENT, signed_by, Limits(each=3, all=5))
    for _ in range(3):
        door.invite(WHO, "one", NOW)
    with pytest.raises(VaultError, match="ask again in 60 s"):
        door.invite(WHO, "one", NOW)
    door.invite(WHO, "two", NOW)  # the owner, in whose name the other asked
    door.invite(WHO, "two", NOW)
    with pytest.raises(VaultError, match="ask again in 1 s"):
        door.invite(str(STRANGER.address), "three", NOW + 59)
    door.invite(WHO, "one", NOW + 60)
    door.invite(WHO, "one", NOW + 2 * 86_400)
    assert database.rows(text("SELECT count(*) FROM asked")) == [(2,)]  # what is past is gone


def test_the_database_holds_nothing_to_sign_in_with(door: SignIn, database: Database) -> None:
    given = door.invite(WHO, "somewhere", NOW)
    session = entered(door)
    kept = repr([database.rows(text(f"SELECT * FROM {each}")) for each in ("nonce", "session")])
    assert given.nonce in kept
    for secret in (given.cookie, session.token):
        assert secret not in kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"domain": "a b"}, {"domain": "vault.example.com:8443\n"}, {"domain": ""},
        {"uri": "https://evil.example.com/"}, {"uri": PLACE[1] + "\nNonce: 1"}, {"uri": ""},
        {"statement": "two\nlines"}, {"statement": ""}, {"statement": "名前"}, {"chain_id": 0},
    ],
)  # fmt: skip
def test_what_cannot_stand_in_a_text_is_refused(wrong: dict[str, Any]) -> None:
    fine: dict[str, Any] = {
        "domain": PLACE[0], "uri": PLACE[1], "chain_id": 1, "statement": STATEMENT,
    }  # fmt: skip
    database = Database(None)
    with pytest.raises(InvalidInput):
        SignIn(database, **{**fine, **wrong}, signed_by=signed_by)
    door = SignIn(database, **fine, signed_by=signed_by)
    for who in ("", "0x12", "somebody", WHO + "\n", 7):
        with pytest.raises(InvalidInput):
            door.invite(who, "somewhere", NOW)  # type: ignore[arg-type]
    database.close()


def test_rates_hold_where_a_clock_is_set_back() -> None:
    database = Database(None)
    with database.writing() as db:
        rates.count(db, "it", 1, 60, NOW)
        rates.count(db, "it", 1, 60, NOW - 3600)
        with pytest.raises(VaultError):
            rates.count(db, "it", 1, 60, NOW)
        rates.count(db, "another", 1, 60, NOW)
    database.close()


def test_an_invitation_shows_no_cookie() -> None:
    assert "secret" not in repr(Invitation("text", "nonce", "secret", 1))
