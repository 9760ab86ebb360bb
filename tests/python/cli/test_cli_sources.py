"""Doubtful files are shown and asked about before anything is kept or sent (13)."""

from .conftest import Shell

REGISTER = ("data", "register", "art", "--uses", "train", "--royalty", "20%")


def test_what_is_doubtful_is_asked_about_where_somebody_can_answer(shell: Shell) -> None:
    art = shell.files("art")
    (art / "Thumbs.db").write_text("x")
    (art / "loop").symlink_to("loop")
    (art / "copy.svg").write_text("art 1")
    refused = shell.run(*REGISTER, "--yes", code=1)
    assert "2 files are doubtful. 1 is made by a system and not by a person: art/" in refused
    assert "1 is a link that leads to itself: art/loop." in refused
    assert "Leave these 2 files out and register the others?" in shell.answer(
        "n\n", *REGISTER, code=1
    )
    assert shell.json("keys", "list") == []
    shown = shell.answer("y\ny\n", *REGISTER)
    assert "1 is made by a system and not by a person: art/Thumbs.db." in shown
    assert "Files with the same content are one item: 1.svg = copy.svg." in shown
    (kept,) = shell.json("keys", "list")
    assert kept["count"] == 3
    refused = shell.run(*REGISTER, "--yes", "--doubtful", "take", code=1)
    assert "some of these cannot be taken: " in refused
    (art / "loop").unlink()
    shell.run(*REGISTER, "--yes", "--doubtful", "take")
    assert [each["count"] for each in shell.json("keys", "list")] == [3, 4]
    outputs = ("output", "register", "art", "--model", "0x" + "12" * 32, "--yes")
    assert "1 file is doubtful. 1 is made by a system" in shell.run(*outputs, code=1)
