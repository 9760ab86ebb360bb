"""Getting from a vault is killed in its middle, at moments counted in bytes (invariant 11, and that
nothing half-written is taken for whole)."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kiseki import LocalKiseki
from kiseki.vault.age.keys import Identity

from .conftest import Shell
from .relays import Relay
from .test_cli_vault_handing import Studio
from .test_cli_vault_items import USE, WHO
from .test_cli_vault_lying import files

ALL = 1 << 62
PIECE = 1 << 16


class Relayed(Studio):
    """A vault that is reached through a relay, which counts bytes."""

    @contextmanager
    def relayed(self) -> Iterator[Relay]:
        server = self.shell.start("vault", "serve", "--port", "0", more=self.key)
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            assert "listens at" in line, line + server.stderr.read()
            port = int(line.partition("http://127.0.0.1:")[2].partition("/")[0])
            with closing(Relay(self.port, port)) as relay:
                yield relay
        finally:
            server.kill()
            server.communicate()

    @property
    def content(self) -> int:
        return sum(path.stat().st_size for path in self.files.iterdir())

    def ask(self, folder: str, *more: str) -> tuple[str, ...]:
        return ("vault", "get", self.url, self.collection, folder, *USE, *WHO, *more)

    def killed(self, relay: Relay, at: int, here: int, folder: str, *more: str) -> Path:
        """Gets into a folder, and is killed when so many bytes of answers went through, and so many
        of content are on the disk."""
        relay.hold_at(at)
        client = self.shell.start(*self.ask(folder, *more))
        assert relay.held.wait(300), client.communicate()
        path = self.shell.folder / folder
        until = time.monotonic() + 300
        while arrived(path) < here and time.monotonic() < until:
            time.sleep(0.01)
        client.kill()
        client.communicate()
        assert arrived(path) >= here
        relay.hold_at(ALL)
        return path


def arrived(folder: Path) -> int:
    """Bytes of content that are there, in parts or whole."""
    whole = sum((folder / name).stat().st_size for name in files(folder))
    parts = folder / ".kiseki-parts"
    return whole + sum(each.stat().st_size for each in parts.glob("*") if each.name != "lock")


def receipts(folder: Path) -> list[Path]:
    return sorted((folder / "kiseki-receipts").glob("*.json"))


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Relayed:
    made = Relayed(shell, k)
    made.license()
    return made


@pytest.fixture
def relay(studio: Relayed) -> Iterator[Relay]:
    with studio.relayed() as made:
        yield made


@pytest.fixture
def before(studio: Relayed, relay: Relay) -> int:
    """Bytes of answers before the first one of content, about."""
    relay.hold_at(ALL)
    studio.shell.run(*studio.ask("whole"))
    return relay.passed - studio.content


def must_be_whole(studio: Relayed, folder: Path) -> None:
    assert files(folder) == {path.name for path in studio.files.iterdir()}
    for path in studio.files.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes()
    assert not (folder / ".kiseki-parts").exists()


def forget_hand_outs(studio: Relayed) -> None:
    """As a keeper who ends them."""
    with closing(sqlite3.connect(studio.shell.folder / "home/.kiseki/secrets")) as db, db:
        db.execute("DELETE FROM handed")
        db.execute("DELETE FROM handout")


def test_killed_at_any_byte_it_goes_on_and_nothing_half_is_taken_for_whole(
    studio: Relayed, relay: Relay, before: int
) -> None:
    moments = [1, before // 3, before * 2 // 3, *(
        before + studio.content * part // 6 for part in range(1, 6)
    )]  # fmt: skip
    for number, at in enumerate(moments):
        least = max(0, at - before - PIECE - 4_096)
        folder = studio.killed(relay, at, least, f"killed-{number}")
        for name in files(folder):
            assert (folder / name).read_bytes() == (studio.files / name).read_bytes()
        kept, here = receipts(folder), arrived(folder)
        told = studio.shell.json(*studio.ask(folder.name))
        # It goes on in the same hand-out where that was kept, and with ranges.
        assert told["size"] == studio.content - here
        assert receipts(folder) == (kept or receipts(folder)[:1])
        must_be_whole(studio, folder)
    assert least > studio.content // 2, "the last ones were killed in the middle of a file"


def test_after_its_hand_out_ended_it_begins_another_one(
    studio: Relayed, relay: Relay, before: int
) -> None:
    """What arrived as it is counts on: it is checked by its hash, whatever hand-out it is of."""
    half = studio.content // 2
    folder = studio.killed(relay, before + half, half - PIECE - 4_096, "ended")
    here = arrived(folder)
    forget_hand_outs(studio)
    told = studio.shell.json(*studio.ask("ended"))
    assert told["size"] == studio.content - here
    assert len(receipts(folder)) == 2
    must_be_whole(studio, folder)
    # Over by the clock: the vault is not asked for it.
    for path in receipts(folder):
        document = json.loads(path.read_text())
        path.write_text(json.dumps(document | {"ends": 1}, separators=(",", ":")))
    (folder / "1.svg").unlink()
    assert studio.shell.json(*studio.ask("ended"))["new"] == 1
    assert len(receipts(folder)) == 3


def test_killed_while_it_comes_for_an_age_key_parts_of_two_hand_outs_are_not_mixed(
    studio: Relayed, relay: Relay, before: int
) -> None:
    mine = Identity.new()
    (studio.shell.folder / "key.txt").write_text(mine.text)
    to = ("--to", str(mine.recipient), "--identity", "key.txt")
    half = studio.content // 2
    for ends in (False, True):
        name = f"sealed-{ends}"
        folder = studio.killed(relay, before + half, half - PIECE - 16_384, name, *to)
        here = arrived(folder)
        if ends:
            forget_hand_outs(studio)
        told = studio.shell.json(*studio.ask(name, *to))
        assert (told["items"], told["proved"]) == (5, True)
        whole = sum((folder / each).stat().st_size for each in files(folder))
        done = sum(1 for each in told["files"].values()) - told["new"]
        assert told["size"] <= whole - (0 if ends else here) and done >= 0
        assert not (folder / ".kiseki-parts").exists()
        assert len(receipts(folder)) == 1 + ends


def test_killed_while_a_webdataset_is_made_no_shard_is_half(
    studio: Relayed, relay: Relay, before: int
) -> None:
    import tarfile

    half = studio.content // 2
    folder = studio.killed(relay, before + half, half - PIECE - 4_096, "shards", "--webdataset")
    assert files(folder) == set()
    here = arrived(folder)
    told: Any = studio.shell.json(*studio.ask("shards", "--webdataset"))
    assert (told["items"], told["size"]) == (5, studio.content - here)
    assert files(folder) == {"shard-000000.tar"}
    with tarfile.open(folder / "shard-000000.tar") as tar:
        assert len(tar.getmembers()) == 10
    assert not (folder / ".kiseki-parts").exists()
