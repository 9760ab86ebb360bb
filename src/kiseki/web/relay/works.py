"""Kinds of request: what each would send, whose it is, and how it is written down."""

from __future__ import annotations

import contextlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import calldata_gas
from kiseki.chain.sending.rehearsal import Rehearsal
from kiseki.client.accounts.operations import Operation
from kiseki.client.data.consents import Consent
from kiseki.client.kiseki import Kiseki
from kiseki.client.letters import Letter, must_be_for
from kiseki.client.payable import receiver
from kiseki.client.wallet import Signed
from kiseki.core import accounts, typed
from kiseki.core.keccak import keccak256
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import ContractReverted, InvalidInput
from kiseki.web.relay.content import Content, multicall
from kiseki.web.relay.limits import TIMES, Limits, expected
from kiseki.web.relay.reasons import Reason

__all__ = [
    "Cancelling",
    "Claiming",
    "Consenting",
    "Operating",
    "Plan",
    "Refused",
    "Revoking",
    "Work",
    "is_known",
]

_STEP = 60_000
"""Gas of one step of a claim, as the contracts' tests measure it, rounded up."""

_HEAVY = 3
"""How many steps of a claim may be left out because they need more gas than is paid."""

_KNOWN = 100
"""Collections of an account that are looked at to find one of this studio's."""


class Refused(Exception):  # noqa: N818 - reads as what happened
    """A request that is not relayed, and why."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True, slots=True)
class Plan:
    """What is still missing of a request.

    Attributes:
        calls: in order; each may need what those before it do.
        worth: what it moves counts as, in wei; none where it moves no money.
        spare: gas that the first call may need beside `Limits.gas`.
        gas: what all of it needs, where that is known; else it is that of the first call.
    """

    calls: tuple[Call, ...]
    worth: int | None = None
    spare: int = 0
    gas: int = 0


class Work(ABC):
    """One request."""

    KIND: ClassVar[str]

    @property
    @abstractmethod
    def person(self) -> str:
        """The wallet or account that it counts for, in lower case."""

    @property
    def ends(self) -> int | None:
        """The last second at which it can be carried out; none where that is open."""
        return None

    @property
    @abstractmethod
    def about(self) -> bytes:
        """The same of requests of which only one can be carried out; 32 bytes."""

    @property
    @abstractmethod
    def text(self) -> str:
        """As it is written down, and as anybody else could send it."""

    @property
    def key(self) -> bytes:
        """The same for the very same request; 32 bytes."""
        return keccak256(f"{self.KIND} {self.text}".encode())

    @abstractmethod
    def must_fit(self, k: Kiseki) -> None:
        """Whether it may be relayed, as far as that can be told without a node.

        Raises:
            InvalidInput: it is another chain's, not signed, or nothing that is relayed.
        """

    @abstractmethod
    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """What is missing of it now.

        Args:
            dry: the same as `k`, to try.
            sent: how many transactions of it were carried out.

        Raises:
            Refused: it is not relayed.
            KisekiError: a contract refuses it, or nobody can tell now.
        """


@dataclass(frozen=True, slots=True)
class Consenting(Work):
    """A consent that this studio prepared, signed by its provider."""

    KIND = "consent"
    consent: Consent

    @property
    def person(self) -> str:
        """The provider."""
        return self.consent.kept.provider.lower()

    @property
    def ends(self) -> int:
        """The deadline of the signature."""
        return self.consent.deadline

    @property
    def about(self) -> bytes:
        """The collection."""
        return self.consent.kept.id

    @property
    def text(self) -> str:
        """The file of the consent."""
        return self.consent.to_json()

    def must_fit(self, k: Kiseki) -> None:
        """It was prepared here, with these very values, and is signed."""
        consent = self.consent
        place = (k.session.chain_id, k.session["DataRegistry"].address.lower())
        if (consent.chain_id, consent.contract) != place:
            raise InvalidInput(f"this consent is for chain {consent.chain_id} and not for this one")
        if consent.signature is None:
            raise InvalidInput("this consent is not signed")
        if consent.kept not in k.salts.versions(consent.kept.id):
            raise InvalidInput("this consent was not prepared by this studio")
        named = accounts.key_in(consent.signature, consent.message)
        if len(consent.signature) == 65 and consent.signer != self.person:
            raise InvalidInput("this consent is signed by somebody else than its provider")
        if accounts.undeployed(consent.signature) is not None and named is None:
            raise InvalidInput("the signature is of something else than this consent")

    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """Registering, with terms and commitments."""
        calls = _tried(dry, lambda: dry.data.consents.register(self.consent))
        return Plan(calls, spare=calldata_gas(calls[0].data) if calls else 0)


@dataclass(frozen=True, slots=True)
class _Lettered(Work):
    """What somebody signed for the registry of data, in a letter."""

    letter: Letter
    signed: Signed

    @property
    def person(self) -> str:
        """Who signed."""
        return self.signed.signer.lower()

    @property
    def ends(self) -> int:
        """The deadline of the signature."""
        return self.signed.deadline

    @property
    def about(self) -> bytes:
        """The signature's own number."""
        return _nonce(self.signed.message, self.person, self.signed.nonce)

    @property
    def text(self) -> str:
        """The letter."""
        return self.letter.to_json(self.signed)

    def must_fit(self, k: Kiseki) -> None:
        """It is for the registry of this chain."""
        if must_be_for(k.session, self.signed) != "DataRegistry":
            raise InvalidInput("this is a letter for another contract")


