"""What was made from what, and series of collections, as people type it."""

import json
from fractions import Fraction
from pathlib import Path

from kiseki import LocalKiseki
from kiseki.chain.signing.accounts import local_account as account_of

from .conftest import FREE, Shell


def registered(shell: Shell, name: str, account: str = "test:1", count: int = 2) -> str:
    shell.files(name, count)
    done = shell.json("data", "register", name, *FREE, "--account", account)
    return str(done["collections"][0]["collection"])


def table(shell: Shell, *lines: str) -> Path:
    path = shell.folder / "made.csv"
    path.write_text("\n".join(["item,step,from", *lines]))
    return path


def test_what_was_made_from_what_is_stated_and_shown(shell: Shell, k: LocalKiseki) -> None:
    registered(shell, "rough")
    clean, colour = registered(shell, "clean"), registered(shell, "colour")
    artist = ("--account", "test:1")
    table(shell, "clean/0.svg,clean,rough/0.svg", "clean/1.svg,clean,rough/1.svg")
    words = ("data", "derive", clean, "made.csv", "documents", *artist)
    tried = shell.json(*words, "--dry-run")
    assert tried["calls"] == {"Statements.state": {"times": 1, "gas": tried["gas"]}}
    assert not (shell.folder / "documents").exists()
    said = " ".join(shell.run(*words).split())
    assert f"2 steps (clean) in the collection {clean}, from 2 items that are not derived" in said
    assert "Being derived changes no money" in said
    assert "Nothing was sent" in shell.run(*words)
    # By who has no ether.
    table(shell, "colour/0.svg,colour,clean/0.svg")
    shell.run("data", "derive", colour, "made.csv", "documents", *artist, "--sign", "colour.json")
    sent = shell.run("statements", "send", "colour.json", "--account", "test:0")
    assert account_of(1).address in sent and "as what its items were made from" in " ".join(
        sent.split()
    )
    told = " ".join(shell.run("data", "lineage", "colour/0.svg", "documents").split())
    assert "made from" in told and "holds" in told and f"{account_of(1).address} (provider)" in told
    found = shell.json("data", "lineage", "rough/0.svg", "documents")
    assert [(each["away"], each["step"]) for each in found["below"]] == [
        (1, "clean"),
        (2, "colour"),
    ]
    assert found["above"] == found["not_followed"] == found["circles"] == []
    revoke = ("data", "revoke-item", "rough/0.svg", *artist)
    named = " ".join(shell.run(*revoke, "--documents", "documents", "--dry-run").split())
    assert "2 items were made from it" in named and "keeps terms of its own" in named
    made_from = shell.json(*revoke, "--documents", "documents")["made_from"]
    assert set(made_from) == {each["item"]["id"] for each in found["below"]}
    warned = " ".join(shell.run("data", "lineage", "colour/0.svg", "documents").split())
    assert "Consent to 1 item that it was made from has ended or was revoked" in warned
    assert "Its own terms hold all the same" in warned
    ended = shell.json("data", "lineage", "colour/0.svg", "documents")["ended_above"]
    assert ended == [found["item"]["id"]]


def test_what_is_not_followed_is_said(shell: Shell) -> None:
    one = registered(shell, "rough")
    table(shell, "rough/1.svg,clean,rough/0.svg")
    shell.run("data", "derive", one, "made.csv", "documents", "--account", "test:1",
              "--sign", "never-sent.json")  # fmt: skip
    told = " ".join(shell.run("data", "lineage", "rough/1.svg", "documents").split())
    assert "is not stated by who speaks for the collection" in told
    assert "No document that can be followed" in told
    lost = shell.run("data", "derive", one, "made.csv", "d", "--account", "test:2", code=2)
    assert "does not speak for the collection" in " ".join(lost.split())
    table(shell, "rough/1.svg,clean,rough/1.svg")
    wrong = shell.run("data", "derive", one, "made.csv", "d", "--account", "test:1", code=2)
    assert "row 2" in wrong and "cannot be made from itself" in wrong


