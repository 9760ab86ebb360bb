"""Names of the address book stand wherever an address does; unknown ones are asked for (13)."""

import unicodedata

from kiseki import LocalKiseki
from kiseki.core import ids
from kiseki.core.values import to_hex

from .conftest import ARTIST, BUYER, Shell

HANAKO = "山田花子"


def test_a_list_may_name_people_and_asks_for_whom_it_does_not_know(shell: Shell) -> None:
    shell.files("art")
    apart = unicodedata.normalize("NFD", "ガク")
    (shell.folder / "list.csv").write_text(
        f"file,artist\nart/0.svg,{HANAKO}\nart/1.svg,{apart}\nart/2.svg,山田\u3000花子\n"
    )
    register = ("data", "register", "list.csv", "--uses", "train", "--royalty", "20%")
    refused = shell.run(*register, "--yes", code=2)
    assert "list.csv, row 2, column artist: '山田花子' is no address, and nobody in" in refused
    assert f"`kiseki people add '{HANAKO}' 0x…`" in refused
    shell.run("people", "add", HANAKO, ARTIST, "--role", "key animation")
    assert "Nothing was done" in shell.answer("\n", *register, code=1)
    shown = shell.answer(f"0x12\n{BUYER}\ny\n", *register)
    assert f"{apart} is not in the address book" in shown or "ガク is not in" in shown
    known = shell.json("people", "list")
    assert [each["account"] for each in known] == [ARTIST.lower(), BUYER.lower()]
    assert [each["count"] for each in shell.json("keys", "list")] == [2, 1]


def test_people_are_kept_shown_moved_and_removed(shell: Shell) -> None:
    (shell.folder / "staff.csv").write_text(f"name,pen name,wallet\n{HANAKO},hana,{ARTIST}\n")
    assert shell.json("people", "import", "staff.csv") == {"rows": 1, "new": 1}
    book = shell.folder / "home" / ".kiseki" / "people.json"
    assert book.stat().st_mode & 0o777 == 0o600
    assert HANAKO in shell.run("people", "show", "HANA")
    shell.run("people", "export", "copy.csv")
    assert (shell.folder / "copy.csv").stat().st_mode & 0o777 == 0o600
    assert "copy.csv exists" in shell.run("people", "export", "copy.csv", code=1)
    gone = shell.json("people", "remove", HANAKO)
    assert gone["pen"] == "hana"
    assert "nobody in the address book is called" in shell.run("people", "show", HANAKO, code=2)
    assert shell.json("people", "import", "copy.csv")["new"] == 1
    shell.run("people", "add", HANAKO, BUYER, "--pen", "hanako 2")
    refused = shell.run("revenue", "pay", HANAKO, "1 wei", "--yes", code=2)
    assert f"{HANAKO} can be {HANAKO} (hana), {ARTIST} or" in refused


def test_a_name_stands_wherever_an_address_does(shell: Shell, k: LocalKiseki) -> None:
    shell.run("people", "add", HANAKO, ARTIST)
    shell.run("people", "add", "waiting", f"{BUYER}:0x{'5e' * 32}")
    wallet = to_hex(ids.wallet(ARTIST))
    paid = shell.json("revenue", "pay", HANAKO, "1 wei", "--yes")
    assert len(paid["transactions"]) == 1
    (shell.folder / "team.csv").write_text(f"payee,share\n{HANAKO},3\nwaiting,1\n")
    shell.run("revenue", "split", "team.json", "team.csv")
    assert wallet in (shell.folder / "team.json").read_text()
    (shell.folder / "october.csv").write_text(
        f"channel,territory,payee,amount\ntv,JP,{HANAKO},1 wei\n"
    )
    check = ("revenue", "statement", "check", "october.csv", "--period", "2026-10")
    (line,) = shell.json(*check, "--payer", HANAKO, code=4)
    assert line["payee"] == wallet
    joint = (
        "--basis", "joint", "--collector", HANAKO, "--collected", "2026-04-01", "--how", "drawn",
        "--territory", "world", "--owner", f"{HANAKO},3", "--owner", "waiting,1", "--yes",
    )  # fmt: skip
    shell.run("data", "origin", "new", "origin.json", *joint)
    assert ARTIST.lower() in (shell.folder / "origin.json").read_text()
    for asked in (("data", "list", HANAKO), ("market", "licences", HANAKO)):
        assert shell.json(*asked) == []
    who: tuple[tuple[str, ...], ...] = (
        ("data", "list", "waiting"),
        ("rights", "transfer", "batch", "0x" + "12" * 32, "waiting"),
        ("identity", "bind", "0x" + "12" * 32, "waiting"),
    )
    for words in who:
        assert "who has no wallet yet and can only be paid" in shell.run(*words, code=2)
    unknown: tuple[tuple[str, ...], ...] = (
        ("gate", "allow", "collection", "0x" + "12" * 32, "nobody", "--uses", "ai_inference"),
        ("revenue", "redirect", "nobody", "--out", "x.json"),
        ("keeper", "--once", "--claim", "nobody"),
    )
    for words in unknown:
        assert "'nobody' is no address, and nobody in the address" in shell.run(*words, code=2)
