"""What only all records together show about a model or batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kiseki.client.documents import Documents
from kiseki.client.models.backing import told_findings
from kiseki.core.values import to_hex
from kiseki.index import Index, Lineage

__all__ = ["FindingRow", "findings", "problems"]


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding.

    Attributes:
        code: what sort it is.
        severity: ``problem``: something declared is wrong or missing; ``fact``: good to know.
        subject: ID of what it is about.
        sentence: the same for people, in the language that was asked for.
    """

    code: str
    severity: str
    subject: str
    sentence: str


def findings(
    index: Index, lineage: Lineage, language: str, documents: Documents
) -> list[FindingRow]:
    """What was found about the model or batch of a lineage, problems first.

    Args:
        documents: that this site was given.
    """
    found = index.findings_in(lineage) + told_findings(index, documents, lineage)
    rows = [FindingRow(e.code, e.severity, to_hex(e.subject), e.words(language)) for e in found]
    return sorted(rows, key=lambda row: row.severity != "problem")


def problems(rows: Iterable[FindingRow]) -> int:
    """How many of them are problems."""
    return sum(row.severity == "problem" for row in rows)
