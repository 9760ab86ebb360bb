"""Documents of origin from what people write: options, answers, cells of a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from kiseki.core.keccak import keccak256
from kiseki.core.origin import Evidence, Owner, Person, day
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault.lists import read_share, weights

__all__ = ["days", "evidence", "owners", "person", "territories", "who"]


def days(text: str) -> tuple[date, date]:
    """One day, or the first and the last one: ``2026-04-01`` or ``2026-04-01/2026-06-30``.

    Raises:
        InvalidInput: it is neither.
    """
    first, slash, last = text.partition("/")
    begins = day(first.strip(), "the first day of collecting")
    return begins, day(last.strip(), "the last day of collecting") if slash else begins


def person(text: str) -> Person:
    """Somebody's name, with a wallet behind the last comma where one is known.

    Raises:
        InvalidInput: the wallet is none.
    """
    name, comma, wallet = text.rpartition(",")
    if comma and wallet.strip().startswith("0x"):
        return Person(name.strip(), address_text(address(wallet.strip(), "the collector's wallet")))
    return Person(text.strip())


def who(text: str) -> str:
    """A wallet, or ``0xISSUER:0xPERSON``, in lower case.

    Raises:
        InvalidInput: it is neither.
    """
    wallet, colon, person = text.strip().partition(":")
    issuer = address_text(address(wallet, "the owner"))
    return f"{issuer}:{to_hex(from_hex(person, 32, 'the person'))}" if colon else issuer


def owners(given: Iterable[str], free: Iterable[str] = (), decimal: str = "") -> tuple[Owner, ...]:
    """Owners as ``NAME,WHO,SHARE``; the shares are whole numbers, percents or left out for equal.

    Args:
        given: the owners. WHO is a wallet or ``0xISSUER:0xPERSON``.
        free: which of them need not consent, by WHO.
        decimal: what separates decimals; a point where nobody said.

    Raises:
        InvalidInput: one is none, or the shares do not fit together.
    """
    rows = []
    for each in given:
        name, *rest = (part.strip() for part in _fields(each))
        if len(rest) not in (1, 2):
            raise InvalidInput(f"an owner is NAME,WALLET,SHARE, not {each!r:.80}")
        rows.append((name, who(rest[0]), read_share(rest[1], decimal) if len(rest) == 2 else ""))
    parts = weights([share for _, _, share in rows])
    silent = {who(each) for each in free}
    strangers = silent - {owner for _, owner, _ in rows}
    if strangers:
        raise InvalidInput(f"{min(strangers)} is no owner; name one whose consent is not required")
    return tuple(
        Owner(name, owner, Fraction(part, sum(parts)), owner not in silent)
        for (name, owner, _), part in zip(rows, parts, strict=True)
    )


def _fields(text: str) -> list[str]:
    """Name, who and share: a name may hold commas, and who begins with 0x."""
    fields = text.split(",")
    place = next((n for n in range(len(fields) - 1, 0, -1) if "0x" in fields[n][:4]), len(fields))
    return [",".join(fields[:place]), *fields[place:]]


def territories(text: str) -> tuple[str, ...]:
    """Codes of two letters with commas or blanks between them, or ``world``."""
    codes = sorted({each for each in text.replace(",", " ").split() if each})
    return tuple(each.upper() if len(each) == 2 else each for each in codes)


def evidence(given: Sequence[str], folder: Path = Path()) -> tuple[Evidence, ...]:
    """Documents of evidence: each a file, or ``0xHASH``; behind ``=`` what it is in words.

    A file is found from `folder`, and called by its name where no words are said.

    Raises:
        FilesError: a file cannot be read.
        InvalidInput: a hash is none, or has no words.
    """
    return tuple(_document(each.strip(), folder) for each in given if each.strip())


def _document(text: str, folder: Path) -> Evidence:
    name, _, said = (part.strip() for part in text.partition("="))
    if name.startswith("0x"):
        if not said:
            raise InvalidInput(f"say what the document {name:.80} is: {name:.10}…=WORDS")
        return Evidence(from_hex(name, 32, "the hash of the evidence"), said)
    path = folder / name
    try:
        return Evidence(keccak256(path.read_bytes()), said or path.name)
    except OSError as error:
        raise FilesError(f"the evidence {path} cannot be read ({error.strerror})") from error
