"""A vault serves, and a licensee gets its content: from the first command to the checked file.

Promise 6 and invariant 11, with a real chain, a real server and real wallets.
"""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account

from .conftest import Shell

STUDIO, ARTIST, STUDENT, STRANGER = (local_account(n).address for n in (0, 1, 2, 5))


class Studio:
    """A vault with the artist's drawings, behind the market's gate."""

    def __init__(self, shell: Shell, k: LocalKiseki) -> None:
        self.shell = shell
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.files = shell.files("art", 4)
        (self.files / "film.bin").write_bytes(b"frame" * 100_000)
        shell.run("vault", "init", "--domain", f"localhost:{self.port}")
        self.key = {"KISEKI_VAULT_IDENTITY": str(shell.folder / "home/.kiseki/vault.identity")}
        done = shell.json(
            "data", "register", "art", "--uses", "train", "--royalty", "0%", "--gate", "market",
            "--vault", "--account", "test:1", more=self.key,
        )  # fmt: skip
        self.collection = done["collections"][0]["collection"]

    @contextmanager
    def serving(self) -> Iterator[None]:
        server = self.shell.start("vault", "serve", more=self.key)
        try:
            assert server.stderr is not None
            line = server.stderr.readline()
            assert "listens at" in line, line + server.stderr.read()
            yield
        finally:
            server.send_signal(signal.SIGINT)
            assert server.wait(timeout=600) in (0, 130)
            server.stdout and server.stdout.close()
            server.stderr and server.stderr.close()

    def license(self) -> None:
        offer = self.shell.json(
            "market", "offer", "collection", self.collection, "0.1", "--uses",
            "ai_generative_training", "--lasts", "30d", "--account", "test:1", more=self.key,
        )  # fmt: skip
        self.shell.run("market", "buy", offer["offer"], "--account", "test:2", more=self.key)

    def get(self, who: int, folder: str, code: int = 0) -> str:
        """What somebody with a key store of their own is told."""
        return self.shell.run(
            "vault", "get", self.url, self.collection, folder, "--use", "ai_generative_training",
            "--account", f"test:{who}", "--secrets", f"their-{who}", code=code,
        )  # fmt: skip


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Studio:
    return Studio(shell, k)


def test_who_is_licensed_gets_the_content_and_nobody_else(studio: Studio) -> None:
    shell = studio.shell
    with studio.serving():
        said = studio.get(2, "got", code=1)
        assert "this vault has nothing for you under this ID for this use now" in said
        assert not (shell.folder / "got").exists() or not list((shell.folder / "got").iterdir())
        studio.license()
        said = " ".join(studio.get(2, "got").split())
        assert "The vault keeps a receipt of each for good." in said
        assert "5 files in got, 5 of them new" in said
        for path in studio.files.iterdir():
            assert (shell.folder / "got" / path.name).read_bytes() == path.read_bytes()
        assert "this vault has nothing for you" in studio.get(5, "stolen", code=1)
        (told,) = (shell.folder / "got" / "kiseki-receipts").glob("*.json")
        document = json.loads(told.read_text())
        receipt = json.loads(document["items"][0]["receipt"])
        assert receipt["caller"] == STUDENT.lower()
        assert receipt["because"] == "licence"
        assert told.stat().st_mode & 0o777 == 0o600

        with urllib.request.urlopen(f"{studio.url}/vault/", timeout=60) as page:
            assert "text/html" in page.headers["content-type"]

        # Once more: the same hand-out goes on, and nothing is fetched twice.
        (shell.folder / "got" / "1.svg").unlink()
        said = studio.get(2, "got")
        assert "5 files in got, 1 of them new" in " ".join(said.split())
        assert len(list((shell.folder / "got" / "kiseki-receipts").glob("*.json"))) == 1
    # What was got is known by its content in the licensee's own key store.
    found = shell.json("data", "find", "got/1.svg", "--secrets", "their-2", "--account", "test:2")
    assert found[0]["places"][0]["collection"] == studio.collection


