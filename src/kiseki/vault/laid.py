"""Reading the list of a folder that was laid for a trainer (`kiseki.core.laid`).

While it is laid or cleared the folder lies aside, under a hidden name that no trainer reads.
"""

from __future__ import annotations

import os
from pathlib import Path

from kiseki.core.laid import FILE, Laid
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput

__all__ = ["PART", "aside", "half_laid", "read"]

PART = (
    "was laid in part, because laying it was interrupted; lay it again (kiseki training lay) and "
    "train on all of it"
)
"""What is wrong with a folder whose list says that not all is there."""


def aside(folder: str | Path) -> Path:
    """Where a folder lies while it is laid or cleared: beside itself, so on the same disk."""
    real = Path(os.path.realpath(folder))
    return real.with_name(f".{real.name}.laying") if real.name else real / ".laying"


def half_laid(folder: str | Path) -> str:
    """That laying or clearing a folder was interrupted, or goes on, in words; empty where not."""
    if (Path(folder) / FILE).is_file() or not (aside(folder) / FILE).is_file():
        return ""
    return (
        f"{folder} is half-laid: laying or clearing it was interrupted, or goes on now, and what "
        f"is there lies in {aside(folder)}. Lay it again (kiseki training lay) and train on all of "
        "it, or take it away (kiseki training clear)"
    )


def read(folder: str | Path) -> Laid:
    """What `kiseki training lay` laid in a folder.

    Raises:
        FilesError: nothing was laid there, it lies aside, or its list cannot be read.
        InvalidInput: the list is none.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise FilesError(
            half_laid(folder) or f"{folder} was not laid by Kiseki: it holds no {FILE}"
        )
    try:
        return Laid.from_json(texts.read(path))
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None
