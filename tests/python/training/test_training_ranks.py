"""Several processes that train side by side: one checkpoint for all, whoever was killed where."""

from pathlib import Path

import pytest

from kiseki.errors import TrainingError
from kiseki.training import Exposure, Ledger

from .told import figures, trained


def ranks_of(folder: Path, number: int) -> list[Exposure]:
    return [Exposure(folder, rank=rank, ranks=number) for rank in range(number)]


def left(exposures: list[Exposure]) -> None:
    for each in exposures:
        each._close(ended=False)


def test_ranks_are_added_up_and_go_back_together(tmp_path: Path) -> None:
    exposures = ranks_of(tmp_path / "run", 2)
    for rank, each in enumerate(exposures):
        trained(each, [f"a{rank}"])
    state = exposures[0].state_dict()
    for rank, each in enumerate(exposures):
        trained(each, [f"b{rank}"])
    left(exposures)
    exposures = ranks_of(tmp_path / "run", 2)
    for rank, each in enumerate(exposures):
        each.load_state_dict(state)
        trained(each, [f"c{rank}"])
        each.close()
    found = figures(tmp_path / "run")
    assert found.counts == dict.fromkeys(["a0", "a1", "c0", "c1"], 1)
    assert found.lost_counts == {"b0": 1, "b1": 1}
    assert (found.ranks, found.steps, found.batches) == (2, 2, 4) and found.ended


def test_a_rank_that_was_killed_inside_a_step_took_part_in_it(tmp_path: Path) -> None:
    """Gradients are averaged over all ranks, so the step of one is the step of all: whoever could
    not write it down any more is believed by the checkpoint that another one wrote."""
    zero, one = exposures = ranks_of(tmp_path / "run", 2)
    trained(zero, ["a0"], ["b0"])
    trained(one, ["a1"])
    trained(one, ["b1"], steps=False)
    state = zero.state_dict()
    found = figures(tmp_path / "run")
    assert found.counts == dict.fromkeys(["a0", "b0", "a1", "b1"], 1) and found.together
    left(exposures)
    exposures = ranks_of(tmp_path / "run", 2)
    for rank, each in enumerate(exposures):
        each.load_state_dict(state)
        trained(each, [f"c{rank}"])
        each.close()
    found = figures(tmp_path / "run")
    assert found.counts == dict.fromkeys(["a0", "b0", "c0", "a1", "b1", "c1"], 1)
    assert found.lost == 0 and found.steps == 3


def test_a_rank_whose_rows_are_missing_is_not_counted_as_if_they_were_not(tmp_path: Path) -> None:
    zero, one = exposures = ranks_of(tmp_path / "run", 2)
    trained(zero, ["a0"], ["b0"], ["c0"])
    trained(one, ["a1"])
    state = zero.state_dict()
    left(exposures)
    with (
        Exposure(tmp_path / "run", rank=1, ranks=2) as again,
        pytest.raises(TrainingError, match="ends before this checkpoint, which is of step 3"),
    ):
        again.load_state_dict(state)
    assert not figures(tmp_path / "run").together
    with pytest.raises(TrainingError, match=r"rank 1 of .* never was at step 3"):
        Ledger(tmp_path / "run").figures(state)


def test_fewer_and_more_ranks_go_on_from_a_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    exposures = ranks_of(folder, 3)
    for rank, each in enumerate(exposures):
        trained(each, [f"a{rank}"])
    state = exposures[1].state_dict()
    for rank, each in enumerate(exposures):
        trained(each, [f"b{rank}"])
    left(exposures)
    (alone,) = exposures = ranks_of(folder, 1)
    alone.load_state_dict(state)
    trained(alone, ["c0"])
    more = alone.state_dict()
    found = figures(folder)
    assert found.counts == dict.fromkeys(["a0", "a1", "a2", "c0"], 1)
    assert found.lost_counts == dict.fromkeys(["b0", "b1", "b2"], 1)
    assert found.ranks == 1 and found.together
    left(exposures)
    exposures = ranks_of(folder, 5)
    for rank, each in enumerate(exposures):
        each.load_state_dict(more)
        trained(each, [f"d{rank}"])
        each.close()
    found = figures(folder)
    assert found.counts == dict.fromkeys(["a0", "a1", "a2", "c0", "d0", "d1", "d2", "d3", "d4"], 1)
    assert found.steps == 3 and found.ended
    assert figures(folder, 1).counts == dict.fromkeys(["a0", "a1", "a2"], 1)


def test_a_rank_of_another_machine_needs_a_state_of_its_own(tmp_path: Path) -> None:
    zero = Exposure(tmp_path / "run", rank=0, ranks=2)
    trained(zero, ["a0"])
    state = zero.state_dict()
    one = Exposure(tmp_path / "run", rank=1, ranks=2)
    trained(one, ["a1"])
    left([zero, one])
    with (
        Exposure(tmp_path / "run", rank=1, ranks=2) as again,
        pytest.raises(TrainingError, match="says nothing of rank 1"),
    ):
        again.load_state_dict(state)
