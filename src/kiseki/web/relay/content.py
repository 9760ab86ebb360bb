"""What an operation of an account may contain, so that a relay pays its gas.

Gas can be burnt by any contract that is called. So only these calls are relayed: of an account to
itself, those that revoke consent, name a payee or cancel a signature, claims, ether, and transfers,
both of tokens that the operator lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kiseki.chain.contract.abi import decode_named, selector
from kiseki.chain.contract.artifacts import artifact
from kiseki.client.accounts.operations import Operation
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import KisekiError
from kiseki.web.relay.limits import Limits

__all__ = ["ALLOWED", "OWN", "Content", "multicall"]

OWN = ("addKey", "removeKey", "setGuardians", "stopRecovery")
"""Calls of an account to itself."""

ALLOWED: Mapping[str, tuple[str, ...]] = {
    "DataRegistry": ("revoke", "revokeItem", "setPayee", "cancelNonce"),
    "ModelRegistry": ("cancelNonce",),
    "OutputRegistry": ("cancelNonce",),
    "RevenueSplitter": ("claim", "resolve", "multicall", "cancelNonce"),
    "RightsToken": ("cancelNonce",),
}
"""Calls to contracts of the suite; what a multicall holds must be among them, too."""

_TRANSFER = bytes.fromhex("a9059cbb")
_SPLITTER = "RevenueSplitter"


@dataclass(slots=True)
class Content:
    """What an operation contains.

    Attributes:
        fits: whether it is nothing else than is relayed.
        moves: whether it moves money: it claims, or transfers.
        worth: what its transfers count as, in wei.
        claims: the tokens that it claims, in lower case.
    """

    fits: bool = True
    moves: bool = False
    worth: int = 0
    claims: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, operation: Operation, limits: Limits) -> Content:
        """Of an operation, under limits."""
        found = cls()
        for to, value, data in operation.calls:
            if not data:
                found._transfer(ZERO_ADDRESS, value, limits)
            elif value:
                found.fits = False
            elif to == operation.account.lower():
                found.fits &= _named("Account", data)[0] in OWN
            elif to in operation.names:
                found._call(operation.names[to], data, limits)
            elif data[:4] == _TRANSFER and len(data) == 68:
                found._transfer(to, int.from_bytes(data[36:]), limits)
            else:
                found.fits = False
        return found

    def _transfer(self, token: str, units: int, limits: Limits) -> None:
        counts = limits.worth(token, units)
        self.fits &= counts is not None
        self.worth += counts or 0
        self.moves = True

    def _call(self, contract: str, data: bytes, limits: Limits) -> None:
        name, given = _named(contract, data)
        self.fits &= name in ALLOWED.get(contract, ())
        if contract != _SPLITTER or not self.fits or name == "cancelNonce":
            return
        self.moves = True
        if name == "multicall":
            for each in given["calls"]:
                self.fits &= _named(contract, each)[0] in ("claim", "resolve")
                self._call(contract, each, limits)
            return
        token = given["token"].lower()
        self.fits &= token in limits.tokens
        self.claims.add(token)


def multicall(data: bytes) -> list[bytes]:
    """The calls in a `RevenueSplitter.multicall`."""
    return [bytes(each) for each in _named(_SPLITTER, data)[1]["calls"]]


def _named(contract: str, data: bytes) -> tuple[str, dict[str, Any]]:
    """Function and arguments of a call; an empty name where it is none of the contract."""
    for entry in artifact(contract).abi:
        if entry["type"] == "function" and selector(entry) == data[:4]:
            try:
                return entry["name"], dict(decode_named(entry["inputs"], data[4:]))
            except KisekiError:
                return "", {}
    return "", {}
