"""The process of a vault that runs alone."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable
from functools import partial

import uvicorn

from kiseki.vault.handing.anchors import AnchorFiles
from kiseki.vault.handing.cosigners import Cosigners
from kiseki.vault.handing.rules import Chain
from kiseki.vault.handing.signin import SignedBy
from kiseki.vault.setup import origin_of
from kiseki.vault.titles import captions, titles
from kiseki.vault.vault import Vault
from kiseki.web.listening import KEEP_ALIVE
from kiseki.web.vault.app import application
from kiseki.web.vault.desk import Desk
from kiseki.web.vault.health import health

__all__ = ["desk_of", "origin_of", "serve"]


def _now() -> int:
    return int(time.time())


def desk_of(
    vault: Vault, chain: Chain, signed_by: SignedBy, chain_id: int, operators: Iterable[str] = (),
    anchors: AnchorFiles | None = None, clock: Callable[[], int] = _now,
) -> Desk:  # fmt: skip
    """What the routes need of a vault.

    Args:
        chain: who may have what.
        signed_by: tells whether a wallet signed a text.
        chain_id: of the chain that is asked.
        operators: wallets of whoever runs it, in lower case.
        anchors: the heads of its logs that were stated.
        clock: Unix seconds.
    """
    origin = origin_of(vault.setup.domain)
    handouts = vault.handouts(chain, clock)
    return Desk(
        origin, vault.door(f"{origin}/vault", chain_id, signed_by), handouts, vault.ledger,
        Cosigners(vault.keys.database, vault.ledger), clock, frozenset(operators),
        vault.shelf.all_of,
        lambda handout, caller, of: vault.opening(handouts.items(handout, caller), of),
        titles=partial(titles, vault.shelf), captions=partial(captions, vault.shelf),
        anchors=anchors, health=partial(health, vault, anchors),
    )  # fmt: skip


def serve(
    desk: Desk, listening: socket.socket, proxies: Iterable[str] = (),
    ready: Callable[[str], None] = lambda _: None,
) -> None:  # fmt: skip
    """Answers until it is stopped (Ctrl-C, or SIGTERM).

    Args:
        listening: where, as `kiseki.web.listening.listen` gave it; closed at the end.
        proxies: addresses of proxies, on whose word it is taken who asks.
        ready: told where it listens, once it does.
    """
    with listening:
        trusted = list(proxies)
        host, port = listening.getsockname()[:2]
        server = uvicorn.Server(
            uvicorn.Config(
                application(desk),
                log_level="warning",
                access_log=False,
                server_header=False,
                ws="none",
                timeout_keep_alive=KEEP_ALIVE,
                proxy_headers=bool(trusted),
                forwarded_allow_ips=trusted,
            )
        )
        with server.capture_signals():
            ready(f"http://{host}:{port}/")
            server.run([listening])
