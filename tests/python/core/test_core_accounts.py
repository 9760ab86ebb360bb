"""Keys, addresses and signatures of accounts, held to viem, eth_account and `cryptography`."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.python.core.test_core_terms import message
from tests.python.passkey import CAN_BE_COPIED, IS_COPIED, PRESENT, VERIFIED, Passkey

from kiseki.core import accounts, passkeys, typed
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "accounts"
ACCOUNT, FACTORY = "0x" + "ac" * 20, "0x" + "fa" * 20
PHONE = Passkey()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def raw(text: str) -> bytes:
    return from_hex(text, None, "a vector")


@pytest.mark.parametrize("case", json.loads((VECTORS / "viem.json").read_text("utf-8")))
def test_viem_makes_the_same(case: dict[str, Any]) -> None:
    told, viem = case["given"], case["viem"]
    signed, key, number = raw(told["signed"]), raw(told["key"]), int(told["number"])
    assert to_hex(accounts.nested_digest(told["message"], told["account"])) == viem["digest"]
    if told["message"]["primaryType"] != "Execute":
        # Of types that stand before the message's own viem hashes another order than it writes, so
        # no account takes it; `test_client_accounts.py` shows that one takes ours.
        assert to_hex(accounts.nesting(signed, told["message"])) == viem["nesting"]
    assert to_hex(accounts.signature(key, signed)) == viem["pair"]
    assert to_hex(accounts.wrapped(told["factory"], key, number, signed)) == viem["wrapped"]
    assert accounts.address_of(told["factory"], told["code"], key, number) == viem["address"]


@pytest.mark.parametrize("name", typed.MESSAGES)
@settings(max_examples=20)
@given(data=st.data())
def test_a_nested_message_hashes_as_eth_account_hashes_it(name: str, data: st.DataObject) -> None:
    """What a wallet is shown is what the account takes."""
    plain = message(name, data)
    full = accounts.nested(plain, ACCOUNT)
    signable = encode_typed_data(full_message=json.loads(json.dumps(full)))
    expected = keccak(b"\x19\x01" + signable.header + signable.body)
    assert accounts.nested_digest(plain, ACCOUNT) == expected
    assert full["message"]["contents"] == plain["message"]
    assert full["message"]["verifyingContract"] == ACCOUNT


def test_what_is_signed_for_one_account_is_not_for_another() -> None:
    plain = typed.revocation(
        1, FACTORY, provider=ACCOUNT, collection=bytes(32), nonce=1, deadline=2
    )
    digests = {accounts.nested_digest(plain, each) for each in (ACCOUNT, FACTORY)}
    elsewhere = {**plain, "domain": {**plain["domain"], "chainId": 2}}
    assert len(digests | {typed.digest(plain), accounts.nested_digest(elsewhere, ACCOUNT)}) == 4


# Keys


@given(passkey=st.booleans(), number=st.integers(0, 2**256 - 1), signed=st.binary(max_size=99))
def test_what_is_put_together_is_taken_apart(passkey: bool, number: int, signed: bytes) -> None:
    key = PHONE.key if passkey else b"\x77" * 20
    both = accounts.signature(key, signed)
    assert decode(["bytes", "bytes"], both) == (key, signed)
    assert accounts.split(both) == (key, signed)
    found = accounts.undeployed(accounts.wrapped(FACTORY, key, number, both))
    assert found is not None
    assert (found.factory, found.signature, found.key, found.number) == (
        FACTORY, both, key, number,
    )  # fmt: skip
    assert found.call == accounts.creation(key, number)
    assert accounts.undeployed(both) is None
    with pytest.raises(InvalidInput):  # the same, said in another way
        accounts.split(both + bytes(32))


def test_the_factory_of_another_wallet_is_told_without_a_key() -> None:
    magic = bytes.fromhex("6492" * 16)
    other = encode(["address", "bytes", "bytes"], [FACTORY, b"\x01\x02\x03\x04", b"x"]) + magic
    found = accounts.undeployed(other)
    assert found is not None
    assert (found.key, found.call, found.signature) == (None, b"\x01\x02\x03\x04", b"x")
    longer = accounts.creation(PHONE.key, 7) + b"more"
    found = accounts.undeployed(
        encode(["address", "bytes", "bytes"], [FACTORY, longer, b"x"]) + magic
    )
    assert found is not None
    assert (found.key, found.number, found.call) == (None, 0, longer)


@given(given=st.binary(max_size=300))
def test_nonsense_is_refused(given: bytes) -> None:
    magic = bytes.fromhex("6492" * 16)
    with pytest.raises(InvalidInput):
        accounts.split(given)
    with pytest.raises(InvalidInput):
        accounts.undeployed(given[:95] + magic)
    with pytest.raises(InvalidInput):
        accounts.key_of(given if len(given) not in (20, 64) else b"")


def test_what_is_no_key_is_refused() -> None:
    assert accounts.key_of(PHONE.key) == PHONE.key
    assert accounts.key_of(ACCOUNT) == bytes.fromhex(ACCOUNT[2:])
    off = PHONE.key[:63] + bytes([PHONE.key[63] ^ 1])
    for wrong in (off, bytes(20), bytes(64), b"\xff" * 64, PHONE.key + b"\0", "0x12", None, 7):
        with pytest.raises(InvalidInput):
            accounts.key_of(wrong)
    with pytest.raises(InvalidInput):
        accounts.address_of(FACTORY, ACCOUNT, off)


# Passkeys


def test_an_assertion_is_what_the_contract_reads() -> None:
    told = json.loads((VECTORS / "passkey.json").read_text("utf-8"))
    found = passkeys.assertion(
        raw(told["authenticatorData"]), told["clientDataJSON"].encode(), raw(told["der"])
    )
    assert to_hex(found) == told["signature"]
    assert to_hex(passkeys.challenge_of(told["clientDataJSON"].encode())) == told["digest"]


@settings(max_examples=30)
@given(digest=st.binary(min_size=32, max_size=32))
def test_of_two_signatures_that_fit_the_lower_is_taken(digest: bytes) -> None:
    data, client, der = PHONE.get(digest)
    r, s, challenge, kind, given_data, given_client = decode(
        ["uint256", "uint256", "uint256", "uint256", "bytes", "bytes"],
        passkeys.assertion(data, client, der),
    )
    assert (given_data, given_client) == (data, client)
    assert client[kind:].startswith(b'"type":"webauthn.get"')
    encoded = base64.urlsafe_b64encode(digest).rstrip(b"=")
    assert client[challenge:].startswith(b'"challenge":"' + encoded + b'"')
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    assert (r, s) == (decode_dss_signature(der)[0], min(s, ORDER - s))
    assert decode_dss_signature(der)[1] in (s, ORDER - s)


def test_what_an_account_would_refuse_is_refused_before() -> None:
    digest = b"\x55" * 32
    data, client, der = PHONE.get(digest)
    for flags in (PRESENT, VERIFIED, CAN_BE_COPIED | IS_COPIED):
        with pytest.raises(InvalidInput, match="screen lock"):
            passkeys.assertion(*PHONE.get(digest, flags))
    with pytest.raises(InvalidInput, match="no account reads"):
        passkeys.assertion(*PHONE.get(digest, kind="webauthn.create"))
    with pytest.raises(InvalidInput, match="no account reads"):
        passkeys.assertion(data, client.replace(b'challenge":"', b'challenge": "'), der)
    with pytest.raises(InvalidInput, match="32 bytes"):
        passkeys.assertion(*PHONE.get(b"short"))
    with pytest.raises(InvalidInput, match="cut off"):
        passkeys.assertion(data[:36], client, der)
    zero = bytes.fromhex("3006020100020101")
    longer = bytes([0x30, der[1] + 2]) + der[2:] + b"\x05\x00"
    for wrong in (b"", der[:-1], der + b"\0", b"\x31" + der[1:], zero, longer):
        with pytest.raises(InvalidInput, match="DER"):
            passkeys.assertion(data, client, wrong)
    for wrong in (b"", b"[]", b"{}", b'{"challenge":7}', b"\xff"):
        with pytest.raises(InvalidInput):
            passkeys.challenge_of(wrong)


def test_a_key_is_read_as_browsers_give_it() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    numbers = PHONE.secret.public_key().public_numbers()
    assert PHONE.key == numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
    other = Passkey(ec.generate_private_key(ec.SECP256K1()))
    for wrong in (b"", PHONE.spki[:-1], other.spki, PHONE.key):
        with pytest.raises(InvalidInput):
            passkeys.public_key(wrong)
