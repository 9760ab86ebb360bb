"""A vault with real places and databases, for the tests of objects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyrage
from pyrage import x25519

from kiseki.vault.age.keys import Identity
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.adding import add
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.incoming import contents
from kiseki.vault.objects.item import Added
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.reading import Contents
from kiseki.vault.objects.rows import Objects

from .conftest import WHO

KEY = Identity(b"\x07" * 32)
OFFLINE = Identity(b"\x08" * 32)
RECIPIENTS = (str(KEY.recipient), str(OFFLINE.recipient))


def unwrap(data: bytes) -> bytes:
    return bytes(pyrage.decrypt(data, [x25519.Identity.from_str(KEY.text)]))


@dataclass
class Vault:
    store: KeyStore
    place: Place

    @property
    def objects(self) -> Objects:
        return Objects(self.store)

    @property
    def contents(self) -> Contents:
        return Contents(self.objects, self.place, unwrap)

    def add(self, source: Path, provider: str = WHO, *, take_doubtful: bool = False) -> Added:
        added = Added()
        items = contents(source, added, take_doubtful=take_doubtful)
        return add(self.objects, self.place, provider, RECIPIENTS, items, added, cores=2)

    def called(self, content: bytes, provider: str = WHO) -> list[Called]:
        found = self.contents.content_of(provider, hashlib.sha256(content).digest())
        assert found is not None
        return sorted(found.called())

    def read(self, content: bytes, provider: str = WHO) -> bytes | None:
        found = self.contents.content_of(provider, hashlib.sha256(content).digest())
        if found is None:
            return None
        with found.open() as opened:
            return b"".join(opened.read())


def made(folder: Path, count: int, size: int = 1_000) -> Iterator[bytes]:
    """Writes files whose contents differ; the contents."""
    folder.mkdir(exist_ok=True, parents=True)
    for number in range(count):
        content = b"\x89PNG" + hashlib.shake_256(b"%d" % number).digest(size - 4)
        (folder / f"{number}.png").write_bytes(content)
        yield content
