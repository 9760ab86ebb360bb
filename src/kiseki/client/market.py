"""The market: licences for data, models and outputs, offered, bought, and asked for by the gates.

    offer = k.market.draft("collection", drawings, price=10**17, uses=Use.AI_GENERATIVE_TRAINING)
    k.market.offer(offer)
    ...
    developer.market.buy(offer)            # and may train on it from then on

Terms name the market as their gate: ``define_terms("train", gate=k.market.address)``.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kiseki.chain.contracts import Contract, erc20
from kiseki.chain.sender import MOST_GAS, Receipt
from kiseki.client.revenue import EXECUTE_GAS
from kiseki.client.schedules import moment
from kiseki.client.wallet import Wallet, document_hash
from kiseki.core import ids
from kiseki.core.offer import Licence, Offer, buyer_proof, buyers_root
from kiseki.core.terms import Use
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, to_hex
from kiseki.errors import ContractReverted, InvalidInput
from kiseki.index import LicenceRecord, NotInIndex, OfferRecord

__all__ = ["PROBLEMS", "Bought", "Market"]

PROBLEMS = (
    "",
    "it was never offered, or with other values",
    "it was ended or replaced",
    "it could be bought until a time that has passed",
    "the rights have another holder now",
    "all of them are sold",
    "it is for other buyers",
    "the payment failed",
)
"""Why something cannot be bought, by the number that the contract gives."""

_REGISTRIES = {"collection": "DataRegistry", "model": "ModelRegistry", "batch": "OutputRegistry"}
_AT_ONCE = 150
"""Purchases in one transaction at most; fewer where they need more gas."""

_MOST_GAS = int(MOST_GAS / 1.15)


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
            lasts: how long a licence is valid; for ever if left out.
            until: until when it can be bought; without end if left out.
            supply: how many can be bought; any number if left out. 1 says that nobody else gets
                this one; that no other offer will be made is for the licence to promise.
            buyers: who may buy it; everybody if nobody is named. Keep the list: buyers show it.
            licence: what the licence says to machines, or the hash of its document.
            salt: keeps equal offers apart; another each time if left out.
        """
        known = list(buyers)
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

    def key(self, offer: Offer) -> bytes:
        """The ID of an offer, 32 bytes."""
        return offer.key(self.wallet.session.chain_id, self.address)

    def offer(self, offer: Offer, replaces: bytes | None = None) -> Receipt:
        """Makes an offer, as who holds the rights or a delegate of theirs.

        Args:
            replaces: the ID of another of theirs, which ends in the same transaction. What was sold
                stands.

        Raises:
            ContractReverted: `LicenseMarket_NotHolder`, `LicenseMarket_OfferedBefore`, …
        """
        return self.wallet.send(self._contract.call("offer", offer.values, replaces or ZERO32))

    def end(self, key: bytes) -> Receipt:
        """Ends an offer of this wallet's, or of somebody's whose delegate it is."""
        return self.wallet.send(self._contract.call("end", key))

    def delegate(self, to: str, allowed: bool = True) -> Receipt:
        """Lets somebody make and end offers for all that this wallet holds, or not any more."""
        who = to_hex(address(to, "the delegate"))
        return self.wallet.send(self._contract.call("setDelegate", who, allowed))

    def offers(
        self, kind: str | None = None, group: bytes | None = None, *, all_: bool = False
    ) -> list[OfferRecord]:
        """Offers, the cheapest of each token first.

        Args:
            kind, group: only for this collection, model or batch.
            all_: also those that cannot be bought any more.
        """
        found = self.wallet.session.index.agreements.offers()
        if kind is not None and group is not None:
            subject = ids.subject(self._registry(kind), group)
            found = [each for each in found if each.subject == subject]
        if not all_:
            now = self.wallet.session.now()
            found = [
                each
                for each in found
                if each.left > 0
                and (not each.offer.until or now <= each.offer.until)
                and self.holder(each.offer) == each.owner
            ]
        return sorted(found, key=lambda each: (each.offer.token, each.offer.price))

    def find(self, key: bytes) -> OfferRecord:
        """The offer with an ID.

        Raises:
            NotInIndex: there is none.
        """
        for each in self.wallet.session.index.agreements.offers():
            if each.key == key:
                return each
        raise NotInIndex(f"there is no offer {to_hex(key)} up to this block")

    def holder(self, offer: Offer) -> str:
        """Who holds the rights in what an offer is for, in lower case."""
        return str(self._contract.read("holderOf", offer.registry, offer.id)).lower()

    # Buying

    def problem(self, offer: Offer, licensee: str | None = None, buyers: Iterable[str] = ()) -> str:
        """Why an offer cannot be bought now; empty if it can."""
        purchase = self._purchase(offer, licensee or self.wallet.address, list(buyers))
        return PROBLEMS[int(self._contract.read("problemOf", purchase))]

    def buy(
        self,
        offers: Offer | Sequence[Offer],
        licensee: str | None = None,
        *,
        skip: bool = False,
        buyers: Iterable[str] = (),
        executes: Iterable[bytes] = (),
    ) -> Bought:
        """Buys licences; everybody whom the trace leads back to is paid in the same transaction.

        A token is approved first, for exactly what it costs. Several are bought in as few
        transactions as their gas needs.

        Args:
            offers: one or many.
            licensee: who is licensed; this wallet if nobody is named.
            skip: pass over what cannot be bought, and tell; else nothing of its transaction is.
            buyers: who may buy, where an offer is for some: the list that its maker keeps.
            executes: IDs of conditional transfers that the payments may make due.

        Raises:
            InvalidInput: no offer, one that cannot be bought, or the licensee is not among the
                buyers; nothing was sent.
            ContractReverted: `LicenseMarket_NotBought`, when one was gone by then.
        """
        wanted = [offers] if isinstance(offers, Offer) else list(offers)
        if not wanted:
            raise InvalidInput("name at least one offer")
        who, known = licensee or self.wallet.address, list(buyers)
        for each in () if skip else wanted:
            if problem := self.problem(each, who, known):
                raise InvalidInput(
                    f"the offer {to_hex(self.key(each))} cannot be bought: {problem}; nothing was"
                    " sent"
                )
        self._approve(wanted)
        due = [
            (self.wallet.session["RightsToken"].address, self._schedule(each)) for each in executes
        ]
        receipts: list[Receipt] = []
        skipped: dict[bytes, str] = {}
        if skip:
            found = [(each, self.problem(each, who, known)) for each in wanted]
            skipped = {self.key(each): problem for each, problem in found if problem}
            wanted = [each for each, problem in found if not problem]
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            last = start + _AT_ONCE >= len(wanted)
            receipts += self._bring(
                some, who, known, skipped if skip else None, due if last else []
            )
        return self._bought(receipts, skipped)

    # Licences

    def licences(self, of: str | None = None) -> list[LicenceRecord]:
        """What somebody has bought; this wallet if nobody is named."""
        who = to_hex(address(of or self.wallet.address, "the licensee"))
        found = self.wallet.session.index.agreements.licences()
        return [each for each in found if each.licensee == who]

    def is_allowed(self, kind: str, group: bytes, user: str, use: Use) -> bool:
        """Whether the market lets `user` use it now; terms and revocation are asked apart."""
        subject = ids.subject(self._registry(kind), group)
        return bool(self._contract.read("isAllowed", subject, user, int(use)))

    # Inside

    def _bring(
        self,
        some: Sequence[Offer],
        who: str,
        known: list[str],
        skipped: dict[bytes, str] | None,
        due: list[tuple[str, object]],
    ) -> list[Receipt]:
        purchases = [self._purchase(each, who, known) for each in some]
        value = sum(each.price for each in some if each.token == ZERO_ADDRESS)
        if len(some) == 1 and skipped is None and not due:
            return [self.wallet.send(self._contract.call("buy", purchases[0], value=value))]
        sender = self.wallet.sender
        # Estimated so that a single failure fails all of it, else too little gas would seem enough.
        strict = self._contract.call("buyMany", purchases, False, [], due, value=value)
        gas = _MOST_GAS + 1
        if sender.fits(strict):
            try:
                gas = sender.estimate(strict) + len(due) * EXECUTE_GAS
            except ContractReverted as error:  # out of gas, or one is refused
                if len(some) == 1 and skipped is not None:
                    skipped[self.key(some[0])] = f"{PROBLEMS[-1]} ({error})"
                    return []
                if len(some) == 1:
                    raise
        if gas > _MOST_GAS and len(some) > 1:
            half = len(some) // 2
            return [
                *self._bring(some[:half], who, known, skipped, []),
                *self._bring(some[half:], who, known, skipped, due),
            ]
        lenient = self._contract.call(
            "buyMany", purchases, skipped is not None, [], due, value=value
        )
        return [sender.send(lenient, min(gas, _MOST_GAS))]

    def _purchase(self, offer: Offer, who: str, known: list[str]) -> tuple[object, ...]:
        proof = buyer_proof(known, who) if offer.buyers != ZERO32 and known else []
        return (offer.values, to_hex(address(who, "the licensee")), self._opening(offer), proof)

    def _opening(self, offer: Offer) -> bytes:
        """Of the split that is paid, also where it need not be shown: bought again after an
        interruption, the same must be the same transaction."""
        session = self.wallet.session
        kinds = {session[name].address.lower(): kind for kind, name in _REGISTRIES.items()}
        kind = kinds.get(offer.registry)
        if kind not in ("model", "batch") or not offer.price:
            return b""
        index = session.index
        key = index.model(offer.id).split if kind == "model" else index.batch(offer.id).split
        return index.split(key).split.opening

    def _schedule(self, key: bytes) -> object:
        return self.wallet.session.index.agreements.schedule(key).schedule.values

    def _approve(self, wanted: Sequence[Offer]) -> None:
        costs: dict[str, int] = {}
        for each in wanted:
            if each.token != ZERO_ADDRESS and each.price:
                costs[each.token] = costs.get(each.token, 0) + each.price
        for token, cost in costs.items():
            coin = erc20(self.wallet.session.w3, token)
            allowed = coin.read("allowance", self.wallet.address, self.address)
            if 0 < allowed < cost:  # some tokens refuse to change one allowance into another
                self.wallet.send(coin.call("approve", self.address, 0))
            if allowed < cost:
                self.wallet.send(coin.call("approve", self.address, cost))

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
        if kind not in _REGISTRIES:
            raise InvalidInput(f"kind is one of {', '.join(_REGISTRIES)}, not {kind!r:.40}")
        return self.wallet.session[_REGISTRIES[kind]].address
