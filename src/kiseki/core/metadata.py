"""What a rights token says of itself, read with suspicion: a node may answer anything."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

from kiseki.core import documents, ids, seal
from kiseki.core.values import address, from_hex
from kiseki.errors import InvalidInput

__all__ = ["Metadata", "parse"]

T = TypeVar("T")

_FORMAT = "kiseki-rights-v1"
_JSON = "data:application/json;base64,"
_SVG = "data:image/svg+xml;base64,"
_LONGEST = 16_384
_TRAITS = (
    "Registry",
    "ID",
    "Registrant",
    "Rights document",
    "Resale royalty",
    "Income",
    "Stays with the registrant",
    "Locked",
)
_PERCENT = re.compile(r"(0|[1-9][0-9]?|100)(\.[0-9]{0,3}[1-9])?%", re.ASCII)
_TINY = "less than 0.0001%"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a rights token says of itself, as marketplaces show it.

    Attributes:
        token: its number.
        kind: what it stands for, ``batch``, ``model`` or ``collection``; ``None`` when its registry
            is not of this suite, and then nothing below can be relied on.
        registry: address of the registry, checksummed.
        id: what it stands for, 32 bytes.
        registrant: who registered that, checksummed; ``None`` when the registry does not answer.
        document: keccak256 of the rights document; ``None`` without one.
        royalty: what ERC-2981 asks of a resale, in percent.
        income: which part of what is paid to the group reaches the token's holder, in percent of
            the gross, rounded down to 0.0001; ``None`` as long as nobody has shown it.
        stays: what does not come with the token, in words.
        locked: whether it cannot be transferred now.
        name: for people.
        description: for people.
        image: its seal, SVG.
    """

    token: int
    kind: str | None
    registry: str
    id: bytes
    registrant: str | None
    document: bytes | None
    royalty: Decimal
    income: Decimal | None
    stays: str
    locked: bool
    name: str
    description: str = field(repr=False)
    image: str = field(repr=False)


def parse(uri: str, token: int, kinds: Mapping[str, str]) -> Metadata:
    """The metadata in a token's URI, every part of it checked.

    The registry and ID must give the token's number, and the picture must be its seal: so neither
    can hold anything that nobody looked for.

    Args:
        uri: what ``tokenURI`` answers.
        token: the token's number.
        kinds: address of each known registry, in lower case -> what it registers.

    Raises:
        InvalidInput: it is not metadata of this token.
    """
    document = documents.read(_decoded(uri, _JSON, "the metadata"), _FORMAT)
    name, description, image, attributes = documents.members(
        {key: value for key, value in document.items() if key != "format"},
        ["name", "description", "image", "attributes"],
        "the metadata",
    )
    traits = _traits(attributes)
    subject = token.to_bytes(32)
    group = from_hex(traits["ID"], 32, "the ID")
    if ids.subject(traits["Registry"], group) != subject:
        raise InvalidInput("the registry and ID do not give this token's number")
    drawing = seal.svg(subject)
    if _decoded(image, _SVG, "the image") != drawing.encode():
        raise InvalidInput("the image is not the seal of this token")
    return Metadata(
        token=token,
        kind=kinds.get(traits["Registry"].lower()),
        registry=traits["Registry"],
        id=group,
        registrant=_unless("not answered", traits["Registrant"], _address),
        document=_unless("none", traits["Rights document"], _hash),
        royalty=_percent(traits["Resale royalty"]),
        income=_unless("not shown", traits["Income"], _percent),
        stays=traits["Stays with the registrant"],
        locked=_yes(traits["Locked"]),
        name=_text(name, "the name"),
        description=_text(description, "the description"),
        image=drawing,
    )


def _decoded(uri: object, prefix: str, what: str) -> bytes:
    if not isinstance(uri, str) or not uri.startswith(prefix) or len(uri) > _LONGEST:
        raise InvalidInput(f"{what} must begin with {prefix} and be no longer than {_LONGEST}")
    try:
        return base64.b64decode(uri.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"{what} is not base64: {error}") from error


def _traits(attributes: object) -> dict[str, str]:
    if not isinstance(attributes, list) or len(attributes) != len(_TRAITS):
        raise InvalidInput(f"attributes must be a JSON array of {len(_TRAITS)}")
    traits = {}
    for expected, each in zip(_TRAITS, attributes, strict=True):
        name, value = documents.members(each, ["trait_type", "value"], "an attribute")
        if name != expected:
            raise InvalidInput(f"the attribute {expected} must be here, not {name!r:.40}")
        traits[expected] = _text(value, f"the attribute {expected}")
    return traits


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise InvalidInput(f"{what} must be text without control characters")
    return value


def _unless(nothing: str, value: str, read: Callable[[str], T]) -> T | None:
    return None if value == nothing else read(value)


def _address(value: str) -> str:
    address(value, "the registrant")
    return value


def _hash(value: str) -> bytes:
    return from_hex(value, 32, "the rights document")


def _percent(value: str) -> Decimal:
    if value == _TINY:
        return Decimal(0)
    if not _PERCENT.fullmatch(value) or (number := Decimal(value.removesuffix("%"))) > 100:
        raise InvalidInput(f"a share must be a percentage from 0% to 100%, not {value!r:.40}")
    return number


def _yes(value: str) -> bool:
    if value not in ("yes", "no"):
        raise InvalidInput(f"Locked must be yes or no, not {value!r:.40}")
    return value == "yes"
