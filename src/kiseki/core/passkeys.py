"""What a browser answers when a passkey signs (WebAuthn), as an account takes it.

    navigator.credentials.get({publicKey: {challenge: the digest, userVerification: "required", …}})

gives ``authenticatorData``, ``clientDataJSON`` and a signature in DER. Making a passkey gives its
public key as a SubjectPublicKeyInfo (``getPublicKey()``).
"""

from __future__ import annotations

import base64
import json

from kiseki.core import abi
from kiseki.core.accounts import key_of
from kiseki.errors import InvalidInput

__all__ = ["assertion", "challenge_of", "public_key"]

_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_KIND = b'"type":"webauthn.get"'
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
"""Before the point: an elliptic curve's key, on P-256, not compressed."""
_PRESENT, _VERIFIED = 0x01, 0x04


def public_key(given: bytes) -> bytes:
    """The key of a new passkey: the 64 bytes at the end of its SubjectPublicKeyInfo.

    Raises:
        InvalidInput: it is of another kind than ES256, or no key at all.
    """
    if not given.startswith(_SPKI):
        raise InvalidInput("this is no public key of a passkey for ES256 (P-256)")
    return key_of(given.removeprefix(_SPKI))


def assertion(authenticator_data: bytes, client_data: bytes, signature: bytes) -> bytes:
    """A passkey's own signature, as `kiseki.core.accounts.signature` takes it.

    Of the two values of s that fit, an account takes the lower one.

    Args:
        client_data: the bytes of clientDataJSON.
        signature: in DER.

    Raises:
        InvalidInput: an account would refuse it: it is no assertion, or its owner was not verified.
    """
    challenge = _challenge(client_data)
    place = client_data.find(b'"challenge":"' + challenge + b'"')
    kind = client_data.find(_KIND)
    if place < 0 or kind < 0:
        raise InvalidInput("the browser wrote clientDataJSON in a way that no account reads")
    if len(authenticator_data) < 37:
        raise InvalidInput("the authenticator's data is cut off")
    flags = authenticator_data[32]
    if not flags & _PRESENT or not flags & _VERIFIED:
        raise InvalidInput(
            "the device did not check who signs (face, finger or PIN); set up a screen lock, and "
            "sign again"
        )
    r, s = _numbers(signature)
    words = (abi.word(each) for each in (r, min(s, _N - s), place, kind))
    return abi.encode(*words, abi.text(authenticator_data), abi.text(client_data))


def challenge_of(client_data: bytes) -> bytes:
    """The digest that clientDataJSON says was signed.

    Raises:
        InvalidInput: it says none.
    """
    text = _challenge(client_data)
    return base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))


def _challenge(client_data: bytes) -> bytes:
    try:
        text = json.loads(client_data)["challenge"].encode("ascii")
        raw = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidInput("this is no clientDataJSON of a passkey") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != text or len(raw) != 32:
        raise InvalidInput("the passkey signed something else than a digest of 32 bytes")
    return bytes(text)


def _numbers(der: bytes) -> tuple[int, int]:
    """r and s: two positive whole numbers, each below the order of the curve."""
    try:
        if der[0] != 0x30 or der[1] != len(der) - 2 or der[1] > 0x7F:
            raise ValueError("no sequence")
        r, rest = _number(der[2:])
        s, rest = _number(rest)
        if rest or not (0 < r < _N and 0 < s < _N):
            raise ValueError("no two numbers of the curve")
    except (ValueError, IndexError) as error:
        raise InvalidInput("this is no signature of a passkey in DER") from error
    return r, s


def _number(der: bytes) -> tuple[int, bytes]:
    length = der[1]
    if der[0] != 0x02 or not 0 < length <= 33 or len(der) < 2 + length or der[2] & 0x80:
        raise ValueError("no positive number")
    return int.from_bytes(der[2 : 2 + length]), der[2 + length :]
