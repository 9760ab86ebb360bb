"""A training that is killed counts as if nothing had happened.

`make test-faults` kills one 128 times.
"""

from pathlib import Path

import pytest
from tests.faults.trained import MOMENTS, Lost, learned

from kiseki.training.ledger import lines


def test_no_kill_loses_a_count_or_makes_one_twice(tmp_path: Path) -> None:
    """Two ranks with four workers each, `kill -9` at each kind of moment, weights that count."""
    found = learned(5, tmp_path, len(MOMENTS))
    assert len(found.faults) == len(found.log) == len(MOMENTS)
    assert found.intended >= 120


def test_a_wrong_count_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "taken", lambda rows, closes=False: iter(()))
    with pytest.raises(Lost, match=r"[0-9]+ lost, 0 counted twice, seed 5"):
        learned(5, tmp_path, 0)
