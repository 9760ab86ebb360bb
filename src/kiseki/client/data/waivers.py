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

__all__ = ["LETTER"]


def _words(signed: Signed) -> str:
    told = signed.message["message"]
    to = ids.wallet_address(from_hex(told["to"], 32, "the new payee"))
    return (
        f"The collection {told['collection']} pays {to or told['to']}, and no longer the wallet "
        f"{signed.signer}, once its provider sends this. It counts once, until "
        f"{utc(signed.deadline)}."
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
