"""Signatures are the same with `kiseki[fast]`, which tests use, and without it."""

import pytest
from eth_keys.backends.coincurve import CoinCurveECCBackend
from eth_keys.backends.native.main import NativeECCBackend
from eth_keys.datatypes import PrivateKey, Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from hypothesis import example, given, settings
from hypothesis import strategies as st

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
FAST, PLAIN = CoinCurveECCBackend(), NativeECCBackend()

WORDS = st.binary(min_size=32, max_size=32)
NUMBERS = st.one_of(
    st.integers(0, 3), st.integers(ORDER - 2, ORDER + 2), st.integers(0, 2**256 - 1)
)


@settings(max_examples=20)
@given(key=st.integers(1, ORDER - 1), digest=WORDS)
def test_both_sign_the_same(key: int, digest: bytes) -> None:
    """To the byte: no signature tells what it was made with."""
    fast, plain = (PrivateKey(key.to_bytes(32), backend) for backend in (FAST, PLAIN))
    assert fast.public_key.to_bytes() == plain.public_key.to_bytes()
    assert fast.sign_msg_hash(digest).to_bytes() == plain.sign_msg_hash(digest).to_bytes()


@settings(max_examples=60)
@given(r=NUMBERS, s=NUMBERS, v=st.integers(0, 5), digest=WORDS)
@example(r=1, s=ORDER - 1, v=0, digest=bytes(32))
def test_both_find_the_same_signer_or_none(r: int, s: int, v: int, digest: bytes) -> None:
    """Of whatever somebody sends as a signature."""
    given = r.to_bytes(32) + s.to_bytes(32) + bytes([v])
    assert signer(given, digest, FAST) == signer(given, digest, PLAIN)


def signer(given: bytes, digest: bytes, backend: object) -> bytes | None:
    try:
        found = Signature(given, backend=backend)  # type: ignore[arg-type]
        return found.recover_public_key_from_msg_hash(digest).to_bytes()
    except (BadSignature, ValidationError):
        return None


def test_tests_sign_with_the_fast_one() -> None:
    """They take minutes longer without it."""
    assert isinstance(PrivateKey(bytes([1] * 32)).backend, CoinCurveECCBackend)


@pytest.mark.parametrize("digest", [bytes(32), b"\xff" * 32])
def test_digests_beyond_the_order_too(digest: bytes) -> None:
    fast, plain = (PrivateKey(bytes([7] * 32), backend) for backend in (FAST, PLAIN))
    assert fast.sign_msg_hash(digest).to_bytes() == plain.sign_msg_hash(digest).to_bytes()
