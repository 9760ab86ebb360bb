"""Wallets that are contracts sign in by their own word (ERC-1271), also before they are there
(ERC-6492); nothing that a contract of strangers says or does lets in anybody else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.messages import encode_defunct
from starlette.testclient import TestClient
from tests.python.web.test_web_signing import HERE, POSTS

from kiseki.chain.signing.accounts import local_account
from kiseki.chain.signing.contractwallets import LONGEST, has_signed
from kiseki.core import abi, accounts, typed
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NodeAway
from kiseki.web.app import application
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

from .conftest import Places

KEY = local_account(7)
OTHER = local_account(8)
DIGEST = keccak256(b"what is signed")
HOSTILE = "0x" + "bad0" * 10
_PERSONAL = keccak256(b"PersonalSign(bytes prefixed)")


def personal(places: Places, account: str, digest: bytes, key: Any = KEY) -> bytes:
    """An account's signature of a message that a person signs. Source: ERC-7739."""
    message = places.scene.k.accounts.prepare(account, []).message
    said = keccak256(_PERSONAL + digest)
    whole = keccak256(b"\x19\x01" + typed.separator(message) + said)
    signed = bytes(key.unsafe_sign_hash(whole).signature)
    return accounts.signature(accounts.key_of(KEY.address), signed)


@pytest.fixture
def there(places: Places) -> str:
    """An account that is on the chain."""
    places.scene.k.accounts.create(KEY.address)
    return places.scene.k.accounts.address(KEY.address)


@pytest.fixture
def coming(places: Places) -> str:
    """One that is not there yet."""
    return places.scene.k.accounts.address(KEY.address, 5)


def wrapped(places: Places, signed: bytes, number: int = 5) -> bytes:
    factory = places.scene.k.session["Accounts"].address
    return accounts.wrapped(factory, accounts.key_of(KEY.address), number, signed)


def code(places: Places, text: str) -> None:
    """Puts a contract of strangers on the chain."""
    places.scene.k.session.node.one("anvil_setCode", HOSTILE, "0x" + text)


def test_a_contract_says_what_it_signed(places: Places, there: str, coming: str) -> None:
    node = places.scene.k.session.node
    good = personal(places, there, DIGEST)
    assert has_signed(node, there, DIGEST, good)
    assert not has_signed(node, there, keccak256(b"another"), good)
    assert not has_signed(node, there, DIGEST, personal(places, there, DIGEST, OTHER))
    assert not has_signed(node, coming, DIGEST, good), "another account of the same key"
    new = personal(places, coming, DIGEST)
    assert not has_signed(node, coming, DIGEST, new), "it is not there, and nobody says how"
    assert has_signed(node, coming, DIGEST, wrapped(places, new))
    assert node.one("eth_getCode", coming, "latest") == "0x", "nothing was made"
    assert not has_signed(node, coming, DIGEST, wrapped(places, new, 6)), "that makes another"
    assert not has_signed(node, coming, DIGEST, wrapped(places, good))
    assert has_signed(node, there, DIGEST, wrapped(places, good, 0))
    for signature in (b"", b"\x16\x26\xba\x7e" * 8, bytes(65), b"\xff" * LONGEST):
        for who in (there, coming, KEY.address, "0x" + "00" * 19 + "04"):
            assert not has_signed(node, who, DIGEST, signature)
    with pytest.raises(InvalidInput, match="at most"):
        has_signed(node, there, DIGEST, bytes(LONGEST + 1))
    with pytest.raises(InvalidInput, match="damaged"):
        has_signed(node, there, DIGEST, b"\x11" * 40 + bytes.fromhex("6492" * 16))


MAGIC = "631626ba7e60e01b"
STRANGERS = {
    "answers as it should": (f"{MAGIC}60005260206000f3", True),
    "answers only four bytes": (f"{MAGIC}60005260046000f3", False),
    "answers the magic at the end": ("631626ba7e60005260206000f3", False),
    "answers something behind it": (f"{MAGIC}60011760005260206000f3", False),
    "answers with the question": ("366000600037366000f3", False),
    "answers nothing": ("00", False),
    "fails with the magic": (f"{MAGIC}60005260206000fd", False),
    "burns all gas": ("5b600056", False),
    "writes, which a question may not": (f"6001600055{MAGIC}60005260206000f3", False),
    "answers much": (f"{MAGIC}600052620100006000f3", True),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGERS)
def test_no_contract_of_strangers_says_more_than_yes_or_no(places: Places, name: str) -> None:
    text, says = STRANGERS[name]
    code(places, text)
    assert has_signed(places.scene.k.session.node, HOSTILE, DIGEST, b"any") is says


