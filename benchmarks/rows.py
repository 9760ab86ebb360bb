"""The rows, the measurements that fill them, and the file that keeps their values."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

__all__ = ["MEASUREMENTS", "ROOT", "Result", "Row", "keep", "kept", "measurement", "results"]

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results.json"

MEASUREMENTS = (
    "gas",
    "code_size",
    "shared_base",
    "new_split",
    "id_tree",
    "sum_tree",
    "payees_list",
    "history",
    "commands",
    "hashing",
    "exposure",
    "receipt_log",
    "vault_adding",
    "vault_serving",
    "consents",
    "bulk",
    "parts",
    "ponder",
    "ibis",
    "index",
    "pages",
    "larger",
    "growth",
    "demo",
)
"""In the order of the table: quick and exact ones first."""


@dataclass(frozen=True, slots=True)
class Row:
    """Something to be measured.

    Attributes:
        name: what.
        unit: of the value.
        must: the most that it may be; none where the value is only told.
        compare: what others need, measured on the same work in November 2026 unless it says so.
    """

    name: str
    unit: str
    must: float | None = None
    compare: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A row of `results.json`."""

    name: str
    unit: str
    value: float
    must: float | None

    @property
    def met(self) -> bool | None:
        """Whether the value is what it must be; none where nothing is asked."""
        return None if self.must is None else self.value <= self.must


def measurement(name: str) -> ModuleType:
    """The module that takes a measurement."""
    return import_module(f"benchmarks.{name}")


def results(name: str, values: Mapping[str, float]) -> list[Result]:
    """The rows of a measurement with their values, of which none may be missing or left over."""
    rows: tuple[Row, ...] = measurement(name).ROWS
    if {row.name for row in rows} != set(values):
        raise ValueError(f"{name} must measure {[row.name for row in rows]}, not {list(values)}")
    whole = {name: int(each) if each == int(each) else each for name, each in values.items()}
    return [Result(row.name, row.unit, whole[row.name], row.must) for row in rows]


def kept() -> dict[str, Result]:
    """What was measured last, by row."""
    if not RESULTS.exists():
        return {}
    return {each["name"]: Result(**each) for each in json.loads(RESULTS.read_text("utf-8"))}


def keep(new: Iterable[Result]) -> None:
    """Writes results down; rows that were not measured now keep their values."""
    known = kept() | {each.name: each for each in new}
    rows = [row for name in MEASUREMENTS for row in measurement(name).ROWS]
    found = [known[row.name] for row in rows if row.name in known]
    RESULTS.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n", "utf-8")