def test_open_terms_give_content_only_where_the_keeper_opened_the_collection(
    shell: Shell, k: LocalKiseki
) -> None:
    studio = Studio(shell, k)
    done = shell.json(
        "data", "register", "art", "--uses", "train", "--royalty", "0%", "--vault",
        "--account", "test:1", more=studio.key,
    )  # fmt: skip
    studio.collection = done["collections"][0]["collection"]
    with studio.serving():
        assert "nothing for you" in studio.get(5, "free", code=1)
        shell.run("vault", "open", studio.collection, more=studio.key)
        assert "5 files in free" in " ".join(studio.get(5, "free").split())
        shell.run("vault", "close", studio.collection, more=studio.key)
        assert "nothing for you" in studio.get(5, "again", code=1)


def test_the_keeper_reads_an_item(studio: Studio) -> None:
    shell = studio.shell
    items = shell.json("data", "show", studio.collection, "--items", more=studio.key)["items"]
    named = {each["names"][0]: each["id"] for each in items}
    shell.run("vault", "read", named["2.svg"], "mine.svg", more=studio.key)
    assert (shell.folder / "mine.svg").read_text() == "art 2"
    assert "is not in this vault" in shell.run(
        "vault", "read", "0x" + "11" * 32, "none", more=studio.key, code=2
    )


def test_a_provider_looks_at_the_log_and_cosigns_and_the_keeper_states_it(studio: Studio) -> None:
    """Each that has looked notices what is altered; the day's heads are on the chain."""
    shell, mine = studio.shell, ("--account", "test:1", "--secrets", "artist/secrets")
    said = shell.run("vault", "anchor", more=studio.key)
    assert "Nothing was handed out yet" in said
    with studio.serving():
        first = shell.json("vault", "witness", studio.url, *mine)
        assert [(each["size"], each["verdict"]) for each in first] == [(0, "consistent")]
        studio.license()
        studio.get(2, "got")
        said = shell.run("vault", "witness", studio.url, "--register", *mine)
        assert "cosigns the log of" in said
        looked = shell.json("vault", "witness", studio.url, *mine)
        assert [(each["size"], each["verdict"]) for each in looked] == [(5, "consistent")]
        note = urllib.request.urlopen(
            f"{studio.url}/vault/log/{ARTIST.lower()}/checkpoint", timeout=60
        ).read()
        assert b"\n\xe2\x80\x94 kiseki-witness/" in note, "the vault shows who saw it"
        said = shell.run("vault", "anchor", more=studio.key)
        assert "its hash is on the chain" in said
        again = shell.run("vault", "anchor", more=studio.key)
        assert "its hash is on the chain" in again
    (stated,) = [
        each for each in shell.json(
            "statements", "show", "wallet", local_account(0).address, more=studio.key)
        if each["sort"] == "heads"
    ]  # fmt: skip
    assert stated


def test_a_receiver_confirms_that_the_receipts_are_in_what_the_vault_stated(
    studio: Studio,
) -> None:
    """Served, licensed, handed out, stated, confirmed; and a vault that forgets is convicted by a
    file that the receiver keeps. Promise 6."""
    shell, as_student = studio.shell, ("--account", "test:2", "--secrets", "their-2")
    studio.license()
    with studio.serving():
        studio.get(2, "got")
        (waits,) = shell.json("vault", "confirm", "got", *as_student)
        assert (waits["verdict"], waits["file"]) == ("not anchored yet", None)
        shell.run("vault", "anchor", more=studio.key)
        said = " ".join(shell.run("vault", "confirm", "got", *as_student).split())
        assert "contained in the anchor of 20" in said
        assert "The chain was read up to 20" in said
        (done,) = shell.json("vault", "confirm", "got", *as_student)
        assert (done["verdict"], done["entries"]) == ("anchored", 5)
        assert done["transaction"] in said
    # What was found needs the vault no more.
    assert shell.json("vault", "confirm", "got", *as_student) == [done]
    studio.get(5, "none", code=1)  # the server is away; nothing is kept there
    with studio.serving():
        (shell.folder / "got" / "kiseki-receipts" / "anchored").rename(shell.folder / "away")
    (unknown,) = shell.json("vault", "confirm", "got", *as_student, code=3)
    assert unknown["verdict"] == "unknown"
    store = shell.folder / "home/.kiseki/secrets"
    with closing(sqlite3.connect(store)) as db, db:
        for table in ("entry", "log_node", "log", "checkpoint"):
            db.execute(f"DELETE FROM {table}")
    anchors = shell.folder / "home/.kiseki/anchors"
    (document,) = anchors.glob("????-??-??.json")
    with studio.serving():
        document.rename(shell.folder / document.name)
        (owed,) = shell.json("vault", "confirm", "got", *as_student, "--by", STUDIO, code=4)
        assert (owed["verdict"], owed["block"]) == ("owed", done["block"])
        assert "no folder" in shell.run("vault", "confirm", "nowhere", *as_student, code=1)


