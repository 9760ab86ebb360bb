"""Where a line ends on a terminal: between words, and never inside a number, an ID or a path.

A word that is wider than the terminal is left whole. The terminal itself goes on with it in its
next line, so somebody who marks and copies it gets it without a break.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

__all__ = ["GAP", "beside", "fits", "wrapped"]

GAP = 2
"""Characters between two columns."""

_LEAST = 20
"""Characters that a column of words keeps at least."""

# Japanese has no spaces: its lines end between two characters, but not before a closing mark.
_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
_CLOSING = "、。，．」』】）！？：；・ー～"
_WORD = rf"[^\s{_WIDE}]+[{_CLOSING}]*"
_PIECE = re.compile(  # a time is one word, and so is a number with its noun or currency
    rf"\d{{4}}-\d\d-\d\d \d\d:\d\d {_WORD}|\d[\d,.]* (?=[A-Za-z]){_WORD}"
    rf"|[^\S\n]+|{_WORD}|[{_WIDE}][{_CLOSING}]*"
)


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, none wider than `width` unless it is one word."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _PIECE.findall(paragraph):
            if line and cell_len(line) + cell_len(piece.rstrip()) > width:
                lines.append(line.rstrip())
                line = ""
            if line or not piece.isspace() or not lines:
                line += piece
        lines.append(line.rstrip())
    return lines


def beside(name: str, value: str, indent: int, width: int) -> list[str]:
    """The lines of a name and its value: beside each other, or below where it is too wide for that.

    Args:
        indent: where the value begins, if it fits there.
    """
    if _longest(value) <= width - indent:
        first, *more = wrapped(value, width - indent)
        start = name + " " * (indent - cell_len(name))
        return [start + first, *(" " * indent + each for each in more)]
    lines = wrapped(value, width - GAP)
    return [name, *(" " * (GAP if cell_len(each) <= width - GAP else 0) + each for each in lines)]


def fits(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Sequence[bool],
         width: int) -> bool:  # fmt: skip
    """Whether a table fits so that no ID, number or word in it is broken.

    Args:
        whole: which columns are never broken.
    """
    least = 0
    for place, name in enumerate(columns):
        cells = [name, *(row[place] for row in rows)]
        longest = max(map(cell_len, cells))
        if not whole[place]:  # rich shrinks the widest columns and leaves the narrow ones
            longest = min(longest, max(_LEAST, *map(_longest, cells)))
        least += longest + GAP
    return least - GAP <= width


def _longest(text: str) -> int:
    return max(map(cell_len, _PIECE.findall(text)), default=0)
