"""A season's outputs: a folder, and the table that says which models made which file.

    season = look(k.outputs, "season.csv", "season")          # sends nothing
    for each in season.disorders: print(each.words())
    for batch in season.batches: batch.register(k.outputs)

Rows that agree in models, collections and document are one batch. Looking again at the same files
and table finds the same batches, so registering can be broken off and gone on with at any time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kiseki.client.data.registering import Registered
from kiseki.client.outputs.disorders import Disorder, Kind, disorders
from kiseki.client.outputs.endorsements import Endorsement, for_contract
from kiseki.client.outputs.outputs import Outputs
from kiseki.client.outputs.prepared import PreparedBatch
from kiseki.core.values import to_hex
from kiseki.disk.tables import PLAIN, Format
from kiseki.errors import ContractReverted, InvalidInput, NotInIndex
from kiseki.index import Index
from kiseki.vault import folders, outputlists
from kiseki.vault.files import HashedOutput, hash_files, hash_outputs
from kiseki.vault.outputlists import Made

__all__ = ["Season", "SeasonBatch", "look"]

_Found = list[tuple[Kind, str, str]]


@dataclass(frozen=True, slots=True)
class SeasonBatch:
    """The files of a season that were made in one way.

    Attributes:
        prepared: what is registered.
        endorsements: of developers, for this batch.
        is_there: whether it is registered and all of it logged, so that nothing need be sent.
    """

    prepared: PreparedBatch
    endorsements: tuple[Endorsement, ...] = ()
    is_there: bool = False

    def register(self, outputs: Outputs) -> Registered:
        """Registers it, or sends what is missing; see `Outputs.register`."""
        return outputs.register(self.prepared, endorsements=self.endorsements)


@dataclass(frozen=True, slots=True)
class Season:
    """A season's outputs before they are registered. Nothing was sent.

    Attributes:
        batches: those that could be made, in the table's order.
        disorders: what is missing or in disorder; problems first.
        rows: of the table.
        files: that would be registered.
        size: of these, in bytes.
    """

    batches: tuple[SeasonBatch, ...] = field(repr=False)
    disorders: tuple[Disorder, ...]
    rows: int
    files: int
    size: int

    @property
    def problems(self) -> tuple[Disorder, ...]:
        """What must be put in order before anything is registered."""
        return tuple(each for each in self.disorders if each.is_problem)

    @property
    def missing(self) -> tuple[SeasonBatch, ...]:
        """The batches of which something must be sent."""
        return tuple(each for each in self.batches if not each.is_there)

    @property
    def id(self) -> bytes:
        """Of all that registering it would register: what somebody agrees to, 32 bytes."""
        ids = b"".join(sorted(each.prepared.id for each in self.batches))
        return hashlib.sha256(ids).digest()

    @property
    def command(self) -> str:
        """As what it is sent (`Kiseki.command`), wherever somebody registers it from."""
        return f"season {self.id.hex()}"

    def tried(self, outputs: Outputs) -> Season:
        """The same season, after each batch was tried; what a contract refuses is a problem.

        Args:
            outputs: of a rehearsal (`Kiseki.rehearsing`).

        Raises:
            ChainError: nobody can tell.
        """
        found: _Found = []
        for each in self.missing:
            try:
                each.register(outputs)
            except (ContractReverted, InvalidInput) as error:
                found.append(("refused", to_hex(each.prepared.id), str(error)))
        return replace(self, disorders=(*disorders(found), *self.disorders))


def look(
    outputs: Outputs,
    table: str | Path,
    folder: str | Path,
    *,
    models: Sequence[bytes] = (),
    form: Format = PLAIN,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Season:
    """Reads a table and hashes the files that it names. Sends nothing.

    Args:
        table: see `kiseki.vault.outputlists`.
        folder: in which its files are.
        models: the IDs of those that made the files of rows that name none.
        form: how the table is to be read, where it does not say so itself.
        progress: called with how many files are hashed and how many there are.

    Raises:
        FilesError: the folder, the table or a file cannot be read.
        InvalidInput: a row cannot be right; it says which.
    """
    rows = list(outputlists.read(Path(table), form))
    found: _Found = []
    there = _files(Path(folder), found)
    good = list(_usable(rows, there, tuple(sorted(models)), found))
    paths = sorted({path for _, path in good})
    hashed = {each.path: each for each in hash_outputs(paths, progress)}
    _judged(hashed.values(), folder, found)
    places = {outputlists.place(each) for row in rows for each in (row.file, row.record)}
    _left_over(there, {there[each] for each in places & set(there)}, Path(table), folder, found)
    groups: dict[tuple[object, ...], list[tuple[Made, HashedOutput]]] = {}
    for made, path in good:
        groups.setdefault(made.batch, []).append((made, hashed[path]))
    _agreed(groups.values(), folder, found)
    index = outputs.wallet.session.index
    batches = [
        _batch(outputs, index, files, there, found)
        for files in groups.values()
        if _is_known(index, files[0][0], found)
    ]
    for each in batches:
        _elsewhere(index, each, folder, found)
    count, size = folders.measure(paths)
    return Season(tuple(batches), disorders(found), len(rows), count, size)


# The folder


def _files(folder: Path, found: _Found) -> dict[str, Path]:
    """The files of a folder by how a table names them."""
    there: dict[str, Path] = {}
    for each in folders.look(folder):
        name = _name(each.path, folder)
        if each.doubt:
            found.append(("doubtful", name, each.doubt))
        else:
            there[outputlists.place(name)] = Path(each.path)
    return there


def _usable(
    rows: Sequence[Made], there: dict[str, Path], models: tuple[bytes, ...], found: _Found
) -> Iterator[tuple[Made, Path]]:
    """The rows whose files and documents are there, with their files."""
    for row in rows:
        path = there.get(outputlists.place(row.file))
        made = row if row.models else row._replace(models=models)
        if path is None:
            found.append(("missing", f"{row.row}: {row.file}", ""))
        elif not made.models:
            found.append(("no_model", f"{row.row}: {row.file}", ""))
        elif made.record and outputlists.place(made.record) not in there:
            found.append(("no_record", f"{row.row}: {made.record}", ""))
        else:
            yield made, path


def _left_over(
    there: dict[str, Path], named: set[Path], table: Path, folder: str | Path, found: _Found
) -> None:
    """What stands in no row; a copy of the table itself is no output that somebody forgot."""
    rest = [each for each in there.values() if each not in named]
    size = table.stat().st_size
    copies = [each for each in rest if each.stat().st_size == size]
    (mine, *others) = hash_files([table, *copies])
    same = {each.path for each in others if each.digest == mine.digest}
    found += [("unnamed", _name(each, folder), "") for each in rest if each not in same]


def _judged(hashed: Iterable[HashedOutput], folder: str | Path, found: _Found) -> None:
    """What is probably no output, is there twice, or breaks the rules of its format."""
    names: dict[bytes, list[str]] = {}
    for each in hashed:
        name = _name(each.path, folder)
        names.setdefault(each.digest, []).append(name)
        if each.doubt:
            found.append(("doubtful", name, each.doubt))
        elif each.odd:
            found.append(("odd", name, ""))
    found += [("same", " = ".join(each[:3]), "") for each in names.values() if len(each) > 1]


def _agreed(
    groups: Iterable[Sequence[tuple[Made, HashedOutput]]], folder: str | Path, found: _Found
) -> None:
    """Of one content only one thing can be said."""
    seen: dict[bytes, int] = {}
    for number, files in enumerate(groups):
        for made, file in files:
            if seen.setdefault(file.digest, number) != number:
                found.append(("contradiction", f"{made.row}: {_name(file.path, folder)}", ""))


def _name(path: str | Path, folder: str | Path) -> str:
    return os.path.relpath(path, folder).encode(errors="surrogateescape").decode(errors="replace")


# The chain


def _is_known(index: Index, made: Made, found: _Found) -> bool:
    """Whether all that a row names is registered, and may be used now."""
    before = len(found)
    for model in made.models:
        try:
            index.model(model)
        except NotInIndex:
            found.append(("unknown_model", to_hex(model), ""))
    for collection in made.collections:
        try:
            ends = index.status(collection).ends_at
        except NotInIndex:
            found.append(("unknown_collection", to_hex(collection), ""))
            continue
        if ends is not None and ends <= index.time:
            found.append(("ended", to_hex(collection), ""))
    return len(found) == before


def _batch(
    outputs: Outputs,
    index: Index,
    files: Sequence[tuple[Made, HashedOutput]],
    there: dict[str, Path],
    found: _Found,
) -> SeasonBatch:
    made, _ = files[0]
    hashed = list({file.path: file for _, file in files}.values())
    record = there[outputlists.place(made.record)] if made.record else None
    prepared = outputs.of_hashed(hashed, made.models, collections=made.collections, record=record)
    endorsements: tuple[Endorsement, ...] = ()
    try:
        endorsements = tuple(Endorsement.from_text(each) for each in made.endorsements)
        for_contract(prepared.models, endorsements)
    except InvalidInput as error:
        found.append(("endorsement", f"{made.row}: {made.file}", str(error)))
    return SeasonBatch(prepared, endorsements, _is_there(index, prepared))


def _is_there(index: Index, prepared: PreparedBatch) -> bool:
    try:
        return index.batch(prepared.id).complete
    except NotInIndex:
        return False


def _elsewhere(index: Index, batch: SeasonBatch, folder: str | Path, found: _Found) -> None:
    """Files that stand in another batch: of this creator, who would pay twice, or of somebody
    else, who must not be able to keep the creator from registering."""
    me = batch.prepared.creator.lower()
    for item in batch.prepared.items:
        name = _name(item.paths[0], folder)
        for other in index.find(item.commitment, kind="batch", most=_LOOKED):
            if other.id != batch.prepared.id:
                mine = other.registrant.lower() == me
                found.append(("registered" if mine else "elsewhere", name, ""))


_LOOKED = 50
"""Batches that are looked at for a file: anybody can register it as often as they like."""
