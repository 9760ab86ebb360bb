"""What is set of a vault: where its objects lie, its domain, and the key that signs its logs.

It lies in the store, sealed like the rest, so that all servers of one vault agree about it.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from kiseki.errors import SecretsError
from kiseki.vault.handing.signin import must_be_domain
from kiseki.vault.log.notes import key_name
from kiseki.vault.store.database import insert
from kiseki.vault.store.sealed import Columns
from kiseki.vault.store.tables import setting

__all__ = ["Setup", "origin_of", "read", "write"]

_SEED = 32


@dataclass(frozen=True, slots=True)
class Setup:
    """What is set of a vault.

    Attributes:
        objects: the place of the objects: an absolute path, or a URL without a password.
        domain: the vault's name, which begins the names of its logs; with its port if it has one.
        seed: the private key that signs the logs (Ed25519), 32 bytes.

    Raises:
        InvalidInput: the domain cannot begin the name of a log.
    """

    objects: str
    domain: str
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(_SEED), repr=False)

    def __post_init__(self) -> None:
        key_name(self.domain)
        must_be_domain(self.domain)  # it stays, so a mistake would stay, too


def origin_of(domain: str) -> str:
    """Where the vault of a domain is reached: by https, unless it is this machine itself."""
    here = domain.partition(":")[0] in ("localhost", "127.0.0.1")
    return f"{'http' if here else 'https'}://{domain}"


def read(db: Connection, columns: Columns) -> Setup:
    """What is set.

    Raises:
        SecretsError: nothing is; or a value was changed.
    """
    rows = {name: columns.shown(kept, _place(name)) for name, kept in db.execute(select(setting))}
    try:
        return Setup(rows["objects"].decode(), rows["domain"].decode(), rows["seed"])
    except KeyError:
        raise SecretsError(
            "this key store is no vault; `kiseki vault init` makes a vault of it"
        ) from None


def write(db: Connection, columns: Columns, new: Setup) -> None:
    """Sets it, inside a transaction."""
    values = {
        "objects": new.objects.encode(), "domain": new.domain.encode(), "seed": new.seed
    }  # fmt: skip
    for name, value in values.items():
        row = insert(db, setting).values(name=name, value=columns.hidden(value, _place(name)))
        changed = {"value": row.excluded["value"]}
        db.execute(row.on_conflict_do_update(index_elements=["name"], set_=changed))


def _place(name: str) -> bytes:
    return b"setting" + name.encode()
