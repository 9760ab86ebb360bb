"""What a vault holds of a content, and a search for it in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bech32
from sqlalchemy import select

from kiseki.vault.age.keys import Identity
from kiseki.vault.erasing import Erasing, Request
from kiseki.vault.objects.envelope import identity_of
from kiseki.vault.store import tables
from kiseki.vault.vault import Vault

from .conftest import WHO
from .keeping import NOW, Content, Key, content, fill, forms, vault_of

__all__ = ["CONTENTS", "ERASED", "Known", "erase", "made"]

REQUEST = Request("the artist", "a wish", NOW)
CONTENTS = [content(each) for each in range(60)]
ERASED = CONTENTS[7]


def made(where: Path | str, tmp_path: Path, *keys: Key) -> Vault:
    vault = vault_of(where, tmp_path / "here" / "objects", *keys)
    fill(vault, WHO, CONTENTS)
    return vault


def erase(vault: Vault) -> None:
    done = Erasing(vault).content(WHO, ERASED.digest, REQUEST)
    assert done.gone is not None


@dataclass
class Known:
    """What must not be found any more.

    Attributes:
        secrets: what tells something of the content.
        sealed: what stood in the rows, for who has the vault's key.
    """

    secrets: dict[str, bytes]
    sealed: dict[str, bytes]

    @classmethod
    def of(cls, vault: Vault, which: Content = ERASED, provider: str = WHO) -> Known:
        """What a vault holds of a content."""
        (salt,) = vault.keys.salts(provider, [which.digest])
        row = vault.objects.find(provider, which.digest)
        assert row is not None
        identity = identity_of(row.identity, vault.unwrap)
        s, c = tables.salt.c, tables.called.c
        rows = vault.keys.database.rows
        with vault.keys.database.reading():
            lookup = vault.keys.columns.lookup(row.provider, which.digest)
            ((sealed,),) = rows(select(s.salt).where(s.sha256 == lookup))
        ((called,),) = rows(select(c.text).where(c.object == row.name))
        return cls(
            {
                "content": which.body[:600], "its end": which.body[-600:], "salt": salt,
                "digest": which.digest, "name": which.name.encode(),
                "caption": which.caption.encode(), "identity": identity.text.encode(),
                "identity's key": _raw(identity),
            },
            {"salt": sealed, "lookup": lookup, "identity": row.identity, "name": called,
             "recipient": row.recipient, "key": row.key, "object": row.name},
        )  # fmt: skip

    def seen(self, folder: Path) -> set[str]:
        """What of the secrets lies in the files of a folder."""
        return _seen(self.secrets, folder)

    def kept(self, folder: Path) -> set[str]:
        """What of the rows does."""
        return _seen(self.sealed, folder)


def _raw(identity: Identity) -> bytes:
    _, data = bech32.bech32_decode(identity.text.lower())
    assert data is not None
    key = bech32.convertbits(data, 5, 8, False)
    assert key is not None
    return bytes(key)


def _seen(wanted: dict[str, bytes], folder: Path) -> set[str]:
    found = set[str]()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            there = path.read_bytes() + path.name.encode()
            for name, value in wanted.items():
                if any(form in there for form in forms(value)):
                    found.add(name)
    return found
