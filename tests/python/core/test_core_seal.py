"""The seal: a strict little SVG, one for each subject."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiseki.core import seal
from kiseki.core.keccak import keccak256
from kiseki.errors import InvalidInput

SVG = "{http://www.w3.org/2000/svg}"
ALLOWED = {
    "svg": {"version", "width", "height", "viewBox"},
    "title": set(),
    "rect": {"width", "height", "rx", "fill"},
    "circle": {"cx", "cy", "r", "stroke", "stroke-width", "fill"},
    "g": {"transform", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "fill"},
    "path": {"d"},
}
"""Elements and attributes of SVG 1.1 that a seal is made of: nothing that acts or refers."""
MOVES = {"h1": (1, 0), "v1": (0, 1), "h-1": (-1, 0), "v-1": (0, -1)}


def points(drawing: str) -> list[list[tuple[int, int]]]:
    """The strokes of a seal, point by point."""
    path = re.search(r' d="([^"]*)"', drawing)
    assert path is not None
    assert re.fullmatch(r"(M[0-4] [0-4]([hv]-?1)*)+", path[1])
    strokes = []
    for stroke in path[1].split("M")[1:]:
        here = (int(stroke[0]), int(stroke[2]))
        strokes.append([here])
        for letter in re.findall(r"[hv]-?1", stroke):
            right, down = MOVES[letter]
            here = (here[0] + right, here[1] + down)
            strokes[-1].append(here)
    return strokes


@given(st.binary(min_size=32, max_size=32))
def test_a_seal_is_a_small_strict_svg_of_harmless_parts(subject: bytes) -> None:
    drawing = seal.svg(subject)
    assert drawing.isascii()
    assert len(drawing) < 600
    assert "<!" not in drawing
    assert "<?" not in drawing
    root = ElementTree.fromstring(drawing)
    assert root.tag == f"{SVG}svg"
    for each in root.iter():
        name = each.tag.removeprefix(SVG)
        assert set(each.attrib) <= ALLOWED[name]
        assert not any("url" in value or ":" in value for value in each.attrib.values())
    title = root.find(f"{SVG}title")
    assert title is not None
    assert title.text == f"Kiseki 軌跡 {subject.hex()[:4]}...{subject.hex()[-4:]}"


@given(st.binary(min_size=32, max_size=32))
def test_the_trace_stays_inside_and_never_crosses_itself(subject: bytes) -> None:
    drawing = seal.svg(subject)
    strokes = points(drawing)
    drawn = [point for stroke in strokes for point in stroke]
    assert len(set(drawn)) == len(drawn) >= 16
    assert all(0 <= x < 5 and 0 <= y < 5 for x, y in drawn)
    assert all(abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1 for s in strokes for a, b in pairwise(s))
    x, y = strokes[0][0]
    assert f'<circle cx="{x}" cy="{y}" r=".2"/>' in drawing, "the dot is where the trace begins"


def test_subjects_have_seals_of_their_own() -> None:
    """Titles left out: it is the drawings that differ. About one pair in a million is alike."""
    drawings = [
        re.sub("<title>.*</title>", "", seal.svg(keccak256(number.to_bytes(4))))
        for number in range(5000)
    ]
    assert len(set(drawings)) > 4975
    inverse = sum('stroke="#f8f4e6"' in drawing for drawing in drawings)
    assert 2300 < inverse < 2700, "half are paper on red"


def test_the_contract_draws_the_same() -> None:
    """`tests/contracts/Seal.t.sol` has the same hash."""
    drawn = "".join(seal.svg(keccak256(number.to_bytes(32))) for number in range(64))
    hashed = "c6663f113397088b849c38e7f0bd5d17c89492aeb56e278109fecccc16dec66e"
    assert keccak256(drawn.encode()).hex() == hashed


def test_a_subject_is_32_bytes() -> None:
    with pytest.raises(InvalidInput, match="the subject of a seal must be 32 bytes"):
        seal.svg(b"short")
