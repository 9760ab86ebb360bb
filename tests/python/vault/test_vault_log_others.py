"""Others' programs read what Kiseki's log writes, and Kiseki reads what theirs do.

- tlog-scales 0.0.3 (Florian Larysch, PyPI): logs as tiles, proofs, signatures and cosignatures, in
  Python, by RFC 9162's bottom-up rules. It runs here, in both directions.
- sigstore (PyPI): proofs of entries by Trillian's rules, and notes. It runs here on what Kiseki
  writes; and a record of Rekor, a log that it is the client of, is read.
- golang.org/x/mod/sumdb, which serves Go's own log: what it made is in `tests/vectors/log`, with
  the program that made it and that also checks ours.
"""

import base64
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sigstore._internal import merkle
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError
from tlog_scales import signing, writer
from tlog_scales import tlog as scales
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader

from kiseki.errors import ProofError
from kiseki.vault.log import tree
from kiseki.vault.log.checkpoints import Checkpoint, opened
from kiseki.vault.log.cosigning import Cosigner
from kiseki.vault.log.log import Log
from kiseki.vault.log.monitor import Monitor, Verdict
from kiseki.vault.log.notes import Note, VerifierKey, verified
from kiseki.vault.log.proofs import LogProof
from kiseki.vault.log.tiles import ENTRIES, Tile, bundle, bundled, nodes_of, tiles
from kiseki.vault.log.tree import check_consistency, check_inclusion, leaf_hash

from . import logs

VECTORS = Path(__file__).parents[2] / "vectors" / "log"
SIZES = (1, 2, 3, 7, 64, 255, 256, 257, 600)
WITNESS = Cosigner("witness.example.com/w1", bytes(range(1, 33)))


@pytest.fixture(scope="module")
def ours() -> Log:
    return logs.log_of(600)


def test_tlog_scales_verifies_our_proofs(ours: Log) -> None:
    top = ours.size
    for size in SIZES:
        root = Checkpoint.from_text(ours.checkpoint(size).text).root
        for index in {0, size // 2, size - 1}:
            path = list(ours.prove(index, ours.checkpoint(size)).path)
            leaf = leaf_hash(logs.entries(size)[index])
            scales.InclusionProof(index, size, path).check(leaf, root)
            with pytest.raises(scales.InclusionProofInvalid):
                scales.InclusionProof(index, size, path).check(leaf_hash(b"other"), root)
        new = Checkpoint.from_text(ours.checkpoint().text).root
        path = list(ours.consistency(size))
        scales.ConsistencyProof(size, top, path).check(root, new)
        with pytest.raises(scales.ConsistencyProofInvalid):
            scales.ConsistencyProof(size, top, path).check(leaf_hash(b"other"), new)


def test_tlog_scales_verifies_our_signatures_and_cosignatures(ours: Log) -> None:
    note = ours.checkpoint()
    note = note.adding([WITNESS.cosign(note.text, 1_900_000_000)])
    theirs = scales.Checkpoint.from_text(note.to_bytes().decode())
    assert theirs.serialize().encode() == note.to_bytes()
    assert (theirs.origin, theirs.size) == (logs.ORIGIN, ours.size)
    for key in (logs.SIGNER.key, WITNESS.key):
        vkey = signing.Vkey.from_string(key.text)
        assert vkey.key_id.to_bytes(4, "big") == key.id
        theirs.verify(vkey)
    other = Cosigner(WITNESS.key.name, bytes(32)).key.text
    with pytest.raises(RuntimeError, match="no signature matched"):
        theirs.verify(signing.Vkey.from_string(other))


def test_tlog_scales_reads_our_tiles(ours: Log, tmp_path: Path) -> None:
    """All of the log from files: its checkpoint, each entry, and proofs that it computes."""
    entries = logs.entries(ours.size)
    for each in tiles(ours.size):
        path = tmp_path / each.path
        path.parent.mkdir(parents=True, exist_ok=True)
        first = each.at * 256
        part = entries[first : first + each.width]
        path.write_bytes(bundle(part) if each.level == ENTRIES else ours.tile(each))
    (tmp_path / "checkpoint").write_bytes(ours.checkpoint().to_bytes())
    theirs = TilesReader(LocalBackend(tmp_path))
    head = theirs.get_checkpoint()
    assert theirs.calculate_root_hash() == head.root_hash
    assert [theirs.get_entry(i) for i in range(ours.size)] == entries
    for size in SIZES:
        assert tuple(theirs.get_consistency_proof(size, ours.size).node_hashes) == (
            ours.consistency(size)
        )
        beside = ours.prove(size - 1, ours.checkpoint(size)).path
        assert tuple(theirs.get_inclusion_proof(size - 1, size).node_hashes) == beside


def test_we_read_and_follow_a_log_of_tlog_scales(tmp_path: Path) -> None:
    """Its signed checkpoints, tiles and bundles, as it grows; and proofs from its tiles alone."""
    signer = signing.PlainEd25519Signer(logs.ORIGIN, bytes(range(32)))
    assert signer.vkey.key_id.to_bytes(4, "big") == logs.SIGNER.key.id
    made = writer.TilesWriter.create(tmp_path / "log", logs.ORIGIN)
    monitor, entries = Monitor(logs.ORIGIN, (logs.SIGNER.key,)), list[bytes]()

    def read(where: Tile) -> bytes:
        return (tmp_path / "log" / where.path).read_bytes()

    for count in (1, 1, 5, 248, 1, 1, 343):
        added = logs.entries(count, f"at {len(entries)}")
        entries += added
        for each in added:
            made.add_leaf(each)
        made.commit([signer], gc=False)
        note = Note.from_bytes((tmp_path / "log" / "checkpoint").read_bytes())
        head = opened(note, logs.ORIGIN, [logs.SIGNER.key])
        nodes = nodes_of(read, head.size, head.root)
        assert head.size == len(entries)
        look = monitor.look(note, tree.consistency(monitor.size, head.size, nodes))
        assert look.verdict is Verdict.CONSISTENT
        monitor = look.monitor
        for index in {0, head.size // 2, head.size - 1}:
            proof = LogProof(index, tree.inclusion(index, head.size, nodes), note)
            proof.check(entries[index], logs.ORIGIN, [logs.SIGNER.key])
            theirs = made.reader.get_inclusion_proof(index, head.size).node_hashes
            assert tuple(theirs) == proof.path
        held = [e for at in tiles(head.size) if at.level == ENTRIES for e in held_by(at, read)]
        assert held == entries


def held_by(where: Tile, read: Any) -> list[bytes]:
    return bundled(read(where), where.width)


# sigstore


def test_sigstore_verifies_our_proofs_and_reads_our_checkpoints(ours: Log) -> None:
    note = ours.checkpoint()
    theirs = SignedCheckpoint.from_text(note.to_bytes().decode())
    root = Checkpoint.from_text(note.text).root
    assert (theirs.checkpoint.origin, theirs.checkpoint.log_size) == (logs.ORIGIN, ours.size)
    assert theirs.checkpoint.log_hash == root.hex()
    (line,) = theirs.signed_note.signatures
    assert (line.name, line.sig_hash) == (logs.ORIGIN, logs.SIGNER.key.id)
    for index in (0, 255, 256, 511, 598, 599):
        path = list(ours.prove(index, note).path)
        merkle.verify_merkle_inclusion(entry(index, ours.size, path, root, b"entry %d" % index))
        with pytest.raises(VerificationError):
            merkle.verify_merkle_inclusion(entry(index, ours.size, path, root, b"other"))


def entry(index: int, size: int, path: list[bytes], root: bytes, body: bytes) -> Any:
    """What sigstore's function reads of an entry."""
    proof = SimpleNamespace(log_index=index, tree_size=size, hashes=path, root_hash=root)
    return SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=body))


