"""A published document is found by its hash, and nothing else is taken for it."""

from pathlib import Path

import pytest

from kiseki.core.keccak import keccak256
from kiseki.errors import FilesError
from kiseki.vault import published
from kiseki.vault.published import Published


def test_a_document_is_found_whatever_its_file_is_called(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    found = Published(tmp_path)
    assert found.document(keccak256(b"one")) == b"one" and len(found) == 2
    assert found.document(keccak256(b"three")) is None


def test_a_file_that_changed_is_no_longer_what_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one")
    found = Published(tmp_path)
    file.write_bytes(b"two")
    assert found.document(keccak256(b"one")) is None


def test_what_comes_and_goes_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "_EVERY", -1.0)
    found = Published(tmp_path)
    assert found.mark == ""
    (tmp_path / "a").write_bytes(b"one")
    assert found.document(keccak256(b"one")) == b"one"
    mark = found.mark
    (tmp_path / "a").unlink()
    (tmp_path / "b").write_bytes(b"two")
    assert found.document(keccak256(b"one")) is None and found.mark != mark


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"salt")
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a").symlink_to(tmp_path / "secret")
    (folder / "b").symlink_to(tmp_path)
    assert Published(folder).document(keccak256(b"salt")) is None


def test_what_is_too_large_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "_MOST", 3)
    (tmp_path / "a").write_bytes(b"four")
    (tmp_path / "b").write_bytes(b"two")
    found = Published(tmp_path)
    assert len(found) == 1 and found.document(keccak256(b"four")) is None


def test_no_folder_has_nothing_and_a_file_is_none(tmp_path: Path) -> None:
    assert Published().document(keccak256(b"")) is None
    (tmp_path / "a").write_bytes(b"one")
    with pytest.raises(FilesError, match="is no folder"):
        Published(tmp_path / "a")
