"""How a store of an earlier release becomes one of today: the migrations, and who runs them.

A new store is made as it is today; Alembic is imported only where there is something to do.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from kiseki.errors import SecretsError
from kiseki.vault.store.tables import metadata

__all__ = ["HEAD", "ready"]

HEAD = "0010"
"""The last migration in `versions`."""


def ready(db: Connection) -> None:
    """Brings a store up to what this release reads, inside the transaction that is open.

    Raises:
        SecretsError: a later release wrote it.
    """
    names = set(inspect(db).get_table_names())
    if "alembic_version" not in names and "salt" not in names:
        metadata.create_all(db)
        _say(db, HEAD)
        return
    version = None  # of a store that was made before there were migrations
    if "alembic_version" in names:
        version = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    if version != HEAD:
        _migrate(db, version)


def _say(db: Connection, version: str) -> None:
    db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    db.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})


def _migrate(db: Connection, version: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    here = Config()
    here.set_main_option("script_location", str(Path(__file__).parent))
    here.attributes["connection"] = db
    try:
        if version is not None:
            ScriptDirectory.from_config(here).get_revision(version)
    except CommandError:
        raise SecretsError(
            f"a later release of Kiseki wrote this store (its tables are of version {version}); "
            "update Kiseki; nothing was changed"
        ) from None
    command.upgrade(here, "head")
