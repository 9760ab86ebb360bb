"""A rights token that moves by itself: what was agreed, known by its hash."""

from dataclasses import dataclass

from kiseki.core import abi
from kiseki.core.conditions import Condition
from kiseki.core.keccak import keccak256
from kiseki.core.values import (
    address,
    address_text,
    uint,
)

__all__ = ["Schedule"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """What was agreed when a token was scheduled, and its ID is the hash of.

    Attributes:
        token: the number of the rights token.
        nonce: how many schedules of it there were before.
        holder: who gives it, lower case.
        beneficiary: who gets it, lower case.
        conditions: 1 to 8; as they are since then.
        deadline: last second before it may lapse, in Unix seconds.
    """

    token: int
    nonce: int
    holder: str
    beneficiary: str
    conditions: tuple[Condition, ...]
    deadline: int

    def __post_init__(self) -> None:
        for name in ("holder", "beneficiary"):
            who = address_text(address(getattr(self, name), f"the {name}"))
            object.__setattr__(self, name, who)
        uint(self.token, 256, "the token")
        uint(self.nonce, 64, "the nonce")
        uint(self.deadline, 64, "the deadline")

    @property
    def values(self) -> tuple[object, ...]:
        """As calls take it."""
        conditions = [(each.check, each.data) for each in self.conditions]
        return (
            self.token, self.nonce, self.holder, self.beneficiary, conditions, self.deadline,
        )  # fmt: skip

    def id(self, chain_id: int, rights: str) -> bytes:
        """keccak256(abi.encode(chain ID, address of the RightsToken, schedule))."""
        inside = abi.dynamic(
            abi.word(self.token),
            abi.word(self.nonce),
            abi.who(self.holder, "the holder"),
            abi.who(self.beneficiary, "the beneficiary"),
            abi.array([each.tail for each in self.conditions]),
            abi.word(self.deadline),
        )
        return keccak256(
            abi.encode(abi.word(chain_id), abi.who(rights, "the rights token"), inside)
        )
