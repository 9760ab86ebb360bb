"""What letters hold beside what is signed: a payee's opening and split, and the sources of a model
or batch. The signature binds each by its hash, so whoever brings a letter needs them in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kiseki.client.payable import payable
from kiseki.client.sources import Named
from kiseki.core import documents, ids
from kiseki.core.keccak import keccak256
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput

__all__ = ["PAYEE", "SOURCES", "payee", "payee_of", "sources", "sources_of"]

PAYEE = ("opening", "split")
"""The members of a file that hold a payee's opening, and its split where that is known."""
SOURCES = ("collections", "models", "externals")
"""The members of a file that hold sources."""

_KINDS = {0: b"", 52: b"\x04", 76: b"\x03"}
"""Length of an opening -> what is hashed before it: of a wallet, a subject and a split."""


def payee(given: Payee) -> dict[str, Any]:
    """What a file holds of a payee."""
    split = None if given.split is None else given.split.to_json()
    return {"opening": to_hex(given.opening), "split": split}


def payee_of(key: object, more: Mapping[str, Any]) -> Payee:
    """The payee with this key, of what a file holds.

    Raises:
        InvalidInput: the opening or the split is another's, or nobody could ever be paid.
    """
    known, opening = from_hex(key, 32, "the payee"), from_hex(more["opening"], None, "the opening")
    split = None if more["split"] is None else Split.from_json(more["split"], known)
    before = _KINDS.get(len(opening))
    opens = before is not None and keccak256(before + opening) == known
    if not opens and (opening or ids.wallet_address(known) is None):
        raise InvalidInput("the opening is not the payee's")
    return payable(Payee(known, opening, split))


def sources(given: Named) -> dict[str, Any]:
    """What a file holds of sources."""
    return {
        "collections": [[to_hex(e.id), to_hex(e.items), str(e.weight)] for e in given.collections],
        "models": [to_hex(each) for each in given.models],
        "externals": [[to_hex(e.weights), to_hex(e.document)] for e in given.externals],
    }


def sources_of(more: Mapping[str, Any], expected: object) -> Named:
    """The sources of what a file holds.

    Args:
        expected: their hash.

    Raises:
        InvalidInput: they are none, or others.
    """
    found = Named(
        tuple(
            ids.Collection(
                from_hex(each, 32, "a collection"), from_hex(items, 32, "the items"),
                documents.decimal(weight, "a weight"),
            )
            for each, items, weight in _rows(more["collections"])
        ),
        tuple(from_hex(each, 32, "a model") for each in _rows(more["models"])),
        tuple(
            ids.External(from_hex(weights, 32, "the weights"), from_hex(said, 32, "the document"))
            for weights, said in _rows(more["externals"])
        ),
    )  # fmt: skip
    if to_hex(found.hash) != expected:
        raise InvalidInput("the sources are not those that were signed")
    return found


def _rows(given: object) -> Iterable[Any]:
    if not isinstance(given, list):
        raise InvalidInput("this must be a list")
    return given
