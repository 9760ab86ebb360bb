"""What the files that people sign have in common: typed data as wallets take it, with one member
more, ``kiseki``, and the signature in it or beside it. See `kiseki.client.data.consents`."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError

from kiseki.core import documents, ids, typed
from kiseki.core.checksum import checksummed
from kiseki.core.payee import Payee
from kiseki.core.terms import TERMS_TYPE, Terms
from kiseki.core.values import address, address_text, from_hex, uint
from kiseki.errors import FilesError, InvalidInput

__all__ = [
    "beside",
    "date",
    "document",
    "paid",
    "place",
    "read",
    "signature",
    "signature_beside",
    "signer_of",
    "terms",
    "text",
    "write",
]

_TYPED = ("types", "primaryType", "domain", "message")
_LONGEST = 1 << 20


# Files


def read(path: Path) -> bytes:
    """A file's bytes, of no more than any of these has.

    Raises:
        FilesError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST + 1)
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error


def write(path: Path, text: str) -> None:
    """It is there whole or as it was before.

    Raises:
        FilesError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(path.name + ".part")
        with begun.open("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        begun.replace(path)
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror})") from error


def beside(path: Path) -> Path:
    """Where a signature lies that was made by another program."""
    return path.with_suffix(".sig")


def signature_beside(path: Path) -> bytes | None:
    """The signature in the file beside `path`, as hex; none where there is no such file.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is no signature.
    """
    there = beside(path)
    if not there.exists():
        return None
    given = read(there).decode("ascii", "replace").strip()
    return signature(from_hex(given[:1_000], None, "the signature"))


def text(ours: dict[str, Any], message: dict[str, Any]) -> str:
    """The text of a file: `ours`, and the typed data as wallets take it."""
    return json.dumps({"kiseki": ours, **message}, indent=1) + "\n"


def document(text: str | bytes) -> tuple[Any, dict[str, Any]]:
    """The member ``kiseki`` of a file, and its typed data.

    Raises:
        InvalidInput: it is no such file.
    """
    if len(text) > _LONGEST:
        raise InvalidInput("this is too long for a file to sign")
    found = documents.parse(text)
    documents.members(found, ["kiseki", *_TYPED], "a file to sign")
    return found["kiseki"], {name: found[name] for name in _TYPED}


# Typed data


def place(given: dict[str, Any]) -> tuple[int, str]:
    """The chain and contract that typed data is for.

    Raises:
        InvalidInput: it names none.
    """
    domain = documents.members(
        given["domain"], ["name", "version", "chainId", "verifyingContract"], "the domain"
    )
    return (
        uint(domain[2], 64, "the chain ID", 1),
        address_text(address(domain[3], "the contract")),
    )


def terms(given: object) -> Terms:
    """Terms in typed data.

    Raises:
        InvalidInput: they are none.
    """
    listed = TERMS_TYPE.removeprefix("Terms(").removesuffix(")")
    members = [each.split(" ") for each in listed.split(",")]
    values = documents.members(given, [name for _, name in members], "the terms")
    plain: list[Any] = [
        documents.decimal(value, name)
        if kind == "uint64"
        else from_hex(value, 32, name)
        if kind == "bytes32"
        else value
        for (kind, name), value in zip(members, values, strict=True)
    ]
    return Terms(*plain)


def signature(given: bytes) -> bytes:
    """With the last byte as contracts take it: some wallets count from 0.

    Raises:
        InvalidInput: it is no signature.
    """
    if not given or len(given) > 10_000:
        raise InvalidInput("that is no signature; paste what the wallet answered")
    if len(given) == 65 and given[64] < 27:
        return given[:64] + bytes([given[64] + 27])
    return given


def signer_of(message: dict[str, Any], given: bytes | None) -> str | None:
    """Whose signature it is, in lower case, if it is a wallet's; none where there is none."""
    if given is None or len(given) != 65:
        return None
    with contextlib.suppress(BadSignature, ValidationError):
        found = Signature(given[:64] + bytes([(given[64] - 27) % 256]))
        return str(found.recover_public_key_from_msg_hash(typed.digest(message)).to_address())
    return None


# Words


def paid(payee: Payee, provider: str) -> str:
    """Who is paid, in a sentence."""
    wallet = ids.wallet_address(payee.key)
    if wallet == provider:
        return f"{checksummed(wallet)} is paid."
    if wallet is not None:
        return f"Another is paid: {payee.words}."
    return f"Paid {'are' if payee.words.startswith('those') else 'is'} {payee.words}."


def date(seconds: int) -> str:
    """A moment, for people."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%d %B %Y, %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"the Unix time {seconds}"
