"""Data: terms, consent, collections, revoking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.data.consents import Consents
from kiseki.client.data.derivations import Derivations
from kiseki.client.data.gates import Gate
from kiseki.client.data.group import Group, kept_parts
from kiseki.client.data.openings import Openings
from kiseki.client.data.origins import Given, Origins, noted
from kiseki.client.data.overlaps import overlaps
from kiseki.client.data.payees import Payees
from kiseki.client.data.prepared import Outlook, Prepared, items_of, slices_of
from kiseki.client.data.registering import (
    Registered,
    Totals,
    look,
    not_the_provider,
    publications,
    put_terms,
    register,
    terms_tuple,
)
from kiseki.client.data.series import Series
from kiseki.client.data.standing import StandingConsents
from kiseki.client.letters import must_be_for
from kiseki.client.payable import payable, payable_identity, receiver
from kiseki.client.salts import NewSalts
from kiseki.client.wallet import Signed, Wallet, document_hash
from kiseki.core import typed
from kiseki.core.collection import Kept
from kiseki.core.days import WAITING_DAYS
from kiseki.core.merkle import IdTree
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.terms import NOTICE, Terms, Use
from kiseki.core.values import from_hex
from kiseki.errors import InvalidInput
from kiseki.vault.collecting import Works, collect
from kiseki.vault.doubts import Decide, refuse
from kiseki.vault.files import hash_files
from kiseki.vault.lists import Entry, read
from kiseki.vault.taking import taken

__all__ = ["Data", "Registered", "Totals", "terms_tuple"]

_CONTRACT = "DataRegistry"


class Data:
    """What a provider does: terms, collections, consent and revoking; `Kiseki.data`.

    Attributes:
        gate: the allow list for collections.
        consents: consent files, which a studio prepares and submits.
        standing: consents to all that this wallet collects from an artist.
        openings: which data ID a file has, as far as the key store can tell.
        origins: where data comes from, said in documents.
        payees: letters about who collections pay.
        derivations: what was made from what, stated and asked.
        series: successive collections.
    """

    def __init__(self, wallet: Wallet) -> None:
        """Use `Kiseki.data`."""
        self.wallet = wallet
        self.gate = Gate(wallet, _CONTRACT)
        self.consents = Consents(wallet)
        self.standing = StandingConsents(wallet)
        self.openings = Openings(wallet)
        self.origins = Origins(wallet)
        self.payees = Payees(wallet)
        self.derivations = Derivations(wallet, self.openings)
        self.series = Series(wallet)

    # Terms

    def define_terms(
        self,
        uses: str | Use | Iterable[str | Use],
        royalty: str | Decimal | int,
        floor: str | Decimal | int = 0,
        valid_until: datetime | None = None,
        notice: timedelta = NOTICE,
        gate: str | None = None,
        document: str | Path | bytes | None = None,
    ) -> Terms:
        """Puts terms on record, unless they are there already; see `kiseki.core.terms.Terms.of`.

        Args:
            document: the file of the licence, or the keccak256 of that file.

        Raises:
            InvalidInput: a value cannot be recorded exactly.
        """
        terms = Terms.of(uses, royalty, floor, valid_until, notice, gate, document_hash(document))
        if terms.valid_until and terms.valid_until < self.wallet.session.now():
            raise InvalidInput(
                "valid_until has passed, so nobody could use these terms; name a later time"
            )
        self.put_terms(terms)
        return terms

    def put_terms(self, terms: Terms) -> tuple[Receipt, ...]:
        """Puts terms on record, unless they are on record already."""
        return tuple(put_terms(self.wallet, [terms]).get(terms.id, ()))

    # Collections

    def prepare(
        self,
        files: str | Path | Iterable[str | Path],
        terms: Terms,
        *,
        provider: str | None = None,
        payee: Payee | Split | str | None = None,
        origin: Given = None,
        progress: Callable[[int, int], None] = lambda *_: None,
        doubtful: Decide = refuse,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Prepared:
        """Hashes files into a collection. Saves the salts before it returns, and sends nothing.

        Args:
            files: a file, a folder, or several of these.
            provider: the wallet that consents. Default: this wallet.
            payee: who is paid. Default: the wallet of the provider.
            origin: where the data comes from: a document (`kiseki.core.origin`) or its file,
                any other file, or its hash.
            progress: called with the number of files hashed and in all.
            doubtful: what becomes of files that are probably no works (`kiseki.vault.doubts`).
            tell: called with what is passed over and what is the same, in words.

        Raises:
            FilesError: there are no files, some are doubtful, or one cannot be read or changes.
            SecretsError: the key store is unsafe or damaged. `SaltsMissing`: new salts are needed,
                and the key store cannot open what the provider registered before.
        """
        who = provider or self.wallet.address
        receiver(who, "the provider")
        paid = payable(payee or who)
        hashed = taken(files, hash_files, progress, doubtful, tell)
        salts = NewSalts(self.wallet).salts(who, [each.digest for each in hashed])
        items = items_of(who, hashed, salts)
        prepared = Prepared(
            provider=who,
            terms=terms,
            items=tuple(items),
            tree=IdTree([item.id for item in items]),
            payee=paid,
            origin=self.origins.take(origin),
        )
        self.wallet.salts.keep(prepared.kept, slices_of(prepared, hashed, files))
        return prepared

    def prepare_all(
        self,
        source: str | Path | Iterable[Entry],
        terms: Terms,
        *,
        artists: Literal["payees", "providers"] = "payees",
        payee: Payee | Split | str | None = None,
        origin: Given = None,
        progress: Callable[[int, int], None] = lambda *_: None,
        doubtful: Decide = refuse,
        tell: Callable[[str], None] = lambda _: None,
    ) -> list[Kept]:
        """Hashes a folder or list of any size into collections, one for each artist in it and one
        for all joint works of the same artists in the same proportion, which pays their split
        (`Split.joint`). The key store keeps the collections. Nothing is sent; `register_all` sends,
        at any later time. ::

            kept = k.data.prepare_all("MANIFEST.csv", terms)
            print(Totals.of(k.data.register_all(kept)))

        Args:
            source: a folder, a list (`kiseki.vault.lists`), or what `lists.read` gives.
            artists: the role of the artists in the list. ``payees``: this wallet is the provider
                and consents, as for work made for hire. ``providers``: each artist consents to
                their own works (`kiseki.client.data.consents`), and is paid.
            payee: who is paid for items without an artist. Default: this wallet.
            origin, doubtful, tell: see `prepare`.
            progress: called with the number of items and of bytes that are read.

        Raises:
            FilesError, InvalidInput: an item cannot be used; then no item is.
            SecretsError: as `prepare`.
        """
        me, document = self.wallet.address.lower(), self.origins.take(origin)
        of_nobody = payable(payee or me)
        called: dict[str, str] = {}

        def provider_of(artist: str) -> str:
            if not artist or artists == "payees":
                return me
            if ":" in artist:
                raise InvalidInput(
                    f"{artist} has no wallet yet, so it can be paid and cannot consent; register "
                    "it in a list of payees"
                )
            return artist

        def paid_to(artist: str) -> Payee:
            issuer, _, person = artist.partition(":")
            if not person:
                return payable(artist) if artist else of_nobody
            identities = self.wallet.session["Identities"].address
            return payable_identity(identities, issuer, bytes.fromhex(person[2:]))

        def kept_of(works: Works, root: bytes, count: int) -> Kept:
            parts = {paid_to(who).key: part for who, part in works.owners}
            who, first = provider_of(works.owners[0][0]), paid_to(works.owners[0][0])
            paid = first if len(works.owners) == 1 else payable(Split.joint(parts))
            said = self.origins.of_works(works, who, called, document)
            return Kept(who, terms, root, count, paid, said)

        entries = noted(read(source) if isinstance(source, str | Path) else source, called)
        salts = NewSalts(self.wallet)
        return list(collect(entries, salts, provider_of, kept_of, progress, doubtful, tell))

    def look(
        self,
        collections: Sequence[Kept | Prepared],
        consents: Mapping[bytes, Signed] | None = None,
        per_month: int | None = None,
    ) -> list[Outlook]:
        """What the chain has already of each collection. Sends nothing.

        A collection counts as registered only with exactly the same values. The result also tells
        which items are in other collections that pay somebody else.

        Args:
            consents: see `register_all`.
            per_month: the limit of the standing consent, if `consents` are one.
        """
        given = consents or {}
        groups = [
            replace(self._group(each, given.get(each.id)), per_month=per_month)
            for each in collections
        ]
        common = overlaps(self.wallet, [each.kept for each in groups])
        return [
            Outlook(
                group.kept, state.there, state.error,
                tuple(each for each in common if each.collection.id == group.kept.id),
            )
            for group, state in zip(groups, look(self.wallet, groups), strict=True)
        ]  # fmt: skip

    def register_all(
        self,
        collections: Sequence[Kept | Prepared],
        *,
        consents: Mapping[bytes, Signed] | None = None,
        publish: bool = True,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Iterator[Registered]:
        """Registers many collections, with many transactions in flight; gives results in order.

        If one collection fails, the others go on; the result has the error. Call it again to send
        only what is missing. `Totals.of` counts the results.

        Args:
            collections: from `prepare_all`, from `prepare` or from the key store.
            consents: collection -> signature of its provider; none for this wallet's own.
            publish: whether the commitments are logged, and the split of a joint work; the root
                alone is enough to be a source.
            progress: called with the number of IDs that are done with, and in all.

        Raises:
            ChainError, SigningError: all collections stop; call it again to go on.
        """
        given = consents or {}
        groups = [self._group(each, given.get(each.id)) for each in collections]
        return register(self.wallet, groups, publish=publish, progress=progress)

    def consent(self, prepared: Prepared | Kept) -> Signed:
        """Signs consent to a prepared collection. Anybody can submit the signature.

        Raises:
            InvalidInput: this wallet is not the provider.
        """
        kept = prepared.kept if isinstance(prepared, Prepared) else prepared
        self._must_be(kept.provider)
        paid = payable(kept.payee)
        nonce, deadline = self.wallet.fresh()
        message = typed.consent(
            self.wallet.session.chain_id,
            self._contract.address,
            provider=kept.provider,
            root=kept.root,
            count=kept.count,
            terms=kept.terms,
            payee=paid.key,
            origin=kept.origin,
            nonce=nonce,
            deadline=deadline,
        )
        return self.wallet.sign(message, nonce, deadline)

    def register(
        self,
        files: str | Path | Iterable[str | Path] | Prepared,
        terms: Terms | None = None,
        *,
        payee: Payee | Split | str | None = None,
        origin: Given = None,
        consent: Signed | None = None,
        publish: bool = True,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Registered:
        """Registers a collection and logs its commitments, in slices of 4,000. Files stay here.

        Call it again after an interruption; it sends only what is missing.

        Args:
            files: files as for `prepare`, or its result.
            terms, payee, origin: see `prepare`; leave them out for a prepared collection.
            consent: the signature of the provider, if another wallet submits.
            publish: whether the commitments are logged; the root alone is enough to be a source.

        Raises:
            ContractReverted: `DataRegistry_DifferentValues` when it is registered otherwise.
            FilesError, SecretsError: as `prepare`.
        """
        if isinstance(files, Prepared):
            if (terms, payee, origin) != (None, None, None):
                raise InvalidInput(
                    "terms, payee and origin are part of what was prepared; say them to prepare"
                )
            prepared = files
        elif not isinstance(terms, Terms):
            raise InvalidInput(
                "name the terms; `kiseki data terms` makes them, in Python data.define_terms"
            )
        else:
            prepared = self.prepare(files, terms, payee=payee, origin=origin, progress=progress)
        (done,) = register(self.wallet, [self._group(prepared, consent)], publish=publish)
        if done.error is not None:
            raise done.error
        return done

    def publish(self, prepared: Prepared | Kept) -> tuple[Receipt, ...]:
        """Logs those commitments of a registered collection that are not logged yet, by slices.

        Each slice is tried first, so a slice that is not under the root costs nothing.
        """
        slices = publications(self.wallet, self._group(prepared))
        calls = (replace(each, gas=None) for each in slices)
        return tuple(each.result for each in self.wallet.send_all(calls))

    def set_payee(
        self, collection: bytes, payee: Payee | Split | str, waiver: Signed | None = None
    ) -> Receipt:
        """Changes the payee of a collection of this wallet.

        The current payee must be this wallet, or a wallet that signed a waiver. A split, an
        identity or a rights token can never be replaced as payee.

        Args:
            payee: who is paid from now on.
            waiver: the waiver of the current payee (`waive_payee`), if that is another wallet.

        Raises:
            ContractReverted: `DataRegistry_PayeeIsFixed`, the current payee is no wallet;
                `DataRegistry_PayeeIsAnothers`, a rights token cannot replace another wallet;
                `Signed_…`, the other wallet did not sign this.
        """
        who = payable(payee)
        if waiver is not None:
            must_be_for(self.wallet.session, waiver)
        word = (0, 0, b"") if waiver is None else waiver.approval
        return self.wallet.send(
            self._contract.call("setPayee", collection, who.key, who.opening, word)
        )

    def waive_payee(
        self, collection: bytes, to: Payee | Split | str, days: int = WAITING_DAYS
    ) -> Signed:
        """Signs a waiver: `to` may take the place of this wallet as payee of a collection.

        The provider submits the waiver (`set_payee`). It can be used once, until its deadline;
        `kiseki letters cancel` cancels it.
        """
        return self.wallet.signed(self.payees.prepare_waiver(collection, to, days))

    # Revoking

    def revoke(self, collection: bytes, signed: Signed | None = None) -> Receipt:
        """Revokes consent for future use of a collection.

        Consent ends after the notice period. What was registered before stays authorised.

        Args:
            signed: the signature of the provider (`revocation`), if another wallet submits.
        """
        if signed is None:
            return self.wallet.send(self._contract.call("revoke", collection))
        return self.wallet.send(
            self._contract.call("revokeFor", signed.signer, collection, signed.approval)
        )

    def revocation(self, collection: bytes) -> Signed:
        """Signs the revocation of a collection of this wallet, for another wallet to submit."""
        return self.wallet.signed(self.prepare_revocation(collection))

    def prepare_revocation(self, collection: bytes, days: int = WAITING_DAYS) -> Signed:
        """The revocation before it is signed, to be shown first; see `revocation`."""
        return self._prepare(typed.revocation, days, collection=collection)

    def revoke_for(self, signed: Signed) -> Receipt:
        """Submits the revocation of a collection or item that its provider signed.

        Raises:
            InvalidInput: it is for another chain or contract than the suite here.
        """
        return self.wallet.send(self.revocation_call(signed))

    def revocation_call(self, signed: Signed) -> Call:
        """What `revoke_for` sends."""
        must_be_for(self.wallet.session, signed)
        said = signed.message["message"]
        what, name = ("collection", "revokeFor")
        if what not in said:
            what, name = ("commitment", "revokeItemFor")
        key = from_hex(said[what], 32, f"the {what}")
        return self._contract.call(name, signed.signer, key, signed.approval)

    def revoke_item(
        self, commitment: bytes, signed: Signed | None = None, *, unpublished: bool = False
    ) -> Receipt:
        """Revokes consent for future use of one item, in all collections of the provider.

        Args:
            commitment: `Item.commitment`, not its ID.
            signed: the signature of the provider (`item_revocation`), if another wallet submits.
            unpublished: the commitment was never logged, so it cannot be checked for mistakes.

        Raises:
            InvalidInput: no collection of the provider has logged the commitment, so there is
                nothing to revoke.
        """
        provider = (signed.signer if signed else self.wallet.address).lower()
        found = self.wallet.session.index.find(commitment)
        if not unpublished and not any(
            (each.kind, each.registrant) == ("collection", provider) for each in found
        ):
            raise InvalidInput(
                f"no collection of {provider} has logged this commitment; give an item's "
                "commitment and not its ID, or say unpublished=True if it was never logged"
            )
        if signed is None:
            return self.wallet.send(self._contract.call("revokeItem", commitment))
        return self.wallet.send(
            self._contract.call("revokeItemFor", signed.signer, commitment, signed.approval)
        )

    def item_revocation(self, commitment: bytes) -> Signed:
        """Signs the revocation of one item of this wallet, for another wallet to submit."""
        return self.wallet.signed(self.prepare_item_revocation(commitment))

    def prepare_item_revocation(self, commitment: bytes, days: int = WAITING_DAYS) -> Signed:
        """The revocation before it is signed, to be shown first; see `item_revocation`."""
        return self._prepare(typed.item_revocation, days, commitment=commitment)

    # Inside

    @property
    def _contract(self) -> Contract:
        return self.wallet.session[_CONTRACT]

    def _prepare(self, build: Callable[..., dict[str, Any]], days: int, **values: bytes) -> Signed:
        nonce, deadline = self.wallet.fresh(days)
        message = build(
            self.wallet.session.chain_id,
            self._contract.address,
            provider=self.wallet.address,
            nonce=nonce,
            deadline=deadline,
            **values,
        )
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    def _group(self, given: Kept | Prepared, consent: Signed | None = None) -> Group:
        if isinstance(given, Prepared):
            return Group(given.kept, given.parts, consent)
        return Group(given, kept_parts(self.wallet.salts, given), consent)

    def _must_be(self, provider: str) -> None:
        if provider.lower() != self.wallet.address.lower():
            raise not_the_provider(self.wallet, provider)
