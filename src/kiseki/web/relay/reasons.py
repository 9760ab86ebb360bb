"""Why a request waits, or was refused, in words of both languages."""

from __future__ import annotations

from enum import StrEnum

from kiseki.language import say

__all__ = ["Reason"]


class Reason(StrEnum):
    """Why a request is not carried out, or not yet."""

    TURN = "turn"
    NODE = "node"
    DEAR = "dear"
    POOR = "poor"
    DAY = "day"
    PERSON = "person"
    MUCH = "much"
    OTHER = "other"
    EXPIRED = "expired"
    DONE = "done"
    GAS = "gas"
    WORTH = "worth"
    CONTENT = "content"
    STRANGER = "stranger"
    REFUSED = "refused"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def words(self, language: str = "en") -> str:
        """The same in a sentence or two."""
        return {
            Reason.TURN: say("It is sent in a moment.", language),
            Reason.NODE: say(
                "The node of this site does not answer. It is sent when the node answers again.",
                language,
            ),
            Reason.DEAR: say(
                "Gas costs more now than this site pays. It is sent when gas is cheaper.", language
            ),
            Reason.POOR: say(
                "The wallet of this site has too little ether. It is sent when the wallet has "
                "enough.",
                language,
            ),
            Reason.DAY: say(
                "This site has paid as much gas today as it pays in a day. It is sent when there "
                "is room again. A day begins at midnight in UTC.",
                language,
            ),
            Reason.PERSON: say(
                "This site has paid as much gas for you today as it pays for one person in a day. "
                "It is sent when there is room again. A day begins at midnight in UTC.",
                language,
            ),
            Reason.MUCH: say(
                "It costs more gas now than this site pays for one person in a day. It is sent "
                "when gas is cheaper.",
                language,
            ),
            Reason.OTHER: say("Another request of yours is sent first.", language),
            Reason.EXPIRED: say(
                "The time in which it could be sent is over. Sign it again.", language
            ),
            Reason.DONE: say(
                "It was carried out already, or cancelled. Nothing was sent.", language
            ),
            Reason.GAS: say(
                "It needs more gas than this site pays for one transaction.", language
            ),
            Reason.WORTH: say(
                "What it moves is worth less than three times the gas, or nothing of it is in a "
                "currency that this site moves.",
                language,
            ),
            Reason.CONTENT: say(
                "This site pays no gas for what this operation contains.", language
            ),
            Reason.STRANGER: say(
                "This site pays gas only for artists whose consent it has registered, and for "
                "transfers worth three times their gas.",
                language,
            ),
            Reason.REFUSED: say("A contract refuses it. Nothing was sent.", language),
            Reason.CANCELLED: say("Its signer cancels it. Nothing was sent.", language),
            Reason.FAILED: say(
                "It was sent and failed on the chain, so nothing of it was done.", language
            ),
        }[self]  # fmt: skip
