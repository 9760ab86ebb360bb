"""A follower that is killed at any moment goes on as if nothing had been (kill -9; invariant 9).

`tests/python/index/test_store_kills.py` kills the store alone, over worlds that are made up.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.python.moments import MOMENTS

from kiseki import LocalKiseki
from kiseki.chain.history import history
from kiseki.chain.logs import head
from kiseki.chain.node import Node, connect
from kiseki.core.event import Event
from kiseki.index import Index
from kiseki.index.store.database import Store
from kiseki.sync.follower import Follower
from kiseki.sync.places import Place

from ..conftest import ask
from .acts import act

LEAST = 12
"""Kills at each kind of moment; 100 in all."""


@dataclass
class Scene:
    """A chain that was reorganised, and indexes of different moments of its life.

    Attributes:
        starts: folders of indexes as they were left, by a name.
        events: everything logged, by the branch.
        blocks: of the first branch, the hash of each block by its number.
    """

    k: LocalKiseki
    folder: Path
    starts: dict[str, Path] = field(default_factory=dict)
    events: dict[str, list[Event]] = field(default_factory=dict)
    blocks: dict[int, str] = field(default_factory=dict)
    clean: dict[tuple[str, int], bytes] = field(default_factory=dict)

    def follower(self, node: Node, where: Path | None) -> Follower:
        session = self.k.session
        return Follower(node, session.deployment, session._decoder, Place(where))

    def leave(self, name: str) -> None:
        """An index that was read until now, and closed."""
        where = self.folder / name
        self.follower(self.k.session.node, where).index().close()
        self.starts[name] = where

    def remember(self, branch: str) -> None:
        """What was logged until now."""
        session = self.k.session
        addresses = [each.address for each in session.deployment.contracts]
        last = head(session.node).number
        self.events[branch] = [
            event
            for part in history(session.node, session.deployment.block, last, addresses)
            for event in session._decoder.decode(part.logs, part.times)
        ]
        if branch == "undone":
            follower = self.follower(session.node, None)
            self.blocks = {
                number: each.hex() for number, each in follower.index().block_hashes().items()
            }

    def read_cleanly(self, index: Index) -> bytes:
        """The digest of an index that reads as far as this one, and nothing else."""
        cursor = index.cursor
        undone = self.blocks.get(cursor.block) == cursor.hash
        branch = "undone" if undone else "now"
        if (branch, cursor.block) not in self.clean:
            contracts = [(each.name, each.address) for each in self.k.session.deployment.contracts]
            whole = Index(contracts)
            whole.apply(each for each in self.events[branch] if each.block <= cursor.block)
            self.clean[branch, cursor.block] = whole.digest()
            whole.close()
        return self.clean[branch, cursor.block]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Some of what there is was read in a wide range, some block by block, some will be undone."""
    with LocalKiseki.local(5) as k:
        made = Scene(k, tmp_path_factory.mktemp("kills"))

        def folder(name: str, files: Mapping[str, bytes]) -> Path:
            place = made.folder / "works" / name
            place.mkdir(parents=True)
            for each, content in files.items():
                (place / each).write_bytes(content)
            return place

        (made.folder / "nothing").mkdir()
        made.starts["nothing"] = made.folder / "nothing"
        act(k, folder, "before", 1)
        made.leave("early")
        ask(k, "anvil_mine", hex(70))
        act(k, folder, "kept", 3)
        made.leave("late")
        snapshot = ask(k, "evm_snapshot")
        act(k, folder, "undone", 2)
        made.leave("undone")
        act(k, folder, "also undone", 1)
        made.leave("also undone")
        made.remember("undone")
        ask(k, "evm_revert", snapshot)
        act(k, folder, "after", 1)
        ask(k, "anvil_mine", hex(9))
        act(k, folder, "at last", 4)
        made.remember("now")
        yield made


def die_at(moment: str, after: int, log: Path) -> None:
    """Makes this process kill itself at the next such moment but some, and note that before."""
    left, within = [after], [moment != "in an undo"]

    def or_die(real: Callable[..., Any]) -> Callable[..., Any]:
        def called(store: Store, *given: Any) -> Any:
            left[0] -= within[0]
            if left[0] < 0:
                with log.open("a") as told:
                    told.write(f"{moment}, {after} calls later\n")
                os.kill(os.getpid(), signal.SIGKILL)
            return real(store, *given)

        return called

    def undo(index: Index, block: int, real: Callable[..., bool] = Index.undo) -> bool:
        within[0] = True
        try:
            return real(index, block)
        finally:
            within[0] = False

    for name in MOMENTS[moment]:
        setattr(Store, name, or_die(getattr(Store, name)))
    if moment == "in an undo":
        Index.undo = undo  # type: ignore[assignment, method-assign]


def is_killed(scene: Scene, where: Path, moment: str, after: int, log: Path) -> bool:
    """Follows the chain in a process of its own; whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            node = connect(scene.k.url)
            die_at(moment, after, log)
            scene.follower(node, where).index()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def moments() -> Iterator[tuple[str, str, int]]:
    """From where, at which kind of moment, after how many. All there are, but of writes some."""
    for start in ("nothing", "early", "late", "undone", "also undone"):
        for moment in MOMENTS:
            if moment == "in an undo" and "undone" not in start:
                continue
            step = {"in the transaction": 11, "in an undo": 4}.get(moment, 1)
            for number in range(9):
                yield start, moment, number * step


def test_killed_at_any_moment_a_follower_goes_on(scene: Scene, tmp_path: Path) -> None:
    """Takes over 10 seconds: over 100 processes, each of which is killed and looked at twice."""
    log, killed = tmp_path / "killed", Counter[str]()
    truth = scene.follower(scene.k.session.node, None).index().digest()
    over: set[tuple[str, str]] = set()
    for start, moment, after in moments():
        if (start, moment) in over:
            continue
        where = tmp_path / f"{start} {moment} {after}"
        shutil.copytree(scene.starts[start], where)
        if not is_killed(scene, where, moment, after, log):
            over.add((start, moment))  # it was done before
        else:
            killed[moment] += 1
            told = f"{start}, {moment}, {after} calls later"
            follower = scene.follower(scene.k.session.node, where)
            left = follower.opened()
            assert left.digest() == scene.read_cleanly(left), told
            assert follower.index().digest() == truth, told
            left.close()
        shutil.rmtree(where)
    assert min(killed[moment] for moment in MOMENTS) >= LEAST, killed
    assert len(log.read_text().splitlines()) == killed.total() >= 100, killed
