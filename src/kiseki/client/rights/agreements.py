"""Letters of who has a part in a schedule: agreeing to cancel it, and approving it.

Anybody brings them (`Rights.cancel_for`, `Rights.approve_for`), and can do nothing else with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kiseki.client.letters import Letter
from kiseki.client.wallet import Signed
from kiseki.core import typed
from kiseki.core.days import utc
from kiseki.core.values import from_hex
from kiseki.language import say

__all__ = ["APPROVAL", "CANCEL", "schedule_of"]


def schedule_of(signed: Signed) -> bytes:
    """The schedule that such a letter is about."""
    return from_hex(signed.message["message"]["scheduleId"], 32, "the schedule")


def _cancel_words(signed: Signed, language: str = "en") -> str:
    return say(
        "The wallet {wallet} agrees to cancel the schedule {schedule}. Once its holder and its new "
        "holder both agree, the token stays where it is. Anybody can send this, once, until "
        "{time}.",
        language,
        wallet=signed.signer,
        schedule=signed.message["message"]["scheduleId"],
        time=utc(signed.deadline, language),
    )


def _approval_words(signed: Signed, language: str = "en") -> str:
    return say(
        "The wallet {wallet} approves the schedule {schedule}, for good. Anybody can send this, "
        "once, until {time}.",
        language,
        wallet=signed.signer,
        schedule=signed.message["message"]["scheduleId"],
        time=utc(signed.deadline, language),
    )


def _cancel(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.cancel(
        chain, contract, party=message["party"],
        schedule=from_hex(message["scheduleId"], 32, "the schedule"),
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


def _approval(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.transfer_approval(
        chain, contract, party=message["party"],
        schedule=from_hex(message["scheduleId"], 32, "the schedule"),
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


CANCEL = Letter(
    "kiseki-cancel-v1",
    "party",
    _cancel,
    _cancel_words,
    "is no signed agreement to cancel; sign one with `kiseki rights cancel --sign`",
)
APPROVAL = Letter(
    "kiseki-approval-v1",
    "party",
    _approval,
    _approval_words,
    "is no signed approval; sign one with `kiseki rights approve --sign`",
)
