"""`docs/benchmarks.md`, made of `results.json`, the gas snapshot, and what the measurements say."""

import inspect
from pathlib import Path

from benchmarks import gas, growth
from benchmarks.rows import MEASUREMENTS, ROOT, Result, Row, kept, measurement

__all__ = ["number", "text", "write"]

PAGE = ROOT / "docs" / "benchmarks.md"

_HEAD = """\
# Benchmarks

Made by `make bench` (`make bench ROWS="gas id_tree"` for some) from `benchmarks/`; a test holds
this page to the figures in `benchmarks/results.json`, the gas snapshot and the compiled
contracts. Gas and code size are exact and the same everywhere. Times are the best of several
rounds, of what is sent to a chain of one run, on a machine with two cores that others use too:
their ratios to plain work in the same run say more than they do.

"Must" is the most that a value may be. Others' figures were measured in November 2026 on the same
work: gas of real transactions on Anvil 1.7.1, each built from its own source with its own
settings.
"""

_SNAPSHOT = """\
## Every gas figure

The whole of `tests/contracts/snapshots`, which `tests/contracts/*Gas.t.sol` writes.
"(bytes)" is the size of the call, of which public mempools take 131,072 with its envelope.
"""

_COLUMNS = "| | value | must | | others |\n| --- | ---: | ---: | --- | --- |\n"


def write() -> None:
    """Writes the page and its picture."""
    PAGE.write_text(text(), "utf-8")
    growth.PICTURE.write_text(growth.picture(kept()), "utf-8")


def text() -> str:
    """The page."""
    known = kept()
    parts = [_HEAD, *(section(name, known) for name in MEASUREMENTS), _SNAPSHOT + "\n" + figures()]
    return "\n".join(parts)


def section(name: str, known: dict[str, Result]) -> str:
    """A measurement: its heading, how it is taken, its rows."""
    module = measurement(name)
    lines = [line(row, known.get(row.name)) for row in module.ROWS]
    picture: Path | None = getattr(module, "PICTURE", None)
    shown = f"![{module.TITLE}]({picture.relative_to(PAGE.parent)})\n\n" if picture else ""
    return (
        f"## {module.TITLE}\n\n{paragraph(module.__doc__)}\n\n{shown}"
        "| | value | must | | others |\n| --- | ---: | ---: | --- | --- |\n"
        + "\n".join(lines)
        + "\n"
    )


def line(row: Row, result: Result | None) -> str:
    """A row of the table; one that was not measured yet says so."""
    value = f"{number(result.value)} {row.unit}" if result else "not measured"
    met = {None: "", True: "met", False: "**not met**"}[result.met if result else None]
    return f"| {row.name} | {value} | {number(row.must)} | {met} | {row.compare} |"


def figures() -> str:
    """The snapshot as a table."""
    lines = [f"| {name} | {figure:,} |" for name, figure in gas.snapshot().items()]
    return "| | gas |\n| --- | ---: |\n" + "\n".join(lines) + "\n"


def number(value: float | None) -> str:
    """As people write it."""
    if value is None:
        return ""
    return f"{value:,.4g}" if abs(value) < 100 else f"{value:,.1f}".removesuffix(".0")


def paragraph(docstring: str | None) -> str:
    return " ".join(inspect.cleandoc(docstring or "").split())
