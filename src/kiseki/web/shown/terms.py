"""What pages tell of terms by themselves: what they say, and what rests on data under them."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.index import Index
from kiseki.web.shown.models import DependentRow, of_dependent
from kiseki.web.shown.values import ROWS, Rows, TermsShown, of_terms, page

__all__ = ["TermsPage", "terms"]


@dataclass(frozen=True, slots=True)
class TermsPage:
    """Terms.

    Attributes:
        terms: what they say.
        works: models and batches that rest on data under them, earliest first.
    """

    terms: TermsShown
    works: Rows[DependentRow]


def terms(
    index: Index, which: bytes, language: str, after: int = -1, most: int = ROWS
) -> TermsPage:
    """Terms that somebody put on record.

    Raises:
        NotInIndex: nobody did.
    """
    known = index.terms(which)
    listed = index.overview.works_under(which, after, most + 1)
    works = page(listed, most, of_dependent, lambda each: str(each.place))
    return TermsPage(of_terms(known, language), works)
