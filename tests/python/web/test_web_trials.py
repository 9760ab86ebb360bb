"""What people did who knew nothing of Kiseki, done again as their traces tell (`docs/trials`)."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path

import pytest
from tests.python.cli.conftest import REAL, Shell
from tests.python.cli.test_cli_sandbox import started
from tests.python.typed import ROOT
from tests.python.web.trial import ROWS, browsing, files, starts

TRACES = sorted((ROOT / "docs" / "trials").glob("*/trace.jsonl"))


def shell_in(folder: Path) -> Shell:
    shell = Shell(folder, "", REAL)
    del shell.environment["KISEKI_RPC_URL"]
    return shell


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who started a sandbox once, with the drawings that it shows."""
    folder = tmp_path_factory.mktemp("trials")
    with started(shell_in(folder)):
        pass
    return folder / "home"


def test_each_row_was_tried() -> None:
    assert {each.parent.name for each in TRACES} == set(ROWS)


@pytest.mark.parametrize("trace", TRACES, ids=lambda each: each.parent.name)
def test_what_a_visitor_did_can_be_done_again(trace: Path, built: Path, tmp_path: Path) -> None:
    """Every tap finds what it tapped, and what answered the brief (`note`) is on its page."""
    shutil.copytree(built, tmp_path / "home")
    orders = [json.loads(line) for line in trace.read_text("utf-8").splitlines()]
    assert any(each["do"] == "note" for each in orders)
    with started(shell_in(tmp_path)) as told:
        with urllib.request.urlopen(told["address"]) as answer:
            at = starts(told["address"], answer.read().decode())
        files(Path(told["folder"]), tmp_path / "files")
        row = trace.parent.name
        with browsing(row, at, tmp_path / "files", ROWS[row]["locale"]) as visitor:
            for each in orders:
                visitor.again(each)
