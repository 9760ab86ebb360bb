"""All of it together: built once, gone on with afterwards."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kiseki.chain.node import connect
from kiseki.chain.release import deploying
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import WatchOnly, local_account, signer_of
from kiseki.chain.signing.signer import Signer
from kiseki.client.kiseki import Kiseki
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.sandbox import chain
from kiseki.sandbox.drawings import NOTICE, drawn, find, load
from kiseki.sandbox.place import Place
from kiseki.sandbox.world import BEGAN, PAYER, STUDIO, Progress, World
from kiseki.web.people import Sandbox

__all__ = ["Running", "opened", "where"]


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox while it runs.

    Attributes:
        url: of its node.
        told: what is in it.
        watching: makes a connection to its chain, for pages.
        acting: makes one with the studio's wallet.
        paying: makes one with the wallet that pays gas for others.
    """

    url: str
    told: Sandbox
    watching: Callable[[], Kiseki]
    acting: Callable[[], Kiseki]
    paying: Callable[[], Kiseki]


def where() -> Place:
    """The one sandbox of whoever asks."""
    return Place(Path.home() / ".kiseki" / "sandbox")


def package(place: Place) -> Path | None:
    """Where OpenMoji's drawings are; none where they are nowhere."""
    return find(place.folder.parent, Path.cwd())


@contextlib.contextmanager
def opened(place: Place, progress: Progress = lambda *_: None) -> Iterator[Running]:
    """Runs the sandbox while the block runs: one that is there goes on as it was left, else it is
    built. For who holds the place.

    Args:
        progress: called with steps done and all, while it is built.

    Raises:
        ChainError: its chain cannot be run.
        FilesError: another version of Kiseki made it, or a file cannot be written.
    """
    told = place.read()
    if told is None:
        place.empty()
    # A chain that was killed may be older than what was read of it, so it is read again.
    shutil.rmtree(place.index, ignore_errors=True)
    with chain.running(place.state, began=int(time.time()) - BEGAN) as url:
        if told is None:
            told = _build(place, url, progress)
        place.settings(url)
        studio, payer = signer_of(local_account(STUDIO)), signer_of(local_account(PAYER))
        yield Running(
            url, told,
            lambda: _connected(place, url, WatchOnly(ZERO_ADDRESS)),
            lambda: _connected(place, url, studio),
            lambda: _connected(place, url, payer),
        )  # fmt: skip


def _build(place: Place, url: str, progress: Progress) -> Sandbox:
    """Registers everything on a new chain, and keeps it."""
    openmoji = package(place)
    place.work.mkdir()
    drawings = load(openmoji) if openmoji else drawn(place.work / "marks")
    studio = signer_of(local_account(0))
    deploying.deploy(Sender(connect(url, chain.CHAIN), studio), place.deployments)
    with _connected(place, url, studio) as k:
        world = World(k, drawings, place.work, progress)
        batch, people = world.build()
    artists = len({drawing.author for drawing in drawings})
    notice = NOTICE if openmoji else ""
    told = Sandbox(len(drawings), artists, notice, to_hex(batch), people, world.names)
    place.write(told)
    chain.save(url, place.state)  # last: what has a state is whole
    return told


def _connected(place: Place, url: str, who: Signer) -> Kiseki:
    return Kiseki.connect(
        url, who, chain_id=chain.CHAIN, secrets=place.secrets, journal=place.journal,
        index=place.index, deployments=place.deployments, allow_old=isinstance(who, WatchOnly),
    )  # fmt: skip
