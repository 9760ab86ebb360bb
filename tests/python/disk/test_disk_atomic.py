"""A file is whole or as it was before, and private from its first byte (invariant 8)."""

import stat
from pathlib import Path

import pytest

from kiseki.disk import atomic
from kiseki.disk.private import create, open_to_others


def test_what_fails_half_way_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic.write(path, "before")
    with pytest.raises(RuntimeError), atomic.whole(path) as file:
        file.write(b"half")
        file.flush()
        assert path.read_text() == "before"
        raise RuntimeError
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_nobody_else_reads_a_private_file_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic.whole(path, mode=0o600) as file:
        file.write(b"secret")
        (begun,) = tmp_path.iterdir()
        assert stat.S_IMODE(begun.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    atomic.write(path, "for all")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_of_two_who_write_a_new_file_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic.whole(path, new=True) as mine:
        mine.write(b"mine")
        atomic.write(path, "theirs", new=True)
        with pytest.raises(FileExistsError):
            atomic.write(path, "third", new=True)
        path.unlink()
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_made_once_and_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    create(path)
    path.write_text("kept")
    create(path)
    assert path.read_text() == "kept"
    assert open_to_others(path) == ""
    path.chmod(0o640)
    assert open_to_others(path) == "0640"
