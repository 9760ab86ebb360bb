"""Collections on their way to the chain, and what the chain knew of them before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kiseki.client.wallet import Signed
from kiseki.core.accounts import Undeployed
from kiseki.core.collection import Kept
from kiseki.core.merkle import Proof, proof_in
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput, KisekiError
from kiseki.vault.protocol import Salts

__all__ = ["Group", "State", "kept_parts"]


Parts = Callable[[], Iterator[tuple[list[bytes], Proof]]]
"""The commitments of each slice, with the proof of the slice's root under the collection's."""


@dataclass(frozen=True, slots=True)
class Group:
    """A collection to be registered.

    Attributes:
        kept: what it is.
        parts: its slices.
        consent: the provider's signature, when another wallet submits.
        per_month: of a standing consent, which then `consent` is.
        made: the provider is an account that is not there yet; it is made on the way.
    """

    kept: Kept
    parts: Parts = field(repr=False)
    consent: Signed | None = None
    per_month: int | None = None
    made: Undeployed | None = None


def kept_parts(salts: Salts, kept: Kept) -> Parts:
    """The slices of a collection that is in a key store."""

    def parts() -> Iterator[tuple[list[bytes], Proof]]:
        roots = [each.root for each in salts.slices(kept.id)]
        if not roots:
            raise InvalidInput(
                f"what is in {to_hex(kept.id)} is not in this key store, so it cannot be "
                "published; use the store that it was prepared with, or leave it unpublished"
            )
        for k, each in enumerate(salts.slices(kept.id)):
            yield each.commitment_list, proof_in(roots, k)

    return parts


@dataclass(frozen=True, slots=True)
class State:
    """What the chain says of a collection.

    Attributes:
        there: it is registered, with these very values.
        error: why it cannot be; `DifferentValues` when it is registered and not as asked.
        plain: whoever consents is a wallet without code, so the gas of that is known.
        first: nothing is in the registry yet, so its log is written where nothing was.
    """

    there: bool = False
    error: KisekiError | None = None
    plain: bool = True
    first: bool = False
