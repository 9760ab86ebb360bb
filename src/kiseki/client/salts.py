"""New salts, and what stops them: registrations whose openings the key store lacks.

A content whose salt is gone gets a new one, and with it another ID: the same files would be on the
chain twice, and each model chooses whom it pays. So whoever is about to make new salts for a
provider is told first which registrations the key store cannot open. That is the case where its
file was deleted, where its path is mistyped, and where another computer registered. Whoever knows
that the openings are elsewhere or lost gives them up (`data.openings.give_up`), and is not asked
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kiseki.chain.contract.contracts import node_errors
from kiseki.client.wallet import Wallet
from kiseki.core.checksum import checksummed
from kiseki.core.collection import Kept, Slice
from kiseki.core.counts import counted
from kiseki.core.days import utc
from kiseki.core.values import to_hex
from kiseki.errors import SaltsMissing

__all__ = ["NewSalts", "Registration", "lacking", "must_open_models"]

_NAMED = 5
"""How many registrations a message names."""


@dataclass(slots=True)
class NewSalts:
    """A keeper of salts that makes no new ones where registrations cannot be opened."""

    wallet: Wallet
    _asked: set[str] = field(default_factory=set)

    def salts(self, provider: str, digests: list[bytes]) -> list[bytes]:
        """The salt of each content; see `Salts.salts`.

        Raises:
            SaltsMissing: one would be new, and the key store lacks openings of the provider's.
        """
        who, salts = provider.lower(), self.wallet.salts
        if who not in self._asked and salts.known(who, digests) < set(digests):
            if missing := lacking(self.wallet, who):
                raise SaltsMissing(_words(self.wallet, who, missing), [e.id for e in missing])
            self._asked.add(who)
        return salts.salts(provider, digests)

    def keep(self, kept: Kept, slices: Iterable[Slice]) -> None:
        """See `Salts.keep`."""
        self.wallet.salts.keep(kept, slices)


@dataclass(frozen=True, slots=True)
class Registration:
    """A collection on the chain.

    Attributes:
        id: 32 bytes.
        count: how many items.
        registered_at: Unix seconds.
    """

    id: bytes
    count: int
    registered_at: int


def lacking(wallet: Wallet, provider: str) -> list[Registration]:
    """The collections of a provider on this chain that the key store cannot open.

    Of another wallet only those count that this wallet sent: what somebody else registered for the
    same artist was never in this key store.
    """
    there = {each.id: each for each in wallet.session.index.collections(provider)}
    missing = wallet.salts.lacking([(each.id, each.count) for each in there.values()])
    return [
        Registration(each, there[each].count, there[each].registered_at)
        for each in missing
        if provider.lower() == wallet.address.lower() or _sent(wallet, there[each].transaction)
    ]


def must_open_models(wallet: Wallet, digest: bytes) -> None:
    """Refuses a new salt for weights while models of this wallet cannot be opened.

    Raises:
        SaltsMissing: no salt here gives the weights of a model that this wallet registered.
    """
    index, me, salts = wallet.session.index, wallet.address.lower(), wallet.salts
    if salts.known(me, [digest]):
        return
    mine = {model: index.model(model) for model in index.registered("ModelRegistry", me)}
    opened = salts.opens(me, [each.weights for each in mine.values()])
    closed = [each for each in mine.values() if each.weights not in opened]
    missing = salts.lacking([(each.id, 1) for each in closed])
    if missing:
        named = [f"{to_hex(each)} ({utc(mine[each].registered_at)})" for each in missing]
        raise SaltsMissing(
            f"this wallet registered {_listed('model', named)} on this chain, and no salt in the "
            f"key store {salts.place} opens their weights. They were registered elsewhere without "
            "a salt, or their salts are missing here. In the second case a new salt makes "
            f"another model of the same weights. {_ADVICE}",
            missing,
        )


def _sent(wallet: Wallet, transaction: bytes) -> bool:
    """Whether this wallet sent a transaction; also where the node does not know it any more."""
    with node_errors():
        found = wallet.session.node.one("eth_getTransactionByHash", to_hex(transaction))
    return found is None or str(found["from"]).lower() == wallet.address.lower()


def _words(wallet: Wallet, provider: str, missing: Sequence[Registration]) -> str:
    named = [
        f"{to_hex(e.id)} ({counted(e.count, 'item')}, {utc(e.registered_at)})" for e in missing
    ]
    return (
        f"{checksummed(provider)} has {_listed('collection', named)} on this chain, and the key "
        f"store {wallet.salts.place} cannot open them: the salts are missing here. If these files "
        "are among their items, new salts register them a second time, under other IDs, and the "
        f"first registration stands. {_ADVICE}"
    )


_ADVICE = (
    "What to do: name the right key store (--secrets, KISEKI_SECRETS), restore a backup of it "
    "(kiseki keys restore FILE), or take in the receipts that were sent out (kiseki data receive "
    "FILE). Only if you know that these files are new, or that the old salts are lost for good, go "
    "on as new (--as-new; in Python data.openings.give_up(error.registrations)). Nothing was sent"
)


def _listed(noun: str, named: Sequence[str]) -> str:
    more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
    many = "" if len(named) == 1 else "s"
    return f"{len(named):,} {noun}{many}, {', '.join(named[:_NAMED])}{more},"
