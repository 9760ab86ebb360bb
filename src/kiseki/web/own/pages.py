"""An artist's own pages. Nobody else sees them, and no cache keeps them.

What is done here is signed with the passkey each time, after it was shown in words; the relay sends
it. A site without a relay shows and downloads, and sends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup

from kiseki.client import cancellations
from kiseki.client.accounts.accounts import AccountState
from kiseki.client.accounts.operations import Operation, key_words
from kiseki.core import accounts, seal
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import ChainError, InvalidInput, KisekiError, SigningError
from kiseki.index import Index
from kiseki.vault.invitations import Passkey
from kiseki.web import siwe, statements
from kiseki.web.asked import Answer, Asked
from kiseki.web.codes import qr
from kiseki.web.guard import own_script
from kiseki.web.own import actions
from kiseki.web.own.drawings import drawings
from kiseki.web.own.effects import EffectShown, effect
from kiseki.web.own.entry import Visitor, enter, leave, visitor
from kiseki.web.own.opened import OpenShown, opened, withdraw
from kiseki.web.relay.relay import Relay
from kiseki.web.shown import collections, wallets
from kiseki.web.shown.values import Rows, UseRow
from kiseki.web.signing import passkeys
from kiseki.web.signing.desk import Desk
from kiseki.web.signing.passkeys import SiteName

__all__ = ["Closed", "closed", "own"]

own = APIRouter(prefix="/own", include_in_schema=False)

NOT_OURS = "this passkey was not made here; use the one that you signed with"
NO_RELAY = "this site sends nothing for others; ask who runs it to turn the relay on"
NOT_YET = "this key does not sign for its account: guardians have not given it to it yet"
_STATEMENT = "See your own pages on this site. This moves nothing."
_NEVER_KEPT = {"Cache-Control": "no-store"}
_SETS = 10
"""Collections of which the own page says who uses them; the wallet's page has all of them."""


class Closed(KisekiError):  # noqa: N818 - reads as what happened
    """Nobody can sign in here: the site keeps no passkeys."""


class Owner:
    """Somebody at their own pages.

    Attributes:
        visit: their question.
        desk: which knows their passkeys.
        who: that is signed in; none before.
    """

    def __init__(self, request: Request) -> None:
        """
        Raises:
            Closed: this site keeps no passkeys.
        """
        self.visit, self.site = Asked.of(request), SiteName.of(request)
        desk: Desk | None = request.app.state.desk
        if desk is None:
            raise Closed("this site keeps no passkeys")
        self.desk = desk
        self.who: Visitor | None = visitor(request, desk.key("own pages"))

    @property
    def root(self) -> str:
        """Where the site begins, before all its paths."""
        return str(self.visit.request.scope.get("root_path", ""))

    def at(self, page: str = "") -> str:
        """The address of an own page."""
        return f"{self.root}/own{page}"

    @property
    def origin(self) -> str:
        """The address of this site, as links name it."""
        return f"{self.site.origins[-1]}{self.root}"

    @property
    def chain_id(self) -> int:
        """The chain of this site."""
        return self.visit.site.k.session.chain_id

    @property
    def relay(self) -> Relay:
        """What sends for others.

        Raises:
            InvalidInput: this site sends nothing for others.
        """
        found: Relay | None = self.visit.request.app.state.relay
        if found is None:
            raise InvalidInput(NO_RELAY)
        return found

    @property
    def peer(self) -> str:
        """The network address that asks; empty where there is none."""
        client = self.visit.request.client
        return "" if client is None else client.host

    def page(self, name: str, **values: object) -> Response:
        """One of the pages."""
        return self.visit.plain(f"own/{name}.html", 200, at=self.at, site=self.site, **values)

    def must(self) -> Visitor:
        """Who is signed in.

        Raises:
            InvalidInput: nobody is.
        """
        if self.who is None:
            raise InvalidInput(passkeys.TOO_LATE)
        return self.who

    def refused(self, error: KisekiError) -> Response:
        """What is wrong, for a script."""
        return JSONResponse(self.visit.words.refused(str(error)), 400, _NEVER_KEPT)

    def passkey(self, credential: bytes) -> Passkey:
        """A passkey that was made here.

        Raises:
            InvalidInput: it was not.
        """
        found = self.desk.store.passkey(credential)
        if found is None:
            raise InvalidInput(NOT_OURS)
        return found


Visit = Annotated[Owner, Depends(Owner)]


