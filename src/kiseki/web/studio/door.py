"""Who may see the pages of those who run the site.

Whoever starts the site gets an address with a key in it, which opens them in one browser, as for
notebooks. Wallets that the site was started with can sign in too (Sign-In with Ethereum, EIP-4361).
Where a question comes from opens nothing: behind a proxy everybody seems to sit at this machine.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from eth_account import Account
from eth_account.messages import encode_defunct
from fastapi import Request, Response

from kiseki.core.checksum import checksummed
from kiseki.core.values import address, address_text, from_hex
from kiseki.errors import InvalidInput
from kiseki.language import mark
from kiseki.web import sealed
from kiseki.web.signing.passkeys import TOO_LATE, SiteName, challenge, is_recent

__all__ = ["NOT_NAMED", "Door"]

NOT_NAMED = mark("this wallet is not one that this site was started with")
_COOKIE = "kiseki-studio"
_SECONDS = 12 * 3_600
_STATEMENT = "See the studio's pages on this site. This moves nothing."


class Door:
    """Lets in who started the site, and the wallets that it was started with.

    Attributes:
        key: stands in the address that opens the pages; new each time the site is started.
        wallets: in lower case.
    """

    def __init__(self, wallets: Iterable[str] = ()) -> None:
        """
        Raises:
            InvalidInput: one is no address.
        """
        self.key = secrets.token_urlsafe(18)
        self.wallets = frozenset(address_text(address(each, "a wallet")) for each in wallets)
        self._seal = secrets.token_bytes(32)

    def fits(self, key: str) -> bool:
        """Whether this is the key."""
        return hmac.compare_digest(key.encode(), self.key.encode())

    def is_open(self, request: Request) -> bool:
        """Whether this browser was let in."""
        return sealed.kept(request, _COOKIE, self._seal) is not None

    def let_in(self, request: Request, response: Response) -> None:
        """Opens the pages to this browser until the day is over."""
        sealed.keep(request, response, _COOKIE, True, self._seal, _SECONDS)

    def shut(self, response: Response) -> None:
        """Closes them to this browser."""
        sealed.clear(response, _COOKIE)

    # Sign-In with Ethereum

    def asked(self, request: Request, chain_id: int) -> dict[str, str]:
        """What a wallet is asked to sign, with a place for its address, and what it answers with.

        Returns: `text`, where `{address}` stands for the wallet's address with its checksum, and
        `nonce`.
        """
        nonce = challenge(self._seal.hex())
        return {"text": _text(request, "{address}", chain_id, nonce), "nonce": nonce.hex()}

    def entered(self, request: Request, chain_id: int, answer: dict[str, object]) -> None:
        """Whether a wallet signed what it was asked, and may enter.

        Raises:
            InvalidInput: it did not, or may not.
        """
        who = address_text(address(str(answer.get("address", "")), "the wallet"))
        nonce = from_hex("0x" + str(answer.get("nonce", "")), 32, "the nonce")
        signature = from_hex(str(answer.get("signature", "")), 65, "the signature")
        if not is_recent(nonce, self._seal.hex()):
            raise InvalidInput(TOO_LATE)
        text = _text(request, checksummed(who), chain_id, nonce)
        try:
            signer = Account.recover_message(encode_defunct(text=text), signature=signature)
        except Exception as error:
            raise InvalidInput("this is no signature") from error
        if signer.lower() != who:
            raise InvalidInput("another wallet signed this")
        if who not in self.wallets:
            raise InvalidInput(NOT_NAMED)


def _text(request: Request, who: str, chain_id: int, nonce: bytes) -> str:
    """The message, of which nothing but the address comes from a visitor."""
    site, whole = SiteName.of(request), request.url.netloc
    issued = datetime.fromtimestamp(int.from_bytes(nonce[:8]), UTC)
    return (
        f"{whole} wants you to sign in with your Ethereum account:\n{who}\n\n{_STATEMENT}\n\n"
        f"URI: {site.origins[-1]}/studio\nVersion: 1\nChain ID: {chain_id}\nNonce: {nonce.hex()}\n"
        f"Issued At: {issued.isoformat().replace('+00:00', 'Z')}"
    )
