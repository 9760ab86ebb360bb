"""The picture of a link: paper, ink and the vermilion of the seal, as pages have them."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageDraw

from kiseki.web.cards.letters import Face, lines, readable

__all__ = ["SIZE", "Card", "draw"]

SIZE = (1_200, 630)
"""In pixels, as those who show links ask for."""

_PAPER, _INK, _SOFT, _LINE, _SEAL = "#faf7f0", "#1f1c17", "#5c554a", "#dcd5c6", "#b3301f"
_EDGE = 72
_ROOM = SIZE[0] - 2 * _EDGE
_HEADS = (Face(68, heading=True), Face(52, heading=True))
_SAID, _FOOT, _MARK = Face(36), Face(25), Face(32, heading=True)
_FOOT_AT = SIZE[1] - 66


@dataclass(frozen=True, slots=True)
class Card:
    """What a page says, in few words.

    Attributes:
        title: kind and short ID.
        said: how it stands.
        warns: whether something in that is over or wrong.
        by: who says so, or registered it; empty where nobody did.
        when: as of when it stands so.
        language: of these words.
    """

    title: str
    said: str
    warns: bool
    by: str
    when: str
    language: str


def draw(card: Card) -> bytes:
    """A PNG."""
    picture = Image.new("RGB", SIZE, _PAPER)
    pen = ImageDraw.Draw(picture)
    _seal(pen, _EDGE, 60)
    _write(pen, _EDGE + 62, 84, "Kiseki 軌跡", _MARK, _INK)
    y = _title(pen, card) + 38
    most = int((_FOOT_AT - 58 - y) // 52)
    said = lines(card.said, _SAID, _ROOM - 28, most, card.language)
    bottom = y + len(said) * 52
    pen.rectangle((_EDGE, y + 4, _EDGE + 4, bottom - 4), fill=_SEAL if card.warns else _INK)
    for place, line in enumerate(said):
        _write(pen, _EDGE + 28, y + place * 52 + 26, line, _SAID, _INK)
    _foot(pen, card)
    told = io.BytesIO()
    # Of a few colours: a tenth of the bytes, and drawn letters keep their soft edges.
    picture.quantize(32, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
        told, "PNG", compress_level=6
    )
    return told.getvalue()


def _title(pen: ImageDraw.ImageDraw, card: Card) -> float:
    """Writes it, in the larger size where one line holds it; where it ends."""
    large, small = _HEADS
    face = large if large.width(readable(card.title, card.language)) <= _ROOM else small
    told = lines(card.title, face, _ROOM, 2, card.language)
    step = face.size * 1.3
    for place, line in enumerate(told):
        _write(pen, _EDGE, 186 + place * step, line, face, _INK)
    return 186 + (len(told) - 0.5) * step


def _foot(pen: ImageDraw.ImageDraw, card: Card) -> None:
    y = _FOOT_AT
    pen.line((_EDGE, y - 38, SIZE[0] - _EDGE, y - 38), fill=_LINE, width=2)
    when = readable(card.when, card.language)
    right = _FOOT.width(when)
    _write(pen, SIZE[0] - _EDGE - right, y, when, _FOOT, _SOFT)
    for line in lines(card.by, _FOOT, _ROOM - right - 40, 1, card.language):
        _write(pen, _EDGE, y, line, _FOOT, _SOFT)


def _write(
    pen: ImageDraw.ImageDraw, x: float, y: float, text: str, face: Face, colour: str
) -> None:
    """A readable line whose middle is at a height."""
    for piece, font in face.parts(text):
        # By the line of the letters, so that pieces of two fonts stand on the same one.
        pen.text((x, y + face.size * 0.36), piece, fill=colour, font=font, anchor="ls")
        x += font.getlength(piece)


def _seal(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
    """The mark of `static/seal.svg`, half as large again."""

    def at(*points: float) -> list[float]:
        return [(x, y)[place % 2] + each * 1.2 for place, each in enumerate(points)]

    pen.rounded_rectangle(at(0, 0, 40, 40), 5, fill=_SEAL)
    pen.line(at(10, 12, 30, 12, 30, 28, 18, 28, 18, 20, 24, 20), fill="white", width=4)
    pen.ellipse(at(7.2, 9.2, 12.8, 14.8), fill="white")
