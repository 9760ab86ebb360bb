"""Documents of origin from what people write: options, answers, cells of a list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path

from kiseki.core.keccak import keccak256
from kiseki.core.origin import Evidence, Owner, Person, day
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import InvalidInput
from kiseki.vault.files import whole
from kiseki.vault.lists import read_share, weights

__all__ = ["days", "evidence", "owners", "person", "territories", "who"]


_ONE = r"([0-9]{4})(?:-|/|\.|年)([0-9]{1,2})(?:-|/|\.|月)([0-9]{1,2})日?"
_DAYS = re.compile(rf"\s*{_ONE}(?:\s*(?:/|~|～|〜|–|から|to)\s*{_ONE}(?:まで)?)?\s*", re.ASCII)


def days(text: str) -> tuple[date, date]:
    """One day, or the first and the last one: ``2026-04-01`` or ``2026-04-01/2026-06-30``; also as
    spreadsheets and people write days, as long as the year comes first: 2026/4/1, 2026年4月1日.

    Raises:
        InvalidInput: it is neither, or the year does not come first.
    """
    found = _DAYS.fullmatch(text)
    if not found:
        raise InvalidInput(
            "the days of collecting must be one day or the first and the last one, as 2026-04-01 "
            f"or 2026-04-01/2026-06-30, not {text!r:.40}"
        )
    numbers = [each for each in found.groups() if each is not None]
    given = ["-".join(part.zfill(2) for part in numbers[n : n + 3]) for n in (0, 3)]
    begins = day(given[0], "the first day of collecting")
    return begins, day(given[1], "the last day of collecting") if given[1] else begins


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


def owners(
    given: Iterable[str],
    free: Iterable[str] = (),
    decimal: str = "",
    account: Callable[[str], str] = lambda text: text,
) -> tuple[Owner, ...]:
    """Owners as ``NAME,WHO,SHARE``; the shares are whole numbers, percents or left out for equal.

    Args:
        given: the owners. WHO is a wallet or ``0xISSUER:0xPERSON``; without it the name says who.
        free: which of them need not consent, by WHO or name.
        decimal: what separates decimals; a point where nobody said.
        account: what a name stands for, where there is an address book.

    Raises:
        InvalidInput: one is none, or the shares do not fit together.
    """
    rows = [
        (name, who(account(whom)), read_share(share, decimal))
        for name, whom, share in map(_fields, given)
    ]
    parts = weights([share for _, _, share in rows])
    silent = {who(account(each)) for each in free}
    strangers = silent - {owner for _, owner, _ in rows}
    if strangers:
        raise InvalidInput(f"{min(strangers)} is no owner; name one whose consent is not required")
    return tuple(
        Owner(name, owner, Fraction(part, sum(parts)), owner not in silent)
        for (name, owner, _), part in zip(rows, parts, strict=True)
    )


def _fields(text: str) -> tuple[str, str, str]:
    """Name, who and share. A name may hold commas; who begins with 0x, or is the name."""
    fields = [each.strip() for each in text.split(",")]
    addresses = [n for n, each in enumerate(fields) if each[:2] in ("0x", "0X") and n]
    if addresses:
        place = addresses[-1]
        if len(fields) > place + 2:
            raise InvalidInput(f"an owner is NAME,WALLET,SHARE, not {text!r:.80}")
        share = fields[place + 1] if len(fields) > place + 1 else ""
        return ",".join(fields[:place]), fields[place], share
    name, comma, last = text.rpartition(",")
    if comma and last.strip()[:1].isdecimal():
        return name.strip(), name.strip(), last
    return text.strip(), text.strip(), ""


def territories(text: str) -> tuple[str, ...]:
    """Codes of two letters with commas or blanks between them, or ``world``."""
    codes = {each for each in re.split(r"[\s,;、，]+", text) if each}
    return tuple(sorted(each.upper() if len(each) == 2 else each for each in codes))


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
    return Evidence(keccak256(whole(path, "the evidence")), said or path.name)
