"""A request from the text in which it is written down, or handed in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kiseki.client import cancellations
from kiseki.client.accounts.operations import understood
from kiseki.client.data import revocations
from kiseki.client.data.consents import Consent
from kiseki.client.payable import receiver
from kiseki.core import accounts
from kiseki.core.values import from_hex, uint
from kiseki.errors import InvalidInput
from kiseki.web.relay.recovering import Completing, Recovering
from kiseki.web.relay.works import Cancelling, Claiming, Consenting, Operating, Revoking, Work

__all__ = ["read"]


def read(kind: str, text: str, names: Mapping[str, str]) -> Work:
    """A request from its text.

    Args:
        names: of the contracts of the chain, by address in lower case.

    Raises:
        InvalidInput: it is none, or the signature is somebody else's.
    """
    if kind == Consenting.KIND:
        return Consenting(Consent.from_json(text))
    if kind == Revoking.KIND:
        return _revoking(text)
    if kind == Cancelling.KIND:
        letter = cancellations.LETTER
        return Cancelling(letter, letter.from_json(text))
    given = _json(text)
    if kind == Claiming.KIND:
        if not isinstance(given.get("wallet"), str):
            raise InvalidInput("name the wallet that is owed something")
        return Claiming(receiver(given["wallet"], "the wallet"))
    if kind == Recovering.KIND:
        return Recovering.read(given)
    if kind == Completing.KIND:
        return Completing.read(given)
    if kind == Operating.KIND:
        message, first = given.get("message"), given.get("key")
        if not isinstance(message, dict):
            raise InvalidInput("an operation has a message")
        number = given.get("number", "0")
        if not (isinstance(number, str) and number.isascii() and number.isdigit()):
            raise InvalidInput("the account's number is digits in quotation marks")
        return Operating(
            understood(message, names),
            from_hex(given.get("signature"), None, "the signature"),
            None if first is None else accounts.key_of(from_hex(first, None, "the key")),
            uint(int(number[:80]), 256, "the account's number"),
        )
    raise InvalidInput("this is nothing that is relayed")


def _revoking(text: str) -> Revoking:
    try:
        return Revoking(revocations.COLLECTION, revocations.COLLECTION.from_json(text))
    except InvalidInput:
        return Revoking(revocations.ITEM, revocations.ITEM.from_json(text))


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("this is no JSON") from None
    if not isinstance(found, dict):
        raise InvalidInput("this is no JSON object")
    return found
