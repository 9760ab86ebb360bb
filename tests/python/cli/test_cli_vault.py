"""`kiseki vault` as people type it."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pyrage
import pytest

from .conftest import FREE, Shell

pytestmark = pytest.mark.usefixtures("shell")


def art(shell: Shell, count: int = 3) -> Path:
    folder = shell.folder / "art"
    folder.mkdir()
    for n in range(count):
        (folder / f"{n}.png").write_bytes(b"\x89PNG drawing %d" % n * 50)
    return folder


def test_a_vault_is_made_filled_looked_at_and_mended(shell: Shell) -> None:
    """Promise 6, from the first command on."""
    art(shell)
    recovery = str(pyrage.x25519.Identity.generate().to_public())
    said = shell.run("vault", "init", "--recovery", recovery, "--yes")
    home = shell.folder / "home" / ".kiseki"
    key = home / "vault.identity"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert f"It is opened by {recovery} (offline)." in " ".join(said.split())
    assert "Nobody else" not in said

    said = shell.run("vault", "add", "art", code=1)
    assert "is a vault, and its key was not given" in " ".join(said.split())
    more = {"KISEKI_VAULT_IDENTITY": str(key)}
    done = shell.json("vault", "add", "art", more=more)
    assert (done["stored"], done["known"]) == (3, 0)
    done = shell.json("vault", "add", "art", more=more)
    assert (done["stored"], done["known"]) == (0, 3)

    found = shell.json("vault", "status", more=more)
    assert [(each["objects"], each["size"]) for each in found["held"]] == [(3, 3 * 14 * 50)]
    assert "3 objects" in shell.run("vault", "check", "--read", "--decrypt", more=more)

    copy = shell.folder / "copy"
    subprocess.run(["cp", "-r", home / "objects", copy], check=True)
    lost = next((home / "objects").glob("*/*"))
    lost.unlink()
    assert "1 missing" in shell.run("vault", "check", more=more, code=4)
    assert shell.json("vault", "repair", str(copy), more=more)["repaired"] == [f"0x{lost.name}"]
    shell.run("vault", "check", "--read", more=more)


def test_a_domain_at_which_nobody_could_sign_in_is_refused_because_it_stays(shell: Shell) -> None:
    for domain in ("vault.example/x", "https://vault.example", "my vault", "a_b.example"):
        shell.run("vault", "init", "--domain", domain, code=2)
    assert not (shell.folder / "home" / ".kiseki" / "secrets").exists()


def test_what_is_registered_with_the_vault_is_in_it(shell: Shell) -> None:
    art(shell)
    shell.run("vault", "init", "--yes")
    more = {"KISEKI_VAULT_IDENTITY": str(shell.folder / "home/.kiseki/vault.identity")}
    (shell.folder / "art" / "Thumbs.db").write_bytes(b"nothing")
    shell.run("data", "register", "art", *FREE, "--vault", "--doubtful", "leave-out", "--yes",
              more=more)  # fmt: skip
    held = shell.json("vault", "status", more=more)["held"]
    assert [each["objects"] for each in held] == [3]


def test_a_key_store_without_keys_is_no_vault(shell: Shell) -> None:
    art(shell)
    shell.run("data", "register", "art", *FREE, "--yes")
    said = shell.run("data", "register", "art", *FREE, "--vault", "--yes", code=2)
    assert "`kiseki vault init` makes a vault of it" in " ".join(said.split())


def test_what_was_registered_before_there_was_a_vault_stays(shell: Shell) -> None:
    art(shell)
    shell.run("data", "register", "art", *FREE, "--yes")
    salts = shell.json("status")["secrets"]["salts"]
    shell.run("vault", "init", "--yes")
    more = {"KISEKI_VAULT_IDENTITY": str(shell.folder / "home/.kiseki/vault.identity")}
    assert shell.json("vault", "status", more=more)["salts"] == salts == 3
    said = shell.run("data", "register", "art", *FREE, "--yes", more=more)
    assert "was registered already" in said
