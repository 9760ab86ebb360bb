"""`kiseki node`, `deploy` and `verify-contracts`: a chain, and the contracts on it."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from kiseki.chain.anvil import find_anvil
from kiseki.chain.node import connect
from kiseki.chain.release import deploying as deployment
from kiseki.chain.release import releases, verification
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account
from kiseki.cli import context, show
from kiseki.core.amounts import in_units
from kiseki.core.values import from_hex

__all__ = ["deploy", "node", "verify_contracts"]


def node(
    port: Annotated[
        int, typer.Option(help="The port where the node listens; 0 for any free port.")
    ] = 8545,
    block_time: Annotated[
        int, typer.Option(help="Seconds between blocks; 0 makes a block for each transaction.")
    ] = 0,
    accounts: Annotated[int, typer.Option(help="The number of wallets with test ether.")] = 10,
    chain_id: Annotated[
        int, typer.Option(help="The chain ID; no public chain has 31337.")
    ] = 31_337,
) -> None:
    """Run a local chain with all contracts and funded test wallets, until Ctrl-C.

    Starts Anvil and sends only to it. The chain is gone when the command ends. --json prints one
    line with URL, chain, wallets and addresses when the chain is ready.

    \b
    Examples:
      kiseki node
      kiseki node --port 0 --block-time 2
    """
    from kiseki.client.kiseki import Kiseki

    options = ("--block-time", str(block_time)) if block_time else ()
    find_anvil()
    with Kiseki.local(accounts, chain_id, port=port, options=options) as k:
        wallets = [local_account(number).address for number in range(accounts)]
        told = {
            "url": k.url,
            "chain": chain_id,
            "wallets": wallets,
            "addresses": dict(k.session.deployment.addresses),
        }
        if context.current.json:
            show.ready(told)
        else:
            show.fields(
                [("node", k.url), ("chain", chain_id), *k.session.deployment.addresses.items()]
            )
            show.table(
                ["wallet", "address", "ether"],
                [(f"test:{i}", each, "10,000") for i, each in enumerate(wallets)],
                numbers=["ether"],
            )
            show.say(
                "Everybody knows the keys of these wallets. Ctrl-C ends the chain and deletes it."
            )
        stopped = threading.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: stopped.set())
        while not stopped.wait(1.0) and k.is_alive():
            pass


def deploy() -> None:
    """Deploy the contracts that a chain lacks, at the same addresses as on every chain.

    Shows first what it found and what it will cost. Sends one transaction for each missing
    contract, and one more where the chain lacks the deployment proxy. After an interruption run the
    command again. Writes the addresses into deployments/<chain>.json.

    \b
    Examples:
      kiseki deploy --network sepolia --account studio
      kiseki deploy --rpc http://127.0.0.1:8545 --yes --json
    """
    at = context.where()
    node = connect(at.url, at.chain_id)
    chain_id = node.chain_id
    known = context.network_of(chain_id)
    sender = Sender(node, context.signer(at.url, chain_id), context.journal(), context.policy())
    found = deployment.preflight(sender)
    told = {**show.plain(found), "addresses": dict(releases.addresses())}
    if not context.current.json:
        _show_preflight(found, known.name, known.currency)
    if context.current.dry_run:
        if context.current.json:
            show.json_line({"sent": False, **told})
        raise typer.Exit(1 if found.problem else 0)
    if found.missing and not found.problem:
        context.agree(known, f"The deployment costs about {in_units(found.now)} {known.currency}.")
    done: dict[str, int] = {}
    with show.progress("deploying", "contracts") as bar:

        def step(name: str, gas: int) -> None:
            done[name] = gas
            bar(len(done), len(releases.newest()))

        record = Path(context.chosen("deployments"))
        made = deployment.deploy(sender, record, step)
    if context.current.json:
        show.json_line({"chain": chain_id, "block": made.block, "gas": done,
                        "addresses": dict(made.addresses)})  # fmt: skip
        return
    rows = [(name, made.addresses[name], f"{gas:,}" if gas else "") for name, gas in done.items()]
    show.table(["contract", "address", "gas"], rows, numbers=["gas"])
    if not any(done.values()):
        show.say("Everything is on the chain already. Nothing was sent.")
    show.say(f"Recorded in {record / f'{chain_id}.json'}.")


def _show_preflight(found: deployment.Preflight, name: str, currency: str) -> None:
    rows = [
        ("network", f"{name}, chain {found.chain_id}"),
        ("wallet", f"{found.wallet} holds {in_units(found.balance)} {currency}"),
        ("proxy", "deployed" if found.has_proxy else "missing: it is deployed first"),
        ("deployed", ", ".join(found.there) or "nothing"),
        ("missing", ", ".join(found.missing) or "nothing"),
    ]
    if found.missing:
        cost = f"{in_units(found.now)} {currency} now, at most {in_units(found.most)}"
        rows.append(("gas", f"{found.gas:,}: {cost}"))
        rows += [(f"  {each}", releases.addresses()[each]) for each in found.missing]
    show.fields(rows)


def verify_contracts(
    write: Annotated[
        Path | None,
        typer.Option(help="Write the compiler inputs into this folder, to verify by hand."),
    ] = None,
    etherscan_key: Annotated[
        str | None,
        typer.Option(
            envvar="ETHERSCAN_API_KEY", help="Verify the contracts on Etherscan, with this key."
        ),
    ] = None,
    etherscan_url: Annotated[
        str, typer.Option(help="The URL of an explorer with Etherscan's API.")
    ] = verification.ETHERSCAN,
    sourcify: Annotated[bool, typer.Option(help="Verify the contracts on Sourcify.")] = False,
    sourcify_url: Annotated[
        str, typer.Option(help="The URL of a Sourcify server.")
    ] = verification.SOURCIFY,
) -> None:
    """Compare the contracts on a chain with Kiseki's own, byte by byte.

    Reads the chain and sends no transaction. With --sourcify or --etherscan-key it also sends the
    sources to that explorer. Ends with 4 if a contract differs.

    \b
    Examples:
      kiseki verify-contracts --network sepolia
      kiseki verify-contracts --network sepolia --sourcify
      kiseki verify-contracts --write build/verification
    """
    if write is not None:
        written = verification.write_inputs(write)
        if not context.current.json:
            show.say(f"Wrote {show.count(len(written), 'file')} into {write}.")
    at = context.where()
    node = connect(at.url, at.chain_id)
    chain_id = node.chain_id
    found = verification.check(node)
    told: dict[str, dict[str, str]] = {each.address: {} for each in found}
    if all(each.is_right for each in found):
        new = set(releases.addresses().values())
        for each in (each for each in found if each.address in new):
            etherscan_key = etherscan_key or context.given().get("ETHERSCAN_API_KEY")
            if etherscan_key:
                told[each.address]["etherscan"] = verification.submit_to_etherscan(
                    each.name, chain_id, etherscan_key, etherscan_url
                )
            if sourcify:
                told[each.address]["sourcify"] = verification.submit_to_sourcify(
                    each.name, chain_id, _creation(chain_id, each.name), sourcify_url
                )
    if context.current.json:
        show.json_line(
            [{**show.plain(each), "said": each.said, **told[each.address]} for each in found]
        )
    else:
        same = "the same, to the byte"
        rows = [(e.name, e.address, "the same" if e.said == same else e.said,
                 *told[e.address].values()) for e in found]  # fmt: skip
        show.table(["contract", "address", "code", *told[found[-1].address]], rows)
    if not all(each.is_right for each in found):
        raise typer.Exit(4)
    if not context.current.json:
        show.say("Every contract is Kiseki's own, to the byte.")


def _creation(chain_id: int, name: str) -> bytes | None:
    """The transaction that put a contract there, if the record says so."""
    path = Path(context.chosen("deployments")) / f"{chain_id}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return from_hex(
            json.loads(path.read_text())["contracts"][releases.newest()[name].key]["transaction"],
            32,
            "it",
        )
    return None
