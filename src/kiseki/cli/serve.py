"""`kiseki serve`: pages and an API for people without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.disk import texts
from kiseki.errors import InvalidInput, KisekiError

if TYPE_CHECKING:
    from kiseki.web.signing.desk import Desk

__all__ = ["serve"]


def serve(
    host: Annotated[
        str, typer.Option(help="Where it listens; 0.0.0.0 for all of this machine's addresses.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.")] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="A name under which it is reached from elsewhere. Give it once for each."
        ),
    ] = None,
    invitations: Annotated[
        Path | None,
        typer.Option(
            help="Open the links of the invitations in this folder (`kiseki data invite`), with "
            "this wallet's key store."
        ),
    ] = None,
    producer: Annotated[
        list[str] | None,
        typer.Option(
            help="A wallet that may see the studio's pages, from anywhere. Give it once for each."
        ),
    ] = None,
    every: Annotated[float, typer.Option(help="Seconds between two looks at the chain.")] = 2.0,
) -> None:
    """Serve pages and an API that tell what is registered, until Ctrl-C.

    The pages need no wallet and no JavaScript, and are in English and Japanese. It follows the
    chain and keeps the index up to date; while the node does not answer, the pages stay and say how
    old they are. Questions to other host names than those given are refused. Sends nothing.

    With --invitations, artists sign on their phones: passkeys need a name with TLS in front, or
    this machine itself, as http://localhost:8000/. The studio's pages at /studio show who has
    signed, invite, and register with this wallet. They open by an address that is written into the
    file studio.url in that folder, and to the wallets that --producer names.

    \b
    Examples:
      kiseki serve
      kiseki serve --network sepolia --port 8080
      kiseki serve --host 0.0.0.0 --name trace.example.org
      kiseki serve --invitations invitations --name trace.example.org
    """
    try:
        from kiseki.web.serve import serve as run
    except ModuleNotFoundError as error:
        raise KisekiError(
            f"the pages need more packages ({error.name} is missing); install kiseki[web]"
        ) from error
    if every <= 0:
        raise InvalidInput("--every must be a number of seconds above 0")
    if not 0 <= port < 1 << 16:
        raise InvalidInput("--port must be from 0 to 65535")

    from kiseki.web.studio.door import Door

    door = Door(producer or ())

    def ready(address: str) -> None:
        show.say(f"The pages are at {address}. Press Ctrl-C to end it.")
        if invitations is not None:
            at = invitations / "studio.url"
            here = address.replace("127.0.0.1", "localhost")
            texts.write(at, f"{here}studio?key={door.key}\n", mode=0o600, folder=True)
            show.say(f"The address of the studio's pages is in the file {at}.")

    def desk() -> Desk:
        from kiseki.web.signing.desk import Desk

        return Desk(context.connector(), invitations or Path(), names.known)

    run(
        context.watching, host, port, name or (), every=every, ready=ready,
        desk=desk if invitations is not None else None, door=door,
    )  # fmt: skip
