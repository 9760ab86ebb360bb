"""The last rows of a journal lie in a file of their own, and move from there into SQLite."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from kiseki.disk import database
from kiseki.errors import TrainingError
from kiseki.training import Exposure, Ledger
from kiseki.training.ledger import journal, table, tail
from kiseki.training.ledger.journal import Journal
from kiseki.training.ledger.rows import Kind
from kiseki.training.ledger.table import path_of, rows_of

from .told import figures, trained

RUN = b"\x07" * 16


def numbers(folder: Path, rank: int = 0) -> list[int]:
    """Of all rows that a reader sees, whose hashes it computed again."""
    with rows_of(folder, RUN, rank) as rows:
        rows.check(path_of(folder, rank), RUN, rank)
        return [row.seq for row in rows.between(0, 1 << 62)]


def left_by_a_kill(folder: Path, rows: int) -> None:
    """A journal of so many rows, of which SQLite has none."""
    made = Journal(folder, RUN, 0)
    for number in range(rows):
        made.add(Kind.BATCH, None, b"\x00\x00\x01%c" % number)
        assert made.seq == number + 1
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    made.close()
    shutil.rmtree(folder)
    copy.rename(folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "run"
    made.mkdir()
    return made


def test_rows_that_sqlite_lacks_are_read_and_brought_in(folder: Path) -> None:
    left_by_a_kill(folder, 5)
    assert (folder / "rank-0.tail").stat().st_size
    assert numbers(folder) == [1, 2, 3, 4, 5]
    again = Journal(folder, RUN, 0)
    assert again.seq == 5 and not (folder / "rank-0.tail").stat().st_size
    again.add(Kind.STEP, 1)
    again.close()
    assert numbers(folder) == [1, 2, 3, 4, 5, 6]
    assert not (folder / "rank-0.tail").exists(), "one file is left"


def test_a_row_that_was_half_written_is_left_out(folder: Path) -> None:
    """Wherever it was cut off; and what comes after it is written as if it never was."""
    left_by_a_kill(folder, 3)
    whole = (folder / "rank-0.tail").read_bytes()
    one = len(whole) // 3
    for cut in range(1, one + 1):
        for end in (b"", b"\0" * cut):
            (folder / "rank-0.tail").write_bytes(whole[:-cut] + end)
            assert numbers(folder) == [1, 2], cut
    again = Journal(folder, RUN, 0)
    assert again.seq == 2
    again.add(Kind.STEP, 1)
    again.close()
    assert numbers(folder) == [1, 2, 3]


@pytest.mark.parametrize("place", [0, 9, 20, -1])
def test_a_tail_that_was_changed_counts_only_up_to_there(folder: Path, place: int) -> None:
    left_by_a_kill(folder, 3)
    held = bytearray((folder / "rank-0.tail").read_bytes())
    held[place] ^= 1
    (folder / "rank-0.tail").write_bytes(held)
    assert numbers(folder) == ([1, 2] if place == -1 else [])


def test_a_kill_between_the_commit_and_the_empty_tail_doubles_nothing(folder: Path) -> None:
    left_by_a_kill(folder, 4)
    held = (folder / "rank-0.tail").read_bytes()
    Journal(folder, RUN, 0).close()
    (folder / "rank-0.tail").write_bytes(held)
    assert numbers(folder) == [1, 2, 3, 4]
    again = Journal(folder, RUN, 0)
    assert again.seq == 4
    again.add(Kind.STEP, 1)
    assert numbers(folder) == [1, 2, 3, 4, 5]
    again.close()
    assert numbers(folder) == [1, 2, 3, 4, 5]


def test_a_reader_takes_back_what_a_kill_left_half_committed(folder: Path) -> None:
    """SQLite leaves a journal of its own then, and who may only read cannot take it back."""
    left_by_a_kill(folder, 4)
    Journal(folder, RUN, 0).close()
    half = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")  # so that pages are written before the commit
db.execute("BEGIN")
for seq in range(5, 3_000):
    db.execute("INSERT INTO row VALUES (?, 1, NULL, ?, ?)", (seq, bytes(500), bytes(32)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", half, str(path_of(folder, 0))], check=False)
    assert (folder / "rank-0.sqlite-journal").stat().st_size
    assert numbers(folder) == [1, 2, 3, 4]
    assert not (folder / "rank-0.sqlite-journal").exists()


def test_rows_that_move_while_they_are_read_are_seen_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Journal(folder, RUN, 0)
    made.add(Kind.BATCH, None, b"a")
    made.add(Kind.STEP, 1)

    def and_then(path: Path) -> Any:
        found = tail.rows_in(path)
        made.flush()
        made.add(Kind.BATCH, None, b"b")
        return found

    monkeypatch.setattr(table, "rows_in", and_then)
    assert numbers(folder) == [1, 2]
    monkeypatch.undo()
    with rows_of(folder, RUN, 0) as rows:
        made.flush()
        made.add(Kind.BATCH, None, b"c")
        assert [row.seq for row in rows.between(0, 9)] == [1, 2, 3]
    made.close()


WRITES = """
import sys
from pathlib import Path
from kiseki.training.ledger import journal
journal._ROWS = 20
made = journal.Journal(Path(sys.argv[1]), bytes([7] * 16), 0)
print("there", flush=True)
for number in range(15_000):
    made.add(journal.Kind.BATCH, None, b"x" * (number % 90))
