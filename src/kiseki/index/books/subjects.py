"""Whom each known subject stands for now: a collection, model, batch or rights token.

As the contracts' `payeeOf` say, asked by the very wallet that is paid: a holder with code is paid
only at its own call, and the index cannot see code. Other contracts than the suite's are not asked:
what they are owed waits in their subject.
"""

from collections.abc import Iterable, Mapping

from kiseki.core import ids
from kiseki.core.values import ZERO_ADDRESS
from kiseki.index.store.sqlite import Store

__all__ = ["Subjects"]


class Subjects:
    """Subjects as of the events applied, and of a time: identities stand for somebody from then on.

    Attributes:
        openings: subject key -> (contract, id), of every subject of the suite that there can be.
        payees: subject key -> payee key, of those that stand for somebody now, and of rights tokens
            that will once they are on record.
        unknown: subject key of such a token -> (registry, id) that `RightsToken.reveal` puts on
            record.
    """

    def __init__(
        self,
        store: Store,
        addresses: Mapping[str, str],
        now: int,
        identities: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        self.openings: dict[bytes, tuple[str, bytes]] = {}
        self.payees: dict[bytes, bytes] = {}
        self.unknown: dict[bytes, tuple[str, bytes]] = {}
        self._store = store
        self._rights_token = addresses["RightsToken"]
        self._registrants: dict[tuple[str, bytes], str] = {}
        self._collections(addresses["DataRegistry"])
        self._groups("model", "developer", addresses["ModelRegistry"])
        self._groups("batch", "creator", addresses["OutputRegistry"])
        self._rights()
        self._identities(addresses["Identities"], now, identities)

    def _collections(self, registry: str) -> None:
        first = self._store.rows("SELECT id, provider, payee FROM collection")
        later = self._store.rows(
            "SELECT collection, payee FROM payee_change ORDER BY block, position"
        )
        changed: dict[bytes, bytes] = dict(later)
        for collection, provider, payee in first:
            self._add(registry, collection, provider, changed.get(collection) or payee)

    def _groups(self, table: str, registrant: str, registry: str) -> None:
        sql = f"SELECT id, {registrant}, split FROM {table}"  # noqa: S608 - names of this module
        for group, who, split in self._store.rows(sql):
            self._add(registry, group, who, split)

    def _add(self, registry: str, group: bytes, registrant: str, payee: bytes) -> None:
        key = ids.subject(registry, group)
        self.openings[key] = (registry, group)
        self.payees[key] = payee
        self._registrants[registry, group] = registrant
        token = ids.subject(self._rights_token, key)
        self.openings[token] = (self._rights_token, key)
        self.payees[token] = ids.wallet(registrant)
        self.unknown[token] = (registry, group)

    def _identities(self, contract: str, now: int, known: Iterable[tuple[str, bytes]]) -> None:
        """Those that were ever bound, and those that somebody told of."""
        bound = self._store.rows(
            "SELECT issuer, person, wallet, since FROM identity ORDER BY block, position"
        )
        last = {(issuer, person): (wallet, since) for issuer, person, wallet, since in bound}
        for who in (*known, *last):
            identity = ids.identity_id(*who)
            key = ids.subject(contract, identity)
            self.openings[key] = (contract, identity)
            wallet, since = last.get(who, (ZERO_ADDRESS, 0))
            if wallet != ZERO_ADDRESS and since <= now:
                self.payees[key] = ids.wallet(wallet)

    def _rights(self) -> None:
        transfers = self._store.rows("SELECT token, holder FROM transfer ORDER BY block, position")
        holders: dict[bytes, str] = dict(transfers)
        for token, registry, group in self._store.rows("SELECT token, registry, id FROM rights"):
            holder = holders.get(token, ZERO_ADDRESS)
            if holder == ZERO_ADDRESS:
                holder = self._registrants.get((registry, group), ZERO_ADDRESS)
            key = ids.subject(self._rights_token, token)
            self.openings[key] = (self._rights_token, token)
            self.unknown.pop(key, None)
            if holder != ZERO_ADDRESS:
                self.payees[key] = ids.wallet(holder)
