"""The network, the wallets and the key store of whoever types."""

import json
import os
import pty
import re
import select
import stat
import subprocess
import termios
from collections.abc import Callable
from pathlib import Path

from kiseki.chain.anvil import anvil
from kiseki.chain.release.releases import newest
from kiseki.chain.signing.accounts import local_account as account_of

from .conftest import ARTIST, BUYER, FREE, Shell

KEY = "0x" + bytes(account_of(1).key).hex()


def test_how_things_stand(shell: Shell) -> None:
    told = shell.json("status")
    assert set(told["contracts"].values()) == {"the same, to the byte"}
    assert (told["pending"], told["owed"], told["problems"]) == ([], {}, [])
    shown = shell.run("status")
    assert "local, chain 31337" in shown
    assert "pending" in shown
    with anvil(4_260) as url:
        bare = Shell(shell.folder, url)
        assert "kiseki deploy" in bare.run("status", "--account", "env", code=4)


def test_deploying_is_looked_at_first_and_asked_for(
    elsewhere: Callable[[str], Shell],
) -> None:
    with anvil(11_155_111, options=("--enable-tx-gas-limit", "--hardfork", "osaka")) as url:
        shell = elsewhere(url)
        given = {"KISEKI_PRIVATE_KEY": KEY}
        dry = shell.json("deploy", "--network", "sepolia", "--dry-run", more=given)
        assert dry["sent"] is False
        assert set(dry["addresses"]) == set(newest())
        assert "add --yes" in shell.run(
            "deploy", "--network", "sepolia", "--no-yes", code=2, more=given
        )
        shell.run("deploy", "--network", "sepolia", "--yes", more=given)
        assert (shell.folder / "deployments" / "11155111.json").exists()
        assert shell.json("deploy", "--network", "sepolia", more=given)["gas"]["DataRegistry"] == 0
        told = shell.json("verify-contracts", "--network", "sepolia")
        assert {each["said"] for each in told} == {"the same, to the byte"}
        # On a public network the cost is told, and asked for.
        shell.files("artwork")
        words = ("data", "register", *FREE, "artwork", "--network", "sepolia")
        refused = shell.run(*words, "--no-yes", code=2, more=given)
        assert re.search(
            r"2 transactions on sepolia from 0x\w+\. The gas \([\d,]+\) costs about 0\.\d", refused
        )
        assert "add --yes" in refused
        dry = shell.json(*words, "--dry-run", more=given)
        assert (dry["transactions"], dry["sent"]) == (2, False)
        assert shell.json(*words, "--yes", more=given)["transactions"] == 2


def test_wallets_in_keystore_files(shell: Shell) -> None:
    """Invariant 7: neither key nor password is ever on the screen, but for `export`."""
    password = shell.folder / "password"
    password.write_text("correct horse\n")
    password.chmod(0o600)
    given = {"KISEKI_PASSWORD_FILE": str(password)}
    made = shell.json("accounts", "new", "studio", more=given)
    assert stat.S_IMODE(Path(made["path"]).stat().st_mode) == 0o600
    assert shell.json("accounts", "address", "studio")["address"] == made["address"]
    shown = shell.run("accounts", "import", "alice", more=given | {"KISEKI_PRIVATE_KEY": KEY})
    assert ARTIST in shown
    assert KEY[2:] not in shown
    assert shell.json("accounts", "export", "alice", more=given)["key"] == KEY
    names = [each["name"] for each in shell.json("accounts", "list")]
    assert names == ["alice", "studio"]
    shell.run("revenue", "pay", BUYER, "100 wei", "--account", "alice", more=given)
    password.write_text("wrong")
    refused = shell.run("revenue", "pay", BUYER, "1 wei", "--account", "alice", code=1, more=given)
    assert "that is not the password of alice" in refused
    assert "set KISEKI_PASSWORD_FILE" in shell.run("accounts", "export", "alice", code=2)


