"""Reading the list of a folder that was laid for a trainer (`kiseki.core.laid`)."""

from __future__ import annotations

from pathlib import Path

from kiseki.core.laid import FILE, Laid
from kiseki.disk import texts
from kiseki.errors import FilesError, InvalidInput

__all__ = ["read"]


def read(folder: str | Path) -> Laid:
    """What `kiseki training lay` laid in a folder.

    Raises:
        FilesError: nothing was laid there, or its list cannot be read.
        InvalidInput: the list is none.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        raise FilesError(f"{folder} was not laid by Kiseki: it holds no {FILE}")
    try:
        return Laid.from_json(texts.read(path))
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None