def test_who_says_how_a_wallet_is_made_does_not_change_one_that_is_there(places: Places) -> None:
    """A wallet that anybody can talk into saying yes says what it says now."""
    # Without data it learns to say yes; asked, it says what it has learnt.
    learns = "36600a57600160005500" + "5b"  # CALLDATASIZE, JUMPI to 10; SSTORE(0, 1), STOP
    code(places, learns + f"600054{MAGIC}0260005260206000f3")
    bad = abi.encode(abi.who(HOSTILE, "it"), abi.text(b""), abi.text(b"any"))
    signature = bad + bytes.fromhex("6492" * 16)
    node = places.scene.k.session.node
    assert not has_signed(node, HOSTILE, DIGEST, signature)
    places.scene.k.session.node.one(
        "anvil_setStorageAt", HOSTILE, "0x" + "00" * 32, "0x" + "00" * 31 + "01"
    )
    assert has_signed(node, HOSTILE, DIGEST, signature), "the wallet of this test can say yes"


# Signing in


@pytest.fixture
def visitor_(site: Site, desk: Desk, there: str, coming: str) -> Iterator[TestClient]:
    app = application(site, desk=desk, door=Door([there]), follows=False)
    with TestClient(app, base_url=HERE) as client:
        yield client


def answer(places: Places, page: str, account: str, key: Any = KEY, made: bool = True) -> Any:
    """What a browser brings back of a page's question."""
    shown = html.unescape(page)
    text = re.search(r'data-text="([^"]*)"', shown, re.S)
    nonce = re.search(r'data-nonce="([^"]*)"', shown)
    assert text is not None and nonce is not None
    asked = encode_defunct(text=text.group(1).replace("{address}", account))
    digest = keccak256(b"\x19" + asked.version + asked.header + asked.body)
    signed = personal(places, account, digest, key)
    signature = to_hex(signed if made else wrapped(places, signed))
    return {"address": account, "nonce": nonce.group(1), "signature": signature}


def test_a_contract_wallet_signs_in_to_its_own_pages(
    visitor_: TestClient, places: Places, there: str, coming: str
) -> None:
    for account, made in ((there, True), (coming, False)):
        visitor_.cookies.clear()
        page = visitor_.get("/own").text
        foreign = answer(places, page, account, OTHER, made)
        assert visitor_.post("/own/enter-wallet", json=foreign, headers=POSTS).status_code == 400
        assert account not in visitor_.get("/own").text
        mine = answer(places, page, account, made=made)
        another = mine | {"address": there if account == coming else coming}
        assert visitor_.post("/own/enter-wallet", json=another, headers=POSTS).status_code == 400
        assert visitor_.post("/own/enter-wallet", json=mine, headers=POSTS).is_success
        assert account in visitor_.get("/own").text


def test_a_named_contract_wallet_opens_the_studios_pages(
    visitor_: TestClient, places: Places, there: str, coming: str
) -> None:
    page = visitor_.get("/studio").text
    other = answer(places, page, coming, made=False)
    assert visitor_.post("/studio/enter", json=other, headers=POSTS).status_code == 400
    mine = answer(places, page, there)
    assert visitor_.post("/studio/enter", json=mine, headers=POSTS).json() == {"next": "/studio"}
    assert visitor_.get("/studio").status_code == 200


def test_nobody_comes_in_while_the_node_cannot_be_asked(
    visitor_: TestClient, places: Places, there: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = answer(places, visitor_.get("/own").text, there)

    def fails(*_: object) -> bool:
        raise NodeAway("the node did not answer")

    monkeypatch.setattr(Site, "has_signed", fails)
    told = visitor_.post("/own/enter-wallet", json=mine, headers=POSTS)
    assert told.status_code == 400 and "node" in told.json()["error"]
    assert there not in visitor_.get("/own").text
    told = visitor_.post("/studio/enter", json=mine, headers=POSTS)
    assert told.status_code == 400 and visitor_.get("/studio").status_code == 403


def test_the_operators_page_opens_to_a_named_wallet_where_nobody_is_invited(
    site: Site, places: Places, there: str
) -> None:
    with TestClient(
        application(site, door=Door([there]), follows=False), base_url=HERE
    ) as operator:
        page = operator.get("/operator")
        assert page.status_code == 403 and "/studio/enter?to=operator" in page.text
        mine = answer(places, page.text, there)
        told = operator.post("/studio/enter?to=operator", json=mine, headers=POSTS)
        assert told.json() == {"next": "/operator"}
        assert operator.get("/operator").status_code == 200
        assert operator.get("/studio").status_code == 403, "there is no studio here"
