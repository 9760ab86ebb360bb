"""What is wrong with objects is found, and brought back from another copy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects import storing
from kiseki.vault.objects.checking import DAY, Finding, Wrong, check, repair, sweep
from kiseki.vault.objects.draft import place_of
from kiseki.vault.objects.folder import Folder
from kiseki.vault.objects.place import Place, place

from .objects import RECIPIENTS, Vault, made, unwrap
from .test_vault_objects_places import task


@pytest.fixture
def vault(store_url: Path | str, objects_place: Place, tmp_path: Path) -> Iterator[Vault]:
    store = KeyStore(store_url)
    made_ = Vault(store, objects_place)
    list(made(tmp_path / "works", 12))
    made_.add(tmp_path / "works")
    yield made_
    store.close()


def content_of(where: Place, name: bytes) -> bytes:
    file = where.open(name)
    try:
        return file.read()
    finally:
        file.close()


def put(where: Place, at: str, data: bytes) -> None:
    """Writes what nobody kept."""
    if isinstance(where, Folder):
        (where.path / at).parent.mkdir(exist_ok=True, parents=True)
        (where.path / at).write_bytes(data)
    else:
        where._fs.pipe_file(f"{where._root}/{at}", data)  # type: ignore[attr-defined]


def found(vault: Vault, **more: object) -> dict[bytes, Wrong]:
    return {each.name: each.wrong for each in check(vault.objects, vault.place, **more)}  # type: ignore[arg-type]


def test_what_is_wrong_is_found_and_brought_back(vault: Vault, tmp_path: Path) -> None:
    assert found(vault, unwrap=unwrap) == {}
    other = place(tmp_path / "copy")
    names = [each.name for each in vault.objects.each()]
    for name in names:
        put(other, place_of(name), content_of(vault.place, name))
    missing, cut, altered, first, last = names[3], names[5], names[7], names[0], names[-1]
    for name in (missing, first, last):
        vault.place.delete(name)
    whole = content_of(vault.place, cut)
    put(vault.place, place_of(cut), whole[:-1])
    whole = content_of(vault.place, altered)
    put(vault.place, place_of(altered), whole[:-1] + bytes([whole[-1] ^ 1]))
    alone = storing.keep(task(b"nobody's"), vault.place, RECIPIENTS).name
    put(vault.place, "begun/x.part", b"half")
    put(vault.place, "zz/else", b"else")

    shallow = {
        missing: Wrong.MISSING, first: Wrong.MISSING, last: Wrong.MISSING, cut: Wrong.CUT,
        alone: Wrong.NO_ROW, b"": Wrong.HALF,
    }  # fmt: skip
    assert found(vault) == shallow
    assert found(vault, read=True) == {**shallow, altered: Wrong.ALTERED}
    told = list[tuple[int, int]]()
    findings = list(
        check(vault.objects, vault.place, unwrap=unwrap, told=lambda *at: told.append(at))
    )
    assert {each.where for each in findings if not each.name} == {"begun/x.part", "zz/else"}
    assert told[-1][0] == 12
    put(other, place_of(last), b"something else")
    mended = [each.name for each in findings if repair(vault.objects, vault.place, each, other)]
    assert sorted(mended) == sorted([missing, first, cut, altered])
    rest = {last: Wrong.MISSING, alone: Wrong.NO_ROW, b"": Wrong.HALF}
    assert found(vault, unwrap=unwrap) == rest

    assert list(sweep(vault.objects, vault.place)) == []  # all is young
    gone = {(each.wrong, each.name) for each in sweep(vault.objects, vault.place, older=-60)}
    assert gone == {(Wrong.NO_ROW, alone), (Wrong.HALF, b"")}
    assert found(vault, unwrap=unwrap) == {last: Wrong.MISSING}


def test_an_object_of_another_content_is_found_only_with_a_key(vault: Vault) -> None:
    (first, *_) = vault.objects.each()
    with vault.store.database.writing() as db:
        db.execute(
            text("UPDATE object SET key = :key WHERE name = :name"),
            {"key": bytes(32), "name": first.name},
        )
    assert found(vault, read=True) == {}
    assert found(vault, unwrap=unwrap) == {first.name: Wrong.OTHER}


def test_only_what_is_old_enough_is_swept(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "store")
    vault = Vault(store, place(tmp_path / "vault"))
    old, young = (
        storing.keep(task(content), vault.place, RECIPIENTS).name for content in (b"a", b"b")
    )
    path = tmp_path / "vault" / place_of(old)
    os.utime(path, (path.stat().st_mtime - DAY - 60,) * 2)
    (swept,) = sweep(vault.objects, vault.place)
    assert swept[:3] == (Wrong.NO_ROW, old, place_of(old))
    assert [each.name for each in vault.place.walk()] == [young]
    store.close()


def test_nothing_that_no_row_names_is_repaired(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "store")
    vault, other = Vault(store, place(tmp_path / "vault")), place(tmp_path / "copy")
    name = storing.keep(task(b"nobody's"), other, RECIPIENTS).name
    assert not repair(vault.objects, vault.place, Finding(Wrong.MISSING, name), other)
    assert list(vault.place.walk()) == []
    store.close()
