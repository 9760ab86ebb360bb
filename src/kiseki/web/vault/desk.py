"""What the routes of a vault need, who asks, and what is answered where something is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput, KisekiError, ProofError
from kiseki.vault.handing.anchors import AnchorFiles
from kiseki.vault.handing.cosigners import Cosigners
from kiseki.vault.handing.handout import HandOuts
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.handing.rates import AskedTooOften
from kiseki.vault.handing.rules import Item, NotGiven
from kiseki.vault.handing.signin import NotSignedIn, SignIn
from kiseki.web.guard import network
from kiseki.web.vault.flow import Flow
from kiseki.web.vault.health import Health
from kiseki.web.visitor import language_of
from kiseki.web.words import Words

__all__ = [
    "NONCE", "SESSION", "Desk", "Most", "Pace", "answered", "hexed", "peer", "refused",
    "wrong",
]  # fmt: skip

T = TypeVar("T")
_log = logging.getLogger("kiseki.web.vault")
SESSION, NONCE = "kiseki-vault", "kiseki-vault-nonce"
_PATH = "/vault"


@dataclass(frozen=True, slots=True)
class Most:
    """How much may be asked of one process, beside the limits of `SignIn` and `HandOuts`, which
    hold for all processes of a store.

    Attributes:
        asked: questions of one network address in a minute.
        reads: questions for content of one wallet in a minute.
        running: downloads of one wallet at once.
        all_running: downloads of all together at once.
    """

    asked: int = 12_000
    reads: int = 6_000
    running: int = 256
    all_running: int = 1_000


class Pace:
    """Counts who asks how often in a minute, in memory."""

    def __init__(self) -> None:
        self._minute, self._times = -1, Counter[str]()

    def count(self, of: str, limit: int, now: int) -> None:
        """Counts one more.

        Raises:
            AskedTooOften: it is more than the limit.
        """
        minute, second = divmod(now, 60)
        if minute != self._minute:
            self._times.clear()
            self._minute = minute
        self._times[of] += 1
        if self._times[of] > limit:
            raise AskedTooOften(60 - second)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes of a vault need.

    Attributes:
        origin: where the vault is, from its configuration: ``https://vault.example.com``.
        door: where people sign in; its domain is that of `origin`.
        handouts: gives them items.
        ledger: the logs of receipts.
        cosigners: who cosigns these.
        clock: Unix seconds.
        operators: wallets of whoever runs it, in lower case.
        listed: data IDs of a collection that are here.
        opening: the registration receipt of those items of a hand-out that are in a collection, for
            the caller whom it was given to; by hand-out, caller and collection. It raises
            `NotGiven`.
        titles: what items of a provider that are here are called, for that provider alone; none of
            one whose name does not open.
        captions: what describes items that somebody was given; see `kiseki.vault.titles.captions`.
        anchors: the heads of all logs that were stated; none where nobody may ask for them here.
        health: how the vault stands, for its operators.
        most: how much may be asked.
        flow: the downloads of this process.
    """

    origin: str
    door: SignIn
    handouts: HandOuts
    ledger: Ledger
    cosigners: Cosigners
    clock: Callable[[], int]
    operators: frozenset[str] = frozenset()
    listed: Callable[[bytes], Sequence[bytes]] | None = None
    opening: Callable[[bytes, str, bytes], str] | None = None
    titles: Callable[[Sequence[bytes]], Mapping[bytes, str | None]] | None = None
    captions: Callable[[Sequence[Item]], Iterable[tuple[bytes, str | None]]] | None = None
    anchors: AnchorFiles | None = None
    health: Callable[[], Health] | None = None
    most: Most = Most()
    flow: Flow = field(default_factory=Flow)
    pace: Pace = field(default_factory=Pace)
    downloads: Counter[str] = field(default_factory=Counter)
    _threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(16, "kiseki-vault-asks"), repr=False
    )

    def __post_init__(self) -> None:
        parts = urlsplit(self.origin)
        if parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != (
            self.origin
        ):
            raise InvalidInput(f"a vault is at https://host, without a path, not {self.origin!r}")

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https."""
        return self.origin.startswith("https://")

    @staticmethod
    def of(request: Request) -> Desk:
        """That of the application that is asked."""
        found: Desk = request.app.state.desk
        return found

    async def work(self, work: Callable[..., T], *given: object, **more: object) -> T:
        """Does something that waits for a database, a disk or a node, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *given, **more))

    def count(self, request: Request) -> None:
        """Counts a question of a network address.

        Raises:
            AskedTooOften: there were too many.
        """
        self.pace.count(f"from {peer(request)}", self.most.asked, self.clock())

    async def who(self, request: Request, *, leaves: bool = False) -> str:
        """The wallet that asks, in lower case. One that is a contract is asked whether it still
        says so.

        Args:
            leaves: it signs out, for which nobody is asked.

        Raises:
            NotSignedIn: there is none.
            HTTPException: 403, another site's page asks in its name.
            KisekiError: the contract cannot be asked.
        """
        self.count(request)
        self.own(request)
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            token = request.cookies.get(SESSION, "")
            # A browser says where a page is from that sends something; a cookie alone is no word.
            if request.method not in ("GET", "HEAD") and "origin" not in request.headers:
                raise HTTPException(403, "this can only be sent from a page of this vault")
        known = self.door.who if leaves else self.door.still
        return await self.work(known, token.strip(), self.clock())

    def own(self, request: Request) -> None:
        """Refuses what another site's page sends.

        Raises:
            HTTPException: 403, or 415.
        """
        if request.method in ("GET", "HEAD"):
            return
        origin, fetched = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        if origin not in (None, self.origin) or fetched not in (None, "same-origin"):
            raise HTTPException(403, "this can only be sent from a page of this vault")

    @staticmethod
    def is_browser(request: Request) -> bool:
        """Whether a browser asks, which keeps cookies itself. They all say so when they send."""
        return "origin" in request.headers or "sec-fetch-site" in request.headers

    def set_cookie(self, response: Response, name: str, value: str, seconds: int) -> None:
        """Gives a browser a cookie, or takes it back (no seconds)."""
        response.set_cookie(
            name, value, max_age=seconds, path=_PATH, httponly=True, samesite="strict",
            secure=self.is_secure,
        )  # fmt: skip

    def close(self) -> None:
        """Ends the threads."""
        self.flow.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def peer(request: Request) -> str:
    """Who asks, as the network knows them."""
    return network("" if request.client is None else request.client.host)


