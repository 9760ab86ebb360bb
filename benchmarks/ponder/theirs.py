"""The index of ponder of the same chain: installed from the lock when it is first needed, started
as its users start it, waited for until it says that it is ready, stopped, and its database read."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from benchmarks.ponder.chain import AFTER
from benchmarks.ponder.facts import EVENTS, TABLES, Facts, Reading, facts
from benchmarks.process import quietly
from benchmarks.rows import ROOT
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.node import connect
from kiseki.chain.release.deploying import find

__all__ = ["install", "read"]

_SOURCE = Path(__file__).resolve().parent
_PLACE = ROOT / ".build" / "ponder"
_LOCKED = ("package.json", "package-lock.json", ".npmrc")
_PROJECT = (
    "ponder.config.ts",
    "ponder.schema.ts",
    "src/index.ts",
    "src/api/index.ts",
    "export.mjs",
)
_PATIENCE = 1_800
"""Seconds."""


def install() -> None:
    """Puts ponder into `.build/ponder`, outside of what the set-up installs."""
    stamp = _PLACE / "node_modules" / ".kiseki-stamp"
    wanted = "".join((_SOURCE / name).read_text("utf-8") for name in _LOCKED)
    if not (stamp.exists() and stamp.read_text("utf-8") == wanted):
        if shutil.which("npm") is None:
            sys.exit("to compare with ponder, put Node 18.14 or newer with its npm on the PATH")
        _copy(_LOCKED)
        # No package runs code of its own while it is installed; ponder needs none that does.
        quietly(["npm", "ci", "--prefix", str(_PLACE), "--ignore-scripts"])
        stamp.write_text(wanted, "utf-8")
    _copy(_PROJECT)


def _copy(names: tuple[str, ...]) -> None:
    for name in names:
        to = _PLACE / name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_SOURCE / name, to)


def read(url: str, folder: Path, rows: bool) -> Reading:
    """Starts it with an empty database in a folder, and stops it when it has everything.

    The seconds are those that it counts itself, whole ones.
    """
    database, port = folder / "pglite", _free_port()
    told = folder / "ponder.json"
    told.write_text(json.dumps(_told(url, database)), "utf-8")
    # It must not report to its makers, and no database of somebody's is to be used.
    environment = {name: each for name, each in os.environ.items() if "DATABASE" not in name}
    environment |= {"KISEKI_PONDER": str(told), "PONDER_TELEMETRY_DISABLED": "1"}
    command = [
        str(_PLACE / "node_modules" / ".bin" / "ponder"), "start", "--schema", "kiseki",
        "--hostname", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    with (folder / "ponder.log").open("w+b") as log:
        began = time.time()
        process = subprocess.Popen(
            command, cwd=_PLACE, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            _await(process, port, folder / "ponder.log")
            whole = time.time() - began
            seconds = _counted(port)
        finally:
            _stop(process)
    return Reading(seconds, whole, _export(database, folder) if rows else None)


def _counted(port: int) -> float:
    """What its own metrics say of the time that reading took."""
    text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
    start, end = (
        float(re.findall(rf"^ponder_historical_{which}_timestamp_seconds (\S+)$", text, re.M)[0])
        for which in ("start", "end")
    )
    return end - start


def _told(url: str, database: Path) -> dict[str, Any]:
    node = connect(url)
    # Not the last block with an event: of that one it kept nothing in one of six readings or so.
    end = int(node.one("eth_blockNumber"), 16) - AFTER // 2
    suite = {each.name: each for each in find(node, None).contracts}
    contracts = {
        name: {
            "network": "anvil",
            "address": suite[name].address,
            "startBlock": 0,
            "endBlock": end,
            "abi": [
                entry
                for entry in artifact(name).abi
                if entry["type"] == "event" and entry["name"] in events
            ],
        }
        for name, events in EVENTS.items()
    }
    return {"url": url, "chain": node.chain_id, "directory": str(database), "contracts": contracts}


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.05)
    sys.exit(f"{log.read_text('utf-8', 'replace')[-5_000:]}\nponder did not become ready")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """With its children, and only when the database is closed."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _export(database: Path, folder: Path) -> Facts:
    exported = folder / "rows.json"
    quietly(["node", str(_PLACE / "export.mjs"), str(database), str(exported)])
    return facts(_rows(json.loads(exported.read_text("utf-8"))))


def _rows(
    tables: dict[str, list[dict[str, Any]]],
) -> Iterator[tuple[str, int, int, str, list[Any]]]:
    for table, columns in TABLES.items():
        for row in tables[table]:
            values = [row[_snake(column)] for column in columns]
            if "token" in columns and columns[0] == "token":
                values[0] = f"0x{int(values[0]):064x}"
            yield table, int(row["at"]), int(row["time"]), row["tx"], values


def _snake(name: str) -> str:
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