def closed(request: Request, _: Exception) -> Response:
    """What a visitor is shown where nobody can sign in."""
    return Asked.of(request).plain("own/closed.html", 404)


# What is read


@dataclass(frozen=True, slots=True)
class SetShown:
    """One of the owner's collections, and who uses it.

    Attributes:
        row: the collection.
        uses: the first who declare it.
    """

    row: wallets.MadeRow
    uses: Rows[UseRow]


@own.get("")
def front(owner: Visit, then: Annotated[str, Query(max_length=400)] = "") -> Response:
    """What came, what waits, and who uses what; or the door, behind which `then` comes."""
    if owner.site.is_number:
        address = owner.visit.request.url.replace(hostname="localhost")
        return RedirectResponse(str(address), 307)
    if owner.who is None:
        asked = passkeys.challenge(owner.desk.key("challenge").hex())
        return owner.page(
            "enter", then=quote(then), options={"get": passkeys.asking(owner.site, asked, None)},
            asked=siwe.asked(
                owner.visit.request, "/own", _STATEMENT, owner.chain_id,
                owner.desk.key("own pages of wallets"),
            ),
        )  # fmt: skip
    account = owner.who.account
    with owner.visit.site.reading() as index:
        state = owner.visit.site.state(index)
        shown = wallets.wallet(index, account)
        sets = [_set(index, row) for row in shown.collections.rows[:_SETS]]
    return owner.page(
        "home", shown=shown, sets=sets, read=state, passkey=bool(owner.who.credential),
        account=_account(owner, account), opened=_opened(owner, account),
        relays=owner.visit.request.app.state.relay is not None,
    )  # fmt: skip


def _opened(owner: Owner, account: str) -> list[OpenShown]:
    relay: Relay | None = owner.visit.request.app.state.relay
    with owner.desk.connected() as k:
        return opened(owner.visit.words, k, owner.desk, relay, account)


def _set(index: Index, row: wallets.MadeRow) -> SetShown:
    return SetShown(row, collections.uses(index, from_hex(row.id, 32, "the collection"), most=5))


@dataclass(frozen=True, slots=True)
class AccountShown:
    """An account, as far as it can be told.

    Attributes:
        answers: whether the node says what it is; without, the rest is empty and means nothing.
        made: whether it is on the chain yet; before, its first key alone signs for it.
        keys: in words.
        state: on the chain; none where it is not there or nobody says.
    """

    answers: bool
    made: bool
    keys: list[str]
    state: AccountState | None


def _account(owner: Owner, account: str) -> AccountShown:
    language = owner.visit.words.language
    try:
        with owner.desk.connected() as k:
            state = k.accounts.state(account)
    except InvalidInput:
        return AccountShown(True, False, [], None)
    except ChainError:
        return AccountShown(False, False, [], None)
    return AccountShown(True, True, [key_words(each, language) for each in state.keys], state)


@own.get("/statement.csv")
def statement(owner: Visit) -> Response:
    """What reached the account, payment by payment, as a table for a tax adviser."""
    return statements.statement(owner.visit, owner.must().account, "no-store")


@own.get("/do/{action}")
def ask(owner: Visit, action: str) -> Response:
    """An action in words, to be signed; or the form that it needs."""
    if owner.who is None:
        url = owner.visit.request.url
        return RedirectResponse(owner.at(f"?then={quote(f'{url.path}?{url.query}')}"), 303)
    said = dict(owner.visit.request.query_params)
    said.pop("language", None)
    if not owner.who.credential:
        return _letter(owner, owner.who.account, action, said)
    operation, problem = None, ""
    if said or action not in _FORMS:
        try:
            with owner.desk.connected() as k:
                operation = actions.prepared(k, owner.who.account, action, said)
        except InvalidInput as error:
            problem = str(error)
    passkey = owner.passkey(owner.who.credential)
    return owner.page(
        "do", action=action, letter=False, account=checksummed(owner.who.account),
        code=qr(f"{owner.origin}/own/new?account={checksummed(owner.who.account)}"),
        said=said, problem=problem, drawing=_drawing(owner, said),
        effect=_effect(owner, action, said),
        words_of=None if operation is None else operation.words(owner.visit.words.language),
        message=None if operation is None else operation.message,
        options=None if operation is None else {
            "get": passkeys.asking(owner.site, operation.digest, passkey.credential)
        },
    )  # fmt: skip


def _effect(owner: Owner, action: str, said: dict[str, str]) -> EffectShown | None:
    """What revoking does; none for anything else."""
    if action not in ("revoke", "revoke-item"):
        return None
    with owner.visit.site.reading() as index:
        return effect(index, owner.must().account, said)


