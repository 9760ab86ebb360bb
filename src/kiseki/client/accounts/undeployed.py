"""Signatures of accounts that are not there yet (ERC-6492): who brings one makes the account."""

from __future__ import annotations

from kiseki.chain.contract.contracts import Call
from kiseki.chain.release.releases import places
from kiseki.client.accounts.operations import key_words
from kiseki.client.session import Session
from kiseki.core import accounts
from kiseki.core.accounts import Undeployed
from kiseki.core.checksum import checksummed
from kiseki.errors import InvalidInput
from kiseki.language import say

__all__ = ["making", "must_be_made", "notes"]


def must_be_made(session: Session, made: Undeployed, account: str) -> None:
    """Whether the account of a signature can be made here.

    Raises:
        InvalidInput: another contract is said to make it, it is at another address, or no release
            on this chain makes accounts.
    """
    at = _address(made)
    if at is None:
        raise InvalidInput(
            f"the signature is that of a contract that {checksummed(made.factory)} makes, and "
            f"nothing is at {checksummed(account)} yet; have it made there first, and submit again"
        )
    if at != account.lower():
        raise InvalidInput(
            f"the signature is that of the account {checksummed(at)}, and not of "
            f"{checksummed(account)}"
        )
    if made.factory not in (each.address.lower() for each in session.all("Accounts")):
        raise InvalidInput(
            f"chain {session.chain_id} has no contract that makes accounts at "
            f"{checksummed(made.factory)}; run `kiseki deploy`, which adds what is missing"
        )


def making(session: Session, made: Undeployed, call: Call) -> Call:
    """The call that makes the account and then makes `call`, in one transaction. It asks for no
    gas of its own: what the account's signature costs only the chain knows."""
    (factory,) = (e for e in session.all("Accounts") if e.address.lower() == made.factory)
    return factory.call("createAndCall", made.key, made.number, call.to, call.data)


def notes(signature: bytes | None, signer: str, language: str = "en") -> list[str]:
    """What is to be known of a signature that is no wallet's, in sentences; none of a wallet's.

    Raises:
        InvalidInput: it is one of an account that is not there yet, and is damaged.
    """
    made = None if signature is None else accounts.undeployed(signature)
    if signature is None or (made is None and len(signature) == 65):
        return []
    chain = say("Only the chain can tell whether the signature counts.", language)
    if made is None:
        return [say("The signature is that of a contract.", language), chain]
    if made.key is None or _address(made) != signer.lower():
        return [
            say(
                "The signature is that of a contract that another program makes, at {factory}. It "
                "counts once the contract is there.",
                language, factory=checksummed(made.factory),
            ),
            chain,
        ]  # fmt: skip
    return [
        say(
            "The signature is that of the account of {key}. The account need not be there yet: "
            "whoever submits it makes the account, in the same transaction.",
            language, key=key_words(made.key, language),
        ),
        chain,
    ]  # fmt: skip


def _address(made: Undeployed) -> str | None:
    """Where the account is or will be, in lower case; none if it is none of `Accounts`."""
    for place in places():
        if place.name == "Accounts" and place.address.lower() == made.factory and made.key:
            code = dict(place.arguments)["Account"]
            return accounts.address_of(made.factory, code, made.key, made.number)
    return None
