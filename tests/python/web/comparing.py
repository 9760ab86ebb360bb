"""A plugin of pytest: whatever a test asks Python of a file's credentials, the script of the file
page is asked too, and must say the same. How often goes into the file that `COMPARED` names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from tests.python.web.script import running

from kiseki.core import credentials

_layout, _strip = credentials.layout, credentials.strip
_LARGE = 1 << 24


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session: pytest.Session) -> Iterator[None]:
    """Before the tests are imported, so that they import these."""
    script = session.config.stash[_KEY] = _Comparing()
    credentials.layout, credentials.strip = script.layout, script.strip
    yield


def pytest_sessionfinish(session: pytest.Session) -> None:
    script = session.config.stash[_KEY]
    script.close()
    Path(os.environ["COMPARED"]).write_text(str(script.count), "ascii")


class _Comparing:
    """Counts what was compared."""

    def __init__(self) -> None:
        self._run = running()
        self._script = self._run.__enter__()
        self._known: set[bytes] = set()
        self.count = 0

    def close(self) -> None:
        self._run.__exit__(None, None, None)

    def _compare(self, data: bytes) -> None:
        if data not in self._known:
            self._known.add(data)
            self._script.must_agree(data, _layout, _strip)
            self.count += 1

    def strip(self, data: bytes) -> bytes:
        self._compare(data)
        return _strip(data)

    def layout(self, file: BinaryIO) -> credentials.Layout:
        if file.seek(0, 2) <= _LARGE:
            file.seek(0)
            self._compare(file.read())
        return _layout(file)


_KEY = pytest.StashKey[_Comparing]()