def test_a_provider_and_an_auditor_hold_all_receipts_against_what_was_stated(
    studio: Studio,
) -> None:
    """Order, times and history of a log, beside its anchors; and a document that is hidden."""
    shell, mine = studio.shell, ("--account", "test:1", "--secrets", "artist/secrets")
    studio.license()
    audit = ("vault", "audit")
    with studio.serving():
        none = shell.json("vault", "confirm", studio.url, *mine)
        assert (none["receipts"], none["anchors"], none["findings"]) == (0, 0, [])
        studio.get(2, "got")
        stood = shell.json("vault", "status", more=studio.key)["anchor"]
        assert (stood["taken"], [each["size"] for each in stood["grown"]]) == (None, [5])
        shell.run("vault", "anchor", more=studio.key)
        stood = shell.json("vault", "status", more=studio.key)["anchor"]
        assert (stood["heads"], stood["grown"], stood["is_overdue"]) == (1, [], False)
        studio.get(2, "again")
        said = " ".join(shell.run("vault", "status", more=studio.key).split())
        assert f"1 head, in block {stood['placed']['block']}" in said
        assert "logs that grew since the anchor" in said
        done = shell.json("vault", "confirm", studio.url, *mine)
        assert (done["receipts"], done["anchors"], done["findings"]) == (10, 1, [])
        assert done["wallet"] == STUDIO.lower()
        told = shell.json("vault", "confirm", "got", *mine)
        assert {each["transaction"] for each in told} == {stood["placed"]["transaction"]}
        said = " ".join(shell.run("vault", "confirm", studio.url, *mine).split())
        assert "Held 10 receipts against 1 anchor" in said
        assert shell.json(*audit, more=studio.key)["dates"] == []
        refused = shell.run("vault", "confirm", studio.url, "got", *mine, code=2)
        assert "name folders, or one vault" in refused
    (document,) = (shell.folder / "home/.kiseki/anchors").glob("????-??-??.json")
    text = document.read_text()
    document.unlink()
    with studio.serving():
        # The wallet is known from the first time, so hiding everything does not help.
        found = shell.json("vault", "confirm", studio.url, *mine, code=4)
        assert [each["kind"] for each in found["findings"]] == ["hidden"]
    document.write_text(text)
    store = shell.folder / "home/.kiseki/secrets"
    with closing(sqlite3.connect(store)) as db, db:
        for table in ("entry", "log_node", "log", "checkpoint"):
            db.execute(f"DELETE FROM {table}")
    with studio.serving():
        found = shell.json("vault", "confirm", studio.url, *mine, code=4)
        assert [each["kind"] for each in found["findings"]] == ["another history"]
        (told,) = shell.json(*audit, more=studio.key, code=4)["dates"]
        assert (told["kind"], told["provider"]) == ("another history", ARTIST.lower())
        assert "the vault shows 0" in shell.run(*audit, more=studio.key, code=4)


def test_a_vault_that_forgets_is_found_out_at_the_next_look(studio: Studio) -> None:
    """The database is put back to before a hand-out, as a dishonest keeper would."""
    shell, mine = studio.shell, ("--account", "test:1", "--secrets", "artist/secrets")
    studio.license()
    with studio.serving():
        studio.get(2, "first")
        shell.run("vault", "witness", studio.url, *mine)
    store = shell.folder / "home/.kiseki/secrets"
    with closing(sqlite3.connect(store)) as db, db:
        db.execute("DELETE FROM entry WHERE number >= 3")
        db.execute("DELETE FROM log_node WHERE level > 0 OR number >= 3")
        db.execute("UPDATE log SET size = 3")
        db.execute("DELETE FROM checkpoint")
    with studio.serving():
        said = shell.run("vault", "witness", studio.url, *mine, code=4)
        assert "rolled back" in said
