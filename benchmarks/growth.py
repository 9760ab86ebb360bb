"""The same chain as in "An index of 50,000 IDs" at several sizes, so that growth can be seen: a
flat curve is a cost that does not depend on what else there is. Reading is what the processor took
of each event, in PostgreSQL by the clock on the wall; all else is as there. Each size is kept in
`.build` as soon as it is measured, until the code changes: what was interrupted goes on where it
was (`make bench-growth`). `docs/images/growth.svg` draws it."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.index import world
from benchmarks.plot import Curve, Panel, drawn
from benchmarks.rows import ROOT, Result, Row, keep

__all__ = ["PICTURE", "ROWS", "measure", "picture"]

TITLE = "An index that grows"

PICTURE = ROOT / "docs" / "images" / "growth.svg"

SIZES = (0.01, 0.02, 0.05, 0.1, 0.2, 1.0)
"""Parts of the whole chain."""

_STORES = {"SQLite": 1.0, "PostgreSQL": 0.2}
"""With the largest part that is read into each: the whole takes PostgreSQL half an hour."""
_QUESTIONS = ("owed", "lineage", "usage", "status")
_READ, _SIZE, _EVENTS = "reading", "size", "events"
_BLOCK, _DEPOSIT = "a block of 20 events, p99", "a deposit above 1,000 splits, p99"
_P99 = "ms, 99 of 100 take less"
_FIGURES = {
    _READ: "µs an event",
    _SIZE: "bytes an event",
    _BLOCK: "ms",
    _DEPOSIT: "ms",
    **{f"{name}, p99": "ms" for name in _QUESTIONS},
}


def _events(size: float) -> str:
    return f"growth, {size:g} of the chain: {_EVENTS}"


def _row(size: float, store: str, figure: str) -> str:
    return f"growth, {size:g} of the chain in {store}: {figure}"


ROWS = (
    *(Row(_events(size), _EVENTS) for size in SIZES),
    *(
        Row(_row(size, store, figure), unit)
        for store in _STORES
        for figure, unit in _FIGURES.items()
        for size in SIZES
        if size <= _STORES[store]
    ),
)


def measure(sizes: Sequence[float] = SIZES) -> dict[str, float]:
    values: dict[str, float] = {}
    for size in sizes:
        for store in [each for each, most in _STORES.items() if size <= most]:
            found = _kept(size, store)
            values[_events(size)] = found["events"]
            for figure, value in _figures(found, store).items():
                values[_row(size, store, figure)] = round(value, 3)
    return values


def _figures(found: Mapping[str, Any], store: str) -> dict[str, float]:
    seconds = found["wall"] if store == "PostgreSQL" else found["decode"] + found["apply"]
    return {
        _READ: seconds / found["events"] * 1e6,
        _SIZE: found["bytes"] / found["events"],
        _BLOCK: found["block"]["p99"],
        _DEPOSIT: found["deposit"]["p99"],
        **{f"{name}, p99": found["questions"][name]["p99"] for name in _QUESTIONS},
    }


# Measuring what was not measured yet


def _kept(size: float, store: str) -> dict[str, Any]:
    """What a reading told, of this very code."""
    place = ROOT / ".build" / "growth" / f"{size:g}-{store}-{_code()}.json"
    if not place.exists():
        print(f"{size:g} of the chain in {store}", file=sys.stderr, flush=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        half = place.with_suffix(".half")
        half.write_text(_read(size, store), "utf-8")
        half.replace(place)
    found: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return found


def _code() -> str:
    """Of what is measured, and what measures it."""
    here = ROOT / "benchmarks"
    measured = [*(ROOT / "src").rglob("*.py"), *(here / "world").glob("*.py")]
    code = hashlib.sha256()
    for each in sorted([*measured, here / "reader.py", here / "reading.py"]):
        code.update(each.read_bytes())
    return code.hexdigest()[:12]


def _read(size: float, store: str) -> str:
    from tests.python import postgres

    with ExitStack() as stack:
        command = [sys.executable, "-m", "benchmarks.reading", str(world(size))]
        if store == "PostgreSQL":
            server = stack.enter_context(postgres.server())
            command.append(stack.enter_context(postgres.database(server)))
        return subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
        ).stdout


# Drawing it


def picture(known: Mapping[str, Result]) -> str:
    """The curves of what was measured, as an SVG."""

    def curve(name: str, store: str, figure: str) -> Curve:
        rows = {size: known.get(_row(size, store, figure)) for size in SIZES}
        return Curve(
            name,
            [(known[_events(size)].value, row.value) for size, row in rows.items() if row],
        )

    def panel(title: str, unit: str, curves: Sequence[Curve], must: float | None = None) -> Panel:
        return Panel(title, unit, [each for each in curves if each.points], must)

    def both(figure: str) -> list[Curve]:
        return [curve(store, store, figure) for store in _STORES]

    def asked(store: str) -> list[Curve]:
        return [curve(name, store, f"{name}, p99") for name in _QUESTIONS]

    panels = [
        panel("Reading", "µs an event", both(_READ), 83.3),
        panel("On the disk", "bytes an event", both(_SIZE)),
        panel("A block of 20 events", _P99, both(_BLOCK), 50),
        panel("A deposit above many splits", _P99, both(_DEPOSIT), 50),
        panel("Questions, SQLite", _P99, asked("SQLite"), 10),
        panel("Questions, PostgreSQL", _P99, asked("PostgreSQL"), 20),
    ]
    return drawn(
        TITLE,
        "Flat is what does not cost more the more there is. benchmarks.md has the figures.",
        "events in the index",
        [each for each in panels if each.curves],
    )


def main() -> None:
    """Writes down each size as soon as it is measured."""
    from benchmarks import page

    options = argparse.ArgumentParser(prog="benchmarks.growth", description=TITLE)
    options.add_argument("sizes", nargs="*", type=float, default=SIZES, metavar="size")
    for size in options.parse_args().sizes:
        units = {row.name: row.unit for row in ROWS}
        values = measure([size])
        keep([Result(name, units[name], value, None) for name, value in values.items()])
        page.write()


if __name__ == "__main__":
    main()
