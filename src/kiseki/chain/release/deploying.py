"""Where the suite is on a chain, and putting it there.

Addresses follow from the code (CREATE2 through the deterministic deployment proxy that most chains
have), so they are the same on every chain and known before anything is sent.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.chain import node
from kiseki.chain.contract.artifacts import Artifact, artifact
from kiseki.chain.contract.contracts import Call, node_errors
from kiseki.chain.node import Refusal, ask
from kiseki.chain.release import proxy
from kiseki.chain.release.proxy import PROXY
from kiseki.chain.sending.sender import Sender
from kiseki.core import documents
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO32, address, from_hex, to_hex, uint
from kiseki.disk import atomic
from kiseki.errors import ChainError, InvalidInput, NotDeployed

if TYPE_CHECKING:
    from web3 import Web3

__all__ = [
    "PROXY",
    "SUITE",
    "Deployment",
    "Preflight",
    "addresses",
    "creation_code",
    "deploy",
    "find",
    "names",
    "preflight",
]

SUITE: Mapping[str, tuple[str, ...]] = {
    "RevenueSplitter": (),
    "RightsMetadata": (),
    "RightsToken": ("RevenueSplitter", "RightsMetadata"),
    "DataRegistry": ("RevenueSplitter", "RightsToken"),
    "ModelRegistry": ("DataRegistry", "RightsToken", "RevenueSplitter"),
    "OutputRegistry": ("DataRegistry", "ModelRegistry", "RightsToken", "RevenueSplitter"),
    "Challenges": ("DataRegistry", "ModelRegistry"),
    "Statements": (),
    "Identities": ("RevenueSplitter",),
    "AllowList": (),
    "AfterTime": (),
    "AllOf": (),
    "AnyOf": (),
    "Approvals": (),
    "Escrow": ("RightsToken",),
    "IncomeThreshold": ("RevenueSplitter",),
    "LicenseMarket": (
        "RevenueSplitter",
        "RightsToken",
        "DataRegistry",
        "ModelRegistry",
        "OutputRegistry",
    ),
    "Waterfall": ("RevenueSplitter",),
    "Waterfalls": ("RevenueSplitter", "Waterfall"),
}
"""Each contract and those whose addresses its constructor takes; every one after those it needs."""

RELEASE = "0.1.0"
_FORMAT = "kiseki-deployment-v1"


@dataclass(frozen=True, slots=True)
class Deployment:
    """The suite on one chain.

    Attributes:
        chain_id: the chain.
        addresses: of each contract, checksummed.
        block: the first that may hold events of it.
    """

    chain_id: int
    addresses: Mapping[str, str]
    block: int


@cache
def addresses() -> Mapping[str, str]:
    """Where each contract of this release is, on every chain."""
    found: dict[str, str] = {}
    for name in SUITE:
        digest = keccak256(
            b"\xff" + bytes.fromhex(PROXY[2:]) + ZERO32 + keccak256(creation_code(name, found))
        )
        found[name] = checksummed(digest[12:])
    return found


@cache
def names() -> Mapping[str, str]:
    """Address, in lower case -> name, of each contract of this release."""
    return {at.lower(): name for name, at in addresses().items()}


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a deployment would find and cost, before anything is sent.

    Attributes:
        chain_id: the chain.
        wallet: who would pay.
        balance: what it has, in wei.
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
    has_proxy: bool
    there: tuple[str, ...]
    wrong: tuple[str, ...]
    gas: int
    now: int
    most: int

    @property
    def missing(self) -> tuple[str, ...]:
        """Contracts that are to be put there."""
        return tuple(each for each in SUITE if each not in self.there + self.wrong)

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
                f"the wallet {self.wallet} holds {self.balance:,} wei and what is missing may cost "
                f"{self.most:,}: insufficient funds; send it some, then run this again; nothing "
                "was sent"
            )
        return ""


def preflight(sender: Sender) -> Preflight:
    """Looks at a chain before the suite is put there; nothing is sent.

    Raises:
        FeeTooHigh: the chain asks more for gas than the cap.
        NodeUnreachable, ChainError: as they say.
    """
    w3, names = sender.w3, list(SUITE)
    with node_errors():
        chain_id = int(w3.eth.chain_id)
        balance = node.balance(w3, sender.address)
        base = int(w3.eth.get_block("latest").get("baseFeePerGas") or 0)
        has_proxy = proxy.is_there(w3)
        codes = ask(w3, [("eth_getCode", [addresses()[name], "latest"]) for name in names])
        found = dict(zip(names, (_code(each) for each in codes), strict=True))
    there = tuple(name for name in names if artifact(name).is_at(found[name]))
    wrong = tuple(name for name in names if found[name] and name not in there)
    missing = [name for name in names if name not in there + wrong]
    gas = _needed(sender, missing)
    fees = sender.fees()
    now = fees.most if fees.tip is None else min(base + fees.tip, fees.most)
    extra = 0
    if missing and not has_proxy:
        extra = proxy.cost(w3) + int(21_000 * sender.spare) * fees.most
    return Preflight(
        chain_id, sender.address, balance, has_proxy, there, wrong, gas,
        extra + gas * now, extra + int(gas * sender.spare) * fees.most,
    )  # fmt: skip


def _needed(sender: Sender, missing: list[str]) -> int:
    """Gas of putting contracts on the chain; constructors ask each other nothing."""
    questions = []
    for name in missing:
        bare = {"from": sender.address, "data": to_hex(creation_code(name))}
        questions.append(("eth_estimateGas", [bare]))
    total = 0
    with node_errors():
        for answer in ask(sender.w3, questions):
            if isinstance(answer, Refusal):
                raise answer
            alone = int(answer, 16)
            total += alone + alone // 63 + proxy.OVERHEAD  # a call gives on 63/64 (EIP-150)
    return total


def _code(answer: Any) -> bytes:
    if isinstance(answer, Refusal):
        raise answer
    return from_hex(answer, None, "the code")


def find(w3: Web3, record: Path | None = None) -> Deployment:
    """The suite on the chain of `w3`, its code compared with this release's.

    Args:
        record: the folder of deployment records, when there is one; it says where events begin.

    Raises:
        NotDeployed: some of it is not there.
    """
    with node_errors():
        chain_id = int(w3.eth.chain_id)
        codes = ask(w3, [("eth_getCode", [addresses()[name], "latest"]) for name in SUITE])
        there = zip(SUITE, map(_code, codes), strict=True)
        missing = [name for name, code in there if not artifact(name).is_at(code)]
    if missing:
        raise NotDeployed(
            f"chain {chain_id} has no {', '.join(missing)} of Kiseki {RELEASE}; "
            "run `kiseki deploy` on it first"
        )
    known = _load(record, chain_id) if record else {}
    block = known.get("block", 0)
    with node_errors():
        return Deployment(chain_id, addresses(), block if _is_first(w3, known, block) else 0)


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
    w3 = sender.w3
    with node_errors():
        chain_id = int(w3.eth.chain_id)
    known = _load(record, chain_id)
    _make(record)
    with sender.journal.command(f"deploy {RELEASE} {chain_id} {sender.address}"):
        found = preflight(sender)
        if found.problem:
            raise ChainError(found.problem)
        if not found.has_proxy:
            proxy.put(sender)
        contracts: dict[str, Any] = dict(known.get("contracts", {}))
        for name in SUITE:
            gas = _deploy_one(sender, name, name in found.there, contracts, record, chain_id)
            progress(name, gas)
    return find(w3, record)


def _deploy_one(
    sender: Sender, name: str, there: bool, contracts: dict[str, Any], record: Path, chain_id: int
) -> int:
    """Puts one contract there and on record; the gas that it took now."""
    call = _deployment_call(name)
    recorded = contracts.get(name, {}).get("address") == addresses()[name]
    receipt = None
    if not there:
        receipt = sender.send(call)
    elif not recorded:  # an interrupted run may have sent it, and not have written it down
        receipt = sender.recall(call)
    with node_errors():
        code = node.code(sender.w3, addresses()[name])
    if not artifact(name).is_at(code):
        raise ChainError(
            f"{name} was sent and its code is not at {addresses()[name]}; the node may lag, so run "
            "this again, which sends nothing twice"
        )
    if receipt or not recorded:
        contracts[name] = _describe(name, code) | {
            "transaction": to_hex(receipt.transaction) if receipt else None,
            "block": receipt.block if receipt else None,
        }
        _save(record, chain_id, contracts)
    return 0 if there or receipt is None else receipt.gas


def _is_first(w3: Web3, known: Mapping[str, Any], block: int) -> bool:
    """Whether a record's first block is right: a local chain may have been started anew since."""
    from web3.exceptions import TransactionNotFound

    for each in known.get("contracts", {}).values():
        if each["block"] == block and each["transaction"]:
            with contextlib.suppress(TransactionNotFound):
                found = w3.eth.get_transaction_receipt(each["transaction"])
                return int(found["blockNumber"]) == block
    return False


