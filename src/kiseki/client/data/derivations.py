"""What was made from what: rough, clean, colour. `Kiseki.data.derivations`.

A document of data IDs lies in a folder, and its hash is a public statement of who speaks for the
collection (`kiseki.client.data.speaking`). A derived item carries its own terms and no others, and
being derived moves no money. What was revoked above an item is named to whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from kiseki.chain.sending.outcome import Receipt
from kiseki.client.data import speaking
from kiseki.client.data.descents import Believed, Descent, descent_of
from kiseki.client.data.openings import Openings
from kiseki.client.wallet import Signed, Wallet
from kiseki.core.counts import counted
from kiseki.core.days import WAITING_DAYS
from kiseki.core.derived import Derived, Row
from kiseki.core.values import from_hex, to_hex
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import InvalidInput
from kiseki.vault.files import hash_files
from kiseki.vault.published import Published

__all__ = ["COLUMNS", "Derivations"]

COLUMNS = ("item", "step", "from")
"""Of the table that says what was made from what."""
_SORT = "derived"


@dataclass(frozen=True, slots=True)
class Derivations:
    """Stating what was made from what, and asking; `Kiseki.data.derivations`."""

    wallet: Wallet
    openings: Openings

    def read(
        self,
        collection: bytes,
        table: str | Path,
        *,
        form: Format = PLAIN,
        progress: Callable[[int, int], None] = lambda *_: None,
    ) -> Derived:
        """Reads a table of what was made from what. Sends nothing.

        Args:
            collection: in which the derived items are.
            table: with the columns ``item``, ``step`` and ``from``. Items are files, named as the
                table sees them, or data IDs; the key store must know the files.
            progress: called with the number of files hashed and in all.

        Raises:
            FilesError: the table or a file cannot be read.
            InvalidInput: a row is none, a file is unknown here, an item is not in the collection,
                or items would be made from each other in a circle.
            NotInIndex: there is no such collection.
        """
        path = Path(table)
        with Table(path, COLUMNS, form) as opened:
            opened.need(COLUMNS)
            listed: list[tuple[int, str, str, str]] = [
                (opened.row, item.strip(), step.strip(), source.strip())
                for item, step, source in opened
            ]
        named = {each for _, item, _, source in listed for each in (item, source)}
        files = sorted(each for each in named if each and not _is_id(each))
        hashed = hash_files([path.parent / each for each in files], progress)
        digests = {str(each.path): each.digest for each in hashed}
        places = self.openings.places(list(digests.values()))
        known: dict[str, set[tuple[bytes, bytes]]] = {
            each: {
                (place.opening.kept.id, place.id)
                for place in places.get(digests[str(path.parent / each)], ())
            }
            for each in files
        }
        rows = []
        for number, item, step, source in listed:
            try:
                rows.append(Row(
                    _the_item(item, known, collection), _the_item(source, known, None), step
                ))  # fmt: skip
            except InvalidInput as error:
                raise InvalidInput(f"{path}, row {number}: {error}") from error
        return self.make(collection, rows)

    def make(self, collection: bytes, rows: Iterable[Row]) -> Derived:
        """The document that says what was made from what. Sends nothing.

        What something was made from may be anybody's, and need not be registered.

        Raises:
            InvalidInput: a derived item is not in the collection, as far as log and key store tell;
                a pair is there with two steps; or there is a circle.
            NotInIndex: there is no such collection.
        """
        derived = Derived.of(collection, rows)
        there = {each.id for each in self.openings.items(collection)}
        missing = sorted({each.item for each in derived.rows} - there)
        if missing:
            raise InvalidInput(
                f"{counted(len(missing), 'derived item')} cannot be found in the collection "
                f"{to_hex(collection)}, in its log or in the key store: "
                f"{', '.join(map(to_hex, missing[:3]))}"
            )
        return derived

    def state(self, derived: Derived, folder: str | Path) -> tuple[Receipt, ...]:
        """Writes a document into a folder, and states its hash in public and for good. Sends
        nothing where this wallet stated it before.

        Raises:
            InvalidInput: this wallet does not speak for the collection.
            FilesError: the document cannot be written; nothing was sent.
        """
        return speaking.state(
            self.wallet, derived.collection, _SORT, derived.to_json(), folder, adds_up=True
        )

    def prepare(self, derived: Derived, folder: str | Path, days: int = WAITING_DAYS) -> Signed:
        """The same as a message to be signed (`Kiseki.signed`), for somebody else to send
        (`Statements.submit`).

        Raises:
            InvalidInput, FilesError: as `state`.
        """
        return speaking.prepare(
            self.wallet, derived.collection, _SORT, derived.to_json(), folder, days
        )

    def item(self, given: str) -> bytes:
        """The data ID that a person means: of a file that the key store knows, or the ID itself.

        Raises:
            InvalidInput: the file is unknown here, or is several items.
            FilesError: the file cannot be read.
        """
        if not Path(given).is_file():
            return from_hex(given if given.startswith("0x") else f"0x{given}", 32, "the item")
        (found,) = self.openings.find(given)
        known = {(each.opening.kept.id, each.id) for each in found.places}
        return _the_item(given, {given: known}, None)

    def of(self, item: bytes, folder: str | Path) -> Descent:
        """What an item was made from, and what was made from it, by the documents in a folder that
        were stated by who speaks for their collections.

        Reads every such document in the folder. What nobody stated is not followed, and told.

        Raises:
            FilesError: the folder cannot be read.
        """
        index = self.wallet.session.index
        return descent_of(index, item, Believed.of(index, Published(folder)))


def _is_id(text: str) -> bool:
    return text.startswith("0x") and len(text) == 66


def _the_item(
    text: str, known: dict[str, set[tuple[bytes, bytes]]], collection: bytes | None
) -> bytes:
    """The only item that somebody means, in a collection if one is named."""
    if not text:
        raise InvalidInput("name an item, by its file or its data ID")
    if _is_id(text):
        return from_hex(text, 32, "the item")
    there = known[text]
    found = {item for home, item in there if collection in (None, home)}
    if not there:
        raise InvalidInput(
            f"{text} is unknown here: the key store has no opening of it. Take in the receipt of "
            "its provider (kiseki data receive), or name its data ID"
        )
    if not found and collection is not None:
        raise InvalidInput(f"{text} is not in the collection {to_hex(collection)}")
    if len(found) > 1:
        listed = ", ".join(map(to_hex, sorted(found)))
        raise InvalidInput(f"{text} is {counted(len(found), 'item')}: {listed}; name the one meant")
    return found.pop()
