"""A passkey in software, which answers as browsers do."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kiseki.core import accounts, passkeys, typed

PRESENT, VERIFIED, CAN_BE_COPIED, IS_COPIED = 0x01, 0x04, 0x08, 0x10


@dataclass(frozen=True)
class Passkey:
    """One passkey of one site.

    Attributes:
        site: the name that it is bound to.
    """

    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    site: str = "localhost"

    @property
    def spki(self) -> bytes:
        """What ``getPublicKey()`` gives when it is made."""
        return self.secret.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def key(self) -> bytes:
        return passkeys.public_key(self.spki)

    def get(
        self,
        challenge: bytes,
        flags: int = PRESENT | VERIFIED | CAN_BE_COPIED | IS_COPIED,
        kind: str = "webauthn.get",
    ) -> tuple[bytes, bytes, bytes]:
        """Authenticator data, clientDataJSON and signature, as ``navigator.credentials.get``."""
        text = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        said = {"type": kind, "challenge": text, "origin": f"http://{self.site}:8600"}
        client = json.dumps(said | {"crossOrigin": False}, separators=(",", ":")).encode()
        data = hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + bytes(4)
        signed = data + hashlib.sha256(client).digest()
        return data, client, self.secret.sign(signed, ec.ECDSA(hashes.SHA256()))

    def sign(self, digest: bytes) -> bytes:
        """Its signature as an account takes it."""
        return accounts.signature(self.key, passkeys.assertion(*self.get(digest)))

    def sign_for(self, account: str, message: dict[str, Any]) -> bytes:
        """The account's signature of a message of another contract (ERC-1271 by ERC-7739)."""
        return accounts.nesting(self.sign(accounts.nested_digest(message, account)), message)

    def sign_own(self, message: dict[str, Any]) -> bytes:
        """A signature of a message to the account itself, as operations are."""
        return self.sign(typed.digest(message))
