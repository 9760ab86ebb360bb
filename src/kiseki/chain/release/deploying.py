"""Which releases are on a chain, and putting there what is missing."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.chain.answers import quantity
from kiseki.chain.contract.contracts import Call, node_errors
from kiseki.chain.logs import base_fee
from kiseki.chain.node import Node
from kiseki.chain.refusals import Refusal
from kiseki.chain.release import proxy
from kiseki.chain.release.proxy import PROXY
from kiseki.chain.release.releases import ONCE, Place, newest, places, releases
from kiseki.chain.sending.sender import Sender
from kiseki.core import documents
from kiseki.core.amounts import in_units
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32, address, from_hex, to_hex, uint
from kiseki.disk import atomic
from kiseki.errors import ChainError, InvalidInput, NotDeployed

if TYPE_CHECKING:
    pass

__all__ = [
    "PROXY",
    "Deployment",
    "Preflight",
    "deploy",
    "find",
    "preflight",
]

_FORMAT = "kiseki-deployment-v1"


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is on one chain, of all releases.

    Attributes:
        chain_id: the chain.
        contracts: those that are there, oldest release first. What a release lacks is absent.
        block: the first that may hold events of them.
    """

    chain_id: int
    contracts: tuple[Place, ...]
    block: int

    @property
    def addresses(self) -> Mapping[str, str]:
        """By name the address of the newest that is there: new things go to it."""
        return {place.name: place.address for place in self.contracts}

    @property
    def releases(self) -> tuple[str, ...]:
        """The releases of which every contract is there, oldest first."""
        there = {place.key for place in self.contracts}
        return tuple(
            each.name for each in releases() if all(place.key in there for place in each.contracts)
        )


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a deployment would find and cost, before anything is sent.

    Attributes:
        chain_id: the chain.
        wallet: who would pay.
        balance: what it has, in wei.
        currency: what gas is paid in.
        has_proxy: whether the deterministic deployment proxy is there.
        there: contracts that are there already.
        wrong: those at whose address is other code, which cannot be put right.
        gas: what the rest takes, as the node finds by trying each.
        now, most: what that costs in wei, at the fee of now and at the most that is offered; with
            the proxy where it is missing.
    """

    chain_id: int
    wallet: str
    balance: int
    currency: str
    has_proxy: bool
    there: tuple[str, ...]
    wrong: tuple[str, ...]
    gas: int
    now: int
    most: int

    @property
    def missing(self) -> tuple[str, ...]:
        """Contracts that are to be put there."""
        return tuple(each for each in newest() if each not in self.there + self.wrong)

    @property
    def problem(self) -> str:
        """Why it cannot be done, and what to do about it; empty if it can."""
        if self.wrong:
            return (
                f"other code than this release's is at the address of {', '.join(self.wrong)} on "
                f"chain {self.chain_id}; check that the node is to be trusted, and ask another"
            )
        if self.balance < self.most:
            return (
                f"the wallet {self.wallet} holds {in_units(self.balance)} {self.currency} and what "
                f"is missing may cost {in_units(self.most)}: insufficient funds; send it some, "
                "then run this again; nothing was sent"
            )
        return ""


def preflight(sender: Sender) -> Preflight:
    """Looks at a chain before the suite is put there; nothing is sent.

    Raises:
        FeeTooHigh: the chain asks more for gas than the cap.
        NodeUnreachable, ChainError: as they say.
    """
    node, names = sender.node, list(newest())
    with node_errors():
        balance = node.balance(sender.address)
        base = base_fee(node)
        has_proxy = proxy.is_there(node)
        codes = node.ask([("eth_getCode", [newest()[name].address, "latest"]) for name in names])
        found = dict(zip(names, (_code(each) for each in codes), strict=True))
    there = tuple(name for name in names if newest()[name].artifact.is_at(found[name]))
    wrong = tuple(name for name in names if found[name] and name not in there)
    missing = [name for name in names if name not in there + wrong]
    gas = _needed(sender, missing)
    fees = sender.fees()
    now = fees.most if fees.tip is None else min(base + fees.tip, fees.most)
    extra = 0
    if missing and not has_proxy:
        extra = proxy.cost(node) + int(21_000 * sender.spare) * fees.most
    return Preflight(
        node.chain_id, sender.address, balance, sender.policy.currency, has_proxy, there, wrong,
        gas, extra + gas * now, extra + int(gas * sender.spare) * fees.most,
    )  # fmt: skip


def _needed(sender: Sender, missing: list[str]) -> int:
    """Gas of putting contracts on the chain; constructors ask each other nothing."""
    questions = []
    for name in missing:
        bare = {"from": sender.address, "data": to_hex(newest()[name].creation_code)}
        questions.append(("eth_estimateGas", [bare]))
    total = 0
    with node_errors():
        for answer in sender.node.ask(questions):
            if isinstance(answer, Refusal):
                raise answer
            alone = int(answer, 16)
            total += alone + alone // 63 + proxy.OVERHEAD  # a call gives on 63/64 (EIP-150)
    return total


def _code(answer: Any) -> bytes:
    if isinstance(answer, Refusal):
        raise answer
    return from_hex(answer, None, "the code")


def find(node: Node, record: Path | None = None) -> Deployment:
    """What is on the chain of `node`, its code compared with that of every release.

    Args:
        record: the folder of deployment records, when there is one; it says where events begin.

    Raises:
        NotDeployed: some of what every chain has once is not there.
    """
    with node_errors():
        codes = node.ask([("eth_getCode", [place.address, "latest"]) for place in places()])
        looked = list(zip(places(), map(_code, codes), strict=True))
    there = tuple(place for place, code in looked if place.artifact.is_at(code))
    chain_id = node.chain_id
    missing = [place.name for place in places() if place.name in ONCE and place not in there]
    if missing:
        raise NotDeployed(
            f"chain {chain_id} has no {', '.join(missing)} of Kiseki {releases()[0].name}; "
            "run `kiseki deploy` on it first"
        )
    known = _load(record, chain_id) if record else {}
    block = known.get("block", 0)
    with node_errors():
        return Deployment(chain_id, there, block if _is_first(node, known, block) else 0)


def deploy(
    sender: Sender, record: Path, progress: Callable[[str, int], None] = lambda *_: None
) -> Deployment:
    """Puts on the chain what is not there yet, and records it in ``<record>/<chainId>.json``.

    Run again it sends nothing; interrupted, it goes on where it stopped. Where the chain has no
    deterministic deployment proxy, that is put there first.

    Args:
        record: the folder; made if it is not there.
        progress: called with each contract's name and the gas it took, 0 when it was there.

    Raises:
        ChainError: no funds for all of it, no way to put the proxy there, or the node refuses.
        InvalidInput: the record is damaged or of another chain, or cannot be read or written.
    """
    node = sender.node
    chain_id = node.chain_id
    known = _load(record, chain_id)
    _make(record)
    with sender.journal.command(f"deploy {releases()[-1].name} {chain_id} {sender.address}"):
        found = preflight(sender)
        if found.problem:
            raise ChainError(found.problem)
        if not found.has_proxy:
            proxy.put(sender)
        contracts: dict[str, Any] = dict(known.get("contracts", {}))
        for name, place in newest().items():
            gas = _deploy_one(sender, place, name in found.there, contracts, record, chain_id)
            progress(name, gas)
    return find(node, record)


def _deploy_one(
    sender: Sender,
    place: Place,
    there: bool,
    contracts: dict[str, Any],
    record: Path,
    chain_id: int,
) -> int:
    """Puts one contract there and on record; the gas that it took now."""
    call = Call(PROXY, ZERO32 + place.creation_code, 0, f"deploy {place.name}")
    recorded = place.key in contracts
    receipt = None
    if not there:
        receipt = sender.send(call)
    elif not recorded:  # an interrupted run may have sent it, and not have written it down
        receipt = sender.recall(call)
    with node_errors():
        code = sender.node.code(place.address)
    if not place.artifact.is_at(code):
        raise ChainError(
            f"{place.name} was sent and its code is not at {place.address}; the node may lag, so "
            "run this again, which sends nothing twice"
        )
    if receipt or not recorded:
        contracts[place.key] = _describe(place, code) | {
            "transaction": to_hex(receipt.transaction) if receipt else None,
            "block": receipt.block if receipt else None,
        }
        _save(record, chain_id, contracts)
    return 0 if there or receipt is None else receipt.gas


def _is_first(node: Node, known: Mapping[str, Any], block: int) -> bool:
    """Whether a record's first block is right: a local chain may have been started anew since."""
    for each in known.get("contracts", {}).values():
        if each["block"] == block and each["transaction"]:
            receipt = node.one("eth_getTransactionReceipt", each["transaction"])
            if receipt is not None:
                return quantity(receipt["blockNumber"], 63) == block
    return False