def test_we_verify_a_record_of_rekor() -> None:
    """A real log's note and proof, as sigstore's client keeps them."""
    given = json.loads((VECTORS / "rekor.json").read_text("utf-8"))
    key = VerifierKey.from_text(given["key"])
    note = Note.from_bytes(given["checkpoint"].encode())
    path = tuple(base64.b64decode(each) for each in given["path"])
    proof = LogProof(given["index"], path, note)
    body = base64.b64decode(given["entry"])
    shown = proof.check(body, "log2025-alpha1.rekor.sigstage.dev", [key])
    assert shown.checkpoint.size == 646
    again = LogProof.from_bytes(proof.to_bytes())
    with pytest.raises(ProofError):
        again.check(body + b" ", key.name, [key])


# Go


def test_we_make_what_go_makes() -> None:
    """Roots, every proof of up to 20 entries, the key and the signed checkpoint."""
    given = json.loads((VECTORS / "sumdb.json").read_text("utf-8"))
    entries = [base64.b64decode(each) for each in given["Entries"]]
    roots = [base64.b64decode(each) for each in given["Roots"]]
    log = Log(logs.Signer("example.org/log", bytes([7]) * 32), logs.Memory())
    assert log.append(entries) == range(20)
    # Its version 0.7.0 gives zeros in place of the root of nothing, which RFC 6962 defines.
    for size, root in list(enumerate(roots))[1:]:
        assert Checkpoint.from_text(log.checkpoint(size).text).root == root
    assert (len(given["Inclusion"]), len(given["Consistency"])) == (210, 210)
    for old, size, path in proofs(given["Inclusion"]):
        assert log.prove(old, log.checkpoint(size)).path == path
        check_inclusion(old, size, leaf_hash(entries[old]), path, roots[size])
    for old, size, path in proofs(given["Consistency"]):
        assert log.consistency(old, size) == path
        check_consistency(old, size, roots[old], roots[size], path)
    key = VerifierKey.from_text(given["Key"])
    note = Note.from_bytes(given["Note"].encode())
    assert verified(note, [key]) == note.signatures
    assert log.checkpoint() == note


def proofs(given: list[dict[str, Any]]) -> list[tuple[int, int, tuple[bytes, ...]]]:
    return [
        (each["Old"], each["New"], tuple(base64.b64decode(line) for line in each["Path"]))
        for each in given
    ]
