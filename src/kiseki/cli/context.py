"""The options of every command, and the one place that makes a connected `Kiseki` from them.

The options can stand before or after a command; `main` moves them to the front.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from kiseki.chain.release.networks import Network
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.signing.accounts import (
    Keystores,
    WatchOnly,
    address_of,
    open_account,
)
from kiseki.chain.signing.signer import Signer
from kiseki.cli import show, trial
from kiseki.client import settings
from kiseki.client.settings import SETTINGS, Where, variables
from kiseki.core.amounts import in_units, parse
from kiseki.core.values import ZERO_ADDRESS, address, from_hex, to_hex
from kiseki.disk.tables import Format
from kiseki.errors import InvalidInput, KisekiError, NodeAway, NodeBusy

if TYPE_CHECKING:
    from kiseki.chain.sending.outcome import Receipt
    from kiseki.client.data.registering import Registered
    from kiseki.client.kiseki import Kiseki
    from kiseki.vault.keys.services import Opens
    from kiseki.vault.keystore import KeyStore

__all__ = ["Options", "amount", "asks", "chain_of", "chosen", "connected",
           "current", "hex32", "kiseki", "moment", "money", "options", "spend", "table",
           "watching", "where"]  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """The options of every command; without an option, its environment variable counts."""

    network: str | None = None
    rpc: str | None = None
    account: str | None = None
    secrets: str | None = None
    vault_identity: str | None = None
    deployments: str | None = None
    journal: str | None = None
    index: str | None = None
    max_fee: str | None = None
    tip: str | None = None
    final: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    json: bool = False
    yes: bool = False
    dry_run: bool = False
    debug: bool = False


current = Options()
opened = ExitStack()
"""Closes what the command opened, when it ends."""


def options(said: Options) -> None:
    """Sets the options, once, before the command runs."""
    global current
    current = said
    _given.cache_clear()


def given() -> Mapping[str, str]:
    """The variables and the options, as `kiseki.client.settings` takes them: options go first."""
    return _given()


@cache
def _given() -> Mapping[str, str]:
    said = {option: getattr(current, name) or "" for name, option in _OPTIONS.items()}
    return settings.checked(variables() | said)


def chosen(name: str) -> str:
    """The option's value, else its environment variable, else the default."""
    return settings.text(_NAMES[_OPTIONS[name]], given())


_OPTIONS: Mapping[str, str] = {
    "network": "--network",
    "rpc": "--rpc",
    "account": "--account",
    "secrets": "--secrets",
    "vault_identity": "--vault-identity",
    "deployments": "--deployments",
    "journal": "--journal",
    "index": "--index",
    "max_fee": "--max-fee",
    "tip": "--tip",
    "final": "--confirmations",
    "decimal": "--decimal",
    "encoding": "--encoding",
    "sheet": "--sheet",
}
_NAMES = {each.option: name for name, each in SETTINGS.items() if each.option}


def network_of(what: str | int) -> Network:
    """A network by name or chain ID, from the user's own table or Kiseki's."""
    return settings.network_of(what, given())


def where() -> Where:
    """The node that the options name; by default the local one."""
    return settings.where(given())


def policy() -> Policy:
    """Fees, finality and currency, from the options and the table of networks."""
    return settings.policy(given(), chain_of(where()))


def journal_file() -> Path:
    """The journal of transactions."""
    return Path(chosen("journal")).expanduser()


def secrets() -> Path | str:
    """The key store: a file, or the URL of a database."""
    where: Path | str = settings.value("KISEKI_SECRETS", given())
    return where


def beside_secrets() -> Path:
    """The folder for what people keep beside the key store."""
    where = secrets()
    usual = settings.SETTINGS["KISEKI_SECRETS"].default
    return (where if isinstance(where, Path) else Path(usual).expanduser()).parent


def vault_key() -> Opens | None:
    """What opens the key store, where it is a vault; none where nobody named it."""
    key: Opens | None = settings.value("KISEKI_VAULT_IDENTITY", given())
    return key


def keystores() -> Keystores:
    """The folder of keystore files."""
    return settings.keystores(given())


def asks() -> bool:
    """Whether somebody can be asked, and wants to be."""
    return sys.stdin.isatty() and not current.yes


def confirm(question: str) -> None:
    """Asks a question, and goes on only after a yes."""
    if not sys.stdin.isatty():
        raise InvalidInput(
            f"there is no terminal to ask this: {question} To go on without a question, add --yes"
        )
    with show.paused():
        agreed = typer.confirm(show.question(question), err=True)
    if not agreed:
        show.say("Nothing was done.")
        raise typer.Exit(1)


def ask(option: str, question: str) -> str:
    """What a person says, where an option was left out that nobody else can say.

    Raises:
        InvalidInput: there is nobody to ask.
    """
    if current.yes or current.json or not sys.stdin.isatty():
        raise InvalidInput(f"{option} is missing. {question}")
    with show.paused():
        return str(typer.prompt(show.question(question), err=True))