# Records


def _describe(place: Place, code: bytes) -> dict[str, Any]:
    values = zip(place.artifact.constructor, place.arguments, strict=True)
    return {
        "address": place.address,
        "constructorArguments": [
            {"name": member["name"], "type": "address", "value": at} for member, (_, at) in values
        ],
        "creationCodeHash": to_hex(keccak256(place.creation_code)),
        "runtimeCodeHash": to_hex(keccak256(code)),
    }


def _make(folder: Path) -> None:
    """The folder, proved by a file made in it: what permissions say is not the whole of it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".tmp"):
            pass
    except OSError as error:
        raise InvalidInput(
            f"no deployment record can be kept in {folder} ({error.strerror}); "
            "nothing was sent; give a folder that can be written to"
        ) from error


def _save(folder: Path, chain_id: int, contracts: Mapping[str, Any]) -> None:
    blocks = [each["block"] for each in contracts.values() if each["block"] is not None]
    document = {
        "format": _FORMAT,
        "release": releases()[-1].name,
        "chainId": chain_id,
        "proxy": PROXY,
        "salt": to_hex(ZERO32),
        "block": min(blocks, default=0) if len(blocks) == len(contracts) else 0,
        "compiler": {each.name: each.contracts[0].artifact.compiler for each in releases()},
        "contracts": {
            place.key: contracts[place.key] for place in places() if place.key in contracts
        },
    }
    try:
        atomic.write(folder / f"{chain_id}.json", json.dumps(document, indent=2) + "\n")
    except OSError as error:
        raise InvalidInput(
            f"{folder / f'{chain_id}.json'} cannot be written ({error.strerror}); what was sent "
            "is on the chain; make it writable and run this again, which sends nothing twice"
        ) from error


def _load(folder: Path, chain_id: int) -> dict[str, Any]:
    path = folder / f"{chain_id}.json"
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read ({error.strerror}); make it readable, or move it away"
        ) from error
    except ValueError:
        text = ""  # not UTF-8: as damaged as an empty one
    try:
        document = json.loads(documents.shallow(text))
        same = document["format"] == _FORMAT and document["chainId"] == chain_id
        recorded = _recorded(document) if same else {}
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{path} is damaged; move it away and deploy again, which sends nothing twice"
        ) from error
    if not same:
        raise InvalidInput(f"{path} is of another chain or format; move it away and run this again")
    # Of code that was never released: nothing in it holds any more.
    known = {place.key: place.address for place in places()}
    if not recorded.items() <= known.items():
        return {}
    return dict(document)


def _recorded(document: Mapping[str, Any]) -> dict[str, str]:
    """The addresses in a record, every member that is used later looked at."""
    contracts = document["contracts"]
    if not isinstance(contracts, dict):
        raise TypeError("contracts")
    uint(document["block"], 63, "block")
    for about in contracts.values():
        address(about["address"], "address")
        if about["transaction"] is not None:
            from_hex(about["transaction"], 32, "transaction")
        if about["block"] is not None:
            uint(about["block"], 63, "block")
    return {key: about["address"] for key, about in contracts.items()}
