"""Which items of a collection are revoked, in words, before anybody pays for it or trains on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from kiseki.core.days import utc
from kiseki.core.terms import ITEM_NOTICE, Terms
from kiseki.index import Index, Past
from kiseki.language import span

__all__ = ["Revoked", "revoked_among", "revoked_in"]


@dataclass(frozen=True, slots=True)
class Revoked:
    """How many items are revoked, and since when.

    Attributes:
        count: how many items there are.
        known: of how many the index sees whether they are revoked, at most.
        whole: whether these are all of them. Where they are not, more may be revoked.
        times: when notice was given for each revoked item, ascending, in Unix seconds.
        notice: seconds from its notice until consent to an item ends.
    """

    count: int
    known: int
    whole: bool
    times: tuple[int, ...]
    notice: int

    @property
    def none_left(self) -> bool:
        """Whether every item that the index knows is revoked."""
        return bool(self.times) and len(self.times) >= min(self.known, self.count)

    @property
    def words(self) -> str:
        """The same in sentences; empty where all items are known and none is revoked."""
        return " ".join(filter(None, (self._revoked(), self._unknown())))

    def _revoked(self) -> str:
        if not self.times:
            return ""
        number, first, last = len(self.times), self.times[0], self.times[-1]
        given = f"on {utc(first)}" if first == last else f"from {utc(first)} to {utc(last)}"
        ends = span(timedelta(seconds=self.notice))
        are = "is" if number == 1 else "are"
        return (
            f"{number:,} of the {_items(self.count)} {are} revoked. Notice was given {given}."
            f" Consent to an item ends {ends} after its notice."
        )

    def _unknown(self) -> str:
        if self.whole:
            return ""
        return f"The log does not show all of the {_items(self.count)}, so more may be revoked."


def revoked_in(index: Index | Past, collection: bytes) -> Revoked:
    """Of all items of a collection, as far as they were logged.

    Raises:
        NotInIndex: there is no such collection.
    """
    record = index.collection(collection)
    terms, known = index.terms(record.terms_id), len(record.published)
    # Only a log that rebuilds the root is believed: a provider could log other commitments.
    whole = record.complete or terms.irrevocable
    times = (time for _, time in record.items_revoked)
    return _revoked(terms, times, record.count, known, whole)


def revoked_among(
    index: Index, collection: bytes, revoked: Mapping[bytes, int], items: Iterable[bytes]
) -> Revoked:
    """Of some items of a collection, logged or not, by their IDs.

    Args:
        revoked: what `Index.items_revoked` says of them; asked once for many collections.

    Raises:
        NotInIndex: there is no such collection.
    """
    terms = index.terms(index.status(collection).terms_id)
    wanted = set(items)
    times = (revoked[each] for each in wanted & revoked.keys())
    return _revoked(terms, times, len(wanted), len(wanted), True)


def _revoked(terms: Terms, times: Iterable[int], count: int, known: int, whole: bool) -> Revoked:
    """Under irrevocable terms the revocation of an item has no effect."""
    counted = () if terms.irrevocable else tuple(sorted(times))
    return Revoked(count, known, whole, counted, max(terms.notice_seconds, ITEM_NOTICE))


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"
