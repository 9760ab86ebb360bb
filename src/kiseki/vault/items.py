"""Where content is found by its data ID: a row for each item of each collection of a vault.

An object is found by its content's salt, not by its digest: who has the salt has the vault's keys,
or was given the content. So of these rows, too, a thief of the database learns nothing, and nothing
of them changes when another epoch begins.

Source: RFC 2104 (HMAC).
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, delete

from kiseki.core import ids
from kiseki.core.collection import Slice
from kiseki.core.values import ZERO32, address_text
from kiseki.vault.store.database import insert
from kiseki.vault.store.tables import item

__all__ = ["forget", "note", "object_key"]

_MOST = 500
"""Values that one question names."""


def object_key(salt: bytes) -> bytes:
    """By what the object of a content is found, 32 bytes.

    Args:
        salt: the content's, the one that counts.
    """
    return hmac.digest(salt, b"kiseki-vault-v1 object", "sha256")


def note(
    db: Connection, provider: bytes, collection: bytes, part: Slice, salts: Mapping[bytes, bytes]
) -> None:
    """Notes the items of a slice, inside a transaction.

    Args:
        salts: by digest, the one that counts.
    """
    found = ids.item_ids(address_text(provider), part.commitment_list)
    rows = [
        {"id": each, "collection": collection, "provider": provider, "commitment": commitment,
         "key": object_key(salts[digest])}
        for each, commitment, digest in zip(
            found, part.commitment_list, part.digest_list, strict=True
        )
        if digest != ZERO32 and digest in salts
    ]  # fmt: skip
    if rows:
        row = insert(db, item)
        changed = {"key": row.excluded["key"]}
        key = ["id", "collection"]
        db.execute(row.on_conflict_do_update(index_elements=key, set_=changed), rows)


def forget(db: Connection, provider: bytes, commitments: Collection[bytes] | None) -> None:
    """Takes away the rows of items, inside a transaction.

    Args:
        commitments: of the items; none: all of this provider.
    """
    c = item.c
    if commitments is None:
        db.execute(delete(item).where(c.provider == provider))
        return
    wanted = ids.item_ids(address_text(provider), sorted(commitments))
    for start in range(0, len(wanted), _MOST):
        db.execute(delete(item).where(c.id.in_(wanted[start : start + _MOST])))
