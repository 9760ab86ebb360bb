"""The studio's vault: all drawings lie in it, encrypted, and it answers over HTTP.

It lies in a temporary folder and ends with the demo, like the chain.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from examples.openmoji.steps import Progress
from examples.openmoji.world import World
from kiseki import Kiseki
from kiseki.client.vault.asking import OnChain
from kiseki.client.vault.signing import signed_by
from kiseki.vault import sealed
from kiseki.vault.keys.epochs import RECOVERY, SECOND, VAULT, Holder
from kiseki.vault.keys.services import InFile
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.adding import Item
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.sources import Part
from kiseki.vault.setup import Setup, origin_of
from kiseki.vault.vault import Vault, begin
from kiseki.web.vault.app import application
from kiseki.web.vault.serve import desk_of

__all__ = ["Keeping", "item", "keep", "made", "serving"]


@dataclass(frozen=True, slots=True)
class Keeping:
    """A vault, and what belongs to it.

    Attributes:
        vault: it is open.
        listening: where it is reached.
        folder: where it lies, for as long as the demo runs.
    """

    vault: Vault
    listening: socket.socket
    folder: Path


@contextlib.contextmanager
def made() -> Iterator[Keeping]:
    """A new vault, which three keys open."""
    with (
        tempfile.TemporaryDirectory(prefix="kiseki-vault-") as place,
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        folder = Path(place)
        recipients = {
            role: sealed.new_identity(folder / f"{role}.key") for role in (VAULT, SECOND, RECOVERY)
        }
        key = InFile(folder / f"{VAULT}.key")
        holders = [Holder(recipient, role) for role, recipient in recipients.items()]
        domain = f"localhost:{listening.getsockname()[1]}"
        with KeyStore(folder / "secrets", key) as keys:
            begin(keys, key, holders, Setup(str(folder / "objects"), domain), int(time.time()))
            yield Keeping(Vault(keys, key), listening, folder)


def keep(world: World, kept: Keeping, progress: Progress) -> None:
    """Encrypts the drawings of every artist into the vault."""

    def contents() -> Iterator[tuple[str, Iterator[Item]]]:
        for done, (name, artist) in enumerate(world.artists.items(), 1):
            yield artist.address, (item(each.path) for each in world.by_artist[name])
            progress(done, len(world.artists))

    kept.vault.add_each(contents())


def item(path: Path) -> Item:
    """A file as the vault takes it."""
    content = path.read_bytes()
    part = Part(str(path), 0, len(content))
    return Item(part, hashlib.sha256(content).digest(), Called(path.name))


@contextlib.contextmanager
def serving(k: Kiseki, kept: Keeping) -> Iterator[str]:
    """Lets the vault answer while the block runs; its URL. Its clock is that of the chain, which
    the demo has set forward."""
    session = k.session
    desk = desk_of(
        kept.vault, OnChain(session, 1), signed_by(session.node), session.chain_id,
        clock=session.now,
    )  # fmt: skip
    config = uvicorn.Config(application(desk), log_level="warning", access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([kept.listening],))
    thread.start()
    try:
        yield origin_of(kept.vault.setup.domain)
    finally:
        server.should_exit = True
        thread.join()
