"""A title: a series or film as a list of its cuts, by season."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kiseki.core import documents
from kiseki.core.values import from_hex, one_line, to_hex
from kiseki.errors import InvalidInput

__all__ = ["TITLE_FORMAT", "Cut", "Title"]


TITLE_FORMAT = "kiseki-title-v1"
"""What the file of a title says that it is."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One batch of a title.

    Attributes:
        batch: its ID, 32 bytes.
        weight: seconds, frames, or whatever all cuts of the title are weighed in.
    """

    batch: bytes
    weight: int


@dataclass(frozen=True, slots=True)
class Title:
    """A title.

    Attributes:
        name: for people; also keeps titles with equal cuts apart.
        seasons: season -> its cuts, in order.
    """

    name: str
    seasons: Mapping[str, Sequence[Cut]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name.strip() or one_line(self.name, 200) != self.name:
            raise InvalidInput("a title has a name of one line")

    @property
    def cuts(self) -> list[Cut]:
        """All of them, season by season; a batch that is in two counts with both weights."""
        return [each for cuts in self.seasons.values() for each in cuts]

    def with_season(self, season: str, cuts: Iterable[Cut]) -> Title:
        """The title with a season added, or its cuts replaced."""
        return replace(self, seasons={**self.seasons, season: tuple(cuts)})

    def to_json(self) -> str:
        """The one text of it."""
        return documents.write(
            {
                "format": TITLE_FORMAT,
                "name": self.name,
                "seasons": {
                    season: [[to_hex(each.batch), str(each.weight)] for each in cuts]
                    for season, cuts in self.seasons.items()
                },
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Title:
        """From what `to_json` gave.

        Raises:
            InvalidInput: another format, or a cut that is none.
        """
        given = documents.members(
            documents.read(text, TITLE_FORMAT), ["format", "name", "seasons"], "a title"
        )
        _, name, seasons = given
        if not isinstance(name, str) or not isinstance(seasons, dict):
            raise InvalidInput("a title has a name, and seasons with their cuts")
        return cls(
            name,
            {
                season: tuple(
                    Cut(from_hex(batch, 32, "a batch"), documents.decimal(weight, "a weight"))
                    for batch, weight in documents.rows(cuts, 2, "the cuts")
                )
                for season, cuts in seasons.items()
            },
        )
