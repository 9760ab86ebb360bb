"""Contents into objects: known ones are skipped, others encrypted and stored on all cores;
resumable anywhere.

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
from multiprocessing import get_context

from kiseki.core.values import address
from kiseki.errors import KisekiError, VaultError
from kiseki.vault.age.keys import Identity, Recipient
from kiseki.vault.items import object_key
from kiseki.vault.objects.envelope import Called, name_sealed, wrapped
from kiseki.vault.objects.item import Added, Item
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.rows import Name, Object, Objects, name_key
from kiseki.vault.objects.sources import Held
from kiseki.vault.objects.storing import Made, Task, begin, keep_all

__all__ = ["Added", "Item", "add", "processes"]

_READ = 256
"""Items that are looked up together."""
_TASK, _BYTES = 32, 1 << 23
"""Items, and bytes, after which a process has enough for one task."""
_MEMORY = 1 << 24
"""Bytes of contents that are in memory and wait for a process."""
_ROWS, _SEALED = 256, 1 << 26
"""Objects, and bytes of them, whose rows are written together."""
_SWEPT = 3_600.0
"""Seconds after which an object may have been swept before its row was written."""


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
    pool: ProcessPoolExecutor | None = None,
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
        pool: `processes` of this place and these recipients, which go on afterwards. Default: some
            of its own.

    Raises:
        FilesError: a file cannot be read, or changed. What was stored until then has its row.
        VaultError: an object cannot be stored; the same holds.
        SecretsError: the database cannot be used.
        InvalidInput: a recipient is none.
    """
    wrapped(Identity.new().text, recipients)  # before anything is read
    count = Added() if added is None else added
    cores = cores or _cores()
    workers = processes(place, recipients, cores) if pool is None else pool
    work = _Adding(objects, place, provider, epoch, workers, 2 * cores, count, told)
    try:
        try:
            for some in _together(items):
                work.take(some)
        finally:
            work.finish()
    except BrokenProcessPool as error:
        raise VaultError(
            "a process that encrypts was ended from outside; run this again, which goes on from "
            "here"
        ) from error
    finally:
        if pool is None:
            workers.shutdown(cancel_futures=True)
    return count


def processes(
    place: Place, recipients: Sequence[str], cores: int | None = None
) -> ProcessPoolExecutor:
    """Processes that encrypt, for one `add` or for several one after the other. Close them."""
    context = get_context("spawn")
    return ProcessPoolExecutor(cores or _cores(), context, begin, (place, tuple(recipients)))


def _cores() -> int:
    return max(2, os.cpu_count() or 1) * 2  # while one waits for the disk another encrypts


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
        self._tasks: deque[tuple[Future[tuple[list[Made], KisekiError | None]], int]] = deque()
        self._held = 0
        self._made: list[Made] = []
        self._sealed = 0
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
            held = sum(map(_held, task))
            while self._tasks and (len(self._tasks) >= self._most or self._held + held > _MEMORY):
                self._settle()
            self._tasks.append((self._pool.submit(keep_all, task), held))
            self._held += held
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
        task, held = self._tasks.popleft()
        made, wrong = task.result()
        self._held -= held
        self._made += made
        self._sealed += sum(each.sealed for each in made)
        if len(self._made) >= _ROWS or self._sealed >= _SEALED:
            self._write()
        if wrong is not None:
            raise wrong

    def _write(self) -> None:
        made, self._made, self._sealed = self._made, [], 0
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
        self._lose(rows, self._objects.add(rows, names + again))
        self._count.stored += len(rows)
        self._done += len(rows)
        self._told(self._done, self._count.size)

    def _lose(self, rows: Sequence[Object], has: set[bytes]) -> None:
        """Takes away objects whose content another run kept meanwhile."""
        for row in rows:
            if row.name not in has:
                with suppress(VaultError):  # sweeping takes it away later
                    self._place.delete(row.name)


def _named(row: Object, name: tuple[bytes, Called]) -> Name:
    return Name(row.name, name[0], name_sealed(name[1], str(Recipient(row.recipient))))


def _held(each: Item | Task) -> int:
    """Bytes of it that are in memory."""
    return each.source.size if isinstance(each.source, Held) else 0


def _together(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Items that are looked up together: so many, or as many as fit into memory."""
    some, size = list[Item](), 0
    try:
        for item in items:
            some.append(item)
            size += _held(item)
            if len(some) >= _READ or size >= _BYTES:
                yield some
                some, size = [], 0
    except KisekiError:
        yield some  # what came before the error is kept
        raise
    if some:
        yield some


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
