"""Documents of origin: kept, signed by co-owners, checked before registering, and stated.

A co-owner whose consent is required says so by a statement (`IStatements`) of the kind ``origin``
about the document, in a transaction or as a signature that anybody can send. The contract itself is
asked whether a signature counts, so contract wallets sign as they do everywhere, and a consent that
was cancelled or is over counts no more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Call, answered
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.consentfiles import signer_of
from kiseki.client.data import originparts as parts
from kiseki.client.payable import payable_identity
from kiseki.client.wallet import Wallet, document_hash
from kiseki.core import ids, typed
from kiseki.core import origin as origins
from kiseki.core.checksum import checksummed
from kiseki.core.collection import Kept
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.core.origin import KIND, Origin, OriginFile, Owner, Signature
from kiseki.core.values import ZERO32, ZERO_ADDRESS, from_hex, to_hex
from kiseki.errors import FilesError, InvalidInput, KisekiError
from kiseki.vault.collecting import Works
from kiseki.vault.files import whole
from kiseki.vault.lists import Entry

__all__ = ["Given", "Origins", "fitting", "noted", "read"]

Given = str | Path | bytes | Origin | OriginFile | None
"""A document of origin, its file, or the hash of a document; none for no document."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Where data comes from, said in documents; `Kiseki.data.origins`."""

    wallet: Wallet

    def take(self, given: Given) -> bytes:
        """The hash of a document, which is kept if Kiseki can read it.

        Raises:
            FilesError: the file cannot be read.
            InvalidInput: it is a document of origin, and damaged.
        """
        if isinstance(given, Origin):
            given = OriginFile(given)
        if isinstance(given, str | Path):
            found = read(given)
            given = document_hash(given) if found is None else found
        if isinstance(given, OriginFile):
            self.wallet.salts.keep_origin(given)
            return given.origin.hash
        return document_hash(given)

    def known(self, document: bytes) -> OriginFile | None:
        """The document with this hash, if the key store has it."""
        return self.wallet.salts.origin(document)

    def unsigned(self, file: OriginFile) -> dict[Owner, str]:
        """The owners whose consent is required and not there, each with why."""
        return unsigned(self.wallet, file)

    def consented(self, file: OriginFile) -> list[Owner]:
        """The owners whose consent is required and shown: by a statement on the chain, or by a
        wallet's signature in the file, also when that is over."""
        required = file.origin.required
        there = stated(self.wallet, file.origin.hash, file.origin.hash) if required else set()
        signers = {
            each.owner
            for each in _here(self.wallet, file)
            if each.owner == signer_of(_message(self.wallet, file.origin, each), each.signature)
        }
        return [each for each in required if _wallet_of(self.wallet, each) in there | signers]

    def sign(self, file: OriginFile, days: int = WAITING_DAYS) -> OriginFile:
        """The same file with this wallet's consent as an owner. Sends nothing.

        Args:
            days: for how long works can be registered with it.

        Raises:
            InvalidInput: the document does not require this wallet's consent.
        """
        me = self.wallet.address.lower()
        if me not in [_wallet_of(self.wallet, each) for each in file.origin.required]:
            raise InvalidInput(
                f"the document requires no consent of {self.wallet.address}; sign with the wallet "
                "of an owner that it names"
            )
        chain, contract = _place(self.wallet)
        nonce, deadline = self.wallet.fresh(days)
        made = Signature(me, chain, contract, nonce, deadline, b"")
        signed = self.wallet.sign(_message(self.wallet, file.origin, made), nonce, deadline)
        return file.with_signatures([made._replace(signature=signed.signature)])

    def take_back(self, file: OriginFile) -> tuple[Receipt, ...]:
        """Cancels this wallet's consents that are in a file, so that nothing more is registered
        with them. What is registered, or stated on the chain, stays.

        Raises:
            InvalidInput: the file holds no consent of this wallet for this suite.
        """
        me, contract = self.wallet.address.lower(), self.wallet.session["Statements"]
        mine = [each for each in _here(self.wallet, file) if each.owner == me]
        if not mine:
            raise InvalidInput(f"the file holds no consent of {self.wallet.address} for this suite")
        calls = [
            contract.call("cancelNonce", each.nonce)
            for each in mine
            if not contract.read("isNonceUsed", me, each.nonce)
        ]
        return tuple(each.result for each in self.wallet.send_all(calls))

    def state(self, collection: bytes, given: Given) -> tuple[Receipt, ...]:
        """States that a collection comes from where a document says, and with it each owner's
        consent that is in its file. What is stated already is not stated again.

        Raises:
            NotInIndex: the collection is not on this chain.
            InvalidInput: there is no document.
        """
        session, document = self.wallet.session, self.take(given)
        if document == ZERO32:
            raise InvalidInput("name a document of origin, or the hash of one")
        session.index.collection(collection)
        contract, about = session["Statements"], session["DataRegistry"].address
        me = self.wallet.address.lower()
        calls: list[Call] = []
        if me not in stated(self.wallet, collection, document):
            calls.append(contract.call("state", ids.subject(about, collection), KIND, document))
        file = self.known(document)
        calls += [] if file is None else self._consents(file)
        return tuple(each.result for each in self.wallet.send_all(calls))

    def _consents(self, file: OriginFile) -> Iterator[Call]:
        """What brings the consent of each owner to the chain that is in a file and not there: of
        several signatures one that counts."""
        session, document = self.wallet.session, file.origin.hash
        there = stated(self.wallet, document, document)
        for owner in file.origin.required:
            who = _wallet_of(self.wallet, owner)
            theirs = [each for each in _here(self.wallet, file) if each.owner == who]
            if who in there or not theirs:
                continue
            some = [_statement(self.wallet, document, each) for each in theirs]
            verdicts = answered(session.node, some, sender=self.wallet.address)
            good = [
                one for one, said in zip(some, verdicts, strict=True) if isinstance(said, bytes)
            ]
            yield (good or some)[0]

    def of_works(
        self, works: Works, provider: str, called: Mapping[str, str], document: bytes
    ) -> bytes:
        """The origin of works of a list: the document that their rows say, which is kept; else the
        one for all of them.

        The same rows give the same document, because its salt is kept.

        Args:
            called: the names of artists, by who they are.
            document: the hash of the one for all; zero for none.

        Raises:
            FilesError, InvalidInput: a cell cannot be right, or both are said.
        """
        if not works.origin:
            return document
        try:
            if document != ZERO32:
                raise InvalidInput("the list says where its works come from; leave out --origin")
            return self.take(self._made(works, provider, called))
        except (FilesError, InvalidInput) as error:
            raise type(error)(f"row {works.row}, where it comes from: {error}") from error

    def _made(self, works: Works, provider: str, called: Mapping[str, str]) -> Origin:
        made = self.said(works, provider, called)
        digest = hashlib.sha256(made.to_json().encode()).digest()
        (salt,) = self.wallet.salts.salts(provider, [digest])
        return replace(made, salt=salt)

    def said(self, works: Works, provider: str, called: Mapping[str, str]) -> Origin:
        """What the rows of works of a list say of where they come from, without a salt: to be
        looked at, and not to be registered.

        Raises:
            FilesError, InvalidInput: a cell cannot be right.
        """
        basis, collector, collected, how, source, evidence, territory, search = works.origin
        whole = sum(part for _, part in works.owners)
        first, last = parts.days(collected)
        owners = tuple(
            Owner(called.get(who) or _named(who), who, Fraction(part, whole), basis == "joint")
            for who, part in works.owners
            if who and basis in ("joint", "unknown")
        )
        return Origin(
            provider=provider,
            basis=basis,
            collector=parts.person(collector),
            first=first,
            last=last,
            how=how,
            salt=ZERO32,
            source=source,
            evidence=parts.evidence(evidence.split(";")),
            territories=parts.territories(territory),
            owners=owners,
            search=search,
        )


