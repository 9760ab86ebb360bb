"""A name or a caption is put right, and the old one is gone from here.

Nothing on the chain changes: names are no part of an ID. A backup that is restored later has the
old name again, because the vault keeps nothing by which it could tell it; correct it again then.
"""

from __future__ import annotations

from sqlalchemy import delete

from kiseki.core.values import bytes32
from kiseki.errors import InvalidInput, SecretsError
from kiseki.vault.age.keys import Recipient
from kiseki.vault.objects.envelope import Called, name_sealed
from kiseki.vault.objects.rows import Name, name_key
from kiseki.vault.store import tables
from kiseki.vault.store.database import insert
from kiseki.vault.vault import Vault

__all__ = ["correct"]


def correct(vault: Vault, provider: str, digest: bytes, old: Called, new: Called) -> None:
    """Calls a content otherwise, wherever the vault has the old name of it.

    Args:
        digest: SHA-256 of the content.
        old: what it is called.
        new: what it is called from now on.

    Raises:
        InvalidInput: the content is not here, or is not called so.
        SecretsError: the store cannot be used; or the old name is still on the disk because
            another program reads the vault: scrub it later.
    """
    keys = vault.keys
    with keys.database.writing() as db:
        row = vault.objects.find(provider, bytes32(digest, "a SHA-256 digest"))
        salt = keys.first(provider, [digest]).get(digest)
        if row is None or salt is None:
            raise InvalidInput("this content is not in the vault; check digest and provider")
        c = tables.called.c
        was = (c.object == row.name, c.key == name_key(salt, old))
        if not db.execute(delete(tables.called).where(*was)).rowcount:
            raise InvalidInput(
                "this content is not called so in the vault; an export of what is kept of its "
                "provider shows what it is called"
            )
        sealed = name_sealed(new, str(Recipient(row.recipient)))
        name = Name(row.name, name_key(salt, new), sealed)
        db.execute(insert(db, tables.called).on_conflict_do_nothing(), [name._asdict()])
        if old.name != new.name:
            keys.rename(provider, digest, old.name, new.name)
    if not keys.database.scrub():
        raise SecretsError(
            "it is corrected, but the old name is still on the disk while another program reads "
            "the vault; end that program, then run `kiseki vault scrub`"
        )
