"""Whether consent lasts until a model is registered: looked at when one is prepared, and again
right before the transaction that it is judged in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kiseki.client.models import manifests
from kiseki.client.revoked import revoked_among, revoked_in
from kiseki.core import ids
from kiseki.core.days import utc
from kiseki.core.manifest import Manifest
from kiseki.core.terms import Terms
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, NotInIndex

if TYPE_CHECKING:
    from kiseki.index import Index

__all__ = ["TRAINING", "may_be_gone", "must_hold", "risk"]

TRAINING = 30 * 86_400
"""Seconds that may pass between choosing data and registering what was trained on it."""

_PENDING = 3600
"""Seconds that a registration may wait for its block: a notice that ends meanwhile counts."""


def must_hold(index: Index, manifest: Manifest, now: int) -> None:
    """Refuses a manifest that could be shown to be false, or whose consent ends on the way.

    Raises:
        InvalidInput: an item is not in its collection, as far as that is published; or its consent,
            or that of a whole collection, has ended or ends within the hour, notice included.
    """
    revoked = index.items_revoked(_items(manifest))
    for collection, items in manifest.items.items():
        try:
            record = index.collection(collection)
        except NotInIndex:
            raise InvalidInput(
                f"the collection {to_hex(collection)} of the manifest is not registered on this "
                "chain. Data of others is registered by its provider: take in the provider's "
                "receipt (kiseki data receive) and make the manifest from it (kiseki model "
                "manifest). Preparing the files yourself gives other IDs"
            ) from None
        # What has ended already the contract says, with the rule that is broken.
        if record.ends_at is not None and now < record.ends_at <= now + _PENDING:
            raise InvalidInput(
                f"consent to the collection {to_hex(collection)} ends within the hour, perhaps "
                "before this is in a block; leave it out and train again"
            )
        there = set(ids.item_ids(record.provider, record.published))
        ended = manifests.revoked_by(index, collection, revoked, now + _PENDING)
        for data_id, _ in items:
            if record.complete and data_id not in there:
                raise InvalidInput(
                    f"{to_hex(data_id)} is not in the collection {to_hex(collection)}; "
                    "take manifest entries from what was registered"
                )
            if data_id in ended:
                raise InvalidInput(
                    f"consent to {to_hex(data_id)} was revoked before this; leave it out and train "
                    "again, or the manifest is false for everybody to see (a notice that ends "
                    "within the hour counts as ended)"
                )


def may_be_gone(index: Index, collections: Manifest | Iterable[bytes], now: int) -> list[str]:
    """What has ended, or could end before a model that is trained now is registered, in words.

    Of a manifest its own items are looked at, of a collection all of its items.
    """
    if isinstance(collections, Manifest):
        known = index.items_revoked(_items(collections))
        items = {
            each: revoked_among(index, each, known, [item for item, _ in listed])
            for each, listed in collections.items.items()
        }
    else:
        items = {each: revoked_in(index, each) for each in collections}
    found = []
    for collection, revoked in items.items():
        status = index.status(collection)
        if said := risk(index.terms(status.terms_id), status.ends_at, now):
            found.append(f"{to_hex(collection)} {said}")
        if revoked.words:
            found.append(f"{to_hex(collection)}: {revoked.words}")
    return found


def _items(manifest: Manifest) -> set[bytes]:
    return {item for items in manifest.items.values() for item, _ in items}


def risk(terms: Terms, ends_at: int | None, now: int) -> str:
    """Why a collection may be gone before you register what you train on it; empty if it lasts.

    Args:
        terms: the collection's.
        ends_at: first second at which it refuses new uses, as far as that is known.
        now: Unix seconds.
    """
    if ends_at is not None and ends_at <= now:
        return "is gone: consent to it has ended"
    gone = "may be gone before you register"
    if ends_at is not None and ends_at <= now + TRAINING:
        return f"{gone}: consent to it ends on {utc(ends_at)}"
    if ends_at is not None and not terms.valid_until:  # revoked, and the notice is long
        return ""
    if terms.irrevocable or terms.notice_seconds >= TRAINING:
        return ""
    if not terms.notice_seconds:
        return f"{gone}: its provider can end consent at once"
    return f"{gone}: its provider can end consent within {terms.notice_seconds / 86_400:.1f} days"
