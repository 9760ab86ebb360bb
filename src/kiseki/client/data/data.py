"""Data: terms, consent, collections, revoking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, Literal

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.data.gates import Gate
from kiseki.client.data.group import Group, kept_parts
from kiseki.client.data.overlaps import overlaps
from kiseki.client.data.prepared import Outlook, Prepared, items_of
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
from kiseki.client.letters import must_be_for
from kiseki.client.payable import payable, payable_identity, receiver
from kiseki.client.wallet import WAITING_DAYS, Signed, Wallet, document_hash
from kiseki.core import typed
from kiseki.core.collection import Kept, Slice
from kiseki.core.merkle import SLICE, IdTree
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.terms import NOTICE, Terms, Use
from kiseki.errors import InvalidInput
from kiseki.vault.collecting import Owners, collect
from kiseki.vault.files import HashedFile, find, hash_files
from kiseki.vault.lists import Entry, read

__all__ = ["Data", "Registered", "Totals", "terms_tuple"]

_CONTRACT = "DataRegistry"


@dataclass(frozen=True, slots=True)
class Data:
    """Data providers' side; `Kiseki.data`."""

    wallet: Wallet

    @property
    def gate(self) -> Gate:
        """The allow list for collections."""
        return Gate(self.wallet, _CONTRACT)

    # Terms

    def define_terms(
        self,
        uses: str | Use | Iterable[str | Use],
        royalty: str | Decimal | int = 0,
        floor: str | Decimal | int = 0,
        valid_until: datetime | None = None,
        notice: timedelta = NOTICE,
        gate: str | None = None,
        document: str | Path | bytes | None = None,
    ) -> Terms:
        """Puts terms on record, once; see `kiseki.core.terms.Terms.of`.

        Args:
            document: the licence as a file, or its keccak256.

        Raises:
            InvalidInput: something cannot be said exactly.
        """
        terms = Terms.of(uses, royalty, floor, valid_until, notice, gate, document_hash(document))
        if terms.valid_until and terms.valid_until < self.wallet.session.now():
            raise InvalidInput(
                "valid_until has passed, so nobody could use these terms; name a later time"
            )
        self.put_terms(terms)
        return terms

    def put_terms(self, terms: Terms) -> tuple[Receipt, ...]:
        """Puts terms on record unless they are."""
        return tuple(put_terms(self.wallet, [terms]).get(terms.id, ()))

    # Collections

    def prepare(
        self,
        files: str | Path | Iterable[str | Path],
        terms: Terms,
        *,
        provider: str | None = None,
        payee: Payee | Split | str | None = None,
        origin: str | Path | bytes | None = None,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Prepared:
        """Hashes files into a collection. Salts are kept before this returns; nothing is sent.

        Args:
            files: a file, a folder, or several of these.
            provider: who consents; this wallet if none is named.
            payee: who is paid; the provider's wallet if none is named.
            origin: a document on how, when and from whom the data was collected, or its keccak256.
            progress: called with the number of files hashed and in all.

        Raises:
            FilesError: no files, one that cannot be read, or one that changes meanwhile.
            SecretsError: the key file is unsafe or damaged.
        """
        who = provider or self.wallet.address
        receiver(who, "the provider")
        paid = payable(payee or who)
        hashed = hash_files(find(files), progress)
        salts = self.wallet.salts.salts(who, [each.digest for each in hashed])
        items = items_of(who, hashed, salts)
        prepared = Prepared(
            provider=who,
            terms=terms,
            items=tuple(items),
            tree=IdTree([item.id for item in items]),
            payee=paid,
            origin=document_hash(origin),
        )
        self.wallet.salts.keep(prepared.kept, _slices(prepared, hashed, _folder(files)))
        return prepared

    def prepare_all(
        self,
        source: str | Path | Iterable[Entry],
        terms: Terms,
        *,
        artists: Literal["payees", "providers"] = "payees",
        payee: Payee | Split | str | None = None,
        origin: str | Path | bytes | None = None,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> list[Kept]:
        """Hashes a folder or list of any size into collections, one for each artist in it and one
        for all joint works of the same artists in the same proportion, which pays their split
        (`Split.joint`). They are kept in the key store. Nothing is sent; `register_all` does that,
        whenever it is. ::

            kept = k.data.prepare_all("MANIFEST.csv", terms)
            print(Totals.of(k.data.register_all(kept)))

        Args:
            source: a folder, a list (`kiseki.vault.lists`), or what `lists.read` gives.
            artists: what those are whom the list names. Payees: this wallet is the provider and
                consents, as for work made for hire. Providers: each consents to their own
                (`kiseki.client.data.consents`), and is paid.
            payee: who is paid for items that name no artist; this wallet if none is named.
            origin: as `prepare` takes it.
            progress: called with the number of items and of bytes that are read.

        Raises:
            FilesError, InvalidInput: an item cannot be taken; then none is.
            SecretsError: the key store is unsafe or damaged.
        """
        me, document = self.wallet.address.lower(), document_hash(origin)
        of_nobody = payable(payee or me)

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

        def kept_of(owners: Owners, root: bytes, count: int) -> Kept:
            (first, _), *others = owners
            paid = paid_to(first)
            if others:
                paid = payable(Split.joint({paid_to(who).key: part for who, part in owners}))
            return Kept(provider_of(first), terms, root, count, paid, document)

        entries = read(source) if isinstance(source, str | Path) else source
        return list(collect(entries, self.wallet.salts, provider_of, kept_of, progress))

    def look(
        self,
        collections: Sequence[Kept | Prepared],
        consents: Mapping[bytes, Signed] | None = None,
        per_month: int | None = None,
    ) -> list[Outlook]:
        """What stands on the chain of each, before anything is sent.

        "There already" is only what has every value that is asked for. Also tells which items are
        in other collections already that pay somebody else.

        Args:
            consents: as `register_all` takes them.
            per_month: of a standing consent, which these then are.
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
        """Registers many collections, with many transactions in flight; results in order.

        One that fails stops no other: its result has the error. Run again it sends only what is
        not there yet. `Totals.of` counts the results.

        Args:
            collections: what `prepare_all` or `prepare` gave, or the key store keeps.
            consents: the providers' signatures, by collection; none for this wallet's own.
            publish: whether the commitments are logged, and the split of a joint work; the root
                alone is enough to be a source.
            progress: called with the number of IDs that are done with, and in all.

        Raises:
            ChainError, SigningError: what stops all of them; run it again to go on.
        """
        given = consents or {}
        groups = [self._group(each, given.get(each.id)) for each in collections]
        return register(self.wallet, groups, publish=publish, progress=progress)

    def consent(self, prepared: Prepared | Kept) -> Signed:
        """Signs consent to a prepared collection, which anybody may then submit.

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
        origin: str | Path | bytes | None = None,
        consent: Signed | None = None,
        publish: bool = True,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Registered:
        """Registers a collection and logs its commitments, in slices of 4,000. Contents stay here.

        Run again it sends only what is not there yet, so an interrupted run is resumed so.

        Args:
            files: what `prepare` takes, or what it gave.
            terms, payee, origin: as `prepare` takes them; none of them when prepared.
            consent: the provider's signature, when this wallet only submits.
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
            raise InvalidInput("name the terms; make them with data.define_terms")
        else:
            prepared = self.prepare(files, terms, payee=payee, origin=origin, progress=progress)
        (done,) = register(self.wallet, [self._group(prepared, consent)], publish=publish)
        if done.error is not None:
            raise done.error
        return done

    def publish(self, prepared: Prepared | Kept) -> tuple[Receipt, ...]:
        """Logs those commitments of a registered collection that are not logged yet, by slices.

        Each is tried first, so one that is not under the root costs nothing.
        """
        slices = publications(self.wallet, self._group(prepared))
        calls = (replace(each, gas=None) for each in slices)
        return tuple(each.result for each in self.wallet.send_all(calls))

    def set_payee(
        self, collection: bytes, payee: Payee | Split | str, waiver: Signed | None = None
    ) -> Receipt:
        """Changes who is paid for a collection of this wallet's: this wallet, or another that
        signed. A split, an identity or a token is never replaced.

        Args:
            payee: who is paid from now on.
            waiver: the word of the wallet that is paid now (`waive_payee`), if it is another's.

        Raises:
            ContractReverted: `DataRegistry_PayeeIsFixed`, it pays no wallet;
                `DataRegistry_PayeeIsAnothers`, a rights token cannot take another's place;
                `Signed_…`, the other wallet has not signed this.
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
        """Signs, as the wallet that a collection pays, that `to` may take its place.

        The provider brings it (`set_payee`). Until the deadline it counts once;
        `DataRegistry.cancelNonce` ends it before.
        """
        return self.wallet.signed(self.prepare_waiver(collection, to, days))

    def prepare_waiver(
        self, collection: bytes, to: Payee | Split | str, days: int = WAITING_DAYS
    ) -> Signed:
        """What `waive_payee` signs; not signed yet, so that it can be shown first."""
        nonce, deadline = self.wallet.fresh(days)
        message = typed.payee_waiver(
            self.wallet.session.chain_id,
            self._contract.address,
            payee=self.wallet.address,
            collection=collection,
            to=payable(to).key,
            nonce=nonce,
            deadline=deadline,
        )
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    # Revoking

    def revoke(self, collection: bytes, signed: Signed | None = None) -> Receipt:
        """Ends consent for future use of a collection; what was made before stays authorised.

        Args:
            signed: the provider's signature (`revocation`), when this wallet only submits.
        """
        if signed is None:
            return self.wallet.send(self._contract.call("revoke", collection))
        return self.wallet.send(
            self._contract.call("revokeFor", signed.signer, collection, signed.approval)
        )

    def revocation(self, collection: bytes) -> Signed:
        """Signs the revocation of a collection of this wallet's, for somebody else to submit."""
        return self._sign(typed.revocation, collection=collection)

    def revoke_item(
        self, commitment: bytes, signed: Signed | None = None, *, unpublished: bool = False
    ) -> Receipt:
        """The same for one item of the provider's, in every collection that holds it.

        Args:
            commitment: `Item.commitment`, not its ID.
            signed: the provider's signature (`item_revocation`), when this wallet only submits.
            unpublished: the commitment was never logged, so nobody can check that it is right.

        Raises:
            InvalidInput: no collection of the provider's has logged it, so this would end nothing.
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
        """Signs the revocation of one item of this wallet's, for somebody else to submit."""
        return self._sign(typed.item_revocation, commitment=commitment)

    # Inside

    @property
    def _contract(self) -> Contract:
        return self.wallet.session[_CONTRACT]

    def _sign(self, builder: Callable[..., dict[str, Any]], **values: bytes) -> Signed:
        nonce, deadline = self.wallet.fresh()
        message = builder(
            self.wallet.session.chain_id,
            self._contract.address,
            provider=self.wallet.address,
            nonce=nonce,
            deadline=deadline,
            **values,
        )
        return self.wallet.sign(message, nonce, deadline)

    def _group(self, given: Kept | Prepared, consent: Signed | None = None) -> Group:
        if isinstance(given, Prepared):
            return Group(given.kept, given.parts, consent)
        return Group(given, kept_parts(self.wallet.salts, given), consent)

    def _must_be(self, provider: str) -> None:
        if provider.lower() != self.wallet.address.lower():
            raise not_the_provider(self.wallet, provider)


def _slices(
    prepared: Prepared, hashed: Sequence[HashedFile], folder: Path | None
) -> Iterator[Slice]:
    """A prepared collection as the key store keeps it."""
    digests = {each.path: each.digest for each in hashed}
    roots = (prepared.tree.slice_root(k) for k in count())
    for start in range(0, len(prepared.items), SLICE):
        items = prepared.items[start : start + SLICE]
        yield Slice(
            next(roots),
            b"".join(each.commitment for each in items),
            b"".join(digests[each.paths[0]] for each in items),
            tuple(tuple(_name(path, folder) for path in each.paths) for each in items),
        )


def _folder(files: object) -> Path | None:
    """The folder that was named, if it was one."""
    return Path(files) if isinstance(files, str | Path) and Path(files).is_dir() else None


def _name(path: Path, folder: Path | None) -> str:
    text = str(path.relative_to(folder)) if folder is not None else path.name
    return text.encode(errors="surrogateescape").decode(errors="replace")
