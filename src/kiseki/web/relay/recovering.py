"""Requests of guardians: to begin that an account gets a new key, and to complete it.

Each is carried out once. Whoever brings it, the account checks it: the signatures of enough
guardians, and that its waiting time is over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiseki.client.accounts import recoveries
from kiseki.client.kiseki import Kiseki
from kiseki.client.wallet import Signed
from kiseki.core import accounts, documents
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, from_hex, to_hex
from kiseki.errors import InvalidInput
from kiseki.web.relay.limits import Limits
from kiseki.web.relay.reasons import Reason
from kiseki.web.relay.works import Plan, Refused, Work, is_known

__all__ = ["TOO_FEW", "Completing", "Recovering"]

NO_GUARDIAN = "somebody signed this who is no guardian of the account"
TOO_FEW = "not enough guardians have signed yet"
_MOST = 16
"""Guardians of an account (`IAccount.setGuardians`)."""


@dataclass(frozen=True, slots=True)
class Recovering(Work):
    """Guardians begin to give an account a new key.

    Attributes:
        approvals: what they signed, by guardian; all over one message.
        known: whether a consent of the account was handed in here.
    """

    KIND = "recovery"
    approvals: tuple[Signed, ...]
    known: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Recovering:
        """From its text.

        Raises:
            InvalidInput: it is none.
            SigningError: a signature is another's.
        """
        letters = given.get("approvals")
        if not isinstance(letters, list) or not 0 < len(letters) <= _MOST:
            raise InvalidInput("a recovery has the approvals of guardians, 16 at most")
        read = [recoveries.LETTER.from_json(json.dumps(each)) for each in letters]
        read.sort(key=lambda each: each.signer.lower())
        if any(each.message != read[0].message for each in read):
            raise InvalidInput("bring signatures of guardians over one and the same message")
        return cls(tuple(read))

    @property
    def person(self) -> str:
        """The account."""
        return str(self._said["account"]).lower()

    @property
    def ends(self) -> int:
        """The deadline that the guardians signed."""
        return self.approvals[0].deadline

    @property
    def about(self) -> bytes:
        """The round of the account."""
        return keccak256(f"recovery {self.person} {self.approvals[0].nonce}".encode())

    @property
    def text(self) -> str:
        """The letters in one file."""
        letters = [json.loads(recoveries.LETTER.to_json(each)) for each in self.approvals]
        return json.dumps({"approvals": letters}, sort_keys=True)

    def must_fit(self, k: Kiseki) -> None:
        """It is for an account of this chain."""
        if self.approvals[0].message["domain"]["chainId"] != k.session.chain_id:
            raise InvalidInput("this approval is for another chain")

    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """Makes the accounts of guardians that are not there yet, then begins.

        Raises:
            InvalidInput: somebody signed who is no guardian, or too few have.
        """
        state, key = k.accounts.state(self.person), from_hex(self._said["key"], None, "the key")
        if state.round != self.approvals[0].nonce:
            if state.recovery is not None and state.recovery.key == key:
                return Plan(())
            raise Refused(Reason.DONE)
        if not (self.known or is_known(k, self.person)):
            raise Refused(Reason.STRANGER)
        # Else the accounts of whoever "signed" would be made before the account refuses.
        if any(each.signer not in state.guardians for each in self.approvals):
            raise InvalidInput(NO_GUARDIAN)
        if not 0 < state.threshold <= len({each.signer for each in self.approvals}):
            raise InvalidInput(TOO_FEW)
        return Plan(tuple(k.accounts.recovery_calls(self.approvals)))

    @property
    def _said(self) -> Mapping[str, Any]:
        said: Mapping[str, Any] = self.approvals[0].message["message"]
        return said


@dataclass(frozen=True, slots=True)
class Completing(Work):
    """The new key takes the place of all others, once the waiting time is over.

    Attributes:
        account: checksummed.
        new: the new key.
        turn: the account's round since the recovery began (`AccountState.round`).
        known: whether a consent of the account was handed in here.
    """

    KIND = "completion"
    account: str
    new: bytes
    turn: int
    known: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Completing:
        """From its text.

        Raises:
            InvalidInput: it is none.
        """
        at = checksummed(address(given.get("account"), "the account"))
        new = accounts.key_of(from_hex(given.get("key"), None, "the key"))
        return cls(at, new, documents.decimal(given.get("round"), "the round"))

    @property
    def person(self) -> str:
        """The account."""
        return self.account.lower()

    @property
    def about(self) -> bytes:
        """The request itself: whoever brings it, it is the same."""
        return self.key

    @property
    def text(self) -> str:
        """Account, key and round as JSON."""
        said = {"account": self.person, "key": to_hex(self.new), "round": str(self.turn)}
        return json.dumps(said, sort_keys=True)

    def must_fit(self, k: Kiseki) -> None:
        """The account says the rest."""

    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """One transaction; none where it was completed already."""
        state = k.accounts.state(self.account)
        if state.recovery is None or state.recovery.key != self.new or state.round != self.turn:
            if state.keys == (self.new,):
                return Plan(())
            raise Refused(Reason.DONE)
        if not (self.known or is_known(k, self.person)):
            raise Refused(Reason.STRANGER)
        return Plan((k.accounts.completion_call(self.account),))