def _named(who: str) -> str:
    """Somebody whose name nobody said."""
    wallet, colon, person = who.partition(":")
    return f"{checksummed(wallet)}{colon}{person}"


def noted(entries: Iterable[Entry], called: dict[str, str]) -> Iterator[Entry]:
    """Entries as they are; what the list calls each artist is noted in `called`."""
    for each in entries:
        called.setdefault(each.artist, each.called)
        yield each


def read(path: str | Path) -> OriginFile | None:
    """What a file holds; see `kiseki.core.origin.read`.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is a document of origin, and damaged.
    """
    try:
        return origins.read(whole(path, "the document"))
    except InvalidInput as error:
        raise InvalidInput(f"{path}, as a document of origin: {error}") from error


# Before registering


def fitting(wallet: Wallet, *, signed: bool = True) -> Callable[[Kept], None]:
    """Whether a collection may be registered with its document of origin, if that is kept here.

    What several collections have in common is read and asked once.

    Args:
        signed: whether the required signatures must be there; else they can still come.

    Raises:
        InvalidInput: the document is another's or of other terms, ends in the future, owners and
            payees differ, an unknown author is known, or a required signature is missing.
    """
    now = cache(wallet.session.now)

    @cache
    def known(document: bytes) -> tuple[Origin, dict[Owner, str]] | None:
        file = wallet.salts.origin(document)
        if file is None:
            return None
        return file.origin, unsigned(wallet, file) if signed else {}

    def must_fit(kept: Kept) -> None:
        found = known(kept.origin) if any(kept.origin) else None
        if found is not None:
            _must_agree(found[0], kept, now())
            if found[0].basis in ("joint", "unknown"):
                _must_be_paid(wallet, found[0], kept)
            if found[0].basis == "unknown":
                _must_be_unknown(wallet, found[0])
            _must_be_signed(*found)

    return must_fit


