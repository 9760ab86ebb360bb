"""Where data comes from, from the command line: asked, shown in two languages, signed, registered,
handed on and stated (promises 1 and 2, invariant 7)."""

import json
import os
import pty
import stat
import subprocess
import termios
from pathlib import Path

import pytest

from kiseki.chain.signing.accounts import local_account as account_of

from .conftest import Shell

STUDIO, FIRST, SECOND = (account_of(n).address for n in range(3))
TERMS = ("--uses", "train", "--royalty", "20%")
NEW = ("data", "origin", "new")
HIRE = (
    "--basis", "hire", "--collector", "制作部", "--collected", "2026-04-01/2026-06-30",
    "--how", "納品時に収集", "--territory", "jp, us",
)  # fmt: skip
JOINT = (
    "--basis", "joint", "--collector", f"山田花子,{FIRST}", "--collected", "2026-04-01",
    "--how", "原画を共同で制作", "--territory", "world",
    "--owner", f"山田花子,{FIRST},60%", "--owner", f"artist 2,{SECOND},40%",
)  # fmt: skip


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_document_is_shown_in_words_then_written_then_registered(shell: Shell) -> None:
    shell.files("artwork")
    (shell.folder / "contract.pdf").write_bytes(b"%PDF")
    told = flat(shell.run(*NEW, "hire.json", *HIRE, "--evidence", "contract.pdf=業務委託契約書"))
    for words in (
        f"According to {STUDIO}: The works were made for hire", "from 2026-04-01 to 2026-06-30",
        "This holds in JP, US.", "Evidence: 業務委託契約書",
        "職務著作です。", "収集時期：2026年4月1日～2026年6月30日。", "対象地域：JP、US。",
        "hire.json holds names",
    ):  # fmt: skip
        assert words in told
    file = shell.folder / "hire.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = flat(shell.run("data", "register", "artwork", *TERMS, "--origin", "hire.json"))
    assert "The works were made for hire" in told and "職務著作です。" in told
    (record,) = shell.json("data", "list")
    shown = flat(shell.run("data", "show", record["collection"]))
    assert "Shown: on 20" in shown and "Not shown: that the document is true." in shown
    assert "証明されること：" in shown and "証明されないこと：文書の内容が真実であること。" in shown
    english = flat(shell.run("data", "show", record["collection"], "--language", "en"))
    assert "職務著作です" not in english and "制作部" in english
    as_json = shell.json("data", "show", record["collection"])
    assert as_json["origin_words"]["document"]["basis"] == "hire"
    assert as_json["origin"] == shell.json("data", "origin", "show", "hire.json")["origin"]
    japanese = shell.run("data", "origin", "show", "hire.json", "--language", "ja")
    assert "職務著作です。" in japanese and "made for hire" not in japanese
    assert "one of en, ja" in shell.run(
        "data", "origin", "show", "hire.json", "--language", "fr", code=2
    )


