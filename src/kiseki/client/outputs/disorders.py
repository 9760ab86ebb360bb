"""What is missing or in disorder in a season's outputs, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kiseki.language import plural, say

__all__ = ["Disorder", "Kind", "disorders"]

_SHOWN = 5
"""Names that are remembered of each."""

Kind = str
_ROWS = frozenset({"missing", "no_record", "no_model", "contradiction", "endorsement"})
"""Of which the number of the row is known, in front of the name."""
_NOTES = frozenset({"unnamed", "same", "elsewhere", "odd"})
"""What somebody should know, and may be as it is. All else must be put in order first."""


@dataclass(frozen=True, slots=True)
class Disorder:
    """Something that is missing or in disorder.

    Attributes:
        kind: what sort; `words` says it.
        count: how many it is about.
        names: the first of them, as files or IDs; with the number of its row and a colon in front
            where a row is meant.
        why: what a contract or a reader says about it, in English; empty where `words` say it all.
    """

    kind: Kind
    count: int
    names: tuple[str, ...]
    why: str = ""

    @property
    def is_problem(self) -> bool:
        """Whether nothing can be registered before it is put in order."""
        return self.kind not in _NOTES

    @property
    def more(self) -> int:
        """How many of them are not named."""
        return self.count - len(self.names)

    def named(self, language: str = "en") -> list[str]:
        """The first of them, for people."""
        if self.kind not in _ROWS:
            return list(self.names)
        rows = [each.partition(": ") for each in self.names]
        return [say("row {row}: {name}", language, row=row, name=name) for row, _, name in rows]

    def words(self, language: str = "en") -> str:
        """What is wrong, in a sentence."""
        n = self.count
        match self.kind:
            case "missing":
                return plural(
                    "{number} row names a file that is not in the folder.",
                    "{number} rows name files that are not in the folder.",
                    n,
                    language,
                )
            case "no_record":
                return plural(
                    "{number} row names a document that is not in the folder.",
                    "{number} rows name documents that are not in the folder.",
                    n,
                    language,
                )
            case "no_model":
                return plural(
                    "{number} row names no model.", "{number} rows name no model.", n, language
                )
            case "unknown_model":
                return plural(
                    "{number} model is not registered on this chain.",
                    "{number} models are not registered on this chain.",
                    n,
                    language,
                )
            case "unknown_collection":
                return plural(
                    "{number} collection is not registered on this chain.",
                    "{number} collections are not registered on this chain.",
                    n,
                    language,
                )
            case "ended":
                return plural(
                    "Consent to {number} collection that generation read has ended.",
                    "Consent to {number} collections that generation read has ended.",
                    n,
                    language,
                )
            case "contradiction":
                return plural(
                    "Rows say two different things of {number} file.",
                    "Rows say two different things of {number} files.",
                    n,
                    language,
                )
            case "registered":
                return plural(
                    "{number} file is in a batch that this wallet registered before.",
                    "{number} files are in batches that this wallet registered before.",
                    n,
                    language,
                )
            case "doubtful":
                return plural(
                    "{number} file is probably no output.",
                    "{number} files are probably no outputs.",
                    n,
                    language,
                )
            case "endorsement":
                return say("An endorsement does not fit its batch.", language)
            case "refused":
                return say("The contract refuses a batch.", language)
            case "unnamed":
                return plural(
                    "{number} file of the folder stands in no row and is left out.",
                    "{number} files of the folder stand in no row and are left out.",
                    n,
                    language,
                )
            case "same":
                return plural(
                    "{number} content is there under several names, and is one output.",
                    "{number} contents are there under several names; each is one output.",
                    n,
                    language,
                )
            case "elsewhere":
                return plural(
                    "{number} file is also in a batch that somebody else registered.",
                    "{number} files are also in batches that somebody else registered.",
                    n,
                    language,
                )
            case _:
                return plural("{number} file breaks the rules of its format, so all its bytes are "
                              "hashed, credentials too.",
                              "{number} files break the rules of their format, so all their bytes "
                              "are hashed, credentials too.", n, language)  # fmt: skip


def disorders(found: Iterable[tuple[Kind, str, str]]) -> tuple[Disorder, ...]:
    """What was found, put together: problems first, each sort and reason once.

    Args:
        found: sort, name, and what a contract or a reader says about it or nothing.
    """
    sorts: dict[tuple[Kind, str], dict[str, None]] = {}
    for kind, name, why in found:
        sorts.setdefault((kind, why), {})[name] = None
    made = [
        Disorder(kind, len(names), tuple(names)[:_SHOWN], why)
        for (kind, why), names in sorts.items()
    ]
    return tuple(sorted(made, key=lambda each: not each.is_problem))
