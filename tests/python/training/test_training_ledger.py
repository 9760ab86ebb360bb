"""The ledger of a run: what a step took counts, what weights do not descend from stands apart."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki.errors import InvalidInput, TrainingError
from kiseki.training import Exposure, Ledger

from .told import figures, trained

ONE, TWO = b"\x01" * 32, b"\x02" * 32


def test_only_what_a_step_took_is_consumed(tmp_path: Path) -> None:
    """A batch that no step followed, at the end of an epoch or in between, was read and no more."""
    with Exposure(tmp_path / "run") as exposure:
        for batch in exposure.batches([([ONE, "fox.png"], 1), ([ONE, ONE], 2), (["owl.png"], 3)]):
            if batch == 2:
                exposure.stepped()
        assert exposure.steps == 1
    found = figures(tmp_path / "run")
    assert found.counts == {ONE: 3, "fox.png": 1}, "two batches were one step, one has ONE twice"
    assert (found.read, found.consumed, found.lost, found.batches, found.steps) == (5, 4, 0, 2, 1)
    assert found.ended and found.together


def test_a_step_without_a_new_batch_counts_nothing_twice(tmp_path: Path) -> None:
    """As of two optimizers, which step on the same batch."""
    with Exposure(tmp_path / "run") as exposure:
        trained(exposure, ["a"])
        exposure.stepped()
        trained(exposure, ["b"])
    assert figures(tmp_path / "run").counts == {"a": 1, "b": 1}


def test_batches_that_are_given_up_are_not_consumed_by_the_next_step(tmp_path: Path) -> None:
    with Exposure(tmp_path / "run") as exposure:
        trained(exposure, ["a"], steps=False)
        exposure.skipped()
        trained(exposure, ["b"])
        trained(exposure, ["c"], steps=False)
        exposure.skipped()  # by one optimizer, and then another one stepped
        exposure.stepped()
        trained(exposure, ["d"])
    assert figures(tmp_path / "run").counts == {"b": 1, "c": 1, "d": 1}


def test_a_resume_marks_as_lost_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    exposure = Exposure(folder)
    trained(exposure, ["a"], ["b"])
    state = json.loads(json.dumps(exposure.state_dict()))
    trained(exposure, ["c"], ["d"])
    exposure._close(ended=False)  # as an error leaves it
    assert not figures(folder).ended
    assert figures(folder).states == (2,)
    with Exposure(folder) as again:
        again.load_state_dict(state)
        assert again.steps == 2
        trained(again, ["c"], ["e"], ["f"])
    found = figures(folder)
    assert found.counts == dict.fromkeys("abcef", 1)
    assert found.lost_counts == {"c": 1, "d": 1}
    assert (found.steps, found.consumed, found.lost, found.read) == (5, 5, 2, 7)
    assert figures(folder, 3).counts == dict.fromkeys("abc", 1), "weights of an earlier step"
    assert Ledger(folder).figures(state).counts == dict.fromkeys("ab", 1)
    with sqlite3.connect(folder / "rank-0.sqlite") as db:
        kept = [body for (body,) in db.execute("SELECT body FROM row WHERE kind = 2")]
    assert [each[-1:] for each in kept] == [b"a", b"b", b"c", b"d", b"c", b"e", b"f"]


def test_an_older_branch_can_be_taken_up_again(tmp_path: Path) -> None:
    """From 1 to 3, back to 1 and on to 2, and then on from that 3: the weights tell, not time."""
    folder = tmp_path / "run"
    exposure = Exposure(folder)
    trained(exposure, ["a"])
    first = exposure.state_dict()
    trained(exposure, ["b"], ["c"])
    third = exposure.state_dict()
    exposure._close(ended=False)
    other = Exposure(folder)
    other.load_state_dict(first)
    trained(other, ["x"])
    other._close(ended=False)
    with Exposure(folder) as last:
        last.load_state_dict(third)
        trained(last, ["d"])
    found = figures(folder)
    assert found.counts == dict.fromkeys("abcd", 1) and found.lost_counts == {"x": 1}
    assert found.states == (1, 3)


def test_a_checkpoint_inside_an_accumulation_forgets_its_gradients(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    exposure = Exposure(folder)
    trained(exposure, ["a"])
    trained(exposure, ["b"], steps=False)
    state = exposure.state_dict()
    trained(exposure, ["c"])
    exposure._close(ended=False)
    assert figures(folder).counts == dict.fromkeys("abc", 1)
    with Exposure(folder) as again:
        again.load_state_dict(state)
        trained(again, ["d"])
    found = figures(folder)
    assert found.counts == dict.fromkeys("ad", 1) and found.lost_counts == dict.fromkeys("bc", 1)


def test_steps_that_nobody_loaded_are_not_gone_over_in_silence(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    exposure = Exposure(folder)
    trained(exposure, ["a"])
    exposure._close(ended=False)
    with (
        pytest.raises(TrainingError, match=r"holds steps of this run\. Load the state"),
        Exposure(folder) as forgotten,
    ):
        trained(forgotten, ["b"])
    with Exposure(folder) as anew:
        anew.restart()
        trained(anew, ["b"])
        with pytest.raises(TrainingError, match="begun already"):
            anew.restart()
    found = figures(folder)
    assert found.counts == {"b": 1} and found.lost_counts == {"a": 1} and found.steps == 1


def test_a_run_that_was_killed_before_its_first_step_just_begins_again(tmp_path: Path) -> None:
    exposure = Exposure(tmp_path / "run")
    trained(exposure, ["a"], steps=False)
    exposure._close(ended=False)
    with Exposure(tmp_path / "run") as again:
        trained(again, ["b"])
    found = figures(tmp_path / "run")
    assert found.counts == {"b": 1} and not found.lost_counts and found.read == 2


def test_a_state_of_another_run_or_of_no_run_is_refused(tmp_path: Path) -> None:
    with Exposure(tmp_path / "one") as one:
        trained(one, ["a"])
        state = one.state_dict()
    with Exposure(tmp_path / "other") as other:
        with pytest.raises(TrainingError, match=r"of another run than .*other; name the folder"):
            other.load_state_dict(state)
        with pytest.raises(TrainingError, match=r"no state of a ledger .* give what Exposure"):
            other.load_state_dict({"step": 1})
    with pytest.raises(TrainingError, match="of another run"):
        Ledger(tmp_path / "other").figures(state)
    with pytest.raises(TrainingError, match="holds no ledger; name the folder"):
        Ledger(tmp_path)


def test_a_state_that_the_ledger_does_not_know_is_refused(tmp_path: Path) -> None:
    """A copy of the folder that is older than the checkpoint."""
    folder, copy = tmp_path / "run", tmp_path / "copy"
    with Exposure(folder) as exposure:
        trained(exposure, ["a"])
    shutil.copytree(folder, copy)
    exposure = Exposure(folder)
    exposure.restart()
    trained(exposure, ["b"])
    state = exposure.state_dict()
    exposure.close()
    with Exposure(copy) as older:
        with pytest.raises(TrainingError, match="does not know the state of this checkpoint"):
            older.load_state_dict(state)
        older.restart()  # nothing was written meanwhile
        trained(older, ["c"])
    with pytest.raises(TrainingError, match="does not know this state"):
        Ledger(copy).figures(state)
    with pytest.raises(TrainingError, match="never was at step 7"):
        figures(folder, 7)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE row SET body = x'01000162' WHERE seq = 2",
        "UPDATE row SET kind = 6 WHERE kind = 4",
        "UPDATE row SET step = 9 WHERE kind = 4",
        "UPDATE row SET hash = zeroblob(32) WHERE seq = 3",
        "DELETE FROM row WHERE seq = 2",
        "UPDATE row SET seq = 100 WHERE seq = 2",
        "UPDATE about SET run = zeroblob(16)",
    ],
)
def test_a_journal_that_was_edited_is_found(tmp_path: Path, change: str) -> None:
    with Exposure(tmp_path / "run") as exposure:
        trained(exposure, ["a"], ["b"])
    with sqlite3.connect(tmp_path / "run" / "rank-0.sqlite") as db:
        db.execute(change)
    with pytest.raises(TrainingError, match=r"not as it was written|another run or rank"):
        figures(tmp_path / "run")


def test_a_journal_whose_end_was_cut_off_does_not_know_its_checkpoints(tmp_path: Path) -> None:
    with Exposure(tmp_path / "run") as exposure:
        trained(exposure, ["a"])
        state = exposure.state_dict()
    with sqlite3.connect(tmp_path / "run" / "rank-0.sqlite") as db:
        db.execute("DELETE FROM row WHERE seq > 3")
    with pytest.raises(TrainingError, match="does not know this state"):
        Ledger(tmp_path / "run").figures(state)
    with (
        Exposure(tmp_path / "run") as again,
        pytest.raises(TrainingError, match="does not know the state"),
    ):
        again.load_state_dict(state)


def test_files_that_are_no_ledger_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    Exposure(folder).close()
    (folder / "rank-0.sqlite").write_bytes(b"no database, but long enough to be looked at" * 40)
    with pytest.raises(TrainingError, match="not a database"):
        Exposure(folder)
    with pytest.raises(TrainingError, match="cannot be read"):
        figures(folder)
    (folder / "run.json").write_text('{"format": "other"}')
    with pytest.raises(TrainingError, match="not what Kiseki wrote"):
        Ledger(folder)
    (folder / "run.json").unlink()
    with pytest.raises(TrainingError, match=r"without its file run\.json"):
        Exposure(folder)
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="file; name a folder"):
        Exposure(tmp_path / "file")


def test_a_ledger_can_be_moved_and_goes_on(tmp_path: Path) -> None:
    exposure = Exposure(tmp_path / "run")
    trained(exposure, ["a"])
    state = exposure.state_dict()
    exposure._close(ended=False)
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    with Exposure(tmp_path / "elsewhere") as again:
        again.load_state_dict(state)
        trained(again, ["b"])
    assert figures(tmp_path / "elsewhere").counts == {"a": 1, "b": 1}


HOLDS = """
import sys
from kiseki.training import Exposure
exposure = Exposure(sys.argv[1])
exposure.arrived(["a"])
exposure.stepped()
state = exposure.state_dict()
exposure.arrived(["b"])
print("there", flush=True)
if len(sys.argv) > 2:
    import os
    if not os.fork():
        os.close(1)
        os.setsid()
        import time
        time.sleep(30)
