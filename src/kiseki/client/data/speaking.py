"""Who speaks for a collection, and saying something for it in a document.

Its provider does. So does the collector under whose standing consent it was registered: the
provider signed once for all of it, and is not asked again every week. Anybody else's word about a
collection is a stranger's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kiseki.client.statements import Statements
from kiseki.client.wallet import Signed, Wallet
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import to_hex
from kiseki.disk import texts
from kiseki.errors import InvalidInput

if TYPE_CHECKING:
    from kiseki.chain.sending.outcome import Receipt
    from kiseki.index import Index

__all__ = ["COLLECTOR", "PROVIDER", "prepare", "speakers", "state"]

PROVIDER, COLLECTOR = "provider", "collector"
"""As what a wallet speaks for a collection."""


def speakers(index: Index, collection: bytes) -> dict[str, str]:
    """Who speaks for a collection, in lower case, and as what.

    Raises:
        NotInIndex: there is no such collection.
    """
    found = {index.status(collection).provider: PROVIDER}
    collector = index.collector(collection)
    if collector is not None:
        found.setdefault(collector, COLLECTOR)
    return found


# Saying it


def state(
    wallet: Wallet,
    collection: bytes,
    sort: str,
    text: str,
    folder: str | Path,
    *,
    adds_up: bool,
) -> tuple[Receipt, ...]:
    """Writes a document into a folder, and states its hash as who speaks for the collection. Sends
    nothing where this wallet said so already; a rehearsal writes no file.

    Args:
        adds_up: whether all that was said counts; else only the last word does.

    Raises:
        InvalidInput: this wallet does not speak for it.
        NotInIndex: there is no such collection.
        FilesError: the document cannot be written; nothing was sent.
    """
    _must_speak(wallet, collection)
    hashed = keccak256(text.encode())
    if wallet.sender.sends:
        _write(folder, text)
    said = wallet.session.index.said_about(
        "DataRegistry", collection, wallet.address, keccak256(sort.encode())
    )
    if hashed in [each.document for each in (said if adds_up else said[-1:])]:
        return ()
    return (Statements(wallet).state("collection", to_hex(collection), sort, hashed),)


def prepare(
    wallet: Wallet, collection: bytes, sort: str, text: str, folder: str | Path, days: int
) -> Signed:
    """The same as a message to be signed, for somebody else to send.

    Raises:
        InvalidInput, NotInIndex, FilesError: as `state`.
    """
    _must_speak(wallet, collection)
    _write(folder, text)
    hashed = keccak256(text.encode())
    return Statements(wallet).prepare("collection", to_hex(collection), sort, hashed, days)


def _must_speak(wallet: Wallet, collection: bytes) -> None:
    found = speakers(wallet.session.index, collection)
    if wallet.address.lower() not in found:
        who = " or ".join(f"{checksummed(each)} ({role})" for each, role in found.items())
        raise InvalidInput(
            f"this wallet, {wallet.address}, does not speak for the collection "
            f"{to_hex(collection)}; that is for {who}"
        )


def _write(folder: str | Path, text: str) -> None:
    place = Path(folder, f"{to_hex(keccak256(text.encode()))}.json")
    if not place.exists():
        texts.write(place, text, folder=True)
