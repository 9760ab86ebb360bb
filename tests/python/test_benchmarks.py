"""The figures that are published are those that were measured, of the contracts as they are."""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks import code_size, gas, growth, ibis, page
from benchmarks.__main__ import chosen, table
from benchmarks.plot import Curve, Panel, drawn
from benchmarks.ponder import ours
from benchmarks.ponder.chain import used_chain
from benchmarks.ponder.facts import TABLES, difference, facts
from benchmarks.rows import MEASUREMENTS, RESULTS, ROOT, Result, Row, kept, measurement, results

ROWS: list[Row] = [row for name in MEASUREMENTS for row in measurement(name).ROWS]


def values(of: Mapping[str, float]) -> dict[str, float]:
    known = kept()
    return {name: known[name].value for name in of}


def test_every_row_was_measured_and_says_what_it_must_be() -> None:
    """But those of sizes of an index for which nobody waited."""
    found = json.loads(RESULTS.read_text("utf-8"))
    left = {row.name for row in growth.ROWS} - set(kept())
    assert [(each["name"], each["unit"], each["must"]) for each in found] == [
        (row.name, row.unit, row.must) for row in ROWS if row.name not in left
    ]
    assert {tuple(each) for each in found} == {("name", "unit", "value", "must")}
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_gas_is_that_of_the_snapshot() -> None:
    """After a change of the contracts: `make bench ROWS="gas code_size"`."""
    measured = gas.measured(gas.snapshot())
    assert values(measured) == measured


def test_code_sizes_are_those_of_the_contracts() -> None:
    measured = code_size.measure()
    assert values(measured) == measured


def test_the_page_is_made_of_the_results() -> None:
    """By `make bench`, also with some ROWS; `git diff` shows what changed."""
    written = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    assert written == page.text()
    assert all(f"| {name} | {figure:,} |" in written for name, figure in gas.snapshot().items())


def test_the_picture_of_growth_shows_the_results() -> None:
    """By `make bench-growth`, whose figures it draws."""
    assert growth.PICTURE.read_text("utf-8") == growth.picture(kept())


def test_a_curve_goes_through_its_points() -> None:
    """At ten times the x as far across, at twice the y twice as high; what is wanted is a line."""
    curves = [Curve("a <b>", [(10, 2), (100, 4), (1_000, 8)]), Curve("c", [(10, 8), (1_000, 8)])]
    root = ElementTree.fromstring(drawn("title", "told", "x", [Panel("p", "ms", curves, must=6)]))
    found = [each for each in root.iter() if each.tag.endswith("polyline")]
    first, second = (
        [tuple(map(float, p.split(","))) for p in e.get("points", "").split()] for e in found
    )
    (x1, y1), (x2, y2), (x3, y3) = first
    assert x3 - x2 == pytest.approx(x2 - x1)
    assert y2 - y3 == pytest.approx(2 * (y1 - y2), abs=0.2)
    assert second == [(x1, y3), (x3, y3)]
    (must,) = (each for each in root.iter() if each.get("class") == "must")
    assert float(must.get("y1", 0)) == pytest.approx((y2 + y3) / 2, abs=0.1)
    places = {each.text: float(each.get("y", 0)) for each in root.iter() if each.text}
    names = sorted(places[name] for name in ("a <b>", "c", "wanted: 6"))
    assert all(below - above >= 13.9 for above, below in pairwise(names))


def test_what_is_missed_is_said_plainly() -> None:
    rows = [
        Result("fine", "s", 1.0, 1.0),
        Result("slow", "s", 1.5, 1.0),
        Result("told", "s", 9, None),
    ]
    assert [line.split() for line in table(rows).splitlines()[1:]] == [
        ["fine", "1", "s", "1", "met"],
        ["slow", "1.5", "s", "1", "NOT", "MET"],
        ["told", "9", "s"],
    ]


def test_some_are_chosen_by_measurement_or_by_row() -> None:
    assert chosen([]) == list(MEASUREMENTS)
    assert chosen(["demo", "gas"]) == ["gas", "demo"]
    assert chosen(["payees, memory"]) == ["sum_tree"]
    with pytest.raises(SystemExit, match="nothing is measured by the name nonsense; there are gas"):
        chosen(["nonsense"])


def test_a_measurement_that_fills_other_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="demo must measure"):
        results("demo", {"another row": 1})


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, ""), (0, "0"), (0.046, "0.046"), (1282.6, "1,282.6"), (16_064_402, "16,064,402")],
)
def test_numbers_are_written_for_people(value: float | None, written: str) -> None:
    assert page.number(value) == written


def test_what_is_read_beside_ponder_has_rows_of_every_kind(tmp_path: Path) -> None:
    """On a chain of 1,000 events, which takes five seconds to make the first time."""
    with used_chain(1_000) as url:
        rows = ours.read(url, tmp_path, rows=True).facts
    assert rows
    assert {table: bool(lines) for table, lines in rows.items()} == dict.fromkeys(TABLES, True)


def test_a_row_that_one_of_two_indexes_lacks_or_has_otherwise_is_told() -> None:
    row = ("revocation", 1, 2, "0xAB", ["0x01"])
    assert difference(facts([row]), facts([row])) is None
    assert difference(facts([row]), facts([])) == (
        "revocation: ours has 1 rows and theirs 0; only ours: 1 2 0xab 0x01; only theirs: None"
    )
    other = ("revocation", 1, 2, "0xab", ["0x02"])
    assert "only theirs: 1 2 0xab 0x02" in (difference(facts([row]), facts([other])) or "")
    assert difference(facts([row]), facts([row, row])) is not None


def test_the_index_and_web3_answer_the_questions_of_licences_alike() -> None:
    """Promise 2: `measure` compares both answers to each question that it asks."""
    measured = ibis.measure(models=12, collections=30)
    assert set(measured) == {row.name for row in ibis.ROWS}
    assert all(value > 0 for value in measured.values())


def test_other_answers_are_not_measured() -> None:
    with pytest.raises(RuntimeError, match="differ"):
        ibis.compared(lambda each: [each], lambda each: [each, each[::-1]], [b"ab"])
    with pytest.raises(RuntimeError, match="differ"):
        ibis.compared(lambda _: [], lambda _: [], [b"ab"])
