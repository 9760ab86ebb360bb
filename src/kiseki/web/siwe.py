"""Signing in with a wallet (Sign-In with Ethereum, EIP-4361).

The server makes the text, and makes it again from what comes back: nothing of it but the address is
a visitor's. A signature counts for this site, one purpose and some minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from eth_account import Account
from eth_account.messages import SignableMessage, encode_defunct
from fastapi import Request

from kiseki.chain.signing.contractwallets import LONGEST
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, from_hex
from kiseki.errors import ChainError, InvalidInput
from kiseki.web.signing.passkeys import TOO_LATE, SiteName, challenge, is_recent
from kiseki.web.site import Site

__all__ = ["ANOTHER", "asked", "signer"]

_LONGEST = 2 + 2 * LONGEST
ANOTHER = "another wallet signed this"


def asked(request: Request, page: str, statement: str, chain_id: int, key: bytes) -> dict[str, str]:
    """What a wallet is asked to sign: `text`, in which `{address}` stands for its address with the
    checksum, and the `nonce` that comes back with the signature.

    Args:
        page: where it signs in, as ``/studio``.
        statement: what signing in means, in one sentence.
        key: of this purpose, which nobody else knows.
    """
    nonce = challenge(key.hex())
    return {
        "text": _text(request, page, statement, "{address}", chain_id, nonce),
        "nonce": nonce.hex(),
    }


def signer(
    request: Request,
    page: str,
    statement: str,
    chain_id: int,
    key: bytes,
    answer: Mapping[str, object],
) -> str:
    """Whose wallet signed what it was asked, in lower case: a wallet with a key, or a contract,
    which the node of this site asks (ERC-1271, ERC-6492).

    Args:
        answer: `address`, `nonce` and `signature`, as a browser brings them.

    Raises:
        InvalidInput: it did not, or too long ago; or it is no wallet with a key, and the node does
            not answer.
    """
    who = address_text(address(str(answer.get("address", "")), "the wallet"))
    nonce = from_hex("0x" + str(answer.get("nonce", "")), 32, "the nonce")
    signature = from_hex(str(answer.get("signature", ""))[:_LONGEST], None, "the signature")
    if not is_recent(nonce, key.hex()):
        raise InvalidInput(TOO_LATE)
    text = _text(request, page, statement, checksummed(who), chain_id, nonce)
    asked = encode_defunct(text=text)
    if _recovered(asked, signature) == who:
        return who
    site: Site = request.app.state.site
    digest = keccak256(b"\x19" + asked.version + asked.header + asked.body)  # EIP-191
    try:
        known = site.has_signed(who, digest, signature)
    except ChainError as error:
        raise InvalidInput(
            "the node of this site does not answer, and only a node can ask a wallet that is a "
            "contract; try again in a moment"
        ) from error
    if not known:
        raise InvalidInput(ANOTHER)
    return who


def _recovered(asked: SignableMessage, signature: bytes) -> str:
    """The wallet with a key that signed it, in lower case; empty where none did."""
    if len(signature) != 65:
        return ""
    try:
        return str(Account.recover_message(asked, signature=signature)).lower()
    except Exception:  # noqa: BLE001 - whatever eth-keys makes of a bad signature
        return ""


def _text(
    request: Request, page: str, statement: str, who: str, chain_id: int, nonce: bytes
) -> str:
    site, whole = SiteName.of(request), request.url.netloc
    issued = datetime.fromtimestamp(int.from_bytes(nonce[:8]), UTC)
    return (
        f"{whole} wants you to sign in with your Ethereum account:\n{who}\n\n{statement}\n\n"
        f"URI: {site.origins[-1]}{page}\nVersion: 1\nChain ID: {chain_id}\nNonce: {nonce.hex()}\n"
        f"Issued At: {issued.isoformat().replace('+00:00', 'Z')}"
    )
