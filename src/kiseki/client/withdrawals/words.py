"""A withdrawal in sentences, for whoever is told of it."""

from __future__ import annotations

from kiseki.client.withdrawals.told import Told
from kiseki.core.checksum import checksummed
from kiseki.core.days import utc
from kiseki.core.values import to_hex
from kiseki.core.withdrawal import Answer
from kiseki.index.answers.withdrawals import LATER, Withdrawal
from kiseki.language import say

__all__ = ["answer_words", "happened", "model_words", "state_words", "touched"]


def happened(row: Withdrawal, language: str = "en") -> list[str]:
    """What was revoked, by whom, when, and from when that matters."""
    who, when = checksummed(row.provider), utc(row.revoked_at, language)
    if row.kind == "item":
        first = say(
            "On {time}, {provider} revoked consent to the item {item} of the collection "
            "{collection}.",
            language, time=when, provider=who, item=to_hex(row.id),
            collection=to_hex(row.collection),
        )  # fmt: skip
    else:
        first = say(
            "On {time}, {provider} revoked consent to the collection {collection}.",
            language, time=when, provider=who, collection=to_hex(row.collection),
        )  # fmt: skip
    return [
        first,
        say(
            "New uses are refused from {time} on. What was registered before stays registered.",
            language, time=utc(row.ends_at, language),
        ),
    ]  # fmt: skip


def model_words(row: Withdrawal, language: str = "en") -> list[str]:
    """Which model rests on it, and how."""
    named = {"model": to_hex(row.model), "time": utc(row.registered_at, language)}
    if row.is_direct:
        first = say(
            "The model {model}, registered on {time}, declares the collection.", language, **named
        )
    else:
        first = say(
            "The model {model}, registered on {time}, rests on the collection through another "
            "model.",
            language, **named,
        )  # fmt: skip
    return [first]


def touched(told: Told, language: str = "en") -> list[str]:
    """The same, and whether the model declares the item."""
    said = model_words(told.row, language)
    if told.row.kind == "collection":
        return said
    item = {
        "yes": say("Its published manifest declares the item.", language),
        "no": say("Its published manifest does not declare the item.", language),
        "unknown": say(
            "Whether it declares the item is unknown here: its manifest is not at hand.", language
        ),
    }[told.declares]
    return [*said, item]


def answer_words(answer: Answer, language: str = "en") -> str:
    """What a developer answered, in a sentence, without the reason."""
    if answer.answer == "acknowledged":
        return say("The developer has taken note.", language)
    if answer.answer == "kept":
        return say("The developer keeps the model and says that this is lawful.", language)
    day = answer.by.isoformat() if answer.by else ""
    return say("The developer promises a model without it by {day}.", language, day=day)


def state_words(told: Told, language: str = "en") -> list[str]:
    """How a withdrawal stands: what was answered, and what became of a promise."""
    last = told.last
    if last is None:
        if told.unread:
            return [say(
                "The developer answered something about this model, and the document is not at "
                "hand.", language,
            )]  # fmt: skip
        return [say("The developer has not answered.", language)]
    said = [answer_words(last, language)]
    if last.reason:
        said.append(say("Reason given: “{reason}”", language, reason=last.reason))
    if told.row.without is not None:
        said.append(say(
            "Since then this developer registered the model {model}, which does not rest on the "
            "collection.", language, model=to_hex(told.row.without),
        ))  # fmt: skip
    elif told.overdue:
        said.append(say(
            "The day has passed, and no model of this developer is registered since that leaves "
            "the collection out.", language,
        ))  # fmt: skip
    elif told.overdue is None:
        said.append(say(
            "The day has passed. The first models of this developer since then, {count} of them, "
            "rest on the collection too; later ones were not looked at.", language,
            count=str(LATER),
        ))  # fmt: skip
    return said
