"""The drawings as pixels: the npm package `openmoji`, 4,495 of them by 121 named artists."""

from __future__ import annotations

import io
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image

from kiseki.sandbox.drawings import NOTICE, Drawing, load

__all__ = ["NOTICE", "Drawing", "Pixels", "load", "rasterise", "rasterise_files"]

Pixels = NDArray[np.uint8]
Progress = Callable[[int, int], None]

_CHUNK = 64
"""Drawings per task: small enough for a smooth progress bar, large enough to cost no overhead."""


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
    return rasterise_files([d.path for d in drawings], size, progress=progress, workers=workers)


def rasterise_files(
    files: Sequence[Path],
    size: int,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Pixels:
    """Files of drawings, as `rasterise` does."""
    paths = [str(each) for each in files]
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
