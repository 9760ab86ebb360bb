"""Data: terms, consent, collections, revoking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from kiseki.chain.contracts import Contract
from kiseki.chain.sender import Receipt
from kiseki.client.files import HashedFile, find, hash_files
from kiseki.client.gates import Gate
from kiseki.client.payees import Payee
from kiseki.client.wallet import Signed, Wallet, document_hash
from kiseki.core import ids, typed
from kiseki.core.merkle import SLICE, IdTree
from kiseki.core.split import Split
from kiseki.core.terms import Terms, Use
from kiseki.errors import ContractReverted, InvalidInput

__all__ = ["Data", "Item", "Prepared", "Registered", "items_of"]

_CONTRACT = "DataRegistry"


@dataclass(frozen=True, slots=True)
class Item:
    """A file that is, or will be, in a collection.

    Attributes:
        paths: the file, or all files with this content.
        commitment: what is logged, 32 bytes.
        id: its data ID, 32 bytes.
    """

    paths: tuple[Path, ...]
    commitment: bytes
    id: bytes


def items_of(registrant: str, hashed: Sequence[HashedFile], salts: Sequence[bytes]) -> list[Item]:
    """One item for each distinct content, IDs ascending."""
    paths: dict[bytes, list[Path]] = {}
    for each, salt in zip(hashed, salts, strict=True):
        paths.setdefault(ids.commitment(each.digest, salt), []).append(each.path)
    found = [
        Item(tuple(paths[commitment]), commitment, data_id)
        for commitment, data_id in zip(paths, ids.item_ids(registrant, paths), strict=True)
    ]
    return sorted(found, key=lambda item: item.id)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A collection before it is registered; nothing was sent yet.

    Attributes:
        provider: who consents.
        terms: under which terms.
        items: one for each distinct content, IDs ascending.
        tree: over the IDs.
        payee: who is paid.
        origin: commits to how, when and from whom the data was collected.
    """

    provider: str
    terms: Terms
    items: tuple[Item, ...] = field(repr=False)
    tree: IdTree = field(repr=False)
    payee: Payee
    origin: bytes

    @property
    def id(self) -> bytes:
        """The collection's ID."""
        return ids.collection_id(self.provider, self.tree.root, self.terms.id)

    @property
    def commitments(self) -> list[bytes]:
        """In the order of the IDs."""
        return [item.commitment for item in self.items]

    @property
    def spec(self) -> tuple[bytes, bytes, bytes, bytes]:
        """As the contract takes it."""
        return (self.terms.id, self.payee.key, self.payee.opening, self.origin)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration came to.

    Attributes:
        id: of the collection, model or batch.
        receipts: of the transactions sent; none when everything was there already.
    """

    id: bytes
    receipts: tuple[Receipt, ...]

    @property
    def gas(self) -> int:
        """Gas used in all."""
        return sum(receipt.gas for receipt in self.receipts)


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
        notice: timedelta | None = None,
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
        try:
            self._contract.read("termsOf", terms.id)
        except ContractReverted as refusal:
            if refusal.name != "DataRegistry_UnknownTerms":
                raise
            return (self.wallet.send(self._contract.call("defineTerms", terms_tuple(terms))),)
        return ()

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
        hashed = hash_files(find(files), progress)
        salts = self.wallet.salts.salts(who, [each.digest for each in hashed])
        items = items_of(who, hashed, salts)
        return Prepared(
            provider=who,
            terms=terms,
            items=tuple(items),
            tree=IdTree([item.id for item in items]),
            payee=Payee.of(payee or who),
            origin=document_hash(origin),
        )

    def consent(self, prepared: Prepared) -> Signed:
        """Signs consent to a prepared collection, which anybody may then submit.

        Raises:
            InvalidInput: this wallet is not the provider.
        """
        self._must_be(prepared.provider)
        nonce, deadline = self.wallet.fresh()
        message = typed.consent(
            self.wallet.session.chain_id,
            self._contract.address,
            provider=prepared.provider,
            root=prepared.tree.root,
            count=len(prepared.items),
            terms=prepared.terms,
            payee=prepared.payee.key,
            origin=prepared.origin,
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
        if consent is None:
            self._must_be(prepared.provider)
        receipts = list(self.put_terms(prepared.terms))
        in_one = publish and len(prepared.items) <= SLICE
        if self._is_new(prepared):
            receipts.append(self.wallet.send(self._registration(prepared, consent, in_one)))
            if in_one:
                return Registered(prepared.id, tuple(receipts))
        if publish:
            receipts += self.publish(prepared)
        return Registered(prepared.id, tuple(receipts))

    def publish(self, prepared: Prepared) -> tuple[Receipt, ...]:
        """Logs those commitments of a registered collection that are not logged yet, by slices."""
        logged = set(self.wallet.session.index.collection(prepared.id).published)
        receipts = []
        for k in range(-(-len(prepared.items) // SLICE)):
            part = prepared.commitments[k * SLICE : (k + 1) * SLICE]
            if logged.issuperset(part):
                continue
            call = self._contract.call(
                "publish",
                prepared.id,
                prepared.tree.root,
                part,
                list(prepared.tree.slice_proof(k)),
            )
            receipts.append(self.wallet.send(call))
        return tuple(receipts)

    def set_payee(self, collection: bytes, payee: Payee | Split | str) -> Receipt:
        """Changes who is paid for a collection of this wallet's."""
        who = Payee.of(payee)
        return self.wallet.send(self._contract.call("setPayee", collection, who.key, who.opening))

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

    def _is_new(self, prepared: Prepared) -> bool:
        if int(self._contract.read("registrantOf", prepared.id), 16) == 0:
            return True
        # Registered: the contract says whether with these very values.
        arguments = (prepared.tree.root, len(prepared.items), prepared.spec)
        self._contract.read("commit", *arguments, sender=prepared.provider)
        return False

    def _registration(self, prepared: Prepared, consent: Signed | None, in_one: bool) -> Any:
        what: Sequence[Any] = (
            (prepared.commitments,) if in_one else (prepared.tree.root, len(prepared.items))
        )
        name = "register" if in_one else "commit"
        if consent is None:
            return self._contract.call(name, *what, prepared.spec)
        return self._contract.call(
            f"{name}For", prepared.provider, *what, prepared.spec, consent.approval
        )

    def _must_be(self, provider: str) -> None:
        if provider.lower() != self.wallet.address.lower():
            raise InvalidInput(
                f"this wallet is {self.wallet.address} and the provider {provider}; "
                "act with the provider's wallet, or submit with its signed consent"
            )


def terms_tuple(terms: Terms) -> tuple[Any, ...]:
    """Terms as the contract takes them."""
    return tuple(getattr(terms, name) for name in Terms.__dataclass_fields__)