def test_what_nobody_says_is_asked_for_and_never_assumed(shell: Shell) -> None:
    for left_out in ("--basis", "--collector", "--collected", "--how", "--territory"):
        place = HIRE.index(left_out)
        rest = (*HIRE[:place], *HIRE[place + 2 :])
        assert f"{left_out} is missing" in shell.run(*NEW, "new.json", *rest, "--yes", code=2)
    for basis, missing in (
        ("joint", "--owner"), ("licensed", "--source"), ("assigned", "--source"),
        ("unknown", "--owner"),
    ):  # fmt: skip
        told = shell.run(*NEW, "new.json", "--basis", basis, *HIRE[2:], code=2)
        assert f"{missing} is missing" in told
    assert not (shell.folder / "new.json").exists()


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False)])
def test_questions_make_a_document_and_nothing_is_written_without_a_yes(
    shell: Shell, answer: str, written: bool
) -> None:
    answers = [
        "joint", "2026-04-01", f"山田花子,{FIRST},1", f"artist 2,{SECOND},2", "", "制作部",
        "原画を収集", "JP", "", answer,
    ]  # fmt: skip
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, 10_000))  # wide: sentences stay whole
    environment = shell.environment | {"COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}
    running = subprocess.Popen(
        [*shell.programs.kiseki(), *NEW, "asked.json"], cwd=shell.folder, env=environment,
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    os.write(ours, "".join(f"{each}\n" for each in answers).encode())
    _, said = running.communicate(timeout=600)
    for each in (ours, theirs):
        os.close(each)
    assert running.returncode == (0 if written else 1), said.decode()
    for question in ("On which basis", "Who collected", "When (", "In which territories"):
        assert question in said.decode()
    assert "権利者と持分：山田花子" in said.decode() and "3分の1" in said.decode()
    assert (shell.folder / "asked.json").exists() is written


def test_a_free_document_is_said_to_be_one_that_kiseki_cannot_read(shell: Shell) -> None:
    shell.files("artwork")
    (shell.folder / "letter.txt").write_text("how we collected it")
    register = ("data", "register", "artwork", *TERMS, "--origin")
    assert "a document that Kiseki cannot read" in flat(shell.run(*register, "letter.txt"))
    (record,) = shell.json("data", "list")
    shown = flat(shell.run("data", "show", record["collection"]))
    assert "a document of which only the hash is known here" in shown
    assert shell.json("data", "show", record["collection"])["origin_words"] is None
    for command in ("show", "sign", "gather"):
        told = shell.run("data", "origin", command, "letter.txt", code=2)
        assert "cannot read" in flat(told)
    shell.run(*NEW, "broken.json", *HIRE)
    broken = shell.folder / "broken.json"
    broken.write_text(broken.read_text().replace('"hire"', '"hired"'))
    assert "the basis must be one of" in flat(shell.run(*register, "broken.json", code=2))


def test_a_joint_work_waits_for_its_owners(shell: Shell) -> None:
    shell.files("artwork", 1)
    (shell.folder / "list.csv").write_text(
        f"file,artist,share\nartwork/0.svg,{FIRST},60%\nartwork/0.svg,{SECOND},40%\n"
    )
    made = shell.json(*NEW, "joint.json", *JOINT)
    register = ("data", "register", "list.csv", *TERMS, "--origin", "joint.json")
    told = flat(shell.run(*register, code=1))
    assert "consent to the origin" in told and "山田花子" in told and "has not signed" in told
    assert shell.json("data", "list") == []
    copy = (shell.folder / "joint.json").read_text()
    for name, account in (("one.json", "test:1"), ("two.json", "test:2")):
        (shell.folder / name).write_text(copy)
        signed = flat(shell.run("data", "origin", "sign", name, "--yes", "--account", account))
        assert "共同著作物です。" in signed and "The document names no terms" in signed
    assert "Not signed yet: artist 2." in flat(shell.run("data", "origin", "show", "one.json"))
    assert shell.json("data", "origin", "gather", "one.json", code=4)[0]["missing"] == {
        SECOND.lower(): "has not signed"
    }
    told = flat(shell.run("data", "origin", "gather", "one.json", "two.json"))
    assert "every required consent is there" in told
    shell.run("data", "origin", "take-back", "two.json", "--account", "test:2")
    assert "used or cancelled" in flat(shell.run(*register, code=1))
    shell.run("data", "origin", "sign", "two.json", "--yes", "--days", "29", "--account", "test:2")
    shell.run("data", "origin", "sign", "two.json", "--yes", "--days", "31", "--account", "test:2")
    shell.run("data", "origin", "gather", "two.json")
    shell.run(*register)
    (record,) = shell.json("data", "list")
    done = shell.json("data", "origin", "state", record["collection"])
    assert (len(done["transactions"]), done["origin"]) == (3, made["origin"])
    shown = flat(shell.run("data", "show", record["collection"]))
    assert "Consent is shown of: 山田花子, artist 2." in shown and "No consent is" not in shown
    assert "同意の署名：山田花子、artist 2。" in shown
    stated = shell.json("statements", "show", "collection", record["collection"])
    assert [(each["sort"], each["document"]) for each in stated] == [("origin", made["origin"])]


def test_a_list_names_owners_by_the_address_book_and_writes_what_they_sign(shell: Shell) -> None:
    shell.files("artwork", 1)
    shell.run("people", "add", "山田花子", FIRST)
    said = "joint,制作部,2026-04-01,共同で制作,world"
    (shell.folder / "list.csv").write_text(
        "file,artist,basis,collector,collected,how,territory\n"
        f"artwork/0.svg,山田花子,{said}\nartwork/0.svg,{SECOND},{said}\n"
    )
    register = ("data", "register", "list.csv", *TERMS)
    told = flat(shell.run(*register, code=1))
    assert "共同著作物です。" in told
    (file,) = (shell.folder / "home/.kiseki/origins").glob("*.json")
    assert str(file) in told.replace(" ", "") and stat.S_IMODE(file.stat().st_mode) == 0o600
    for account in ("test:1", "test:2"):
        shell.run("data", "origin", "sign", str(file), "--yes", "--account", account)
    shell.run("data", "origin", "gather", str(file))
    shell.run(*register)
    (record,) = shell.json("data", "list")
    shown = flat(shell.run("data", "show", record["collection"], "--language", "en"))
    assert f"山田花子 ({FIRST}) 1/2, whose consent is required" in shown
    by_name = (
        *NEW, "named.json", *JOINT[:10], "--owner", "山田花子,1", "--owner", f"artist 2,{SECOND},2",
    )  # fmt: skip
    document = shell.json(*by_name)["document"]
    assert document["owners"][0] == ["山田花子", FIRST.lower(), "1/3", True]


def test_only_an_owner_is_asked_to_sign(shell: Shell) -> None:
    shell.run(*NEW, "joint.json", *JOINT)
    before = (shell.folder / "joint.json").read_bytes()
    told = shell.run("data", "origin", "sign", "joint.json", "--yes", "--account", "test:3", code=2)
    assert "requires no consent" in flat(told)
    told = shell.run(
        "data", "origin", "sign", "joint.json", "--no-yes", "--account", "test:1", code=2
    )
    assert "no terminal to ask" in flat(told), "nothing is signed that nobody agreed to"
    assert (shell.folder / "joint.json").read_bytes() == before


def test_a_receipt_hands_names_on_only_when_somebody_says_so(shell: Shell) -> None:
    shell.files("artwork")
    shell.run(*NEW, "hire.json", *HIRE)
    shell.run("data", "register", "artwork", *TERMS, "--origin", "hire.json")
    (record,) = shell.json("data", "list")
    receipt = ("data", "receipt", record["collection"], "--clear", "--out")
    told = flat(shell.run(*receipt, "asked", "--no-yes", code=2))
    assert "who reads it reads these names" in told and "制作部" in told
    assert not (shell.folder / "asked").exists()
    shell.run(*receipt, "with", "--origin")
    shell.run(*receipt, "without", "--no-origin")
    assert "制作部" not in json.dumps(
        json.loads((shell.folder / "without").read_text()), ensure_ascii=False
    )
    check = ("data", "check-receipt", "--clear")
    assert "職務著作です。" in shell.run(*check, "with")
    assert "leaves the origin out" in flat(shell.run(*check, "without"))
    assert shell.json(*check, "with")["origin"]["document"]["basis"] == "hire"
    theirs = Path(shell.folder / "theirs")
    shell.run("data", "receive", "without", "--clear", "--secrets", str(theirs))
    show = ("data", "show", record["collection"], "--secrets", str(theirs))
    assert "only the hash is known here" in flat(shell.run(*show))
    shell.run("data", "receive", "with", "--clear", "--secrets", str(theirs))
    assert "made for hire" in flat(shell.run(*show))
