"""Mints: a registrant who has no ether signs that its rights token is minted; anybody brings it.

A mint's file is a letter (`kiseki.client.letters`). Whoever has it can only do what it says: mint
that token to its registrant, with the income that is said, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiseki.client.kinds import KIND_NAMES, kind_of
from kiseki.client.letters import Letter
from kiseki.client.wallet import Signed
from kiseki.core import typed
from kiseki.core.counts import percent
from kiseki.core.days import utc
from kiseki.core.values import from_hex, to_hex
from kiseki.language import say, sentences

__all__ = ["LETTER"]


def _words(signed: Signed, language: str = "en") -> str:
    told = signed.message["message"]
    kind, group = say(KIND_NAMES[kind_of(told["registry"])], language), told["id"]
    shares, total = int(told["shares"]), int(told["total"])
    document = from_hex(told["document"], 32, "the document")
    said = [
        say(
            "The rights token of the {kind} {group} is minted to the wallet {wallet}, which "
            "registered it.",
            language,
            kind=kind,
            group=group,
            wallet=signed.signer,
        ),
        say(
            "{part} of what is paid to the {kind} reaches the token; where that is not so, nothing "
            "is minted.",
            language,
            part=percent(shares / total) if total else say("Nothing", language),
            kind=kind,
        ),
        say("The royalty of a resale is {share}%.", language,
            share=f"{int(told['royaltyBps']) / 100:g}"),
    ]  # fmt: skip
    if any(document):
        said.append(say("Its document has the hash {hash}.", language, hash=to_hex(document)))
    until = utc(signed.deadline, language)
    said.append(say("Anybody can send this, once, until {time}.", language, time=until))
    return sentences(said, language)


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