def hexed(text: str, length: int) -> bytes:
    """An ID of an address.

    Raises:
        NotGiven: it is none: nothing is here under it.
    """
    try:
        return from_hex("0x" + text.removeprefix("0x"), length, "an ID")
    except InvalidInput:
        raise NotGiven from None


def answered(values: Mapping[str, object], status: int = 200) -> JSONResponse:
    """An answer to one who asks, which nobody keeps."""
    return JSONResponse(values, status, {"Cache-Control": "no-store"})


# What is wrong, in words


def refused(request: Request, error: Exception) -> Response:
    """The answer to what is refused, or cannot be done now: in English, and to a page's script in
    its reader's language."""
    status, why, headers = wrong(error)
    said = {"error": why}
    if Desk.is_browser(request):
        said = Words(language_of(request)).refused(why)
    return JSONResponse(said, status, headers)


def wrong(error: Exception) -> tuple[int, str, dict[str, str]]:
    """What is wrong: the status, why in English, and headers."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, HTTPException):
        headers.update(error.headers or {})
        return error.status_code, error.detail, headers
    if isinstance(error, AskedTooOften):
        headers["Retry-After"] = str(error.wait)
        return 429, str(error), headers
    if isinstance(error, NotGiven):
        return 404, str(error), headers
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
        return 401, str(error), headers
    if isinstance(error, InvalidInput):
        return 400, str(error), headers
    if isinstance(error, ProofError):
        return 403, str(error), headers
    # Where things lie, and which node is asked, is the keeper's business.
    _log.error("%s: %s", type(error).__name__, error if isinstance(error, KisekiError) else "")
    away = HTTPException(
        503, "this vault cannot answer now; try again later; its keeper knows more"
    )
    return away.status_code, away.detail, headers
