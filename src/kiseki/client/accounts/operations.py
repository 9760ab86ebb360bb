"""Operations: calls that a key of an account signs, and anybody sends.

What an operation does is told from its calls, which is what is signed, and not from what whoever
made it says of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kiseki.chain.contract.abi import decode_named, selector, signature
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.contract.contracts import Call
from kiseki.core import accounts, documents, typed
from kiseki.core.amounts import ETHER_DECIMALS
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, from_hex, to_hex, uint
from kiseki.errors import ChainError, InvalidInput
from kiseki.language import amount, joined, listed, moment, plural, say, span

__all__ = ["Operation", "key_words", "made", "understood"]

_MOST = 100
_BRINGING = {"claim", "resolve", "publish", "sweep"}
"""Functions of the splitter that pay nobody but whom a split names already."""
_TRANSFER = keccak256(b"transfer(address,uint256)")[:4]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a key of an account is asked to sign.

    Attributes:
        account: whose calls they are, checksummed.
        message: the EIP-712 message, as wallets take it.
        nonce: used once; unordered.
        deadline: the last second at which it counts.
        names: address in lower case -> name of the contracts that are known, for the words.
    """

    account: str
    message: dict[str, Any]
    nonce: int
    deadline: int
    names: Mapping[str, str]

    @property
    def digest(self) -> bytes:
        """What a passkey signs, as its challenge."""
        return typed.digest(self.message)

    @property
    def calls(self) -> list[tuple[str, int, bytes]]:
        """Address, ether in wei and data of each call."""
        return [
            (each["to"], int(each["value"]), from_hex(each["data"], None, "the data of a call"))
            for each in self.message["message"]["calls"]
        ]

    def words(self, language: str = "en") -> list[str]:
        """What it does, a sentence for each call, and until when anybody can send it."""
        found = [self._told(*each, language) for each in self.calls]
        if not found:
            found = [say("Nothing is done: an earlier signature is cancelled.", language)]
        until = moment(self.deadline, language)
        return [*found, say("Anybody may send this until {time}.", language, time=until)]

    def _told(self, to: str, value: int, data: bytes, language: str) -> str:
        who = checksummed(to)
        ether = amount(value, ETHER_DECIMALS, "ETH", language, exact=True)
        if not data:
            return say("Send {amount} to {address}.", language, amount=ether, address=who)
        if to == self.account.lower():
            return _own(data, language)
        if to not in self.names:
            return _foreign(who, data, ether, language)
        function, arguments = _decoded(self.names[to], data)
        plain = _plainly(self.names[to], function, arguments, language)
        if plain and not value:
            return plain
        told = f"{self.names[to]}.{function}"
        said = joined([f"{name} {_plain(each)}" for name, each in arguments.items()], language)
        if value:
            return say(
                "Call {function} with {arguments}, and send {amount} along.",
                language, function=told, arguments=said, amount=ether,
            )  # fmt: skip
        return say("Call {function} with {arguments}.", language, function=told, arguments=said)


def made(
    chain_id: int,
    account: str,
    calls: Iterable[Call],
    nonce: int,
    deadline: int,
    names: Mapping[str, str],
) -> Operation:
    """An operation from calls.

    Raises:
        InvalidInput: there are too many calls.
    """
    given = [(each.to, each.value, each.data) for each in calls]
    if len(given) > _MOST:
        raise InvalidInput(f"an operation has at most {_MOST} calls")
    message = typed.execute(chain_id, account, calls=given, nonce=nonce, deadline=deadline)
    return Operation(checksummed(account), message, nonce, deadline, names)


def understood(given: object, names: Mapping[str, str]) -> Operation:
    """An operation from the message that a key is asked to sign, as wallets take it.

    Args:
        names: as `Operation.names`.

    Raises:
        InvalidInput: it is none.
    """
    members = ["types", "primaryType", "domain", "message"]
    _, _, domain, message = documents.members(given, members, "an operation")
    _, _, chain_id, account = documents.members(
        domain, ["name", "version", "chainId", "verifyingContract"], "its domain"
    )
    calls, nonce, deadline = documents.members(
        message, ["calls", "nonce", "deadline"], "its message"
    )
    if not isinstance(calls, list):
        raise InvalidInput("the calls of an operation are a list")
    listed = [
        Call(to, from_hex(data, None, "its data"), documents.decimal(value, "its value"), "")
        for to, value, data in (
            documents.members(each, ["to", "value", "data"], "a call") for each in calls
        )
    ]
    found = made(
        uint(chain_id, 64, "the chain ID"),
        address_text(address(account, "the account")),
        listed,
        documents.decimal(nonce, "the nonce"),
        documents.decimal(deadline, "the deadline"),
        names,
    )
    if found.message != given:
        raise InvalidInput("this is no operation of an account; do not sign it")
    return found