def _must_agree(origin: Origin, kept: Kept, now: int) -> None:
    if origin.provider != kept.provider.lower():
        raise InvalidInput(
            f"the document of origin is for the provider {origin.provider}, and this collection is "
            f"{kept.provider}'s; make a document for each provider"
        )
    # It is the next day somewhere already.
    today = (datetime.fromtimestamp(now, UTC) + timedelta(hours=14)).date()
    if origin.last > today:
        raise InvalidInput(f"collecting ends on {origin.last}, says the document; that is to come")
    if origin.terms not in (None, kept.terms.id):
        raise InvalidInput(
            f"the owners agree to the terms {to_hex(origin.terms or b'')}, and this collection has "
            f"{to_hex(kept.terms.id)}; register it under the terms of the document"
        )


def _must_be_signed(origin: Origin, missing: Mapping[Owner, str]) -> None:
    if missing:
        listed = "; ".join(f"{owner.name} ({owner.who}) {why}" for owner, why in missing.items())
        raise InvalidInput(
            f"a required consent to the origin {to_hex(origin.hash)} is missing: {listed}. Owners "
            "sign with `kiseki data origin sign`"
        )


def unsigned(wallet: Wallet, file: OriginFile) -> dict[Owner, str]:
    """See `Origins.unsigned`."""
    required, document = file.origin.required, file.origin.hash
    if not required:
        return {}
    there = stated(wallet, document, document)
    missing = {}
    for owner in required:
        who = _wallet_of(wallet, owner)
        if not who:
            missing[owner] = "stands for nobody yet: no wallet is bound to this identity for good"
        elif who not in there:
            why = _why_not(wallet, file, who)
            if why:
                missing[owner] = why
    return missing


def _place(wallet: Wallet) -> tuple[int, str]:
    """The chain and contract for which signatures count."""
    return wallet.session.chain_id, wallet.session["Statements"].address.lower()


def _here(wallet: Wallet, file: OriginFile) -> list[Signature]:
    """The signatures in a file that are for this suite."""
    place = _place(wallet)
    return [each for each in file.signatures if (each.chain_id, each.contract) == place]


