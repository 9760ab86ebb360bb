"""Networks by name: a table that ships with Kiseki (`networks.toml`), and one of the user's own."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from kiseki.chain.node import place
from kiseki.chain.sending.fees import GWEI, Finality, Policy
from kiseki.errors import InvalidInput

__all__ = ["NETWORKS", "Network", "network", "networks"]

_LOCAL = 1337
"""The chain ID of other local chains than Anvil."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network.

    Attributes:
        name: by which people call it.
        chain_id: by which transactions do.
        nodes: URLs, the first to be asked first. They may hold keys: never show them.
        explorer: where people look at it; empty if nowhere.
        currency: what its gas is paid in.
        is_public: others see what is sent and it costs something, if only test ether.
        finality: when a transaction counts as carried out there, unless the user says otherwise.
        least_tip: wei below which it takes no tip.
        fee_below: where a rollup takes the fee for the chain below: ``gas``, ``beside``, or empty.
    """

    name: str
    chain_id: int
    nodes: tuple[str, ...]
    explorer: str = ""
    currency: str = "ETH"
    is_public: bool = True
    finality: Finality = 1
    least_tip: int = 0
    fee_below: str = ""

    def transaction(self, sent: bytes) -> str:
        """Where people look a transaction up; empty if nowhere."""
        return f"{self.explorer}/tx/0x{sent.hex()}" if self.explorer else ""

    def policy(self, given: Policy) -> Policy:
        """A policy with the least tip and the currency of this network."""
        least = max(given.least_tip, self.least_tip)
        return replace(given, least_tip=least, currency=self.currency)


def networks(own: Path | None = None) -> Mapping[str, Network]:
    """All networks by name; those of the user's own file, if there is one, first.

    Raises:
        InvalidInput: the file cannot be read, or an entry is not as it must be.
    """
    if own is None or not own.exists():
        return NETWORKS
    return _read(own) | {name: each for name, each in NETWORKS.items() if name not in _read(own)}


def network(known: str | int, own: Path | None = None) -> Network:
    """A network by its name or chain ID; one that has no name here is public all the same.

    Args:
        own: the user's own table.

    Raises:
        InvalidInput: nobody here calls anything so, or the own table cannot be read.
    """
    there = networks(own)
    if isinstance(known, int):
        found = next((each for each in there.values() if each.chain_id == known), None)
        return found or Network(f"chain {known}", known, (), is_public=known != _LOCAL)
    if known not in there:
        raise InvalidInput(
            f"there is no network {known!r:.40} here; there is {', '.join(there)}, and any other "
            "by the URL of its node (--rpc) or by an entry in ~/.kiseki/networks.toml"
        )
    return there[known]


def _read(path: Path) -> dict[str, Network]:
    try:
        return _parsed(path, path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"the table of networks {path} cannot be read: {why}") from None


@cache
def _parsed(path: Path, text: str) -> dict[str, Network]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"{path} is no TOML: {error}") from None
    return {name: _network(path, name, entry) for name, entry in table.items()}


def _network(path: Path, name: str, entry: Any) -> Network:
    where = f"the network {name!r:.40} in {path}"
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name):
        raise InvalidInput(f"{where}: a name has small letters, digits and hyphens")
    if not isinstance(entry, dict):
        raise InvalidInput(f"{where} must be a table, as [{name}] with chain = 11155111 below it")
    unknown = set(entry) - set(_KINDS)
    if unknown:
        raise InvalidInput(
            f"{where} has {sorted(unknown)[0]!r:.40}, which means nothing; there is "
            + ", ".join(_KINDS)
        )
    for key, value in entry.items():
        kinds, words = _KINDS[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise InvalidInput(f"{where}: {key} must be {words}")
    nodes, chain = entry.get("nodes", []), entry.get("chain", 0)
    if not 0 < chain < 1 << 63:
        raise InvalidInput(f"{where}: chain must be {_KINDS['chain'][1]}")
    for each in nodes:
        if not isinstance(each, str):
            raise InvalidInput(f"{where}: nodes must be {_KINDS['nodes'][1]}")
        place(each)
    finality, tip = entry.get("finality", 1), entry.get("least_tip", 0)
    try:
        policy = Policy(finality=finality, least_tip=int(tip * GWEI))
    except (InvalidInput, OverflowError, ValueError) as error:
        raise InvalidInput(f"{where}: {error}") from None
    if entry.get("fee_below", "") not in _BELOW:
        raise InvalidInput(f"{where}: fee_below must be {_KINDS['fee_below'][1]}")
    currency = entry.get("currency", "ETH")
    if not currency.strip() or not currency.isprintable():
        raise InvalidInput(f"{where}: currency must be {_KINDS['currency'][1]}")
    explorer = entry.get("explorer", "").rstrip("/")
    if explorer:
        place(explorer)
    return Network(
        name, chain, tuple(nodes), explorer, currency,
        entry.get("public", True), policy.finality, policy.least_tip, entry.get("fee_below", ""),
    )  # fmt: skip


_BELOW = ("", "gas", "beside")
_KINDS: Mapping[str, tuple[Any, str]] = {
    "chain": (int, "the chain's ID, as 11155111"),
    "nodes": (list, 'URLs, as ["https://node.example/key"]'),
    "currency": (str, 'a name, as "ETH"'),
    "explorer": (str, 'a URL, as "https://sepolia.etherscan.io"'),
    "finality": (int | str, 'a number of blocks, "safe" or "finalized"'),
    "least_tip": (int | float, "a number of gwei, as 25"),
    "fee_below": (str, '"gas" or "beside"'),
    "public": (bool, "true or false"),
}

NETWORKS: Mapping[str, Network] = _read(Path(__file__).with_suffix(".toml"))
"""Those that ship with Kiseki, by name."""
