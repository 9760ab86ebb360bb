"""Who may see the pages of those who run the site.

Whoever starts the site gets an address with a key in it, which opens them in one browser, as for
notebooks. Wallets that the site was started with can sign in too (Sign-In with Ethereum, EIP-4361).
Where a question comes from opens nothing: behind a proxy everybody seems to sit at this machine.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping

from fastapi import Request, Response

from kiseki.core.values import address, address_text
from kiseki.errors import InvalidInput
from kiseki.web import sealed, siwe

__all__ = ["NOT_NAMED", "Door"]

NOT_NAMED = "this wallet is not one that this site was started with"
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
        """What a wallet is asked to sign; see `kiseki.web.siwe.asked`."""
        return siwe.asked(request, "/studio", _STATEMENT, chain_id, self._seal)

    def entered(self, request: Request, chain_id: int, answer: Mapping[str, object]) -> None:
        """Whether a wallet signed what it was asked, and may enter.

        Raises:
            InvalidInput: it did not, or may not.
        """
        who = siwe.signer(request, "/studio", _STATEMENT, chain_id, self._seal, answer)
        if who not in self.wallets:
            raise InvalidInput(NOT_NAMED)