def _drawing(owner: Owner, said: dict[str, str]) -> tuple[str, str]:
    """The address and the name of the drawing that an action is about; both empty where this site
    does not have it, or where the action is about none."""
    try:
        collection = from_hex(said.get("collection"), 32, "the collection")
        item = from_hex(said.get("item"), 32, "the commitment")
    except InvalidInput:
        return "", ""
    found = drawings(owner.desk, owner.must().account, collection).get(item)
    if found is None:
        return "", ""
    return owner.at(f"/collection/{to_hex(collection)}/drawing/{to_hex(item)}"), found.name


def _letter(owner: Owner, wallet: str, action: str, said: dict[str, str]) -> Response:
    """What a wallet signs, as a letter that the relay brings. It needs no account for anything
    else: it sends that itself."""
    if action not in ("revoke", "revoke-item", "cancel"):
        return RedirectResponse(owner.at(), 303)
    message, words_of, problem = None, None, ""
    try:
        with owner.desk.connected() as k:
            asked = actions.cancellation if action == "cancel" else actions.revocation
            prepared = asked(k, wallet, said)
        message = prepared.message
        words_of = [actions.kind_of(message).words(prepared, owner.visit.words.language)]
    except InvalidInput as error:
        problem = str(error)
    return owner.page(
        "do", action=action, letter=True, account=checksummed(wallet), code="", said=said,
        problem=problem, drawing=_drawing(owner, said), words_of=words_of,
        effect=_effect(owner, action, said),
        message=message, options=None,
    )  # fmt: skip


@own.get("/new")
def ask_new(
    owner: Visit,
    account: Annotated[str, Query(max_length=42)] = "",
    key: Annotated[str, Query(max_length=130)] = "",
) -> Response:
    """A new passkey for an account whose keys are lost: what guardians are told."""
    shown, problem, options, guarded = "", "", None, True
    try:
        shown = checksummed(address(account, "the account")) if account else ""
        raw = from_hex(key, 64, "the key") if key else b""
    except InvalidInput as error:
        shown, raw, problem = "", b"", str(error)
    if shown and not raw:
        guarded = _is_guarded(owner, shown)
        asked = passkeys.challenge(owner.desk.key("challenge").hex())
        options = {"create": passkeys.creating(owner.site, shown, asked)}
    return owner.page(
        "new", account=shown, problem=problem, options=options, guarded=guarded,
        link=f"{owner.origin}/own/do/key?key={to_hex(raw)}" if raw else "",
        asking=f"{owner.origin}/own/recovery?account={shown}&key={to_hex(raw)}" if raw else "",
        code=qr(f"{owner.origin}/own/do/key?key={to_hex(raw)}") if raw else "",
        key=to_hex(raw) if raw else "",
        called=key_words(raw, owner.visit.words.language) if raw else "",
        seal=Markup(seal.svg(keccak256(raw))) if raw else "",  # noqa: S704 - drawn here
    )  # fmt: skip


def _is_guarded(owner: Owner, account: str) -> bool:
    """Whether somebody could give the account a key; also where the node does not say."""
    try:
        with owner.desk.connected() as k:
            return bool(k.accounts.state(account).guardians)
    except InvalidInput:
        return False
    except ChainError:
        return True


_FORMS = ("claim", "key", "guardians")
"""Actions that ask something first."""


# What is answered


@own.post("/enter", dependencies=[Depends(own_script)])
def entered(
    owner: Visit, answer: Answer, then: Annotated[str, Query(max_length=400)] = ""
) -> Response:
    """Somebody signs in."""
    try:
        passkey = owner.passkey(passkeys.named(answer))
        passkeys.answered(owner.site, answer, passkey, None, owner.desk.key("challenge").hex())
    except InvalidInput as error:
        return owner.refused(error)
    try:
        account = _account_of(owner, passkey)
    except InvalidInput as error:
        return owner.refused(error)
    response = JSONResponse({"next": _after(owner, then)}, headers=_NEVER_KEPT)
    enter(
        owner.visit.request, response, Visitor(account, passkey.credential),
        owner.desk.key("own pages"),
    )  # fmt: skip
    return response


def _after(owner: Owner, then: str) -> str:
    """The page behind the door: the one that somebody came for, if it is an own page."""
    ways = ("/do/", "/recovery?", "/guardian")
    return then if then.startswith(tuple(map(owner.at, ways))) else owner.at()


