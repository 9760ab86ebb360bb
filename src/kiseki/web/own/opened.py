"""What somebody signed here that nobody has carried out: it counts until its time is over, or until
it is cancelled on the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kiseki.client.data.consents import Consent
from kiseki.client.kiseki import Kiseki
from kiseki.errors import ChainError, FilesError, InvalidInput, NotInIndex
from kiseki.web.own.actions import OPERATION, REGISTRY
from kiseki.web.relay.reading import read
from kiseki.web.relay.relay import Relay
from kiseki.web.relay.told import Told
from kiseki.web.relay.works import Cancelling, Consenting, Operating, Revoking
from kiseki.web.signing.desk import Desk
from kiseki.web.words import Words

__all__ = ["OpenShown", "opened", "withdraw"]

_MOST = 20


@dataclass(frozen=True, slots=True)
class OpenShown:
    """An open signature.

    Attributes:
        said: what it does, and until when anybody can send it, in sentences.
        state: how it stands, in sentences.
        warns: whether something that was wanted is not in force.
        contract, number: which signature it is: of the account or the registry, and its number.
        ticket: of the relay that was asked to send it; empty where none was.
        unsure: whether nobody can say now if it still counts.
    """

    said: list[str]
    state: list[str]
    warns: bool
    contract: str
    number: int
    ticket: str = ""
    unsure: bool = False


def opened(words: Words, k: Kiseki, desk: Desk, relay: Relay | None, who: str) -> list[OpenShown]:
    """What somebody signed here and nobody has carried out, the newest first.

    Args:
        who: the account or wallet, in lower case.
    """
    found: dict[tuple[str, int], OpenShown] = {}
    now = k.session.now()
    for each in _all(words, k, desk, relay, who, now):
        found.setdefault((each.contract, each.number), each)
    known = (_counting(k, who, each) for each in [*found.values()][:_MOST])
    return [each for each in known if each is not None]


def _all(
    words: Words, k: Kiseki, desk: Desk, relay: Relay | None, who: str, now: int
) -> Iterator[OpenShown]:
    for told in () if relay is None else relay.of_person(who):
        shown = _of_relay(words, k, told)
        if shown is not None and (told.ends is None or told.ends >= now):
            yield shown
    for invitation in reversed(desk.store.signed_by(who)):
        try:
            consent = desk.consent(invitation)
        except (FilesError, InvalidInput):
            continue  # the studio took it away, and with it the signature
        if consent.deadline >= now and not _is_registered(k, consent):
            state = words.say("Nobody has registered it. Whoever has its file can do that.")
            yield OpenShown(consent.words(words.language), [state], False, REGISTRY, consent.nonce)


def withdraw(
    words: Words, k: Kiseki, relay: Relay, who: str, numbers: set[tuple[str, int]]
) -> None:
    """Has a relay send no more what somebody cancels, unless it is on its way. It still counts
    until the cancellation is in a block, because others may have it.

    Args:
        numbers: contract and number of each signature.
    """
    for told in relay.of_person(who):
        shown = _of_relay(words, k, told)
        if shown is not None and (shown.contract, shown.number) in numbers:
            relay.withdraw(told.ticket)


def _of_relay(words: Words, k: Kiseki, told: Told) -> OpenShown | None:
    """A request that was handed in; nothing where it only cancels another."""
    work, language = read(told.kind, told.text, k.session.names), words.language
    state, warns = told.words(language), told.revokes
    if isinstance(work, Cancelling) or (isinstance(work, Operating) and not work.operation.calls):
        return None
    if isinstance(work, Operating):
        said, number = work.operation.words(language), work.operation.nonce
        return OpenShown(said, state, warns, OPERATION, number, told.ticket)
    if isinstance(work, Consenting):
        said, number = work.consent.words(language), work.consent.nonce
    elif isinstance(work, Revoking):
        said, number = [work.letter.words(work.signed, language)], work.signed.nonce
    else:
        raise InvalidInput("this is nothing that anybody signs")
    return OpenShown(said, state, warns, REGISTRY, number, told.ticket)


def _is_registered(k: Kiseki, consent: Consent) -> bool:
    try:
        k.index.status(consent.kept.id)
    except NotInIndex:
        return False
    return True


def _counting(k: Kiseki, who: str, shown: OpenShown) -> OpenShown | None:
    """The same where it still counts; nothing where it was used or cancelled."""
    try:
        if shown.contract == REGISTRY:
            used = bool(k.session["DataRegistry"].read("isNonceUsed", who, shown.number))
        else:
            used = k.accounts.is_used(who, shown.number)
    except InvalidInput:
        return shown  # the account is not there yet, so nothing of it was carried out
    except ChainError:
        return replace(shown, unsure=True)
    return None if used else shown
