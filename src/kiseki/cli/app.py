"""All commands together, the options of every one of them, and how they end."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

import kiseki
from kiseki.cli import context, show
from kiseki.cli.lazy import Place, lazily
from kiseki.client.settings import environment
from kiseki.errors import InvalidInput, KisekiError

__all__ = ["EXIT_CODES", "app", "main"]

EXIT_CODES = {
    0: "done, or nothing to do",
    1: "refused or failed, for the reason told",
    2: "the command, or what it was given, cannot be right",
    3: "a part was done, and a part was refused",
    4: "something that was checked is not as it should be",
    130: "interrupted; the same command goes on",
}

_INTERRUPTED = 130

_EPILOG = (
    "Options of every command (see `kiseki --help`), before or after it: --network, --rpc, "
    "--account, --json, --yes, --dry-run, --max-fee, --confirmations, --debug."
)

COMMANDS = {
    "node": Place(
        "chain",
        "node",
        "Run a local chain with the suite on it and funded test wallets, until Ctrl-C.",
    ),
    "deploy": Place(
        "chain",
        "deploy",
        "Put the suite on a chain, at the same addresses as everywhere, and record it.",
    ),
    "status": Place(
        "chain",
        "status",
        "How things stand: network, contracts, wallet, key store, what is pending and what is "
        "owed.",
    ),
    "verify-contracts": Place(
        "chain",
        "verify_contracts",
        "Compare the contracts on a chain with this release, to the byte; have explorers do so "
        "too.",
    ),
    "lists": Place(
        "lists",
        "lists",
        "Show that nobody left out a collection, model or batch: prove each list against a block.",
    ),
    "check-list": Place(
        "lists", "check_list", "Check a list that somebody gave you, to the last ID; needs no node."
    ),
    "verify": Place(
        "output",
        "verify",
        "What is known of a generated file: in a sentence, with the findings behind it.",
    ),
    "keeper": Place(
        "keeper",
        "keeper",
        "Execute what is due, sweep and pass money on, until Ctrl-C. Anybody can, for everybody.",
    ),
    "accounts": Place(
        "wallets",
        "accounts",
        "Wallets in keystore files, which other Ethereum wallets can read too.",
    ),
    "keys": Place(
        "wallets", "keys", "The key store: salts, and what is in every collection. Back it up."
    ),
    "data": Place(
        "data",
        "data",
        "Terms, collections, consent, receipts, revoking.",
        ("consents", "receipts", "standing"),
    ),
    "model": Place(
        "model", "model", "Models: registering what was trained, and what a manifest is worth."
    ),
    "output": Place(
        "output", "output", "Outputs: batches of generated files, and what they rest on."
    ),
    "rights": Place(
        "rights", "rights", "Rights: the token that stands for a batch, model or collection."
    ),
    "market": Place("market", "market", "The market: licences for data, models and outputs."),
    "revenue": Place(
        "revenue", "revenue", "Revenue: paying in, what is owed, and claiming it.", ("committee",)
    ),
    "identity": Place("identity", "identity", "Identities: artists who have no wallet yet."),
}
"""Where each command is, and what the help of all says of it."""

app = typer.Typer(
    name="kiseki",
    cls=lazily(COMMANDS, _EPILOG),
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        show.line(kiseki.__version__)
        raise typer.Exit(0)


@app.callback()
def root(
    network: Annotated[
        str | None,
        typer.Option(help="sepolia, hoodi, base-sepolia, arbitrum-sepolia, optimism-sepolia, "
                          "polygon-amoy or local.  [env: KISEKI_NETWORK]"),
    ] = None,
    rpc: Annotated[
        str | None,
        typer.Option(help="URL of a node, or several with commas.  [env: KISEKI_RPC_URL]"),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(help="The wallet: a keystore's name or file, env, test:N, node:0x…, "
                          "clef:URL#0x… or web3signer:URL#0x….  [env: KISEKI_ACCOUNT]"),
    ] = None,
    secrets: Annotated[
        str | None, typer.Option(help="The key store.  [env: KISEKI_SECRETS]")
    ] = None,
    deployments: Annotated[
        str | None, typer.Option(help="Folder of deployment records.  [env: KISEKI_DEPLOYMENTS]")
    ] = None,
    journal: Annotated[
        str | None, typer.Option(help="The journal of sending.  [env: KISEKI_JOURNAL]")
    ] = None,
    max_fee: Annotated[
        str | None, typer.Option(help="The most that gas may cost, in gwei.  [env: KISEKI_MAX_FEE]")
    ] = None,
    confirmations: Annotated[
        str | None,
        typer.Option(help="When it counts: a number of blocks, safe, or finalized.  "
                          "[env: KISEKI_CONFIRMATIONS]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent and its cost; send nothing.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:  # fmt: skip
    """Kiseki 軌跡 records what generative models are made of, and pays everybody it leads back to.

    \b
    Examples:
      kiseki node                                          a local chain to try things on
      kiseki deploy --network sepolia --account studio     the contracts on a test network
      kiseki data register artwork --royalty 20%           data IDs on the chain; contents stay here
      kiseki revenue claim                                 what this wallet is owed
      kiseki status                                        how things stand

    Settings are also read from .env and the environment. Ends with 0 done, 1 refused, 2
    misunderstood, 3 partly done, 4 not as it should be, 130 interrupted (the same command goes on).
    """
    context.options(context.Options(
        network, rpc, account, secrets, deployments, journal, max_fee, confirmations,
        json, yes, dry_run, debug,
    ))  # fmt: skip


def main(words: Sequence[str] | None = None) -> None:
    """Runs a command line and ends the process with its exit code."""
    given = list(sys.argv[1:] if words is None else words)
    completing = any(name.endswith("_COMPLETE") for name in environment())
    code = _run(given if completing else _options_first(given))
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # `kiseki … | head`: whoever reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _run(words: list[str]) -> int:
    try:
        found: object = app(words, prog_name="kiseki", standalone_mode=False)
        code = found if isinstance(found, int) else 0
        return _interrupted() if code == _INTERRUPTED else code  # which Typer makes of Ctrl-C
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except typer.TyperException as error:
        if error.format_message().startswith("Usage:"):  # the help of a group without a command
            show.say(error.format_message())
            return 2
        show.say(f"kiseki: {error.format_message()} (--help says what there is)")
        return 2
    except BrokenPipeError:
        return 0
    except KisekiError as error:
        if context.current.debug:
            traceback.print_exception(error)
        show.say(f"kiseki: {error}")
        return 2 if isinstance(error, InvalidInput) else 1


def _interrupted() -> int:
    show.say("Interrupted. The same command goes on where it stopped, and sends nothing twice.")
    return _INTERRUPTED


def _options_first(words: list[str]) -> list[str]:
    """The options of every command, moved before it, where Typer looks for them."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(words)
    for word in waiting:
        name, equals, _ = word.partition("=")
        if word == "--":
            rest += [word, *waiting]
        elif name in _WITH_VALUE:
            front.append(word)
            front += [] if equals else list(next(([each] for each in waiting), []))
        elif word in _FLAGS:
            front.append(word)
        else:
            rest.append(word)
    return front + rest


_WITH_VALUE = {
    "--network", "--rpc", "--account", "--secrets", "--deployments", "--journal", "--max-fee",
    "--confirmations",
}  # fmt: skip
_FLAGS = {"--json", "--yes", "-y", "--dry-run", "--debug"}
