"""Who has seen a checkpoint notices at the next look what became of it (issue 17, "Receipts")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.almost import unhurried

from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.monitor import Evidence, Monitor, Verdict
from kiseki.vault.log.notes import Note, Signer, sign

from . import logs

KEYS = (logs.SIGNER.key,)


def seen(log: Log, size: int) -> Monitor:
    monitor = Monitor(logs.ORIGIN, KEYS)
    return monitor.look(log.checkpoint(size), ()).monitor


def test_a_log_that_grows_is_followed() -> None:
    log, monitor = logs.log_of(0), Monitor(logs.ORIGIN, KEYS)
    assert monitor.size == 0
    for count in (0, 3, 0, 1, 20):
        log.append(logs.entries(count, f"at {log.size}"))
        look = monitor.look(log.checkpoint(), log.consistency(monitor.size))
        assert (look.verdict, look.evidence) == (Verdict.CONSISTENT, None)
        monitor = look.monitor
        assert monitor.size == log.size
        assert monitor.seen == log.checkpoint()


def test_a_fork_at_one_size_convicts_the_log_before_anybody() -> None:
    monitor = seen(logs.log_of(5), 5)
    shown = logs.log_of(5, "fork").checkpoint()
    look = monitor.look(shown, ())
    assert (look.verdict, look.monitor) == (Verdict.FORKED, monitor)
    assert look.evidence is not None
    handed_on = Evidence(*(Note.from_bytes(each.to_bytes()) for each in look.evidence.notes))
    assert handed_on.check(logs.ORIGIN, KEYS) == 5


def test_nobody_can_convict_a_log_by_what_it_did_not_sign() -> None:
    log, fork = logs.log_of(5), logs.log_of(5, "fork")
    forged = Signer(logs.ORIGIN, bytes(32))
    text = Checkpoint(logs.ORIGIN, 5, bytes(32)).text
    for other in (
        sign(text, forged),
        Note(text, fork.checkpoint().signatures),
        sign(Checkpoint("other", 5, bytes(32)).text, logs.SIGNER),
        log.checkpoint(),
        log.checkpoint(4),
        fork.checkpoint(4),
    ):
        with pytest.raises(ProofError):
            Evidence(log.checkpoint(), other).check(logs.ORIGIN, KEYS)
    for other in (sign(text, forged), Note(text, fork.checkpoint().signatures)):
        with pytest.raises(ProofError):
            seen(log, 5).look(other, ())
    with pytest.raises(InvalidInput):
        seen(log, 5).look(sign("no checkpoint\n", logs.SIGNER), ())


def test_less_than_was_shown_is_a_rollback_whatever_the_proof() -> None:
    log = logs.log_of(9)
    monitor = seen(log, 7)
    for shown in (log.checkpoint(6), logs.log_of(3, "fork").checkpoint(), log.checkpoint(0)):
        look = monitor.look(shown, log.consistency(6, 7))
        assert (look.verdict, look.monitor) == (Verdict.ROLLED_BACK, monitor)
        assert look.evidence is not None
        assert look.evidence.notes == (log.checkpoint(7), shown)
    assert monitor.look(log.checkpoint(9), log.consistency(7)).verdict == Verdict.CONSISTENT


@unhurried
@given(st.data())
def test_whatever_was_altered_or_dropped_is_noticed(data: st.DataObject) -> None:
    """Entries altered, dropped, or put in another order, with any proof that there can be."""
    size = data.draw(st.integers(1, 20))
    log, entries = logs.log_of(size), logs.entries(size)
    where = data.draw(st.integers(0, size - 1))
    how = data.draw(st.sampled_from(["alter", "drop", "insert"]))
    if how == "alter":
        entries[where] = b"altered"
    elif how == "drop":
        del entries[where]
    else:
        entries.insert(where, b"backdated")
    entries += logs.entries(data.draw(st.integers(0, 5)), "more")
    other = Log(logs.SIGNER, Memory())
    other.append(entries)
    monitor = seen(log, size)
    path = other.consistency(size) if other.size >= size else ()
    look = monitor.look(other.checkpoint(), path)
    assert look.verdict is not Verdict.CONSISTENT
    assert look.monitor == monitor
    assert look.evidence is not None


def test_a_wrong_proof_is_told_apart_from_a_fork() -> None:
    """The log may still have the right one; what was seen stays what it was."""
    log = logs.log_of(9)
    monitor = seen(log, 5)
    for path in ((), log.consistency(4), log.consistency(5)[1:]):
        look = monitor.look(log.checkpoint(), path)
        assert (look.verdict, look.monitor) == (Verdict.UNPROVED, monitor)
    assert monitor.look(log.checkpoint(), log.consistency(5)).verdict == Verdict.CONSISTENT


def test_an_empty_log_has_one_root() -> None:
    wrong = sign(Checkpoint(logs.ORIGIN, 0, bytes(32)).text, logs.SIGNER)
    with pytest.raises(ProofError, match="root of no entries"):
        Monitor(logs.ORIGIN, KEYS).look(wrong, ())
