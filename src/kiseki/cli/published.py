"""`--documents` of commands that tell what published documents say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Folder"]

Folder = Annotated[
    Path | None,
    typer.Option(
        "--documents",
        help="A folder of published documents: runs, manifests, statements. What one says is told "
        "where the chain has its hash.",
    ),
]
