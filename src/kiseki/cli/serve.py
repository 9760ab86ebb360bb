"""`kiseki serve`: pages and an API for people without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, show
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
    every: Annotated[float, typer.Option(help="Seconds between two looks at the chain.")] = 2.0,
) -> None:
    """Serve pages and an API that tell what is registered, until Ctrl-C.

    The pages need no wallet and no JavaScript, and are in English and Japanese. It follows the
    chain and keeps the index up to date; while the node does not answer, the pages stay and say how
    old they are. Questions to other host names than those given are refused. Sends nothing.

    With --invitations, artists sign on their phones: passkeys need a name with TLS in front, or
    this machine itself, as http://localhost:8000/.

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

    def ready(address: str) -> None:
        show.say(f"The pages are at {address}. Press Ctrl-C to end it.")

    def desk() -> Desk:
        from kiseki.web.signing.desk import Desk

        return Desk(context.kiseki, invitations or Path())

    run(
        context.watching, host, port, name or (), every=every, ready=ready,
        desk=desk if invitations is not None else None,
    )  # fmt: skip
