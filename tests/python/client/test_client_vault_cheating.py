"""A vault that cheats is noticed by whoever has seen what it denies. Invariant 11."""

import pytest
from tests.faults.cheating import KINDS, Scale, cheats, markdown

from kiseki.vault.log.dates import TOLERANCE

SMALL = Scale(1_200, 200, 100)


@pytest.mark.parametrize("share", [1.0, 0.05])
@pytest.mark.parametrize("kind", KINDS)
def test_what_anybody_has_seen_is_not_altered_dropped_or_backdated_unnoticed(
    kind: str, share: float
) -> None:
    made = cheats(3, kind, 12, share, SMALL)
    assert len(made) == 12
    for each in made:
        by, day, look = each.noticed, SMALL.day, SMALL.look
        if kind in ("drops", "alters"):
            # Whoever looked between hand-out and cheating notices at the next look.
            assert ("provider" in by) == (each.at // look * look > each.entry), each
            assert ("chain" in by) == (each.at // day * day > each.entry), each
            # All receivers since the last anchor have seen it.
            assert share < 1 or "receiver" in by, each
        elif kind == "forks":
            assert set(by) <= {"receiver"}, each
            assert share < 1 or "receiver" in by
        elif kind == "backdates":
            # The provider has all receipts; who was given this one, if an anchor lies between.
            last = SMALL.time(each.at // day * day)
            between = SMALL.time(each.entry) + TOLERANCE < last
            assert "provider" in by
            assert ("receiver" in by) == between if share == 1 else "receiver" not in by or between
            assert "chain" not in by
        else:
            # Nobody sees a hand-out whose receiver stays silent, and the page says so.
            assert by == {}
        assert by.get("provider", 0) <= look
        assert by.get("chain", 0) <= day
        assert by.get("receiver", 0) <= 2 * day  # what is within an hour of an anchor waits
    assert markdown([(kind, 12, made)]).count("\n") == 3
