"""Atheris on every decoder of untrusted input, each for a while; `make fuzz FUZZ_SECONDS=60`.

    python -m tests.fuzz.run 60                     all of targets.py, 60 seconds each
    python -m tests.fuzz.run 60 split               only these
    python -m tests.fuzz.run --one revert FILE      one input again, as found

Inputs that reach new code are kept in .build/fuzz/<target>, beside the seeds, and used again. What
breaks a promise is kept there too, as crash-*, and fails the run. Needs Linux (.venv-verify).
"""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / ".build" / "fuzz"
SEEDS = ROOT / "tests" / "fuzz" / "seeds"


def main(words: list[str]) -> None:
    if words[:1] == ["--one"]:
        fuzz(words[1], words[2:])
        return
    seconds = int(words[0]) if words else 60
    named = words[1:] or names()
    failed = []
    for name in named:
        done = one(name, seconds)
        print(f"{name:16}{done}", flush=True)
        if "passed" not in done:
            failed.append(name)
    if failed:
        sys.exit(f"tests/fuzz: a promise is broken in {', '.join(failed)}; see {CORPUS}")


def names() -> list[str]:
    from tests.fuzz.targets import TARGETS  # not at the top: atheris instruments what it imports

    return list(TARGETS)


def one(name: str, seconds: int) -> str:
    """Runs a target in a process of its own, because an input may end it."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.run", "--one", name, str(folder)]
    command += [str(SEEDS / name)] if (SEEDS / name).is_dir() else []
    command += [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=4096"]
    command += ["-max_len=8192", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")
    (CORPUS / f"{name}.log").write_text(done.stdout + done.stderr, "utf-8")
    found = re.findall(r"stat::number_of_executed_units:\s*(\d+)", done.stderr)
    runs = f"{int(found[-1]):,} executions" if found else "no executions counted"
    return f"{runs}, {'passed' if done.returncode == 0 else f'failed: see {name}.log'}"


def fuzz(name: str, arguments: list[str]) -> None:
    import atheris

    logging.disable()  # dotenv warns of every line that it cannot read
    with atheris.instrument_imports(include=["kiseki", "eth_abi"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
