"""Heads of logs, stated on a real chain and looked at by witnesses. Promise 6, invariant 11."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.python.vault.handed import ARTIST, DOMAIN, OTHER_ARTIST, SEED, receipt

from kiseki import LocalKiseki
from kiseki.client.vault.anchoring import Anchors
from kiseki.client.vault.witnessing import Witness
from kiseki.core.keccak import keccak256
from kiseki.errors import ChainError, FilesError, InvalidInput, KisekiError, ProofError
from kiseki.vault.handing.anchors import AnchorFiles
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.keystore import KeyStore
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.cosigning import Cosigner
from kiseki.vault.log.heads import (
    PLACES,
    Anchor,
    Stamp,
    _Places,
    anchored,
    heads_key,
    heads_origin,
    look_at,
    place_of,
)
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.monitor import Monitor, Verdict
from kiseki.vault.log.notes import Note, Signature, Signer
from kiseki.vault.log.proofs import LogProof, cosigned
from kiseki.vault.log.tree import inclusion, leaf_hash

DAY = 86_400
NOW = 1_800_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with KeyStore(tmp_path / "secrets") as store:
        yield Ledger(store.database, DOMAIN, SEED)


@pytest.fixture
def anchors(k: LocalKiseki, ledger: Ledger, tmp_path: Path) -> Anchors:
    return Anchors(ledger, DOMAIN, k.statements, AnchorFiles(tmp_path / "anchors"), SEED)


def give(ledger: Ledger, count: int, provider: str = ARTIST, first: int = 0, at: int = NOW) -> None:
    ledger.issue([receipt(n, provider) for n in range(first, first + count)], at)


def monitor(ledger: Ledger, seen: Note | None, provider: str = ARTIST) -> Monitor:
    origin = ledger.origin(provider)
    return Monitor(origin, (Signer(origin, SEED).key,), seen)


def test_whoever_has_a_checkpoint_proves_that_it_is_in_what_the_chain_has(
    ledger: Ledger, anchors: Anchors
) -> None:
    assert anchors.daily(NOW) is None
    give(ledger, 3)
    give(ledger, 2, OTHER_ARTIST)
    held = ledger.latest(ARTIST)
    assert held is not None
    give(ledger, 4, first=3)
    anchor = anchors.daily(NOW)
    assert anchor is not None
    (statement,) = anchors.stated()
    proof, head = anchor.prove(ledger.origin(ARTIST)), anchor.head(ledger.origin(ARTIST))
    assert head is not None
    # A receiver needs the proof, the head and the event, and no document.
    assert statement.document == keccak256(proof.note.text.encode())
    log = Signer(ledger.origin(ARTIST), SEED).key
    keys = [heads_key(log)]
    proof.check(head.text.encode(), heads_origin(DOMAIN), keys)
    with pytest.raises(ProofError):
        proof.check(held.text.encode(), heads_origin(DOMAIN), keys)
    shown = anchored(proof, log)
    assert (shown.head, shown.size, shown.stamp.taken) == (head, 7, NOW)
    with pytest.raises(ProofError):
        anchored(replace(proof, extra=held.to_bytes()), log)
    path = ledger.consistency(ARTIST, 3, 7)
    look = look_at(shown.head, anchor.note, monitor(ledger, held), path)
    assert look.verdict is Verdict.CONSISTENT
    assert Anchor.from_json(anchor.to_json()) == anchor
    with pytest.raises(InvalidInput, match="do not give this root"):
        replace(anchor, heads=tuple(held if each == head else each for each in anchor.heads))


def test_an_anchor_has_one_place_for_each_log(ledger: Ledger) -> None:
    """Two heads of one log in one anchor would let a vault show two people a proof of each."""
    give(ledger, 3)
    give(ledger, 2, OTHER_ARTIST)
    log = Signer(ledger.origin(ARTIST), SEED).key
    other = Log(Signer(log.name, SEED), Memory())
    other.append([b"another"])
    heads = {each.text: each for each in (*ledger.heads(), other.checkpoint())}
    leaves = {
        (1 << 61) - place_of(log.name) // 2 if each is heads[other.checkpoint().text]
        else place_of(Checkpoint.from_text(each.text).origin): leaf_hash(each.text.encode())
        for each in heads.values()
    }  # fmt: skip
    assert len(leaves) == 3
    tree, signer = _Places(leaves), Signer(heads_origin(DOMAIN), SEED)
    text = Stamp.of(signer.key.name, PLACES, tree.root, NOW, 1, ARTIST).text
    note = Note(text, (signer.sign(text),))
    sizes = []
    for place, leaf in leaves.items():
        head = next(each for each in heads.values() if leaf_hash(each.text.encode()) == leaf)
        proof = LogProof(place, inclusion(place, PLACES, tree.node), note, head.to_bytes())
        assert proof.check(head.text.encode(), signer.key.name, [signer.key])
        if head.text.startswith(log.name):
            sizes.append((place == place_of(log.name), proof))
    assert len(sizes) == 2
    for at_its_place, proof in sizes:
        if at_its_place:
            assert anchored(proof, log).size == 3
        else:
            with pytest.raises(ProofError, match="not at its log's place"):
                anchored(proof, log)


def test_an_anchor_that_leaves_out_drops_or_alters_what_was_seen_is_noticed(
    ledger: Ledger, anchors: Anchors
) -> None:
    give(ledger, 3)
    held = ledger.latest(ARTIST)
    give(ledger, 1, OTHER_ARTIST)
    other = ledger.latest(OTHER_ARTIST)
    assert held is not None
    assert other is not None
    without = Anchor.of(DOMAIN, SEED, [other], NOW, 1, OTHER_ARTIST).note
    assert look_at(None, without, monitor(ledger, held), ()).verdict is Verdict.ROLLED_BACK
    assert look_at(None, without, monitor(ledger, None), ()).verdict is Verdict.CONSISTENT
    for entries, verdict in ((2, Verdict.ROLLED_BACK), (3, Verdict.FORKED), (4, Verdict.UNPROVED)):
        log = Log(Signer(ledger.origin(ARTIST), SEED), Memory())
        log.append(b"another %d" % n for n in range(entries))
        false = Anchor.of(DOMAIN, SEED, [log.checkpoint()], NOW, 1, OTHER_ARTIST)
        path = log.consistency(3, 4) if entries == 4 else ()
        look = look_at(false.head(log.origin), false.note, monitor(ledger, held), path)
        assert look.verdict is verdict
        assert look.evidence is not None
    assert look.monitor.seen == held


def test_an_anchor_is_stated_once_however_often_it_is_interrupted(
    ledger: Ledger, anchors: Anchors, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(ledger, 1)
    first = anchors.daily(NOW)
    give(ledger, 1, first=1)
    assert anchors.daily(NOW + 60) == first, "once a day"
    assert len(anchors.stated()) == 1

    def broken(*_: object) -> None:
        raise ChainError("no node")

    with monkeypatch.context() as patch:
        patch.setattr(type(anchors.statements), "state", broken)
        with pytest.raises(ChainError):
            anchors.daily(NOW + DAY)
    give(ledger, 1, first=2)
    third = anchors.daily(NOW + 2 * DAY)
    assert third is not None
    kept = list(anchors.files.last())[::-1]
    assert [each.hash for each in kept] == [each.document for each in anchors.stated()]
    assert len(kept) == 3
    assert anchors.daily(NOW + 2 * DAY) == third
    assert len(anchors.stated()) == 3
    assert SEED.hex() not in repr(anchors)


class Here:
    """The logs of a ledger, without a network."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.cosigned = ledger, list[tuple[Note, Sequence[Signature]]]()
        self.is_away = False

    def checkpoint(self, provider: str) -> Note | None:
        return self.ledger.latest(provider)

    def consistency(self, provider: str, old: int, new: int) -> Sequence[bytes]:
        return self.ledger.consistency(provider, old, new)

    def cosign(self, provider: str, note: Note, signatures: Sequence[Signature]) -> None:
        if self.is_away:
            raise KisekiError("nobody answers")
        self.cosigned.append((note, signatures))


