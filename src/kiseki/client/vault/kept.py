"""What a vault said of a hand-out, kept beside what it handed out.

One file a hand-out, written before the first byte is asked for: receipts, the proofs that they are
in their logs, and the checkpoints over them. With these the receiver can show what the vault has
said, whatever it says later. Beside them is what arrived for an age key (``arrived.txt``), because
such a file does not show it by itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiseki.client.vault.site import HandedOut, Offered
from kiseki.core import documents
from kiseki.core.values import from_hex, to_hex, uint
from kiseki.disk import atomic
from kiseki.errors import FilesError, InvalidInput, ProofError
from kiseki.vault.folders import RECEIPTS
from kiseki.vault.log.notes import VerifierKey

__all__ = ["FOLDER", "Said", "arrived", "note", "said_in", "write"]

FOLDER = RECEIPTS
"""Where the files are, in the folder of what was handed out."""
_ARRIVED = "arrived.txt"
_FORMAT = "kiseki-hand-out-v1"
_MEMBERS = (
    "format", "vault", "keys", "use", "collection", "picked", "recipient", "handout", "ends",
    "items",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What a vault said of one hand-out.

    Attributes:
        vault: its URL.
        keys: the keys of the logs (vkeys of C2SP signed-note) that the receiver went by, one a
            provider.
        use: what the items were asked for.
        collection: the collection that was asked for; none where items were, of whichever they are.
        picked: whether the items were named; otherwise all of the collection was asked for.
        recipient: the age recipient that it is encrypted to; none where it is given as it is.
        handout: the hand-out, with the receipts of its items.
    """

    vault: str
    keys: tuple[str, ...]
    use: str
    collection: bytes | None
    picked: bool
    recipient: str | None
    handout: HandedOut

    def key_of(self, provider: str) -> VerifierKey:
        """The key of a provider's log.

        Args:
            provider: an address in lower case.

        Raises:
            ProofError: there is none, so that nothing of this provider is shown.
        """
        for each in map(VerifierKey.from_text, self.keys):
            if each.name.endswith(f"/{provider}"):
                return each
        raise ProofError(
            f"the log is not that of the provider {provider}, but of {', '.join(self.keys)}"
        )


def write(folder: Path, said: Said) -> Path:
    """Keeps it, for its owner only; where it is.

    Raises:
        OSError: it cannot be written.
    """
    to = folder / FOLDER
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = to / f"{said.handout.id.hex()}.json"
    atomic.write(path, documents.write(_document(said)) + "\n", mode=0o600)
    return path


def said_in(folder: Path) -> Iterator[Said]:
    """Everything that is kept in a folder.

    Raises:
        FilesError: a file cannot be read.
        InvalidInput: one of them is another file.
    """
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            text = path.read_bytes()
        except OSError as error:
            raise FilesError(f"{path} cannot be read ({error.strerror})") from error
        yield _read(documents.read(text, _FORMAT))


def note(folder: Path, recipient: str, item: bytes, digest: bytes) -> None:
    """Notes that something arrived for an age key, before it gets a name.

    Args:
        digest: SHA-256 of the age file.

    Raises:
        OSError: it cannot be written.
    """
    path = folder / FOLDER / _ARRIVED
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(f"\n{recipient} {item.hex()} {digest.hex()}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def arrived(folder: Path, recipient: str) -> set[tuple[bytes, bytes]]:
    """What was noted for an age key: items, each with the hash of an age file. A line that a power
    cut left unfinished says nothing.

    Raises:
        FilesError: it cannot be read.
    """
    path = folder / FOLDER / _ARRIVED
    try:
        lines = path.read_bytes().splitlines() if path.exists() else []
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    line = re.compile(rf"{re.escape(recipient)} ([0-9a-f]{{64}}) ([0-9a-f]{{64}})".encode())
    found = filter(None, map(line.fullmatch, lines))
    return {(bytes.fromhex(each[1].decode()), bytes.fromhex(each[2].decode())) for each in found}


def _document(said: Said) -> dict[str, Any]:
    return {
        "format": _FORMAT, "vault": said.vault, "keys": list(said.keys), "use": said.use,
        "collection": None if said.collection is None else to_hex(said.collection),
        "picked": said.picked, "recipient": said.recipient, "handout": to_hex(said.handout.id),
        "ends": said.handout.ends,
        "items": [
            {"item": to_hex(each.item), "size": each.size, "receipt": each.receipt,
             "proof": each.proof.decode()} for each in said.handout.items
        ],
    }  # fmt: skip


def _read(document: Mapping[str, Any]) -> Said:
    _, vault, keys, use, collection, picked, recipient, handout, ends, listed = documents.members(
        document, _MEMBERS, "a hand-out"
    )
    if not isinstance(listed, list) or not isinstance(keys, list):
        raise InvalidInput("the items of a hand-out and its keys must be JSON arrays")
    return Said(
        str(vault), tuple(map(str, keys)), str(use),
        None if collection is None else from_hex(collection, 32, "the collection"),
        picked is True, None if recipient is None else str(recipient),
        HandedOut(from_hex(handout, 16, "the hand-out"), uint(ends, 63, "the end"),
                  tuple(map(_item, listed))),
    )  # fmt: skip


def _item(value: Any) -> Offered:
    item, size, receipt, proof = documents.members(
        value, ("item", "size", "receipt", "proof"), "an item of a hand-out"
    )
    return Offered(
        from_hex(item, 32, "the item"), uint(size, 63, "the size"), str(receipt),
        str(proof).encode(),
    )  # fmt: skip
