"""The processor time of commands, against that of `import web3` in the same run. What asks no node
imports no web3, and what asks one needs none either: `status` asks in JSON-RPC."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence

from benchmarks.rows import ROOT, Row
from kiseki import Kiseki

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

ROWS = (
    Row("python -c pass, against import web3", "times"),
    *(Row(f"{name}, against import web3", "times", _MOST) for name in _NO_NODE),
    Row("kiseki status on a chain just deployed, against import web3", "times", 1.31),
)


def measure() -> dict[str, float]:
    with Kiseki.local() as k, tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "HOME": home, "KISEKI_RPC_URL": k.url}
        works = {
            "web3": ["-c", "import web3"],
            ROWS[0].name: ["-c", "pass"],
            **{
                f"{name}, against import web3": ["-m", "kiseki", *words]
                for name, words in _NO_NODE.items()
            },
            ROWS[-1].name: ["-m", "kiseki", "status"],
        }
        fewest = dict.fromkeys(works, float("inf"))
        for _ in range(_ROUNDS):  # in turns, so that ratios hold on a machine that is shared
            for name, words in works.items():
                fewest[name] = min(fewest[name], seconds(words, environment))
    return {row.name: round(fewest[row.name] / fewest["web3"], 3) for row in ROWS}


def seconds(words: Sequence[str], environment: Mapping[str, str]) -> float:
    """Processor time of a Python process and of those that it started."""
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime
