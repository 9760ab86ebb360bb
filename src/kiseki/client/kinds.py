"""What can be registered, by the words that people use: batch, model or collection."""

from __future__ import annotations

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.release.releases import names
from kiseki.client.session import Session
from kiseki.errors import InvalidInput
from kiseki.language import mark

__all__ = ["KINDS", "KIND_NAMES", "kind_of", "registry_of"]

KINDS = {"batch": "OutputRegistry", "model": "ModelRegistry", "collection": "DataRegistry"}
"""Each with its registry."""
KIND_NAMES = {
    "batch": mark("batch"),
    "model": mark("model"),
    "collection": mark("collection"),
    "wallet": mark("wallet"),
}
"""What there is to speak of, as `kiseki.language.say` takes it."""


def registry_of(session: Session, kind: str) -> Contract:
    """The registry of a kind.

    Raises:
        InvalidInput: there is no such kind.
    """
    if kind not in KINDS:
        raise InvalidInput(f"kind is one of {', '.join(KINDS)}, not {kind!r:.40}")
    return session[KINDS[kind]]


def kind_of(registry: str) -> str:
    """What is in a registry.

    Args:
        registry: its address.

    Raises:
        InvalidInput: it is none of this suite's.
    """
    name = names().get(registry.lower())
    for kind, each in KINDS.items():
        if each == name:
            return kind
    raise InvalidInput(f"{registry} is no registry of this suite")
