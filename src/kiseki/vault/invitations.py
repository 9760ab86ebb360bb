"""Invitations: the drawings that a studio asks an artist to consent to, behind a link.

One SQLite file, for its owner only. Whoever has the secret of an invitation sees its drawings and
can sign in the artist's place, so the secret stands in the link that the artist gets and in this
file, and nowhere else. The file also knows the passkeys that were made here: a browser names one,
and only who kept its public key can tell what it signed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kiseki.core.collection import Kept
from kiseki.core.terms import Terms
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput
from kiseki.vault.ownfile import OwnFile

__all__ = ["Drawing", "Invitation", "InvitationStore", "Passkey", "new_secret"]

_APPLICATION = 0x4B494E56  # "KINV"
_SECRET_BYTES = 18
_SCHEMA = """
CREATE TABLE IF NOT EXISTS invitation (
    place BLOB PRIMARY KEY, secret TEXT NOT NULL, artist TEXT NOT NULL, studio TEXT NOT NULL,
    terms TEXT NOT NULL, drawings TEXT NOT NULL, made_at INTEGER NOT NULL, until INTEGER NOT NULL,
    account TEXT, credential BLOB, collection BLOB, root BLOB, consent TEXT, signed_at INTEGER,
    ticket TEXT, declined_at INTEGER, origin TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS invitation_account ON invitation (account) WHERE signed_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS passkey (
    credential BLOB PRIMARY KEY, public BLOB NOT NULL, key BLOB NOT NULL, site TEXT NOT NULL,
    account TEXT, made_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS site (key BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS invitation_collection ON invitation (collection);
"""
_FIELDS = (
    "secret, artist, studio, terms, drawings, made_at, until, account, credential, collection,"
    " root, consent, signed_at, ticket, declined_at, origin"
)


def new_secret() -> str:
    """Text that nobody guesses, as it stands in a link."""
    return secrets.token_urlsafe(_SECRET_BYTES)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A file that an artist is asked about.

    Attributes:
        path: where the studio has it.
        name: what the list calls it.
        digest: SHA-256 of its content when the invitation was made, 32 bytes.
    """

    path: Path
    name: str
    digest: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a studio asks one artist.

    Attributes:
        secret: stands in the link.
        artist: how the studio's list calls them.
        studio: how the studio calls itself.
        terms: what they are asked to allow.
        drawings: of which files.
        made_at, until: Unix seconds; after the last it can no longer be signed.
        account: who consents, in lower case; none before the artist has a passkey.
        credential: of the passkey that signs for that account; none where another wallet signs.
        collection, root: its ID, and that of its data IDs; none before the account is known.
        consent: the name of the consent file beside; likewise.
        signed_at: when it was signed; none before.
        ticket: of the relay that was asked to send it; none before.
        declined_at: when the artist said no; none otherwise. They may still change their mind.
        origin: what the list says of where the drawings come from (`kiseki.vault.lists.ORIGIN`);
            nothing where it says none of that.
    """

    secret: str = field(repr=False)
    artist: str
    studio: str
    terms: Terms
    drawings: tuple[Drawing, ...] = field(repr=False)
    made_at: int
    until: int
    account: str | None = None
    credential: bytes | None = None
    collection: bytes | None = None
    root: bytes | None = None
    consent: str | None = None
    signed_at: int | None = None
    ticket: str | None = None
    declined_at: int | None = None
    origin: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[object, ...]:
        """Whom it asks for what: two invitations that agree in this are one."""
        drawings = frozenset(each.digest for each in self.drawings)
        return self.artist, self.terms.id, drawings, self.origin


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey that was made here.

    Attributes:
        credential: by which browsers name it.
        public: its public key, as WebAuthn has it (COSE).
        key: the same, as an account takes it, 64 bytes.
        site: the name of the site that it belongs to.
        account: that it was made for, in lower case, where it is not the account's first key; none
            for the account that follows from the key.
    """

    credential: bytes
    public: bytes = field(repr=False)
    key: bytes
    site: str
    account: str | None = None


class InvitationStore(OwnFile):
    """Invitations in a file. Any number of threads and processes may use one."""

    def __init__(self, path: Path) -> None:
        """
        Args:
            path: of the file, made when it is not there.

        Raises:
            SecretsError: it cannot be used, others can read it, or it is something else.
        """
        super().__init__(path, _APPLICATION, _SCHEMA, "invitations")
        with self._writing():  # a file of before lists could say origins
            columns = {row[1] for row in self._db.execute("PRAGMA table_info(invitation)")}
            if "origin" not in columns:
                self._db.execute(
                    "ALTER TABLE invitation ADD COLUMN origin TEXT NOT NULL DEFAULT '[]'"
                )

    @cached_property
    def key(self) -> bytes:
        """A key that was made with the file and that nobody else knows, 32 bytes."""
        with self._writing():
            row = self._db.execute("SELECT key FROM site").fetchone()
            if row is None:
                row = (secrets.token_bytes(32),)
                self._db.execute("INSERT INTO site VALUES (?)", row)
            return bytes(row[0])

    # Invitations

    def add(self, invitations: Sequence[Invitation], now: int) -> list[Invitation]:
        """Keeps invitations, all or none. One that asks the same of the same artist, and is not
        over, stays in the place of the new one: its link may be on its way.

        Args:
            now: Unix seconds.
        """
        with self._writing():
            there = {each.asks: each for each in self._all() if each.until > now}
            kept = [there.get(each.asks, each) for each in invitations]
            self._db.executemany(
                "INSERT OR IGNORE INTO invitation (place, secret, artist, studio, terms, drawings,"
                " made_at, until, account, origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (_place(e.secret), e.secret, e.artist, e.studio, e.terms.to_json(),
                     _drawings_text(e.drawings), e.made_at, e.until, e.account,
                     json.dumps(e.origin))
                    for e in kept
                ],
            )  # fmt: skip
            return kept

    def all(self) -> list[Invitation]:
        """All of them, in the order in which they were made."""
        with self._using():
            return self._all()

    def names(self) -> list[tuple[str, str]]:
        """Everybody of whom it is known who consents: their account, in lower case, and how a list
        calls them."""
        with self._using():
            return self._db.execute(
                "SELECT DISTINCT account, artist FROM invitation WHERE account IS NOT NULL"
                " ORDER BY account, artist"
            ).fetchall()

    def signed_by(self, account: str) -> list[Invitation]:
        """Those that an account signed, in the order in which they were made.

        Args:
            account: in lower case.
        """
        with self._using():
            rows = self._db.execute(
                f"SELECT {_FIELDS} FROM invitation WHERE account = ?"  # noqa: S608 - a constant
                " AND signed_at IS NOT NULL ORDER BY rowid",
                (account,),
            )
            return [_invitation(row) for row in rows]

    def of(self, secret: str) -> Invitation | None:
        """The one with this secret; none where there is none."""
        with self._using():
            row = self._db.execute(
                f"SELECT {_FIELDS} FROM invitation WHERE place = ?",  # noqa: S608 - a constant
                (_place(secret),),
            ).fetchone()
            return None if row is None else _invitation(row)

    def registered(self, collection: bytes) -> Invitation | None:
        """The one that asked for the consent to a collection, the latest where there are several;
        none where no invitation here did."""
        with self._using():
            row = self._db.execute(
                f"SELECT {_FIELDS} FROM invitation WHERE collection = ?"  # noqa: S608 - a constant
                " ORDER BY signed_at IS NULL, rowid DESC LIMIT 1",
                (collection,),
            ).fetchone()
            return None if row is None else _invitation(row)

    def begin(
        self, secret: str, account: str, credential: bytes | None, kept: Kept, consent: str
    ) -> None:
        """Notes who will sign, and what. Before it is signed the same can be noted anew."""
        self._change(
            "account = ?, credential = ?, collection = ?, root = ?, consent = ? WHERE place = ? AND"
            " signed_at IS NULL", account, credential, kept.id, kept.root, consent, _place(secret),
        )  # fmt: skip

    def signed(self, secret: str, when: int) -> None:
        """Notes that it is signed."""
        self._change(
            "signed_at = ?, declined_at = NULL WHERE place = ? AND signed_at IS NULL",
            when,
            _place(secret),
        )

    def declined(self, secret: str, when: int) -> None:
        """Notes that the artist does not agree."""
        self._change("declined_at = ? WHERE place = ? AND signed_at IS NULL", when, _place(secret))

    def relayed(self, secret: str, ticket: str) -> None:
        """Notes which ticket the relay gave."""
        self._change("ticket = ? WHERE place = ?", ticket, _place(secret))

    # Passkeys

    def keep_passkey(self, passkey: Passkey, now: int) -> None:
        """Keeps a passkey.

        Raises:
            InvalidInput: another is known by the same name.
        """
        with self._writing():
            self._db.execute(
                "INSERT OR IGNORE INTO passkey VALUES (?, ?, ?, ?, ?, ?)",
                (
                    passkey.credential,
                    passkey.public,
                    passkey.key,
                    passkey.site,
                    passkey.account,
                    now,
                ),
            )
            if self.passkey(passkey.credential) != passkey:
                raise InvalidInput("another passkey has this name already; make a new one")

    def passkey(self, credential: bytes) -> Passkey | None:
        """The passkey that a browser names; none where it was not made here."""
        with self._using():
            row = self._db.execute(
                "SELECT credential, public, key, site, account FROM passkey WHERE credential = ?",
                (credential,),
            ).fetchone()
            return None if row is None else Passkey(*row)

    # Inside

    def _all(self) -> list[Invitation]:
        rows = self._db.execute(f"SELECT {_FIELDS} FROM invitation ORDER BY rowid")  # noqa: S608
        return [_invitation(row) for row in rows]

    def _change(self, sql: str, *values: Any) -> None:
        with self._writing():
            done = self._db.execute(f"UPDATE invitation SET {sql}", values)  # noqa: S608
            if done.rowcount != 1:
                raise InvalidInput("this invitation is signed already, or there is none")


def _place(secret: str) -> bytes:
    """By which a link is looked up: comparing it tells nobody how much of a secret was right."""
    return hashlib.sha256(secret.encode()).digest()


def _drawings_text(drawings: Sequence[Drawing]) -> str:
    return json.dumps([[str(e.path), e.name, to_hex(e.digest)] for e in drawings])


def _invitation(row: Sequence[Any]) -> Invitation:
    secret, artist, studio, terms, drawings, *rest, origin = row
    files = tuple(
        Drawing(Path(path), name, bytes.fromhex(digest[2:]))
        for path, name, digest in json.loads(drawings)
    )
    said = tuple(json.loads(origin))
    made = Invitation(secret, artist, studio, Terms.from_json(terms), files, *rest)
    return replace(made, origin=said)
