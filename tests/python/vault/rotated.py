"""A vault that hands out, and whose epochs move on, for the tests of that."""

from __future__ import annotations

import hashlib
from pathlib import Path

from kiseki.core.terms import Use
from kiseki.vault.age.keys import Identity
from kiseki.vault.handing.handout import HandOut, HandOuts
from kiseki.vault.handing.rules import Facts, Licence, Table
from kiseki.vault.keys.services import Opens, Several
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.envelope import wrapped
from kiseki.vault.objects.rows import Object
from kiseki.vault.vault import Vault

from .conftest import WHO
from .handed import BLOCK, CALLER
from .keeping import NOW, Content, Key, content, fill, vault_of

__all__ = [
    "CONTENTS", "READER", "Kept", "handouts_of", "many", "must_be_whole", "opened", "rotating",
]  # fmt: skip

CONTENTS = [content(each) for each in range(6)]
READER = Identity.new()


class Kept:
    """What must be there whatever happens to the vault: a hand-out that runs, and its receipts."""

    def __init__(self, vault: Vault) -> None:
        self.collection = fill(vault, WHO, CONTENTS).id
        self.items = vault.shelf.all_of(self.collection)
        self.out: HandOut = handouts_of(vault, self.items, self.collection).begin(
            CALLER, self.items, Use.AI_TRAINING, READER.recipient, self.collection
        )
        self.file = self.read(vault)
        self.salted = vault.ledger.received_by(CALLER)

    def read(self, vault: Vault) -> list[bytes]:
        out = handouts_of(vault, self.items, self.collection)
        return [b"".join(out.read(self.out.id, CALLER, each)) for each in self.items]


def handouts_of(vault: Vault, items: list[bytes], collection: bytes) -> HandOuts:
    chain = Table(31337, BLOCK)
    for each in items:
        chain.facts[CALLER, each, Use.AI_TRAINING] = Facts(Licence(collection, NOW + 10**6))
    return HandOuts(vault.keys.database, vault.ledger, vault.shelf, chain, clock=lambda: NOW)


def opened(where: Path | str, *keys: Key) -> Vault:
    """It with several keys, the first is that of now; close its `keys`."""
    key: Opens = Several(keys[0].identity, tuple(each.identity for each in keys[1:]))
    return Vault(KeyStore(where, key), key)


def rotating(where: Path | str, objects: Path, *keys: Key) -> tuple[Vault, Kept]:
    vault = vault_of(where, objects, *keys)
    return vault, Kept(vault)


def read(vault: Vault, which: Content) -> bytes | None:
    stored = vault.contents.content_of(WHO, which.digest)
    if stored is None:
        return None
    with stored.open() as whole:
        assert [(each.name, each.caption) for each in stored.called()] == [
            (which.name, which.caption)
        ]
        return b"".join(whole.read())


def must_be_whole(vault: Vault, kept: Kept) -> None:
    """Everything is found and read, and the receipts are what they were."""
    assert [read(vault, each) for each in CONTENTS] == [each.body for each in CONTENTS]
    assert vault.shelf.all_of(kept.collection) == kept.items
    assert vault.ledger.received_by(CALLER) == kept.salted
    assert kept.read(vault) == kept.file


def many(vault: Vault, count: int) -> None:
    """Rows of objects, with identities wrapped for the epoch in force; their content is nowhere."""
    now = vault.epochs[-1]
    rows = []
    for number in range(count):
        made, name = Identity.new(), hashlib.sha256(b"object %d" % number).digest()
        public = made.recipient.public
        identity = wrapped(made.text, now.recipients)
        rows.append(Object(name, b"\x2b" * 20, name, 1, 1, identity, public, NOW, now.number))
    vault.objects.add(rows, [])
