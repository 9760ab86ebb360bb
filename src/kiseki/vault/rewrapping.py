"""The identities of objects, wrapped anew for the epoch in force; no content is touched.

A new epoch seals the database in one transaction. Identities follow in parts, because there may be
millions: each part is a transaction, and the row says for which epoch its identity is wrapped.
Meanwhile both sorts can be read by who has the keys of both epochs. Whatever interrupts it, it is
run again, and does what is left. So does what a process added that still wrapped for the epoch of
before.

pyrage holds Python's lock while it works, so the work is done in several processes. They are given
the vault's key, and hold it as long as they live.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain
from multiprocessing import get_context

from sqlalchemy import bindparam, func, select, tuple_, update

from kiseki.core.counts import counted
from kiseki.errors import SecretsError, VaultError
from kiseki.vault.keyfile import KeyFile
from kiseki.vault.keys.epochs import epochs
from kiseki.vault.keys.services import InText, Opens, wrapped
from kiseki.vault.objects.rows import in_parts
from kiseki.vault.objects.storing import end_with_parent
from kiseki.vault.store.database import Database
from kiseki.vault.store.tables import epoch, objects

__all__ = ["rewrap", "waiting"]

_PART = 2_000
"""Identities of one transaction."""
_TASK = 100
"""Identities that a process is given at once."""
_FEW = 500
"""So many are wrapped before other processes would have begun."""

Progress = Callable[[int, int], None]
Work = Callable[[Sequence[bytes], list[str]], list[bytes | None]]


def waiting(store: Database) -> int:
    """How many objects are not known to be wrapped for the keys of the epoch in force."""
    last = select(func.max(epoch.c.number)).scalar_subquery()
    ((count,),) = store.rows(select(func.count()).where(objects.c.epoch < last))
    return int(count)


def rewrap(
    store: KeyFile, key: Opens, progress: Progress = lambda *_: None, cores: int | None = None
) -> int:
    """Wraps what is left for the epoch in force, then scrubs the disk; how many objects it were.

    Args:
        key: what opens the identities: the vault's keys of the earlier epochs that are left, and
            of this one.
        progress: called with how many are done and how many there were.
        cores: processes that wrap.

    Raises:
        VaultError: this key does not open some of them; all others are done.
        SecretsError: the store or the key cannot be used; or what was there before is not gone from
            the disk while somebody else reads it (all of it is wrapped anew; scrub again).
    """
    total, done, closed = waiting(store.database), 0, list[int]()
    with _work(key.held(), total, cores) as work:
        after = (-1, b"")
        while True:
            now = epochs(store.database)[-1]
            part = _part(store.database, now.number, after)
            new = work([identity for *_, identity in part], now.recipients)
            if part and _write(store.database, now.number, part, new):
                after = part[-1][:2]
                closed += [of for (of, *_), each in zip(part, new, strict=True) if each is None]
                done += len(part) - new.count(None)
                progress(done, max(done, total))
            elif waiting(store.database) <= len(closed):
                break
            else:  # another epoch began, or a process added what it wrapped for one of before
                after, closed = (-1, b""), []
    if not store.database.scrub():
        raise SecretsError(
            "the identities are wrapped anew, but the old ones are still on the disk while another "
            "program reads the vault; end that, then run `kiseki vault scrub`"
        )
    if closed:
        raise VaultError(
            f"{counted(len(closed), 'object')} could not be wrapped anew: the keys that were given "
            f"do not open what is wrapped for epoch {_numbers(closed)}; give the vault's key of "
            "that time as well (kiseki vault rewrap OLD_KEY)"
        )
    return done


def _numbers(of: Sequence[int]) -> str:
    return ", ".join(str(each) if each else "(not noted)" for each in sorted({*of}))


Row = tuple[int, bytes, bytes]
"""Epoch, name and identity of an object."""


def _part(store: Database, last: int, after: tuple[int, bytes]) -> list[Row]:
    c = objects.c
    question = (
        select(c.epoch, c.name, c.identity)
        .where(c.epoch < last, tuple_(c.epoch, c.name) > after)
        .order_by(c.epoch, c.name)
        .limit(_PART)
    )
    return [(of, name, identity) for of, name, identity in store.rows(question)]


def _write(store: Database, last: int, part: Sequence[Row], new: Sequence[bytes | None]) -> bool:
    """Writes what of a part was opened; not where another epoch began meanwhile."""
    c = objects.c
    row = (
        update(objects)
        .where(c.name == bindparam("of"), c.identity == bindparam("was"))
        .values(identity=bindparam("made"), epoch=last)
    )
    values = [
        {"of": name, "was": was, "made": made}
        for (_, name, was), made in zip(part, new, strict=True)
        if made is not None
    ]
    with store.writing() as db:
        if db.execute(select(func.max(epoch.c.number))).scalar_one() != last:
            return False
        if values:
            db.execute(row, values)
    return True


# The processes


_given: list[InText] = []


@contextmanager
def _work(key: InText, total: int, cores: int | None) -> Iterator[Work]:
    """Opens and wraps, on all cores where there is much."""
    if total <= _FEW:
        yield lambda identities, recipients: _anew(identities, recipients, key)
        return
    pool = ProcessPoolExecutor(cores or os.cpu_count(), get_context("spawn"), _begin, (key,))

    def work(identities: Sequence[bytes], recipients: list[str]) -> list[bytes | None]:
        tasks = [pool.submit(_anew, each, recipients) for each in in_parts(identities, _TASK)]
        return list(chain.from_iterable(each.result() for each in tasks))

    try:
        yield work
    except BrokenProcessPool as error:
        raise VaultError(
            "a process that wraps was ended from outside; run this again, which goes on from here"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(key: InText) -> None:
    _given[:] = [key]
    threading.Thread(target=end_with_parent, daemon=True).start()


def _anew(
    identities: Sequence[bytes], recipients: list[str], key: InText | None = None
) -> list[bytes | None]:
    """Identities wrapped for these; none for one that the key does not open."""
    mine = key or _given[0]
    opened = [mine.opened(each) for each in identities]
    return [None if each is None else wrapped(each, recipients) for each in opened]
