"""A proof is C2SP's, short enough for a receipt, and shows its entry and nothing else."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.almost import unhurried

from kiseki.errors import InvalidInput, LogDamaged, ProofError
from kiseki.vault.log import tree
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.cosigning import Cosigner
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.notes import Signer, sign
from kiseki.vault.log.proofs import LogProof, cosigned
from kiseki.vault.log.tiles import ENTRIES, Tile, tile, tiles
from kiseki.vault.log.tree import Place, consistency_places, inclusion_places, leaf_hash

from . import logs

# The example of C2SP tlog-proof, whose signatures are left out there: its own lines, and below the
# checkpoint one signature in their place.
EXAMPLE = """c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

— example.com/fancylog hI2DJwA=
"""
ONE, TWO = (Cosigner(f"w{i}.example.com", bytes([i]) * 32) for i in (1, 2))
KEYS = [logs.SIGNER.key]
CONSISTENCY = consistency_places(300, 600)


def proof_of(index: int, size: int = 9, extra: bytes | None = None) -> LogProof:
    log = logs.log_of(size)
    note = log.checkpoint()
    note = note.adding([ONE.cosign(note.text, 5), TWO.cosign(note.text, 7)])
    return log.prove(index, note, extra)


def test_the_example_is_read_and_written_again() -> None:
    found = LogProof.from_bytes(EXAMPLE.encode())
    assert (found.index, len(found.path)) == (73_894, 5)
    assert found.extra is not None
    assert found.extra.startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
    assert found.to_bytes() == EXAMPLE.encode()
    short = EXAMPLE.replace(EXAMPLE.split("\n")[1] + "\n", "")
    assert LogProof.from_bytes(short.encode()).extra is None
    assert LogProof.from_bytes(short.encode()).to_bytes() == short.encode()


@unhurried
@given(st.integers(1, 30), st.data())
def test_a_proof_shows_its_entry_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    made = proof_of(index, size, data.draw(st.none() | st.binary(min_size=1, max_size=40)))
    found = LogProof.from_bytes(made.to_bytes())
    assert found == made
    shown = found.check(b"entry %d" % index, logs.ORIGIN, KEYS, [ONE.key, TWO.key], quorum=2)
    assert shown.checkpoint.size == size
    assert shown.witnesses == {ONE.key.name: 5, TWO.key.name: 7}
    with pytest.raises(ProofError, match="leads to another root"):
        found.check(b"entry %d" % (index + 1), logs.ORIGIN, KEYS)


def test_who_must_have_signed_is_the_readers_choice() -> None:
    made, entry = proof_of(3), b"entry 3"
    assert made.check(entry, logs.ORIGIN, KEYS).witnesses == {}
    assert made.check(entry, logs.ORIGIN, KEYS, [ONE.key]).witnesses == {ONE.key.name: 5}
    with pytest.raises(ProofError, match="that cosigned: 1, asked for: 2"):
        other = Cosigner("w3.example.com", bytes([3]) * 32)
        made.check(entry, logs.ORIGIN, KEYS, [ONE.key, other.key], quorum=2)
    with pytest.raises(ProofError, match="not of"):
        made.check(entry, "another.example.com", KEYS)
    with pytest.raises(ProofError, match="no key that is known"):
        made.check(entry, logs.ORIGIN, [Signer(logs.ORIGIN, bytes(32)).key])
    with pytest.raises(ProofError, match="no key that is known"):
        made.check(entry, logs.ORIGIN, [], [ONE.key])


def test_a_wrong_cosignature_of_a_trusted_witness_spoils_the_proof() -> None:
    log = logs.log_of(3)
    note = log.checkpoint()
    wrong = note.adding([ONE.cosign(log.checkpoint(2).text, 5)])
    assert cosigned(wrong, logs.ORIGIN, KEYS, []).witnesses == {}
    with pytest.raises(ProofError, match="not of this text"):
        cosigned(wrong, logs.ORIGIN, KEYS, [ONE.key])


def test_no_witness_counts_twice() -> None:
    log = logs.log_of(3)
    note = log.checkpoint()
    again = Cosigner("w9.example.com", bytes([1]) * 32)
    twice = note.adding(each.cosign(note.text, t) for each, t in ((ONE, 5), (ONE, 6), (again, 7)))
    assert cosigned(twice, logs.ORIGIN, KEYS, [ONE.key]).witnesses == {ONE.key.name: 6}
    with pytest.raises(InvalidInput, match="one could count as two"):
        cosigned(twice, logs.ORIGIN, KEYS, [ONE.key, again.key])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("extra ", "extra"),
        ("extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ", "extra "),
        ("index 73894", "index 073894"),
        ("index 73894\n", ""),
        ("index 73894", "index 73894 "),
        ("index", "Index"),
        ("gSKy", "gSK"),
        ("Plq=\n", "Plq=\n\n"),
        ("\n\nexample.com/fancylog\n", "\nexample.com/fancylog\n"),
        ("109482", "x"),
        ("hI2DJwA=", "hI2DJw=="),
        ("RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=", "RoopEkOdqkYqMB4MJXrbt/hM"),
    ],
)
def test_what_is_no_proof_is_refused(old: str, new: str) -> None:
    changed = EXAMPLE.replace("PlQ=", "Plq=") if old.startswith("Plq") else EXAMPLE
    assert old in changed
    with pytest.raises(InvalidInput):
        LogProof.from_bytes(changed.replace(old, new).encode())


def test_a_proof_of_more_hashes_than_any_log_needs_is_refused() -> None:
    line = EXAMPLE.split("\n")[3] + "\n"
    assert len(LogProof.from_bytes(EXAMPLE.replace(line, line * 59).encode()).path) == 63
    with pytest.raises(InvalidInput, match="more than 63"):
        LogProof.from_bytes(EXAMPLE.replace(line, line * 60).encode())


def test_a_receipts_proof_at_a_million_entries_has_at_most_1400_bytes() -> None:
    """Issue 17, "Must reach": with one cosignature, and names as a vault has them."""
    size = 1_000_000
    same = [leaf_hash(b"the same entry a million times")]  # so each level has one hash
    while len(same) < 20:
        same.append(tree.node_hash(same[-1], same[-1]))

    def node(level: int, index: int) -> bytes:
        return same[level]

    note = sign(Checkpoint(logs.ORIGIN, size, tree.root(size, node)).text, logs.SIGNER)
    note = note.adding([Cosigner("witness.example.com/w1", bytes(32)).cosign(note.text, 1 << 31)])
    longest = max(
        len(LogProof(index, tree.inclusion(index, size, node), note).to_bytes())
        for index in (0, 1, 524_288, 777_777, 983_039, size - 1)
    )
    assert 1_300 < longest <= 1_400


# A log that is asked


def test_a_log_answers_for_what_it_has() -> None:
    log = logs.log_of(5)
    assert log.append(logs.entries(2, "more")) == range(5, 7)
    assert log.append([]) == range(7, 7)
    note, size = log.checkpoint(5), log.size
    assert (size, log.origin) == (7, logs.ORIGIN)
    assert Checkpoint.from_text(note.text).root == logs.mth(logs.entries(5))
    every = logs.entries(5) + logs.entries(2, "more")
    assert Checkpoint.from_text(log.checkpoint().text).root == logs.mth(every)
    assert list(log.consistency(5)) == logs.proof(5, every)
    for call in (
        lambda: log.checkpoint(8),
        lambda: log.consistency(8),
        lambda: log.consistency(1, 8),
        lambda: log.prove(5, note),
    ):
        with pytest.raises(InvalidInput):
            call()
    with pytest.raises(InvalidInput, match="this log has 5 entries, not 7"):
        logs.log_of(5).prove(1, log.checkpoint())
    with pytest.raises(ProofError, match="not of"):
        log.prove(1, sign(Checkpoint("other", 5, bytes(32)).text, logs.SIGNER))


def test_adding_reads_nothing_that_the_log_knows_already() -> None:
    store = Memory()
    log = Log(logs.SIGNER, store)
    log.append(logs.entries(7))
    store._nodes.clear()
    assert log.append([b"entry 7"]) == range(7, 8)
    assert store.node(3, 0) == logs.mth(logs.entries(8))


def test_a_store_is_asked_once_for_all_nodes_of_an_answer() -> None:
    """And answers for each; one that gives fewer is not believed."""
    asked = []

    class Counting(Memory):
        def nodes(self, places: Sequence[Place]) -> list[bytes]:
            asked.append(len(places))
            return super().nodes(places)

    store = Counting()
    log = Log(logs.SIGNER, store)
    log.append(logs.entries(600))
    log.prove(300, log.checkpoint(599))
    log.consistency(300)
    log.tile(Tile(0, 1))
    assert asked == [6, *(len(each) for each in (inclusion_places(300, 599), CONSISTENCY)), 256]

    class Short(Memory):
        def nodes(self, places: Sequence[Place]) -> list[bytes]:
            return super().nodes(places)[1:]

    short = Short()
    short._nodes, short.size = store._nodes, 600
    with pytest.raises(LogDamaged, match="gave 5 nodes, not 6"):
        Log(logs.SIGNER, short).checkpoint(599)


def test_a_log_gives_the_tiles_that_it_has_and_no_others() -> None:
    store = Memory()
    log = Log(logs.SIGNER, store)
    log.append(logs.entries(600))
    for each in tiles(600):
        if each.level != ENTRIES:
            assert log.tile(each) == tile(each, store.node)
    assert log.tile(Tile(0, 2, 3)) == log.tile(Tile(0, 2, 88))[:96]
    for lacked in (
        Tile(0, 2, 89),
        Tile(0, 3, 1),
        Tile(1, 0, 3),
        Tile(2, 0, 1),
        Tile(63, 0, 1),
        Tile(64, 0),
        Tile(0, 0, 0),
        Tile(0, -1),
        Tile(ENTRIES, 0),
    ):
        with pytest.raises(InvalidInput):
            log.tile(lacked)


def test_two_that_add_to_one_log_do_not_fork_it() -> None:
    """Each reads what the other added; of two at the same moment one is refused, and may retry."""
    store = Memory()
    one, two = Log(logs.SIGNER, store), Log(logs.SIGNER, store)
    one.append(logs.entries(3))
    assert two.append([b"entry 3"]) == range(3, 4)
    assert one.append([b"entry 4"]) == range(4, 5)
    assert Checkpoint.from_text(one.checkpoint().text).root == logs.mth(logs.entries(5))

    def meanwhile() -> Iterator[bytes]:
        two.append([b"first"])
        yield b"second"

    with pytest.raises(LogDamaged, match="the log has 6 entries, not 5"):
        one.append(meanwhile())
    assert one.append([b"second"]) == range(6, 7)
    every = [*logs.entries(5), b"first", b"second"]
    assert Checkpoint.from_text(two.checkpoint().text).root == logs.mth(every)
