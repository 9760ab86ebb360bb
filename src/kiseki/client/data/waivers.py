"""Waivers: a wallet that a collection pays lets another payee take its place.

The collection's provider brings it (`Data.set_payee`); nobody else can do anything with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiseki.client.letters import Letter
from kiseki.client.wallet import Signed
from kiseki.core import ids, typed
from kiseki.core.days import utc
from kiseki.core.values import from_hex
from kiseki.language import say

__all__ = ["LETTER"]


def _words(signed: Signed, language: str = "en") -> str:
    told = signed.message["message"]
    to = ids.wallet_address(from_hex(told["to"], 32, "the new payee"))
    return say(
        "The collection {collection} pays {payee}, and no longer the wallet {wallet}, once its "
        "provider sends this. It counts once, until {time}.",
        language,
        collection=told["collection"],
        payee=to or told["to"],
        wallet=signed.signer,
        time=utc(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.payee_waiver(
        chain, contract, payee=message["payee"],
        collection=from_hex(message["collection"], 32, "the collection"),
        to=from_hex(message["to"], 32, "the new payee"), nonce=nonce, deadline=deadline,
    )  # fmt: skip


LETTER = Letter(
    "kiseki-payee-waiver-v1",
    "payee",
    _remade,
    _words,
    "is no waiver; sign one with `kiseki data waive-payee`",
)