def _deployment_call(name: str) -> Call:
    return Call(PROXY, ZERO32 + creation_code(name), 0, f"deploy {name}")


def creation_code(name: str, known: Mapping[str, str] | None = None) -> bytes:
    """What puts a contract on a chain: its code, and the constructor's arguments after it."""
    from eth_abi.abi import encode

    known = addresses() if known is None else known
    arguments = [known[each] for each in SUITE[name]]
    return artifact(name).creation_code + encode(["address"] * len(arguments), arguments)


# Records


def _describe(name: str, code: bytes) -> dict[str, Any]:
    built: Artifact = artifact(name)
    values = zip(built.constructor, SUITE[name], strict=True)
    return {
        "address": addresses()[name],
        "constructorArguments": [
            {"name": member["name"], "type": "address", "value": addresses()[value]}
            for member, value in values
        ],
        "creationCodeHash": to_hex(keccak256(creation_code(name))),
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
        "release": RELEASE,
        "chainId": chain_id,
        "proxy": PROXY,
        "salt": to_hex(ZERO32),
        "block": min(blocks, default=0) if len(blocks) == len(contracts) else 0,
        "compiler": artifact("DataRegistry").compiler,
        "contracts": {name: contracts[name] for name in SUITE if name in contracts},
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
        current = _addresses_in(document) if same else {}
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{path} is damaged; move it away and deploy again, which sends nothing twice"
        ) from error
    if not same:
        raise InvalidInput(f"{path} is of another chain or format; move it away and run this again")
    # Of an earlier release, or a local chain that was started anew: nothing in it holds any more.
    if not all(addresses().get(name) == address for name, address in current.items()):
        return {}
    return dict(document)


def _addresses_in(document: Mapping[str, Any]) -> dict[str, str]:
    """Of each contract in a record, every member that is used later looked at."""
    contracts = document["contracts"]
    if not isinstance(contracts, dict):
        raise TypeError("contracts")
    uint(document["block"], 63, "block")
    for each in contracts.values():
        address(each["address"], "address")
        if each["transaction"] is not None:
            from_hex(each["transaction"], 32, "transaction")
        if each["block"] is not None:
            uint(each["block"], 63, "block")
    return {name: each["address"] for name, each in contracts.items()}
