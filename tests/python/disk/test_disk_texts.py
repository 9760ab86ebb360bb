"""Text files that people name: an error says in words what is wrong with one."""

import re
import stat
from pathlib import Path

import pytest

import kiseki
from kiseki.disk import texts
from kiseki.errors import FilesError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "軌跡.txt"
    texts.write(path, "軌跡\n")
    assert path.read_bytes() == "軌跡\n".encode()
    assert texts.read(path) == "軌跡\n"
    texts.write(path, "again", mode=0o600)
    assert (texts.read(path), stat.S_IMODE(path.stat().st_mode)) == ("again", 0o600)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_made_only_where_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with pytest.raises(FilesError, match=r"file cannot be written \(No such file or directory\)"):
        texts.write(path, "text")
    assert not path.parent.exists()
    texts.write(path, "text", folder=True)
    assert texts.read(path) == "text"
    with pytest.raises(FilesError, match=r"cannot be written \(Not a directory|File exists"):
        texts.write(path / "below", "text", folder=True)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(FilesError, match=r"nothing cannot be read \(No such file or directory\)"):
        texts.read(tmp_path / "nothing")
    path = tmp_path / "picture"
    path.write_bytes(b"\xff\xd8secret")
    with pytest.raises(FilesError, match="picture cannot be read; save it as plain text") as error:
        texts.read(path)
    assert error.value.__cause__ is None, "the cause holds the bytes"


def test_only_the_disk_room_writes_whole_files() -> None:
    """Elsewhere one would be half there after a power cut. What appends or locks opens for that.
    A rerun lays its inputs and a log for itself, and the next rerun begins anew. An object of the
    vault gets its name, the hash of what was written, when all of it is on the disk."""
    source = Path(kiseki.__file__).parent
    writes = re.compile(r"\.write_(text|bytes)\(|\bopen\([^)]*[\"'][wx]b?[\"']|\bmkstemp\(")
    found = {str(each.relative_to(source)) for each in source.rglob("*.py")
             if writes.search(each.read_text("utf-8"))}  # fmt: skip
    others = ("training/isolation/", "training/reproducing/", "vault/objects/")
    assert {each for each in found if not each.startswith(others)} == {"disk/atomic.py"}
