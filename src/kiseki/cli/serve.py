"""`kiseki serve`: pages and an API for people without a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kiseki.cli import context, names, show
from kiseki.client.settings import Where
from kiseki.core.values import address, to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput, KisekiError

if TYPE_CHECKING:
    from kiseki.chain.signing.signer import Signer
    from kiseki.client.kiseki import Kiseki
    from kiseki.web.names import Names
    from kiseki.web.relay import Relay
    from kiseki.web.signing.desk import Desk

__all__ = ["pages", "serve"]


@contextmanager
def pages() -> Iterator[None]:
    """For importing the pages in the block, whose packages come with an extra.

    Raises:
        KisekiError: one of them is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise KisekiError(
            f"the pages need more packages ({error.name} is missing); install kiseki[web]"
        ) from error


def serve(
    host: Annotated[
        str, typer.Option(help="Where it listens; 0.0.0.0 for all of this machine's addresses.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.")] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="A name under which it is reached from elsewhere. Give it once for each; links "
            "that leave the site have the first."
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
    relay: Annotated[
        bool,
        typer.Option(
            "--relay", help="Pay the gas of people who have no ether, with this wallet, in limits."
        ),
    ] = False,
    relay_day: Annotated[
        str, typer.Option(help="The most that relaying costs a day (UTC), in ether.")
    ] = "0.05",
    relay_person: Annotated[str, typer.Option(help="Of that, the most for one person.")] = "0.005",
    relay_hourly: Annotated[
        int, typer.Option(help="Requests that one network address may make within an hour.")
    ] = 30,
    relay_token: Annotated[
        list[str] | None,
        typer.Option(
            help="A token that is claimed and moved too, and the ether that one whole token counts "
            "as: 0.0003@TOKEN. Ether always counts; repeat for each token."
        ),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="The address of a proxy in front, as 127.0.0.1: who asks is then taken from its "
            "X-Forwarded-For. Repeat for each."
        ),
    ] = None,
    called: Annotated[
        Path | None,
        typer.Option(
            help="A text file of names, one a line. Pages show a name where whoever registered "
            "something stated that very text (`kiseki statements make … identity`)."
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="A folder of outputs. Everybody sees a small picture of each beside the output "
            "that it is, as soon as somebody has registered it."
        ),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(
            help="A folder of published documents: runs, manifests, reproductions, answers. Pages "
            "tell what each says, where the chain has its hash."
        ),
    ] = None,
    keeper_metrics: Annotated[
        Path | None,
        typer.Option(help="The file of a keeper's --metrics, for the operator's page."),
    ] = None,
    yen: Annotated[
        str | None,
        typer.Option(
            help="What one ether is worth in yen, and the day of that rate: 412000@2026-11-30. The "
            "studio's and the operator's pages then name yen too."
        ),
    ] = None,
    every: Annotated[float, typer.Option(help="Seconds between two looks at the chain.")] = 2.0,
) -> None:
    """Serve pages and an API that tell what is registered, until Ctrl-C.

    The pages need no wallet and no JavaScript, and are in English and Japanese. It follows the
    chain and keeps the index up to date; while the node does not answer, the pages stay and say how
    old they are. Questions to other host names than those given are refused. Without --relay it
    sends nothing. How everything stands is at /operator, for whoever has the address in the file
    operator.url beside the journal, and for the wallets that --producer names.

    With --invitations, artists sign on their phones: passkeys need a name with TLS in front, or
    this machine itself, as http://localhost:8000/. The studio's pages at /studio show who has
    signed, invite, and register with this wallet. They open by an address that is written into the
    file studio.url in that folder, and to the wallets that --producer names.

    With --relay its wallet pays the gas of consents that this studio prepared, of signed
    revocations and operations of accounts, and of claims worth three times their gas. It says what
    that costs a day at most and asks once; a service, which nobody can answer for, needs --yes.

    \b
    Examples:
      kiseki serve
      kiseki serve --network sepolia --port 8080
      kiseki serve --host 0.0.0.0 --name trace.example.org
      kiseki serve --invitations invitations --name trace.example.org
    """
    with pages():
        from kiseki.web.listening import listen
        from kiseki.web.rate import Rate
        from kiseki.web.serve import serve as run
        from kiseki.web.studio.door import Door
    if every <= 0:
        raise InvalidInput("--every must be a number of seconds above 0")
    rate = None if yen is None else Rate.of(yen)
    listening = listen(host, port)
    context.opened.callback(listening.close)

    door = Door(producer or ())
    wallet = _Wallet()
    given = (
        _relaying(wallet, relay_day, relay_person, relay_hourly, relay_token or [])
        if relay
        else None
    )

    def ready(address: str) -> None:
        show.say(f"The pages are at {address}. Press Ctrl-C to end it.")
        here = address.replace("127.0.0.1", "localhost")
        mine = context.journal_file().parent / "operator.url"
        texts.write(mine, f"{here}operator?key={door.key}\n", mode=0o600, folder=True)
        show.say(f"The address of the operator's page is in the file {mine}.")
        if invitations is not None:
            at = invitations / "studio.url"
            texts.write(at, f"{here}studio?key={door.key}\n", mode=0o600, folder=True)
            show.say(f"The address of the studio's pages is in the file {at}.")

    def desk() -> Desk:
        from kiseki.web.signing.desk import Desk

        return Desk(wallet.acting, invitations or Path(), names.known)

    run(
        context.watching, listening, name or (), every=every, ready=ready,
        desk=desk if invitations is not None else None, door=door, relay=given,
        keeper=keeper_metrics, proxies=proxy or (), called=_named(called),
        pictures=pictures, documents=documents, rate=rate,
    )  # fmt: skip