sys.stdin.read()
"""


def test_two_processes_never_write_one_rank(tmp_path: Path) -> None:
    """And one that was killed stands in nobody's way, nor does a worker that outlives it."""
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, folder, "and a worker"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == b"there\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    with pytest.raises(TrainingError, match="is being written already"):
        Exposure(folder)
    assert figures(folder).counts == {"a": 1}, "reading is free"
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()
    try:
        mine = Exposure(folder)
        with pytest.raises(TrainingError, match="is being written already"):
            Exposure(folder)
        mine.restart()
        trained(mine, ["c"])
        mine.close()
    finally:
        for each in children:
            os.kill(int(each), signal.SIGKILL)
    assert figures(folder).counts == {"c": 1}
    assert figures(folder).lost_counts == {"a": 1}


FULL = """
import resource, signal, sys
from kiseki.errors import TrainingError
from kiseki.training import Exposure
from kiseki.training.ledger.keys import pack
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
exposure = Exposure(sys.argv[1])
done = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    for done in range(5000):
        exposure._writer.arrived(pack([f"{done:0200}"]))
        exposure.stepped()
except TrainingError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for refused in (exposure.state_dict, lambda: exposure.arrived(["later"])):
    try:
        refused()
        print("went on", done)
    except TrainingError as error:
        print(error)
exposure.close()
print("steps", done)
"""


