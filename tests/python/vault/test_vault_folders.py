"""A folder gives the works in it; what is probably none is named before anything is kept (13)."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiseki.client.vault import kept
from kiseki.errors import FilesError
from kiseki.vault import doubts, lists
from kiseki.vault.doubts import Decide, Doubts
from kiseki.vault.files import hash_files, hash_outputs
from kiseki.vault.folders import find, look, walk
from kiseki.vault.taking import taken

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:12\nsize 3\n"


@pytest.fixture
def art(tmp_path: Path) -> Path:
    """A folder with one picture, in another folder."""
    (tmp_path / "art").mkdir()
    (tmp_path / "outside.png").write_text("outside")
    (tmp_path / "art" / "a.png").write_text("a")
    return tmp_path / "art"


def names(art: Path, decide: Decide = doubts.leave_out) -> list[str]:
    found = taken(art, hash_files, lambda *_: None, decide, lambda _: None)
    return [str(each.path.relative_to(art)) for each in found]


def told(art: Path) -> str:
    sentences: list[str] = []
    taken(art, hash_files, lambda *_: None, doubts.leave_out, sentences.append)
    return "\n".join(sentences)


# Links and what is no file

LINKS: dict[str, tuple[Callable[[Path], object], str]] = {
    "itself": (lambda p: p.symlink_to(p.name), "a link that leads to itself"),
    "nowhere": (lambda p: p.symlink_to("gone"), "a link that leads nowhere"),
    "file outside": (lambda p: p.symlink_to("../outside.png"), "leads out of the folder"),
    "folder outside": (lambda p: p.symlink_to(".."), "leads out of the folder"),
    "system": (lambda p: p.symlink_to("/etc/passwd"), "leads out of the folder"),
    "pipe": (os.mkfifo, "a pipe, a socket or a device"),
    "socket": (
        lambda p: socket.socket(socket.AF_UNIX).bind(str(p)),
        "a pipe, a socket or a device",
    ),
}


@pytest.mark.parametrize("kind", LINKS)
def test_what_leads_out_or_nowhere_is_named_and_never_an_item(
    art: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    make, why = LINKS[kind]
    monkeypatch.chdir(art)  # a socket's path is short
    make(Path("odd.png"))
    with pytest.raises(FilesError, match=f"1 file is doubtful.*{why}.*odd.png.*nothing was"):
        names(art, doubts.refuse)
    with pytest.raises(FilesError, match=f"cannot be taken: .*{why}"):
        names(art, doubts.take)
    with pytest.raises(FilesError, match=why):
        find(art)
    assert names(art) == ["a.png"]
    assert list(walk(art)) == [str(art / "a.png")]
    (listed,) = [each for each in lists.read(art) if each.doubt]
    assert (listed.file, why in listed.doubt) == ("", True)


def test_two_links_in_a_circle_end(art: Path) -> None:
    (art / "one").symlink_to("two")
    (art / "two").symlink_to("one")
    (art / "again").symlink_to(art, target_is_directory=True)
    assert names(art) == ["a.png"]


def test_a_link_inside_is_passed_over_and_that_is_said(art: Path) -> None:
    (art / "b").mkdir()
    (art / "b" / "link.png").symlink_to("../a.png")
    (art / "c").symlink_to("b")
    assert names(art, doubts.refuse) == ["a.png"]
    assert "2 links to something in the same folder are passed over: " in told(art)
    assert f"{art / 'b' / 'link.png'}" in told(art)


def test_a_link_to_what_is_hidden_inside_is_followed(art: Path) -> None:
    """As git-annex keeps its files; without it nothing of such a folder would be registered."""
    (art / ".git" / "annex").mkdir(parents=True)
    (art / ".git" / "annex" / "key").write_text("b")
    (art / "b.png").symlink_to(".git/annex/key")
    assert names(art, doubts.refuse) == ["a.png", "b.png"]
    assert "A name that begins with a dot is passed over: " in told(art)


def test_the_folder_itself_may_be_a_link(art: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("art")
    assert names(tmp_path / "link", doubts.refuse) == ["a.png"]


def test_files_with_the_same_content_are_named(art: Path) -> None:
    (art / "copy.png").write_text("a")
    os.link(art / "a.png", art / "hard.png")
    assert f"{art / 'a.png'} = {art / 'copy.png'} = {art / 'hard.png'}" in told(art)


LEVELS = 1_200
"""More than Python lets a function call itself."""


@pytest.fixture
def well(tmp_path: Path) -> Iterator[Path]:
    """A folder in a folder, and so on; taken away again, as pytest's own cleaning fails at it."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(LEVELS):
        os.mkdir("d", dir_fd=here)
        here = step(here, "d")
    yield tmp_path
    for _ in range(LEVELS):
        here = step(here, "..")
        os.rmdir("d", dir_fd=here)
    os.close(here)


def step(here: int, name: str) -> int:
    """Goes from one open folder to another."""
    try:
        return os.open(name, os.O_RDONLY, dir_fd=here)
    finally:
        os.close(here)