def stated(wallet: Wallet, group: bytes, document: bytes) -> set[str]:
    """Who stated on the chain that a collection, or the document itself, has this origin."""
    found = wallet.session.index.statements("DataRegistry", group)
    return {e.speaker.lower() for e in found if (e.kind, e.document) == (KIND, document)}


def _why_not(wallet: Wallet, file: OriginFile, who: str) -> str:
    """Why no signature of this wallet counts; empty where one does."""
    session = wallet.session
    theirs = [each for each in file.signatures if each.owner == who]
    here = [each for each in _here(wallet, file) if each.owner == who]
    if not here:
        chains = ", ".join(sorted({f"chain {each.chain_id}" for each in theirs}))
        return f"signed for {chains} and not for this suite" if theirs else "has not signed"
    ended = [each for each in here if each.deadline < session.now()]
    if ended == here:
        return f"signed, and that ended on {utc(max(each.deadline for each in here))}"
    calls = [_statement(wallet, file.origin.hash, each) for each in here]
    verdicts = answered(session.node, calls, sender=wallet.address)
    refusals = [str(each) for each in verdicts if isinstance(each, KisekiError)]
    return f"has no signature that counts ({refusals[0]})" if len(refusals) == len(here) else ""


def _must_be_paid(wallet: Wallet, origin: Origin, kept: Kept) -> None:
    owned = {_payee(wallet, each): each.share for each in origin.owners}
    paid: dict[bytes, Any] = {each.key: part for each, part in kept.payee.parts}
    if owned != paid:
        shares = ", ".join(f"{each.name} {each.share}" for each in origin.owners)
        raise InvalidInput(
            f"the document names the owners {shares}, and the collection pays {kept.payee.words()} "
            "otherwise; list the owners as artists with these shares, or make a document that "
            "agrees with the list"
        )


def _must_be_unknown(wallet: Wallet, origin: Origin) -> None:
    for each in origin.owners:
        bound, _ = _binding(wallet, each)
        if bound != ZERO_ADDRESS:
            raise InvalidInput(
                f"the identity {each.who} is bound to the wallet {bound}, so its author is not "
                "unknown; say who it is, and on which other basis the works are used"
            )


def _wallet_of(wallet: Wallet, owner: Owner) -> str:
    """The wallet that signs for an owner, in lower case; empty where there is none yet."""
    if ":" not in owner.who:
        return owner.who
    bound, since = _binding(wallet, owner)
    if bound == ZERO_ADDRESS or since > wallet.session.now():
        return ""
    return bound.lower()


def _binding(wallet: Wallet, owner: Owner) -> tuple[str, int]:
    """The wallet that an identity is bound to, and from when on; the zero address for none."""
    issuer, _, person = owner.who.partition(":")
    known = from_hex(person, 32, "the person")
    found = wallet.session["Identities"].read("bindingOf", issuer, known)
    return str(found["wallet"]), int(found["from"])


def _payee(wallet: Wallet, owner: Owner) -> bytes:
    issuer, _, person = owner.who.partition(":")
    if not person:
        return ids.wallet(owner.who)
    known = from_hex(person, 32, "the person")
    return payable_identity(wallet.session["Identities"].address, issuer, known).key


def _statement(wallet: Wallet, document: bytes, given: Signature) -> Call:
    """What brings an owner's signed consent to the chain."""
    session = wallet.session
    about = ids.subject(session["DataRegistry"].address, document)
    approval = (given.nonce, given.deadline, given.signature)
    return session["Statements"].call("stateFor", given.owner, about, KIND, document, approval)


def _message(wallet: Wallet, origin: Origin, given: Signature) -> dict[str, Any]:
    return typed.statement(
        given.chain_id, given.contract,
        speaker=given.owner,
        subject=ids.subject(wallet.session["DataRegistry"].address, origin.hash),
        kind=KIND,
        document=origin.hash,
        nonce=given.nonce,
        deadline=given.deadline,
    )  # fmt: skip
