"""Letters of pictures: which the fonts have, and how a text becomes lines of a width.

The fonts come with Kiseki (`fonts/`, cut to `KNOWN` by `tools/fonts.py`), so that a picture is the
same on every machine. A letter that they lack is drawn as printers in Japan mark it, with a geta.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL.ImageFont import FreeTypeFont, Layout, truetype

from kiseki.language import breakable

__all__ = ["COMMON", "FONTS", "GETA", "KNOWN", "Face", "lines", "readable"]

FONTS = Path(__file__).parent / "fonts"
GETA = "〓"
_LONGEST = 600
"""Letters of a text that are looked at; no picture holds more."""


def _jis(*rows: range) -> frozenset[str]:
    """The letters in some rows of JIS X 0208."""
    found = set()
    for row in (each for some in rows for each in some):
        for cell in range(1, 95):
            try:
                found.add(bytes((0xA0 + row, 0xA0 + cell)).decode("euc_jp"))
            except UnicodeDecodeError:
                continue
    return frozenset(found)


_LATIN = frozenset(
    map(chr, (*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x100), *range(0x2010, 0x2016),
              *range(0x2018, 0x201B), *range(0x201C, 0x201F), 0x2022, 0x2026, 0x20AC, 0x2192))
) | frozenset("ĀāĒēĪīŌōŪūŒœ")  # fmt: skip
COMMON = (_LATIN | _jis(range(1, 9), range(16, 48)) | {"～"}) - {"≒"}
"""What headings can be set in: Latin, kana, and the first level of kanji."""
_OF_NAMES = {
    each
    for row in (0xFA, 0xFB, 0xFC)
    for cell in (*range(0x40, 0x7F), *range(0x80, 0xFD))
    for each in bytes((row, cell)).decode("cp932", "ignore")
    if "㐀" <= each < "\ue000" or each >= "\uf900"
}
KNOWN = COMMON | _jis(range(48, 85)) | _OF_NAMES
"""What anything can be set in: the second level too, and letters that are met in names only."""


def readable(text: str, language: str) -> str:
    """A text as it can be drawn: on one line, and with a geta for each letter that is not known.
    Arabic and Hebrew, emoji, and marks that nobody sees are among these, so nothing turns round,
    climbs over or hides what stands beside it."""
    said = "".join(each if each in KNOWN else GETA for each in " ".join(text[:_LONGEST].split()))
    return said.replace("…", _dots(language))


def _dots(language: str) -> str:
    """The fonts have the Japanese one, which stands at half the height of a line."""
    return "…" if language == "ja" else "..."


@dataclass(frozen=True, slots=True)
class Face:
    """Letters of one size.

    Attributes:
        size: in pixels.
        heading: whether it is set in the face of headings, as far as that has the letters.
    """

    size: int
    heading: bool = False

    def parts(self, text: str) -> list[tuple[str, FreeTypeFont]]:
        """A readable text in pieces, each with its font."""
        if not self.heading:
            return [(text, _font("NotoSansJP-Regular.ttf", self.size))]
        pieces: list[tuple[str, bool]] = []
        for each in text:
            common = each in COMMON
            if pieces and pieces[-1][1] == common:
                pieces[-1] = (pieces[-1][0] + each, common)
            else:
                pieces.append((each, common))
        names = {True: "NotoSerifJP-SemiBold.ttf", False: "NotoSansJP-Regular.ttf"}
        return [(piece, _font(names[common], self.size)) for piece, common in pieces]

    def width(self, text: str) -> float:
        """Of a readable text, in pixels."""
        return sum(font.getlength(piece) for piece, font in self.parts(text))


def lines(text: str, face: Face, room: float, most: int, language: str) -> list[str]:
    """A text in lines; where they are not enough, the last ends in an ellipsis.

    Args:
        room: the width of a line, in pixels.
        most: how many lines at most.
        language: of the text: a line of Japanese ends between phrases.
    """
    said = readable(text, language)
    pieces = breakable(said) if language == "ja" else [f"{each} " for each in said.split(" ")]
    found = [""]
    for piece in pieces:
        for part in _fitting(piece, face, room):
            if found[-1] and face.width((found[-1] + part).rstrip()) > room:
                found.append("")
            found[-1] += part
        if len(found) > most:
            break
    told = [each.strip() for each in found]
    return (
        told
        if len(told) <= most
        else [*told[: most - 1], _cut(told[most - 1], face, room, _dots(language))]
    )


def _fitting(piece: str, face: Face, room: float) -> list[str]:
    """A piece that is wider than a line, in parts that are not."""
    found, rest = [], piece
    while rest and face.width(rest.rstrip()) > room:
        length = len(rest) - 1
        while length > 1 and face.width(rest[:length]) > room:
            length = min(length - 1, int(length * room / face.width(rest[:length])) or 1)
        found.append(rest[:length])
        rest = rest[length:]
    return [*found, rest] if rest else found


def _cut(line: str, face: Face, room: float, dots: str) -> str:
    while line and face.width(line + dots) > room:
        line = line[:-1]
    return line.rstrip(" 、。,.") + dots


@cache
def _font(name: str, size: int) -> FreeTypeFont:
    """Basic layout: letters stand side by side, and no text makes shaping expensive."""
    return truetype(FONTS / name, size, layout_engine=Layout.BASIC)
