"""Consents and receipts by commands, and lists that are shown to be whole."""

from pathlib import Path

from kiseki import LocalKiseki

from .conftest import ARTIST, BUYER, FREE, Shell


def test_consents_and_receipts(shell: Shell, k: LocalKiseki) -> None:
    shell.files("artwork")
    (shell.folder / "list.csv").write_text(
        f"file,name,artist\nartwork/0.svg,Cut 1,{ARTIST}\nartwork/1.svg,Cut 2,{BUYER}\n"
    )
    words = ("data", "consent")
    paths = shell.json(
        *words, "prepare", "list.csv", "consents", "--uses", "train", "--royalty", "20%"
    )
    assert len(paths) == 2
    mine = next(each for each in paths if ARTIST.lower() in each)
    assert "add --yes" in shell.run(*words, "sign", mine, "--account", "test:1", "--no-yes", code=2)
    shown = shell.run(*words, "sign", mine, "--account", "test:1", "--yes")
    assert "20% of gross" in shown
    told = shell.json(*words, "submit", "consents", code=3)
    problems = {Path(each["file"]).name: each["problem"] for each in told}
    assert problems.pop(Path(mine).name) == ""
    assert all(problems.values())
    collection = next(each["collection"] for each in told if not each["problem"])
    made = shell.json("data", "receipt", collection, "--out", "alice.json", "--clear")
    assert made["items"] == 1
    found = shell.json("data", "check-receipt", "alice.json", "artwork", "--clear", "--chain")
    assert (found["whole"], [each["names"] for each in found["files"]]) == (True, [["Cut 1"]])
    assert found["chain"]["registered_at"]


def test_a_standing_consent_from_its_file_to_its_end(shell: Shell, k: LocalKiseki) -> None:
    words = ("data", "standing")
    shown = shell.run(
        *words,
        "prepare",
        ARTIST,
        "alice.json",
        "--per-month",
        "1",
        "--uses",
        "train",
        "--royalty",
        "20%",
    )
    assert "registering up to one collection a month" in shown
    shell.files("week-1")
    under = ("data", "register", "week-1", "--under", "alice.json")
    assert "not signed yet" in shell.run(*under, code=2)
    assert "add --yes" in shell.run(
        *words, "sign", "alice.json", "--account", "test:1", "--no-yes", code=2
    )
    shell.run(*words, "sign", "alice.json", "--account", "test:1", "--yes")
    assert "leave out these options" in shell.run(*under, "--royalty", "20%", code=2)
    assert "for the collector" in shell.run(*under, "--account", "test:2", code=2)
    assert "0 are left until" in shell.run(*under)
    assert "was registered already" in shell.run(*under)
    shell.files("week-2")
    refused = shell.run("data", "register", "week-2", "--under", "alice.json", code=2)
    assert "Nothing was sent" in refused
    told = shell.json(*words, "show", "alice.json")
    assert (told["left"], told["problem"], told["ended"]) == (0, "", False)
    (known,) = shell.json(*words, "list", ARTIST)
    assert known["id"] == told["consent"]
    (made,) = shell.json("data", "list", ARTIST)
    assert told["consent"] in shell.run("data", "show", made["collection"])
    assert "use that wallet to end it" in shell.run(*words, "end", "alice.json", code=2)
    sign = (*words, "end", "alice.json", "--sign", "ending.json", "--account", "test:1")
    assert "add --yes" in shell.run(*sign, "--no-yes", code=2)
    shell.run(*sign, "--yes")
    shell.run(*words, "end", "ending.json", "--signed")
    assert shell.json(*words, "show", "alice.json")["ended"]
    assert "ended it" in shell.run("data", "register", "week-2", "--under", "alice.json", code=2)


def test_lists_are_shown_to_be_whole_and_checked_by_others(shell: Shell, k: LocalKiseki) -> None:
    shell.files("artwork")
    shell.run("data", "register", *FREE, "artwork")
    assert "whole: proved against block" in shell.run("lists")
    told = {each["list"]: each for each in shell.json("lists", "--out", "lists")}
    assert (told["collections"]["count"], told["collections"]["proved"]) == (1, True)
    assert (told["models"]["count"], told["models"]["proved"]) == (0, True)
    said = shell.run("check-list", "lists/collections.json", "--rpc", "http://127.0.0.1:1")
    assert "This list is whole. It has 1 ID" in said and told["collections"]["hash"] in said
    file = shell.folder / "lists/collections.json"
    file.write_text(file.read_text().replace('"ids":["0x', '"ids":["0x' + "11" * 32 + '","0x'))
    assert "is not what the registry held" in shell.run("check-list", file.as_posix(), code=1)
    assert shell.json("status")["lists"] == {"collections": 1, "models": 0, "batches": 0}
