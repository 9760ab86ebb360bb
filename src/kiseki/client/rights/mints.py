"""Mints: a registrant who has no ether signs that its rights token is minted; anybody brings it.

A mint's file is a letter (`kiseki.client.letters`). Whoever has it can only do what it says: mint
that token to its registrant, with the income that is said, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiseki.client.kinds import kind_of
from kiseki.client.letters import Letter
from kiseki.client.wallet import Signed
from kiseki.core import typed
from kiseki.core.counts import percent
from kiseki.core.days import utc
from kiseki.core.values import from_hex, to_hex

__all__ = ["LETTER"]


def _words(signed: Signed) -> str:
    told = signed.message["message"]
    kind, group = kind_of(told["registry"]), told["id"]
    shares, total = int(told["shares"]), int(told["total"])
    income = f"{percent(shares / total)} of" if total else "nothing of"
    document = from_hex(told["document"], 32, "the document")
    return (
        f"The rights token of the {kind} {group} is minted to the wallet {signed.signer}, which "
        f"registered it. {income[0].upper()}{income[1:]} what is paid to the {kind} reaches the "
        "token; where that is not so, nothing is minted. The royalty of a resale is "
        f"{int(told['royaltyBps']) / 100:g}%. "
        + (f"Its document has the hash {to_hex(document)}. " if any(document) else "")
        + f"Anybody can send this, once, until {utc(signed.deadline)}."
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    kind_of(message["registry"])
    return typed.mint(
        chain,
        contract,
        registrant=message["registrant"],
        registry=message["registry"],
        group=from_hex(message["id"], 32, "the ID"),
        document=from_hex(message["document"], 32, "the document"),
        royalty_bps=int(message["royaltyBps"]),
        shares=int(message["shares"]),
        total=int(message["total"]),
        nonce=nonce,
        deadline=deadline,
    )


LETTER = Letter(
    "kiseki-mint-v1",
    "registrant",
    _remade,
    _words,
    "is no signed mint; sign one with `kiseki rights mint --sign`",
)
