"""A vault that cheats is noticed by whoever has seen what it denies. Invariant 11."""

from tests.faults.cheating import DAY, LOOK, cheats, markdown


def test_what_anybody_has_seen_is_not_altered_dropped_or_backdated_unnoticed() -> None:
    made = cheats(3, 12, 0.5)
    for each in made:
        if each.kind in ("drops", "alters"):
            # Whoever looked between hand-out and cheating notices at their next look.
            assert (each.provider is not None) == (each.at // LOOK * LOOK > each.entry), each
            assert (each.chain is not None) == (each.at // DAY * DAY > each.entry), each
            fresh = each.at < (each.entry // DAY + 1) * DAY
            assert (each.receiver is not None) == (each.looks and fresh), each
            assert (each.provider or 0) <= LOOK
            assert (each.chain or 0) <= DAY
        elif each.kind == "forks":
            assert (each.receiver is not None) == each.looks, each
            assert (each.provider, each.chain) == (None, None)
        elif each.kind == "backdates":
            assert each.provider is not None
    assert {each.kind for each in made if each.provider is not None} == {
        "drops", "alters", "backdates",
    }  # fmt: skip
    # Nobody sees a hand-out whose receiver stays silent, and the page says so.
    silent = [each for each in made if each.kind == "gives without a receipt"]
    assert all((e.provider, e.chain, e.receiver) == (None, None, None) for e in silent)
    assert markdown(made).count("\n") == 7