def test_a_full_disk_ends_training_and_nothing_goes_uncounted(tmp_path: Path) -> None:
    """No checkpoint can be written after a batch that is missing in the ledger."""
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "run", "100000"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, *refused, last = done.stdout.splitlines()
    assert "cannot be used" in first and "would not be counted" in first
    assert refused == ["the ledger could not be written before, so nothing is counted any more; "
                       "train on from the last checkpoint"] * 2  # fmt: skip
    found = figures(tmp_path / "run")
    assert 0 < found.steps == int(last.split()[1]) < 5000 and not found.ended


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match="cannot be written"):
        Exposure(tmp_path / "file" / "run")


@pytest.mark.parametrize("wrong", [7, None, b"", "", "x" * 5000, ["a"]])
def test_an_id_is_bytes_or_a_text(tmp_path: Path, wrong: object) -> None:
    with Exposure(tmp_path / "run") as exposure, pytest.raises(InvalidInput, match="sample's ID"):
        exposure.arrived([wrong])


def test_any_text_is_an_id_also_a_path_that_is_no_unicode(tmp_path: Path) -> None:
    names = ["狐.png", os.fsdecode(b"\xff\xfe.png"), "a\nb"]
    with Exposure(tmp_path / "run") as exposure:
        trained(exposure, names)
    assert set(figures(tmp_path / "run").counts) == set(names)


def test_a_rank_is_one_of_them(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="none of 2 processes has the rank 2"):
        Exposure(tmp_path / "run", rank=2, ranks=2)


# Histories


@settings(max_examples=60)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_whatever_happens_the_counts_are_those_of_the_weights(moves: list[int]) -> None:
    """The weights are a counter here, which a checkpoint copies and a kill forgets."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        exposure, number = Exposure(f"{folder}/run"), 0
        weights, waiting, all_of_them = Counter[str](), Counter[str](), Counter[str]()
        kept = [(None, weights.copy())]
        for move in moves:
            if move < 4:
                number += 1
                names = [f"{number % 7}", f"{number % 3}"]
                exposure.arrived(names)
                waiting.update(names)
            elif move < 7:
                if waiting or weights:  # a step before any batch is an error of its own
                    exposure.stepped()
                weights += waiting
                all_of_them += waiting
                waiting.clear()
            elif move == 7:
                kept.append((exposure.state_dict(), weights.copy()))  # type: ignore[arg-type]
            else:  # killed, and on from the last checkpoint or from one before
                exposure._close(ended=False)
                exposure = Exposure(f"{folder}/run")
                state, weights = kept[-1 if move == 8 else len(kept) // 2]
                weights = weights.copy()
                waiting.clear()
                exposure.restart() if state is None else exposure.load_state_dict(state)
        exposure.close()
        found = Ledger(f"{folder}/run").figures()
        assert found.counts == weights
        assert found.lost_counts == all_of_them - weights
        for state, then in kept[1:]:
            assert Ledger(f"{folder}/run").figures(state).counts == then
