"""What the owner of an account can have done, as an operation that their key signs.

Nothing here sends anything. What is signed is told from the calls themselves (`Operation.words`),
and what comes back from a browser is read again and told again before it is passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from kiseki.chain.contract.contracts import Call, node_errors
from kiseki.client import cancellations
from kiseki.client.accounts.operations import Operation, made, understood
from kiseki.client.data import revocations
from kiseki.client.kiseki import Kiseki
from kiseki.client.letters import Letter
from kiseki.client.wallet import Signed
from kiseki.core import accounts, ids, typed
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO_ADDRESS, address, address_text, from_hex, to_hex, uint
from kiseki.errors import ContractReverted, InvalidInput

__all__ = [
    "ACTIONS",
    "ITSELF",
    "NOTHING_WAITS",
    "OPERATION",
    "REGISTRY",
    "TOO_FEW",
    "again",
    "cancellation",
    "cancels",
    "kind_of",
    "letter",
    "prepared",
    "revocation",
]

NOTHING_WAITS = "nothing waits for you that could be brought now"
ITSELF = "this is your account itself; it is opened by keys, and others guard it"
TOO_FEW = "name as many guardians as must act together, and at least 30 days of waiting"
OPERATION, REGISTRY = "account", "registry"
"""For which contract something was signed: the account itself, or the registry of data."""
_CANCEL = keccak256(b"cancelNonce(uint256)")[:4]
_LEAST_WAIT = timedelta(days=30)

Said = Mapping[str, str]
"""What a form says."""


def prepared(k: Kiseki, account: str, action: str, said: Said) -> Operation:
    """An action as an operation of an account, not signed yet.

    Args:
        action: one of `ACTIONS`.

    Raises:
        InvalidInput: there is no such action, or the form says something else than it takes.
        ChainError: the node does not answer.
    """
    if action not in ACTIONS:
        raise InvalidInput(f"there is nothing like {action!r:.40} to do")
    if action == "cancel" and said.get("contract") == OPERATION:
        return _nothing(k, account, said)
    calls = ACTIONS[action](k, account, said)
    _must_be_taken(k, account, calls)
    return k.accounts.prepare(account, calls)


def _nothing(k: Kiseki, account: str, said: Said) -> Operation:
    """What has the number of an earlier operation and does nothing, so that one can be carried out
    no more."""
    _, deadline = k.data.wallet.fresh()
    names = k.session.names
    return made(k.session.chain_id, account, [], _number(said), deadline, names)


def _cancel(k: Kiseki, account: str, said: Said) -> list[Call]:
    return [k.session["DataRegistry"].call("cancelNonce", _number(said))]


def _number(said: Said) -> int:
    text = said.get("number", "")
    if not (text.isascii() and text.isdigit() and len(text) < 80):
        raise InvalidInput("the number of a signature is digits")
    return uint(int(text), 256, "the number of a signature")


def cancels(operation: Operation) -> set[tuple[str, int]]:
    """Of which contract, and with which number, the signatures are that an operation withdraws."""
    if not operation.calls:
        return {(OPERATION, operation.nonce)}
    found = set()
    for to, _, data in operation.calls:
        if operation.names.get(to.lower()) == "DataRegistry" and data[:4] == _CANCEL:
            found.add((REGISTRY, int.from_bytes(data[4:36])))
    return found


def _must_be_taken(k: Kiseki, account: str, calls: list[Call]) -> None:
    """What an account is asked of itself it would do now: nobody signs what is refused later.

    Raises:
        InvalidInput: it would not.
    """
    for each in calls:
        if each.to.lower() != account:
            continue  # a claim and what is sent on stand on each other; the relay tries them
        asked = {"from": account, "to": account, "data": to_hex(each.data)}
        try:
            with node_errors():
                k.session.node.one("eth_call", asked, "latest")
        except ContractReverted as error:
            raise InvalidInput(f"the account refuses this: {error}") from error


def again(k: Kiseki, account: str, message: object) -> Operation:
    """An operation as a browser brings it back.

    Raises:
        InvalidInput: it is none, or another account's.
    """
    found = understood(message, k.session.names)
    if found.account.lower() != account or found.message["domain"]["chainId"] != k.session.chain_id:
        raise InvalidInput("this is an operation of another account; sign in with its passkey")
    return found


def revocation(k: Kiseki, wallet: str, said: Said) -> Signed:
    """A revocation that a wallet is asked to sign, of one item where one is said, else of the
    whole collection; not signed yet.

    Raises:
        InvalidInput: as `prepared`.
    """
    nonce, deadline = k.data.wallet.fresh()
    chain, contract = k.session.chain_id, k.session["DataRegistry"].address
    if said.get("item"):
        message = typed.item_revocation(
            chain, contract, provider=wallet, commitment=_own_item(k, wallet, said), nonce=nonce,
            deadline=deadline,
        )  # fmt: skip
    else:
        message = typed.revocation(
            chain, contract, provider=wallet, collection=_own_collection(k, wallet, said),
            nonce=nonce, deadline=deadline,
        )  # fmt: skip
    return Signed(checksummed(wallet), message, nonce, deadline, b"")


def cancellation(k: Kiseki, wallet: str, said: Said) -> Signed:
    """A cancellation that a wallet is asked to sign; not signed yet.

    Raises:
        InvalidInput: it says no number.
    """
    nonce, deadline = k.data.wallet.fresh()
    message = typed.cancellation(
        k.session.chain_id, k.session["DataRegistry"].address, signer=wallet,
        cancelled=_number(said), nonce=nonce, deadline=deadline,
    )  # fmt: skip
    return Signed(checksummed(wallet), message, nonce, deadline, b"")


def letter(message: object, signature: bytes) -> Signed:
    """A revocation or cancellation as a browser brings it back, read again as from a file.

    Raises:
        InvalidInput: it is none.
        SigningError: the signature is another's.
    """
    if not isinstance(message, dict):
        raise InvalidInput("this is no message")
    try:
        told, found = message["message"], kind_of(message)
        who = checksummed(address(told[found.signer], "the signer"))
        given = Signed(who, message, int(told["nonce"]), int(told["deadline"]), signature)
        return found.from_json(found.to_json(given))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("this is nothing that was asked to be signed") from error


def kind_of(message: Mapping[str, Any]) -> Letter:
    """Whether a message cancels a signature, or revokes a collection or one item."""
    if message["primaryType"] == "Cancellation":
        return cancellations.LETTER
    whole = "collection" in message["message"]
    return revocations.COLLECTION if whole else revocations.ITEM


def _own_item(k: Kiseki, account: str, said: Said) -> bytes:
    """The commitment of a work in a collection of the account."""
    commitment = from_hex(said.get("item", ""), 32, "the commitment")
    _own_collection(k, account, said)
    found = k.index.find(commitment)
    if not any((each.kind, each.registrant) == ("collection", account) for each in found):
        raise InvalidInput("none of your collections lists this item")
    item = ids.item_id(account, commitment)
    if k.index.items_revoked([item]).get(item) is not None:
        raise InvalidInput("the consent to this item is revoked already")
    return commitment


def _own_collection(k: Kiseki, account: str, said: Said) -> bytes:
    collection = from_hex(said.get("collection", ""), 32, "the collection")
    record = k.index.collection_head(collection)
    if record.provider.lower() != account:
        raise InvalidInput("this collection is another wallet's")
    if record.revoked_at is not None:
        raise InvalidInput("this consent is revoked already")
    return collection


def _claim(k: Kiseki, account: str, said: Said) -> list[Call]:
    """What waits comes into the account; where an address is said, it goes on to that."""
    token = address_text(address(said.get("token") or ZERO_ADDRESS, "the token"))
    owed = sum(each.amount for each in k.revenue.owed(account, tokens=[token]))
    calls = k.revenue.calls(account, {token: 1}) if owed else []
    to = said.get("to", "").strip()
    if not to:
        if not calls:
            raise InvalidInput(NOTHING_WAITS)
        return calls
    there = k.balance(None if token == ZERO_ADDRESS else token, account)
    if not owed + there:
        raise InvalidInput(NOTHING_WAITS)
    return [*calls, k.accounts.transfer(token, to, owed + there)]


def _revoke(k: Kiseki, account: str, said: Said) -> list[Call]:
    collection = _own_collection(k, account, said)
    return [k.session["DataRegistry"].call("revoke", collection)]


def _revoke_item(k: Kiseki, account: str, said: Said) -> list[Call]:
    return [k.session["DataRegistry"].call("revokeItem", _own_item(k, account, said))]


def _add_key(k: Kiseki, account: str, said: Said) -> list[Call]:
    text = said.get("key", "").strip()
    if text.lower() == account:
        raise InvalidInput(ITSELF)
    key = accounts.key_of(from_hex(text, 64, "the key") if len(text) == 130 else text)
    return [k.accounts.own(account, "addKey", key)]


def _guardians(k: Kiseki, account: str, said: Said) -> list[Call]:
    people = sorted({_plain(each) for each in said.get("guardians", "").split()})
    if account in people:
        raise InvalidInput(ITSELF)
    try:
        threshold, days = int(said.get("threshold", "")), int(said.get("days", "30"))
    except ValueError as error:
        raise InvalidInput("say in numbers how many guardians and how many days") from error
    wait = timedelta(days=days)
    if people and not (1 <= threshold <= len(people) and wait >= _LEAST_WAIT):
        raise InvalidInput(TOO_FEW)
    if not people:
        return [k.accounts.own(account, "setGuardians", [], 0, 0)]
    seconds = int(wait.total_seconds())
    return [k.accounts.own(account, "setGuardians", people, threshold, seconds)]


def _stop(k: Kiseki, account: str, said: Said) -> list[Call]:
    return [k.accounts.own(account, "stopRecovery")]


def _plain(text: str) -> str:
    return address_text(address(text, "a guardian"))


ACTIONS: Mapping[str, Callable[[Kiseki, str, Said], list[Call]]] = {
    "claim": _claim,
    "revoke": _revoke,
    "cancel": _cancel,
    "revoke-item": _revoke_item,
    "key": _add_key,
    "guardians": _guardians,
    "stop-recovery": _stop,
}
"""What can be done, by the name that stands in addresses."""
