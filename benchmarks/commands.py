"""The processor time of commands, against that of `import web3` in the same run. What asks no node
imports no web3, and what asks one needs none either: `status` asks in JSON-RPC. What asks the index
is measured on a chain of 5,000 events (artists, models, batches, payments, claims) that was read
before, for a wallet that is owed some of it: at most the import of web3 and half a second, so the
value is the time against both together."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence

from benchmarks.ponder.chain import used_chain
from benchmarks.rows import ROOT, Row
from kiseki import Kiseki
from kiseki.chain.signing.accounts import local_account

__all__ = ["ROWS", "measure"]

TITLE = "Commands"

_ROUNDS = 5
_NO_NODE: Mapping[str, Sequence[str]] = {
    "kiseki --help": ["--help"],
    "kiseki --version": ["--version"],
    "a word that is no command": ["nonsense"],
    "kiseki accounts list": ["accounts", "list"],
    "kiseki data --help": ["data", "--help"],
}
_MOST = 0.19
"""0.3 seconds, where `import web3` took 1.6."""

_EVENTS = 5_000
_READ = ("status", "revenue owed")

ROWS = (
    Row("python -c pass, against import web3", "times"),
    *(Row(f"{name}, against import web3", "times", _MOST) for name in _NO_NODE),
    Row("kiseki status on a chain just deployed, against import web3", "times", 1.31),
    *(Row(f"kiseki {name}, already read, against import web3 and 0.5 s", "times", 1)
      for name in _READ),
    *(Row(f"kiseki {name}, already read, against python -c pass", "times") for name in _READ),
)  # fmt: skip


def measure() -> dict[str, float]:
    with (
        Kiseki.local() as k,
        used_chain(_EVENTS) as used,
        tempfile.TemporaryDirectory() as home,
        tempfile.TemporaryDirectory() as read,
    ):
        new = {**os.environ, "HOME": home, "KISEKI_RPC_URL": k.url}
        old = {**os.environ, "HOME": read, "KISEKI_RPC_URL": used}
        owed = _owed(used)
        subprocess.run(
            [sys.executable, "-m", "kiseki", "index", "sync"], cwd=ROOT, env=old, check=True
        )
        works: dict[str, tuple[Sequence[str], Mapping[str, str]]] = {
            "web3": (["-c", "import web3"], new),
            "pass": (["-c", "pass"], new),
            **{name: (["-m", "kiseki", *words], new) for name, words in _NO_NODE.items()},
            "new": (["-m", "kiseki", "status"], new),
            "status": (["-m", "kiseki", "status"], old),
            "revenue owed": (["-m", "kiseki", "revenue", "owed", owed], old),
        }
        fewest = dict.fromkeys(works, float("inf"))
        for _ in range(_ROUNDS):  # in turns, so that ratios hold on a machine that is shared
            for name, (words, environment) in works.items():
                fewest[name] = min(fewest[name], seconds(words, environment))
    web3, nothing = fewest["web3"], fewest["pass"]
    values = (
        nothing / web3,
        *(fewest[name] / web3 for name in _NO_NODE),
        fewest["new"] / web3,
        *(fewest[name] / (web3 + 0.5) for name in _READ),
        *(fewest[name] / nothing for name in _READ),
    )
    return {row.name: round(value, 3) for row, value in zip(ROWS, values, strict=True)}


def _owed(url: str) -> str:
    """A wallet that is owed something there."""
    with tempfile.TemporaryDirectory() as folder:
        k = Kiseki.connect(
            url, local_account(0), secrets=f"{folder}/secrets", journal=f"{folder}/journal",
            index=f"{folder}/index",
        )  # fmt: skip
        index = k.index
        providers = {index.status(each).provider for each in index.registered("DataRegistry")}
        rows = {each: len(index.owed(each)) for each in sorted(providers)}
        return max(rows, key=lambda each: rows[each])


def seconds(words: Sequence[str], environment: Mapping[str, str]) -> float:
    """Processor time of a Python process and of those that it started."""
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime
