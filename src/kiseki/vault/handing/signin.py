"""Signing in with a wallet (EIP-4361), and sessions.

The vault makes the whole text, keeps it, and later takes a signature of this very text: it parses
nothing that a visitor sent. The text is bound to the browser that asked for it: a cookie is given
with it, and comes back with the signature. A text is used up by the first answer, a wrong one too.

Limits are by whoever asks (as the server knows them: a network address) and overall, not by wallet:
with a limit by wallet, a stranger who asks for texts in its name could lock its owner out. An
answer uses up a text, so the limits hold for answers as well.

A clock that was set back makes nothing hold longer: what begins after now is not taken.

Who has the key of an address can act for it for ever, so what a key signed is looked at once. A
contract answers for itself, and its owners change: its text and signature are kept with the
session, and it is asked again (`SignIn.still`) whenever something is given to it.

In the database are hashes of cookies and tokens only; who reads it cannot sign in with them, nor
with a text that was signed, which is used up.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import bindparam, delete, select

from kiseki.core.checksum import checksummed
from kiseki.core.values import address, address_text, uint
from kiseki.errors import InvalidInput, VaultError
from kiseki.vault.handing import rates
from kiseki.vault.handing.clocks import SKEW
from kiseki.vault.store import tables
from kiseki.vault.store.database import Database, add_many

__all__ = ["By", "Invitation", "Limits", "NotSignedIn", "Session", "SignIn", "SignedBy"]


class By(Enum):
    """Who says that a wallet signed a text."""

    KEY = "the wallet's key"
    CONTRACT = "the wallet itself, which is a contract"


SignedBy = Callable[[str, str, bytes], By | None]
"""``signed_by(address, text, signature)``: by whose word this wallet signed this text; none: it did
not. It raises where that cannot be found out, because nobody could be asked."""

_DOMAIN = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
_STATEMENT = re.compile(r"[A-Za-z0-9 .,;:!?'()/-]+", re.ASCII)
"""A part of what EIP-4361 lets a statement have, and no line break."""
_URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+", re.ASCII)
_NONCE = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NOT_SIGNED_IN = "you are not signed in, or no longer; sign in again"
_LONGEST_SIGNATURE = 16_384
_SESSION = tables.session.c
# Made once: it is asked with each range.
_WHO = select(_SESSION.address, _SESSION.message, _SESSION.signature).where(
    _SESSION.token == bindparam("hash"),
    _SESSION.begins <= bindparam("begun"),
    _SESSION.ends > bindparam("now"),
)


def must_be_domain(domain: str) -> None:
    """Refuses what people cannot sign in at.

    Raises:
        InvalidInput: it is no host name, with its port if it has one.
    """
    if not _DOMAIN.fullmatch(domain):
        raise InvalidInput(f"the vault's domain must be one as host or host:8000, not {domain}")


class NotSignedIn(VaultError):  # noqa: N818 - reads as what happened
    """Nobody is signed in here, or what was to sign them in does not."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things hold, and how often they may be asked for.

    Attributes:
        text: seconds in which a text must be signed.
        session: seconds that a session lasts.
        span: seconds in which texts are counted.
        each: texts for one who asks, in that time.
        all: texts for all together, in that time.
    """

    text: int = 600
    session: int = 8 * 3_600
    span: int = 60
    each: int = 20
    all: int = 2_000


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a wallet is asked to sign.

    Attributes:
        text: to be signed as it is (EIP-191, `personal_sign`).
        nonce: names the text; it comes back with the signature.
        cookie: comes back with the signature, from the same browser; to be set as a cookie that no
            script and no other site reads.
        ends: the first second at which it is too late, since 1970.
    """

    text: str
    nonce: str
    cookie: str = field(repr=False)
    ends: int


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in.

    Attributes:
        address: the wallet, in lower case.
        token: shows that it is them; to be kept as `Invitation.cookie` is.
        ends: the first second at which it is over, since 1970.
    """

    address: str
    token: str = field(repr=False)
    ends: int


class SignIn:
    """The door of one vault.

    Args:
        database: where texts and sessions are kept.
        domain: of the vault, with its port if it has one: from its configuration, never from what
            a visitor's browser calls it.
        uri: where people sign in, on this domain.
        chain_id: of the chain that is asked about licences.
        statement: what signing in means, in a sentence of ASCII letters.
        signed_by: tells whether a wallet signed a text.

    Raises:
        InvalidInput: one of them cannot stand in a text.
    """

    def __init__(
        self,
        database: Database,
        domain: str,
        uri: str,
        chain_id: int,
        statement: str,
        signed_by: SignedBy,
        limits: Limits = Limits(),
    ) -> None:
        must_be_domain(domain)
        if not _URI.fullmatch(uri) or urlsplit(uri).netloc != domain:
            raise InvalidInput(f"people must sign in at a URL of {domain}, not {uri!r:.80}")
        if not _STATEMENT.fullmatch(statement):
            raise InvalidInput("the sentence that people sign must be one line of ASCII letters")
        self._database, self._signed_by, self._limits = database, signed_by, limits
        self._domain, self._uri, self._statement = domain, uri, statement
        self._chain_id = uint(chain_id, 64, "the chain's ID", 1)

    def invite(self, who: str, asker: str, now: int) -> Invitation:
        """A text for a wallet to sign.

        Args:
            who: the wallet's address.
            asker: who asks, as the server knows them.
            now: in seconds since 1970.

        Raises:
            InvalidInput: that is no address.
            VaultError: too many texts were asked for.
        """
        wallet, limits = address(who, "the wallet"), self._limits
        with self._database.writing() as db:
            rates.count(db, f"sign in {asker}", limits.each, limits.span, now)
            rates.count(db, "sign in", limits.all, limits.span, now)
            db.execute(delete(tables.nonce).where(tables.nonce.c.ends <= now))
            nonce, cookie, ends = (
                secrets.token_hex(16),
                secrets.token_urlsafe(32),
                now + limits.text,
            )
            text = self._text(wallet, nonce, now, ends)
            add_many(db, tables.nonce, [(nonce, _hash(cookie), wallet, text, now, ends)])
        return Invitation(text, nonce, cookie, ends)

    def enter(self, nonce: str, cookie: str, signature: bytes, now: int) -> Session:
        """Begins a session for the wallet that signed. The text cannot be used again, whatever
        comes of this; what `signed_by` raises is raised, and a new text is needed.

        Raises:
            NotSignedIn: there is no such text for this browser now, or the wallet did not sign it.
        """
        c, found = tables.nonce.c, None
        if _NONCE.fullmatch(nonce):
            with self._database.writing() as db:
                found = db.execute(
                    delete(tables.nonce)
                    .where(c.nonce == nonce, c.cookie == _hash(cookie))
                    .returning(c.address, c.message, c.begins, c.ends)
                ).one_or_none()
        if found is None or not found.begins - SKEW <= now < found.ends:
            raise NotSignedIn(
                "what was signed is not what this browser was given, or was used, or is too old; "
                "sign in again"
            )
        who = address_text(found.address)
        by = None
        if len(signature) <= _LONGEST_SIGNATURE:
            by = self._signed_by(who, found.message, signature)
        if not by:
            raise NotSignedIn(f"{who} did not sign this; sign in again with the wallet you named")
        session = Session(who, secrets.token_urlsafe(32), now + self._limits.session)
        with self._database.writing() as db:
            db.execute(delete(tables.session).where(tables.session.c.ends <= now))
            kept = (None, None) if by is By.KEY else (found.message, signature)
            row = (_hash(session.token), found.address, now, session.ends, *kept)
            add_many(db, tables.session, [row])
        return session

    def who(self, token: str, now: int) -> str:
        """The wallet of a session, in lower case.

        Raises:
            NotSignedIn: there is no such session, or it is over.
        """
        return address_text(self._session(token, now)[0])

    def still(self, token: str, now: int) -> str:
        """The wallet of a session, in lower case, which says so itself now if it is a contract. If
        it does no longer, the session ends.

        What `signed_by` raises is raised; then the session stays.

        Raises:
            NotSignedIn: there is no such session, it is over, or the wallet does not say so.
        """
        wallet, text, signature = self._session(token, now)
        who = address_text(wallet)
        if signature is not None and not self._signed_by(who, text, signature):
            self.leave(token)
            raise NotSignedIn(_NOT_SIGNED_IN)
        return who

    def _session(self, token: str, now: int) -> Any:
        found = self._database.rows(_WHO, hash=_hash(token), begun=now + SKEW, now=now)
        if not found:
            raise NotSignedIn(_NOT_SIGNED_IN)
        return found[0]

    def leave(self, token: str) -> None:
        """Ends a session, if there is one."""
        with self._database.writing() as db:
            db.execute(delete(tables.session).where(tables.session.c.token == _hash(token)))

    def leave_everywhere(self, who: str) -> None:
        """Ends all sessions of a wallet.

        Raises:
            InvalidInput: that is no address.
        """
        wallet = address(who, "the wallet")
        with self._database.writing() as db:
            db.execute(delete(tables.session).where(tables.session.c.address == wallet))

    def _text(self, wallet: bytes, nonce: str, now: int, ends: int) -> str:
        return (
            f"{self._domain} wants you to sign in with your Ethereum account:\n"
            f"{checksummed(wallet)}\n\n{self._statement}\n\n"
            f"URI: {self._uri}\nVersion: 1\nChain ID: {self._chain_id}\nNonce: {nonce}\n"
            f"Issued At: {_day(now)}\nExpiration Time: {_day(ends)}"
        )


def _day(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
