"""The studio's address book: names of people, and where their money goes. It never leaves this
machine.

A file of JSON for its owner only (mode 0600), written whole or not at all. A name is the same name
in any of Unicode's forms, widths and cases, with any blanks; between Chinese, Japanese and Korean
characters blanks count for nothing (山田 花子 is 山田花子). Who has the same name as somebody else
is told from them by a pen name, and a name that could mean two people means nobody.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from kiseki.core import documents
from kiseki.core.values import ZERO32, address, address_text, from_hex, one_line, to_hex
from kiseki.disk import atomic
from kiseki.disk.private import create, open_to_others
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import InvalidInput, SecretsError

__all__ = ["COLUMNS", "Merged", "People", "Person", "account", "folded", "is_name", "rows"]

COLUMNS = ("name", "pen name", "credit", "wallet", "identity", "role")
_FORMAT = "kiseki-people-v1"
_LONGEST = 200
_WIDE = "\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_BETWEEN_WIDE = re.compile(rf"(?<=[{_WIDE}]) (?=[{_WIDE}])")
_OTHER = re.compile(r"0x.*|.*[:=@].*|.*\.json|[0-9a-f]{40,}", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the studio knows.

    Attributes:
        name: their name.
        pen: the name under which they work, if they have one.
        credit: how they are named in credits; empty for the pen name, or else the name.
        account: their wallet, or for who has none yet ``0xISSUER:0xPERSON``.
        role: what they do, as ``key animation``.
    """

    name: str
    account: str
    pen: str = ""
    credit: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        for each in fields(self):
            text = getattr(self, each.name)
            plain = " ".join(text.split()) if isinstance(text, str) else ""  # also wide blanks
            if not isinstance(text, str) or one_line(plain, _LONGEST) != plain:
                raise InvalidInput(f"the {each.name} of a person is one short line of text")
            object.__setattr__(self, each.name, plain)
        for name in filter(None, (self.name, self.pen, self.credit)):
            if not is_name(name):
                raise InvalidInput(
                    f"{name!r:.80} cannot be told from an address or a file; a name does not begin "
                    "with 0x, end with .json, hold one of : = @, or consist of 40 hex digits"
                )
        if not folded(self.name):
            raise InvalidInput("a person has a name")
        object.__setattr__(self, "account", account(self.account))

    @property
    def key(self) -> tuple[str, str]:
        """What tells them from everybody else in the book."""
        return folded(self.name), folded(self.pen)

    @property
    def names(self) -> set[str]:
        """What they are found by."""
        return {folded(each) for each in (self.name, self.pen, self.credit)} - {""}

    @property
    def words(self) -> str:
        """Who they are, in one line."""
        return f"{self.name}{f' ({self.pen})' if self.pen else ''}, {self.account}"


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of putting people of elsewhere into the book.

    Attributes:
        new: how many were not there yet.
        differ: who is there with other values: as here, which counts, and as there.
    """

    new: int
    differ: tuple[tuple[Person, Person], ...]


class People:
    """The address book in a file; without the file it is empty."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[Person]:
        """Everybody, in the order in which they came.

        Raises:
            SecretsError: others can read the file, or it is damaged.
        """
        try:
            mode = open_to_others(self.path)
            if mode:
                raise SecretsError(
                    f"others can read the address book {self.path} (mode {mode}); run `chmod 600 "
                    f"{self.path}`"
                )
            document = documents.read(self.path.read_bytes(), _FORMAT)
            _, listed = documents.members(document, ["format", "people"], "an address book")
            if not isinstance(listed, list):
                raise TypeError("its people are no list")
            return [Person(**each) for each in listed]
        except FileNotFoundError:
            return []
        except (OSError, InvalidInput, TypeError) as error:
            raise SecretsError(
                f"the address book {self.path} cannot be read ({error}); restore a copy of it"
            ) from None

    def find(self, name: str) -> list[Person]:
        """Everybody who has this name, pen name or credit."""
        wanted = folded(name)
        return [each for each in self.all() if wanted in each.names]

    def account(self, name: str) -> str:
        """Where the money of somebody goes: a wallet, or ``0xISSUER:0xPERSON``.

        Raises:
            LookupError: nobody has this name.
            InvalidInput: several people have it.
        """
        found = self.find(name)
        if not found:
            raise LookupError(name)
        if len({each.account for each in found}) > 1:
            raise InvalidInput(
                f"{one_line(name, 80)} can be {' or '.join(each.words for each in found)}; write "
                "the pen name or the address"
            )
        return found[0].account

    def resolve(self, text: str) -> str:
        """What a name stands for, as `account`; whatever is no name stays as it is.

        Raises:
            InvalidInput: nobody, or more than one, has this name.
        """
        if not is_name(text):
            return text
        try:
            return self.account(text)
        except LookupError:
            raise InvalidInput(
                f"{one_line(text.strip(), 80)!r} is no address, and nobody in the address book has "
                "this name"
            ) from None

    def add(self, people: Iterable[Person], *, replace: bool = False) -> int:
        """Puts people into the book, all or nobody; how many are new or changed.

        Args:
            replace: whether they take the place of who has the same name and pen name.

        Raises:
            InvalidInput: somebody is there, or is added twice, with other values.
            SecretsError: the file cannot be used.
        """
        with self._changing() as book:
            count, given = 0, dict[tuple[str, str], Person]()
            for each in people:
                first = given.setdefault(each.key, each)
                if first != each:
                    raise InvalidInput(
                        f"{first.words}, and {each.words}, are two people of one name; tell them "
                        "apart by a pen name, or leave one of them out"
                    )
                had = book.get(each.key)
                if had == each:
                    continue
                if had is not None and not replace:
                    raise InvalidInput(
                        f"{had.words} is in the address book already; add --replace to change "
                        "that, or give a pen name if this is somebody else"
                    )
                book[each.key] = each
                count += 1
        return count

    def merge(self, people: Iterable[Person]) -> Merged:
        """Puts in whoever is not there yet; who is there with other values stays as here.

        Raises:
            SecretsError: the file cannot be used.
        """
        count, other = 0, []
        with self._changing() as book:
            for each in people:
                had = book.setdefault(each.key, each)
                count += had is each
                if had != each:
                    other.append((had, each))
        return Merged(count, tuple(other))

    def remove(self, name: str) -> Person:
        """Takes somebody out of the book.

        Raises:
            LookupError: nobody has this name.
            InvalidInput: several people have it.
        """
        with self._changing() as book:
            found = [each for each in book.values() if folded(name) in each.names]
            if not found:
                raise LookupError(name)
            if len(found) > 1:
                raise InvalidInput(
                    f"{one_line(name, 80)} can be {' or '.join(each.words for each in found)}; "
                    "write the pen name"
                )
            return book.pop(found[0].key)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[dict[tuple[str, str], Person]]:
        """The book, to be changed by one process at a time; written when the block is left."""
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            create(lock)
            with lock.open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                book = {each.key: each for each in self.all()}
                yield book
                listed = [asdict(each) for each in book.values()]
                text = json.dumps({"format": _FORMAT, "people": listed}, ensure_ascii=False)
                atomic.write(self.path, text, mode=0o600)
        except OSError as error:
            raise SecretsError(
                f"the address book {self.path} cannot be written ({error.strerror})"
            ) from error


