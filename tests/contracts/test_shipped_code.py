"""What Forge tested is the code that ships (`make test-contracts`, when Forge has built)."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = [
    path
    for path in sorted((ROOT / "src" / "kiseki").glob("releases/*/*.json"))
    if path.name != "release.json"
]


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_artifacts_are_those_of_the_contracts() -> None:
    run(sys.executable, "scripts/compile.py", "--check")


def test_forge_tests_the_code_that_ships() -> None:
    run(ROOT / ".tools" / "bin" / "forge", "build")
    for path in ARTIFACTS:
        ours = json.loads(path.read_text())
        (source,) = ours["compiler"]["settings"]["compilationTarget"]
        forges = ROOT / ".build" / "forge" / Path(source).name / path.name
        assert json.loads(forges.read_text())["bytecode"]["object"] == ours["bytecode"], path.stem