def test_to_guess_a_password_takes_long(shell: Shell) -> None:
    """In a real process: tests make keystores that open at once."""
    password = shell.folder / "password"
    password.write_text("correct horse")
    password.chmod(0o600)
    real = Shell(shell.folder, shell.url)
    made = real.json("accounts", "new", "studio", more={"KISEKI_PASSWORD_FILE": str(password)})
    crypto = json.loads(Path(made["path"]).read_text("utf-8"))["crypto"]
    assert crypto["kdf"] == "scrypt"
    assert (crypto["kdfparams"]["n"], crypto["kdfparams"]["r"]) == (2**18, 8)


def type_in(shell: Shell, answers: list[tuple[str, str]], *words: str) -> int:
    """Types each answer once its question is there: what is typed before is thrown away."""
    master, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (50, 10_000))  # wide: sentences stay whole
    done = subprocess.Popen(
        [*shell.programs.kiseki(), *words], cwd=shell.folder, env=shell.environment,
        stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    shown = ""
    for question, answer in answers:
        while question.lower() not in shown.lower():
            assert select.select([master], [], [], 30)[0], shown
            shown += os.read(master, 4_096).decode()
        shown = ""
        os.write(master, f"{answer}\n".encode())
    code = done.wait(30)
    os.close(master)
    return code


def test_a_weak_password_is_taken_only_when_told_twice(shell: Shell) -> None:
    """`pw` in the file needs --weak; typed, it is asked about. The same for every new password."""
    password = shell.folder / "password"
    password.touch(0o600)
    given = {"KISEKI_PASSWORD_FILE": str(password), "KISEKI_PRIVATE_KEY": KEY}
    ways = (("accounts", "new", "a"), ("accounts", "import", "b"), ("keys", "backup", "c"))
    shell.files("artwork")
    shell.run("data", "register", *FREE, "artwork")
    for number, weak in enumerate(("pw", "1234567", "aaaaaaaabab")):
        password.write_text(weak)
        for words in ways:
            told = shell.run(*words, more=given, code=2)
            assert "at least 8 characters, 4 of them different" in told
            assert weak not in told
            *rest, name = words
            shell.run(*rest, f"{name}{number}", "--weak", more=given)
    assert not (shell.folder / "home/.kiseki/keystores/a.json").exists()
    changed = shell.run("accounts", "password", "a2", more=given, code=2)
    assert "add --weak" in changed
    made = shell.folder / "home/.kiseki/keystores/d.json"
    word = [("New password: ", "pw"), ("confirmation: ", "pw")]
    assert type_in(shell, [*word, ("all the same?", "n")], "accounts", "new", "d") == 1
    assert not made.exists()
    assert type_in(shell, [*word, ("all the same?", "y")], "accounts", "new", "d") == 0
    assert made.exists()
    long = [(question, "pw long enough") for question, _ in word]
    assert type_in(shell, long, "accounts", "new", "e") == 0


def test_a_keystore_without_an_address_is_listed_and_learnt(shell: Shell) -> None:
    """As of `cast`, which writes none."""
    password = shell.folder / "password"
    password.write_text("\ufeffcorrect horse\r\n", "utf-8")
    password.chmod(0o600)
    given = {"KISEKI_PASSWORD_FILE": str(password)}
    made = shell.json("accounts", "new", "studio", more=given)
    path = Path(made["path"])
    document = json.loads(path.read_text())
    del document["address"]
    path.write_text(json.dumps(document))
    told = shell.run("accounts", "list")
    assert "unknown until it is opened" in told
    assert "damaged" not in told
    assert shell.json("accounts", "list")[0]["address"] == ""
    found = shell.json("accounts", "address", "studio", more=given)
    assert found["address"] == made["address"]
    assert made["address"] in shell.run("accounts", "list")


def test_the_key_store_is_backed_up_and_restored(shell: Shell) -> None:
    shell.files("artwork")
    shell.run("data", "register", *FREE, "artwork")
    assert shell.json("keys", "backup", "backup", "--clear")["salts"] == 3
    (shell.folder / "home/.kiseki/secrets").unlink()
    for extra in ("-wal", "-shm"):
        (shell.folder / f"home/.kiseki/secrets{extra}").unlink(missing_ok=True)
    restored = shell.json("keys", "restore", "backup", "--clear")
    assert restored == {"new": 3, "salts": 3, "people": 0, "differ": [], "splits": []}
    assert not (shell.folder / "home/.kiseki/people.json").exists(), "nobody was in the backup"
    assert len(shell.json("keys", "list")) == 1
    assert shell.json("data", "register", *FREE, "artwork")["transactions"] == 0


def test_a_studio_that_restores_a_backup_has_everything_that_it_held(shell: Shell) -> None:
    """Invariant 8: names, splits of joint works and documents of origin; of what is left out the
    command says that it is (wallets, journal, redirects, networks), and nothing is overwritten."""
    password = shell.folder / "password"
    password.write_text("correct horse")
    password.chmod(0o600)
    secret = {"KISEKI_PASSWORD_FILE": str(password)}
    shell.run("accounts", "new", "studio", more=secret)
    shell.run("people", "add", "山田花子", ARTIST, "--role", "key animation")
    shell.run("people", "add", "artist 2", BUYER)
    shell.files("art", 1)
    (shell.folder / "list.csv").write_text("file,artist\nart/0.svg,山田花子\nart/0.svg,artist 2\n")
    shell.run("data", "register", "list.csv", *FREE, "--no-publish")
    shell.run("revenue", "redirect", BUYER, "--out", "redirect.json")
    home = shell.folder / "home" / ".kiseki"
    (home / "networks.toml").write_text("[mine]\nchain = 31337\n")
    (split,) = (home / "splits").iterdir()
    before = shell.json("people", "list")

    told = shell.run("keys", "backup", "all.age", more=secret)
    assert "holds 1 salt and 2 people." in told
    assert "山田".encode() not in (shell.folder / "all.age").read_bytes()
    for name in ("keystores", "journal", "redirects", "index", "networks.toml"):
        assert f"Not in it: {home / name} (" in told
    kept = shell.json("keys", "backup", "again.age", more=secret)
    covered = {"secrets", "secrets-wal", "secrets-shm", "people.json", "splits"}
    there = {each.name for each in home.iterdir() if not each.name.startswith(".")}
    rest = there - covered - {"journal-wal", "journal-shm", "journal.d"}
    assert {Path(each).name for each in kept["left_out"]} == rest, "in, or said not to be"

    for gone in (*home.glob("secrets*"), home / "people.json", split):
        gone.unlink()
    restored = shell.json("keys", "restore", "all.age", more=secret)
    assert (restored["new"], restored["people"], restored["differ"]) == (1, 2, [])
    assert shell.json("people", "list") == before
    assert restored["splits"] == [str(split)] and split.exists()
    assert shell.json("data", "register", "list.csv", *FREE, "--no-publish")["transactions"] == 0

    shell.run("people", "add", "山田花子", BUYER, "--replace")
    shell.run("people", "remove", "artist 2")
    shown = shell.run("keys", "restore", "all.age", more=secret)
    assert "1 person new in the address book" in shown
    assert f"山田花子, {BUYER}" in shown
    assert f"stays as it is here; the backup says 山田花子, {ARTIST}, role key" in shown
    accounts = {each["name"]: each["account"] for each in shell.json("people", "list")}
    assert accounts == {"山田花子": BUYER.lower(), "artist 2": BUYER.lower()}


def test_an_address_book_that_others_can_read_is_refused_before_anything_is_restored(
    shell: Shell,
) -> None:
    shell.files("art", 1)
    shell.run("data", "register", "art", *FREE)
    shell.run("people", "add", "artist 1", ARTIST)
    shell.run("keys", "backup", "backup", "--clear")
    home = shell.folder / "home" / ".kiseki"
    (home / "people.json").chmod(0o644)
    for words in (("backup", "other"), ("restore", "backup")):
        told = shell.run("keys", *words, "--clear", "--secrets", str(home / "new"), code=1)
        assert "others can read the address book" in told
    assert not (shell.folder / "other").exists()


def test_status_shows_the_rest_where_the_key_store_cannot_be_used(shell: Shell) -> None:
    shell.files("art", 1)
    shell.run("data", "register", "art", *FREE)
    (shell.folder / "home" / ".kiseki" / "secrets").chmod(0o644)
    told = shell.json("status", code=4)
    (problem,) = told["problems"]
    assert "secrets" in problem and "chmod" in problem
    assert int(told["balance"]) > 0 and set(told["contracts"].values()) == {"the same, to the byte"}
