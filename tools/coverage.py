"""Lines and branches of contracts/ that the Forge tests run. Fails under 100%.

    python tools/coverage.py

A line that no test can reach carries, or follows, a comment `// unreachable: why` and is left out.
Forge measures without the optimizer, and no free functions: those in types/ are not in the table.
The variables of assembly for which the stack has no room lie in memory, or OpenZeppelin's P-256
would not compile; Forge lets nobody say so, hence a compiler of our own (tools/solc.cjs).
"""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "coverage"
SOLC = ROOT / ".tools" / "bin" / "solc"
LEFT_OUT = ("contracts/interfaces/", "contracts/mocks/", "tests/")
EXCUSE = "// unreachable: "


def compiler() -> Path:
    """The project's compiler, as a command that spares the stack."""
    command = BUILD / "solc"
    version = f'[ "$*" = --version ] && exec "{SOLC}" --version'
    command.write_text(f'#!/bin/sh\n{version}\nexec "{SOLC}" --spare-stack "$@"\n', "utf-8")
    command.chmod(0o755)
    return command


def measure() -> str:
    """Forge's lcov report."""
    BUILD.mkdir(parents=True, exist_ok=True)
    report = BUILD / "lcov.info"
    # Gas is measured otherwise, and invariants need other tests to have failed first.
    command = ["forge", "coverage", "--report", "lcov", "--report-file", str(report)]
    command += ["--no-match-path", "*{.invariant,.proof,Gas}.t.sol"]
    # Its artefacts are not those that are deployed.
    apart = {
        "FOUNDRY_OUT": str(BUILD / "out"),
        "FOUNDRY_CACHE_PATH": str(BUILD / "cache"),
        "FOUNDRY_SOLC": str(compiler()),
    }
    done = subprocess.run(command, cwd=ROOT, env=os.environ | apart, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return report.read_text("utf-8")


def entries(lcov: str) -> Iterator[tuple[str, int, str, bool]]:
    """File, line, kind, and whether a test came there."""
    file = ""
    for row in lcov.splitlines():
        name, _, value = row.partition(":")
        if name == "SF":
            file = value
        elif name in ("DA", "BRDA") and not file.startswith(LEFT_OUT):
            line, *_, hits = value.split(",")
            yield file, int(line), "lines" if name == "DA" else "branches", hits not in ("0", "-")


def excused(file: str, line: int) -> bool:
    lines = (ROOT / file).read_text("utf-8").splitlines()
    return any(EXCUSE in text for text in lines[max(line - 2, 0) : line])


def main() -> None:
    found: dict[str, Counter[str]] = {}
    missing = []
    for file, line, kind, reached in entries(measure()):
        count = found.setdefault(file, Counter())
        if reached or not excused(file, line):
            count[f"all {kind}"] += 1
            count[kind] += reached
            if not reached:
                missing.append(f"{file}:{line} ({kind})")
        else:
            count["excused"] += 1
    for file in sorted(found):
        count = found[file]
        print(
            f"{file:40}"
            + "".join(f"{count[k]:>6} of {count[f'all {k}']:>3} {k}" for k in ("lines", "branches"))
            + (f"   {count['excused']} unreachable" if count["excused"] else "")
        )
    if missing:
        sys.exit("No test comes to:\n  " + "\n  ".join(missing))


if __name__ == "__main__":
    main()
