"""The conditions on which a rights token moves.

A condition is a contract. What the contract is asked is its `data`, which the classes here write,
read, and say in words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from kiseki.core import abi
from kiseki.core.abi import Reader, Tail
from kiseki.core.days import utc
from kiseki.core.values import (
    ZERO_ADDRESS,
    address,
    address_text,
    ascending,
    bytes32,
    to_hex,
    uint,
)
from kiseki.errors import InvalidInput

__all__ = [
    "KINDS",
    "MOST",
    "AfterTime",
    "AllOf",
    "AnyOf",
    "Approvals",
    "Condition",
    "Escrow",
    "IncomeThreshold",
    "Kind",
    "read",
    "words",
    "written",
]

MOST = 8
"""Conditions of one schedule, or of one that holds others."""

_DEEPEST = 4
_PARTIES = 32

Money = Callable[[int, str], str]
"""How an amount of a token is written for people."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as the contracts have it.

    Attributes:
        check: the contract that is asked, lower case.
        data: what it is asked.
    """

    check: str
    data: bytes

    def __post_init__(self) -> None:
        object.__setattr__(self, "check", address_text(address(self.check, "a condition")))

    @property
    def tail(self) -> Tail:
        """As a struct."""
        return abi.dynamic(abi.who(self.check, "a condition"), abi.text(self.data))


@dataclass(frozen=True, slots=True)
class IncomeThreshold:
    """A payee has had so much income since the token was scheduled, by deposit or sweep.

    Attributes:
        payee: its key.
        amount: base units, above zero.
        token: an ERC-20's address; ether if none is named.
        since: the income when it was scheduled, which the contract writes there.
    """

    payee: bytes
    amount: int
    token: str = ZERO_ADDRESS
    since: int = 0

    def __post_init__(self) -> None:
        bytes32(self.payee, "the payee")
        uint(self.amount, 128, "the amount", 1)
        uint(self.since, 256, "the income at the beginning")
        object.__setattr__(self, "token", address_text(address(self.token, "the token")))

    def data(self, _: Mapping[str, str]) -> bytes:
        """(bytes32 payee, address token, uint256 amount, uint256 from)."""
        token = abi.who(self.token, "the token")
        return self.payee + token + abi.word(self.amount) + abi.word(self.since)

    @classmethod
    def of(cls, given: Reader, _: Mapping[str, str], __: int) -> "IncomeThreshold":
        """From what `data` gave."""
        return cls(given.word(0), given.number(2, 128), given.who(1), given.number(3))

    def words(self, money: Money) -> str:
        """For people."""
        payee = to_hex(self.payee)
        return f"{payee[:10]}… has earned {money(self.amount, self.token)} from then on"


@dataclass(frozen=True, slots=True)
class AfterTime:
    """A time has come.

    Attributes:
        time: Unix seconds.
    """

    time: int

    def __post_init__(self) -> None:
        uint(self.time, 64, "the time")

    def data(self, _: Mapping[str, str]) -> bytes:
        """(uint64 time)."""
        return abi.word(self.time)

    @classmethod
    def of(cls, given: Reader, _: Mapping[str, str], __: int) -> "AfterTime":
        """From what `data` gave."""
        return cls(given.number(0, 64))

    def words(self, _: Money) -> str:
        """For people."""
        return f"it is {utc(self.time)}"


@dataclass(frozen=True, slots=True)
class Escrow:
    """Somebody has paid a price in, which the holder gets when the token moves.

    Attributes:
        price: base units, above zero.
        token: an ERC-20's address; ether if none is named.
    """

    price: int
    token: str = ZERO_ADDRESS

    def __post_init__(self) -> None:
        uint(self.price, 128, "the price", 1)
        object.__setattr__(self, "token", address_text(address(self.token, "the token")))

    def data(self, _: Mapping[str, str]) -> bytes:
        """(address currency, uint256 price)."""
        return abi.who(self.token, "the token") + abi.word(self.price)

    @classmethod
    def of(cls, given: Reader, _: Mapping[str, str], __: int) -> "Escrow":
        """From what `data` gave."""
        return cls(given.number(1, 128), given.who(0))

    def words(self, money: Money) -> str:
        """For people."""
        return f"{money(self.price, self.token)} lies in escrow for the holder"


@dataclass(frozen=True, slots=True)
class Approvals:
    """So many of some named parties have approved this very schedule.

    Attributes:
        needed: how many.
        parties: addresses, each once, 1 to 32; kept ascending, in lower case.
    """

    needed: int
    parties: Sequence[str]

    def __post_init__(self) -> None:
        given = sorted(address(each, "a party") for each in self.parties)
        ascending(given, "parties")
        if not 1 <= self.needed <= len(given) <= _PARTIES:
            raise InvalidInput(f"name 1 to {_PARTIES} parties, and need at most as many of them")
        object.__setattr__(self, "parties", tuple(map(address_text, given)))

    def data(self, _: Mapping[str, str]) -> bytes:
        """(uint8 m, address[] parties)."""
        listed = abi.array([abi.who(each, "a party") for each in self.parties])
        return abi.encode(abi.word(self.needed), listed)

    @classmethod
    def of(cls, given: Reader, _: Mapping[str, str], __: int) -> "Approvals":
        """From what `data` gave."""
        return cls(given.number(0, 8), given.tail(1).addresses(_PARTIES))

    def words(self, _: Money) -> str:
        """For people."""
        names = ", ".join(self.parties)
        count = f"{self.needed} of {len(self.parties)}" if len(self.parties) > 1 else "this party"
        return f"{count} approved it: {names}"


@dataclass(frozen=True, slots=True)
class _Several:
    JOINED: ClassVar[str]
    """The word between its conditions."""

    conditions: Sequence["Kind"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", tuple(self.conditions))
        if not 1 <= len(self.conditions) <= MOST:
            raise InvalidInput(f"{type(self).__name__} holds 1 to {MOST} conditions")

    def data(self, addresses: Mapping[str, str]) -> bytes:
        """(Condition[])."""
        return abi.encode(abi.array([written(each, addresses).tail for each in self.conditions]))

    @classmethod
    def of(cls, given: Reader, names: Mapping[str, str], depth: int) -> Self:
        """From what `data` gave."""
        return cls(_children(given, names, depth))

    def words(self, money: Money) -> str:
        """For people."""
        return f"({f' {self.JOINED} '.join(_said(each, money) for each in self.conditions)})"


@dataclass(frozen=True, slots=True)
class AllOf(_Several):
    """All of some conditions are met.

    Attributes:
        conditions: 1 to 8.
    """

    JOINED = "and"


@dataclass(frozen=True, slots=True)
class AnyOf(_Several):
    """One of some conditions is met.

    Attributes:
        conditions: 1 to 8.
    """

    JOINED = "or"


Kind = IncomeThreshold | AfterTime | Escrow | Approvals | AllOf | AnyOf | Condition
"""A condition of the suite; or of somebody else's, as the contracts have it."""

