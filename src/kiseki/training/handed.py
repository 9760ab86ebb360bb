"""What vaults handed out for a training, from the receipts that are kept beside the files.

*Handed out* is not *read*, and *read* is not *consumed*: the three stand side by side. Where no
receipt is kept, nobody knows what was handed out, and that is not none.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiseki.client.vault.kept import FOLDER, Said, said_in
from kiseki.core.manifest import Manifest
from kiseki.core.terms import Use
from kiseki.core.values import to_hex
from kiseki.errors import FilesError, InvalidInput, ProofError
from kiseki.vault.handing.receipts import Receipt, Salted
from kiseki.vault.log.proofs import LogProof

__all__ = ["Against", "HandedOut", "handed_out"]

_TRAINING = (Use.AI_TRAINING, Use.AI_GENERATIVE_TRAINING)


@dataclass(frozen=True, slots=True)
class Against:
    """What was handed out held against what training consumed.

    Attributes:
        never_consumed: data IDs that were handed out and that training never took, ascending.
        never_handed_out: data IDs that training took and of which no receipt is kept, ascending:
            they came from elsewhere, or their receipts lie elsewhere.
    """

    never_consumed: tuple[bytes, ...]
    never_handed_out: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HandedOut:
    """What vaults handed out for training.

    Attributes:
        items: data ID -> the number of its receipts.
        collections: collection -> the same of all of its items, by what the receipts say.
        others: receipts for other uses than training, which do not count.
    """

    items: Mapping[bytes, int]
    collections: Mapping[bytes, int]
    others: int

    @property
    def times(self) -> int:
        """How often an item was handed out."""
        return sum(self.items.values())

    def against(self, consumed: Collection[bytes] | Manifest) -> Against:
        """Holds it against what training consumed: data IDs, or the manifest of them."""
        if isinstance(consumed, Manifest):
            took = {item for rows in consumed.items.values() for item, _ in rows}
        else:
            took = set(consumed)
        return Against(
            tuple(sorted(self.items.keys() - took)), tuple(sorted(took - self.items.keys()))
        )


def handed_out(folders: Iterable[str | Path]) -> HandedOut:
    """Counts the receipts that lie in folders and below, each once. Each is checked: that it is in
    the log whose key is kept with it. Asks nobody.

    Args:
        folders: that `kiseki vault get` filled, or `kiseki training lay --vault`.

    Raises:
        FilesError: a folder holds no receipt, or cannot be read.
        InvalidInput: a file among the receipts is none, or they are of several chains.
        ProofError: a receipt is in no log.
    """
    seen: dict[tuple[str, bytes], Receipt] = {}
    for folder in folders:
        kept = [said for place in _places(Path(folder)) for said in said_in(place)]
        for said in kept:
            seen.update(_receipts(said))
        if not kept:
            raise FilesError(
                f"{folder} holds no receipt of a hand-out (there is no folder {FOLDER} in it or "
                "below); without receipts nobody knows what was handed out"
            )
    if len({each.chain for each in seen.values()}) > 1:
        raise InvalidInput("these are receipts of several chains; name folders of one")
    items: dict[bytes, int] = {}
    collections: dict[bytes, int] = {}
    mine = [each for each in seen.values() if each.use in _TRAINING]
    for each in mine:
        items[each.item] = items.get(each.item, 0) + 1
        collections[each.collection] = collections.get(each.collection, 0) + 1
    return HandedOut(items, collections, len(seen) - len(mine))


def _places(folder: Path) -> Iterator[Path]:
    """The folders in it and below beside which receipts are kept."""
    try:
        for place, inside, _ in os.walk(folder, onerror=_unread):
            if FOLDER in inside:
                yield Path(place)
    except OSError as error:
        raise FilesError(f"{error.filename} cannot be read ({error.strerror})") from error


def _unread(error: OSError) -> None:
    raise error


def _receipts(said: Said) -> Iterator[tuple[tuple[str, bytes], Receipt]]:
    for each in said.handout.items:
        receipt, proof = Receipt.from_json(each.receipt), LogProof.from_bytes(each.proof)
        if proof.extra is None:
            raise ProofError(f"the receipt of {to_hex(each.item)} has no salt, so it shows nothing")
        key, entry = said.key_of(receipt.provider), Salted(receipt, proof.extra).entry
        proof.check(entry, key.name, [key])
        yield (key.name, entry), receipt
