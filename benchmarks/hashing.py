"""Files hashed as `data.prepare` does it, each looked at before and after, so that one that
changes meanwhile is refused; beside it a bare loop of hashlib over the same files in as many
processes as there are cores, which looks at nothing. All files are in the system's cache. Of
small files, opening and closing costs more than SHA-256. Memory is the most that the process had,
less what it had before."""

import hashlib
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.process import best, megabytes
from benchmarks.rows import ROOT, Row
from kiseki.vault.files import hash_files

__all__ = ["ROWS", "measure"]

TITLE = "Hashing files"

_LARGE, _LARGE_SIZE = 8, 64 << 20
_SMALL, _SMALL_SIZE = 20_000, 4 << 10

ROWS = (
    Row("hashing 8 files of 64 MiB", "MB/s"),
    Row("hashing 8 files of 64 MiB, against bare SHA-256 on all cores", "times", 1.1),
    Row("hashing 20,000 files of 4 KiB", "files/s"),
    Row("hashing 20,000 files of 4 KiB, against bare SHA-256 on all cores", "times"),
    Row("hashing, memory", "MB", 64, "one of the large files is 67 MB"),
)


def measure() -> dict[str, float]:
    (ROOT / ".build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
        large = list(make(Path(folder, "large"), _LARGE, _LARGE_SIZE))
        small = list(make(Path(folder, "small"), _SMALL, _SMALL_SIZE))
        before = megabytes()  # the most until now, so that nothing that was given back hides ours
        with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
            ours_large, bare_large, ours_small, bare_small = best(
                lambda: hash_files(large),
                lambda: bare(pool, large),
                lambda: hash_files(small),
                lambda: bare(pool, small),
                clock=time.perf_counter,
            )
        memory = megabytes() - before
    values = (
        _LARGE * _LARGE_SIZE / ours_large / 1e6,
        ours_large / bare_large,
        _SMALL / ours_small,
        ours_small / bare_small,
        memory,
    )
    return {row.name: round(value, 2) for row, value in zip(ROWS, values, strict=True)}


def make(folder: Path, count: int, size: int) -> Iterator[Path]:
    """Files whose contents differ."""
    folder.mkdir()
    for number in range(count):
        path = folder / str(number)
        with path.open("wb") as file:
            for start in range(0, size, 1 << 20):
                file.write(secrets.token_bytes(min(size - start, 1 << 20)))
        yield path


def bare(pool: ProcessPoolExecutor, paths: list[Path]) -> list[bytes]:
    return list(pool.map(digest, paths, chunksize=max(1, len(paths) // 64)))


def digest(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").digest()