@dataclass(frozen=True, slots=True)
class Revoking(_Lettered):
    """A revocation that a provider signed."""

    KIND = "revocation"

    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """One transaction."""
        if sent:
            return Plan(())
        contract, said = k.session["DataRegistry"], self.signed.message["message"]
        if "collection" in said:
            status = contract.read("status", from_hex(said["collection"], 32, "the collection"))
            if status["revokedAt"]:
                return Plan(())
        if contract.read("isNonceUsed", self.signed.signer, self.signed.nonce):
            raise Refused(Reason.DONE)
        return Plan((k.data.revocation_call(self.signed),))


@dataclass(frozen=True, slots=True)
class Operating(Work):
    """An operation of an account, signed by one of its keys.

    Attributes:
        first, number: of an account that may not be there yet: its first key, and its number.
        known: whether a consent of the account was handed in here.
    """

    KIND = "operation"
    operation: Operation
    signed: bytes
    first: bytes | None = None
    number: int = 0
    known: bool = False

    @property
    def person(self) -> str:
        """The account."""
        return self.operation.account.lower()

    @property
    def ends(self) -> int:
        """The deadline of the operation."""
        return self.operation.deadline

    @property
    def about(self) -> bytes:
        """The operation's number."""
        return _nonce(self.operation.message, self.person, self.operation.nonce)

    @property
    def text(self) -> str:
        """Message, signature and key as JSON."""
        return json.dumps(
            {
                "message": self.operation.message,
                "signature": to_hex(self.signed),
                "key": None if self.first is None else to_hex(self.first),
                "number": str(self.number),
            },
            sort_keys=True,
        )

    def must_fit(self, k: Kiseki) -> None:
        """It is for this chain, can be told in words, and is signed for this account."""
        if self.operation.message["domain"]["chainId"] != k.session.chain_id:
            raise InvalidInput("this operation is for another chain")
        self.operation.words()
        accounts.split(self.signed)
        if self.first is not None:
            at = k.accounts.address(self.first, self.number)
            if at != self.operation.account:
                raise InvalidInput("this key is the first key of another account")

    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """One transaction, which makes the account where it is not there."""
        if sent:
            return Plan(())
        content = Content.of(self.operation, limits)
        if not content.fits:
            raise Refused(Reason.CONTENT)
        if not (content.moves or self.known or is_known(k, self.person)):
            raise Refused(Reason.STRANGER)
        call = k.accounts.relay_call(
            self.operation, self.signed, key=self.first, number=self.number
        )
        if call.what == "Account.execute" and k.accounts.is_used(
            self.operation.account, self.operation.nonce
        ):
            raise Refused(Reason.DONE)
        return Plan((call,), self._worth(k, content, limits))

    def _worth(self, k: Kiseki, content: Content, limits: Limits) -> int | None:
        """What it moves counts as: what it transfers, or what it brings to the account."""
        if not content.moves:
            return None
        return max(content.worth, _owed(k, self.person, content.claims, limits))


