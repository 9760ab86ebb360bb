"""Which of several contracts of one name is meant, where releases replaced one.

New things go to the newest. What names a contract stays with the one that it names: terms with
their gate, an offer with its market, a schedule with the contracts of its conditions.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from kiseki.chain.contract.contracts import Contract
from kiseki.client.session import Session
from kiseki.core.counts import counted
from kiseki.core.offer import Offer
from kiseki.errors import InvalidInput, NotInIndex

__all__ = ["gate_of", "market_of"]


def gate_of(session: Session, name: str, registry: str, group: bytes) -> Contract:
    """The gate that something's terms name, where it is one of that name; else the newest.

    Args:
        name: of the gate, as in Solidity.
        registry: the address at which `group` is registered.
        group: ID of a collection, model or batch.

    Raises:
        NotDeployed: no release on the chain has one.
    """
    gates = session.all(name)
    if len(gates) > 1:
        named = _gate(session, registry, group)
        for gate in gates:
            if gate.address.lower() == named:
                return gate
    return session[name]


def market_of(session: Session, offers: Sequence[Offer]) -> Contract:
    """The market on which offers stand; of one that was not made yet, the one to make it on.

    Raises:
        InvalidInput: they stand on several.
        NotDeployed: no release on the chain has a market.
    """
    found = {each.address: each for each in (_market(session, offer) for offer in offers)}
    if len(found) > 1:
        raise InvalidInput(
            f"these offers stand on {counted(len(found), 'market')} ({', '.join(found)}); buy "
            "those of one market at a time"
        )
    return next(iter(found.values()), session["LicenseMarket"])


def _market(session: Session, offer: Offer) -> Contract:
    markets = session.all("LicenseMarket")
    if len(markets) > 1:
        agreements = session.index.agreements
        for market in markets:  # an offer's ID has its market's address in it
            with contextlib.suppress(NotInIndex):
                agreements.offer(offer.key(session.chain_id, market.address))
                return market
    return gate_of(session, "LicenseMarket", offer.registry, offer.id)


def _gate(session: Session, registry: str, group: bytes) -> str:
    """What something's terms name as their gate, in lower case; empty where that is not known."""
    index, name = session.index, session.names.get(registry.lower())
    try:
        if name == "DataRegistry":
            return index.terms(index.collection(group).terms_id).gate.lower()
        if name == "ModelRegistry":
            return index.terms(index.model(group).terms_id).gate.lower()
    except NotInIndex:
        return ""  # not registered yet
    return ""  # a batch has no terms of its own
