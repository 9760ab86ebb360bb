"""The key store: salts, and what is in every collection that was prepared, in one SQLite file.

For its owner only: the file and the two that SQLite puts beside it (``-wal``, ``-shm``) have mode
0600, and a wider one is refused. Any number of threads and processes may use one store. What it
answers with is on the disk before it answers. ::

    store, backup = KeyStore(Path("secrets")), Path("/media/stick/secrets.age")
    store.backup(backup, recipient="age1…")
    KeyStore(Path("elsewhere")).restore(backup, identity=Path("key.txt"))

Losing it loses no right and no money, but every proof of what is behind an ID: back it up.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from kiseki.core import ids
from kiseki.core.collection import Kept, Slice
from kiseki.core.origin import OriginFile
from kiseki.core.values import ZERO32, address, address_text, bytes32, to_hex
from kiseki.errors import SecretsError
from kiseki.vault import backups
from kiseki.vault.openings import Openings
from kiseki.vault.people import Person
from kiseki.vault.tables import (
    BEFORE,
    BODY,
    COLLECTIONS,
    kept_of,
    packed,
    qualified,
    row_of,
    slice_of,
)

__all__ = ["KeyStore"]


_MOST = 900
"""Values of one question: older builds of SQLite take no more than 999."""


class KeyStore(Openings):
    """Keeps salts and collections in a file, or without a path while the process lives."""

    # Salts

    def count(self) -> int:
        """How many salts there are."""
        return int(self._rows("SELECT count(*) FROM salt")[0][0])

    def salts(self, provider: str, digests: Sequence[bytes]) -> list[bytes]:
        """The salt of each content, by SHA-256 digest; new ones are kept before this returns."""
        who = address(provider, "the provider")
        given = [bytes32(each, "a SHA-256 digest") for each in digests]
        with self._lock, self._errors():
            self._check()
            found = self._known(who, given)
            missing = sorted(set(given) - found.keys())
            if missing:
                made = {each: secrets.token_bytes(32) for each in missing}
                with self._write():
                    done = self._db.executemany(
                        "INSERT OR IGNORE INTO salt VALUES (?, ?, 0, ?)",
                        [(who, digest, salt) for digest, salt in made.items()],
                    )
                if done.rowcount < len(made):  # another process was faster
                    made |= self._known(who, missing)
                found |= made
        return [found[each] for each in given]

    def known(self, provider: str, digests: Sequence[bytes]) -> set[bytes]:
        """Which of these contents have a salt here for this provider; none is made."""
        who = address(provider, "the provider")
        with self._lock, self._errors():
            return set(self._known(who, [bytes32(each, "a SHA-256 digest") for each in digests]))

    def opens(self, provider: str, commitments: Collection[bytes]) -> set[bytes]:
        """Which of these commitments a salt of this provider gives. It looks through all salts."""
        wanted = set(commitments)
        if not wanted:
            return set()
        who = address(provider, "the provider")
        rows = self._rows("SELECT sha256, salt FROM salt WHERE provider = ?", who)
        return wanted.intersection(ids.commitment(digest, salt) for digest, salt in rows)

    def salt_of(self, provider: str, digest: bytes, commitment: bytes) -> bytes | None:
        """The salt with which a content gives this very commitment, if it is here."""
        rows = self._rows(
            "SELECT salt FROM salt WHERE provider = ? AND sha256 = ? ORDER BY number",
            address(provider, "the provider"), digest,
        )  # fmt: skip
        for (salt,) in rows:
            if ids.commitment(digest, salt) == commitment:
                return bytes(salt)
        return None

    def held(self, digests: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        """(digest, salt) of every salt that is kept for one of these contents, of whatever
        provider; none is made.

        It looks through all salts, because they are kept by provider.
        """
        given = [bytes32(each, "a SHA-256 digest") for each in digests]
        held: list[tuple[bytes, bytes]] = []
        for start in range(0, len(given), _MOST):
            some = given[start : start + _MOST]
            marks = ",".join("?" * len(some))
            held += self._rows(f"SELECT sha256, salt FROM salt WHERE sha256 IN ({marks})", *some)  # noqa: S608
        return held

    def forget(self, provider: str, digest: bytes) -> bool:
        """Destroys the salt of a content, its digest and its names, and with them for good the link
        between the content and its ID; backups and receipts keep it. Whether there was one.

        Raises:
            SecretsError: it is not gone from the disk while somebody else reads; run it again.
        """
        who = address(provider, "the provider")
        with self._lock, self._errors():
            self._check()
            self._db.execute("PRAGMA secure_delete = ON")
            with self._write():
                done = self._db.execute(
                    "DELETE FROM salt WHERE provider = ? AND sha256 = ?",
                    (who, bytes32(digest, "a SHA-256 digest")),
                )
                self._unname(who, digest)
            (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise SecretsError(
                "it is forgotten, but still on the disk while another program reads the key store; "
                "end that, then run this again"
            )
        return done.rowcount > 0

    # Collections

    def keep(self, kept: Kept, slices: Iterable[Slice]) -> None:
        """Keeps a collection with its items, all or nothing, before anything of it is sent.

        Kept again it has the values and names of the later time; digests that are known stay known,
        and the values of before stay among its `versions`.
        """
        with self._lock, self._errors():
            self._check()
            with self._write():
                self._keep(kept, slices)

    def collections(self, provider: str | None = None) -> Iterator[Kept]:
        """All collections that are kept, in the order in which they were, or a provider's."""
        sql = COLLECTIONS
        values: tuple[Any, ...] = ()
        if provider is not None:
            sql, values = f"{sql} WHERE provider = ?", (address(provider, "the provider"),)
        for row in self._rows(f"{sql} ORDER BY collection.rowid", *values):
            yield kept_of(row)

    def versions(self, collection: bytes) -> list[Kept]:
        """A collection with all values that it was prepared with, the last ones first; nothing
        when it is not kept here. Which of them stand, the chain says."""
        with self._lock:
            now = self._rows(f"{COLLECTIONS} WHERE collection.id = ?", collection)
            before = self._rows(f"{BEFORE} WHERE before.collection = ?", collection)
        return [kept_of(row) for row in (*now, *before)]

    def collection(self, collection: bytes) -> Kept:
        """One collection.

        Raises:
            SecretsError: it is not kept here.
        """
        found = self.versions(collection)
        if not found:
            raise SecretsError(
                f"the collection {to_hex(collection)} is not in this key store ({self.place}); "
                "name the one that it was registered with (--secrets), or restore a backup of "
                "that one (kiseki keys restore). Registering the files again makes new salts, "
                "and so other IDs"
            )
        return found[0]

    def slices(self, collection: bytes) -> Iterator[Slice]:
        """What a collection holds, slice by slice; nothing when it is not kept here."""
        sql = f"SELECT {BODY} FROM slice WHERE collection = ? AND number = ?"  # noqa: S608
        for number in range(1 << 32):
            rows = self._rows(sql, collection, number)
            if not rows:
                return
            yield slice_of(rows[0])

    def slice_roots(self, collection: bytes) -> list[bytes]:
        """The root of each slice, in order: the leaves of the collection's upper tree."""
        sql = "SELECT root FROM slice WHERE collection = ? ORDER BY number"
        return [bytes(root) for (root,) in self._rows(sql, collection)]

    # Backup

    def backup(
        self,
        path: Path,
        *,
        recipient: str | None = None,
        passphrase: str | None = None,
        clear: bool = False,
        people: Sequence[Person] = (),
    ) -> None:
        """Writes everything into a new file of mode 0600, encrypted with age.

        To a recipient it takes constant memory; with a passphrase all of it at once, because the
        library encrypts so. What is in it are JSON lines (`kiseki.vault.backups`), so `age -d`
        shows it without us.

        Args:
            recipient: an age recipient (``age1…``).
            passphrase: instead, a passphrase.
            clear: instead, not encrypted at all.
            people: of the address book, which goes along.

        Raises:
            InvalidInput: none of the three is given, or several; or no recipient.
            SecretsError: it cannot be written; or there is a file already.
        """
        with self._lock, self._errors():
            self._check()
            self._db.execute("BEGIN")  # all of one moment
            try:
                lines = chain(self._lines(), map(backups.person, people))
                backups.write(path, lines, recipient, passphrase, clear)
            finally:
                self._db.execute("ROLLBACK")

    def restore(
        self,
        path: Path,
        *,
        identity: str | Path | None = None,
        passphrase: str | None = None,
        person: Callable[[Person], None] = lambda _: None,
    ) -> int:
        """Merges a backup into this store, all of it or nothing; how many salts were new.

        Nothing that is here is lost. Also takes a key file of JSON lines.

        Args:
            identity: the age identity (``AGE-SECRET-KEY-1…``) of its recipient, or its file.
            passphrase: instead, the passphrase.
            person: called with everybody of the address book that the backup holds. They are not
                kept here (`People.merge`), and count only once this returns.

        Raises:
            SecretsError: wrong identity or passphrase; or it is cut off or damaged.
        """
        with self._lock, self._errors():
            self._check()
            before = self.count()
            with self._write():
                backups.read(path, lambda each: self._take(each, person), identity, passphrase)
            return self.count() - before

    # Inside

    def _known(self, who: bytes, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """The salts that are there, by digest."""
        found: dict[bytes, bytes] = {}
        for start in range(0, len(digests), _MOST):
            some = digests[start : start + _MOST]
            marks = ",".join("?" * len(some))
            rows = self._db.execute(
                "SELECT sha256, salt FROM salt WHERE provider = ? AND number = 0"  # noqa: S608
                f" AND sha256 IN ({marks})",
                (who, *some),
            )
            found.update(rows)
        return found

    def _keep(self, kept: Kept, slices: Iterable[Slice]) -> None:
        self._keep_split(kept)
        self._db.execute(
            "INSERT OR IGNORE INTO before SELECT id, count, payee, opening, origin"
            " FROM collection WHERE id = ?",
            (kept.id,),
        )
        self._db.execute(
            "INSERT INTO collection VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " count = excluded.count, payee = excluded.payee, opening = excluded.opening,"
            " origin = excluded.origin",
            row_of(kept),
        )
        self._db.execute(
            "DELETE FROM before WHERE collection = ? AND count = ? AND payee = ? AND origin = ?",
            (kept.id, kept.count, kept.payee.key, kept.origin),
        )
        for number, each in enumerate(slices):
            self._keep_slice(kept.id, number, each)

    def _keep_split(self, kept: Kept) -> None:
        """The leaves of a payee, so that they can be published and their payees be paid."""
        if kept.payee.split is not None:
            values = (kept.payee.key, kept.payee.split.to_json())
            self._db.execute("INSERT OR IGNORE INTO split VALUES (?, ?)", values)

    def _keep_slice(self, collection: bytes, number: int, new: Slice) -> None:
        old = self._db.execute(
            f"SELECT {BODY} FROM slice WHERE collection = ? AND number = ?",  # noqa: S608
            (collection, number),
        ).fetchone()
        digests, names = new.digests, new.names
        if old is not None:
            known = slice_of(old)
            pairs = zip(known.digest_list, new.digest_list, strict=True)
            digests = b"".join(was if now == ZERO32 else now for was, now in pairs)
            names = tuple(now or was for was, now in zip(known.names, names, strict=True))
        self._db.execute(
            "INSERT OR REPLACE INTO slice VALUES (?, ?, ?, ?, ?, ?)",
            (collection, number, new.root, new.commitments, digests, packed(names)),
        )

    def _unname(self, who: bytes, digest: bytes) -> None:
        """Takes a content's digest and names out of every slice."""
        rows = self._db.execute(
            f"SELECT slice.rowid, {qualified(BODY)} FROM slice"  # noqa: S608 - constants
            " JOIN collection ON collection.id = slice.collection"
            " WHERE provider = ? AND instr(digests, ?)",
            (who, digest),
        ).fetchall()
        for row, *body in rows:
            known = slice_of(body)
            left = [ZERO32 if each == digest else each for each in known.digest_list]
            named = zip(known.names, known.digest_list, strict=True)
            names = [() if each == digest else name for name, each in named]
            self._db.execute(
                "UPDATE slice SET digests = ?, names = ? WHERE rowid = ?",
                (b"".join(left), packed(names), row),
            )

    def _lines(self) -> Iterator[dict[str, Any]]:
        """All of it, as a backup has it."""
        for who, digest, salt in self._db.execute(
            "SELECT provider, sha256, salt FROM salt ORDER BY provider, sha256, number"
        ):
            yield {"provider": address_text(who), "sha256": digest.hex(), "salt": salt.hex()}
        rows = self._db.execute(f"{COLLECTIONS} ORDER BY collection.rowid")
        for row in rows.fetchall():
            kept = kept_of(row)
            yield backups.head(kept)
            for each in self.slices(kept.id):
                yield backups.body(each)
        for row in self._db.execute(f"{BEFORE} ORDER BY before.rowid").fetchall():
            yield backups.before(kept_of(row))
        for file in self.origins():
            yield backups.origin(file)
        for kept, _ in list(self.received()):
            yield from backups.told(kept, self.received_items(kept.id))

    def _take(self, what: backups.Line, person: Callable[[Person], None]) -> None:
        """Merges one line of a backup."""
        if isinstance(what, backups.Salt):
            self._merge_salt(what.provider, what.digest, what.salt)
        elif isinstance(what, backups.Told):
            self._receive(what.kept, what.items)
        elif isinstance(what, OriginFile):
            self._keep_origin(what)
        elif isinstance(what, Person):
            person(what)
        elif isinstance(what, Kept):
            self._keep_split(what)
            there = self.versions(what.id)
            if not there:
                self._keep(what, ())
            elif what not in there:
                self._db.execute(
                    "INSERT INTO before VALUES (?, ?, ?, ?, ?)",
                    (what.id, what.count, what.payee.key, what.payee.opening, what.origin),
                )
        else:
            self._keep_slice(what.kept.id, what.number, what.slice)
