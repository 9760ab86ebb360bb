"""Work that everybody has, to compare with: what a machine can do at all at that moment."""

from collections.abc import Iterable

from kiseki.core.keccak import keccak256

__all__ = ["hash_each"]


def hash_each(ids: Iterable[bytes]) -> None:
    """A plain loop that hashes 64 bytes a time."""
    for each in ids:
        keccak256(each + each)