def key_words(key: bytes, language: str = "en") -> str:
    """A key as people tell it from others."""
    if len(key) == 20:
        return say("the wallet {address}", language, address=checksummed(key))
    short = f"{to_hex(key[:4])}…{key[-4:].hex()}"
    return say("the passkey {key}", language, key=short)


def _plainly(contract: str, function: str, told: Mapping[str, Any], language: str) -> str:
    """A call to Kiseki's contracts that many make, in a sentence of its own; empty for others."""
    if contract == "DataRegistry" and function == "revoke":
        return say(
            "Revoke the consent to the collection {collection}. It ends after its notice; what was "
            "registered before stays as it was.",
            language, collection=to_hex(told["collection"]),
        )  # fmt: skip
    if contract == "DataRegistry" and function == "revokeItem":
        return say(
            "Revoke the consent to the item with the commitment {commitment}, in all collections "
            "of this account. It ends after their notice; what was registered before stays as it "
            "was.",
            language, commitment=to_hex(told["commitment"]),
        )  # fmt: skip
    if function == "cancelNonce":
        return say(
            "What this account signed with the number {number} for the contract {contract} no "
            "longer counts. What was done with it stays done.",
            language, number=told["nonce"], contract=contract,
        )  # fmt: skip
    if contract == "RevenueSplitter" and function == "multicall":
        inner = {_decoded(contract, each)[0] for each in told["calls"]}
        if inner <= _BRINGING:
            return plural(
                "Bring what waits in {number} place of the splitter to whom it belongs.",
                "Bring what waits in {number} places of the splitter to whom it belongs.",
                len(told["calls"]), language,
            )  # fmt: skip
    return ""


def _own(data: bytes, language: str) -> str:
    """A call of the account to itself."""
    function, told = _decoded("Account", data)
    if function in ("addKey", "removeKey"):
        key = key_words(accounts.key_of(told["key"]), language)
        if function == "addKey":
            return say("From now on {key} signs for this account, too.", language, key=key)
        return say("From now on {key} signs for this account no more.", language, key=key)
    if function == "stopRecovery":
        return say("A recovery that guardians began is stopped.", language)
    if function == "setGuardians":
        *_, wait = told.values()
        people = [checksummed(each) for each in told["guardians_"]]
        if not people:
            return say("This account has no guardians any more.", language)
        return say(
            "Guardians of this account are {people}. {threshold} of them together can give it a "
            "new key; that takes {wait}, in which you can stop it.",
            language, people=listed(people, language), threshold=told["threshold"],
            wait=span(timedelta(seconds=wait), language),
        )  # fmt: skip
    raise InvalidInput(f"an account never calls its own {function}")


def _foreign(who: str, data: bytes, ether: str, language: str) -> str:
    """A call to a contract that is none of Kiseki's."""
    if data[:4] == _TRANSFER and len(data) == 68 and not any(data[4:16]):
        return say(
            "Send {amount} base units of the token {token} to {address}.",
            language, amount=f"{int.from_bytes(data[36:]):,}", token=who,
            address=checksummed(address_text(data[16:36])),
        )  # fmt: skip
    return say(
        "Call the contract {address}, which Kiseki does not know, with {amount} and data whose "
        "hash is {hash}. Nobody can tell you here what that does.",
        language, address=who, amount=ether, hash=to_hex(keccak256(data)),
    )  # fmt: skip


def _decoded(name: str, data: bytes) -> tuple[str, dict[str, Any]]:
    """Function and arguments of a call to a contract of Kiseki's.

    Raises:
        InvalidInput: it has no such function, or the data is not that of one.
    """
    for entry in artifact(name).abi:
        if entry["type"] == "function" and selector(entry) == data[:4]:
            try:
                return entry["name"], decode_named(entry["inputs"], data[4:])
            except ChainError as error:
                raise InvalidInput(f"this is no call of {name}.{signature(entry)}") from error
    raise InvalidInput(f"{name} has no function {to_hex(data[:4])}; do not sign this")


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, str) and value.startswith("0x") and len(value) == 42:
        return checksummed(address(value, "an argument"))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} {_plain(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
