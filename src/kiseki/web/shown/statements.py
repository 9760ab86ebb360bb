"""What pages tell of what was said about something registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.values import to_hex
from kiseki.index import Index
from kiseki.index.answers.values import Statement
from kiseki.web.shown.values import ROWS, Rows, page

__all__ = ["StatementRow", "of_wallet", "statements"]


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
    return _page(index.statements(contract, which, after, most + 1), most)


def of_wallet(index: Index, who: str, after: int = -1, most: int = ROWS) -> Rows[StatementRow]:
    """What anybody, perhaps its owner, said about a wallet."""
    return _page(index.stated(ids.wallet(who), after, most + 1), most)


def _page(said: Sequence[Statement], most: int) -> Rows[StatementRow]:
    return page(said, most, _row, lambda each: str(each.place))


def _row(each: Statement) -> StatementRow:
    return StatementRow(
        checksummed(each.speaker), to_hex(each.kind), to_hex(each.document), each.time
    )
