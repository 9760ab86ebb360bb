"""What a guardian signs so that an account gets a new key, as a letter for anybody to bring.

The signature counts for one round of one account: it ends when a recovery is started or stopped,
and when the account names its guardians anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiseki.client.accounts.operations import key_words
from kiseki.client.letters import Letter
from kiseki.client.wallet import Signed
from kiseki.core import accounts, documents, typed
from kiseki.core.checksum import checksummed
from kiseki.core.values import address, from_hex
from kiseki.errors import InvalidInput
from kiseki.language import moment, say

__all__ = ["LETTER"]


def _words(signed: Signed, language: str = "en") -> str:
    told = signed.message["message"]
    return say(
        "The guardian {guardian} agrees that {key} takes the place of all keys of the account "
        "{account}. Anybody may start that until {time}, with the signatures of enough guardians; "
        "then a time runs in which each key of the account can stop it.",
        language,
        guardian=signed.signer,
        key=key_words(from_hex(told["key"], None, "the key"), language),
        account=checksummed(address(told["account"], "the account")),
        time=moment(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], of_round: int, deadline: int
) -> dict[str, Any]:
    return typed.recovery(
        chain, contract, account=message["account"],
        key=accounts.key_of(from_hex(message["key"], None, "the key")),
        of_round=of_round, deadline=deadline,
    )  # fmt: skip


def _fits(signed: Signed) -> None:
    told = signed.message
    if told["message"]["account"].lower() != told["domain"]["verifyingContract"].lower():
        raise InvalidInput("it names another account than the one that it is for")
    documents.members(dict(signed.more), ["guardian"], "its other members")


LETTER = Letter(
    "kiseki-recovery-v1", "guardian", _remade, _words,
    "is no signature of a guardian; sign one with `kiseki guardians approve`",
    ("guardian",), _fits, "round",
)  # fmt: skip
