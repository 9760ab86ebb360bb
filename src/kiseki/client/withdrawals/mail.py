"""Letters by e-mail about withdrawals, as files: Kiseki makes them, and somebody else sends them.

The folder is the record. A letter names the withdrawals that it tells of in its header, so running
again makes letters of those alone that no letter in the folder tells of yet.
"""

from __future__ import annotations

import email
import email.policy
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from kiseki.client.withdrawals.sending import name_of
from kiseki.client.withdrawals.told import Told
from kiseki.client.withdrawals.words import happened, touched
from kiseki.core.values import address, address_text, to_hex
from kiseki.disk import atomic
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import FilesError, InvalidInput
from kiseki.language import say

__all__ = ["COLUMNS", "Letters", "contacts", "mail_address", "write_letters"]

COLUMNS = ("wallet", "email")
"""Of the table of developers' addresses."""
_TELLS = "Kiseki-Withdrawal"
_MODELS = 50
"""Models that one letter names."""
_HEAD = 1 << 20
"""Bytes of a letter in which its header ends."""


@dataclass(frozen=True, slots=True)
class Letters:
    """What was written.

    Attributes:
        files: the new letters.
        told: how many withdrawals letters in the folder told of before.
        nowhere: developer -> how many withdrawals there was no address for.
    """

    files: tuple[Path, ...]
    told: int
    nowhere: Mapping[str, int]


def mail_address(text: str, what: str) -> str:
    """An address for e-mail, as `name@example.org`.

    Raises:
        InvalidInput: it is none.
    """
    try:
        found = Address(addr_spec=text.strip())
    except (ValueError, MessageError, IndexError) as error:
        raise InvalidInput(f"{what} is no address for e-mail: {text!r:.80}") from error
    if not (found.username and found.domain and text.isascii() and text.isprintable()):
        raise InvalidInput(f"{what} is no address for e-mail: {text!r:.80}")
    return found.addr_spec


def contacts(path: Path, form: Format = PLAIN) -> dict[str, str]:
    """Developers' addresses for e-mail, from a table with the columns ``wallet`` and ``email``.

    Returns:
        wallet, in lower case -> address.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: a row has no wallet or address, or two rows have one wallet.
    """
    found: dict[str, str] = {}
    with Table(path, COLUMNS, form) as table:
        table.need(COLUMNS)
        for wallet, said in table:
            try:
                who = address_text(address(wallet.strip(), "the wallet"))
            except InvalidInput as error:
                raise table.refusal("wallet", f"an address of a wallet, not {wallet!r:.60}") from (
                    error
                )
            if who in found:
                raise table.refusal("wallet", f"a wallet that no row above has, not {wallet!r:.60}")
            try:
                found[who] = mail_address(said, "this")
            except InvalidInput as error:
                raise table.refusal("email", f"an address for e-mail, not {said!r:.60}") from error
    return found


def write_letters(
    folder: Path,
    told: Iterable[Told],
    addresses: Mapping[str, str],
    sender: str,
    *,
    chain_id: int,
    registry: str,
    languages: Sequence[str],
    now: int,
) -> Letters:
    """Writes a letter to each developer for each revocation, of the models that no letter in the
    folder names yet.

    Args:
        told: withdrawals.
        addresses: wallet, in lower case -> address for e-mail.
        sender: the address that the letters come from.
        registry: the address of the chain's `DataRegistry`.
        languages: in which the text stands, one after the other.
        now: Unix seconds, for the date of the letters.

    Raises:
        FilesError: the folder cannot be read or written.
    """
    known = _named_in(folder)
    groups: dict[tuple[str, bytes], list[tuple[str, Told]]] = {}
    nowhere: dict[str, int] = {}
    before = 0
    for each in told:
        name = name_of(each.row, chain_id, registry)
        if name in known:
            before += 1
        elif each.row.developer not in addresses:
            nowhere[each.row.developer] = nowhere.get(each.row.developer, 0) + 1
        else:
            groups.setdefault((each.row.developer, each.row.id), []).append((name, each))
    files = []
    for (developer, _), group in groups.items():
        for start in range(0, len(group), _MODELS):
            some = group[start : start + _MODELS]
            made = _letter(some, addresses[developer], sender, chain_id, languages, now)
            files.append(_write(folder, made, some))
    return Letters(tuple(files), before, nowhere)


def _letter(
    group: Sequence[tuple[str, Told]], to: str, sender: str, chain_id: int,
    languages: Sequence[str], now: int,
) -> EmailMessage:  # fmt: skip
    first = group[0][1]
    letter = EmailMessage(policy=email.policy.SMTP)
    letter["From"], letter["To"], letter["Date"] = sender, to, formatdate(now)
    letter["Subject"] = say("Consent was revoked to data that your models rest on", languages[0])
    letter["Message-ID"] = f"<{_key(group)}@kiseki.invalid>"
    for name, _ in group:
        letter[_TELLS] = name
    letter.set_content(
        "\n\n".join(_text(first, [told for _, told in group], chain_id, each) for each in languages)
    )
    return letter


def _text(first: Told, group: Sequence[Told], chain_id: int, language: str) -> str:
    row = first.row
    paragraphs = [
        "\n".join(happened(row, language)),
        say("This concerns models that your wallet registered:", language),
        *("\n".join(touched(each, language)) for each in group),
        say(
            "Please answer, so that everybody sees it: that you have taken note, until which day "
            "you will train a model without this data, or that you keep the model and why that is "
            "lawful.",
            language,
        ),
        f"kiseki withdrawal answer {to_hex(row.model)} {to_hex(row.id)} acknowledged",
        say(
            "All of this is on the chain {chain}, in the transaction {transaction}.", language,
            chain=str(chain_id), transaction=to_hex(row.transaction),
        ),
    ]  # fmt: skip
    return "\n\n".join(paragraphs) + "\n"


def _key(group: Sequence[tuple[str, Told]]) -> str:
    return str(uuid.uuid5(uuid.UUID(group[0][0]), " ".join(name for name, _ in group)))


def _write(folder: Path, letter: EmailMessage, group: Sequence[tuple[str, Told]]) -> Path:
    path = folder / f"{_key(group)}.eml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic.whole(path, mode=0o600) as file:  # it has somebody's address
            file.write(letter.as_bytes())
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror})") from error
    return path


def _named_in(folder: Path) -> set[str]:
    """The names of the withdrawals that letters in a folder, and in all folders in it, tell of."""
    if not folder.exists():
        return set()
    found: set[str] = set()
    try:
        for each in sorted(folder.rglob("*.eml")):
            with each.open("rb") as file:
                head = file.read(_HEAD)
            letter = email.message_from_bytes(head, policy=email.policy.default)
            found |= {str(name) for name in letter.get_all(_TELLS, [])}
    except OSError as error:
        raise FilesError(f"{error.filename} cannot be read ({error.strerror})") from error
    return found
