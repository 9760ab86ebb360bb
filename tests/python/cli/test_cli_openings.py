"""Who lost their salts is told, and a file is found with the key store that can open it."""

import os
import pty
import termios

from kiseki.chain.signing.accounts import local_account as account_of

from .conftest import FREE, Shell

ARTIST, OTHER = ("--account", "test:1"), ("--account", "test:2")
TERMS = ("--uses", "train", "--royalty", "20%")


def collection_of(shell: Shell, *words: str) -> str:
    made = shell.json("data", "register", "artwork", *TERMS, *words, *ARTIST)
    return str(made["collections"][0]["collection"])


def test_a_lost_key_store_is_noticed_before_anything_is_sent(shell: Shell) -> None:
    shell.files("artwork")
    first = collection_of(shell)
    keys = shell.folder / "home/.kiseki/secrets"
    for end in ("", "-wal", "-shm"):  # as SQLite left them
        if (file := keys.with_name(keys.name + end)).exists():
            file.rename(shell.folder / f"kept{end}")
    register = (
        "data",
        "register",
        "artwork",
        *TERMS,
        *ARTIST,
    )
    for more in ((), ("--yes",), ("--dry-run",)):
        told = " ".join(shell.run(*register, *more, code=1).split())
        for words in (first, "3 items", "a second time", "kiseki keys restore", "--as-new"):
            assert words in told
    listed = shell.json("data", "list", *ARTIST)
    assert [each["collection"] for each in listed] == [first]
    assert "1 collection of this wallet" in " ".join(shell.run("status", *ARTIST).split())
    receipt = ("data", "receipt", first, "--out", "receipt", "--clear")
    told = " ".join(shell.run(*receipt, code=1).split())
    assert "is not in this key store" in told and "keys restore" in told
    # The right path mends it.
    right = ("--secrets", "kept")
    assert collection_of(shell, *right) == first
    # So does a backup.
    shell.run("keys", "backup", "backup", "--clear", *right)
    for each in keys.parent.glob("secrets*"):
        each.unlink()
    shell.run("keys", "restore", "backup", "--clear")
    assert collection_of(shell) == first
    # Who goes on as new is told what that means, and is not asked again.
    new = shell.run(*register, "--as-new", "--secrets", "new")
    assert "a second time" in " ".join(new.split())
    assert "was registered already" in shell.run(*register, "--secrets", "new")
    assert len(shell.json("data", "list", *ARTIST)) == 2


def test_who_sits_at_a_terminal_is_asked(shell: Shell) -> None:
    shell.files("artwork")
    collection_of(shell)
    words = ("data", "register", "artwork", *TERMS, *ARTIST, "--secrets", "elsewhere")
    for answer, code in ((b"n\n", 1), (b"y\ny\n", 0)):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (50, 10_000))  # wide: sentences stay whole
        os.write(ours, answer)
        done = shell.start(*words, stdin=theirs)
        out, err = done.communicate(timeout=600)
        os.close(ours)
        os.close(theirs)
        assert done.returncode == code, out + err
        assert "Go on as new?" in err
        assert len(shell.json("data", "list", *ARTIST)) == 2 - code


def test_consents_and_private_models_ask_too(shell: Shell) -> None:
    shell.files("artwork", 1)
    listed = f"file,artist\nartwork/0.svg,{account_of(1).address}\n"
    (shell.folder / "list.csv").write_text(listed)
    studio = ("--account", "test:0")
    prepare = (
        "data",
        "consent",
        "prepare",
        *FREE,
        "list.csv",
        "consents",
        *studio,
    )
    (file,) = shell.json(*prepare)
    shell.run("data", "consent", "sign", file, "--yes", *ARTIST)
    shell.run("data", "consent", "submit", "consents", *studio)
    elsewhere = ("--secrets", "elsewhere")
    told = shell.run(*prepare[:-3], "others", *studio, *elsewhere, code=1)
    assert account_of(1).address in told
    shell.run(*prepare[:-3], "others", *studio, *elsewhere, "--as-new")
    # A model behind a salt.
    for name in ("lora.safetensors", "base.md"):
        (shell.folder / name).write_text(name)
    model = (
        "model",
        "register",
        *FREE,
        "lora.safetensors",
        "--external",
        "unknown=base.md",
        "--private",
    )
    first = shell.json(*model, *OTHER)["model"]
    assert first in shell.run(*model, *OTHER, *elsewhere, code=1)
    assert shell.json(*model, *OTHER, *elsewhere, "--as-new")["model"] != first


