"""The process that answers visitors."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

import uvicorn

from kiseki.chain.release.networks import network
from kiseki.client.documents import Documents
from kiseki.client.kiseki import Kiseki
from kiseki.index import DEPTH
from kiseki.vault.published import Published
from kiseki.web.app import application
from kiseki.web.asked import prepare
from kiseki.web.gallery import Gallery
from kiseki.web.listening import KEEP_ALIVE
from kiseki.web.names import Names
from kiseki.web.people import Sandbox
from kiseki.web.rate import Rate
from kiseki.web.relay.relay import Relay
from kiseki.web.signing.desk import Desk
from kiseki.web.site import Site
from kiseki.web.studio.door import Door

__all__ = ["serve", "settle"]


def settle() -> None:
    """Loads what the first visitors would wait for, and spares what is loaded from Python's search
    for circles of garbage. All of it stays for as long as the process answers, and one search
    through it stops every visitor for 0.1 seconds."""
    prepare()
    gc.collect()
    gc.freeze()


def serve(
    connect: Callable[[], Kiseki],
    listening: socket.socket,
    names: Iterable[str] = (),
    *,
    every: float = 2.0,
    desk: Callable[[], Desk] | None = None,
    door: Door | None = None,
    relay: Callable[[], Relay] | None = None,
    keeper: Path | None = None,
    proxies: Iterable[str] = (),
    sandbox: Sandbox | None = None,
    called: Names | None = None,
    pictures: Path | None = None,
    documents: Path | None = None,
    rate: Rate | None = None,
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Answers until it is stopped (Ctrl-C, or SIGTERM).

    Args:
        connect: makes a connection to the chain, which may be an old index while its node is away.
        listening: where, as `listen` gave it; closed at the end.
        names: under which it is reached from elsewhere.
        every: seconds between two looks at the chain.
        desk: makes the studio's desk, where invitations open here.
        door: to the pages of those who run the site.
        relay: makes the relay, where this site pays gas for others.
        keeper: the file of a keeper's metrics, for the operator's page.
        proxies: addresses of proxies, on whose word it is taken who asks.
        sandbox: what is said of a sandbox; none for anything else.
        called: names that were stated in public, to be shown where they were.
        pictures: a folder of outputs that everybody sees.
        documents: a folder of published documents that pages tell of.
        rate: at which the pages of those who run the site name yen too.
        ready: told the address once it listens.
    """
    with listening:
        site = Site(connect, every)
        known = site.k.session.chain_id
        invitations = None if desk is None else desk()
        paying = None if relay is None else relay()
        trusted = list(proxies)
        host, port = listening.getsockname()[:2]
        settings = uvicorn.Config(
            application(
                site, names, desk=invitations, door=door, relay=paying, keeper=keeper,
                sandbox=sandbox, called=called, pictures=Gallery(pictures),
                documents=Documents(Published(documents)), rate=rate,
                settles=DEPTH if network(known).is_public else 0,
            ),
            log_level="warning", access_log=False, server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            proxy_headers=bool(trusted), forwarded_allow_ips=trusted,
        )  # fmt: skip
        settle()
        server = uvicorn.Server(settings)
        # From the moment its address is told, somebody may press Ctrl-C. Python's own answer to
        # that would end the server's start in the middle.
        with server.capture_signals():
            ready(f"http://{host}:{port}/")
            server.run([listening])
