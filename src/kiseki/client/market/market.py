"""The market: licences for data, models and outputs, offered, bought, and asked for by the gates.

    offer = k.market.draft("collection", drawings, price=10**17, uses=Use.AI_GENERATIVE_TRAINING)
    k.market.offer(offer)
    ...
    developer.market.buy(offer)            # and may train on it from then on

Terms name the market as their gate: ``define_terms("train", "20%", gate=k.market.address)``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.kinds import registry_of
from kiseki.client.market.purchases import PROBLEMS, Basket, revoked_of
from kiseki.client.payable import receiver
from kiseki.client.release import gate_of, market_of
from kiseki.client.revoked import Revoked
from kiseki.client.rights.schedules import moment
from kiseki.client.wallet import Wallet, document_hash
from kiseki.core import ids
from kiseki.core.base import Base
from kiseki.core.checksum import checksummed
from kiseki.core.counts import counted
from kiseki.core.days import utc
from kiseki.core.offer import FOREVER, Licence, Offer, buyers_root
from kiseki.core.terms import Use
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, to_hex
from kiseki.errors import InvalidInput
from kiseki.index import BatchRecord, LicenceRecord, ModelRecord, OfferRecord
from kiseki.index.answers.pages import ALL

__all__ = ["Bought", "Market"]


@dataclass(frozen=True, slots=True)
class Bought:
    """What buying came to.

    Attributes:
        receipts: of the transactions.
        licences: offer -> what the licensee has of its subject since then, as logged.
        skipped: offer -> why it was passed over.
    """

    receipts: tuple[Receipt, ...]
    licences: Mapping[bytes, int]
    skipped: Mapping[bytes, str]


@dataclass(frozen=True, slots=True)
class Market:
    """Licensors' and licensees' side; `Kiseki.market`."""

    wallet: Wallet

    @property
    def address(self) -> str:
        """Of the market, checksummed: the gate that terms name."""
        return self._contract.address

    # Offering

    def draft(
        self,
        kind: str,
        group: bytes,
        price: int,
        uses: Use,
        *,
        token: str = ZERO_ADDRESS,
        lasts: timedelta | None = None,
        until: datetime | timedelta | int | None = None,
        supply: int | None = None,
        buyers: Iterable[str] = (),
        licence: Licence | bytes | None = None,
        salt: bytes | None = None,
    ) -> Offer:
        """An offer, not yet made.

        Args:
            kind: ``collection``, ``model`` or ``batch``.
            group: its ID.
            price: base units.
            uses: what the licence allows: `Use.AI_GENERATIVE_TRAINING` to train on it,
                `Use.AI_INFERENCE` to read it while generating, `Use.GENERATION` to register outputs
                of a model, or several.
            token: an ERC-20's address; ether if none is named.
            lasts: how long a licence is valid; for ever if left out. Of a collection at most as
                long as the notice of its terms, and for ever only where they are irrevocable.
            until: until when it can be bought; without end if left out.
            supply: how many can be bought; any number if left out. 1 says that nobody else gets
                this one; that no other offer will be made is for the licence to promise.
            buyers: who may buy it; everybody if nobody is named. Keep the list: buyers show it.
            licence: what the licence says to machines, or the hash of its document.
            salt: keeps equal offers apart; another each time if left out.
        """
        known = [receiver(each, "a buyer") for each in buyers]
        return Offer(
            registry=self._registry(kind),
            id=group,
            price=price,
            uses=uses,
            token=token,
            duration=int(lasts.total_seconds()) if lasts else 0,
            until=0 if until is None else moment(until, self.wallet.session.now(), "the end"),
            supply=2**32 - 1 if supply is None else supply,
            buyers=buyers_root(known) if known else ZERO32,
            document=licence.hash if isinstance(licence, Licence) else document_hash(licence),
            salt=secrets.token_bytes(32) if salt is None else salt,
        )

    def opens(self, offer: Offer) -> bool:
        """Whether a licence of it is asked for on the chain: of a collection or model it is."""
        registries = (self._registry(kind) for kind in ("collection", "model"))
        return offer.registry in [each.lower() for each in registries]

    def told(self, offer: Offer) -> str:
        """What whoever makes or buys an offer should know of it, as a sentence.

        Raises:
            NotInIndex: there is no such collection or model.
        """
        if not self.opens(offer):
            return (
                "A licence of this opens nothing on the chain: it is a document that is paid for."
            )
        index = self.wallet.session.index
        if offer.registry == self._registry("collection").lower():
            return index.terms(index.status(offer.id).terms_id).longest_licence()
        return index.terms(index.model(offer.id).terms_id).longest_licence(revocable=False)

    def key(self, offer: Offer) -> bytes:
        """The ID of an offer, 32 bytes."""
        session = self.wallet.session
        return offer.key(session.chain_id, market_of(session, [offer]).address)

    def offer(self, offer: Offer, replaces: bytes | None = None) -> Receipt:
        """Makes an offer, as who holds the rights or a delegate of theirs.

        Args:
            replaces: the ID of another of theirs, which ends in the same transaction. What was sold
                stands.

        Raises:
            ContractReverted: `LicenseMarket_NotHolder`, `LicenseMarket_OfferedBefore`; what it
                sells could not be used until it ends (`LicenseMarket_NotTheGate`,
                `LicenseMarket_UseNotAllowed`, `LicenseMarket_Revoked`, `LicenseMarket_TooLong`); or
                the rights wait to move (`LicenseMarket_Locked`). Nothing was sent.
        """
        market = gate_of(self.wallet.session, "LicenseMarket", offer.registry, offer.id)
        return self.wallet.send(market.call("offer", offer.values, replaces or ZERO32))

    def end(self, key: bytes) -> Receipt:
        """Ends an offer of this wallet's, or of somebody's whose delegate it is."""
        market = market_of(self.wallet.session, [self.find(key).offer])
        return self.wallet.send(market.call("end", key))

    def delegate(self, to: str, allowed: bool = True) -> Receipt:
        """Lets somebody make and end offers for all that this wallet holds, or not any more."""
        who = receiver(to, "the delegate")
        return self.wallet.send(self._contract.call("setDelegate", who, allowed))

    def offers(
        self, kind: str | None = None, group: bytes | None = None, *, all_: bool = False
    ) -> list[OfferRecord]:
        """Offers, the cheapest of each token first.

        Args:
            kind, group: only for this collection, model or batch.
            all_: also those that cannot be bought any more.
        """
        subject = None
        if kind is not None and group is not None:
            subject = ids.subject(self._registry(kind), group)
        index = self.wallet.session.index
        found = index.agreements.offers(subject)
        if not all_:
            open_ = [e for e in found if e.left > 0 and not 0 < e.offer.until < index.time]
            asked = [(each.offer.registry, each.offer.id) for each in open_]
            holders = self._contract.read_all("holderOf", asked)
            pairs = zip(open_, holders, strict=True)
            found = [each for each, holder in pairs if str(holder).lower() == each.owner]
        return sorted(found, key=lambda each: (each.offer.token, each.offer.price))

    def find(self, key: bytes) -> OfferRecord:
        """The offer with an ID.

        Raises:
            NotInIndex: there is none.
        """
        return self.wallet.session.index.agreements.offer(key)

    def holder(self, offer: Offer) -> str:
        """Who holds the rights in what an offer is for, in lower case."""
        return str(self._contract.read("holderOf", offer.registry, offer.id)).lower()

    # Buying

    def problem(
        self,
        offer: Offer,
        licensee: str | None = None,
        buyers: Iterable[str] = (),
        *,
        revoked: bool = False,
    ) -> str:
        """Why an offer cannot be bought now; empty if it can.

        Args:
            revoked: that every item of its collection is revoked is no reason.

        Raises:
            NotInIndex: the index knows no such collection, so nobody can tell.
        """
        (problem,) = self._basket([offer], licensee, buyers, revoked=revoked).problems([offer])
        return problem

    def revoked(self, offers: Sequence[Offer]) -> list[Revoked | None]:
        """Which items of each offer's collection are revoked, as far as they were logged; ``None``
        for what is no collection. The market sells a licence of revoked items all the same.

        Raises:
            NotInIndex: the index knows no such collection.
        """
        return revoked_of(self.wallet, offers)

    def shown(self, offer: Offer, licensee: str | None = None, buyers: Iterable[str] = ()) -> str:
        """Until when buying an offer now licenses each of its uses, at least, as a sentence.

        Whatever others buy, give or end in between, a purchase leads to no less. It says where that
        is less than the offer's time, which is then paid for all the same. It says how many items
        of a collection are revoked and since when, and which sources of a model or batch. Empty
        where the contract sells it to nobody or not to them.

        Raises:
            NotInIndex: the index does not know what the offer is for.
        """
        basket = self._basket([offer], licensee, buyers)
        (ends,) = basket.leads_to([offer])
        subject, now = ids.subject(offer.registry, offer.id), self.wallet.session.now()
        found = self.licences(basket.licensee)
        had = next((each.until for each in found if each.subject == subject), {})
        said = [
            _gain(use, had.get(use, 0), end, offer.duration, now)
            for use, end in ends.items()
            if use in offer.uses
        ]
        who = checksummed(basket.licensee)
        if not said:
            return ""
        return " ".join([f"{who} may use it at least: {'; '.join(said)}.", *self._ended(offer)])

    def buy(
        self,
        offers: Offer | Sequence[Offer],
        licensee: str | None = None,
        *,
        skip: bool = False,
        buyers: Iterable[str] = (),
        executes: Iterable[bytes] = (),
        permits: bool = True,
        traced_only: bool = False,
        revoked: bool = False,
    ) -> Bought:
        """Buys licences; everybody whom the trace leads back to is paid in the same transaction.

        A token that takes permits (ERC-2612) is allowed by a signature that goes along, any other
        is approved first; both for exactly what it costs. Several are bought in as few
        transactions as their gas needs.

        Args:
            offers: one or many.
            licensee: who is licensed; this wallet if nobody is named.
            skip: pass over what cannot be bought, and tell; else nothing of its transaction is.
            buyers: who may buy, where an offer is for some: the list that its maker keeps.
            executes: IDs of conditional transfers that the payments may make due.
            permits: sign permits; if not, approve every token.
            traced_only: no model or batch that rests on a base model which is not registered.
            revoked: also what no item is left of that is not revoked.

        Raises:
            InvalidInput: no offer, one that cannot be bought or is not wanted, too little money for
                all, or the licensee is not among the buyers; nothing was sent.
            ContractReverted: `LicenseMarket_NotBought`, when one was gone by then.
        """
        wanted = [offers] if isinstance(offers, Offer) else list(offers)
        if not wanted:
            raise InvalidInput("name at least one offer")
        token = self.wallet.session["RightsToken"].address
        due = [(token, self._schedule(each)) for each in executes]
        basket = self._basket(
            wanted, licensee, buyers, skip=skip, permits=permits, due=due, revoked=revoked
        )
        if traced_only:
            wanted = self._traced(wanted, basket)
            if not wanted:
                return Bought((), {}, basket.skipped)
        if not skip and not basket.began(wanted):
            for each, problem in zip(wanted, basket.problems(wanted), strict=True):
                if problem:
                    raise InvalidInput(
                        f"the offer {to_hex(self.key(each))} cannot be bought: {problem}; nothing"
                        " was sent"
                    )
            if short := basket.short(wanted):
                raise InvalidInput(f"{short}; nothing was sent")
        return self._bought(basket.buy(wanted), basket.skipped)

    # Licences

    def licences(
        self, of: str | None = None, after: int = -1, most: int = ALL
    ) -> list[LicenceRecord]:
        """What somebody is licensed for, whoever paid; this wallet if nobody is named.

        Args:
            of: the licensee's address.
            after: the place of the last one of the page before.
            most: how many at most.
        """
        who = to_hex(address(of or self.wallet.address, "the licensee"))
        agreements = self.wallet.session.index.agreements
        return agreements.licences(licensee=who, after=after, most=most)

    def is_allowed(self, kind: str, group: bytes, user: str, use: Use) -> bool:
        """Whether the market lets `user` use it now; terms and revocation are asked apart."""
        subject = ids.subject(self._registry(kind), group)
        market = gate_of(self.wallet.session, "LicenseMarket", self._registry(kind), group)
        return bool(market.read("isAllowed", subject, user, int(use)))

    # Inside

    def _ended(self, offer: Offer) -> list[str]:
        """What an offer is for and was revoked: items, or whole sources of a model or batch."""
        (items,) = self.revoked([offer])
        if items:
            return [items.words] if items.words else []
        known = [self._registry(kind).lower() for kind in ("model", "batch")]
        if offer.registry.lower() not in known:
            return []  # in no registry of the suite, so nothing is known of it
        found = self.wallet.session.index.findings(offer.id)
        return [each.sentence for each in found if each.code in ("source_revoked", "item_revoked")]

    def _traced(self, offers: Sequence[Offer], basket: Basket) -> list[Offer]:
        """Those that rest on registered base models only; the others are passed over or refused."""
        index = self.wallet.session.index
        records: Mapping[str, Callable[[bytes], ModelRecord | BatchRecord]] = {
            self._registry("model").lower(): index.model,
            self._registry("batch").lower(): index.batch,
        }
        traced = []
        for each in offers:
            record = records.get(each.registry.lower())
            base = record(each.id).base if record else Base.TRACED
            if base is Base.TRACED:
                traced.append(each)
                continue
            problem = f"its base models are {base.words}"
            if not basket.skip:
                key = to_hex(self.key(each))
                raise InvalidInput(f"the offer {key} is not wanted: {problem}; nothing was sent")
            basket.skipped[self.key(each)] = problem
        return traced

    def _basket(
        self, offers: Sequence[Offer], licensee: str | None, buyers: Iterable[str], **how: Any
    ) -> Basket:
        who = receiver(licensee or self.wallet.address, "the licensee")
        market = market_of(self.wallet.session, offers)
        return Basket(self.wallet, market, who, list(buyers), **how)

    def _schedule(self, key: bytes) -> object:
        return self.wallet.session.index.agreements.schedule(key).schedule.values

    def _bought(self, receipts: Sequence[Receipt], skipped: dict[bytes, str]) -> Bought:
        licences: dict[bytes, int] = {}
        for receipt in receipts:
            for event in self.wallet.session.events(receipt):
                if event.name == "LicenceBought":
                    licences[bytes(event.args["offerId"])] = event.args["licence"]
                elif event.name == "PurchaseSkipped":
                    problem = PROBLEMS[event.args["problem"]]
                    skipped[bytes(event.args["offerId"])] = problem
        return Bought(tuple(receipts), licences, skipped)

    @property
    def _contract(self) -> Contract:
        return self.wallet.session["LicenseMarket"]

    def _registry(self, kind: str) -> str:
        return registry_of(self.wallet.session, kind).address


def _gain(use: Use, had: int, end: int, offered: int, now: int) -> str:
    """What a purchase adds to one use, for people."""
    name = (use.name or "").lower()
    if end == had:
        return f"{name} as long as it may already, so this adds nothing"
    if end == FOREVER:
        return f"{name} for ever"
    added = end - max(had, now - 1)
    short = "" if added >= offered else (
        f", which adds {_long(added)} and not {_long(offered)}, because no licence goes past what "
        "is sure (the notice from now, the end of the terms); its price is the whole one"
    )  # fmt: skip
    return f"{name} until {utc(end)}{short}"


def _long(seconds: int) -> str:
    days = seconds // 86_400
    return counted(days, "day") if days else counted(seconds, "second")