made.close()
"""


def test_whoever_reads_while_rows_move_sees_a_whole_ledger(folder: Path) -> None:
    """Of another process, which moves them all the time."""
    process = subprocess.Popen([sys.executable, "-c", WRITES, folder], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"there\n"
    seen = [0]
    while process.poll() is None:
        found = numbers(folder)
        assert found == list(range(1, len(found) + 1)) and len(found) >= seen[-1]
        seen.append(len(found))
    process.stdout.close()
    assert numbers(folder)[-1] == 15_000 and len(set(seen)) > 5


def test_a_signal_at_any_moment_loses_no_row_and_doubles_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl+C in a notebook, whose cell is run again: raised before each instruction in turn."""
    monkeypatch.setattr(journal, "_ROWS", 3)
    made = Journal(folder, RUN, 0)
    written: list[Said] = []
    at = 1
    while interrupted(at, lambda: fill(made, f"{at}, interrupted", written)):  # noqa: B023
        made.add_later(Kind.STEP, at)
        made.add(Kind.BATCH, None, b"%d, and on" % at)
        written += [(Kind.STEP, at, b""), (Kind.BATCH, None, b"%d, and on" % at)]
        at += 1
    made.close()
    with rows_of(folder, RUN, 0) as rows:
        rows.check(path_of(folder, 0), RUN, 0)
        found = [tuple(row[1:4]) for row in rows.between(0, 1 << 62)]
    assert len(found) == len(set(found)), "none is there twice"
    assert not set(written) - set(found), "none is lost"
    assert len(found) - len(written) < at and at > 300, "at most the one that was interrupted"


Said = tuple[Kind, int | None, bytes]


def fill(made: Journal, name: str, written: list[Said]) -> None:
    for number in range(4):
        body = f"{name} {number}".encode()
        made.add(Kind.BATCH, None, body)
        written.append((Kind.BATCH, None, body))
    made.flush()


def interrupted(at: int, work: Callable[[], None]) -> bool:
    """Raises KeyboardInterrupt before the so many-th instruction of the journal; whether there
    were so many."""
    left = at

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in (journal.__file__, tail.__file__, database.__file__):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if not left:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def test_what_a_state_names_of_another_rank_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a row that moved into SQLite after it was named."""
    exposures = [Exposure(tmp_path / "run", rank=rank, ranks=2) for rank in range(2)]
    for rank, each in enumerate(exposures):
        trained(each, [f"a{rank}"])
    trained(exposures[1], ["b1"], steps=False)
    synced, fsync = [], os.fsync

    def watching(file: int) -> None:
        fsync(file)
        synced.append(Path(f"/proc/self/fd/{file}").readlink())

    monkeypatch.setattr(os, "fsync", watching)
    state = exposures[0].state_dict()
    monkeypatch.undo()
    assert synced == [tmp_path / "run" / "rank-1.tail"]
    held = tail.rows_in(tmp_path / "run" / "rank-1.tail")
    assert state["rows"]["1"] == [held[-1].seq, "0x" + held[-1].hash.hex()]
    assert not (tmp_path / "run" / "rank-0.tail").stat().st_size, "its own rows moved"
    for each in exposures:
        each._close(ended=False)
    assert Ledger(tmp_path / "run").figures(state).counts == {"a0": 1, "a1": 1}


def test_a_tail_that_nobody_may_read_is_no_empty_one(tmp_path: Path) -> None:
    exposure = Exposure(tmp_path / "run")
    trained(exposure, ["a"])
    exposure._close(ended=False)
    (tmp_path / "run" / "rank-0.tail").mkdir()
    with pytest.raises(TrainingError, match="cannot be read"):
        figures(tmp_path / "run")
    with pytest.raises(TrainingError, match="cannot be used"):
        Exposure(tmp_path / "run")


def test_a_tail_does_not_grow_without_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_BYTES", 5_000)
    made = Journal(folder, RUN, 0)
    sizes = []
    for _ in range(50):
        made.add(Kind.BATCH, None, b"x" * 1_000)
        sizes.append((folder / "rank-0.tail").stat().st_size)
    assert max(sizes) < 6_500 and min(sizes[10:]) < 1_500
    made.close()
    assert numbers(folder) == list(range(1, 51))


PART = """
import os, resource, signal, sys
from pathlib import Path
from kiseki.errors import TrainingError
from kiseki.training.ledger.journal import Journal, Kind
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
made = Journal(Path(sys.argv[1]), bytes([7] * 16), 0)
made.add(Kind.BATCH, None, b"a" * 900)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
try:
    made.add(Kind.BATCH, None, b"b" * 900)
except TrainingError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
made.add(Kind.BATCH, None, b"c" * 900)
print(os.stat(sys.argv[1] + "/rank-0.tail").st_size, flush=True)
os._exit(0)
"""


def test_half_a_row_of_a_full_disk_stands_in_no_row_s_way(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PART, folder], capture_output=True, text=True, check=True
    )
    told, size = done.stdout.splitlines()
    assert "No space left on device" in told and 1_800 < int(size) < 1_950
    with rows_of(folder, RUN, 0) as rows:
        assert [row.body[:1] for row in rows.between(0, 9)] == [b"a", b"c"]
