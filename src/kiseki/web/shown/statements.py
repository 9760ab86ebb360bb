"""What pages tell of what was said about something registered."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.index.answers.values import Statement
from kiseki.web.shown.values import ROWS, Rows, page

__all__ = ["StatementRow", "statements"]


@dataclass(frozen=True, slots=True)
class StatementRow:
    """What somebody said in public. The chain holds its hash, and not what was said.

    Attributes:
        speaker: who says so.
        kind: keccak256 of what sort of statement it is.
        document: keccak256 of what is said.
        time: when.
    """

    speaker: str
    kind: str
    document: str
    time: int


def statements(
    index: Index, kind: str, which: bytes, after: int = -1, most: int = ROWS
) -> Rows[StatementRow]:
    """What anybody said about something, earliest first, a part of it.

    Args:
        kind: ``collection``, ``model`` or ``batch``.
        which: its ID.

    Raises:
        NotInIndex: nobody registered it.
    """
    contract, head = {
        "collection": ("DataRegistry", index.collection_head),
        "model": ("ModelRegistry", index.model),
        "batch": ("OutputRegistry", index.batch_head),
    }[kind]
    head(which)
    said = index.statements(contract, which, after, most + 1)
    return page(said, most, _row, lambda each: str(each.place))


def _row(each: Statement) -> StatementRow:
    return StatementRow(
        checksummed(each.speaker), to_hex(each.kind), to_hex(each.document), each.time
    )