def test_a_series_is_begun_added_to_and_shown(shell: Shell, k: LocalKiseki) -> None:
    made = [registered(shell, f"week-{n}") for n in range(3)]
    artist = ("--account", "test:1")
    shell.run("data", "series", "begin", made[0], "documents", "--name", "Foxes", *artist)
    again = shell.run("data", "series", "begin", made[0], "documents", "--name", "Foxes", *artist)
    assert "Nothing was sent" in again
    said = " ".join(
        shell.run("data", "series", "add", made[1], made[0], "documents", *artist).split()
    )
    assert f"{made[1]} comes after {made[0]}, as number 2 of 'Foxes'" in said
    shell.run("data", "series", "add", made[2], made[0], "documents", *artist, "--sign", "s.json")
    before = shell.json("data", "series", "show", made[0], "documents")
    assert [each["collection"] for each in before["series"][0]["members"]] == made[:2]
    shell.run("statements", "send", "s.json", "--account", "test:0")
    (found,) = shell.json("data", "series", "show", made[1], "documents")["series"]
    assert [each["collection"] for each in found["members"]] == made and found["name"] == "Foxes"
    assert [each["role"] for each in found["members"]] == ["provider"] * 3
    assert "salt" not in json.dumps(found)
    shell.run(
        "statements", "make", "collection", made[0], "series", "s.json", "--account", "test:2"
    )
    told = " ".join(shell.run("data", "series", "show", made[0], "documents").split())
    assert "Foxes" in told
    assert f"{account_of(2).address} says something of a series, and does not speak" in told
    (shell.folder / "empty").mkdir()
    none = " ".join(shell.run("data", "series", "show", made[0], "empty").split())
    assert "Nobody who speaks for this collection says" in none
    lost = shell.run("data", "series", "add", made[0], made[0], "empty", *artist, code=2)
    assert "there is no series of this wallet" in " ".join(lost.split())


def test_a_models_successor_is_drafted_and_registered(shell: Shell, k: LocalKiseki) -> None:
    """What is told before is what is registered; the numbers that are shown add up."""
    one = registered(shell, "week-1")
    artist, studio = ("--account", "test:1"), ("--account", "test:0")
    shell.run("data", "series", "begin", one, "documents", *artist)
    shell.run("model", "manifest", "first.json", "--whole", one)
    (shell.folder / "model.bin").write_bytes(b"weights")
    made = shell.json("model", "register", "model.bin", "--manifest", "first.json",
                      "--uses", "train", "--royalty", "5%", *studio)  # fmt: skip
    words = ("model", "update", made["model"], "first.json", "next.json")
    assert "Nothing changed since the model was registered" in shell.run(*words)
    assert "there is a file next.json already" in shell.run(*words, code=2)
    (shell.folder / "next.json").unlink()
    shell.files("week-2", 3)
    done = shell.json("data", "register", "week-2", "--uses", "train", "--royalty", "25%", *artist)
    two = done["collections"][0]["collection"]
    shell.run("data", "series", "add", two, one, "documents", *artist)
    alone = shell.json(*words)
    assert [each["state"] for each in alone["changes"]] == ["kept"], "no folder, no series"
    (shell.folder / "next.json").unlink()
    told = " ".join(shell.run(*words, "--documents", "documents").split())
    assert f"{two} new 0 3 0 0% 15%" in told and "100.0000%" in told
    assert "data gets 0% before and 15% then" in told
    assert "stands beside this one; nothing on the chain connects them" in told
    assert "kiseki model register WEIGHTS --manifest next.json" in told
    (shell.folder / "next.json").unlink()
    found = shell.json(*words, "--documents", "documents", "--from-previous")
    assert found["due"] and found["problem"] == "" and found["parents"] == [made["model"]]
    for column in ("before", "after"):
        for rows in ("shares", "wallets"):
            assert sum(Fraction(each[column]) for each in found[rows]) == 1
    (shell.folder / "next.bin").write_bytes(b"more weights")
    tuned = shell.json("model", "register", "next.bin", "--manifest", "next.json", "--parent",
                       made["model"], "--uses", "train", "--royalty", "5%", *studio)  # fmt: skip
    record = k.index.model(bytes.fromhex(tuned["model"][2:]))
    assert record.data_ppm == 250_000
    mine = sum(Fraction(e["after"]) for e in found["shares"] if e["id"] == two)
    assert mine == Fraction(1, 4)
    said = " ".join(shell.run("model", "update", made["model"], "first.json", "third.json",
                              "--documents", "documents", "--from-previous").split())  # fmt: skip
    assert "becomes the parent of the new one and is paid" in said
    assert f"--parent {made['model']}" in said
    shell.run("data", "revoke", one, *artist)
    (shell.folder / "third.json").unlink()
    gone = " ".join(shell.run("model", "update", made["model"], "first.json", "third.json").split())
    assert f"{one} gone" in gone and "its provider revoked consent" in gone
    assert "This could not be registered: nothing is left that it could rest on" in gone
    assert "kiseki model register" not in gone
