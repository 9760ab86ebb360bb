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
from kiseki.errors import InvalidInput, KisekiError, NodeAway, NodeBusy

__all__ = ["EXIT_CODES", "app", "main"]

EXIT_CODES = {
    0: "the command did its work, or there was nothing to do",
    1: "the command failed or was refused; the message says why",
    2: "the command line is wrong: an unknown command, a wrong option or a wrong value",
    3: "a part of the work was done, another part failed",
    4: "the command checked something, and the check found a problem",
    130: "interrupted; run the same command again to go on",
}

_INTERRUPTED = 130

_EPILOG = (
    "Every command also takes these options (see `kiseki --help`): --network, --rpc, --account, "
    "--json, --yes, --dry-run, --max-fee, --tip, --confirmations, --decimal, --encoding, "
    "--sheet, --debug."
)

COMMANDS = {
    "node": Place(
        "chain",
        "node",
        "Run a local chain with all contracts and funded test wallets, until Ctrl-C.",
    ),
    "deploy": Place(
        "chain",
        "deploy",
        "Deploy the contracts that a chain lacks, at the same addresses as on every chain.",
    ),
    "status": Place(
        "status",
        "status",
        "Show the network, contracts, wallet, key store, pending transactions and money owed.",
    ),
    "cost": Place(
        "costs",
        "cost",
        "Calculate what registering and claiming cost in gas on a network.",
    ),
    "verify-contracts": Place(
        "chain",
        "verify_contracts",
        "Compare the contracts on a chain with Kiseki's own, byte by byte.",
    ),
    "lists": Place(
        "lists",
        "lists",
        "Prove that the lists of collections, models and batches are complete.",
    ),
    "check-list": Place("lists", "check_list", "Check a list file that `kiseki lists` wrote."),
    "verify": Place(
        "output",
        "verify",
        "Say what is on record about a generated file.",
    ),
    "keeper": Place(
        "keeper",
        "keeper",
        "Run a program that sends what is due on the chain, until Ctrl-C.",
    ),
    "serve": Place(
        "serve",
        "serve",
        "Serve pages and an API that tell what is registered, until Ctrl-C.",
    ),
    "sandbox": Place(
        "sandbox",
        "sandbox",
        "Run a sandbox: a local chain and pages, full of drawings, models and money.",
    ),
    "local": Place("local", "local", "Make test ether, test tokens and time on a local chain."),
    "accounts": Place(
        "wallets",
        "accounts",
        "Make and keep wallets, as encrypted keystore files.",
    ),
    "keys": Place("wallets", "keys", "Back up, restore and list the key store with the salts."),
    "data": Place(
        "data",
        "data",
        "Register data: terms, collections, consent and receipts.",
        (
            "records",
            "revoking",
            "consents",
            "invitations",
            "receipts",
            "standing",
            "origin",
            "derived",
            "series",
        ),
    ),
    "licence": Place("licences", "licence", "Show the licence texts that ship with Kiseki."),
    "gate": Place("gate", "gate", "Keep allow lists, which say who may use a collection or model."),
    "model": Place(
        "model",
        "model",
        "Register models, and check what they were trained on.",
        ("manifests", "lora", "stamp", "updating", "reproducing", "provenance"),
    ),
    "training": Place(
        "training",
        "training",
        "Lay out data for a trainer, and count what training consumed.",
        ("laying", "exposing", "runs"),
    ),
    "output": Place("output", "output", "Register generated files in batches."),
    "rights": Place(
        "rights", "rights", "Mint and move rights tokens, at once or on conditions.", ("schedules",)
    ),
    "market": Place("market", "market", "Offer and buy licences for data, models and outputs."),
    "revenue": Place(
        "revenue",
        "revenue",
        "Pay in revenue, show what is owed, and claim it.",
        ("committee", "unclaimed", "earned"),
    ),
    "statements": Place(
        "statements", "statements", "State something in public, and read what others stated."
    ),
    "withdrawal": Place(
        "withdrawal",
        "withdrawal",
        "Tell developers of revocations that touch their models, and answer them.",
    ),
    "identity": Place(
        "identity", "identity", "Name artists who have no wallet yet, and bind a wallet later."
    ),
    "vault": Place(
        "vault",
        "vault",
        "Keep content encrypted, and hand it out by licence.",
        (
            "contents",
            "epochs",
            "audit",
            "erasing",
            "persons",
            "handing",
            "witnessing",
            "given",
            "anchors",
        ),
    ),
    "index": Place("index", "index", "Show, read, check and drop what was read of a chain."),
    "letters": Place(
        "signatures",
        "letters",
        "Show and cancel what was signed into a file for somebody else to send.",
    ),
    "guardians": Place(
        "guardians",
        "guardians",
        "Give an account whose key is lost a new one, with its guardians.",
    ),
    "people": Place(
        "people",
        "people",
        "Keep an address book; its names stand wherever an address does.",
    ),
}
"""Where each command is, and its line in `kiseki --help`: the first sentence of its own help."""

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
        typer.Option(help="The network: sepolia, hoodi, base-sepolia, arbitrum-sepolia, "
                          "optimism-sepolia, polygon-amoy or local.  [env: KISEKI_NETWORK]"),
    ] = None,
    rpc: Annotated[
        str | None,
        typer.Option(help="The URL of a node; several URLs with commas between them.  "
                          "[env: KISEKI_RPC_URL]"),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(help="The wallet that acts and pays: the name or file of a keystore, env, "
                          "test:N, node:0x…, clef:URL#0x… or web3signer:URL#0x….  "
                          "[env: KISEKI_ACCOUNT]"),
    ] = None,
    secrets: Annotated[
        str | None,
        typer.Option(help="The key store: a file, or the URL of a PostgreSQL database.  "
                          "[env: KISEKI_SECRETS]"),
    ] = None,
    vault_identity: Annotated[
        str | None,
        typer.Option(help="What opens the key store, where it is a vault: an age identity file, or "
                          "aws-kms: and an encrypted one.  [env: KISEKI_VAULT_IDENTITY]"),
    ] = None,
    deployments: Annotated[
        str | None, typer.Option(help="Folder of deployment records.  [env: KISEKI_DEPLOYMENTS]")
    ] = None,
    journal: Annotated[
        str | None, typer.Option(help="The journal of transactions.  [env: KISEKI_JOURNAL]")
    ] = None,
    index: Annotated[
        str | None,
        typer.Option(help="The folder of the index, or the URL of a PostgreSQL database.  "
                          "[env: KISEKI_INDEX]"),
    ] = None,
    max_fee: Annotated[
        str | None, typer.Option(help="The highest price of gas, in gwei.  [env: KISEKI_MAX_FEE]")
    ] = None,
    tip: Annotated[
        str | None,
        typer.Option(help="Of the price of gas, the part for whoever makes the block, in gwei. "
                          "Default: what the node says is usual.  [env: KISEKI_TIP]"),
    ] = None,
    confirmations: Annotated[
        str | None,
        typer.Option(help="When a transaction counts as final: after a number of blocks, or at "
                          "`safe` or `finalized`.  [env: KISEKI_CONFIRMATIONS]"),
    ] = None,
    decimal: Annotated[
        str | None,
        typer.Option(help="What separates decimals in amounts that you type and in tables: . or ,  "
                          "Default: a point, and no mark may group digits.  [env: KISEKI_DECIMAL]"),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(help="The encoding of tables that are not UTF-8, as cp932 (Japanese Excel).  "
                          "[env: KISEKI_ENCODING]"),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(help="The sheet of a workbook with several sheets.  [env: KISEKI_SHEET]"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; go on.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show transactions and their cost; send nothing.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:  # fmt: skip
    """Kiseki 軌跡 records which data a generative model was trained on, and pays its artists.

    \b
    Start a local chain to try things on:
      kiseki node
    Deploy the contracts to a test network:
      kiseki deploy --network sepolia --account studio
    Register data; the files stay on this machine:
      kiseki data register artwork --uses train --royalty 20%
    Claim what this wallet is owed:
      kiseki revenue claim
    Show the network, the wallet and what is owed:
      kiseki status

    Where a command takes an address, it takes a name of the address book too (`kiseki people`).
    Options can stand before or after a command. Kiseki reads settings from .env and from
    environment variables too. On every network a command shows the cost and asks before it
    sends. The few commands that do not ask say so in their help.

    Ends with 0 (done), 1 (failed or refused), 2 (wrong command line), 3 (partly done), 4 (a check
    found a problem) or 130 (interrupted; run the same command again to go on).
    """
    context.options(context.Options(
        network, rpc, account, secrets, vault_identity, deployments, journal, index, max_fee, tip,
        confirmations, decimal, encoding, sheet, json, yes, dry_run, debug,
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
    context.options(context.Options())
    try:
        with context.opened:
            return _ended(words)
    finally:
        show.begin()  # how old an answer was is no word about what the process says next


def _ended(words: list[str]) -> int:
    """The exit code of a command, and the last that it says."""
    try:
        found: object = app(words, prog_name="kiseki", standalone_mode=False)
        code = found if isinstance(found, int) else 0
        return _interrupted() if code == _INTERRUPTED else code  # which Typer makes of Ctrl-C
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except typer.TyperException as error:
        said = error.format_message().replace("Value error, ", "")  # which pydantic says first
        if said.startswith("Usage:"):  # the help of a group without a command
            show.say(said)
            return 2
        show.say(f"kiseki: {said} (try --help)")
        return 2
    except BrokenPipeError:
        return 0
    except KisekiError as error:
        if context.current.debug:
            traceback.print_exception(error)
        if isinstance(error, NodeAway | NodeBusy):  # that is no answer, so it has no age
            show.undated()
        show.say(f"kiseki: {error}")
        return 2 if isinstance(error, InvalidInput) else 1


def _interrupted() -> int:
    show.undated()
    show.say("Interrupted. Run the same command again to go on; it sends nothing twice.")
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
    "--network", "--rpc", "--account", "--secrets", "--vault-identity", "--deployments",
    "--journal", "--index", "--max-fee", "--tip", "--confirmations", "--decimal", "--encoding",
    "--sheet",
}  # fmt: skip
_FLAGS = {"--json", "--yes", "-y", "--dry-run", "--debug"}
