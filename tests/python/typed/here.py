"""Runs `kiseki` in the process of the test, which saves the forks and finds every import warm.

What a process of its own would start with is set up and put back afterwards: folder, environment,
streams and signals. Commands close what they open, so nothing of one is left for the next. The
tutorials, and whatever a test starts and does not wait for, are processes.
"""

import io
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

__all__ = ["Done", "kiseki"]


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def kiseki(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Done:
    """Runs a command line to its end, without a terminal."""
    from kiseki.cli import main

    code = 0
    with _standing(folder, environment), Path(os.devnull).open(encoding="utf-8") as nothing:
        before = sys.stdin, sys.stdout, sys.stderr
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in range(2))
        sys.stdin, sys.stdout, sys.stderr = nothing, out, err
        try:
            main(words)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
        except Exception:  # noqa: BLE001 - as a process ends that raised it
            traceback.print_exc()
            code = 1
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
    return Done(code, _read(out), _read(err))


def _read(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@contextmanager
def _standing(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """As a process that is started in the folder with the environment."""
    here, around = Path.cwd(), dict(os.environ)
    signals = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    os.chdir(folder)
    _set(environment)
    try:
        yield
    finally:
        _set(around)
        os.chdir(here)
        for each, handler in signals.items():
            signal.signal(each, handler)


def _set(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
