"""QR codes, for cameras of phones."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup

__all__ = ["qr"]


def qr(text: str) -> Markup:
    """A QR code as SVG, in ink on paper whatever the page's colours are: cameras want that."""
    told = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        told, kind="svg", xmldecl=False, svgclass="code", lineclass=None, omitsize=True,
        light="#ffffff", dark="#000000",
    )  # fmt: skip
    return Markup(told.getvalue().decode())  # noqa: S704 - drawn here