def _account_of(owner: Owner, passkey: Passkey) -> str:
    """The account that a passkey signs for.

    Raises:
        InvalidInput: it was made for an account that does not know it yet, or any more.
        ChainError: the node does not say.
    """
    with owner.desk.using() as invitations:
        account = invitations.account(passkey)
    if passkey.account is not None:
        with owner.desk.connected() as k:
            if passkey.key not in k.accounts.state(account).keys:
                raise InvalidInput(NOT_YET)
    return account


@own.post("/new", dependencies=[Depends(own_script)])
def made(owner: Visit, answer: Answer, account: Annotated[str, Query(max_length=42)]) -> Response:
    """Somebody made a passkey for an account that they cannot open any more."""
    try:
        at = address_text(address(account, "the account"))
        new = passkeys.made(owner.site, answer, owner.desk.key("challenge").hex())
        owner.desk.store.keep_passkey(replace(new, account=at), owner.desk.now())
    except InvalidInput as error:
        return owner.refused(error)
    page = owner.at(f"/new?account={at}&key={to_hex(new.key)}")
    return JSONResponse({"next": page}, headers=_NEVER_KEPT)


@own.post("/enter-wallet", dependencies=[Depends(own_script)])
def entered_with_wallet(
    owner: Visit, answer: Answer, then: Annotated[str, Query(max_length=400)] = ""
) -> Response:
    """Somebody with a wallet signs in."""
    try:
        who = siwe.signer(
            owner.visit.request, "/own", _STATEMENT, owner.chain_id,
            owner.desk.key("own pages of wallets"), answer,
        )  # fmt: skip
    except InvalidInput as error:
        return owner.refused(error)
    response = JSONResponse({"next": _after(owner, then)}, headers=_NEVER_KEPT)
    enter(owner.visit.request, response, Visitor(who, b""), owner.desk.key("own pages"))
    return response


@own.post("/letter", dependencies=[Depends(own_script)])
def written(owner: Visit, answer: Answer) -> Response:
    """A letter comes back signed by a wallet, and goes to the relay."""
    try:
        who = owner.must()
        relay = owner.relay
        signature = from_hex(str(answer.get("signature", "")), None, "the signature")
        letter = actions.letter(answer.get("message"), signature)
        if letter.signer.lower() != who.account:
            raise InvalidInput(siwe.ANOTHER)
        if letter.message["primaryType"] == "Cancellation":
            ticket = relay.ask("cancellation", cancellations.LETTER.to_json(letter), owner.peer)
            number = int(letter.message["message"]["cancelled"])
            _withdraw(owner, relay, who.account, {(actions.REGISTRY, number)})
        else:
            ticket = relay.revocation(letter, owner.peer)
    except SigningError:
        return owner.refused(InvalidInput(siwe.ANOTHER))
    except InvalidInput as error:
        return owner.refused(error)
    return JSONResponse({"next": f"{owner.root}/relay/{ticket}"}, 200, _NEVER_KEPT)


@own.post("/leave", dependencies=[Depends(own_script)])
def left(owner: Visit) -> Response:
    """Somebody signs out."""
    response = JSONResponse({"next": owner.at()}, headers=_NEVER_KEPT)
    leave(response)
    return response


@own.post("/do", dependencies=[Depends(own_script)])
def done(owner: Visit, answer: Answer) -> Response:
    """An operation comes back signed, and goes to the relay."""
    try:
        who, relay = owner.must(), owner.relay
        passkey = owner.passkey(who.credential)
        with owner.desk.connected() as k:
            operation: Operation = actions.again(k, who.account, answer.get("message"))
        given = answer.get("answer")
        signed = passkeys.answered(
            owner.site, given if isinstance(given, dict) else {}, passkey, operation.digest
        )
        approval = accounts.signature(passkey.key, signed)
        first = passkey.key if passkey.account is None else None
        ticket = relay.operation(operation, approval, first, 0, owner.peer)
        _withdraw(owner, relay, who.account, actions.cancels(operation))
    except InvalidInput as error:
        return owner.refused(error)
    return JSONResponse({"next": f"{owner.root}/relay/{ticket}"}, 200, _NEVER_KEPT)


def _withdraw(owner: Owner, relay: Relay, who: str, numbers: set[tuple[str, int]]) -> None:
    """What somebody cancels this site sends no more."""
    if numbers:
        with owner.desk.connected() as k:
            withdraw(owner.visit.words, k, relay, who, numbers)