KINDS = {
    each.__name__: each for each in (IncomeThreshold, AfterTime, Escrow, Approvals, AllOf, AnyOf)
}
"""The suite's, by the names of their contracts."""


def written(kind: Kind, addresses: Mapping[str, str]) -> Condition:
    """A condition as the contracts have it.

    Args:
        addresses: contract name -> address.

    Raises:
        InvalidInput: no address is known for its contract, or for one that it holds.
    """
    if isinstance(kind, Condition):
        return kind
    name = type(kind).__name__
    if name not in addresses:
        raise InvalidInput(
            f"this chain has no contract {name}, which that condition needs; run `kiseki deploy`, "
            "which adds what is missing, or name another condition"
        )
    return Condition(addresses[name], kind.data(addresses))


def read(condition: Condition, names: Mapping[str, str], depth: int = _DEEPEST) -> Kind:
    """What a condition is; itself, where it is not the suite's or its data is not such.

    Args:
        names: address, in lower case -> contract name, of every release on the chain.
    """
    return _read(condition, {at: name for at, name in names.items() if name in KINDS}, depth)


def words(kind: Kind, money: Money) -> str:
    """A condition for people."""
    return _said(kind, money)


def _said(kind: Kind, money: Money) -> str:
    if isinstance(kind, Condition):
        return f"the contract {kind.check}, which nobody here knows, says so"
    return kind.words(money)


def _read(condition: Condition, names: Mapping[str, str], depth: int) -> Kind:
    name = names.get(condition.check)
    if name is None or not depth:
        return condition
    try:
        return KINDS[name].of(Reader(condition.data), names, depth - 1)
    except (InvalidInput, ValueError):
        return condition


def _children(given: Reader, names: Mapping[str, str], depth: int) -> list[Kind]:
    found = []
    for each in given.tail(0).structs(MOST):
        found.append(_read(Condition(each.who(0), each.tail(1).text()), names, depth))
    return found
