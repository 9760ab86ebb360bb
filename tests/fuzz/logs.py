"""What is promised of every decoder of a transparency log (`kiseki.vault.log`)."""

from __future__ import annotations

from collections.abc import Callable

from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.cosigning import Cosigner, key_of
from kiseki.vault.log.monitor import Monitor
from kiseki.vault.log.notes import Note, Signature, VerifierKey, verified
from kiseki.vault.log.proofs import LogProof, cosigned
from kiseki.vault.log.tiles import Tile, bundle, bundled, nodes_of
from kiseki.vault.log.tree import check_consistency, check_inclusion
from kiseki.vault.log.witness import (
    Accepted,
    Refused,
    Seen,
    Submission,
    accepted,
    add_checkpoint,
    behind,
)

from .promise import readable, refused

__all__ = ["ORIGIN", "TARGETS"]

ORIGIN = "example.com/behind-the-sofa"
"""Of the examples in C2SP's documents, which are the seeds."""


class _Anybody:
    """A key that takes every signature of the examples' log, so that what follows is reached."""

    name, id = ORIGIN, bytes.fromhex("033de0ae")

    def holds(self, text: str, value: bytes) -> bool:
        return True


_KEYS = [_Anybody()]


def log_note(data: bytes) -> None:
    with refused():
        found = Note.from_bytes(data)
        assert found.to_bytes() == data, "a note has one text"
        assert Note.from_bytes(found.adding(found.signatures[:1]).to_bytes()).text == found.text
        assert verified(found, _KEYS)


def log_key(data: bytes) -> None:
    with refused():
        text = data.decode("utf-8", "surrogateescape")
        found = key_of(text)
        assert isinstance(found, VerifierKey)
        assert found.text == text


def log_checkpoint(data: bytes) -> None:
    with refused():
        text = data.decode("utf-8", "surrogateescape")
        assert Checkpoint.from_text(text).text == text


def log_proof(data: bytes) -> None:
    with refused():
        found = LogProof.from_bytes(data)
        assert found.to_bytes() == data, "a proof has one text"
        try:
            found.check(b"an entry that no example is of", ORIGIN, _KEYS)
        except (ProofError, InvalidInput):
            raise
        raise AssertionError("it shows what is not so")


def log_request(data: bytes) -> None:
    """A witness answers whatever it is asked; what it cosigns begins with what it had seen."""
    text = f"{ORIGIN}\n5\n{'A' * 43}=\n"
    last = Checkpoint.from_text(text)
    seen = Seen(last, Note(text, (Signature(ORIGIN, b"abcd", b"x"),)))
    witness = Cosigner("witness.example.com", bytes(32))
    found = add_checkpoint(data, {ORIGIN: _KEYS}, lambda origin: seen, [witness], 1)
    readable(found.body.decode().rstrip("\n").replace("\n", " "))
    if isinstance(found, Accepted):
        assert Submission.from_bytes(data).to_bytes() == data
        assert found.now.checkpoint.size >= 5
    else:
        assert isinstance(found, Refused)
        assert found.status in (400, 403, 404, 409, 422)


def log_answer(data: bytes) -> None:
    """What a witness answers, of which nothing is believed that it did not sign."""
    with refused():
        behind(data)
    note = Note(f"{ORIGIN}\n0\n{'A' * 43}=\n", (Signature(ORIGIN, b"abcd", b"x"),))
    with refused():
        accepted(data, note, [])


def log_look(data: bytes) -> None:
    """A checkpoint that somebody shows to a monitor and to a reader."""
    with refused():
        note = Note.from_bytes(data)
        cosigned(note, ORIGIN, _KEYS, [])
        look = Monitor(ORIGIN, tuple(_KEYS)).look(note, [])
        readable(look.monitor.look(note, [data[:32]]).why)


def log_path(data: bytes) -> None:
    with refused():
        path = data.decode("utf-8", "surrogateescape")
        assert Tile.from_path(path).path == path


def log_bundle(data: bytes) -> None:
    with refused():
        found = bundled(data[1:], data[0] + 1 if data else 1)
        assert bundle(found) == data[1:]


def log_tiles(data: bytes) -> None:
    """Tiles of any bytes have the root that they have, or are refused."""
    size, rest = int.from_bytes(data[:8], "big"), data[8:]
    with refused():
        nodes_of(lambda where: rest[: 32 * where.width], size, b"x" * 32)


def log_hashes(data: bytes) -> None:
    """No hashes at all are a proof of what they were not made for."""
    one, other = (int.from_bytes(data[i : i + 8], "big") for i in (0, 8))
    path = [data[i : i + 32] for i in range(16, len(data), 32)]
    for size, index in ((one, other), (other, one)):
        with refused():
            check_inclusion(index, size, b"l" * 32, path, b"r" * 32)
            raise AssertionError("it shows what is not so")
        with refused():
            check_consistency(index, size, b"o" * 32, b"n" * 32, path)
            raise AssertionError("it shows what is not so")


TARGETS: tuple[Callable[[bytes], None], ...] = (
    log_note,
    log_key,
    log_checkpoint,
    log_proof,
    log_request,
    log_answer,
    log_look,
    log_path,
    log_bundle,
    log_tiles,
    log_hashes,
)
