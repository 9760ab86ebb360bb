"""Invitations: a studio asks artists who have no wallet, by a link that opens on their phone.

    desk = Invitations(k.data, "invitations")
    made = desk.invite("MANIFEST.csv", terms, studio="Studio Kaze")     # sends nothing
    desk.begin(made[0], passkey)            # the artist has a passkey now: their account is known
    desk.sign(made[0], assertion)           # their consent file is signed
    list(k.data.consents.submit("invitations"))                         # or the relay sends it

A data ID binds the wallet of its provider, so what an artist signs is prepared when their account
is known, and not before. The files must be what they were when the invitation was made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from kiseki.client import consentfiles
from kiseki.client.data import guests
from kiseki.client.data.consents import Consent
from kiseki.client.data.data import Data
from kiseki.client.data.guests import Names
from kiseki.core import accounts
from kiseki.core.checksum import checksummed
from kiseki.core.days import WAITING_DAYS
from kiseki.core.origin import OriginFile
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, to_hex, uint
from kiseki.disk.tables import PLAIN, Format
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault import doubts
from kiseki.vault.collecting import Works
from kiseki.vault.doubts import Decide, Doubts, refuse
from kiseki.vault.files import hash_files
from kiseki.vault.invitations import Drawing, Invitation, InvitationStore, Passkey, new_secret
from kiseki.vault.lists import ORIGIN, Entry

__all__ = ["CHANGED", "OTHER_PASSKEY", "OVER", "SIGNED", "Invitations"]

_DAY = 86_400

CHANGED = "the drawings were changed after this invitation was made; ask the studio for a new one"
OVER = "this invitation is over; ask the studio for a new one"
SIGNED = "this invitation is signed already"
OTHER_PASSKEY = "this passkey is not the one that this invitation was begun with"


class Invitations:
    """A studio's invitations, in a folder for its owner only: `invitations.sqlite`, and a consent
    file for each that was begun, which `Consents.submit` takes."""

    def __init__(self, data: Data, folder: str | Path) -> None:
        """
        Raises:
            SecretsError: the folder cannot be used, or others can read it.
        """
        self._data, self._wallet, self.folder = data, data.wallet, Path(folder)
        self.store = InvitationStore(self.folder / "invitations.sqlite")

    def close(self) -> None:
        """Closes the file."""
        self.store.close()

    # The studio

    def invite(
        self,
        source: str | Path,
        terms: Terms,
        *,
        studio: str,
        days: int = WAITING_DAYS,
        names: Callable[[str], str | None] = lambda _: None,
        table: Format = PLAIN,
        progress: Callable[[int, int], None] = lambda *_: None,
        doubtful: Decide = refuse,
        within: Path | None = None,
    ) -> list[Invitation]:
        """An invitation for each artist of a list; several where their works come from different
        places. Sends nothing. Made again from the same list, it is the same invitation with the
        same link.

        Args:
            source: a list with the columns ``file`` and ``artist`` (`kiseki.vault.lists`). An
                artist is a name, or the address of a wallet.
            terms: what they are asked to allow.
            studio: how the studio calls itself.
            days: for how long it can be signed.
            names: the wallet of somebody whom the studio knows; none for whom it does not.
            progress: called with how many files are hashed and how many there are.
            doubtful: what becomes of files that are probably no works.
            within: the folder in which all files of the list must be, where somebody else sent it.

        Raises:
            FilesError: the list or a file cannot be read, or files are doubtful.
            InvalidInput: a row names no artist or no file, or two artists of one work.
        """
        guests.must_be_a_name(studio)
        named, now = Names(names), self._wallet.session.now()
        rows = guests.rows(source, named, table, within)
        guests.must_be_there(rows, Path(source).absolute().parent, named)
        paths = list(dict.fromkeys(Path(each.file).absolute() for each in rows))
        hashed = {e.path: e for e in hash_files(paths, progress)}
        good = {each.path for each in Doubts().settle(list(hashed.values()), doubtful)}
        of: dict[tuple[str, tuple[str, ...]], dict[bytes, Drawing]] = {}
        owner: dict[bytes, str] = {}
        came: dict[bytes, tuple[str, ...]] = {}
        told: dict[tuple[str, ...], tuple[str, ...]] = {}
        for each in rows:
            path = Path(each.file).absolute()
            if path not in good:
                continue
            digest = hashed[path].digest
            if owner.setdefault(digest, each.artist) != each.artist:
                raise InvalidInput(
                    f"row {each.row}, {each.name!r:.80}, is a joint work: its ID binds one wallet, "
                    "so no two artists can both consent to it; put it into a list of payees "
                    "(`kiseki data register`)"
                )
            if came.setdefault(digest, each.origin) != each.origin:
                raise InvalidInput(
                    f"row {each.row}, {each.name!r:.80}: rows of one work say different things of "
                    "where it comes from"
                )
            if each.origin not in told:
                told[each.origin] = self._told(each)
            group = of.setdefault((each.artist, told[each.origin]), {})
            group.setdefault(digest, Drawing(path, each.name, digest))
        until = now + uint(days, 16, "the number of days", 1) * _DAY
        made = [
            Invitation(
                new_secret(), named.called(artist), studio, terms, tuple(drawings.values()), now,
                until, named.known(artist), origin=origin,
            )
            for (artist, origin), drawings in of.items()
        ]  # fmt: skip
        return self.store.add(made, now)

    def origin(self, invitation: Invitation) -> OriginFile | None:
        """The document of where the drawings come from; none where nobody said, or before it is
        known who signs."""
        if invitation.consent is None:
            return None
        said = self.consent(invitation).kept.origin
        return self._data.origins.known(said) if any(said) else None

    def _told(self, entry: Entry) -> tuple[str, ...]:
        """What a row says of where a work comes from, with the hashes of its evidence in place of
        files, which may be elsewhere when the artist comes.

        Raises:
            FilesError, InvalidInput: no document can say that.
        """
        if not entry.origin:
            return ()
        works = Works(((entry.artist, 1),), entry.origin, entry.row)
        try:
            said = self._data.origins.said(works, self._wallet.address.lower(), {})
        except (FilesError, InvalidInput) as error:
            raise type(error)(f"row {entry.row}, where it comes from: {error}") from error
        evidence = ";".join(f"{to_hex(each.hash)}={each.words}" for each in said.evidence)
        cells = zip(ORIGIN, entry.origin, strict=True)
        return tuple(evidence if name == "evidence" else cell for name, cell in cells)

    # The artist

    def of(self, secret: str) -> Invitation | None:
        """The invitation behind a link; none where there is none."""
        return self.store.of(secret)

    def account(self, passkey: Passkey) -> str:
        """Where the account of a passkey is or will be, in lower case."""
        if passkey.account is not None:
            return passkey.account
        session, key = self._wallet.session, passkey.key
        return accounts.address_of(
            session["Accounts"].address, session["Account"].address, accounts.key_of(key)
        )

    def begin(self, invitation: Invitation, who: Passkey | str) -> Invitation:
        """Prepares the consent, now that it is known who signs. Sends nothing.

        Args:
            who: the artist's passkey, or the address of their wallet.

        Raises:
            InvalidInput: it asks somebody else, is signed or over, or its files were changed.
            FilesError: a file is gone.
            SecretsError: as `Data.prepare`.
        """
        self._must_be_open(invitation)
        account = who.lower() if isinstance(who, str) else self.account(who)
        if invitation.account not in (None, account) and invitation.credential is None:
            raise InvalidInput(
                f"this invitation asks {checksummed(invitation.account or '')}; sign with that "
                "wallet, or ask the studio for another link"
            )
        entries = [
            Entry(
                str(e.path),
                b"",
                b"",
                e.name,
                account,
                row=row,
                origin=invitation.origin,
                called=invitation.artist,
            )
            for row, e in enumerate(invitation.drawings, 1)
        ]
        (kept,) = self._data.prepare_all(
            entries, invitation.terms, artists="providers", doubtful=doubts.take
        )
        digests = {d for part in self._wallet.salts.slices(kept.id) for d in part.digest_list}
        if digests - {ZERO32} != {each.digest for each in invitation.drawings}:
            raise InvalidInput(CHANGED)
        now = self._wallet.session.now()
        days = max(1, -(-(invitation.until - now) // _DAY))
        (path,) = self._data.consents.prepare([kept], self.folder, days=days)
        credential = None if isinstance(who, str) else who.credential
        self.store.begin(invitation.secret, account, credential, kept, path.name)
        return self._again(invitation)

    def consent(self, invitation: Invitation) -> Consent:
        """What the artist is asked to sign.

        Raises:
            InvalidInput: nobody has begun.
            FilesError: the file is gone.
        """
        if invitation.consent is None:
            raise InvalidInput("it is not known yet who signs this; begin with a passkey")
        return Consent.read(self.folder / invitation.consent)

    def challenge(self, invitation: Invitation) -> bytes:
        """What a passkey signs, 32 bytes."""
        consent = self.consent(invitation)
        return accounts.nested_digest(consent.message, consent.asked)

    def sign(self, invitation: Invitation, passkey: Passkey, assertion: bytes) -> Invitation:
        """Puts a passkey's signature into the consent file.

        Args:
            assertion: of `challenge`, as `kiseki.core.passkeys.assertion` gives it. That the
                passkey signed it must have been checked.

        Raises:
            InvalidInput: it is signed or over, or is another passkey's.
        """
        consent = self.consent(invitation)
        if self.account(passkey) != consent.asked:
            raise InvalidInput(OTHER_PASSKEY)
        nested = accounts.nesting(accounts.signature(passkey.key, assertion), consent.message)
        factory = self._wallet.session["Accounts"].address
        return self._signed(invitation, consent, accounts.wrapped(factory, passkey.key, 0, nested))

    def sign_with_wallet(self, invitation: Invitation, signature: bytes) -> Invitation:
        """Puts a wallet's signature into the consent file.

        Raises:
            InvalidInput: it is signed or over, or is another wallet's.
        """
        consent, given = self.consent(invitation), consentfiles.signature(signature)
        who = consentfiles.signer_of(consent.message, given)
        if who != consent.asked:
            raise InvalidInput(
                f"this is a signature of {who or 'nobody'} and not of {consent.asked}; choose that "
                "wallet"
            )
        return self._signed(invitation, consent, given)

    def _signed(self, invitation: Invitation, consent: Consent, given: bytes) -> Invitation:
        self._must_be_open(invitation)
        done = replace(consent, signature=given)
        consentfiles.write(self.folder / (invitation.consent or ""), done.to_json())
        self.store.signed(invitation.secret, int(time.time()))
        return self._again(invitation)

    def _must_be_open(self, invitation: Invitation) -> None:
        now = self._again(invitation)
        if now.signed_at is not None:
            raise InvalidInput(SIGNED)
        if now.until < self._wallet.session.now():
            raise InvalidInput(OVER)

    def _again(self, invitation: Invitation) -> Invitation:
        found = self.store.of(invitation.secret)
        if found is None:
            raise InvalidInput("there is no such invitation any more")
        return found
