"""Buying licences in few transactions; what is interrupted and asked for again goes on there.

A transaction is known again by what was asked for, not by its data: by the time it is asked for
again what was bought is sold out or cheaper, and a permit has another nonce.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kiseki.chain.contract.contracts import Call, Contract, erc20, node_errors
from kiseki.chain.sending.fees import MOST_GAS_TRIED
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.revenue.allowances import Permit, allowance, approve, permit
from kiseki.client.revenue.revenue import EXECUTE_GAS
from kiseki.client.revoked import Revoked, revoked_in
from kiseki.client.wallet import Wallet
from kiseki.core.amounts import in_units
from kiseki.core.keccak import keccak256
from kiseki.core.offer import Offer, buyer_proof, licence_ends
from kiseki.core.terms import Use
from kiseki.core.values import ZERO32, ZERO_ADDRESS, to_hex
from kiseki.errors import ContractReverted

__all__ = ["PROBLEMS", "Basket", "revoked_of"]

PROBLEMS = (
    "",
    "it was never offered, or with other values",
    "it was ended or replaced",
    "it could be bought until a time that has passed",
    "the rights have another holder now",
    "all of them are sold",
    "it is for other buyers",
    "consent to what it is for was revoked",
    "it lasts longer than is sure: no licence goes past the notice of the terms, counted from now, "
    "nor past their end",
    "the payment failed",
)
"""Why something cannot be bought, by the number that the contract gives."""

_NONE_LEFT = (
    "no item of the collection is left that is known not to be revoked. {} To buy it all the same "
    "say --revoked, or revoked=True"
)

_AT_ONCE = 150
"""Purchases in one transaction at most; fewer where they need more gas."""

_GONE = "LicenseMarket_NotBought"

Due = tuple[str, object]
"""Rights token and schedule, as the contract takes them."""


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought for whom, and how.

    Attributes:
        wallet: who pays.
        market: on which the offers stand.
        licensee: who is licensed, an address.
        buyers: who may buy, where an offer is for some.
        skip: pass over what cannot be bought.
        permits: sign, where a token takes that, in place of approving it.
        due: conditional transfers that are executed at the end.
        revoked: buy also what no item is left of that is not revoked.
        skipped: offer -> why it was passed over; grows.
    """

    wallet: Wallet
    market: Contract
    licensee: str
    buyers: Sequence[str] = ()
    skip: bool = False
    permits: bool = True
    due: Sequence[Due] = ()
    revoked: bool = False
    skipped: dict[bytes, str] = field(default_factory=dict)

    def problems(self, offers: Sequence[Offer]) -> list[str]:
        """Why each cannot be bought now; empty where it can."""
        found = [PROBLEMS[int(each["problem"])] for each in self._judged(offers)]
        if self.revoked:
            return found
        sold = [each for each, problem in zip(offers, found, strict=True) if not problem]
        items = iter(revoked_of(self.wallet, sold))
        return [problem or _none_left(next(items)) for problem in found]

    def leads_to(self, offers: Sequence[Offer]) -> list[dict[Use, int]]:
        """What the licensee would have at least if each were bought: use -> last second."""
        return [licence_ends(int(each["licence"])) for each in self._judged(offers)]

    def _judged(self, offers: Sequence[Offer]) -> list[Any]:
        return self.market.read_all("problemOf", [(self._purchase(each),) for each in offers])

    def short(self, offers: Sequence[Offer]) -> str:
        """What there is too little of, and how much; empty if there is enough of everything."""
        for token, cost in _costs(offers).items():
            held = self._held(token)
            if held < cost:
                digits, ether = self.wallet.session.decimals(token), token == ZERO_ADDRESS
                of = self.wallet.sender.policy.currency if ether else f"of {token}"
                return (
                    f"they cost {in_units(cost, digits)} {of}, and {self.wallet.address} holds "
                    f"{in_units(held, digits)}"
                )
        return ""

    def began(self, offers: Sequence[Offer]) -> bool:
        """Whether an interrupted run has sent a part of it."""
        return any(self._sent(some, last) for some, last in _parts(offers))

    def buy(self, offers: Sequence[Offer]) -> list[Receipt]:
        """Buys all of them, or goes on with it."""
        return [each for some, last in _parts(offers) for each in self._bring(some, last)]

    def _bring(self, some: Sequence[Offer], last: bool) -> list[Receipt]:
        sender, same = self.wallet.sender, self._same(some, last)
        if receipt := sender.recall(same):
            return [receipt]
        if self._sent(some, last):  # in parts
            return self._split(some, last)
        wanted = self._possible(some)
        due = self.due if last else ()
        if not wanted:
            return []
        value = _costs(wanted).get(ZERO_ADDRESS, 0)
        permits = self._allow(wanted, same)
        purchases = [self._purchase(each) for each in wanted]
        if len(some) == 1 and not self.skip and not due and not permits:
            call = self.market.call("buy", purchases[0], value=value)
            return [sender.send(replace(call, same=same.same))]
        # Estimated so that a single failure fails all of it, else too little gas would seem enough.
        strict = self.market.call("buyMany", purchases, False, permits, due, value=value)
        gas = MOST_GAS_TRIED + 1
        if sender.fits(strict):
            try:
                gas = sender.estimate(strict) + len(due) * EXECUTE_GAS
            except ContractReverted as error:  # out of gas, or one is refused
                if len(some) == 1 and self.skip:
                    self.skipped[self._key(some[0])] = f"{PROBLEMS[-1]} ({error})"
                    return []
                if len(some) == 1 or (not self.skip and error.name == _GONE):
                    raise
        if gas > MOST_GAS_TRIED and len(some) > 1:
            return self._split(some, last)
        call = self.market.call("buyMany", purchases, self.skip, permits, due, value=value)
        return [sender.send(replace(call, same=same.same), min(gas, MOST_GAS_TRIED))]

    def _split(self, some: Sequence[Offer], last: bool) -> list[Receipt]:
        return [each for half, end in _halves(some, last) for each in self._bring(half, end)]

    def _sent(self, some: Sequence[Offer], last: bool) -> bool:
        if self.wallet.sender.remembers(self._same(some, last)):
            return True
        return any(self._sent(half, end) for half, end in _halves(some, last))

    def _possible(self, some: Sequence[Offer]) -> list[Offer]:
        if not self.skip:
            return list(some)
        found = list(zip(some, self.problems(some), strict=True))
        self.skipped.update({self._key(each): problem for each, problem in found if problem})
        return [each for each, problem in found if not problem]

    def _same(self, some: Sequence[Offer], last: bool) -> Call:
        """The transaction that buys these, however it comes to do so."""
        said = [self.licensee.lower(), str(self.skip), *(to_hex(self._key(each)) for each in some)]
        if last:
            said += [repr(each) for each in self.due]
        same = keccak256(" ".join(said).encode())
        return Call(self.market.address, b"", 0, "LicenseMarket.buy", same=same)

    def _allow(self, wanted: Sequence[Offer], same: Call) -> list[Permit]:
        """Lets the market take the prices: by permits, or else by approving just as much."""
        permits: list[Permit] = []
        market, wallet = self.market.address, self.wallet
        for token, cost in _costs(wanted).items():
            if token == ZERO_ADDRESS or allowance(wallet, token, market) >= cost:
                continue
            # A dry run asks nobody to sign, and approves instead: it costs no less.
            signs = self.permits and wallet.sender.sends
            signed = permit(wallet, token, market, cost) if signs else None
            if signed:
                permits.append(signed)
            else:
                approve(wallet, token, market, cost, same.same)
        return permits

    def _purchase(self, offer: Offer) -> tuple[Any, ...]:
        named = offer.buyers != ZERO32 and self.buyers
        proof = buyer_proof(self.buyers, self.licensee) if named else []
        return (offer.values, self.licensee, self._opening(offer), proof)

    def _opening(self, offer: Offer) -> bytes:
        """Of the split that is paid; it need not be shown again later, which costs little."""
        session = self.wallet.session
        name = session.names.get(offer.registry.lower())
        if name not in ("ModelRegistry", "OutputRegistry") or not offer.price:
            return b""
        index = session.index
        record = index.model(offer.id) if name == "ModelRegistry" else index.batch(offer.id)
        key = record.split
        return index.split(key).split.opening

    def _held(self, token: str) -> int:
        node, wallet = self.wallet.session.node, self.wallet.address
        if token != ZERO_ADDRESS:
            return int(erc20(node, token).read("balanceOf", wallet))
        with node_errors():
            return node.balance(wallet)

    def _key(self, offer: Offer) -> bytes:
        return offer.key(self.wallet.session.chain_id, self.market.address)