def agree(known: Network, what: str) -> None:
    """Asks before something is sent."""
    if not current.yes:
        confirm(f"{what} Send it on {known.name}?".lstrip())


def signer(url: str, chain_id: int) -> Signer:
    """The wallet that the options name."""
    return open_account(settings.wallet(given(), chain_id), **_around(url, chain_id))


def _around(url: str, chain_id: int) -> dict[str, Any]:
    """Where a wallet acts, and what opens it."""
    from kiseki.cli import typed

    return {
        "url": url.split(",")[0].strip(), "chain_id": chain_id, "ask": typed.password,
        "keystores": keystores(), "environment": given(),
    }  # fmt: skip


def offline_signer(chain_id: int) -> Signer:
    """The wallet that the options name, for a command that needs no node."""
    return signer(where().url, chain_id)


def acting() -> str:
    """The address of the wallet that the options name; opens the wallet only if it must."""
    at = where()
    chain_id = chain_of(at)
    return address_of(settings.wallet(given(), chain_id), **_around(at.url, chain_id))


def store(new: bool = False, makes: str = "`kiseki data register` makes one") -> KeyStore:
    """The key store.

    Args:
        new: whether it is made where there is none.
        makes: says what makes one.

    Raises:
        InvalidInput: there is none.
    """
    from kiseki.vault.keystore import KeyStore

    where = secrets()
    if not new and isinstance(where, Path) and not where.exists():
        raise InvalidInput(
            f"there is no key store at {where} yet; {makes}, and --secrets names another"
        )
    return KeyStore(where, vault_key())


def key_store(k: Kiseki) -> KeyStore:
    """The key store of a connected wallet."""
    from kiseki.vault.keystore import KeyStore

    found = k.salts
    if not isinstance(found, KeyStore):
        raise TypeError("the command line keeps salts in a key store")
    return found


def journal() -> Journal:
    """The journal that the options name, for a command without a connected `Kiseki`."""
    return opened.enter_context(closing(Journal(journal_file())))


def refuse_dry_run(command: str) -> None:
    """Refuses `--dry-run` for a command that cannot be tried: each step needs the one before.

    Raises:
        InvalidInput: `--dry-run` was given.
    """
    if current.dry_run:
        raise InvalidInput(
            f"{command} cannot be tried without sending; leave out --dry-run. Nothing was sent"
        )


def kiseki() -> Kiseki:
    """A `Kiseki` with the wallet and on the chain that the options name."""
    place = where()
    return connected(place, signer(place.url, chain_of(place)), False)


def chain_of(place: Where) -> int:
    """The chain that the options name; without one, the chain of the node."""
    from kiseki.chain.node import connect

    if place.chain_id is not None:
        return place.chain_id
    try:
        return connect(place.url).chain_id
    except (NodeAway, NodeBusy) as error:
        kept = settings.value("KISEKI_INDEX", given())
        if isinstance(kept, Path) and not any(kept.glob("*.sqlite")):
            raise
        raise NodeAway(
            f"{error}. Commands that only read answer from what was read before, if you name the "
            "chain too: --network, or KISEKI_CHAIN_ID"
        ) from None


def watching(wallet: str = ZERO_ADDRESS, *, allow_old: bool = True) -> Kiseki:
    """A `Kiseki` on the chain that the options name, for questions that need no wallet.

    Where the node does not answer, what was read before does, and how old that is is said.

    Args:
        allow_old: no, for what needs the node whatever was read before.
    """
    return connected(where(), WatchOnly(wallet), False, allow_old)


def connected(
    place: Where, who: Signer, rehearses: bool, allow_old: bool = False, of: Policy | None = None
) -> Kiseki:
    """A `Kiseki` that is closed when the command ends.

    Args:
        of: in place of the options' policy.
    """
    from kiseki.client.kiseki import Kiseki

    k = Kiseki.connect(
        place.url, who, chain_id=place.chain_id, policy=of or policy(), rehearses=rehearses,
        secrets=secrets(), vault_key=vault_key(), journal=journal_file(),
        index=settings.value("KISEKI_INDEX", given()), deployments=Path(chosen("deployments")),
        networks=settings.value("KISEKI_NETWORKS", given()), allow_old=allow_old,
    )  # fmt: skip
    opened.callback(k.close)
    k.session.warn = show.old
    if k.session.as_of is not None:
        show.old(k.session.as_of)
    k.session.watch = partial(show.progress_if_long, "reading the chain", "blocks")
    return k


def is_tried_first() -> bool:
    """Whether `spend` tries the work and shows the cost first: unless `--yes` was given."""
    return current.dry_run or not current.yes


