"""What a browser is asked of a passkey, and whether what it answers is true (WebAuthn).

A passkey belongs to the site under whose name it was made: a copy of these pages under another name
gets no signature of it. Source: W3C, Web Authentication Level 3; checked by py_webauthn.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    decode_credential_public_key,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kiseki.core import accounts, passkeys
from kiseki.errors import InvalidInput
from kiseki.vault.invitations import Passkey
from kiseki.web.guard import LOCAL

__all__ = ["SiteName", "answered", "asking", "challenge", "creating", "is_recent", "made", "named"]

_ES256 = COSEAlgorithmIdentifier.ECDSA_SHA_256
_MINUTES = 15
TOO_LATE = "that took too long; load the page again and try once more"


@dataclass(frozen=True, slots=True)
class SiteName:
    """Under which name a visitor reached the site.

    Attributes:
        host: without a port: what passkeys belong to.
        origins: the origins that a browser may say it is at.
    """

    host: str
    origins: tuple[str, ...]

    @classmethod
    def of(cls, request: Request) -> SiteName:
        """By the header `Host`, which is one of the site's own names (`kiseki.web.guard.hosts`).
        Only this machine to itself goes without TLS: browsers make no passkeys elsewhere."""
        host, whole = request.url.hostname or "", request.url.netloc
        ways = ("https", "http") if host in LOCAL else ("https",)
        return cls(host, tuple(f"{way}://{whole}" for way in ways))

    @property
    def is_number(self) -> bool:
        """Whether it is this machine's address to itself, to which no passkey can belong."""
        return self.host in LOCAL and self.host != "localhost"


# A challenge that needs no memory: when it was made, and that it was made here.


def challenge(secret: str) -> bytes:
    """A new one for whoever has this secret; 32 bytes."""
    made = int(time.time()).to_bytes(8)
    return made + _seal(secret, made)


def is_recent(given: bytes, secret: str) -> bool:
    """Whether a challenge was made here for this secret, a few minutes ago at most."""
    made = given[:8]
    age = time.time() - int.from_bytes(made)
    return hmac.compare_digest(given[8:], _seal(secret, made)) and -60 < age < _MINUTES * 60


def _seal(secret: str, made: bytes) -> bytes:
    return hmac.new(secret.encode(), b"kiseki challenge" + made, hashlib.sha256).digest()[:24]


# Making one


def creating(site: SiteName, name: str, asked: bytes) -> dict[str, Any]:
    """What a browser is asked so that it makes a passkey, as JSON."""
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=f"Kiseki, {site.host}",
        user_name=name,
        user_id=secrets.token_bytes(32),
        challenge=asked,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        supported_pub_key_algs=[_ES256],
    )
    return options_to_json_dict(options)


def made(site: SiteName, answer: dict[str, Any], secret: str) -> Passkey:
    """The passkey that a browser made.

    Raises:
        InvalidInput: it is none that an account takes, or the answer is to something else.
    """
    try:
        read = parse_registration_credential_json(answer)
        asked = passkeys.challenge_of(read.response.client_data_json)
        if not is_recent(asked, secret):
            raise InvalidInput(TOO_LATE)
        found = verify_registration_response(
            credential=read,
            expected_challenge=asked,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            require_user_verification=True,
            supported_pub_key_algs=[_ES256],
        )
        public = decode_credential_public_key(found.credential_public_key)
    except (WebAuthnException, ValueError) as error:
        raise _refused(error) from error
    if not isinstance(public, DecodedEC2PublicKey):
        raise InvalidInput("this passkey is of a kind that no account takes; use another device")
    key = accounts.key_of(public.x + public.y)
    return Passkey(found.credential_id, found.credential_public_key, key, site.host)


# Asking one


def asking(site: SiteName, asked: bytes, credential: bytes | None) -> dict[str, Any]:
    """What a browser is asked so that a passkey signs, as JSON.

    Args:
        asked: what it signs.
        credential: which passkey; none for whichever its owner chooses.
    """
    options = generate_authentication_options(
        rp_id=site.host,
        challenge=asked,
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential)] if credential else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def named(answer: dict[str, Any]) -> bytes:
    """Which passkey a browser says has signed.

    Raises:
        InvalidInput: the answer names none.
    """
    try:
        return parse_authentication_credential_json(answer).raw_id
    except (WebAuthnException, ValueError) as error:
        raise _refused(error) from error


def answered(
    site: SiteName, answer: dict[str, Any], passkey: Passkey, asked: bytes | None, secret: str = ""
) -> bytes:
    """What a passkey signed, as `kiseki.core.passkeys.assertion` gives it.

    Args:
        asked: what it was to sign; none for a `challenge` of `secret`.

    Raises:
        InvalidInput: it did not sign that here, or its owner was not checked.
    """
    try:
        read = parse_authentication_credential_json(answer)
        if asked is None:
            asked = passkeys.challenge_of(read.response.client_data_json)
            if not is_recent(asked, secret):
                raise InvalidInput(TOO_LATE)
        verify_authentication_response(
            credential=read,
            expected_challenge=asked,
            expected_rp_id=site.host,
            expected_origin=list(site.origins),
            credential_public_key=passkey.public,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise _refused(error) from error
    told = read.response
    return passkeys.assertion(told.authenticator_data, told.client_data_json, told.signature)


def _refused(error: Exception) -> InvalidInput:
    return InvalidInput(f"the browser's answer about the passkey cannot be used ({error})")
