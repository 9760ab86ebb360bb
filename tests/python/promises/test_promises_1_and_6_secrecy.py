"""Promise 1: the ID is on the chain, the content never is. Promise 6: only who is allowed gets it.

Also invariant 7: no content, salt, key or name ever reaches the chain, a log or an error.
"""

import hashlib
import json
import logging
import os
import stat
import traceback
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki
from kiseki.chain.signing.accounts import account_of
from kiseki.chain.signing.accounts import local_account as wallet
from kiseki.core import ids
from kiseki.core.values import ZERO32
from kiseki.errors import InvalidInput, NodeUnreachable, SecretsError
from kiseki.vault.keystore import KeyStore

from .scene import DRAWINGS, Scene


def everything_on_chain(k: Kiseki) -> bytes:
    """All calldata and all logs of all transactions there are."""
    w3 = k.session.w3
    found = []
    for number in range(w3.eth.block_number + 1):
        block: Any = w3.eth.get_block(number, full_transactions=True)
        found += [bytes(transaction["input"]) for transaction in block["transactions"]]
    for log in w3.eth.get_logs({"fromBlock": 0, "toBlock": "latest"}):
        found += [*map(bytes, log["topics"]), bytes(log["data"])]
    return b"\xff".join(found)


def test_every_piece_of_data_has_an_id_on_the_chain(scene: Scene) -> None:
    for name, prepared in scene.collections.items():
        record = scene.k.index.collection(prepared.id)
        assert record.complete
        assert record.count == len(DRAWINGS[name])
        assert list(record.published) == prepared.commitments
        assert ids.item_ids(record.provider, record.published) == [i.id for i in prepared.items]
    chain = everything_on_chain(scene.k)
    assert all(each in chain for each in scene.collections["alice"].commitments)


def test_content_digests_salts_and_names_never_reach_the_chain(scene: Scene) -> None:
    chain = everything_on_chain(scene.k)
    salts = scene.k.salts
    files = list(scene.folder.rglob("*.svg"))
    assert len(files) == 5
    for path in files:
        content = path.read_bytes()
        digest = hashlib.sha256(content).digest()
        provider = scene.alice if path.parent.name == "alice" else scene.bob
        (salt,) = salts.salts(provider.address, [digest])
        for secret in (content, content[:16], digest, salt, path.name.encode(), path.stem.encode()):
            assert secret not in chain
        # Who has the file and not the salt cannot find out that it is registered.
        assert ids.commitment(digest, ZERO32) not in chain
    for name in (b"Alice", b"alice", b"weights of", b"frame 0", str(scene.folder).encode()):
        assert name not in chain


def test_salts_differ_by_provider_and_content(scene: Scene) -> None:
    salts = scene.k.salts
    digests = [bytes([n]) * 32 for n in range(20)]
    both = [*salts.salts(scene.alice.address, digests), *salts.salts(scene.bob.address, digests)]
    assert len(set(both)) == 40
    assert salts.salts(scene.alice.address.lower(), digests) == both[:20]


def test_the_key_store_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secrets"
    old = os.umask(0)
    try:
        KeyStore(path).salts(wallet(1).address, [b"\x01" * 32])
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_salts_are_kept_before_anything_is_sent(scene: Scene, tmp_path: Path) -> None:
    """Invariant 8: a crash right after preparing, and the same file has the same ID again."""
    path = tmp_path / "secrets"
    first = Kiseki(scene.k.session, wallet(9), KeyStore(path))
    sent = scene.k.session.w3.eth.block_number
    prepared = first.data.prepare(scene.folder / "alice", scene.terms)
    assert scene.k.session.w3.eth.block_number == sent
    first.salts.close()  # type: ignore[attr-defined]
    kept = KeyStore(path)
    assert kept.count() == len(prepared.items)
    assert [each.commitment_list for each in kept.slices(prepared.id)] == [prepared.commitments]
    again = Kiseki(scene.k.session, wallet(9), KeyStore(path))
    assert again.data.prepare(scene.folder / "alice", scene.terms).id == prepared.id


def test_nothing_secret_is_in_what_is_shown(
    scene: Scene, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "secrets"
    account = wallet(9)
    k = Kiseki(scene.k.session, account, KeyStore(path))
    prepared = k.data.prepare(scene.folder / "alice", scene.terms)
    consent = k.data.consent(prepared)
    done = k.data.register(prepared)
    copy = tmp_path / "copy"
    KeyStore(path).backup(copy, clear=True)
    lines = map(json.loads, copy.read_text().splitlines())
    salts = [line["salt"] for line in lines if "salt" in line]
    assert len(salts) == len(prepared.items)
    private = account.key.hex().removeprefix("0x")
    things: list[Any] = [k, k._wallet, k.salts, k._wallet.sender, k.data, k.models,
                         k.revenue, prepared, consent, done, k.session]  # fmt: skip
    shown = "\n".join([*map(repr, things), *map(str, things), caplog.text])
    for secret in [*salts, private]:
        assert secret not in shown.lower()
        assert str(bytes.fromhex(secret)) not in shown


def test_a_wrong_private_key_is_not_repeated() -> None:
    wrong = "0x" + "ab" * 31 + "zz"
    with pytest.raises(InvalidInput) as refused:
        account_of(wrong)
    shown = "".join(traceback.format_exception(refused.value))
    assert wrong not in shown
    assert "ab" * 31 not in shown


def test_a_key_in_a_url_is_not_repeated() -> None:
    url = "http://user:hunter2@127.0.0.1:9/v2/my-api-key"
    with pytest.raises(
        NodeUnreachable, match=r"no node answers at http://127\.0\.0\.1:9"
    ) as refused:
        Kiseki.connect(url, wallet(0), secrets="never-made")
    shown = "".join(traceback.format_exception(refused.value))
    assert "my-api-key" not in shown
    assert "hunter2" not in shown
    assert not Path("never-made").exists()


def test_a_key_store_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    KeyStore(path).salts(wallet(1).address, [b"\x01" * 32])
    path.chmod(0o644)
    with pytest.raises(SecretsError, match="chmod 600"):
        KeyStore(path)


def test_a_key_store_that_became_readable_meanwhile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secrets"
    keeper = KeyStore(path)
    keeper.salts(wallet(1).address, [b"\x01" * 32])
    path.chmod(0o640)
    with pytest.raises(SecretsError, match="0640"):
        keeper.salts(wallet(1).address, [b"\x02" * 32])
    path.chmod(0o600)
    assert keeper.count() == 1


def test_two_processes_agree_on_salts(tmp_path: Path) -> None:
    path, who = tmp_path / "secrets", wallet(1).address
    one, two = KeyStore(path), KeyStore(path)
    digests = [bytes([n]) * 32 for n in range(9)]
    first = one.salts(who, digests[:6])
    second = two.salts(who, digests[3:])
    assert first[3:] == second[:3]
    assert one.salts(who, digests) == two.salts(who, digests) == KeyStore(path).salts(who, digests)


def test_a_key_store_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretsError, match="cannot be used"):
        KeyStore(tmp_path)
