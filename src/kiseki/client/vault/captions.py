"""Captions of what was handed out. The vault says them: nothing on the chain shows that they are
right. They are text of others, and no part of a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kiseki.client.vault import naming
from kiseki.client.vault.fetching import told
from kiseki.client.vault.forms import Form
from kiseki.client.vault.site import HandedOut, Site
from kiseki.disk import atomic
from kiseki.errors import VaultError

__all__ = ["Beside", "captions", "unread", "write"]


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside the files.

    Attributes:
        there: data ID -> the file of its caption.
        unread: data IDs of which the vault could not read what they are called.
        unwritten: files that others are where captions would go; they were left alone.
    """

    there: Mapping[bytes, Path]
    unread: tuple[bytes, ...] = ()
    unwritten: tuple[Path, ...] = ()


def captions(
    site: Site, handout: HandedOut, recipient: str | None = None
) -> dict[bytes, bytes | None]:
    """Data ID -> caption in UTF-8, or an age file of it; none where the vault cannot read it.

    Raises:
        VaultError: the vault does not give them, does not answer, or tells of what was not handed
            out, or without end.
    """
    items, found = {each.item for each in handout.items}, dict[bytes, bytes | None]()
    after: bytes | None = None
    while True:
        part = site.captions(handout.id, after, recipient)
        if not items.issuperset(part.of) or not found.keys().isdisjoint(part.of):
            raise VaultError("the vault tells captions of what it did not hand out, or twice")
        found.update(part.of)
        if part.next is None:
            return found
        if after is not None and part.next <= after:
            raise VaultError("the vault tells captions without end; its keeper knows more")
        after = part.next


def write(
    folder: Path, files: Mapping[bytes, Path], texts: Mapping[bytes, bytes | None], form: Form
) -> Beside:
    """Writes captions beside files, unless another file is there.

    Args:
        form: how they lie here.

    Raises:
        VaultError: one is not encrypted for whom it should be.
        FilesError: one cannot be written.
    """
    known = {item: text for item, text in texts.items() if text is not None}
    plain = {item: path.with_name(path.name.removesuffix(form.ending))
             for item, path in files.items()}  # fmt: skip
    there, unwritten = dict[bytes, Path](), list[Path]()
    with told(folder):
        for item, wanted in naming.beside(plain, known).items():
            path = wanted.with_name(wanted.name + form.ending)
            if not path.exists():
                form.keeps_caption(item, known[item])
                with atomic.whole(path) as file:
                    file.write(known[item])
            elif not path.is_file() or not form.is_caption(item, path, known[item]):
                unwritten.append(path)
                continue
            there[item] = path
    return Beside(there, unread(texts), tuple(unwritten))


def unread(texts: Mapping[bytes, bytes | None]) -> tuple[bytes, ...]:
    """Items of which the vault cannot read what they are called."""
    return tuple(item for item, text in texts.items() if text is None)
