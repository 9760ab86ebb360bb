"""What a home keeps beside the key store, and what of it a backup leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kiseki.cli import context
from kiseki.client import settings
from kiseki.disk import texts

if TYPE_CHECKING:
    from kiseki.core.split import Split

__all__ = ["left_out", "write_split"]


def write_split(split: Split) -> Path:
    """Writes a split's file, beside the key store; where it is."""
    path = context.beside_secrets() / "splits" / split.filename
    texts.write(path, split.to_json(), folder=True)
    return path


def left_out() -> list[tuple[Path, str]]:
    """The files that are there and in no backup of the key store, each with what to do about it."""
    journal = context.journal_file()
    known = (
        (context.keystores().folder, "the wallets: copy these files, each has its own password"),
        (journal, "what is on its way from this machine: finish that before you move"),
        (journal.with_name("redirects"), "which redirects were signed here: copy the file"),
        (_index(), "what was read of chains: it is read again"),
        (
            settings.value("KISEKI_NETWORKS", context.given()),
            "networks of your own: copy the file, and keep it private if its URLs hold keys",
        ),
    )
    return [(path, why) for path, why in known if path is not None and _holds(path)]


def _index() -> Path | None:
    """The folder of the index; none where it is in a database."""
    where = settings.value("KISEKI_INDEX", context.given())
    return where if isinstance(where, Path) else None


def _holds(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.is_file()
