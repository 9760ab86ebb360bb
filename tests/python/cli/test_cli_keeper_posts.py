"""A keeper posts withdrawals as they come to be, each at least once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki
from kiseki.client.session import Session
from kiseki.client.withdrawals.outbox import Outbox
from kiseki.client.withdrawals.posting import Target
from kiseki.client.withdrawals.told import Told
from kiseki.client.withdrawals.withdrawals import Withdrawals
from kiseki.keeper import Duties, Keeper
from kiseki.vault.keystore import KeyStore

from ..conftest import ask
from .conftest import Shell
from .test_cli_withdrawal import ARTIST, ARTISTS, DEVELOPER, DEVELOPERS, Scene, Server


@pytest.fixture
def scene(shell: Shell) -> Scene:
    return Scene(shell)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_a_keeper_posts_what_comes_to_be(scene: Scene, shell: Shell, server: Server) -> None:
    """What one left, the next posts; what was posted, also by the command, is posted no more."""
    keep = ("keeper", "--once", "--no-execute", "--post", server.url, *DEVELOPER)
    assert shell.json(*keep)["metrics"]["done"] == {}
    shell.run("data", "revoke", scene.collection, *ARTIST)
    server.answers = [500, 200]
    said = shell.run(*keep)
    assert "1 withdrawal posted" in said and "was refused" in said and "secret" not in said
    again = shell.run(*keep)
    assert "1 withdrawal posted" in again and "post 1 time" in again
    assert shell.json(*keep)["metrics"]["done"] == {}
    assert shell.json("withdrawal", "post", server.url, *DEVELOPER)["delivered"] == []
    assert len({body["name"] for _, body in server.got}) == 2
    assert [body["model"] for _, body in server.got][-1] == scene.base
    refused = shell.run("keeper", "--once", "--post", "ftp://a.example", *DEVELOPER, code=2)
    assert "URL" in refused
    both = ("--developer", DEVELOPERS, "--provider", ARTISTS)
    assert "name one of them" in shell.run(*keep, *both, code=2)


def test_a_keeper_that_runs_on_reads_only_what_is_new(
    scene: Scene, shell: Shell, server: Server, k: LocalKiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not take a withdrawal is asked again after twice as many blocks."""
    mine = Kiseki(Session(k.session.node), k.account(2), KeyStore())
    asked: list[int] = []
    keeper = Keeper(mine, Duties(executes=False, posts=Outbox(
        mine.withdrawals, Target(server.url), "developer", mine.address,
        shell.folder / "posted.sqlite",
    )))  # fmt: skip
    whole = Withdrawals.all

    def all_(*given: Any) -> Iterator[Told]:
        found = list(whole(*given))
        asked.append(len(found))
        return iter(found)

    monkeypatch.setattr(Withdrawals, "all", all_)
    shell.run("data", "revoke-item", "artwork/0.svg", *ARTIST)
    server.answers = [500] * 6
    tries = []
    for _ in range(8):
        keeper.round()
        tries.append(len(server.paths))
        ask(k, "evm_mine")
    assert tries == [2, 4, 4, 6, 6, 6, 6, 8], "after 1, 2 and 4 blocks"
    shell.run("data", "revoke-item", "artwork/1.svg", *ARTIST)
    assert len(keeper.round().posted) == 2
    assert keeper.round().posted == ()
    assert asked == [2, *[0] * 7, 2, 0]
    assert keeper.metrics.done == {"post": 4}
