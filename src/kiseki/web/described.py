"""How the API describes itself (OpenAPI): its parameters, and what it answers where something is
wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query

__all__ = [
    "WRONG",
    "AfterBytes",
    "AfterId",
    "AfterNumber",
    "Hex32",
    "Most",
    "Text",
    "Wallet",
    "Wrong",
    "describe",
]

_AFTER = "`after` of the part before; none for the first."


def _form(pattern: str) -> dict[str, Any]:
    """Said and not checked: what reads the value says better what is wrong with it."""
    return {"pattern": f"^{pattern}$"}


Hex32 = Annotated[
    str,
    Path(
        description="32 bytes, as 0x and 64 digits.",
        max_length=70,
        json_schema_extra=_form("0x[0-9a-fA-F]{64}"),
    ),
]
Wallet = Annotated[
    str,
    Path(
        description=(
            "An address, as 0x and 40 digits, and not the zero address. Where capital and small"
            " letters are mixed, they are its checksum (EIP-55) and must be right."
        ),
        max_length=50,
        json_schema_extra=_form("0x[0-9a-fA-F]{40}"),
    ),
]
Most = Annotated[int, Query(ge=1, le=1_000, description="Rows at most.")]
Text = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description=(
            "How an ID or address begins, as 0x and at least four digits, or all of a text that"
            " somebody stated."
        ),
    ),
]
AfterId = Annotated[
    str | None,
    Query(max_length=200, description=_AFTER, json_schema_extra=_form("0x[0-9a-fA-F]{64}")),
]
AfterBytes = Annotated[
    str | None,
    Query(max_length=200, description=_AFTER, json_schema_extra=_form("0x[0-9a-fA-F]{144}")),
]
AfterNumber = Annotated[
    str | None,
    Query(max_length=200, description=_AFTER, json_schema_extra=_form("[0-9]{1,18}")),
]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why there is no answer.

    Attributes:
        error: in a sentence, in English.
    """

    error: str


WRONG: dict[int | str, dict[str, Any]] = {
    304: {"description": "Nothing changed since the answer that If-None-Match names."},
    400: {"model": Wrong, "description": "A part of the question has a wrong form."},
    404: {"model": Wrong, "description": "Nobody here knows this."},
    503: {"model": Wrong, "description": "Nothing can be answered now; try again."},
}
"""What the API answers where something is wrong, or known to whoever asks."""


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """FastAPI's description without its own answer to questions of a wrong form, which is not ours.

    Args:
        app: with all its routes.
    """
    make = app.openapi

    def described() -> dict[str, Any]:
        found = make()
        for path in found["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            found["components"]["schemas"].pop(unused, None)
        return found

    return described
