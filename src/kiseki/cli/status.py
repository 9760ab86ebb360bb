"""`kiseki status`: how things stand on a chain, for one wallet."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.logs import head
from kiseki.chain.node import Node, connect, place
from kiseki.chain.release import releases, verification
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import WatchOnly
from kiseki.cli import context, show
from kiseki.core.amounts import in_units
from kiseki.core.days import ago, utc
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import ChainError, IndexUnusable, KisekiError, NodeAway, NodeBusy, NotDeployed

if TYPE_CHECKING:
    from kiseki.client.kiseki import Kiseki

__all__ = ["status"]


def status() -> None:
    """Show the network, contracts, wallet, key store, pending transactions and money owed.

    Sends again the transactions that are pending and in no block, so that no node forgets them.
    Where the node does not answer, it shows what was read before and how old that is. Ends with 4
    if something needs your attention.

    \b
    Examples:
      kiseki status
      kiseki status --network sepolia --account studio --json
    """
    problems: list[str] = []
    who = _acting(problems)
    at = context.where()
    kept: dict[str, Any] = {}
    k = None
    try:
        kept = _key_store()  # before it is made for lack of one
        k = context.watching(who or ZERO_ADDRESS)
        node = k.session.node
    except (NodeAway, NodeBusy, IndexUnusable):
        raise
    except KisekiError as error:
        node = connect(at.url, at.chain_id)
        if not isinstance(error, NotDeployed):
            problems.append(str(error))
    known = context.network_of(node.chain_id)
    told: dict[str, Any] = {
        "node": ", ".join(map(place, at.url.split(","))),
        "network": known.name,
        "chain": node.chain_id,
        "addresses": dict(releases.addresses()),
    }
    if k is None or k.session.as_of is None:
        told |= _of_node(node)
        if set(told["contracts"].values()) != {"the same, to the byte"}:
            k = None
            problems.append("the suite is not on this chain, or not the whole of it: kiseki deploy")
    try:
        if who:
            told |= _of_wallet(node, who, k) | kept
            if k is not None:
                told |= _of_index(k)
    except KisekiError as error:
        problems.append(str(error))
    problems = list(dict.fromkeys(problems))
    if k is not None and (as_of := k.session.as_of) is not None:
        told = {"block": as_of.block, "time": as_of.time} | told
        problems.append(as_of.reason)
    told["problems"] = problems
    if context.current.json:
        show.json_line(told)
    else:
        _show(told, known.currency)
    if problems:
        raise typer.Exit(4)


def _acting(problems: list[str]) -> str:
    """The wallet, for which no password is needed to look; empty where none can be told."""
    try:
        return context.acting()
    except ChainError:
        raise
    except KisekiError as error:
        problems.append(str(error))
        return ""


def _of_node(node: Node) -> dict[str, Any]:
    latest = head(node)
    return {
        "block": latest.number,
        "time": latest.time,
        "contracts": {each.name: each.said for each in verification.check(node) if each.is_newest},
    }


def _key_store() -> dict[str, Any]:
    where = context.secrets()
    if isinstance(where, Path) and not where.exists():
        return {}
    with context.store() as store:
        kept = sum(1 for _ in store.collections())
        return {
            "secrets": {
                "path": where if isinstance(where, Path) else store.place,
                "salts": store.count(),
                "collections": kept,
            }
        }


def _of_wallet(node: Node, who: str, k: Kiseki | None) -> dict[str, Any]:
    told: dict[str, Any] = {"wallet": who}
    if node.away is None:
        sender = (
            Sender(node, WatchOnly(who), context.journal(), context.policy())
            if k is None
            else k.sender
        )
        with node_errors():
            told["balance"] = str(node.balance(who))
        told["pending"] = [
            {
                "what": each.call.what,
                "nonce": each.nonce,
                "transaction": sender.journal.attempts(each)[-1].hash,
                "since": int(each.since),
                "block": each.block,
            }
            for each in sender.pending()
        ]
    return told


def _of_index(k: Kiseki) -> dict[str, Any]:
    from kiseki.index import REGISTRIES

    owed: dict[str, int] = {}
    for each in k.revenue.owed():
        owed[each.token] = owed.get(each.token, 0) + each.amount
    index = k.index  # asking it compared the lists
    return {
        "owed": {token: str(amount) for token, amount in owed.items()},
        "decimals": {
            token: k.decimals(token)
            for token in owed
            if token == ZERO_ADDRESS or k.session.as_of is None
        },
        "lacking": [each.id for each in k.data.openings.lacking()],
        "lists": {kind: index.count(name) for name, kind in REGISTRIES.items()},
    }


_ONE = {"collections": "collection", "models": "model", "batches": "batch"}


def _show(told: dict[str, Any], currency: str) -> None:
    since = ago(max(0, int(time.time()) - told["time"]))
    rows: list[tuple[str, Any]] = [("network", f"{told['network']}, chain {told['chain']}")]
    if "contracts" in told:
        rows.append(("node", f"{told['node']}, block {told['block']:,}, {since}"))
        rows += _contracts(told["contracts"])
    else:
        rows.append(("node", f"{told['node']} does not answer; what only it tells is left out"))
        rows.append(
            ("read before", f"up to block {told['block']:,} of {utc(told['time'])}, {since}")
        )
    if "wallet" in told:
        holds = ""
        if "balance" in told:
            holds = f" holds {in_units(int(told['balance']))} {currency}"
        rows.insert(0, ("wallet", f"{told['wallet']}{holds}"))
        kept = told.get("secrets")
        store = "none yet"
        if kept:
            many = ", ".join(show.count(kept[each + "s"], each) for each in ("salt", "collection"))
            store = f"{_short(kept['path'])}, {many}"
        rows.append(("key store", store))
        if lacking := told.get("lacking"):
            rows.append(("not in it", f"{show.count(len(lacking), 'collection')} of this wallet; "
                         "restore a backup (kiseki keys restore), or take in a receipt "
                         "(kiseki data receive)"))  # fmt: skip
        rows += _pending(told["pending"]) if "pending" in told else []
        if "lists" in told:
            many = ", ".join(
                show.count(count, _ONE[kind], kind) for kind, count in told["lists"].items()
            )
            if "contracts" in told:
                many += "; as the registries' logs have them (`kiseki lists`)"
            rows.append(("lists", many))
        owed = told.get("owed", {})
        sums = [_sum(int(owed[token]), token, told["decimals"], currency) for token in owed]
        sums = sums or ["nothing"]
        rows += [("" if place else "owed", each) for place, each in enumerate(sums)]
    rows += [("problem", each) for each in told["problems"]]
    show.fields(rows)


def _contracts(said: Mapping[str, str]) -> list[tuple[str, str]]:
    wrong = {name: each for name, each in said.items() if each != "the same, to the byte"}
    if wrong and len(wrong) == len(said):
        return [("contracts", "none of them is here")]
    many = f"{len(said) - len(wrong)} of {len(said)}, the same to the byte"
    first = ("contracts", f"{many}; `kiseki verify-contracts` shows where they are")
    return [first, *((f"  {name}", each) for name, each in wrong.items())]


def _pending(sent: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    pending = [each for each in sent if each["block"] is None]
    rows = [("pending", show.count(len(pending), "transaction") if pending else "nothing")]
    if done := len(sent) - len(pending):
        many = f"{show.count(done, 'transaction')} of a command that was interrupted"
        rows.append(("in a block", f"{many}; run that command again and it goes on from there"))
    for each in pending[:5]:
        rows.append((f"  nonce {each['nonce']}", f"{each['what']}, {show.date(each['since'])}"))
    if len(pending) > 5:
        rows.append(("", f"and {len(pending) - 5:,} more, which --json lists"))
    return rows


def _sum(amount: int, token: str, decimals: Mapping[str, int], currency: str) -> str:
    if token not in decimals:  # only a node tells how many digits it has
        return f"{show.count(amount, 'base unit')} of {token}"
    of = currency if token == ZERO_ADDRESS else f"of {token}"
    return f"{in_units(amount, decimals[token])} {of}"


def _short(path: Path | str) -> str:
    """With ~ for the home folder; of a database without a password."""
    home = Path.home()
    if isinstance(path, str):
        return path
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