def test_other_terms_for_the_same_files_are_warned_of(shell: Shell) -> None:
    """Promise 2."""
    shell.files("artwork")
    first = collection_of(shell)
    register = ("data", "register", "--uses", "train", "artwork", "--royalty", "30%", *ARTIST)
    told = " ".join(shell.run(*register, "--dry-run").split())
    assert "3 items of 3 in the collection" in told
    assert f"are in {first} already, under other terms, and both pay the same" in told
    assert "royalty of 20% of gross" in told
    assert "only revoking that collection does" in told


def test_a_file_is_found_with_its_id_its_terms_and_its_users(shell: Shell) -> None:
    """Promise 2: is this registered by me, where, under which terms, who used it."""
    shell.files("artwork")
    shell.files("others", 1)
    first = collection_of(shell)
    found = shell.json("data", "find", "artwork/0.svg", *ARTIST)
    (place,) = found[0]["places"]
    items = {each["names"][0]: each for each in shell.json("data", "show", first)["items"]}
    assert place["id"] == items["0.svg"]["id"]
    assert (place["collection"], place["mine"], place["received"]) == (first, True, False)
    assert place["registered"] and not place["revoked"]
    assert "royalty of 20%" in place["words"] and place["models"] == []
    shown = " ".join(shell.run("data", "find", "artwork", *ARTIST).split())
    assert "this wallet" in shown and "nobody" in shown and place["id"] in shown
    # Unknown is not the same as not registered.
    told = " ".join(shell.run("data", "find", "others", "artwork/0.svg", *ARTIST, code=4).split())
    assert "1 file is unknown" in told and "not the same as not registered" in told
    told = " ".join(
        shell.run("data", "find", "artwork/0.svg", *ARTIST, "--secrets", "new", code=4).split()
    )
    assert "1 of the collections" in told and "keys restore" in told
    # What is prepared and not sent is not registered.
    shell.run("data", "register", *FREE, "others", *ARTIST, "--dry-run")
    (other,) = shell.json("data", "find", "others", *ARTIST, code=4)
    assert (other["known"], other["registered"]) == (True, False)
    assert "not registered on this chain" in shell.run("data", "find", "others", *ARTIST, code=4)
    shell.run("data", "revoke-item", place["commitment"], *ARTIST)
    shell.run("data", "revoke", first, *ARTIST)
    shown = shell.run("data", "find", "artwork/0.svg", *ARTIST)
    assert "consent revoked" in shown and "item revoked" in shown


def test_what_a_receipt_told_is_listed_beside_what_was_prepared(shell: Shell) -> None:
    shell.files("artwork")
    first = collection_of(shell)
    words = ("data", "receipt", first, "--only", "0.svg", "--out", "receipt", "--clear")
    shell.run(*words)
    theirs = ("--secrets", "theirs")
    told = shell.json("data", "receive", "receipt", "--clear", *theirs)
    assert (told["items"], told["new"]) == (1, 1)
    (listed,) = shell.json("keys", "list", *theirs)
    assert (listed["collection"], listed["count"], listed["here"]) == (first, 3, 1)
    assert "a receipt" in shell.run("keys", "list", *theirs)
    assert "prepared here" in shell.run("keys", "list")


def test_a_manifest_is_written_by_a_command_and_never_over_another_file(shell: Shell) -> None:
    """Promise 3: a model is registered by nothing but commands."""
    shell.files("artwork")
    first = collection_of(shell)
    told = shell.json("model", "manifest", "manifest.json", "artwork", *OTHER)
    assert (told["items"], told["collections"], told["weight"]) == (3, 1, "3")
    words = ("model", "manifest", "manifest.json", "--whole", first)
    assert "name another" in shell.run(*words, code=2)
    (shell.folder / "artwork/0.svg").write_text("changed")
    told = shell.run("model", "manifest", "new.json", "artwork", code=2)
    assert "artwork/0.svg is unknown here" in " ".join(told.split())
    assert not (shell.folder / "new.json").exists()
    (shell.folder / "model.bin").write_text("weights")
    register = ("model", "register", *FREE, "model.bin", "--manifest", "manifest.json", *OTHER)
    assert shell.json(*register)["model"]
    shown = shell.run("data", "find", "artwork/1.svg", *ARTIST)
    assert "models: 1" in " ".join(shown.split())
