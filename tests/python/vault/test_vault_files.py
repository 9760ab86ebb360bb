"""Hashing in batches on all cores gives what hashing one after the other gives."""

import hashlib
from pathlib import Path

import pytest

from kiseki.errors import FilesError
from kiseki.vault import files
from kiseki.vault.files import hash_files
from kiseki.vault.folders import find


@pytest.mark.parametrize("count", [1, 63, 64, 65, 1500])
def test_every_file_has_its_own_digest_whatever_batch_it_is_in(tmp_path: Path, count: int) -> None:
    for number in range(count):
        (tmp_path / f"{number:04}").write_bytes(b"%d" % number)
    told: list[tuple[int, int]] = []
    hashed = hash_files(find(tmp_path), lambda *at: told.append(at))
    assert [(each.path.name, each.digest) for each in hashed] == [
        (f"{number:04}", hashlib.sha256(b"%d" % number).digest()) for number in range(count)
    ]
    assert told == sorted(set(told))
    assert told[-1] == (count, count)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 250])
def test_a_file_larger_than_a_read_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(files, "_CHUNK", 100)
    (tmp_path / "file").write_bytes(bytes(range(size)))
    (hashed,) = hash_files([tmp_path / "file"])
    assert hashed.digest == hashlib.sha256(bytes(range(size))).digest()


def test_a_bad_file_in_a_late_batch_is_told(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number:04}").touch()
    with pytest.raises(FilesError, match="9999 cannot be read"):
        hash_files([*find(tmp_path), tmp_path / "9999"])
