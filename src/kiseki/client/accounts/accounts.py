"""Accounts of people who have no wallet: contracts that their passkeys sign for.

    at = k.accounts.address(key)                      # before there is anything at it
    operation = k.accounts.prepare(at, [k.accounts.transfer(token, to, 7)])
    print(*operation.words(), sep="\\n")
    signed = accounts.signature(key, passkeys.assertion(*answer))   # of `operation.digest`
    k.accounts.relay(operation, signed, key=key)      # makes the account on the way

`kiseki.core.accounts` says what keys sign and how an account takes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kiseki.chain.contract.contracts import Call, Contract, answered, erc20, node_errors
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.accounts.operations import Operation, made
from kiseki.client.payable import receiver
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import accounts, typed
from kiseki.core.checksum import checksummed
from kiseki.core.days import SIGNED_DAYS
from kiseki.core.values import ZERO_ADDRESS, address, address_text, from_hex, uint
from kiseki.errors import InvalidInput, KisekiError

__all__ = ["AccountState", "Accounts", "Recovery"]

_CLONE = (bytes.fromhex("363d3d373d3d3d363d73"), bytes.fromhex("5af43d82803e903d91602b57fd5bf3"))
_DAY = 86_400
_FACTORY, _CODE = "Accounts", "Account"


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery that guardians began.

    Attributes:
        key: the key that is to take the place of all others.
        since: the second from which anybody can complete it. Until then, and until somebody does,
            each key of the account can stop it.
    """

    key: bytes
    since: int


