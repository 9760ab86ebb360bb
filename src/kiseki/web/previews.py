"""Small pictures of drawings, drawn anew: no byte of a file reaches a browser as it is, so nothing
that hides in one runs there, and no original leaves the studio."""

from __future__ import annotations

import io
import re
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from kiseki.errors import FilesError

__all__ = ["LARGE", "SMALL", "preview"]

SMALL, LARGE = 480, 1_600
"""Pixels of the longer side: among others, and alone."""

_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PSD", "TIFF", "WEBP")
_MOST_PIXELS = 200_000_000
_MOST_BYTES = 20_000_000  # of an SVG
_ELSEWHERE = re.compile(rb"<!entity|<image|<feimage|@import|url\(\s*['\"]?(?!#)", re.IGNORECASE)
"""What could make a drawing of a file that is not in it."""


def preview(path: Path, pixels: int) -> bytes:
    """A WebP of a drawing; of several pages or frames the first.

    Args:
        pixels: of the longer side, at most.

    Raises:
        FilesError: it cannot be read, or is no picture that can be shown.
    """
    try:
        picture = _drawn(path, pixels) if path.suffix.lower() == ".svg" else _read(path, pixels)
        picture.thumbnail((pixels, pixels))
        told = io.BytesIO()
        picture.save(told, "WEBP", quality=85)
        return told.getvalue()
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, MemoryError) as error:
        raise FilesError(f"{path.name} cannot be shown ({type(error).__name__})") from error


def _read(path: Path, pixels: int) -> Image.Image:
    with Image.open(path, formats=_FORMATS) as found:
        if found.width * found.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        found.draft("RGB", (pixels, pixels))
        return _plain(ImageOps.exif_transpose(found))


def _plain(picture: Image.Image) -> Image.Image:
    """On white, as a drawing on paper: many are ink on nothing."""
    clear = picture.convert("RGBA")
    paper = Image.new("RGB", clear.size, "white")
    paper.paste(clear, mask=clear.getchannel("A"))
    return paper


def _drawn(path: Path, pixels: int) -> Image.Image:
    import resvg_py

    with path.open("rb") as file:
        text = file.read(_MOST_BYTES + 1)
    if len(text) > _MOST_BYTES or _ELSEWHERE.search(text):
        raise ValueError("a drawing that is made of other files")
    made = resvg_py.svg_to_bytes(
        svg_string=text.decode("utf-8"), background="white", skip_system_fonts=True, width=pixels
    )
    with Image.open(io.BytesIO(bytes(made)), formats=("PNG",)) as found:
        return found.convert("RGB")
