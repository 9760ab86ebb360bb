"""`kiseki sandbox`: a whole world to try things in."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.chain.anvil import find_anvil
from kiseki.cli import context, show
from kiseki.cli.serve import pages
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.sandbox.place import Place
    from kiseki.sandbox.sandbox import Running

__all__ = ["sandbox"]


def sandbox(
    port: Annotated[
        int, typer.Option(help="The port of its pages; 0 for any that is free.")
    ] = 8000,
    reset: Annotated[
        bool, typer.Option("--reset", help="Delete the sandbox that is there, and make a new one.")
    ] = False,
) -> None:
    """Run a sandbox: a local chain and pages, full of drawings, models and money.

    The first start registers OpenMoji's 4,495 drawings by 121 artists (or marks in their place
    where they are not on this machine), two models, pictures and payments. That takes less than a
    minute. No model is trained in it. Ctrl-C ends it, and the next start goes on where it was. Its
    files are in ~/.kiseki/sandbox; --reset deletes them. Sends only to its own chain.

    \b
    Examples:
      kiseki sandbox
      kiseki sandbox --reset
    """
    context.refuse_dry_run("sandbox")
    if context.current.network or context.current.rpc:
        raise InvalidInput("the sandbox has a chain of its own; leave out --network and --rpc")
    with pages():
        from kiseki.sandbox import invited
        from kiseki.sandbox.sandbox import opened, where
        from kiseki.web.listening import listen
        from kiseki.web.relay import Relay
        from kiseki.web.serve import serve
        from kiseki.web.studio.door import Door
    place = where()
    find_anvil()
    with listen("127.0.0.1", port) as listening, place.held(), ExitStack() as bars:
        if reset:
            place.empty()
        _announce(place)
        bar = bars.enter_context(show.progress("building the sandbox", "steps"))
        with opened(place, bar) as running:
            bars.close()
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that it is kept then too
            with suppress(KeyboardInterrupt):
                desk, link = invited.desk(place, running.acting)
                door = Door()
                serve(
                    running.watching,
                    listening,
                    desk=lambda: desk,
                    door=door,
                    relay=lambda: Relay(running.paying),
                    sandbox=replace(running.told, invitation=link, board=f"/studio?key={door.key}"),
                    pictures=place.work / "pictures",
                    ready=lambda address: _ready(address, place, running),
                )
    show.say("The sandbox is ended. `kiseki sandbox` goes on where it was.")


def _announce(place: Place) -> None:
    """What it will do, before it does it."""
    from kiseki.sandbox.drawings import INSTALL
    from kiseki.sandbox.sandbox import package

    if place.read():
        show.say(
            f"Goes on with the sandbox in {place.shown}, as it was left (--reset begins anew)."
        )
        return
    show.say(
        f"Makes a sandbox in {place.shown}: a local chain with drawings, two models, pictures made "
        "with them, and payments. Nothing of it is worth anything. It takes less than a minute."
    )
    if package(place) is None:
        show.say(
            "OpenMoji's drawings are not on this machine, so it holds 240 marks in their place. "
            f"For the drawings, type `{INSTALL}`, then `kiseki sandbox --reset`."
        )
    else:
        show.say("The drawings are OpenMoji's, CC BY-SA 4.0, https://openmoji.org.")


def _ready(address: str, place: Place, running: Running) -> None:
    """The address, and whom to act as."""
    people = running.told.people
    told = [
        {"role": each.role, "name": each.name, "account": f"test:{each.number}",
         "wallet": each.wallet, "page": f"{address}wallet/{each.wallet}"}
        for each in people
    ]  # fmt: skip
    if context.current.json:
        whole = {"address": address, "node": running.url, "folder": str(place.folder)}
        show.ready({**whole, "people": told})
        return
    show.say(f"The sandbox is at {address}. Act as one of these people:")
    show.table(
        ["who", "account", "page"],
        [(_ROLES[e["role"]] + (f", {e['name']}" if e["name"] else ""), e["account"], e["page"])
         for e in told],
    )  # fmt: skip
    show.say(
        f"For commands, type `cd {place.shown}` in another terminal, then for example `kiseki "
        f"revenue owed --account test:{people[0].number}`. Everybody knows the keys of these "
        "wallets, and nothing here is worth anything. Ctrl-C ends the sandbox; the next start goes "
        "on where it was."
    )


_ROLES = {
    "artist": "artist",
    "studio": "studio",
    "developer": "developer",
    "trainer": "LoRA trainer",
    "holder": "rights holder",
    "buyer": "buyer",
}