GUILD = Cosigner("guild.example.com", b"\5" * 32)


def test_a_witness_cosigns_what_follows_and_keeps_what_convicts(
    ledger: Ledger, tmp_path: Path
) -> None:
    logs, origin = Here(ledger), ledger.origin(ARTIST)
    keys = (Signer(origin, SEED).key,)
    path = tmp_path / "witness.db"
    witness = Witness(path, GUILD)
    assert witness.look(logs, DOMAIN, ARTIST, keys, NOW).verdict is Verdict.CONSISTENT
    for count in (3, 4):
        give(ledger, count, first=10 * count)
        assert witness.look(logs, DOMAIN, ARTIST, keys, NOW).verdict is Verdict.CONSISTENT
        note, signatures = logs.cosigned[-1]
        seen = cosigned(note.adding(signatures), origin, keys, [GUILD.key])
        assert seen.witnesses == {GUILD.key.name: NOW}
    give(ledger, 1, first=90)
    logs.is_away = True
    with pytest.raises(KisekiError, match="nobody answers"):
        witness.look(logs, DOMAIN, ARTIST, keys, NOW)
    logs.is_away = False
    witness.close()
    witness = Witness(path, GUILD)
    witness.look(logs, DOMAIN, ARTIST, keys, NOW + 1)
    assert len(logs.cosigned) == 3
    before = witness.seen(origin)

    with KeyStore(tmp_path / "forked") as store:
        forked = Here(Ledger(store.database, DOMAIN, SEED))
        assert witness.look(forked, DOMAIN, ARTIST, keys, NOW).verdict is Verdict.ROLLED_BACK
        for count, verdict in (
            (7, Verdict.ROLLED_BACK), (1, Verdict.FORKED), (1, Verdict.UNPROVED),
        ):  # fmt: skip
            give(forked.ledger, count)
            for _ in range(2):
                look = witness.look(forked, DOMAIN, ARTIST, keys, NOW)
                assert look.verdict is verdict
        assert forked.cosigned == []
    assert witness.seen(origin) == before
    evidence = witness.evidence(origin)
    assert len(evidence) == 3
    assert evidence[1].check(origin, keys) == 8
    witness.close()


def test_a_witness_does_not_take_another_programs_file(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("a file of somebody's, which is long enough to be looked at" * 40)
    with pytest.raises(FilesError):
        Witness(path)
