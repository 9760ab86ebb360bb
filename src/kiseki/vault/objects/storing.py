"""What the processes do that encrypt and store. They are given a place and public recipients; they
have no key of the vault and no database."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from multiprocessing import parent_process
from typing import NamedTuple

from kiseki.errors import FilesError, KisekiError, VaultError
from kiseki.vault.age.keys import Recipient
from kiseki.vault.objects.envelope import Called, encrypt, name_sealed, wrapped
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.sources import Of, opened

__all__ = ["Made", "Task", "begin", "end_with_parent", "keep", "keep_all"]


class Task(NamedTuple):
    """A content to be kept.

    Attributes:
        source: where it is.
        digest: what it had when it was hashed.
        key: by which it is looked up.
        names: what it is called, each with the key of that.
    """

    source: Of
    digest: bytes
    key: bytes
    names: tuple[tuple[bytes, Called], ...] = ()


class Made(NamedTuple):
    """An object that is in its place for good.

    Attributes:
        key: of the task.
        name: of the object.
        size, sealed: bytes of content and of object.
        identity: wrapped.
        recipient: public half of it, 32 bytes.
        names: as of the task, sealed.
    """

    key: bytes
    name: bytes
    size: int
    sealed: int
    identity: bytes
    recipient: bytes
    names: tuple[tuple[bytes, bytes], ...]


_given: list[tuple[Place, Sequence[str]]] = []


def begin(place: Place, recipients: Sequence[str]) -> None:
    """Makes a process ready. It ends when the one that began it does, however that ends."""
    _given[:] = [(place, recipients)]
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Ends this process when the one that began it does."""
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def keep_all(tasks: Sequence[Task]) -> tuple[list[Made], KisekiError | None]:
    """Keeps one after the other, up to the first that cannot be; what is wrong with that one."""
    ((place, recipients),) = _given
    made: list[Made] = []
    for task in tasks:
        try:
            made.append(keep(task, place, recipients))
        except (FilesError, VaultError) as error:
            return made, error
    return made, None


def keep(task: Task, place: Place, recipients: Sequence[str]) -> Made:
    """Encrypts a content and puts it in its place.

    Raises:
        FilesError: its file cannot be read, or is not what it was when it was hashed.
        VaultError: it cannot be stored. In both cases nothing was kept.
    """
    with place.draft() as draft:
        with opened(task.source) as source:
            sealed = encrypt(source, task.source.size, draft)
        if sealed.digest != task.digest:
            raise FilesError(
                f"{task.source} changed since it was hashed; wait until it is finished and run "
                "this again"
            )
        recipient = str(sealed.recipient)
        names = tuple((key, name_sealed(each, recipient)) for key, each in task.names)
        return Made(
            task.key, draft.keep(), sealed.size, draft.size,
            wrapped(str(sealed.identity), recipients), Recipient.written(recipient).public, names,
        )  # fmt: skip
