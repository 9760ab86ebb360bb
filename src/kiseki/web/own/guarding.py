"""Guardians in a browser: how somebody becomes one, and gives an account a new key.

What a guardian signs is kept here until enough of them have signed; then the relay begins the
recovery. A site without a relay shows each signature as a file, which anybody can bring
(`kiseki guardians start`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup

from kiseki.client.accounts import recoveries
from kiseki.client.accounts.accounts import AccountState
from kiseki.client.accounts.operations import key_words
from kiseki.client.kiseki import Kiseki
from kiseki.client.wallet import Signed
from kiseki.core import accounts, seal
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import InvalidInput, NotInIndex, SigningError
from kiseki.web import siwe
from kiseki.web.asked import Answer
from kiseki.web.guard import own_script
from kiseki.web.own.entry import Visitor, enter
from kiseki.web.own.pages import Owner, Visit
from kiseki.web.relay.recovering import TOO_FEW
from kiseki.web.signing import passkeys

__all__ = ["RecoveryShown", "guarding"]

guarding = APIRouter(prefix="/own", include_in_schema=False)

NO_GUARDIAN = "you are signed in with an account that is no guardian of this one"
OTHER_MESSAGE = "the page is older than what the guardians sign now; load it again"
_DAY = 86_400
_NEVER_KEPT = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True, slots=True)
class RecoveryShown:
    """A new key for an account, and how far its guardians are.

    Attributes:
        account: checksummed.
        key: the new one.
        state: of the account now.
        approvals: what guardians signed here, all over `message`.
        message: what they sign.
        now: the time of the chain, in Unix seconds.
    """

    account: str
    key: bytes
    state: AccountState
    approvals: tuple[Signed, ...]
    message: Signed
    now: int

    @property
    def stands(self) -> str:
        """``asked``, ``waits`` (begun), ``ready`` (its time is over) or ``done``."""
        open_ = self.state.recovery
        if self.state.keys == (self.key,):
            return "done"
        if open_ is None or open_.key != self.key:
            return "asked"
        return "ready" if open_.since <= self.now else "waits"

    @property
    def signed(self) -> tuple[str, ...]:
        """The guardians who signed here, checksummed."""
        return tuple(each.signer for each in self.approvals)

    @property
    def is_enough(self) -> bool:
        """Whether enough of them have."""
        return 0 < self.state.threshold <= len(self.approvals)


def _shown(owner: Owner, k: Kiseki, account: str, key: str) -> RecoveryShown:
    """How far a recovery is.

    Raises:
        InvalidInput: there is no such account on the chain, or it is no key.
        ChainError: the node does not answer.
    """
    at, new = checksummed(address(account, "the account")), from_hex(key, 64, "the key")
    state, now = k.accounts.state(at), k.session.now()
    fresh = k.accounts.recovery(at, new)
    read = [recoveries.LETTER.from_json(e) for e in owner.desk.approvals.of(at.lower(), now)]
    mine = [e for e in read if e.signer in state.guardians and _same(e, fresh)]
    # All sign one message, so the first guardian's last second is that of all. Nobody is asked to
    # sign what ends within a day.
    lasts = max((e.deadline for e in mine if e.deadline > now + _DAY), default=None)
    if lasts is not None:
        fresh = k.accounts.recovery(at, new, deadline=lasts)
    kept = tuple(e for e in mine if e.message == fresh.message)
    return RecoveryShown(at, new, state, kept, fresh, now)


def _same(approval: Signed, asked: Signed) -> bool:
    """Whether both are the same but for their last second."""
    said, other = approval.message["message"], asked.message["message"]
    ends = {"deadline": ""}
    return {**said, **ends} == {**other, **ends} and (
        approval.message["domain"] == asked.message["domain"]
    )


# What is read


@guarding.get("/guardian")
def guardian(owner: Visit) -> Response:
    """Who is to guard somebody's account gets one of their own, by a passkey."""
    if owner.site.is_number:
        url = owner.visit.request.url.replace(hostname="localhost")
        return RedirectResponse(str(url), 307)
    options = None
    if owner.who is None:
        asked = passkeys.challenge(owner.desk.key("challenge").hex())
        options = {"create": passkeys.creating(owner.site, owner.site.host, asked)}
    return owner.page(
        "guardian", options=options,
        account="" if owner.who is None else checksummed(owner.who.account),
        then=quote(owner.at("/guardian")),
    )  # fmt: skip


