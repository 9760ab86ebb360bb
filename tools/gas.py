"""Puts the measured gas that `kiseki cost` needs into the package.

python tools/gas.py           write it
python tools/gas.py --check   end with 1 if it is not what the contracts' tests measured
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ROOT / "tests" / "contracts" / "snapshots" / "gas.json"
SHIPPED = ROOT / "src" / "kiseki" / "client" / "gas.json"
NAMES = (
    "claim ether through a collection, again", "claim ether through a collection, first",
    "data commit", "data publish 4000", "data register 1", "data register 100",
    "data register 4000",
)  # fmt: skip
"""What costs are made of."""


def text() -> str:
    """The content of the file in the package."""
    measured = json.loads(MEASURED.read_text("utf-8"))
    return json.dumps({name: int(measured[name]) for name in NAMES}, indent=2) + "\n"


def main() -> int:
    """Writes or checks it; the exit code."""
    if "--check" not in sys.argv[1:]:
        SHIPPED.write_text(text(), "utf-8")
        return 0
    if SHIPPED.read_text("utf-8") == text():
        return 0
    print("client/gas.json is old; run `python tools/gas.py`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
