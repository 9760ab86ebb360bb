"""A witness cosigns what it may and refuses the rest, as C2SP tlog-witness says, to the number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.almost import unhurried

from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.cosigning import Cosigner, time_of
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.notes import Key, Note, Signature, Signer, sign, verified
from kiseki.vault.log.tree import EMPTY
from kiseki.vault.log.witness import (
    Accepted,
    Refused,
    Seen,
    Submission,
    accepted,
    add_checkpoint,
    behind,
)

from . import logs

# The example of a request in C2SP tlog-witness.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501
ME = Cosigner("witness.example/w1", bytes([9]) * 32)
NOW = 1_900_000_000


class Witness:
    """One that stores what it must, in memory; `kiseki vault witness` does in a database."""

    def __init__(self, *cosigners: Cosigner, **more: list[Key]) -> None:
        self.kept: dict[str, Seen] = {}
        self.logs = {logs.ORIGIN: [logs.SIGNER.key]} | more
        self.cosigners = cosigners or (ME,)
        self.asked: list[str] = []

    def latest(self, origin: str) -> Seen | None:
        self.asked.append(origin)
        return self.kept.get(origin)

    def answer(self, body: bytes) -> Accepted | Refused:
        found = add_checkpoint(body, self.logs, self.latest, self.cosigners, NOW)
        if isinstance(found, Accepted):
            assert found.before == self.kept.get(found.now.checkpoint.origin)
            stored = found.now.note.to_bytes()
            self.kept[found.now.checkpoint.origin] = Seen.from_bytes(stored)
            assert self.kept[found.now.checkpoint.origin] == found.now
        return found

    def refuses(self, submission: Submission) -> Refused:
        kept = dict(self.kept)
        found = self.answer(submission.to_bytes())
        assert isinstance(found, Refused)
        assert self.kept == kept
        return found


def submission(log: Log, old: int, new: int | None = None) -> Submission:
    return Submission(old, log.consistency(old, new), log.checkpoint(new))


def test_the_example_of_a_request_is_read_and_written_again() -> None:
    found = Submission.from_bytes(EXAMPLE.encode())
    assert (found.old, len(found.path), len(found.note.signatures)) == (20_852_014, 4, 2)
    assert found.to_bytes() == EXAMPLE.encode()


def test_a_log_that_only_grows_is_cosigned_each_time() -> None:
    witness, log, old = Witness(), Log(logs.SIGNER, Memory()), 0
    for count in (0, 1, 0, 6, 1, 30):
        log.append(logs.entries(count, f"at {old}"))
        asked = submission(log, old)
        found = witness.answer(asked.to_bytes())
        assert isinstance(found, Accepted)
        assert found.status == 200
        cosigned, lines = accepted(found.body, asked.note, [ME.key])
        assert [time_of(each) for each in lines] == [NOW]
        assert verified(cosigned, [logs.SIGNER.key, ME.key]) == cosigned.signatures
        assert found.now.note == cosigned
        old = log.size
    assert set(witness.asked) == {logs.ORIGIN}


def test_a_log_that_is_not_known_is_404_and_its_state_is_not_asked() -> None:
    stranger = Log(Signer("example.com/stranger", bytes(32)), Memory())
    witness = Witness()
    assert witness.refuses(submission(stranger, 0)).status == 404
    assert witness.asked == []


def test_a_checkpoint_without_a_right_signature_of_the_log_is_403() -> None:
    """Of nobody who is trusted; or a trusted key signed another, beside a right one too."""
    witness, log = Witness(), logs.log_of(3)
    other = Signer(logs.ORIGIN, bytes(32))
    forged = sign(Checkpoint(logs.ORIGIN, 1, bytes(32)).text, other)
    assert witness.refuses(Submission(0, (), forged)).status == 403
    another = logs.log_of(2).checkpoint().signatures
    wrong = Note(log.checkpoint().text, another)
    assert witness.refuses(Submission(0, (), wrong)).status == 403
    assert witness.refuses(Submission(0, (), log.checkpoint().adding(another))).status == 403
    witness.logs[logs.ORIGIN] = []
    assert witness.refuses(submission(log, 0)).status == 403


def test_signatures_of_strangers_are_passed_over_and_not_kept() -> None:
    witness, note = Witness(), logs.log_of(3).checkpoint()
    stranger = Signature("example.com/stranger", b"abcd", b"x")
    found = witness.answer(Submission(0, (), note.adding([stranger])).to_bytes())
    assert isinstance(found, Accepted)
    assert stranger not in found.now.note.signatures
    assert len(found.now.note.signatures) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("old 20852014", "old 020852014"),
        ("old 20852014", "Old 20852014"),
        ("old 20852014", "old -1"),
        ("old 20852014\n", ""),
        ("kaw=\n", "kaw=\n\n"),
        ("PlRNCrwH", "PlRNCrw"),
        ("3Kj/0=\n", "3Kj/0=" + "\n" + "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n" * 60),
        ("20852163\n", ""),
        ("9Q=\n", "9Q="),
        ("20852014", "9223372036854775808"),
    ],
)
def test_a_request_that_breaks_the_format_is_400(old: str, new: str) -> None:
    assert old in EXAMPLE
    found = Witness().answer(EXAMPLE.replace(old, new).encode())
    assert isinstance(found, Refused)
    assert found.status == 400
    assert found.body.endswith(b"\n")


def test_an_old_size_above_the_new_one_is_400_also_where_it_would_be_a_conflict() -> None:
    witness, log = Witness(), logs.log_of(5)
    found = witness.refuses(Submission(4, (), log.checkpoint(3)))
    assert (found.status, found.size) == (400, None)


def test_another_old_size_than_the_last_is_409_with_the_last_size() -> None:
    witness, log = Witness(), logs.log_of(9)
    assert witness.refuses(submission(log, 3)).body == b"0\n"
    witness.answer(submission(log, 0, 5).to_bytes())
    for old, new in ((0, 9), (4, 9), (6, 9), (0, 3), (3, 3)):
        found = witness.refuses(submission(log, old, new))
        assert (found.status, found.size, found.body) == (409, 5, b"5\n")
        assert found.content_type == "text/x.tlog.size"
        assert behind(found.body) == 5
    assert isinstance(witness.answer(submission(log, 5).to_bytes()), Accepted)


def test_an_empty_log_with_another_root_is_422() -> None:
    note = sign(Checkpoint(logs.ORIGIN, 0, bytes(32)).text, logs.SIGNER)
    assert Witness().refuses(Submission(0, (), note)).status == 422


def test_a_proof_where_none_is_needed_is_422() -> None:
    log = logs.log_of(3)
    for path in ((EMPTY,), log.consistency(2)):
        assert Witness().refuses(Submission(0, path, log.checkpoint())).status == 422


def test_the_same_size_with_another_root_is_422_and_kept_as_evidence() -> None:
    witness, log, fork = Witness(), logs.log_of(5), logs.log_of(5, "fork")
    witness.answer(submission(log, 0).to_bytes())
    found = witness.refuses(submission(fork, 5))
    assert (found.status, found.note) == (422, fork.checkpoint())
    assert isinstance(witness.answer(submission(log, 5).to_bytes()), Accepted)


@unhurried
@given(st.data())
def test_a_log_that_altered_anything_seen_is_422(data: st.DataObject) -> None:
    """Issue 17: all alterations of what anybody has seen, at the next look."""
    old = data.draw(st.integers(1, 20))
    new = data.draw(st.integers(old + 1, 30))
    witness, log = Witness(), logs.log_of(new)
    witness.answer(submission(log, 0, old).to_bytes())
    altered = logs.entries(new)
    altered[data.draw(st.integers(0, old - 1))] = b"altered"
    fork = Log(logs.SIGNER, Memory())
    fork.append(altered)
    for path in (fork.consistency(old), log.consistency(old), ()):
        found = witness.refuses(Submission(old, path, fork.checkpoint()))
        assert (found.status, found.note) == (422, fork.checkpoint())
    assert isinstance(witness.answer(submission(log, old).to_bytes()), Accepted)


def test_what_changed_meanwhile_is_told_so_that_nothing_is_forgotten() -> None:
    """The race that the specification draws: A at 5 and B at 9, both checked before either is
    stored. Whoever stores compares `before`, and A comes too late."""
    witness, log = Witness(), logs.log_of(9)
    witness.answer(submission(log, 0, 2).to_bytes())
    a, b = (
        add_checkpoint(submission(log, 2, new).to_bytes(), witness.logs, witness.latest, [ME], NOW)
        for new in (5, 9)
    )
    assert isinstance(a, Accepted)
    assert isinstance(b, Accepted)
    witness.kept[logs.ORIGIN] = b.now
    assert a.before != witness.kept[logs.ORIGIN]


def test_a_witness_may_have_several_keys() -> None:
    two = Cosigner("witness.example/w2", bytes([8]) * 32)
    log = logs.log_of(2)
    found = Witness(ME, two).answer(submission(log, 0).to_bytes())
    assert isinstance(found, Accepted)
    assert found.body.count(b"\n") == 2
    for keys in ([ME.key], [two.key], [ME.key, two.key]):
        note, lines = accepted(found.body, log.checkpoint(), keys)
        assert len(lines) == len(keys)
        assert len(note.signatures) == 1 + len(keys)


def test_an_answer_that_is_none_is_refused_by_the_log() -> None:
    note = logs.log_of(2).checkpoint()
    other = ME.cosign(logs.log_of(3).checkpoint().text, NOW)
    with pytest.raises(ProofError, match="not of this text"):
        accepted(other.line.encode(), note, [ME.key])
    with pytest.raises(ProofError, match="no key that is known"):
        accepted(ME.cosign(note.text, NOW).line.encode(), note, [])
    for body in (b"", b"\n", b"ok\n", other.line[:-1].encode(), b"\xff\n"):
        with pytest.raises(InvalidInput):
            accepted(body, note, [ME.key])
    for body in (b"", b"5", b"05\n", b"5\n\n", b"-1\n", b"\xff\n", b"%d\n" % 2**63):
        with pytest.raises(InvalidInput):
            behind(body)
    with pytest.raises(InvalidInput, match="needs a key"):
        add_checkpoint(b"", {}, lambda origin: None, [], NOW)
