"""Breaks the contracts in small ways, one at a time, and sees whether a Forge test notices.

    python tools/mutate.py --sample 300           300 mutants of all of contracts/, always the same
    python tools/mutate.py --contract SumTree     every mutant of one file (--list only prints them)
    python tools/mutate.py --again                those that nothing killed or explained, once more
    python tools/mutate.py --report               the score of everything run so far

A mutant is one change to one place in the syntax tree that the compiler gives (`mutants.py`). A
compiler that stays loaded compiles it alone, and its code is put into Forge's artefacts, from which
the tests deploy the suite: so Forge compiles nothing. The optimizer is off, which takes a third of
the time. First come the quick tests with few fuzz runs; what passes them meets every test in full,
optimized as it would be deployed.

killed      a test failed, and is named
survived    every test passed: one is missing, or tests/mutation/explained.json says why none can be
timeout     the tests did not end; never counted as killed
equal       the optimizer makes the same code of it: nothing to notice; not counted
invalid     it does not compile; not counted

Runs can be broken off and go on where they were: .build/mutation keeps results by what was changed.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from mutants import Json, Mutant, mutants, short

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "mutation"
# Sources, artefacts and what Forge remembers are a copy's, so that one can go on editing.
COPY = BUILD / "project"
OUT, CACHE = COPY / ".build" / "forge", COPY / ".build" / "forge-cache"
# There while an artefact is patched, and afterwards if that was broken off.
PATCHED = BUILD / "patched"
RESULTS = BUILD / "results.jsonl"
EXPLAINED = ROOT / "tests" / "mutation" / "explained.json"
QUICK = ["--no-match-path", "*{.invariant,.proof,Gas}.t.sol"]
# Of a test; what runs in circles ends sooner.
QUICK_RUNS, QUICK_GAS = "32", "400000000"
SOLC = ROOT / ".tools" / "bin" / "solc"
QUICK_SECONDS, FULL_SECONDS = 120, 600
# CBOR metadata: hashes the sources, so it differs even where the code does not.
METADATA = re.compile("a264697066735822[0-9a-f]{68}64736f6c6343[0-9a-f]{6}0033")


# Compiling


class Compiler:
    """The compiler of the project, loaded once: what is warm answers in a second."""

    def __init__(self) -> None:
        # Unoptimized, OpenZeppelin's P-256 does not compile otherwise.
        command = [str(SOLC), "--standard-json-lines", "--spare-stack"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=COPY
        )

    def __call__(self, sources: dict[str, str], settings: Json) -> Json:
        request = {
            "language": "Solidity",
            "settings": settings,
            "sources": {file: {"content": text} for file, text in sources.items()},
        }
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: Json = json.loads(self._process.stdout.readline())
        return answer


@dataclass(frozen=True)
class Unit:
    """A contract whose code holds the code of others."""

    file: str
    name: str

    @property
    def artefact(self) -> Path:
        return OUT / Path(self.file).name / f"{self.name}.json"


def copy_project() -> None:
    """What Forge needs, apart from what is being edited."""
    for name in ("contracts", "tests/contracts"):
        shutil.rmtree(COPY / name, ignore_errors=True)
        shutil.copytree(ROOT / name, COPY / name)
    shutil.copy2(ROOT / "foundry.toml", COPY)
    if not (COPY / "node_modules").is_symlink():
        (COPY / "node_modules").symlink_to(ROOT / "node_modules")
    # Forge asks for the version at every start; loading the compiler takes longer than most tests.
    version = subprocess.run([SOLC, "--version"], capture_output=True, text=True, check=True).stdout
    wrapper = COPY / ".tools" / "bin" / "solc"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(
        f"#!/bin/sh\n[ \"$1\" = --version ] && echo '{version}' || exec '{SOLC}' \"$@\"\n", "utf-8"
    )
    wrapper.chmod(0o755)


class Suite:
    """The sources, what Forge made of them, and what has to be made again when one changes."""

    def __init__(self) -> None:
        if PATCHED.exists():
            shutil.rmtree(COPY / ".build", ignore_errors=True)
            PATCHED.unlink()
        copy_project()
        done = subprocess.run(["forge", "build"], cwd=COPY, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
        cache = json.loads((CACHE / "solidity-files-cache.json").read_text("utf-8"))
        self._files: Json = cache["files"]
        self._closures = {file: self._closure(file) for file in self._files}
        solc = cache["profiles"]["default"]["solc"]
        self._optimizer: Json = solc["optimizer"]
        self._settings: Json = {
            "evmVersion": solc["evmVersion"],
            "metadata": {"bytecodeHash": "ipfs", "useLiteralContent": False},
            "remappings": ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/"],
            "viaIR": solc["viaIR"],
        }
        self._compiler = Compiler()
        self._codes: dict[tuple[Unit, bool], str] = {}

    def _closure(self, file: str) -> frozenset[str]:
        seen: set[str] = set()
        todo = [file]
        while todo:
            if (one := todo.pop()) not in seen:
                seen.add(one)
                todo += self._files[one]["imports"]
        return frozenset(seen)

    def mutable(self) -> list[str]:
        """All that is deployed or part of it."""
        left_out = ("contracts/interfaces/", "contracts/mocks/")
        return sorted(
            file
            for file in self._files
            if file.startswith("contracts/") and not file.startswith(left_out)
        )

    def mutants(self, file: str) -> list[Mutant]:
        sources = self._sources(self._closures[file])
        asked = {file: {"": ["ast"]}}
        answer = self._compiler(sources, self._settings | {"outputSelection": asked})
        return mutants(file, (COPY / file).read_bytes(), answer["sources"][file]["ast"])

    def units(self, file: str) -> list[Unit]:
        """What can be deployed and holds code of `file`: contracts, and tests that use it."""
        source = (COPY / file).read_text("utf-8")
        libraries = "|".join(re.findall(r"^(?:library|contract) (\w+)", source, re.M)) or "(?!)"
        others = "|".join(re.findall(r"^(?:type|function) (\w+)", source, re.M)) or "(?!)"
        used = re.compile(rf"\b({libraries})\.[a-z]|(new |type\()({libraries})\b|\b({others})\b")
        units = []
        for other, closure in self._closures.items():
            if file not in closure or other.startswith(("contracts/interfaces/", "node_modules/")):
                continue
            whole = (COPY / other).read_text("utf-8")
            text = re.sub("^import .*$", "", whole, flags=re.M)
            imported = f'/{Path(file).name}"' in whole
            if other.startswith("tests/") and not (imported and used.search(text)):
                continue
            units += [Unit(other, name) for name in re.findall(r"^contract (\w+)", text, re.M)]
        return [unit for unit in units if unit.artefact.exists()]

    def code(self, units: list[Unit], optimized: bool) -> dict[Unit, str]:
        """Creation code without any mutant."""
        fresh = [unit for unit in units if (unit, optimized) not in self._codes]
        if fresh:
            compiled = self.compile(fresh, {}, optimized) or {}
            self._codes |= {(unit, optimized): code for unit, code in compiled.items()}
        return {unit: self._codes[unit, optimized] for unit in units}

    def compile(
        self, units: list[Unit], changed: dict[str, str], optimized: bool
    ) -> dict[Unit, str] | None:
        """The creation code of each, or None when it does not compile."""
        files: frozenset[str] = frozenset()
        selection: Json = {}
        for unit in units:
            files |= self._closures[unit.file]
            selection.setdefault(unit.file, {})[unit.name] = ["evm.bytecode.object"]
        optimizer = self._optimizer | {"enabled": optimized}
        answer = self._compiler(
            self._sources(files) | changed,
            self._settings | {"outputSelection": selection, "optimizer": optimizer},
        )
        if any(error["severity"] == "error" for error in answer.get("errors", [])):
            return None
        return {
            unit: "0x" + answer["contracts"][unit.file][unit.name]["evm"]["bytecode"]["object"]
            for unit in units
        }

    def differing(
        self, units: list[Unit], changed: dict[str, str], optimized: bool
    ) -> dict[Unit, str] | None:
        """The new code of those whose code changes; None when it does not compile."""
        codes = self.compile(units, changed, optimized)
        if codes is None:
            return None
        before = self.code(units, optimized)
        return {unit: code for unit, code in codes.items() if bare(code) != bare(before[unit])}

    def _sources(self, files: frozenset[str]) -> dict[str, str]:
        return {file: (COPY / file).read_text("utf-8") for file in sorted(files)}

    @contextlib.contextmanager
    def patched(self, codes: dict[Unit, str]) -> Iterator[None]:
        """Forge finds `codes` in its artefacts, and afterwards what was there."""
        before = {unit: unit.artefact.read_text("utf-8") for unit in codes}
        PATCHED.touch()
        try:
            for unit, code in codes.items():
                artefact = json.loads(before[unit])
                artefact["bytecode"]["object"] = code
                unit.artefact.write_text(json.dumps(artefact), "utf-8")
            yield
        finally:
            for unit, text in before.items():
                unit.artefact.write_text(text, "utf-8")
            PATCHED.unlink()


# Testing


def forge_test(quick: bool) -> str | None:
    """The first test that failed, or None. Raises TimeoutExpired."""
    environment = os.environ | {"FOUNDRY_GAS_SNAPSHOT_EMIT": "false"}
    # The invariants' runs are many, and what they find they find in the first few.
    environment |= {"FOUNDRY_INVARIANT_RUNS": "8"}
    if quick:
        environment |= {"FOUNDRY_FUZZ_RUNS": QUICK_RUNS, "FOUNDRY_GAS_LIMIT": QUICK_GAS}
    # Forge tries again what failed before; a mutant is judged without what others brought to light.
    shutil.rmtree(COPY / "cache", ignore_errors=True)
    done = subprocess.run(
        ["forge", "test", "--fail-fast", *(QUICK if quick else [])],
        cwd=COPY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=QUICK_SECONDS if quick else FULL_SECONDS,
    )
    if not done.returncode:
        return None
    suite, failing = "", False
    for line in done.stdout.splitlines():
        suite = (re.findall(r"^Ran \d+ tests? for \S+:(\w+)", line) or [suite])[0]
        failing = failing or line.startswith("[FAIL")
        # The name of an invariant comes after the calls that broke it.
        if failed := re.search(r"^(?:\[FAIL.*\])? (\w+)\(.*?\)", line) if failing else None:
            return f"{suite}.{failed[1]}"
    sys.exit(f"Forge failed, but no test did:\n{done.stdout}\n{done.stderr}")


def judge(suite: Suite, mutant: Mutant) -> tuple[str, str]:
    """The outcome, and the test that killed it."""
    units = suite.units(mutant.file)
    changed = {mutant.file: mutant.apply((COPY / mutant.file).read_bytes())}
    differing = suite.differing(units, changed, optimized=False)
    if differing is None:
        return "invalid", ""
    if not differing:
        return "equal", ""
    try:
        with suite.patched(differing):
            if test := forge_test(quick=True):
                return "killed", test
        # As it would be deployed.
        differing = suite.differing(units, changed, optimized=True)
        if not differing:
            return "equal", ""
        with suite.patched(differing):
            if test := forge_test(quick=False):
                return "killed", test
    except subprocess.TimeoutExpired:
        return "timeout", ""
    return "survived", ""


def bare(code: str) -> str:
    return METADATA.sub("", code)


# Results


def key(mutant: Mutant) -> str:
    """Of the file and the change, so that it stays the same only while the file does."""
    text = (COPY / mutant.file).read_bytes()
    return hashlib.sha256(f"{mutant.file}\0{mutant.apply(text)}".encode()).hexdigest()[:16]


def known() -> dict[str, Json]:
    if not RESULTS.exists():
        return {}
    rows = [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]
    return {row["key"]: row for row in rows}


def explanation(row: Json) -> str | None:
    """Why no test can kill it. Found by the line's text, so that it moves with the line."""
    entries = json.loads(EXPLAINED.read_text("utf-8")) if EXPLAINED.exists() else []
    for entry in entries:
        same = all(row[name] == entry[name] for name in ("file", "text", "before"))
        if same and row["after"] in entry["after"]:
            return str(entry["why"])
    return None


