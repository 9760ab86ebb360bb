"""Pictures of outputs that whoever runs a site shows to everybody: files in one folder, each beside
the output that it is. Which output a file is, its own bytes say; works that were given for training
have a salt, so none of them is found that way.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from kiseki.core import ids
from kiseki.core.values import ZERO32, from_hex
from kiseki.errors import FilesError, NotInIndex
from kiseki.vault.files import hash_outputs
from kiseki.web.asked import Asked
from kiseki.web.previews import LARGE, SMALL, preview

__all__ = ["Gallery", "gallery"]

_KEPT = 512
"""Pictures that are kept as they were drawn; each is some ten thousand bytes."""
_YEAR = {"Cache-Control": "public, max-age=31536000, immutable"}

gallery = APIRouter(include_in_schema=False)


class Gallery:
    """The files of a folder, by the commitments that outputs have.

    Args:
        folder: read once, with all folders in it; none has nothing.

    Raises:
        FilesError: a file cannot be read.
    """

    def __init__(self, folder: Path | None = None) -> None:
        paths = [] if folder is None else sorted(p for p in folder.rglob("*") if p.is_file())
        self._paths = {
            ids.commitment(digest, ZERO32): path
            for path, file in zip(paths, hash_outputs(paths), strict=True)
            for digest in (file.digest, file.whole)
        }
        told = b"".join(sorted(self._paths))
        self.mark = hashlib.sha256(told).hexdigest()[:8] if told else ""
        """The same only while the pictures are the same."""
        self._drawn: OrderedDict[tuple[bytes, int], bytes] = OrderedDict()
        self._one = threading.Lock()  # drawing takes no more than one processor

    def __contains__(self, commitment: str) -> bool:
        """Whether the picture with a commitment, as 0x text, is here."""
        return bytes.fromhex(commitment[2:]) in self._paths

    def picture(self, commitment: bytes, pixels: int) -> bytes:
        """A WebP of it.

        Raises:
            NotInIndex: it is not here, or is no picture that can be shown.
        """
        path = self._paths.get(commitment)
        if path is None:
            raise NotInIndex("there is no such drawing")
        with self._one:
            key = commitment, pixels
            told = self._drawn.get(key)
            if told is None:
                try:
                    told = preview(path, pixels)
                except FilesError as error:
                    raise NotInIndex(f"this drawing cannot be shown here: {error}") from error
                self._drawn[key] = told
                if len(self._drawn) > _KEPT:
                    self._drawn.popitem(last=False)
            self._drawn.move_to_end(key)
            return told


@gallery.get("/picture/{commitment}")
def shown(
    visit: Annotated[Asked, Depends(Asked.of)], commitment: str, large: bool = False
) -> Response:
    """A small picture of an output that somebody registered; 404 where this site has none."""
    key = from_hex(commitment, 32, "the commitment")
    found: Gallery = visit.request.app.state.gallery
    with visit.site.reading() as index:
        if not index.find(key, most=1, kind="batch"):
            raise NotInIndex("there is no such drawing")
    told = found.picture(key, LARGE if large else SMALL)
    return Response(told, media_type="image/webp", headers=_YEAR)
