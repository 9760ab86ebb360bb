"""Our index of a chain, read in a process of its own that says when it began and when it had
everything."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.ponder.facts import TABLES, Reading, facts
from benchmarks.rows import ROOT
from kiseki.chain.node import connect
from kiseki.client.session import Session
from kiseki.core.terms import Terms
from kiseki.index.store import tables as t
from kiseki.index.store.types import metadata

__all__ = ["read"]

_NAMES = {"group": "group_id"}
"""What is called otherwise in our tables."""


def read(url: str, folder: Path, rows: bool) -> Reading:
    """Reads the chain in a process of its own."""
    to = folder / "ours.json"
    program = f"from {__name__} import main; main(*sys.argv[1:])"
    command = [sys.executable, "-c", f"import sys; {program}", url, *([str(to)] if rows else [])]
    started = time.time()
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    began, ended = map(float, done.stdout.split())
    kept = json.loads(to.read_text("utf-8")) if rows else None
    return Reading(ended - began, ended - started, kept)


def main(url: str, to: str | None = None) -> None:
    session = Session(connect(url))
    began = time.time()
    index = session.index
    print(began, time.time(), flush=True)
    if to is not None:
        Path(to).write_text(json.dumps(facts(_rows(index))), "utf-8")


def _rows(index: Any) -> Iterator[tuple[str, int, int, str, list[Any]]]:
    """The one place that knows how our index keeps them."""
    for table, columns in TABLES.items():
        named = [_NAMES.get(column, column) for column in columns]
        if table == "terms":
            named = ["id", "document"]
        kept = metadata.tables[table]
        asked = select(
            kept.c.at, t.time_of(kept.c.at), t.transaction_of(kept.c.at),
            *(kept.c[name] for name in named),
        )  # fmt: skip
        for at, when, tx, *values in index._store.rows(asked):
            if table == "terms":
                values = _terms(*values)
            yield table, at, when, _value("tx", tx), list(map(_value, columns, values))


def _terms(key: bytes, document: str) -> list[Any]:
    terms = Terms.from_json(document)
    return [
        key, terms.data_mining, terms.ai_inference, terms.ai_training, terms.ai_generative_training,
        terms.commercial_output, terms.redistribution, terms.royalty_bps, terms.floor_bps,
        terms.valid_until, terms.notice_seconds, terms.gate, terms.document,
    ]  # fmt: skip


def _value(column: str, value: Any) -> Any:
    if column == "endorsed":
        return bool(value)
    return "0x" + value.hex() if isinstance(value, bytes) else value