def unexplained(row: Json) -> bool:
    return row.get("outcome") in ("survived", "timeout") and explanation(row) is None


def report(rows: list[Json]) -> int:
    """The score; how many survivors nobody has explained."""
    table: dict[str, Counter[str]] = {}
    for row in rows:
        table.setdefault(row["file"], Counter())[row["outcome"]] += 1
    columns = ["killed", "survived", "timeout", "equal", "invalid"]
    print(f"{'':44}" + "".join(f"{name:>10}" for name in columns))
    for file in sorted(table):
        print(f"{file:44}" + "".join(f"{table[file][name]:>10}" for name in columns))
    total: Counter[str] = sum(table.values(), Counter())
    print(f"{'':44}" + "".join(f"{total[name]:>10}" for name in columns))
    counted = total["killed"] + total["survived"] + total["timeout"]
    print(f"\n{total['killed']} of {counted} killed: {total['killed'] / (counted or 1):.1%}")
    left = [row for row in rows if row["outcome"] in ("survived", "timeout")]
    for row in sorted(left, key=lambda row: (row["file"], row["line"])):
        print(f"\n{row['outcome']}: {row['file']}:{row['line']}  {row['text']}")
        print(f"  {short(row['before'])} -> {short(row['after'])}")
        print(f"  {explanation(row) or 'NOT EXPLAINED'}")
    return sum(unexplained(row) for row in left)


