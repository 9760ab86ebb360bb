"""The rights of persons, as who keeps a vault types them (promise 6)."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiseki.chain.signing.accounts import local_account
from kiseki.vault.keys.named import key_of
from kiseki.vault.keystore import KeyStore
from kiseki.vault.vault import Vault

from .conftest import FREE, Shell

WHY = ("--by", "the artist", "--ground", "GDPR Art. 17")
OTHER = local_account(7).address.lower()

KILLED = """
import os, signal, sys
from kiseki.vault.objects.folder import Folder
from kiseki.vault.store.database import Database
of = {"delete": Folder, "scrub": Database}[sys.argv.pop(1)]
name = "delete" if of is Folder else "scrub"
was, left = getattr(of, name), [int(sys.argv.pop(1))]
def once(*given):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return was(*given)
setattr(of, name, once)
from kiseki.cli import main
main()
"""


class Kept:
    """A vault with a collection of three pictures, and who keeps it."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        folder = shell.folder / "art"
        folder.mkdir()
        for n in range(3):
            (folder / f"{n}.png").write_bytes(b"\x89PNG drawing %d" % n * 50)
        shell.run("vault", "init", "--yes")
        self.home = shell.folder / "home" / ".kiseki"
        self.store = Path(shell.json("vault", "status", more={"KISEKI_VAULT_IDENTITY": str(
            self.home / "vault.identity")})["vault"])  # fmt: skip
        self.key = self.home / "vault.identity"
        shell.environment["KISEKI_VAULT_IDENTITY"] = str(self.key)
        shell.run("data", "register", "art", *FREE, "--vault", "--yes")
        (self.collection,) = {each["collection"] for each in shell.json("data", "list")}

    @property
    def items(self) -> dict[str, str]:
        """The data IDs by name; what has no name any longer is called by its ID."""
        found = self.shell.json("data", "show", self.collection)["items"]
        return {(each["names"] or [each["id"]])[0]: each["id"] for each in found}

    def killed(self, at: str, moment: int, *words: str) -> None:
        done = subprocess.run(
            [sys.executable, "-c", KILLED, at, str(moment), "vault", "erase", *words, *WHY, "-y"],
            cwd=self.shell.folder, env=self.shell.environment, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == -9, done

    def on_shelf(self, *ids: str) -> list[bool]:
        """Whether the vault would hand them out."""
        key = key_of(str(self.key))
        with KeyStore(self.store, key) as store:
            found = Vault(store, key).shelf.items([bytes.fromhex(each[2:]) for each in ids])
        return [each is not None for each in found]

    def objects(self) -> int:
        return sum(each.is_file() for each in (self.home / "objects").rglob("*"))


@pytest.fixture
def kept(shell: Shell) -> Iterator[Kept]:
    yield Kept(shell)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_an_item_is_shown_and_erased_and_both_dates_are_told(kept: Kept) -> None:
    """Promise 6: from then on nothing of it is handed out; what is on the chain stays."""
    item = kept.items["1.png"]
    assert kept.on_shelf(item) == [True]
    said = flat(kept.shell.run("vault", "erase", item, *WHY, "--dry-run"))
    assert "1 content with 1 data ID" in said
    assert "1.png" in said
    assert kept.collection in said
    assert "What stays, and why" in said and "On the chain" in said
    assert "Nothing was erased." in said
    assert kept.objects() == 3

    said = flat(kept.shell.run("vault", "erase", item, *WHY))
    assert "gone from backups not yet" in said
    assert "First begin an epoch" in said
    assert "vault destroyed" in said
    assert kept.objects() == 2
    assert kept.on_shelf(item, *kept.items.values()).count(True) == 2
    assert kept.on_shelf(item) == [False]
    held = kept.shell.json("vault", "status")
    assert (held["held"][0]["objects"], held["salts"]) == (2, 2)
    shown = kept.shell.run("data", "show", kept.collection, "--items")
    assert item in shown
    assert "1.png" not in shown
    assert "0.png" in shown

    said = kept.shell.run("vault", "erase", item, *WHY, code=2)
    assert "may have been erased already" in flat(said)


def test_the_list_tells_who_asked_and_both_dates(kept: Kept, tmp_path: Path) -> None:
    assert "Nothing was erased." in kept.shell.run("vault", "erasures")
    assert kept.shell.json("vault", "erasures") == []
    (done,) = kept.shell.json("vault", "erase", "art/0.png", *WHY)["erasures"]
    assert (done["by"], done["ground"], done["everything"]) == (*WHY[1::2], False)
    assert done["gone_here"] and done["gone_from_backups"] is None
    assert [each["role"] for each in done["keys_left"]] == ["vault"]
    assert done["rotate_first"] is True
    assert kept.shell.json("vault", "erasures") == [done]
    said = flat(kept.shell.run("vault", "erasures"))
    assert "the artist" in said and "GDPR Art. 17" in said

    old = done["keys_left"][0]["recipient"]
    new = tmp_path / "new.identity"
    subprocess.run(
        [sys.executable, "-c",
         f"from kiseki.vault.sealed import new_identity; from pathlib import Path; "
         f"new_identity(Path({str(new)!r}))"], check=True,
    )  # fmt: skip
    kept.shell.run("vault", "rotate", str(new))
    kept.shell.environment["KISEKI_VAULT_IDENTITY"] = str(new)
    assert kept.shell.json("vault", "erasures")[0]["rotate_first"] is False
    said = flat(kept.shell.run("vault", "erasures"))
    assert old in said and "First begin" not in said
    kept.shell.run("vault", "destroyed", old)
    (told,) = kept.shell.json("vault", "erasures")
    assert told["gone_from_backups"] >= told["gone_here"]
    assert told["keys_left"] == []
    assert "can be opened" not in kept.shell.run("vault", "erasures")


@pytest.mark.parametrize(("at", "moment"), [("delete", 1), ("delete", 2), ("scrub", 1)])
def test_killed_in_the_middle_it_goes_on(kept: Kept, at: str, moment: int) -> None:
    """With `--finish`; the first date is not told before."""
    items = kept.items
    kept.killed(at, moment, items["0.png"], items["1.png"])
    (told,) = kept.shell.json("vault", "erasures")
    assert told["gone_here"] is None
    assert told["items"] == sorted([items["0.png"], items["1.png"]])
    assert kept.on_shelf(items["0.png"], items["1.png"], items["2.png"]) == [False, False, True]
    assert "--finish" in kept.shell.run("vault", "erasures")
    said = kept.shell.run("vault", "erase", "--finish")
    assert "gone here" in said
    assert kept.objects() == 1
    assert kept.shell.json("vault", "erasures")[0]["gone_here"]
    assert "Nothing was left to do" in kept.shell.run("vault", "erase", "--finish")


def test_the_same_command_goes_on_too(kept: Kept) -> None:
    """Which is what somebody is told who pressed Ctrl-C."""
    item = kept.items["0.png"]
    kept.killed("delete", 1, "art/0.png")
    kept.shell.run("vault", "erase", "0x" + "11" * 32, *WHY, code=2)
    said = kept.shell.run("vault", "erase", item, *WHY, "--dry-run")
    assert "1 erasure would be gone on with" in said
    assert kept.objects() == 3
    said = flat(kept.shell.run("vault", "erase", "art/0.png", *WHY))
    assert "is erased already, and not all of it is gone yet" in said
    assert kept.objects() == 2
    (done,) = kept.shell.json("vault", "erasures")
    assert done["items"] == [item] and done["gone_here"]


def test_copies_are_erased_and_one_that_is_away_is_no_answer(kept: Kept) -> None:
    copy = kept.shell.folder / "copy"
    shutil.copytree(kept.home / "objects", copy)
    item = kept.items["0.png"]
    for wrong in ("cpoy", "empty"):
        (kept.shell.folder / "empty").mkdir(exist_ok=True)
        said = kept.shell.run("vault", "erase", item, *WHY, "--copy", wrong, code=1)
        assert "no object at all" in flat(said)
        assert kept.shell.json("vault", "erasures") == []
    kept.killed("delete", 2, item, "--copy", "copy")
    copy.rename(kept.shell.folder / "away")
    said = flat(kept.shell.run("vault", "erase", "--finish", code=3))
    assert "cannot be deleted" in said and "goes on" in said
    (told,) = kept.shell.json("vault", "erase", "--finish", code=3)["erasures"]
    assert (told["gone_here"], told["objects_left"]) == (None, 1)
    (kept.shell.folder / "away").rename(copy)
    (told,) = kept.shell.json("vault", "erase", "--finish")["erasures"]
    assert told["gone_here"] and told["copies"] == [str(copy)]
    assert sum(each.is_file() for each in copy.rglob("*")) == 2


def test_it_is_not_called_gone_while_another_program_reads(kept: Kept) -> None:
    reader = sqlite3.connect(kept.store)
    reader.execute("begin")
    reader.execute("select count(*) from salt").fetchall()
    (told,) = kept.shell.json("vault", "erase", kept.items["0.png"], *WHY, code=3)["erasures"]
    assert told["gone_here"] is None
    reader.close()
    assert kept.shell.json("vault", "erase", "--finish")["erasures"][0]["gone_here"]


def test_everything_of_a_provider_is_erased_and_nothing_of_others(kept: Kept) -> None:
    kept.shell.run("vault", "add", "art", "--provider", OTHER)
    said = kept.shell.run("vault", "erase", "--everything", *WHY, code=2)
    assert "--everything needs --provider" in flat(said)
    provider = kept.shell.json("vault", "status")["held"]
    mine = next(each["provider"] for each in provider if each["provider"] != OTHER)
    (done,) = kept.shell.json("vault", "erase", "--everything", "--provider", mine, *WHY)[
        "erasures"
    ]
    assert done["everything"] and len(done["items"]) == 3
    (held,) = kept.shell.json("vault", "status")["held"]
    assert (held["provider"], held["objects"]) == (OTHER, 3)
    assert len(kept.items) == 3
    said = kept.shell.run("vault", "erase", "--everything", "--provider", mine, *WHY, code=2)
    assert "nothing of" in flat(said)
    assert len(kept.shell.json("vault", "erasures", "--provider", mine)) == 1
    assert kept.shell.json("vault", "erasures", "--provider", OTHER) == []


def test_what_is_wrong_erases_nothing(kept: Kept) -> None:
    item = kept.items["0.png"]
    (kept.shell.folder / "other.png").write_bytes(b"\x89PNG something else")
    wrong = "0x" + "ab" * 32
    for words, said in (
        ((wrong,), f"has the data ID {wrong}"),
        ((item, wrong), "Nothing was erased"),
        (("0x12",), "must be 0x and 64 hex digits"),
        (("other.png",), "none of these files is in this vault"),
        (("nowhere.png",), "nowhere.png"),
        ((item, "--provider", OTHER), "another provider's"),
        ((), "name data IDs or files"),
        ((item, "--everything", "--provider", OTHER), "name data IDs or files"),
        ((item, "--finish"), "--finish goes on"),
    ):
        done = kept.shell.done("vault", "erase", *words, *WHY, "--yes")
        assert done.code in (1, 2), words
        assert said in flat(done.err), words
    assert "--by is missing" in flat(kept.shell.run("vault", "erase", item, code=2))
    assert "no terminal" in flat(kept.shell.run("vault", "erase", item, *WHY, "--no-yes", code=2))
    assert kept.objects() == 3
    assert kept.shell.json("vault", "erasures") == []


def test_a_person_is_asked_and_can_say_no(kept: Kept) -> None:
    item = kept.items["0.png"]
    shell = Shell(kept.shell.folder, kept.shell.url)
    shell.environment = kept.shell.environment
    said = shell.answer("n\n", "vault", "erase", item, *WHY, code=1)
    assert "Erase it for good?" in said and "Nothing was done." in said
    assert kept.objects() == 3
    said = shell.answer("Hanako\na wish\ny\n", "vault", "erase", item)
    assert "Who asks for the erasure?" in said
    (told,) = kept.shell.json("vault", "erasures")
    assert (told["by"], told["ground"]) == ("Hanako", "a wish")


def test_of_a_folder_what_is_here_is_erased_and_the_rest_is_told(kept: Kept) -> None:
    (kept.shell.folder / "art" / "new.png").write_bytes(b"\x89PNG new")
    said = kept.shell.run("vault", "erase", "art", *WHY)
    assert "Not in the vault: new.png." in said
    assert len(kept.shell.json("vault", "erasures")[0]["items"]) == 3


def test_a_person_gets_all_that_is_kept_of_them(kept: Kept) -> None:
    who = kept.shell.json("vault", "status")["held"][0]["provider"]
    told = kept.shell.json("vault", "person", who, "out", "--content", "--language", "both")
    assert told["works"] == 3
    out = kept.shell.folder / "out"
    about = json.loads((out / "about.json").read_text("utf-8"))
    assert about["wallet"] == who.lower()
    works = [json.loads(each) for each in (out / "works.jsonl").read_text("utf-8").splitlines()]
    assert {(out / each["file"]).read_bytes() for each in works} == {
        each.read_bytes() for each in (kept.shell.folder / "art").iterdir()
    }
    english, japanese = (
        (out / name).read_text("utf-8") for name in ("index.html", "index.ja.html")
    )
    assert "What is kept of you" in english and "保管庫" not in english
    assert "保管庫" in japanese and "2.png" in japanese
    said = kept.shell.run("vault", "person", who, "out", code=1)
    assert "already" in flat(said)
    assert "ja" in kept.shell.run("vault", "person", who, "other", "--language", "fr", code=2)
    said = flat(kept.shell.run("vault", "person", OTHER, "empty"))
    assert "with 0 works" in said


def test_a_name_is_put_right(kept: Kept) -> None:
    item = kept.items["1.png"]
    said = flat(kept.shell.run("vault", "correct", item, "--name", "harbour.png"))
    assert "1.png becomes harbour.png." in said
    assert kept.items["harbour.png"] == item
    told = kept.shell.json("vault", "correct", item, "--caption", "dawn")
    assert (told["name"], told["caption"]) == ("harbour.png", "dawn")
    said = flat(kept.shell.run("vault", "correct", item, "--caption", "dusk"))
    assert "harbour.png (dawn) becomes harbour.png (dusk)." in said
    assert "say what is right" in flat(kept.shell.run("vault", "correct", item, code=2))
    wrong = kept.shell.run("vault", "correct", "0x" + "11" * 32, "--name", "x", code=2)
    assert "no content of" in flat(wrong)
    said = kept.shell.run("vault", "correct", item, "--name", "x", "--no-yes", code=2)
    assert "no terminal" in flat(said)
    shutil.copy(kept.shell.folder / "art" / "1.png", kept.shell.folder / "again.png")
    kept.shell.run("vault", "add", "again.png")
    said = flat(kept.shell.run("vault", "correct", item, "--name", "x", code=2))
    assert "name with --old which one is wrong" in said
    kept.shell.run("vault", "correct", item, "--name", "x.png", "--old", "again.png")
    assert "harbour.png" in flat(kept.shell.run("vault", "correct", item, "--name", "y", code=2))


def test_the_records_are_drafted(kept: Kept) -> None:
    run = kept.shell.run
    said = run("vault", "record", "record.html", "--language", "ja")
    assert "a person must say" in flat(said)
    page = (kept.shell.folder / "record.html").read_text("utf-8")
    assert "処理活動の記録" in page and "第三者提供記録" in page
    days = ("--from", "2027-01-01", "--to", "2027-12-31")
    told = kept.shell.json("vault", "record", "record.json", *days)
    made: Any = json.loads((kept.shell.folder / "record.json").read_text("utf-8"))
    assert (made["from"], made["until"]) == (told["from"], told["until"])
    assert made["until"] - made["from"] == 365 * 86_400
    assert len(made["processing"]) == 7 and made["provisions"] == []
    assert "already" in flat(run("vault", "record", "record.json", code=1))
    assert ".html" in run("vault", "record", "record.pdf", code=2)
    assert "--from is after --to" in flat(
        run("vault", "record", "a.json", "--from", "2027-02-02", "--to", "2027-02-01", code=2)
    )
    assert "--to must be a day" in flat(run("vault", "record", "a.json", "--to", "x", code=2))


def test_a_key_store_that_is_no_vault_says_so(shell: Shell) -> None:
    for words in (("erasures",), ("erase", "--finish"), ("record", "a.json")):
        said = flat(shell.run("vault", *words, code=2))
        assert "no key store" in said
        assert "`kiseki vault init` makes one that is a vault" in said
