"""Files, and what lists name, into objects: hashed, known ones skipped, others encrypted and stored
on all cores; resumable anywhere.

An object is in its place for good before its row is written, and its row before it counts as added.
So a process that is killed leaves objects without a row at most, whose identities nobody has;
`kiseki.vault.objects.checking.sweep` takes them away, and running it again goes on.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import NamedTuple

from kiseki.core.values import address
from kiseki.errors import KisekiError, VaultError
from kiseki.vault.age.keys import Identity, Recipient
from kiseki.vault.doubts import Doubts
from kiseki.vault.files import hash_each, other_form
from kiseki.vault.items import object_key
from kiseki.vault.lists import Entry
from kiseki.vault.objects.envelope import Called, name_sealed, wrapped
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.rows import Name, Object, Objects, in_parts, name_key
from kiseki.vault.objects.sources import Of, Part
from kiseki.vault.objects.storing import Made, Task, begin, keep_all

__all__ = ["Added", "Item", "add", "hashed"]

_READ = 64
"""Items that are looked up together."""
_TASK, _BYTES = 32, 1 << 23
"""Items, and bytes, after which a process has enough for one task."""
_ROWS = 64
"""Objects whose rows are written together."""
_SWEPT = 3_600.0
"""Seconds after which an object may have been swept before its row was written."""


class Item(NamedTuple):
    """A content to be added.

    Attributes:
        source: where it is.
        digest: SHA-256 of it.
        called: what it is called.
    """

    source: Of
    digest: bytes
    called: Called


@dataclass
class Added:
    """What adding did.

    Attributes:
        stored: contents that were not here before.
        known: items whose content was here, or came twice.
        size: bytes of content of all items.
        elsewhere: rows of a list that name no file; their content is not here.
        doubts: files that were left out, and why.
    """

    stored: int = 0
    known: int = 0
    size: int = 0
    elsewhere: int = 0
    doubts: Doubts = field(default_factory=Doubts)


def hashed(
    entries: Iterable[Entry], added: Added, *, take_doubtful: bool = False
) -> Iterator[Item]:
    """What folders and lists hold (`kiseki.vault.lists.read`), hashed on all cores.

    Args:
        added: takes what is elsewhere, and what was left out.
        take_doubtful: whether files that are probably no works are added too.

    Raises:
        FilesError: a file cannot be read, or changed while it was read.
    """

    def file_of(entry: Entry) -> str | None:
        return entry.file or None

    def where(entry: Entry) -> str:
        return f"row {entry.row}: " if entry.row else ""

    for entry, digest, size, doubt in hash_each(entries, file_of, where):
        if entry.doubt:
            added.doubts.add(entry.name or entry.file, entry.doubt, readable=False)
        elif not entry.file:
            added.elsewhere += 1
        elif doubt and not take_doubtful:
            added.doubts.add(entry.file, doubt)
        else:
            path = entry.file
            if not os.path.lexists(path):
                path = str(other_form(path) or path)
            yield Item(Part(path, 0, size), digest, Called(entry.name))


def add(
    objects: Objects,
    place: Place,
    provider: str,
    recipients: Sequence[str],
    items: Iterable[Item],
    added: Added | None = None,
    told: Callable[[int, int], None] = lambda *_: None,
    cores: int | None = None,
    epoch: int = 0,
) -> Added:
    """Keeps contents of a provider that are not kept yet, and what all of them are called.

    Memory does not grow with their number or size.

    Args:
        recipients: who can open what is kept (``age1…``).
        items: as of `hashed`, or of a reader of tars or Parquet.
        added: goes on counting in it.
        told: called with items and bytes that are done.
        cores: processes that encrypt.
        epoch: the one whose recipients these are.

    Raises:
        FilesError: a file cannot be read, or changed. What was stored until then has its row.
        VaultError: an object cannot be stored; the same holds.
        SecretsError: the database cannot be used.
        InvalidInput: a recipient is none.
    """
    wrapped(Identity.new(), recipients)  # before anything is read
    count = Added() if added is None else added
    if cores is None:
        cores = max(2, os.cpu_count() or 1) * 2  # while one waits for the disk another encrypts
    pool = ProcessPoolExecutor(cores, get_context("spawn"), begin, (place, tuple(recipients)))
    work = _Adding(objects, place, provider, epoch, pool, 2 * cores, count, told)
    try:
        try:
            for some in in_parts(items, _READ):
                work.take(some)
        finally:
            work.finish()
    except BrokenProcessPool as error:
        raise VaultError(
            "a process that encrypts was ended from outside; run this again, which goes on from "
            "here"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
    return count


class _Adding:
    """One run: what is with the processes, and what waits for its row."""

    def __init__(
        self,
        objects: Objects,
        place: Place,
        provider: str,
        epoch: int,
        pool: ProcessPoolExecutor,
        most: int,
        count: Added,
        told: Callable[[int, int], None],
    ) -> None:
        self._objects, self._place, self._provider = objects, place, provider
        self._epoch = epoch
        self._whose = address(provider, "the provider")
        self._pool, self._most, self._count, self._told = pool, most, count, told
        self._tasks: deque[Future[tuple[list[Made], KisekiError | None]]] = deque()
        self._made: list[Made] = []
        self._begun = time.time()
        # Contents that have no row yet, with the names that came again meanwhile.
        self._waiting: dict[bytes, list[tuple[bytes, Called]]] = {}
        self._done = 0

    def take(self, items: Sequence[Item]) -> None:
        """Gives new ones to the processes, and notes what known ones are called."""
        salts = self._objects.salts(self._provider, [each.digest for each in items])
        keys = list(map(object_key, salts))
        known = self._objects.known(self._provider, keys)
        named = self._objects.names_known(each.name for each in known.values())
        fresh: list[Task] = []
        names: list[Name] = []
        for item, salt, key in zip(items, salts, keys, strict=True):
            self._count.size += item.source.size
            name = (name_key(salt, item.called), item.called)
            if row := known.get(key):
                if (row.name, name[0]) not in named:
                    names.append(_named(row, name))
            elif key in self._waiting:
                self._waiting[key].append(name)
            else:
                self._waiting[key] = []
                fresh.append(Task(item.source, item.digest, key, (name,)))
                continue
            self._count.known += 1
            self._done += 1
        if names:
            self._objects.add([], names)
        for task in _cut(fresh):
            while len(self._tasks) >= self._most:
                self._settle()
            self._tasks.append(self._pool.submit(keep_all, task))
        self._told(self._done, self._count.size)

    def finish(self) -> None:
        """Waits for what was given away, and writes the rows of all that was stored."""
        failed: BaseException | None = None
        while self._tasks:
            try:
                self._settle()
            except (KisekiError, BrokenProcessPool) as error:
                failed = failed or error
        self._write()
        self._told(self._done, self._count.size)
        if failed is not None:
            raise failed

    def _settle(self) -> None:
        made, wrong = self._tasks.popleft().result()
        self._made += made
        if len(self._made) >= _ROWS:
            self._write()
        if wrong is not None:
            raise wrong

    def _write(self) -> None:
        made, self._made = self._made, []
        if not made:
            return
        now = int(time.time())
        if now - self._begun > _SWEPT:  # the machine slept, and somebody else may have swept
            made = [each for each in made if self._place.size(each.name) == each.sealed]
        self._begun = now
        rows = [
            Object(
                each.name, self._whose, each.key, each.size, each.sealed, each.identity,
                each.recipient, now, self._epoch,
            )
            for each in made
        ]  # fmt: skip
        names = [Name(each.name, *name) for each in made for name in each.names]
        again = [
            _named(row, name) for row in rows for name in self._waiting.pop(row.key, ())
        ]  # fmt: skip
        self._objects.add(rows, names + again)
        self._lose(rows)
        self._count.stored += len(rows)
        self._done += len(rows)
        self._told(self._done, self._count.size)

    def _lose(self, rows: Sequence[Object]) -> None:
        """Takes away objects whose content another run kept meanwhile."""
        has = self._objects.there(row.name for row in rows)
        for row in rows:
            if row.name not in has:
                with suppress(VaultError):  # sweeping takes it away later
                    self._place.delete(row.name)


def _named(row: Object, name: tuple[bytes, Called]) -> Name:
    return Name(row.name, name[0], name_sealed(name[1], Recipient(row.recipient)))


def _cut(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Tasks of about as many bytes each."""
    some, size = list[Task](), 0
    for task in tasks:
        some.append(task)
        size += task.source.size
        if size >= _BYTES or len(some) >= _TASK:
            yield some
            some, size = [], 0
    if some:
        yield some
