"""Which drawing is which: the owner of a collection sees those that this site asked them about.

The chain holds IDs that tell nothing about the works. Only a desk that asked for the consent has
the drawings, and its key store says which of them has which commitment.
"""

from __future__ import annotations

from kiseki.core.values import ZERO32
from kiseki.vault.invitations import Drawing
from kiseki.web.signing.desk import Desk

__all__ = ["drawings"]


def drawings(desk: Desk, account: str, collection: bytes) -> dict[bytes, Drawing]:
    """The drawings of a collection by their commitments; empty where this site did not ask for it,
    or its key store forgot what is in it.

    Args:
        account: whose pages show them, in lower case: of nobody else's collection.
    """
    asked = desk.store.registered(collection)
    if asked is None or asked.account != account or asked.signed_at is None:
        return {}
    by_digest = {each.digest: each for each in asked.drawings}
    found = {}
    with desk.connected() as k:
        for part in k.salts.slices(collection):
            for commitment, digest in zip(part.commitment_list, part.digest_list, strict=True):
                if digest != ZERO32 and digest in by_digest:
                    found[commitment] = by_digest[digest]
    return found
