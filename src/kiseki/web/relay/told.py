"""What a visitor is told of a request, and an operator of all of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kiseki.chain.contract.contracts import Call
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.language import moment, say
from kiseki.web.relay.reasons import Reason
from kiseki.web.relay.rows import Paid, Row

__all__ = ["Figures", "Told"]


_REVOKING = {
    to_hex(keccak256(f"{name}(bytes32)".encode())[:4]) for name in ("revoke", "revokeItem")
}
"""How a call begins that revokes (`IDataRegistry`)."""


@dataclass(frozen=True, slots=True)
class Told:
    """A request as it stands.

    Attributes:
        ticket: its own.
        kind: ``consent``, ``revocation``, ``cancellation``, ``operation``, ``claim``, ``recovery``
            or ``completion``.
        person: the wallet or account that it counts for, checksummed.
        state: ``waiting``, ``sent`` (in no block yet), ``done`` or ``refused``.
        reason: why it waits or was refused.
        detail: what a contract or node said against it, in English; empty if nothing.
        calls: what anybody can send in place of this site: `to`, `data` and `value`, in order.
        text: what was handed in, as a file.
        ends: the last second at which it can be sent; none where that is open.
        hash, block: of the last transaction: of one that is in a block with its block.
        created: when it was handed in, in Unix seconds.
        paid: all its transactions that are in a block, in order, each with what it cost; none of
            what somebody else carried out.
    """

    ticket: str
    kind: str
    person: str
    state: str
    reason: Reason
    detail: str
    calls: tuple[Call, ...]
    text: str
    ends: int | None
    hash: bytes | None
    block: int | None
    created: int
    paid: tuple[Paid, ...] = ()

    @classmethod
    def of(
        cls, row: Row, state: str, reason: Reason, hash_: bytes | None, paid: tuple[Paid, ...]
    ) -> Told:
        """What is told of a row of the book."""
        return cls(
            row.ticket, row.kind, checksummed(row.person), state, reason, row.detail, row.calls,
            row.text, row.ends, hash_, row.block, row.created, paid,
        )  # fmt: skip

    @property
    def cost(self) -> int:
        """What all its transactions cost together, in wei."""
        return sum(each.fee for each in self.paid)

    @property
    def is_over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state in ("done", "refused")

    @property
    def revokes(self) -> bool:
        """Whether it revokes consent: as a letter, or as an operation of an account."""
        if self.kind != "operation":
            return self.kind == "revocation"
        calls = json.loads(self.text)["message"]["message"]["calls"]
        return any(each["data"][:10] in _REVOKING for each in calls)

    @property
    def said(self) -> str:
        """As `words` in English."""
        return " ".join(self.words())

    def words(self, language: str = "en") -> list[str]:
        """How it stands, in sentences. A revocation that is in no block is not in force."""
        found = [self._state(language)]
        if self.state in ("waiting", "refused"):
            found.append(self.reason.words(language))
        if self.revokes:
            found.append(
                say("The revocation is in force, as its terms say.", language)
                if self.state == "done"
                else say("The revocation is not in force.", language)
            )
        if self.state == "waiting" and self.ends is not None:
            until = moment(self.ends, language)
            found.append(say("Anybody may send this until {time}.", language, time=until))
        return found

    def _state(self, language: str) -> str:
        if self.state == "done" and self.block is None:
            return say("It was carried out already, by somebody else.", language)
        if self.state == "done":
            return say("It is carried out, in block {block}.", language, block=f"{self.block:,}")
        if self.state == "sent":
            return say("It is sent and waits for its block.", language)
        if self.state == "refused":
            return say("This site does not send it.", language)
        return say("It waits and is not sent yet.", language)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an operator watches.

    Attributes:
        wallet: that pays, checksummed.
        balance: what it held last, in wei; none before it was first looked at.
        spent, day, person: what counts for today, the most a day, and the most for one person, in
            wei.
        kept: of what counts for today, what is kept for transactions that are on their way, in
            wei; the rest is paid.
        places: how many requests may wait at once.
        waiting, sent, done, refused: requests; the last two since the book was begun.
        paid: gas paid since then, in wei.
        trouble: why nothing can be sent now; none if it can.
    """

    wallet: str
    balance: int | None
    spent: int
    kept: int
    day: int
    person: int
    places: int
    waiting: int
    sent: int
    done: int
    refused: int
    paid: int
    trouble: Reason | None