def spend(
    k: Kiseki,
    name: str,
    says: str | Sequence[str],
    work: Callable[[Kiseki], T],
    problems: Callable[[T], Sequence[str]] = lambda _: (),
) -> T:
    """Runs work that costs something, as one command that can be run again after a crash.

    It says what the command will do. Then it tries the work, shows the cost and asks. With
    `--dry-run` it stops there; with `--yes` it neither tries nor asks.

    Args:
        k: what `kiseki` returned.
        name: the command with all values that distinguish it from another command.
        says: what is paid, given or consented to, in sentences.
        work: does the work with the `Kiseki` that it is given.
        problems: the parts that were refused, read from the result of `work`. A dry run ends with 3
            if a part would be refused, and with 1 if all would be.
    """
    known = k.session.network
    for sentence in [says] if isinstance(says, str) else says:
        show.say(sentence)
    if is_tried_first():
        from kiseki.client.trial import cost

        dry = connected(where(), WatchOnly(k.address), True)  # it signs nothing
        refused = list(problems(work(dry)))
        told = cost(dry, known) | {"problems": refused}
        if int(told["balance"]) < int(told["most"]):
            told["problems"] = [*refused, "the wallet holds less than the highest possible cost"]
        if current.dry_run:
            _show_cost(told, known)
            raise typer.Exit((3 if told["transactions"] else 1) if told["problems"] else 0)
        for each in told["problems"]:
            show.say(f"would fail: {each}")
        _ask(told, known)
    with k.command(name):
        return work(k)


def _show_cost(told: dict[str, Any], known: Network) -> None:
    if current.json:
        show.json_line({"sent": False, **told})
        return
    rows = [(what, each["times"], f"{each['gas']:,}") for what, each in told["calls"].items()]
    show.table(["would be sent", "times", "gas"], rows, numbers=["times", "gas"])
    for each in told["problems"]:
        show.say(f"would fail: {each}")
    show.say(trial.sentence(told, known) + " Nothing was sent.")


def _ask(told: dict[str, Any], known: Network) -> None:
    if not told["transactions"]:
        return
    show.say(trial.sentence(told, known))
    agree(known, "")


def receipts_told(receipts: Sequence[Receipt], **more: Any) -> None:
    """Prints the transactions that were sent."""
    if current.json:
        show.json_line({"transactions": [each.told for each in receipts], **more})
        return
    rows = [(e.what, e.transaction, e.block, f"{e.gas:,}") for e in receipts]
    show.table(["sent", "transaction", "block", "gas"], rows, numbers=["block", "gas"])
    show.fields(more.items())
    if not receipts:
        show.say("Everything is on the chain already. Nothing was sent.")


def registered_told(kind: str, done: Registered) -> None:
    """Prints the result of a registration."""
    receipts_told(done.receipts, **{kind: to_hex(done.id)})


def money(k: Kiseki, token: str, amount: int) -> str:
    """An amount with its currency, for people."""
    if token == ZERO_ADDRESS:
        return f"{in_units(amount)} {ether(k)}"
    if k.session.as_of is not None:  # only a node tells how many digits it has
        return f"{show.count(amount, 'base unit')} of {token}"
    return f"{in_units(amount, k.decimals(token))} of {token}"


def ether(k: Kiseki) -> str:
    """What a chain's own currency is called; an amount without a token is in it."""
    currency = k.sender.policy.currency
    return "ether" if currency == "ETH" else currency


def amount(k: Kiseki, text: str, given: str = ZERO_ADDRESS) -> tuple[int, str]:
    """The base units and the token of a text: ``0.5`` is ether, ``1200@0x…`` names a token.

    Args:
        given: the token of an option beside it.
    """
    number, _, named = text.partition("@")
    token = to_hex(address(named or given, "the token"))
    if named and given != ZERO_ADDRESS and token != to_hex(address(given, "the token")):
        raise InvalidInput("the amount names one token and --token another; name one")
    return units(number, None if token == ZERO_ADDRESS else k.session.digits(token)), token


def units(text: str, decimals: int | None = None) -> int:
    """The base units of a number that a person wrote; see `kiseki.core.amounts.parse`."""
    return parse(text, decimals, chosen("decimal"))


def table() -> Format:
    """How tables are to be read, from the options; how they are read is said."""
    return Format(chosen("encoding"), chosen("sheet"), chosen("decimal"), show.say)


def moment(text: str, what: str) -> datetime | timedelta:
    """The end of a day such as ``2027-12-31``, a time such as ``2027-12-31T14:05``, or a number of
    days such as ``30d``.

    Raises:
        InvalidInput: the text is none of these.
    """
    try:
        if text.endswith("d"):
            return timedelta(days=int(text[:-1]))
        day = datetime.fromisoformat(text)
        is_whole = not re.search("[T: ]", text)  # then the day counts to its end
        ends = timedelta(days=1, seconds=-1) if is_whole else timedelta()
        return day.replace(tzinfo=day.tzinfo or UTC) + ends
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{what} must be a day, as 2027-12-31, a time, as 2027-12-31T14:05, or a number of"
            " days, as 30d"
        ) from None


def hex32(text: str, what: str) -> bytes:
    """An ID as people copy it: 0x and 64 hex digits.

    Raises:
        InvalidInput: the text is no ID.
    """
    try:
        return from_hex(text if text.startswith("0x") else f"0x{text}", 32, what)
    except KisekiError:
        raise InvalidInput(f"{what} must be 0x and 64 hex digits, not {text!r:.80}") from None
