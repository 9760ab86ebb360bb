"""`kiseki index`: what was read of a chain, as people see and keep it."""

from __future__ import annotations

import time
from pathlib import Path

from .conftest import FREE, Shell


def place(shell: Shell) -> Path:
    return Path(shell.json("index", "status")["place"])


def test_each_command_reads_what_is_new_and_keeps_it(shell: Shell) -> None:
    shell.files("art", 2)
    shell.run("data", "register", "art", *FREE)
    told = shell.json("index", "sync")
    assert (told["behind"], told["counts"]["collections"]) == (0, 1)
    assert told["bytes"] > 0 and Path(told["place"]).stat().st_mode & 0o777 == 0o600
    assert "Read 0 blocks." in shell.run("index", "sync")
    assert "collections" in shell.run("index", "status")


def test_every_figure_is_compared_with_the_contracts(shell: Shell) -> None:
    shell.files("art", 1)
    shell.run("data", "register", "art", *FREE)
    assert "all are the same." in shell.run("index", "check")
    assert shell.json("index", "check")["differences"] == []


def test_what_was_read_is_deleted_only_after_a_question(shell: Shell) -> None:
    shell.run("index", "sync")
    path = place(shell)
    assert path.exists()
    shell.run("index", "drop", "--no-yes", code=2)
    assert path.exists()
    assert "Deleted." in shell.run("index", "drop")
    assert not path.exists()
    shell.run("index", "sync")
    assert path.exists()


def test_a_damaged_index_is_said_and_can_be_dropped(shell: Shell) -> None:
    shell.run("index", "sync")
    path = place(shell)
    for beside in path.parent.glob(f"{path.name}-*"):  # what was not written into it yet
        beside.unlink()
    path.write_bytes(b"no database" * 1_000)
    said = shell.run("revenue", "owed", code=1)
    assert "kiseki index drop" in said
    shell.run("index", "drop")
    assert "Nothing is owed." in shell.run("revenue", "owed")


def test_following_writes_figures_for_prometheus_and_ends_when_told(shell: Shell) -> None:
    file = shell.folder / "index.prom"
    following = shell.start("index", "follow", "--every", "0.1", "--metrics", str(file))
    for _ in range(600):
        if file.exists():
            break
        time.sleep(0.1)
    following.terminate()
    out, err = following.communicate(timeout=600)
    assert following.returncode == 0, out + err
    assert "block " in out
    figures = dict(line.split() for line in file.read_text().splitlines() if line[0] != "#")
    assert figures["kiseki_index_behind_blocks"] == "0" and int(figures["kiseki_index_bytes"]) > 0