@guarding.get("/recovery")
def recovery(
    owner: Visit,
    account: Annotated[str, Query(max_length=42)] = "",
    key: Annotated[str, Query(max_length=130)] = "",
) -> Response:
    """A new key for an account: what its guardians sign, and how far they are."""
    if owner.site.is_number:
        url = owner.visit.request.url.replace(hostname="localhost")
        return RedirectResponse(str(url), 307)
    try:
        with owner.desk.connected() as k:
            found = _shown(owner, k, account, key)
    except InvalidInput as error:
        return owner.page("recovery", found=None, problem=str(error))
    who, language = owner.who, owner.visit.words.language
    guards = who is not None and checksummed(who.account) in found.state.guardians
    signs = guards and who is not None and checksummed(who.account) not in found.signed
    options = None
    if signs and who is not None and who.credential:
        digest = accounts.nested_digest(found.message.message, who.account)
        options = {"get": passkeys.asking(owner.site, digest, who.credential)}
    as_guardian = replace(found.message, signer="" if who is None else checksummed(who.account))
    return owner.page(
        "recovery", found=found, problem="", who_is=as_guardian.signer, guards=guards, signs=signs,
        options=options, called=key_words(found.key, language), hexed=to_hex,
        seal=Markup(seal.svg(keccak256(found.key))),  # noqa: S704 - drawn here
        words_of=recoveries.LETTER.words(as_guardian, language) if signs else "",
        relays=owner.visit.request.app.state.relay is not None,
        about=f"?account={found.account}&key={to_hex(found.key)}",
        then=quote(f"{owner.at('/recovery')}?account={found.account}&key={to_hex(found.key)}"),
    )  # fmt: skip


@guarding.get("/recovery/{guardian}.json")
def approval(
    owner: Visit,
    guardian: str,
    account: Annotated[str, Query(max_length=42)],
    key: Annotated[str, Query(max_length=130)],
) -> Response:
    """What a guardian signed here, as a file that anybody can bring.

    Raises:
        NotInIndex: this guardian has signed nothing here.
    """
    with owner.desk.connected() as k:
        found = _shown(owner, k, account, key)
    for each in found.approvals:
        if each.signer.lower() == guardian.lower():
            name = f'attachment; filename="approval-{each.signer[:10]}.json"'
            headers = {**_NEVER_KEPT, "Content-Disposition": name}
            text = recoveries.LETTER.to_json(each)
            return Response(text, media_type="application/json", headers=headers)
    raise NotInIndex("this guardian has signed nothing here")


# What is answered


def _done(owner: Owner, work: Callable[[], str]) -> Response:
    """Does it, and says which page comes next; or what is wrong."""
    try:
        return JSONResponse({"next": work()}, headers=_NEVER_KEPT)
    except SigningError:
        return owner.refused(InvalidInput(siwe.ANOTHER))
    except InvalidInput as error:
        return owner.refused(error)


@guarding.post("/guardian", dependencies=[Depends(own_script)])
def became(owner: Visit, answer: Answer) -> Response:
    """Somebody made a passkey, which signs for an account of their own."""
    try:
        new = passkeys.made(owner.site, answer, owner.desk.key("challenge").hex())
        owner.desk.store.keep_passkey(new, owner.desk.now())
        with owner.desk.using() as invitations:
            account = invitations.account(new)
    except InvalidInput as error:
        return owner.refused(error)
    response = JSONResponse({"next": owner.at("/guardian")}, headers=_NEVER_KEPT)
    key = owner.desk.key("own pages")
    enter(owner.visit.request, response, Visitor(account, new.credential), key)
    return response


