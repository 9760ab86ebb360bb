"""The style sheet keeps to one scale and few colours, and everything can be read in all of them."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from examples.openmoji import report

STYLE = Path(report.__file__).with_name("style.css").read_text("utf-8")
BLOCKS = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)


def palettes() -> dict[str, dict[str, str]]:
    """Light, and what dark and print change of it."""
    light, dark, paper = (dict(re.findall(r"--([a-z-]+): (#\w+)", block)) for block in BLOCKS)
    return {"light": light, "dark": light | dark, "print": light | paper}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_has_it() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
@pytest.mark.parametrize(
    ("front", "back"),
    [(text, back) for text in ("ink", "soft", "seal") for back in ("paper", "card", "wash")]
    + [("on-seal", "seal")],
)
def test_words_have_aa_contrast(mode: str, front: str, back: str) -> None:
    colours = palettes()[mode]
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
def test_shapes_that_mean_something_stand_out_from_the_paper(mode: str) -> None:
    """Bars, nodes and money's outline; ribbons are led to by them."""
    colours = palettes()[mode]
    assert all(contrast(colours[c], colours["paper"]) >= 3 for c in ("bar", "ink", "seal"))


def test_colours_are_named_once_and_used_by_name() -> None:
    """The two that are not tokens: drawings are on white, and what is kept out is so in the dark
    too, because the drawings themselves do not change."""
    rules = STYLE
    for block in BLOCKS:
        rules = rules.replace(block, "")
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", rules)) == {
        "#fff", "#6d675c", "#f1ece1", "#1f1c17"
    }  # fmt: skip
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", STYLE))
    named = set(re.findall(r"--([a-z0-9-]+):", STYLE))
    assert used == named


def test_every_size_is_on_the_scale() -> None:
    steps = [float(x) for x in re.findall(r"--s[0-5]: ([\d.]+)rem", STYLE)]
    assert steps[2] == 1 and all(1.14 <= b / a <= 1.26 for a, b in pairwise(steps))
    sizes = re.findall(r"font(?:-size)?: ([^;]*);", STYLE)
    off = [size for size in sizes if "var(--s" not in size]
    # Folded away, unfolded again on paper, and paper's own unit.
    assert sorted(off) == ["0", "10.5pt", "inherit"]


def test_fonts_are_those_that_the_reader_has() -> None:
    assert "@font-face" not in STYLE and "url(" not in STYLE
    for stack in re.findall(r"--(?:sans|serif|mono): ([^;]*);", STYLE):
        assert re.search(r"(serif|monospace)$", stack.strip())


def test_paper_repeats_heads_and_breaks_no_row() -> None:
    paper = STYLE[STYLE.index("@media print") :]
    assert "thead { display: table-header-group; }" in paper
    assert re.search(r"\btr,.*break-inside: avoid", paper)
    dark = STYLE[STYLE.index("prefers-color-scheme: dark") - 40 :]
    assert dark.startswith("@media screen") or "@media screen and" in dark[:45], "never on paper"
