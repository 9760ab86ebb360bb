"""`kiseki data invite` and `invited`: links for artists who have no wallet."""

import stat
import urllib.request

from tests.python.passkey import Passkey as Phone

from kiseki import LocalKiseki
from kiseki.client.data.invitations import Invitations
from kiseki.core import passkeys
from kiseki.vault.invitations import Passkey

from .conftest import ARTIST, Shell

STUDIO = ("--studio", "Studio Kaze", "--uses", "train", "--royalty", "20%")


def listed(shell: Shell, rows: str = "art/0.svg,山田 花子\nart/1.svg,Sato Ken\n") -> None:
    shell.files("art")
    (shell.folder / "cuts.csv").write_text(f"file,artist\n{rows}")


def test_a_studio_invites_and_sees_who_has_signed(shell: Shell, k: LocalKiseki) -> None:
    listed(shell)
    words = ("data", "invite", "cuts.csv", "desk", *STUDIO, "--at", "https://trace.example.org/")
    shown = shell.run(*words, "--qr", "codes")
    assert "20% of gross" in shown and "山田 花子, 1 drawing" in shown
    assert "Send each link to its artist alone" in shown
    made = shell.json(*words)
    assert [each["artist"] for each in made] == ["山田 花子", "Sato Ken"]
    for each in made:
        assert each["link"].startswith("https://trace.example.org/sign/")
        assert each["link"] in shown, "the same list gives the same links"
    codes = sorted((shell.folder / "codes").iterdir())
    assert [each.name for each in codes] == ["001-山田-花子.svg", "002-Sato-Ken.svg"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in codes} == {0o600}
    assert {e["state"] for e in shell.json("data", "invited", "desk")} == {"not opened"}
    phone = Phone()
    desk = Invitations(k.data, shell.folder / "desk")
    cut = desk.of(made[0]["link"].rpartition("/")[2])
    assert cut is not None
    passkey = Passkey(b"name", b"cose", phone.key, "localhost")
    begun = desk.begin(cut, passkey)
    states = [each["state"] for each in shell.json("data", "invited", "desk")]
    assert states == ["begun, not signed", "not opened"]
    desk.sign(begun, passkey, passkeys.assertion(*phone.get(desk.challenge(begun))))
    desk.close()
    assert shell.json("data", "invited", "desk")[0]["state"] == "signed, not registered"
    shown = shell.run("data", "invited", "desk")
    assert "signed, not registered" in shown and "not opened" in shown


def test_what_is_signed_by_invitation_is_submitted_as_any_consent(
    shell: Shell, k: LocalKiseki
) -> None:
    listed(shell, f"art/0.svg,{ARTIST}\n")
    (made,) = shell.json("data", "invite", "cuts.csv", "desk", *STUDIO)
    assert made["account"] == ARTIST.lower()
    store = k.salts
    desk = Invitations(k.data, shell.folder / "desk")
    cut = desk.of(made["link"].rpartition("/")[2])
    assert cut is not None
    begun = desk.begin(cut, ARTIST)
    name = begun.consent
    desk.close()
    shell.run("data", "consent", "sign", f"desk/{name}", "--account", "test:1", "--yes")
    (told,) = shell.json("data", "consent", "submit", "desk", "--no-publish", "--yes")
    assert told["problem"] == "" and store is k.salts
    (now,) = shell.json("data", "invited", "desk")
    assert now["state"] == "registered"


def test_what_cannot_be_meant_is_said(shell: Shell) -> None:
    listed(shell)
    plain = shell.run(
        "data", "invite", "cuts.csv", "desk", *STUDIO, "--at", "http://trace.example.org", code=2
    )
    assert "without TLS only http://localhost makes passkeys" in " ".join(plain.split())
    assert "there are no invitations in desk" in shell.run("data", "invited", "desk", code=2)
    (shell.folder / "cuts.csv").write_text(
        "file,artist\nart/0.svg,Sato\nart/7.svg,Sato\nart/9.svg,Aya\n"
    )
    lost = " ".join(shell.run("data", "invite", "cuts.csv", "desk", *STUDIO, code=2).split())
    assert (
        "not there, 2 in all: art/7.svg (Sato), art/9.svg (Aya); add them, or take their rows out"
        in lost
    )
    (shell.folder / "cuts.csv").write_text("file,artist\nart/0.svg,\n")
    assert "names no artist" in " ".join(
        shell.run("data", "invite", "cuts.csv", "desk", *STUDIO, code=2).split()
    )


def test_links_open_where_they_are_served_and_nowhere_else(shell: Shell) -> None:
    listed(shell)
    (made, _) = shell.json("data", "invite", "cuts.csv", "desk", *STUDIO)
    server = shell.start("serve", "--port", "0", "--invitations", "desk")
    assert server.stderr
    said = server.stderr.readline()
    while "The pages are at" not in said:
        assert said and server.poll() is None
        said = server.stderr.readline()
    port = said.split("127.0.0.1:")[1].split("/")[0]
    secret = made["link"].rpartition("/")[2]
    with urllib.request.urlopen(f"http://localhost:{port}/sign/{secret}", timeout=600) as page:
        assert "Studio Kaze" in page.read().decode()
    server.terminate()
    assert server.wait(timeout=600) in (0, 143, -15)
    assert secret not in said