def test_many_levels_are_no_problem(well: Path) -> None:
    assert list(look(well)) == []


# Doubts

DOUBTFUL: dict[str, tuple[bytes, str]] = {
    "empty.png": (b"", "an empty file"),
    "lfs.png": (LFS, "a pointer to a file that is elsewhere"),
    "crlf.png": (LFS.replace(b"\n", b"\r\n"), "a pointer to a file that is elsewhere"),
    "annex.png": (b"/annex/objects/SHA256E-s3--12.png\n", "a pointer to a file"),
    "text.png": (b"../.git/annex/objects/a/b/SHA256E-s3--12.png", "a pointer to a file"),
    "page.JPG": (b"\xef\xbb\xbf\r\n<!DOCTYPE html><html>", "a page or message"),
    "denied.webp": (b'<?xml version="1.0"?><Error><Code>AccessDenied', "a page or message"),
    "json.mp4": (b'{"message": "Not Found"}', "a page or message"),
    "plain.png": (b"404: Not Found", "a page or message"),
    "page.svg": (b"<html><body>", "a page or message"),
    "zeros.psd": (bytes(5_000), "a file of zeros"),
    "Thumbs.db": (b"x", "made by a system"),
    "DESKTOP.INI": (b"x", "made by a system"),
    "Icon\r": (b"x", "made by a system"),
    "a.png.part": (b"x", "not finished"),
    "a.png.crdownload": (b"x", "not finished"),
    "a.download": (b"x", "not finished"),
    "~$list.xlsx": (b"x", "the lock of an office program"),
    "a.tmp": (b"x", "a temporary file"),
    "a.png~": (b"x", "a temporary file"),
    ".a.png.icloud": (b"x", "a cloud"),
    "list.gsheet": (b"{}", "a cloud"),
    "a.png.dvc": (b"outs:", "a cloud"),
    "a.png.lnk": (b"x", "a shortcut"),
    "a.xmp": (b"<x:xmpmeta>", "a sidecar"),
    "a.md5": (b"x", "a list of checksums"),
    "a (Bob's conflicted copy 2026-01-01).png": (b"x", "a copy that a cloud made"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_probably_no_work_is_named_and_decided_about(art: Path, name: str) -> None:
    content, why = DOUBTFUL[name]
    (art / name).write_bytes(content)
    with pytest.raises(FilesError, match=f"1 file is doubtful.*{why}"):
        names(art, doubts.refuse)
    assert names(art) == ["a.png"]
    if not name.startswith("."):
        assert sorted(names(art, doubts.take)) == sorted(["a.png", name])
        (hashed,) = hash_outputs([art / name])
        assert why in hashed.doubt


@pytest.mark.parametrize("name", ["__MACOSX", "$RECYCLE.BIN", "@eaDir", "a.png.download"])
def test_a_folder_of_a_system_is_one_doubt(art: Path, name: str) -> None:
    (art / name).mkdir()
    (art / name / "x.png").write_text("x")
    (art / name / "y.png").write_text("y")
    with pytest.raises(FilesError, match=r"1 file is doubtful\. 1 is a folder of a system"):
        names(art, doubts.refuse)
    assert names(art) == ["a.png"]


def test_works_are_not_doubtful(art: Path) -> None:
    """What begins as a page does, or with zeros, and is none."""
    works = {
        "a.svg": b'<?xml version="1.0"?><svg>',
        "caption.txt": b"404: Not Found",
        "story.html": b"<!DOCTYPE html>",
        "data.json": b"{}",
        "film.mp4": b"\0\0\0\x20ftypisom",
        "sound.pcm": bytes(10) + b"x",
        "thumbs.db.png": b"x",
        "partial": b"x",
        "a.part.png": b"x",
        "download.png": b"x",
        "lfs.md": b"text about version https://git-lfs.github.com/spec/v1",
    }
    for name, content in works.items():
        (art / name).write_bytes(content)
    assert set(names(art, doubts.refuse)) == {"a.png", *works}


def test_of_a_million_a_few_are_named() -> None:
    found = Doubts()
    for number in range(1_000_000):
        found.add(f"{number}.png", "an empty file")
    assert found.count == 1_000_000
    assert found.words == [
        "1,000,000 are each an empty file: 0.png, 1.png, 2.png, 3.png, 4.png and 999,995 more"
    ]


def test_nothing_is_left_is_said(art: Path) -> None:
    (art / "a.png").write_text("")
    with pytest.raises(FilesError, match="nothing is left to register"):
        names(art)


def test_receipts_beside_what_a_vault_gave_are_no_works(art: Path) -> None:
    before = find(art)
    (art / kept.FOLDER).mkdir()
    (art / kept.FOLDER / "1.json").write_text("{}")
    said: list[str] = []
    assert find(art, tell=said.append) == before
    assert any("receipts of a vault is passed over: " in each for each in said)
