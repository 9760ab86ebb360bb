"""Slither, with a reason for every finding: fails on a new one, and on a reason for none.

Run by `make analyse`, in .venv-verify. The reasons are the table in docs/testing.md, by detector
and function.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = ROOT / "docs" / "testing.md"
ANSWER = ROOT / ".build" / "slither.json"
SECONDS = 900

Finding = tuple[str, str]
"""Detector, and `Contract.function` (or what else it speaks of)."""


def main() -> None:
    found = findings()
    known = reasons(TABLE.read_text("utf-8"))
    new = [each for each in found if each not in known]
    for each in new:
        print(f"{each[0]}, {each[1]}: {found[each]}\n", file=sys.stderr)
    stale = sorted(known - found.keys())
    for detector, where in stale:
        print(f"{TABLE.name} has a reason for {detector} in {where}, which is no longer found.")
    if new or stale:
        sys.exit(f"Slither: {len(new)} without a reason, {len(stale)} reasons without a finding.")
    print(f"Slither: {len(found)} findings, each with its reason in {TABLE.relative_to(ROOT)}.")


def findings() -> dict[Finding, str]:
    """What Slither finds, with its description. It builds into a folder of its own."""
    ANSWER.parent.mkdir(exist_ok=True)
    ANSWER.unlink(missing_ok=True)
    done = subprocess.run(
        ["slither", ".", "--config-file", "slither.config.json", "--json", str(ANSWER)],
        cwd=ROOT,
        env=os.environ | {"FOUNDRY_PROFILE": "analyse"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    answer: dict[str, Any] = {"success": False}
    if ANSWER.exists():
        answer = json.loads(ANSWER.read_text("utf-8"))
    if not answer["success"]:
        sys.exit(f"Slither did not run:\n{done.stdout}{done.stderr}")
    detected = answer["results"].get("detectors", [])
    return {(each["check"], place(each["elements"][0])): each["description"] for each in detected}


def place(element: dict[str, Any]) -> str:
    """`Contract.function`; a local variable counts as its function."""
    fields = element.get("type_specific_fields", {})
    if element["type"] == "contract" or "parent" not in fields:
        return str(element["name"])
    if fields["parent"]["type"] == "function":
        return place(fields["parent"])
    return f"{place(fields['parent'])}.{element['name']}"


def reasons(text: str) -> set[Finding]:
    """The rows of the table: detectors, functions and a reason."""
    known = set()
    for row in re.findall(r"^\| (`[a-z`, -]+) \| (`.+`) \| .+ \|$", text, re.M):
        detectors, places = (re.findall(r"`([^`]+)`", cell) for cell in row)
        known |= {(detector, where) for detector in detectors for where in places}
    return known


if __name__ == "__main__":
    main()