@guarding.post("/recovery", dependencies=[Depends(own_script)])
def approved(
    owner: Visit,
    answer: Answer,
    account: Annotated[str, Query(max_length=42)],
    key: Annotated[str, Query(max_length=130)],
) -> Response:
    """A guardian signed. With enough of them, the relay begins."""

    def work() -> str:
        who = owner.must()
        with owner.desk.connected() as k:
            found = _shown(owner, k, account, key)
            if checksummed(who.account) not in found.state.guardians:
                raise InvalidInput(NO_GUARDIAN)
            if answer.get("message") != found.message.message:
                raise InvalidInput(OTHER_MESSAGE)
            signed = _signed(owner, k, who, found.message, answer)
            text = recoveries.LETTER.to_json(signed)
            at = address_text(address(account, "the account"))
            owner.desk.approvals.keep(at, who.account, signed.deadline, text, found.now)
            found = _shown(owner, k, account, key)
        return _begun(owner, found) if found.is_enough else _page(owner, found)

    return _done(owner, work)


@guarding.post("/recovery/begin", dependencies=[Depends(own_script)])
def begun(
    owner: Visit,
    account: Annotated[str, Query(max_length=42)],
    key: Annotated[str, Query(max_length=130)],
) -> Response:
    """Enough guardians have signed, and somebody asks the relay once more to begin."""

    def work() -> str:
        with owner.desk.connected() as k:
            found = _shown(owner, k, account, key)
        if not found.is_enough:
            raise InvalidInput(TOO_FEW)
        return _begun(owner, found)

    return _done(owner, work)


@guarding.post("/recovery/complete", dependencies=[Depends(own_script)])
def completed(
    owner: Visit,
    account: Annotated[str, Query(max_length=42)],
    key: Annotated[str, Query(max_length=130)],
) -> Response:
    """The waiting time is over, and somebody asks the relay to complete."""

    def work() -> str:
        with owner.desk.connected() as k:
            found = _shown(owner, k, account, key)
        said = {"account": found.account, "key": to_hex(found.key), "round": str(found.state.round)}
        ticket = owner.relay.ask("completion", json.dumps(said), owner.peer)
        return f"{owner.root}/relay/{ticket}"

    return _done(owner, work)


def _begun(owner: Owner, found: RecoveryShown) -> str:
    """Hands the approvals to the relay; the page that comes next. A site without one keeps them."""
    if owner.visit.request.app.state.relay is None:
        return _page(owner, found)
    letters = [json.loads(recoveries.LETTER.to_json(each)) for each in found.approvals]
    ticket = owner.relay.ask("recovery", json.dumps({"approvals": letters}), owner.peer)
    return f"{owner.root}/relay/{ticket}"


def _page(owner: Owner, found: RecoveryShown) -> str:
    return owner.at(f"/recovery?account={found.account}&key={to_hex(found.key)}")


def _signed(
    owner: Owner, k: Kiseki, who: Visitor, asked: Signed, answer: dict[str, object]
) -> Signed:
    """What a guardian signed: with a passkey, for their account; or with their wallet.

    Raises:
        InvalidInput: it is not signed as it was asked.
        SigningError: it is another wallet's signature.
    """
    beside = {"guardian": checksummed(who.account)}
    mine = replace(asked, signer=checksummed(who.account), more=beside)
    if not who.credential:
        given = from_hex(str(answer.get("signature", "")), None, "the signature")
        return recoveries.LETTER.from_json(
            recoveries.LETTER.to_json(replace(mine, signature=given))
        )
    passkey, told = owner.passkey(who.credential), answer.get("answer")
    assertion = passkeys.answered(
        owner.site, told if isinstance(told, dict) else {}, passkey,
        accounts.nested_digest(asked.message, who.account),
    )  # fmt: skip
    nested = accounts.nesting(accounts.signature(passkey.key, assertion), asked.message)
    if passkey.account is None:  # the account may not be there yet
        factory = k.session["Accounts"].address
        nested = accounts.wrapped(factory, passkey.key, 0, nested)
    return replace(mine, signature=nested)
