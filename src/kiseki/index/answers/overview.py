"""Questions about the whole: what rests on something, who earned what, how much there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kiseki.index.answers.counts import counts_of
from kiseki.index.answers.coverage import Coverage, coverage_of
from kiseki.index.answers.earnings import By, Earning, earnings_of
from kiseki.index.answers.history import Entry, history_of
from kiseki.index.answers.impact import (
    Dependent,
    Impact,
    Resting,
    dependents_of,
    impact_of,
    received_by,
    resting_on,
)
from kiseki.index.answers.licensing import terms_of, works_under
from kiseki.index.answers.months import Month, months_of
from kiseki.index.answers.newest import NewUse, newest_uses
from kiseki.index.answers.resting import RestingModel, models_on
from kiseki.index.answers.search import Hit, search
from kiseki.index.answers.withdrawals import Of, Withdrawal, withdrawals_of
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store

__all__ = ["Overview"]


class Overview:
    """Each answer is as of the last block, or as it stood at the end of another one, ``block``.

    Lists come in pages: ``after`` is the place of the last row that is known (`place` of each).

    Args:
        until: the last block that counts where a question names no other; all when left out.
    """

    def __init__(self, store: Store, until: int | None = None) -> None:
        self._store, self._until = store, until

    def impact(self, data: bytes, block: int | None = None) -> Impact:
        """How many models and batches rest on a collection or model."""
        return impact_of(self._store, data, self._last(block))

    def resting(self, data: bytes, ways: int = 5_000, block: int | None = None) -> Resting:
        """How many models and batches rest on a collection or model, counted as far as so many ways
        lead from it to them: what :meth:`impact` tells to the end, at a bounded cost."""
        return resting_on(self._store, data, ways, self._last(block))

    def dependents(
        self, data: bytes, after: int = -1, most: int = 100, block: int | None = None
    ) -> list[Dependent]:
        """Models and batches that rest on a collection or model, earliest first."""
        return dependents_of(self._store, data, after, most, self._last(block))

    def newest_uses(
        self, key: bytes, before: int | None = None, most: int = 100, block: int | None = None
    ) -> list[NewUse]:
        """Models and batches that declare something themselves, the newest first; in pages by
        ``before``, the place of the last row that is known.

        Args:
            key: the ID of a collection or model; of all of a wallet's, its payee key.
        """
        return newest_uses(self._store, key, before, most, self._last(block))

    def models_on(
        self, collection: bytes, after: int = -1, most: int = 100, block: int | None = None
    ) -> list[RestingModel]:
        """Models that rest on a collection, also through others, earliest first."""
        return models_on(self._store, collection, after, most, self._last(block))

    def withdrawals(
        self,
        of: Of,
        key: str | bytes,
        after: bytes = b"",
        most: int = 100,
        block: int | None = None,
        *,
        newest: bool = False,
    ) -> list[Withdrawal]:
        """Revocations of a provider, collection or item, or that touch a model or a developer's
        models: each with a model that rests on what was revoked. In pages by ``after``, the
        `cursor` of the last row that is known."""
        return withdrawals_of(
            self._store, of, key, after, most, newest=newest, at=self._last(block)
        )

    def terms_of(self, group: bytes, block: int | None = None) -> list[bytes]:
        """The IDs of all terms of what a model or batch rests on, its own included."""
        return terms_of(self._store, group, self._last(block))

    def works_under(
        self, terms: bytes, after: int = -1, most: int = 100, block: int | None = None
    ) -> list[Dependent]:
        """Models and batches that rest on data under some terms, earliest first."""
        return works_under(self._store, terms, after, most, self._last(block))

    def received(
        self, payee: bytes, tokens: Iterable[str], block: int | None = None
    ) -> Mapping[str, int]:
        """What came in for a split or subject, in base units, for each of some tokens."""
        return received_by(self._store, payee, tokens, self._last(block))

    def earnings(self, wallet: str, by: By = "token", block: int | None = None) -> list[Earning]:
        """What reached a wallet, by month, subject or token."""
        return earnings_of(self._store, wallet, by, self._last(block))

    def months(
        self, wallet: str, after: int = -1, most: int = 100, block: int | None = None
    ) -> list[Month]:
        """What reached a wallet month by month, earliest first."""
        return months_of(self._store, wallet, after, most, self._last(block))

    def history(
        self, wallet: str, after: int = -1, most: int = 100, block: int | None = None
    ) -> list[Entry]:
        """What a wallet paid and what reached it, earliest first."""
        return history_of(self._store, wallet, after, most, self._last(block))

    def coverage(self, now: int, block: int | None = None) -> Coverage:
        """For how many works the consent of every source still holds at a time, Unix seconds."""
        return coverage_of(self._store, now, self._last(block))

    def counts(self, block: int | None = None) -> dict[str, int]:
        """How many there are of each kind."""
        return counts_of(self._store, self._last(block))

    def search(self, text: str, most: int = 20, block: int | None = None) -> list[Hit]:
        """What begins with some digits, or bears a name that somebody stated."""
        return search(self._store, text, most, self._last(block))

    def _last(self, block: int | None) -> int | None:
        """The last place of a block."""
        named = [each for each in (block, self._until) if each is not None]
        return t.place_of(min(named) + 1) - 1 if named else None
