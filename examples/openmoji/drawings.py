"""The drawings: the npm package `openmoji`, 4,495 of them by 121 named artists."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

NOTICE = "OpenMoji, CC BY-SA 4.0, https://openmoji.org"

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]

_CHUNK = 64
"""Drawings per task: small enough for a smooth progress bar, large enough to cost no overhead."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawing, as its package describes it. `author` is exactly what the package says."""

    hexcode: str
    annotation: str
    author: str
    date: date
    path: Path
    skintone: bool
    """One of the five skin-tone variants of another drawing."""
    notice: str = NOTICE

    def content(self) -> bytes:
        """The file itself: what is hashed, and what never leaves this machine."""
        return self.path.read_bytes()


def load(folder: Path) -> list[Drawing]:
    """All drawings of the package in `folder`, in the package's own order.

    Nothing is corrected: "Laura Dworatschek" and "Laudra Dworatschek", and two spellings of one
    name in different Unicode forms, are different names here because only the people themselves
    could say that they are not. Different names may hold identical files (110 pairs do).

    Raises FileNotFoundError when the package or one of its drawings is not there.
    """
    index = folder / "data" / "openmoji.json"
    if not index.is_file():
        raise FileNotFoundError(
            f"{index} is not there: install the npm package openmoji (npm ci) and give its folder"
        )
    drawings = [
        Drawing(
            hexcode=row["hexcode"],
            annotation=row["annotation"],
            author=row["openmoji_author"],
            date=date.fromisoformat(row["openmoji_date"]),
            path=folder / "color" / "svg" / f"{row['hexcode']}.svg",
            skintone=bool(row["skintone"]),
        )
        for row in json.loads(index.read_text(encoding="utf-8"))
    ]
    missing = [d.hexcode for d in drawings if not d.path.is_file()]
    if missing:
        raise FileNotFoundError(
            f"{len(missing)} drawings that {index} lists have no file, the first is {missing[0]}"
        )
    return drawings


def rasterise(
    drawings: Sequence[Drawing],
    size: int,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Pixels:
    """The drawings on white as an array (drawing, row, column, RGB), without anti-aliasing.

    Edges are hard, so that every pixel has one of the drawing's own flat colours. The same
    drawings give the same array however many `workers` (default: one a core) share the work.
    `progress(done, all)` is called in this process as the work goes on.
    """
    paths = [str(d.path) for d in drawings]
    chunks = [paths[i : i + _CHUNK] for i in range(0, len(paths), _CHUNK)]
    pixels = np.empty((len(paths), size, size, 3), np.uint8)
    workers = min(workers or os.cpu_count() or 1, len(chunks))
    render = partial(_render, size=size)

    def fill(results: Callable[..., object]) -> None:
        done = 0
        for part in results(render, chunks):  # type: ignore[attr-defined]
            pixels[done : done + len(part)] = part
            done += len(part)
            if progress:
                progress(done, len(paths))

    if workers <= 1:
        fill(map)
        return pixels
    # resvg holds the interpreter's lock, so threads do not help. Spawned, not forked: the caller
    # may have threads.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_with_parent)
    try:
        fill(pool.map)
    finally:
        pool.shutdown(cancel_futures=True)
    return pixels


def _render(paths: Sequence[str], size: int) -> Pixels:
    part = np.empty((len(paths), size, size, 3), np.uint8)
    for i, path in enumerate(paths):
        png = resvg_py.svg_to_bytes(
            svg_path=path,
            background="#ffffff",
            width=size,
            height=size,
            shape_rendering="crisp_edges",
            skip_system_fonts=True,
        )
        part[i] = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    return part


def _leave_with_parent() -> None:
    """Ctrl-C is the parent's to handle; a worker whose parent is gone goes too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