def _named(file: Path | None) -> Names | None:
    """The names in a file. Blanks around one are none of it, and it may hold them in between."""
    from kiseki.web.names import Names

    if file is None:
        return None
    return Names(filter(None, (line.strip() for line in texts.read(file).splitlines())))


def _relaying(
    wallet: _Wallet, day: str, person: str, hourly: int, tokens: list[str]
) -> Callable[[], Relay]:
    """Says from which wallet the relay pays and how much, and asks; then what makes it."""
    from kiseki.web.relay import Limits, Relay

    context.refuse_dry_run("serve --relay")
    limits = Limits(
        context.units(day), context.units(person), hourly=hourly,
        tokens=dict(_priced(each) for each in tokens),
    )  # fmt: skip
    made = Relay(wallet.paying, limits)
    context.opened.callback(made.close)
    known, of = context.policy().currency, made.chain
    show.say(
        f"The wallet {made.wallet} pays the gas of others on chain {of}: at most {day} {known} a "
        f"day, of that at most {person} {known} for one person."
    )
    if not context.current.yes:
        context.confirm("Pay it?")
    return lambda: made


class _Wallet:
    """The wallet that the options name, opened once for all that acts with it, and only if
    something does."""

    @cached_property
    def _opened(self) -> tuple[Where, Signer]:
        place = context.where()
        chain = context.chain_of(place)
        return Where(place.url, chain), context.signer(place.url, chain)

    def acting(self) -> Kiseki:
        """A connection with it, which may begin while the node is away."""
        return context.connected(*self._opened, False, True)

    def paying(self) -> Kiseki:
        """The same for a service that sends: it waits for one block and not long, because others
        wait behind."""
        quick = replace(context.policy(), finality=1, patience=60.0)
        return context.connected(*self._opened, False, True, quick)


def _priced(text: str) -> tuple[str, Fraction]:
    """A token, and the wei that one of its base units counts as."""
    price, _, token = text.partition("@")
    if not token:
        raise InvalidInput("--relay-token is the ether that one token counts as: 0.0003@TOKEN")
    at = to_hex(address(token, "the token"))
    with closing(context.watching(allow_old=False)) as k:
        digits = k.session.digits(at)
    return at, Fraction(context.units(price), 10**digits)