def main() -> None:
    parser = argparse.ArgumentParser(description="Mutation testing of contracts/ with Forge.")
    parser.add_argument("--contract", action="append", help="only this file's stem; repeatable")
    parser.add_argument("--sample", type=int, help="so many of them, drawn with --seed")
    parser.add_argument("--seed", default="kiseki")
    parser.add_argument("--list", action="store_true", help="print them, and run nothing")
    parser.add_argument("--again", action="store_true", help="only what is left of earlier runs")
    parser.add_argument("--report", action="store_true", help="print the score, and run nothing")
    options = parser.parse_args()

    # Stopped or not, what is patched is put back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped."))
    suite = Suite()
    chosen = []
    for file in suite.mutable():
        if not options.contract or Path(file).stem in options.contract:
            chosen += suite.mutants(file)
    if options.sample is not None and options.sample < len(chosen):
        chosen = sorted(chosen, key=lambda mutant: mutant.lot(options.seed))[: options.sample]
    if options.list:
        print("\n".join(map(str, chosen)), f"\n{len(chosen)} mutants")
        return
    done = known()
    todo = [mutant for mutant in chosen if key(mutant) not in done]
    if options.again:
        todo = [mutant for mutant in chosen if unexplained(done.get(key(mutant), {}))]
    if todo and not options.report:
        run(suite, todo)
    done = known()
    open_ones = report([done[key(mutant)] for mutant in chosen if key(mutant) in done])
    if open_ones:
        sys.exit(f"\n{open_ones} survivors: write the test, or say in {EXPLAINED.name} why not.")


def run(suite: Suite, todo: list[Mutant]) -> None:
    units = [unit for file in {mutant.file for mutant in todo} for unit in suite.units(file)]
    with suite.patched(suite.code(units, optimized=False)):
        if failed := forge_test(quick=True):
            sys.exit(f"{failed} fails without any mutant.")
    for number, mutant in enumerate(todo, 1):
        began = time.monotonic()
        outcome, test = judge(suite, mutant)
        seconds = round(time.monotonic() - began, 1)
        print(f"{number}/{len(todo)} {seconds:5} s {outcome:9}{mutant}  {test}", flush=True)
        row = asdict(mutant) | {
            "key": key(mutant),
            "outcome": outcome,
            "test": test,
            "seconds": seconds,
        }
        with RESULTS.open("a", encoding="utf-8") as results:
            results.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