@dataclass(frozen=True, slots=True)
class AccountState:
    """What an account is now.

    Attributes:
        address: checksummed.
        keys: each of them alone signs for the account; in no particular order.
        guardians: checksummed, ascending.
        threshold: how many of them together begin a recovery; 0 without guardians.
        wait: how many seconds a recovery takes at least; 0 without guardians.
        recovery: the one that is open; none if none is.
        round: the number that guardians sign with a recovery now.
        ether: what it has, in wei.
    """

    address: str
    keys: tuple[bytes, ...]
    guardians: tuple[str, ...]
    threshold: int
    wait: int
    recovery: Recovery | None
    round: int
    ether: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts on a chain, and what somebody relays for them; `Kiseki.accounts`."""

    wallet: Wallet

    def address(self, key: bytes | str, number: int = 0) -> str:
        """Where the account of a first key is or will be, checksummed. Asks no node.

        Args:
            key: the address of a wallet, or 64 bytes of a passkey.
            number: keeps several accounts of one key apart.

        Raises:
            InvalidInput: it is no key.
            NotDeployed: this chain has no accounts.
        """
        session, raw = self.wallet.session, accounts.key_of(key)
        code = session[_CODE].address
        return checksummed(
            accounts.address_of(self._factory.address, code, raw, uint(number, 256, "the number"))
        )

    def create(self, key: bytes | str, number: int = 0) -> Receipt | None:
        """Makes the account of a first key, for whoever has it; none if it is there.

        Raises:
            InvalidInput: it is no key.
        """
        raw = accounts.key_of(key)
        if self._code(self.address(raw, number)):
            return None
        return self.wallet.send(self._factory.call("create", raw, number))

    def state(self, account: str) -> AccountState:
        """Keys, guardians and an open recovery, as the account says now.

        Raises:
            InvalidInput: there is no account of this suite at the address, or not yet.
        """
        session, contract = self.wallet.session, self._account(account)
        asked = [contract.call(each) for each in ("keys", "guardians", "recovery")]
        found = [
            contract.answer(name, self._must(answer))
            for name, answer in zip(
                ("keys", "guardians", "recovery"), answered(session.node, asked), strict=True
            )
        ]
        with node_errors():
            ether = session.node.balance(contract.address)
        keys, guardians, recovery = found
        people, threshold, wait = guardians.values()
        key, since, turn = recovery.values()
        return AccountState(
            contract.address, tuple(keys), tuple(people), threshold, wait,
            Recovery(key, since) if since else None, turn, ether,
        )  # fmt: skip

    def prepare(self, account: str, calls: Iterable[Call], *, days: int = SIGNED_DAYS) -> Operation:
        """Calls as one operation of an account, to be shown in words and signed by one of its keys.

        The account need not be there yet. No calls at all cancel an earlier operation: give the
        result its nonce.

        Args:
            calls: what it does, in order; all of it or nothing. `Contract.call` and `transfer`
                make them.
            days: for how long anybody can send it.

        Raises:
            InvalidInput: a call cannot be told in words, or there are too many.
        """
        session = self.wallet.session
        nonce, deadline = self.wallet.fresh(days)
        at = receiver(account, "the account")
        operation = made(session.chain_id, at, calls, nonce, deadline, session.names)
        operation.words()
        return operation

    def transfer(self, token: str, to: str, amount: int) -> Call:
        """A call that moves money out of an account.

        Args:
            token: an ERC-20, or the zero address for ether.
            amount: in base units.

        Raises:
            InvalidInput: nobody could take the money there.
        """
        at, units = receiver(to, "the receiver"), uint(amount, 256, "the amount")
        if address_text(address(token, "the token")) == ZERO_ADDRESS:
            return Call(at, b"", units, "ether")
        return erc20(self.wallet.session.node, token).call("transfer", at, units)

    def relay(
        self, operation: Operation, signed: bytes, *, key: bytes | str | None = None,
        number: int = 0,
    ) -> Receipt:  # fmt: skip
        """Sends an operation that a key signed, and pays its gas.

        Args:
            signed: `kiseki.core.accounts.signature` of the key over the operation.
            key, number: of an account that may not be there yet; it is made in the same
                transaction.

        Raises:
            InvalidInput: it is for another chain, the account is not there, or is another key's.
            ContractReverted: `Account_WrongSignature`, `Account_NonceUsed`, `Account_Expired`, or
                `Account_CallFailed` with what a call was refused for. Nothing was done.
        """
        return self.wallet.send(self.relay_call(operation, signed, key=key, number=number))

    def relay_call(
        self, operation: Operation, signed: bytes, *, key: bytes | str | None = None,
        number: int = 0,
    ) -> Call:  # fmt: skip
        """What `relay` sends.

        Raises:
            InvalidInput: as `relay`.
        """
        session, domain = self.wallet.session, operation.message["domain"]
        if domain["chainId"] != session.chain_id:
            raise InvalidInput(
                f"this operation is for chain {domain['chainId']}, and this is chain "
                f"{session.chain_id}"
            )
        contract = Contract(session.node, _CODE, operation.account)
        call = contract.call(
            "execute", operation.calls, operation.nonce, operation.deadline, signed
        )
        if key is None or self._code(operation.account):
            self._account(operation.account)
            return call
        raw = accounts.key_of(key)
        if self.address(raw, number) != operation.account:
            raise InvalidInput(
                f"the account of this key is {self.address(raw, number)}, and the operation is "
                f"that of {operation.account}"
            )
        return self._factory.call("createAndCall", raw, number, call.to, call.data)

    def is_used(self, account: str, nonce: int) -> bool:
        """Whether an operation with this number was carried out or cancelled.

        Raises:
            InvalidInput: there is no account.
        """
        return bool(self._account(account).read("isNonceUsed", nonce))

    def own(self, account: str, function: str, *arguments: Any) -> Call:
        """A call of an account to itself, for an operation: ``addKey`` (a key), ``removeKey`` (a
        key), ``setGuardians`` (ascending addresses, how many of them, seconds to wait) or
        ``stopRecovery``.

        Raises:
            InvalidInput: an account has no such function.
        """
        if function not in ("addKey", "removeKey", "setGuardians", "stopRecovery"):
            raise InvalidInput(f"an account never calls its own {function}")
        at = receiver(account, "the account")
        return Contract(self.wallet.session.node, _CODE, at).call(function, *arguments)

    # Guardians

    def recovery(
        self, account: str, key: bytes | str, *, days: int = SIGNED_DAYS,
        deadline: int | None = None,
    ) -> Signed:  # fmt: skip
        """What a guardian signs so that an account gets a new key; not signed yet.

        It counts for one start. It ends early if a recovery is started or stopped, or if the
        account names its guardians anew.

        Args:
            days: for how many days it can be used, to the end of that day in UTC: guardians who
                sign on one day sign the same.
            deadline: instead, the very second that another guardian signed.

        Raises:
            InvalidInput: it is no key, or there is no account.
        """
        state, raw = self.state(account), accounts.key_of(key)
        if deadline is None:
            _, soon = self.wallet.fresh(days)
            deadline = (soon // _DAY + 1) * _DAY - 1
        message = typed.recovery(
            self.wallet.session.chain_id, state.address, account=state.address, key=raw,
            of_round=state.round, deadline=deadline,
        )  # fmt: skip
        return Signed(
            self.wallet.address, message, state.round, deadline, b"",
            {"guardian": self.wallet.address},
        )  # fmt: skip

    def recover(self, approvals: Iterable[Signed]) -> Receipt:
        """Starts a recovery with the signatures of enough guardians over one message.

        From now on the waiting time runs, in which each key of the account can stop it.

        Raises:
            InvalidInput: there are none, or they are not over the same message.
            ContractReverted: the account refuses, with the reason.
        """
        *before, start = self.recovery_calls(approvals)
        for call in before:
            self.wallet.send(call)
        return self.wallet.send(start)

    def recovery_calls(self, approvals: Iterable[Signed]) -> list[Call]:
        """What `recover` sends: a guardian who is an account that is not there yet is made first,
        because an account can be asked what it signed only once it is there.

        Raises:
            InvalidInput: as `recover`.
        """
        given = sorted(approvals, key=lambda each: each.signer.lower())
        if not given or any(each.message != given[0].message for each in given):
            raise InvalidInput("bring signatures of guardians over one and the same message")
        told = given[0].message["message"]
        start = self._account(told["account"]).call(
            "startRecovery", from_hex(told["key"], None, "the key"), int(told["round"]),
            int(told["deadline"]), [(each.signer, each.approval[2]) for each in given],
        )  # fmt: skip
        return [*filter(None, map(self._making, given)), start]

    def completion_call(self, account: str) -> Call:
        """What `complete` sends.

        Raises:
            InvalidInput: there is no account.
        """
        return self._account(account).call("completeRecovery")

    def _making(self, signed: Signed) -> Call | None:
        """The call that makes the account of a signer; none where it is there, or is no account."""
        made = accounts.undeployed(signed.signature)
        if made is None or self._code(signed.signer):
            return None
        if made.key is None or self.address(made.key, made.number) != signed.signer:
            raise InvalidInput(f"the signature of {signed.signer} is of another account")
        return self._factory.call("create", made.key, made.number)

    def complete(self, account: str) -> Receipt:
        """Makes the key of a recovery the only key of its account, once the waiting time is over.

        Raises:
            ContractReverted: `Account_RecoveryWaits`, `Account_NoRecovery`.
        """
        return self.wallet.send(self.completion_call(account))

    @property
    def _factory(self) -> Contract:
        return self.wallet.session[_FACTORY]

    def _code(self, at: str) -> bytes:
        with node_errors():
            return self.wallet.session.node.code(at)

    def _account(self, at: str) -> Contract:
        """The account at an address: a clone of the code of this suite, of whichever release."""
        session, who = self.wallet.session, checksummed(receiver(at, "the account"))
        code, (head, tail) = self._code(who), _CLONE
        known = (bytes.fromhex(each.address[2:]) for each in session.all(_CODE))
        if not any(code.startswith(head + each + tail) for each in known):
            raise InvalidInput(
                f"there is no account at {who} on chain {session.chain_id}"
                + (": another contract is there" if code else "; make it first, or name its key")
            )
        return Contract(session.node, _CODE, who)

    def _must(self, answer: bytes | KisekiError) -> bytes:
        if isinstance(answer, KisekiError):
            raise answer
        return answer
