"""Revocations by a provider without ether: signed as a letter, for anybody to send."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiseki.client.letters import Letter
from kiseki.client.wallet import Signed
from kiseki.core import typed
from kiseki.core.days import utc
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput
from kiseki.language import say

__all__ = ["COLLECTION", "ITEM", "read"]

_OTHERWISE = "is no signed revocation; sign one with `kiseki data revoke --sign`"


def read(path: str | Path) -> tuple[Letter, Signed]:
    """A signed revocation, of a collection or an item, with the kind of letter that it is.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is none, or says other things than are signed.
        SigningError: the signature is another's.
    """
    try:
        return COLLECTION, COLLECTION.read(path)
    except InvalidInput:
        return ITEM, ITEM.read(path)


def _words(signed: Signed, language: str = "en") -> str:
    return say(
        "The wallet {wallet} ends its consent to new uses of the collection {collection}, once the "
        "notice of its terms is over. What was registered before stays. Anybody may send this "
        "until {time}. Nobody can take it back once it is sent.",
        language,
        wallet=signed.signer,
        collection=signed.message["message"]["collection"],
        time=utc(signed.deadline, language),
    )


def _item_words(signed: Signed, language: str = "en") -> str:
    return say(
        "The wallet {wallet} ends its consent to new uses of the item with the commitment "
        "{commitment}, in all its collections, once their notice is over. What was registered "
        "before stays. Anybody may send this until {time}. Nobody can take it back once it is "
        "sent.",
        language,
        wallet=signed.signer,
        commitment=signed.message["message"]["commitment"],
        time=utc(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.revocation(
        chain, contract, provider=message["provider"],
        collection=from_hex(message["collection"], 32, "the collection"),
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


def _item_remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.item_revocation(
        chain, contract, provider=message["provider"],
        commitment=from_hex(message["commitment"], 32, "the commitment"),
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


COLLECTION = Letter("kiseki-revocation-v1", "provider", _remade, _words, _OTHERWISE)
ITEM = Letter("kiseki-item-revocation-v1", "provider", _item_remade, _item_words, _OTHERWISE)
