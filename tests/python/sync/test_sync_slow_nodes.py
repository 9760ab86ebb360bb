"""A node that lets a reader wait keeps nobody else from the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from kiseki import LocalKiseki
from kiseki.chain.node import connect
from kiseki.sync import follower
from kiseki.sync.places import Place

from ..conftest import ask
from ..front import front, place
from .acts import STRANGER


@pytest.fixture(scope="module")
def k() -> Iterator[LocalKiseki]:
    with LocalKiseki.local(2) as k:
        for amount in (1, 2):
            k.revenue.pay(STRANGER, amount)
            ask(k, "anvil_mine", hex(80))
        yield k


class Slow:
    """Answers two requests for logs, and the next once it is told to."""

    def __init__(self) -> None:
        self.asked, self.hangs, self.goes_on = 0, Event(), Event()

    def __call__(self, _: int, asked: Any) -> None:
        if "eth_getLogs" in json.dumps(asked):
            self.asked += 1
            if self.asked > 2:
                self.hangs.set()
                assert self.goes_on.wait(60.0)


def reader(k: LocalKiseki, url: str, where: Path) -> follower.Follower:
    session = k.session
    return follower.Follower(connect(url), session.deployment, session._decoder, Place(where))


def test_what_was_read_is_kept_while_a_node_hangs(
    k: LocalKiseki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "_FIRST", 16)
    monkeypatch.setattr(follower, "_PATIENCE", 0.1)
    monkeypatch.setattr("kiseki.disk.database._SECONDS", 5.0)  # that a writer waits
    slow = Slow()
    with front(k.url, slow) as node, ThreadPoolExecutor(1) as threads:
        hung, free = reader(k, place(node), tmp_path), reader(k, k.url, tmp_path)
        free.opened()
        read = threads.submit(hung.index)
        try:
            assert slow.hangs.wait(60.0)
            index = free.index()  # all of it: the other left off, and wrote what it had
            assert index.cursor.block > 150
        finally:
            slow.goes_on.set()
        assert read.result().digest() == index.digest()
    for each in (hung, free):
        each.close()
