"""A wallet that is a contract is asked again before anything is given to it: its owners change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account.messages import encode_defunct
from tests.python.passkey import Passkey
from tests.python.vault.handed import World
from tests.python.vault.served import ORIGIN, Client, desk_of, serving

from kiseki import Kiseki, LocalKiseki
from kiseki.client.vault.signing import signed_by
from kiseki.core import typed
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.vault.handing.signin import By, SignIn
from kiseki.vault.store.database import Database

from ..conftest import Refuses

CONTENT = bytes(range(256)) * 40
_PERSONAL = keccak256(b"PersonalSign(bytes prefixed)")


class Vault:
    """A vault that asks a real chain who signed, and an account that has a licence."""

    def __init__(self, k: LocalKiseki, database: Database) -> None:
        self.k, self.phone, self.asked = k, Passkey(), 0
        k.accounts.create(self.phone.key)
        self.account = k.accounts.address(self.phone.key)
        self.world = World(database, CONTENT)
        signed = signed_by(k.session.node)

        def counted(*given: Any) -> By | None:
            self.asked += 1
            return signed(*given)

        door = SignIn(
            database, "vault.example.com", f"{ORIGIN}/vault", k.session.chain_id, "Sign in.",
            counted,
        )  # fmt: skip
        self.desk = replace(desk_of(database, self.world), door=door)

    def sign(self, text: str) -> bytes:
        """The account's signature of a text. Source: ERC-7739."""
        asked = encode_defunct(text=text)
        digest = keccak256(b"\x19" + asked.version + asked.header + asked.body)
        message = self.k.accounts.prepare(self.account, []).message
        inner = keccak256(_PERSONAL + digest)
        return self.phone.sign(keccak256(b"\x19\x01" + typed.separator(message) + inner))

    def enter(self, client: Client) -> int:
        told = client.ask("POST", "/sign-in", {"wallet": self.account}).json
        said = {"nonce": told["nonce"], "signature": to_hex(self.sign(told["text"]))}
        answer = client.ask("POST", "/session", said)
        if answer.status == 200:
            client.token = answer.json["token"]
        return answer.status

    def change_keys(self, old: Passkey, new: Passkey) -> None:
        own = self.k.accounts.own
        calls = [own(self.account, "addKey", new.key), own(self.account, "removeKey", old.key)]
        operation = self.k.accounts.prepare(self.account, calls)
        self.k.accounts.relay(operation, old.sign(operation.digest))


@pytest.fixture
def vault(k: LocalKiseki, tmp_path: Path) -> Iterator[Vault]:
    database = Database(tmp_path / "store")
    yield Vault(k, database)
    database.close()


def questions(vault: Vault, client: Client, path: str) -> list[int]:
    """The answers to all that gives something to who signed in: a hand-out, a range, receipts."""
    said = {"items": list(map(to_hex, vault.world.shelf.ids)), "use": "ai_training"}
    return [
        client.ask("GET", path, headers={"Range": "bytes=100-199"}).status,
        client.ask("POST", "/handouts", said).status,
        client.ask("GET", "/receipts").status,
    ]


def test_who_no_longer_owns_a_wallet_gets_nothing_by_its_session(vault: Vault) -> None:
    vault.world.license(5_000, who=vault.account.lower())
    with serving(vault.desk) as port:
        client = Client(port)
        assert vault.enter(client) == 200
        out = client.begin(vault.world.shelf.ids)
        path = f"/handouts/{out['handout']}/{out['items'][0]['item']}"
        assert client.ask("GET", path).body == CONTENT
        assert questions(vault, client, path) == [206, 200, 200]
        new = Passkey()
        vault.change_keys(vault.phone, new)
        assert questions(vault, client, path) == [401, 401, 401]
        vault.change_keys(new, vault.phone)
        assert questions(vault, client, path) == [401, 401, 401], "that session is over"
        assert vault.enter(client) == 200
        assert questions(vault, client, path) == [206, 200, 200], "a new one is the wallet's"


def test_a_node_that_does_not_answer_gives_nothing_and_ends_nothing(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.world.license(5_000, who=vault.account.lower())
    with serving(vault.desk) as port:
        client = Client(port)
        vault.enter(client)
        out = client.begin(vault.world.shelf.ids)
        path = f"/handouts/{out['handout']}/{out['items'][0]['item']}"
        with monkeypatch.context() as broken:
            Refuses(vault.k, broken, "eth_call")
            assert questions(vault, client, path) == [503, 503, 503]
        assert questions(vault, client, path) == [206, 200, 200]
        with monkeypatch.context() as broken:
            Refuses(vault.k, broken, "eth_call")
            assert client.ask("DELETE", "/session").status == 200, "signing out asks nobody"
        assert questions(vault, client, path) == [401, 401, 401]


def test_a_key_is_asked_about_once_also_when_there_is_code_at_its_address(
    vault: Vault, artist: Kiseki
) -> None:
    vault.world.license(5_000, who=artist.address.lower())
    # What EIP-7702 leaves at the address of a key that gave itself code.
    code = "0xef0100" + vault.account[2:]
    vault.k.session.node.one("anvil_setCode", artist.address, code)
    with serving(vault.desk) as port:
        client = Client(port)
        told = client.ask("POST", "/sign-in", {"wallet": artist.address}).json
        signature = to_hex(artist._wallet.signer.sign_text(told["text"]))
        said = {"nonce": told["nonce"], "signature": signature}
        client.token = client.ask("POST", "/session", said).json["token"]
        out = client.begin(vault.world.shelf.ids)
        path = f"/handouts/{out['handout']}/{out['items'][0]['item']}"
        assert questions(vault, client, path) == [206, 200, 200]
    assert vault.asked == 1
