"""The page on influence shows what the example finds (promise 4), here and on other processors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from examples.openmoji import influence

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tutorials" / "influence.md"


def rows(text: str) -> dict[str, list[float]]:
    """Artist -> all numbers of the row of the table, in order."""
    found = {}
    for line in text.splitlines():
        cells = [each.strip() for each in line.strip("|").split("|")]
        if len(cells) == 6 and cells[1].isdecimal():
            found[cells[0]] = [float(each) for each in re.findall(r"-?\d+\.?\d*", line)]
    return found


def test_the_page_shows_what_a_run_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another processor rounds differently, so figures may differ a little; counts may not."""
    assert influence.main(["--to", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    page = PAGE.read_text("utf-8").partition("<!-- examples.openmoji.influence -->")[2]
    ours, theirs = rows(told), rows(page)
    assert ours.keys() == theirs.keys() and len(ours) == influence.ARTISTS
    for who, numbers in ours.items():
        count, mean, least, most, *paid = numbers
        assert count == theirs[who][0]
        for one, other in zip((mean, least, most), theirs[who][1:4], strict=True):
            assert one == pytest.approx(other, abs=0.5), who
        for one, other in zip(paid, theirs[who][4:], strict=True):
            assert one == pytest.approx(other, abs=0.01), who
    for column in (4, 5, 6):
        total = sum(numbers[column] for numbers in ours.values())
        assert total == pytest.approx(0.2, abs=0.001), "a fifth of what each model gets"
    shown, found = (re.findall(r"Spearman (-?\d\.\d+)", text) for text in (page, told))
    assert len(found) == len(shown) == 2
    for one, other in zip(found, shown, strict=True):
        assert float(one) == pytest.approx(float(other), abs=0.15)

    def train(*_: object) -> None:
        raise AssertionError("every score is in the folder")

    monkeypatch.setattr(influence.Studio, "train", train)
    assert influence.main(["--to", str(tmp_path)]) == 0
    assert rows(capsys.readouterr().out) == ours