def rows(path: Path, form: Format = PLAIN) -> Iterator[Person]:
    """People from a table with the columns ``name``, ``pen name``, ``credit``, ``wallet`` or
    ``identity``, and ``role``.

    Raises:
        FilesError, InvalidInput: it cannot be read, or a row is none; with its number.
    """
    with Table(path, COLUMNS, form) as table:
        table.need(("name",))
        for cells in table:
            name, pen, credit, wallet, identity, role = (each.strip() for each in cells)
            if bool(wallet) + bool(identity) != 1:
                raise table.refusal("", "say one of wallet and identity")
            column = "wallet" if wallet else "identity"
            try:
                known = account(wallet or identity)
                column = "name"
                yield Person(name, known, pen, credit, role)
            except InvalidInput as error:
                raise table.refusal(column, error) from None


def account(text: str) -> str:
    """A wallet or identity in its one form.

    Raises:
        InvalidInput: it is neither.
    """
    who, colon, person = text.strip().partition(":")
    issuer = address_text(address(who, "the wallet"))
    if not colon:
        return issuer
    known = from_hex(person, 32, "the person")
    if known == ZERO32:
        raise InvalidInput("the person is zero, which is nobody")
    return f"{issuer}:{to_hex(known)}"


def is_name(text: str) -> bool:
    """Whether a text can only be a name, and no address, ID, identity or file."""
    return bool(text.strip()) and not _OTHER.fullmatch(text.strip())


def folded(name: str) -> str:
    """A name without what is not said when it is read aloud: form, width, case, blanks."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    shown = "".join(each for each in plain if unicodedata.category(each) != "Cf")
    return _BETWEEN_WIDE.sub("", " ".join(shown.split()))