@dataclass(frozen=True, slots=True)
class Claiming(Work):
    """What a wallet is owed, brought to it."""

    KIND = "claim"
    wallet: str

    @property
    def person(self) -> str:
        """The wallet."""
        return self.wallet.lower()

    @property
    def about(self) -> bytes:
        """The wallet."""
        return keccak256(f"claim {self.person}".encode())

    @property
    def text(self) -> str:
        """The wallet as JSON."""
        return json.dumps({"wallet": self.person})

    def must_fit(self, k: Kiseki) -> None:
        """It can be paid."""
        receiver(self.wallet, "the wallet")

    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """What is owed in tokens that count, along the whole trace.

        What one source owes must pay its own step: else anybody could spoil a claim by owing the
        wallet next to nothing, many times.
        """
        least = {
            token: max(1, math.ceil(TIMES * _STEP * expected(k.sender.fees()) / price))
            for token, price in limits.tokens.items()
        }
        reveal = k.revenue.unrecorded(self.wallet, least, 100)
        owed = sum(
            limits.worth(row.token, row.now) or 0
            for row in k.revenue.owed(self.wallet, tokens=limits.tokens)
            if row.now >= least[row.token]
        )
        if reveal:
            return Plan(tuple(reveal), owed)
        calls = k.revenue.calls(self.wallet, least, 100)
        return fitting(k, calls[0], owed, limits.gas) if calls else Plan(())


def fitting(k: Kiseki, call: Call, worth: int, most: int) -> Plan:
    """As many of the first steps of a claim as one transaction may have gas for. A step that alone
    needs more is left out.

    Raises:
        Refused: none is left.
    """
    splitter = k.session["RevenueSplitter"]
    steps = multicall(call.data)
    for first in range(min(len(steps), _HEAVY)):
        part = steps[first:]
        while part:
            with contextlib.suppress(ContractReverted):
                gas = k.sender.estimate(splitter.call("multicall", part, False))
                if gas <= most:
                    made = splitter.call("multicall", part, True)
                    return Plan((replace(made, gas=gas),), worth, gas=gas * len(steps) // len(part))
            part = part[: len(part) // 2]
    raise Refused(Reason.GAS)


@dataclass(frozen=True, slots=True)
class Cancelling(_Lettered):
    """Somebody withdraws an earlier signature of theirs.

    Attributes:
        known: whether a consent of theirs was handed in here.
    """

    KIND = "cancellation"
    known: bool = False

    def plan(self, k: Kiseki, dry: Kiseki, limits: Limits, sent: int) -> Plan:
        """One transaction; none where the earlier signature counts no more."""
        contract, signer = k.session["DataRegistry"], self.signed.signer
        cancelled = int(self.signed.message["message"]["cancelled"])
        if sent or contract.read("isNonceUsed", signer, cancelled):
            return Plan(())
        if not (self.known or is_known(k, self.person)):
            raise Refused(Reason.STRANGER)
        if contract.read("isNonceUsed", signer, self.signed.nonce):
            raise Refused(Reason.DONE)
        return Plan((contract.call("cancelNonceFor", signer, cancelled, self.signed.approval),))


def is_known(k: Kiseki, person: str) -> bool:
    """Whether somebody consented to something that this studio prepared."""
    found = k.session.index.registered("DataRegistry", person, None, _KNOWN)
    return any(k.salts.versions(each) for each in found)


def _owed(k: Kiseki, wallet: str, tokens: Iterable[str], limits: Limits) -> int:
    """What a wallet is owed now counts as, in wei."""
    rows = k.revenue.owed(wallet, tokens=tokens)
    return sum(limits.worth(row.token, row.now) or 0 for row in rows)


def _nonce(message: Mapping[str, Any], signer: str, nonce: int) -> bytes:
    """One number of one signer at one contract, which counts once."""
    return keccak256(
        typed.separator(dict(message)) + bytes.fromhex(signer[2:]) + nonce.to_bytes(32)
    )


def _tried(dry: Kiseki, work: Callable[[], object]) -> tuple[Call, ...]:
    """What a dry run would send."""
    sender = dry.sender
    if not isinstance(sender, Rehearsal):
        raise TypeError("a relay tries with a rehearsal")
    sender.trials.clear()
    work()
    return tuple(each.call for each in sender.trials)
