"""`make demo` after its set-up, as a whole: 4,495 drawings by 121 artists registered, two models
trained, outputs registered, everybody paid, the report written."""

import sys
import tempfile
import time

from benchmarks.process import quietly
from benchmarks.rows import Row

__all__ = ["ROWS", "measure"]

TITLE = "The demo"

ROWS = (Row("make demo after set-up", "s", 90),)


def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        command = [sys.executable, "-m", "examples.openmoji", "--to", folder]
        quietly(command)
        return {ROWS[0].name: round(time.perf_counter() - began, 1)}
