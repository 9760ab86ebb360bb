"""A series: successive collections under one name, as a studio that never stops drawing hands them
in. Each has a document of its own, which names the one before; its hash is on the chain.

One wallet speaks for a series. A link is followed only between two collections for which that
wallet speaks, so nobody continues the series of another. What is not followed is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kiseki.core import documents
from kiseki.core.keccak import keccak256
from kiseki.core.values import bytes32, from_hex, one_line, to_hex, uint
from kiseki.errors import InvalidInput

__all__ = ["SERIES_FORMAT", "Followed", "Instalment", "NotFollowed", "Told", "Words"]

SERIES_FORMAT = "kiseki-series-v1"
_NAME = 200


@dataclass(frozen=True, slots=True)
class Instalment:
    """One collection of a series.

    Attributes:
        collection: its ID, 32 bytes.
        before: the ID of the one before it; none of the first.
        number: from 1.
        name: of the series, for people; it may be empty. Whoever has the document reads it.
        salt: 32 random bytes, the same in the whole series, so that the hash on the chain does not
            give the name away: collections and numbers are public, and a title can be guessed.
    """

    collection: bytes
    before: bytes | None
    number: int
    name: str
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        bytes32(self.collection, "the collection")
        bytes32(self.salt, "the salt of a series")
        uint(self.number, 32, "the number in a series", 1)
        if not isinstance(self.name, str) or one_line(self.name, _NAME) != self.name:
            raise InvalidInput(f"the name of a series is one line of up to {_NAME} characters")
        if self.before is not None:
            bytes32(self.before, "the collection before")
        if (self.before is None) != (self.number == 1):
            raise InvalidInput("the first of a series has the number 1 and none before it")
        if self.before == self.collection:
            raise InvalidInput("a collection cannot come after itself")

    def next(self, collection: bytes) -> Instalment:
        """The one after it."""
        return Instalment(collection, self.collection, self.number + 1, self.name, self.salt)

    @property
    def hash(self) -> bytes:
        """keccak256 of its one text: what is stated on the chain."""
        return keccak256(self.to_json().encode())

    def to_json(self) -> str:
        """The one text of it."""
        return documents.write(
            {
                "format": SERIES_FORMAT,
                "name": self.name,
                "salt": to_hex(self.salt),
                "collection": to_hex(self.collection),
                "before": None if self.before is None else to_hex(self.before),
                "number": self.number,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Instalment:
        """From what `to_json` gave.

        Raises:
            InvalidInput: another format, or a member that is none.
        """
        given = documents.members(
            documents.read(text, SERIES_FORMAT),
            ["format", "name", "salt", "collection", "before", "number"],
            "an instalment of a series",
        )
        _, name, salt, collection, before, number = given
        return cls(
            from_hex(collection, 32, "the collection"),
            None if before is None else from_hex(before, 32, "the collection before"),
            number,
            name,
            from_hex(salt, 32, "the salt"),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What a wallet said last about one collection, as who may speak for it.

    Attributes:
        instalment: what it said.
        time: when, in Unix seconds.
        place: of the statement in the chain.
    """

    instalment: Instalment
    time: int
    place: int


@dataclass(frozen=True, slots=True)
class NotFollowed:
    """Why a series begins or ends where it does, though more was said.

    Attributes:
        kind: ``fork``, several say that they come after one; ``gap``, of the one before nothing is
            known; ``number``, it is not the number of the one before plus one; ``foreign``, the
            wallet does not speak for the collection; ``elsewhere``, a statement about something
            else names the document of this collection.
        collection: at which it stops, 32 bytes.
        others: what is not followed from there.
    """

    kind: str
    collection: bytes
    others: tuple[bytes, ...]

    @property
    def words(self) -> str:
        """The same in a sentence."""
        here, others = to_hex(self.collection), ", ".join(map(to_hex, self.others))
        if self.kind == "fork":
            return f"{others} all say that they come after {here}; none is followed"
        if self.kind == "foreign":
            return f"{here} is somebody else's; this wallet does not speak for it"
        if self.kind == "elsewhere":
            return f"a statement about something else names the document of {here}"
        if self.kind == "gap":
            return f"{here} says that it comes after {others}, of which this wallet says nothing"
        return f"{others} says that it comes after {here}, with a number that is not the next one"


@dataclass(frozen=True, slots=True)
class Followed:
    """A series as far as it can be followed from one of its collections.

    Attributes:
        told: in order.
        problems: what was not followed.
    """

    told: tuple[Told, ...]
    problems: tuple[NotFollowed, ...]

    @property
    def collections(self) -> tuple[bytes, ...]:
        """The IDs, in order."""
        return tuple(each.instalment.collection for each in self.told)

    @property
    def name(self) -> str:
        """By the last word."""
        return self.told[-1].instalment.name if self.told else ""


class Words:
    """All that one wallet said about series, to be followed from any collection.

    Args:
        said: the last word about each collection.

    Raises:
        InvalidInput: about one collection there are two words.
    """

    def __init__(self, said: Iterable[Told]) -> None:
        self._by_id: dict[bytes, Told] = {}
        self._after: dict[bytes, list[Told]] = {}
        for each in said:
            key, before = each.instalment.collection, each.instalment.before
            if self._by_id.setdefault(key, each) is not each:
                raise InvalidInput(f"two words about {to_hex(key)}")
            if before is not None:
                self._after.setdefault(before, []).append(each)

    def follow(self, start: bytes) -> Followed:
        """The series in which a collection stands; nothing where nothing was said about it.

        Args:
            start: the ID of any collection of it.
        """
        if start not in self._by_id:
            return Followed((), ())
        problems: list[NotFollowed] = []
        chain = [self._by_id[start]]
        while (before := chain[-1].instalment.before) is not None:
            found = self._by_id.get(before)
            if found is None:
                problems.append(NotFollowed("gap", chain[-1].instalment.collection, (before,)))
                break
            if self._next(found, problems) is not chain[-1]:
                break
            chain.append(found)
        chain.reverse()
        while (found := self._next(chain[-1], problems)) is not None:
            chain.append(found)
        return Followed(tuple(chain), tuple(dict.fromkeys(problems)))

    def _next(self, here: Told, problems: list[NotFollowed]) -> Told | None:
        """The only one that comes after another with the next number. As each number is one more
        than the one before, nothing goes round."""
        key, number = here.instalment.collection, here.instalment.number
        after = self._after.get(key, ())
        fits = [each for each in after if each.instalment.number == number + 1]
        for each in after:
            if each.instalment.number != number + 1:
                problems.append(NotFollowed("number", key, (each.instalment.collection,)))
        if len(fits) > 1:
            others = sorted(each.instalment.collection for each in fits)
            problems.append(NotFollowed("fork", key, tuple(others)))
        return fits[0] if len(fits) == 1 else None