def revoked_of(wallet: Wallet, offers: Sequence[Offer]) -> list[Revoked | None]:
    """Which items of each offer's collection are revoked; none of what is no collection."""
    session = wallet.session
    data = session["DataRegistry"].address.lower()
    collections = [each.id if each.registry.lower() == data else None for each in offers]
    found = {each: revoked_in(session.index, each) for each in set(collections) if each}
    return [found[each] if each else None for each in collections]


def _none_left(items: Revoked | None) -> str:
    return _NONE_LEFT.format(items.words) if items and items.none_left else ""


def _costs(offers: Sequence[Offer]) -> dict[str, int]:
    costs: dict[str, int] = {}
    for each in offers:
        if each.price:
            costs[each.token] = costs.get(each.token, 0) + each.price
    return costs


def _parts(offers: Sequence[Offer]) -> Iterable[tuple[Sequence[Offer], bool]]:
    """Each with whether it is the last."""
    for start in range(0, len(offers), _AT_ONCE):
        yield offers[start : start + _AT_ONCE], start + _AT_ONCE >= len(offers)


def _halves(some: Sequence[Offer], last: bool) -> Iterable[tuple[Sequence[Offer], bool]]:
    half = len(some) // 2
    return ((some[:half], False), (some[half:], last)) if half else ()
