"""What a vault keeps of a person, as a page that needs nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from kiseki.language.catalogue import say

__all__ = ["Section", "page"]

_STYLE = (
    "body{font-family:serif;max-width:60em;margin:2em auto;padding:0 1em;line-height:1.6}"
    "h1,h2{font-weight:600}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #bbb;padding:.3em .6em .3em 0;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}.more{color:#555}"
)


class Section(NamedTuple):
    """A part of the page.

    Attributes:
        title: of it.
        says: what it is, in a sentence or some.
        heads: of the columns; none: there is no table.
        rows: of the table.
        file: the file that has all of it; empty where the page does.
        left: rows that are only in that file.
    """

    title: str
    says: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    file: str = ""
    left: int = 0


def page(title: str, about: Iterable[str], sections: Iterable[Section], language: str) -> str:
    """The page, as HTML. Every text is escaped, whoever it is from."""
    parts = [
        f'<!doctype html><html lang="{escape(language)}"><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'unsafe-inline'\"><title>{escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(each)}</p>" for each in about),
    ]
    for section in sections:
        parts.append(f"<h2>{escape(section.title)}</h2><p>{escape(section.says)}</p>")
        if section.rows:
            heads = "".join(f"<th>{escape(each)}</th>" for each in section.heads)
            parts.append(f"<table><tr>{heads}</tr>")
            parts.extend(
                "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
                for row in section.rows
            )
            parts.append("</table>")
        elif section.heads:
            parts.append(f"<p>{escape(say('Nothing.', language))}</p>")
        if section.left:
            more = say(
                "{left} more are in {file}.", language, left=f"{section.left:,}", file=section.file
            )
            parts.append(f'<p class="more">{escape(more)}</p>')
        elif section.file:
            all_ = say("All of it is in {file}, for programs.", language, file=section.file)
            parts.append(f'<p class="more">{escape(all_)}</p>')
    return "\n".join(parts) + "\n"
