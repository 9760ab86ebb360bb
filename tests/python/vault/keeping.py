"""A whole vault with contents, names, a collection and hand-outs, for tests of what it keeps."""

from __future__ import annotations

import base64
import hashlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyrage

from kiseki.core import ids
from kiseki.core.collection import Kept, Slice
from kiseki.core.merkle import IdTree
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32
from kiseki.vault.keys.epochs import Holder
from kiseki.vault.keys.services import InText
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.adding import Item, add
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.sources import Held
from kiseki.vault.setup import Setup
from kiseki.vault.vault import Vault, begin

__all__ = ["NOW", "Content", "Kept", "Key", "content", "countdown", "fill", "forms", "vault_of"]

NOW = 1_800_000_000


class Key:
    """An age key that somebody has."""

    def __init__(self, role: str = "vault") -> None:
        made = pyrage.x25519.Identity.generate()
        self.identity, self.role = InText(str(made)), role
        self.holder = Holder(str(made.to_public()), role)


@dataclass(frozen=True)
class Content:
    """A content, and what it is called."""

    name: str
    caption: str
    body: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.body).digest()


def content(number: int, size: int = 3_000) -> Content:
    body = b"\x89PNG" + hashlib.shake_256(b"content %d" % number).digest(size)
    return Content(f"cut-{number:03}-kagi.png", f"夕暮れの港 number {number}", body)


def vault_of(
    where: Path | str, objects: Path | str, key: Key, *others: Key, new: bool = True
) -> Vault:
    """A vault that is open; close its `keys`."""
    keys = KeyStore(where, None if new else key.identity)
    if new:
        holders = [each.holder for each in (key, *others)]
        begin(keys, key.identity, holders, Setup(str(objects), "vault.example.org"), NOW)
    return Vault(keys, key.identity)


def fill(vault: Vault, provider: str, contents: list[Content]) -> Kept:
    """Adds contents with their names and captions, and keeps a collection of them."""
    items = [Item(Held(each.body, each.name), each.digest, Called(each.name, each.caption))
             for each in contents]  # fmt: skip
    salts = vault.keys.salts(provider, [each.digest for each in contents])
    add(vault.objects, vault.place, provider, vault.epochs[-1].recipients, items, cores=1)
    rows = sorted(
        (ids.item_id(provider, commitment), commitment, each.digest, (each.name,))
        for each, salt in zip(contents, salts, strict=True)
        for commitment in (ids.commitment(each.digest, salt),)
    )
    found, commitments, digests, names = zip(*rows, strict=True)
    part = Slice.of(provider, b"".join(commitments), b"".join(digests), names)
    terms = Terms.of("train", "0%")
    kept = Kept(provider, terms, IdTree(found).root, len(rows), Payee.of(provider), ZERO32)
    vault.keys.keep(kept, [part])
    return kept


def countdown(moments: int) -> Callable[..., None]:
    """Kills this process when it is called for the last time."""
    left = [moments]

    def at(*_: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return at


def forms(secret: bytes) -> Iterator[bytes]:
    """How a secret may lie somewhere: as it is, as hex, and in Base64 at each place of three."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret).rstrip(b"=")
        inner = text[(0, 2, 3)[before] : -1]  # without what neighbours have a part in
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")
