"""Content at rest (promise 6): encrypted, one copy a provider, whole or not at all, found again."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from kiseki.errors import FilesError, InvalidInput, VaultError
from kiseki.vault import lists
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects import envelope, storing
from kiseki.vault.objects.adding import Added, Item, add
from kiseki.vault.objects.draft import place_of
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.incoming import hashed
from kiseki.vault.objects.place import Place, place
from kiseki.vault.objects.sources import Part

from .conftest import OTHER, WHO
from .objects import KEY, OFFLINE, RECIPIENTS, Vault, made, unwrap


@pytest.fixture
def vault(store_url: Path | str, objects_place: Place) -> Iterator[Vault]:
    store = KeyStore(store_url)
    yield Vault(store, objects_place)
    store.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Vault]:
    """On SQLite and in a folder."""
    store = KeyStore(tmp_path / "store")
    yield Vault(store, place(tmp_path / "vault"))
    store.close()


def test_what_is_added_is_read_at_any_range_and_kept_once_a_provider(
    vault: Vault, tmp_path: Path
) -> None:
    contents = list(made(tmp_path / "works", 40, 70_000))
    (tmp_path / "works" / "again.png").write_bytes(contents[3])
    added = vault.add(tmp_path / "works")
    assert (added.stored, added.known, added.size) == (40, 1, 41 * 70_000)
    for content in contents[::13]:
        assert vault.read(content) == content
    found = vault.contents.content_of(WHO, hashlib.sha256(contents[3]).digest())
    assert found is not None
    assert found.size == 70_000
    with found.open() as opened:
        assert b"".join(opened.read(65_000, 66_000)) == contents[3][65_000:66_000]
    assert sorted(found.called()) == [("3.png", ""), ("again.png", "")]
    assert vault.read(contents[3], OTHER) is None

    again = vault.add(tmp_path / "works")
    assert (again.stored, again.known) == (0, 41)
    assert len(found.called()) == 2
    assert vault.store.database.rows(text("SELECT count(*) FROM called")) == [(41,)]
    assert len(list(vault.place.walk())) == 40
    other = vault.add(tmp_path / "works", OTHER)
    assert (other.stored, other.known) == (40, 1)
    assert len({each.name for each in vault.place.walk()}) == 80


def test_objects_are_named_by_their_ciphertext_and_readable_by_their_owner_only(
    plain: Vault, tmp_path: Path
) -> None:
    list(made(tmp_path / "works", 3))
    plain.add(tmp_path / "works")
    root = tmp_path / "vault"
    for lying in plain.place.walk():
        path = root / lying.where
        assert hashlib.sha256(path.read_bytes()).digest() == lying.name
        assert lying.where == place_of(lying.name)
        assert path.stat().st_mode & 0o777 == 0o600
    assert {each.stat().st_mode & 0o777 for each in (root, *root.iterdir())} == {0o700}


@pytest.mark.parametrize("key", [KEY, OFFLINE])
def test_the_distributions_age_opens_an_object(key: object, plain: Vault, tmp_path: Path) -> None:
    (content,) = made(tmp_path / "works", 1, 200_000)
    plain.add(tmp_path / "works")
    (row,) = plain.objects.each()
    (tmp_path / "key").write_text(key.text)  # type: ignore[attr-defined]
    (tmp_path / "wrapped").write_bytes(row.identity)
    identity, out = tmp_path / "identity", tmp_path / "out"
    for held, whole, file in (
        (tmp_path / "key", identity, tmp_path / "wrapped"),
        (identity, out, tmp_path / "vault" / place_of(row.name)),
    ):
        command = ["age", "-d", "-i", str(held), "-o", str(whole), str(file)]
        subprocess.run(command, check=True)
    assert out.read_bytes() == content
    (sealed,) = plain.objects.called(row.name)
    opened = subprocess.run(
        ["age", "-d", "-i", str(identity)], input=sealed, check=True, capture_output=True
    )
    assert json.loads(opened.stdout) == ["0.png", ""]


def test_nothing_plain_is_on_the_disk(plain: Vault, tmp_path: Path) -> None:
    works = tmp_path / "works"
    works.mkdir()
    secret = b"a secret drawing " * 500
    (works / "the-secret-name.png").write_bytes(secret)
    plain.add(works)
    plain.store.gather()
    searched = [tmp_path / "store", *(each for each in (tmp_path / "vault").rglob("*"))]
    digest = hashlib.sha256(secret).digest()
    for path in searched:
        if path.is_file():
            held = path.read_bytes()
            assert b"secret" not in held
            assert digest not in held or path.name == "store"  # the lead's key hides it


def test_names_may_be_anything(plain: Vault, tmp_path: Path) -> None:
    works = tmp_path / "works"
    works.mkdir()
    names = [
        "'; DROP TABLE object; --.png",
        "軌跡\n原画.png",
        "a" * 200 + ".png",
        "$(rm -rf).png",
        "-rf",
    ]
    for name in names:
        (works / name).write_bytes(name.encode() * 3)
    (works / os.fsdecode(b"\xff\xfe.png")).write_bytes(b"bytes that are no text")
    plain.add(works)
    for name in names:
        found = plain.contents.content_of(WHO, hashlib.sha256(name.encode() * 3).digest())
        assert found is not None
        assert found.called() == [Called(name)]
    assert plain.read(b"bytes that are no text") == b"bytes that are no text"


def test_only_what_lies_in_the_folder_is_added(plain: Vault, tmp_path: Path) -> None:
    works = tmp_path / "works"
    contents = list(made(works, 2))
    (tmp_path / "outside").write_bytes(b"somebody's password")
    (works / "link.png").symlink_to(tmp_path / "outside")
    (works / "same.png").symlink_to(works / "0.png")
    os.mkfifo(works / "pipe")
    (works / "empty.png").touch()
    added = plain.add(works)
    assert (added.stored, added.doubts.count) == (2, 3)
    assert plain.read(b"somebody's password") is None
    assert plain.read(contents[0]) == contents[0]
    assert plain.read(b"") is None
    assert plain.add(works, take_doubtful=True).stored == 1
    assert plain.read(b"") == b""


def test_a_list_says_what_works_are_called_and_what_is_elsewhere(
    plain: Vault, tmp_path: Path
) -> None:
    contents = list(made(tmp_path / "works", 2))
    rows = f"file,sha256,name\nworks/0.png,,Cut 1\n,{'ab' * 32},elsewhere\nworks/0.png,,Cut 2\n"
    (tmp_path / "list.csv").write_text(rows)
    added = plain.add(tmp_path / "list.csv")
    assert (added.stored, added.known, added.elsewhere) == (1, 1, 1)
    found = plain.contents.content_of(WHO, hashlib.sha256(contents[0]).digest())
    assert found is not None
    assert sorted(found.called()) == [("Cut 1", ""), ("Cut 2", "")]
    (tmp_path / "list.csv").write_text("file\nworks/0.png\nworks/none.png\n")
    with pytest.raises(FilesError, match=r"row 3: .*none.png cannot be read"):
        plain.add(tmp_path / "list.csv")


def grows(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def other(path: Path) -> None:
    found = path.stat()
    path.write_bytes(b"x" * found.st_size)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


@pytest.mark.parametrize("change", [grows, other, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_file_that_changes_after_it_was_hashed_is_not_kept(
    change: Callable[[Path], object], plain: Vault, tmp_path: Path
) -> None:
    contents = list(made(tmp_path / "works", 3))
    added = Added()

    def items() -> Iterator[Item]:
        for item in hashed(lists.read(tmp_path / "works"), added):
            if item.called.name == "1.png":
                change(tmp_path / "works" / "1.png")
            yield item

    with pytest.raises(FilesError, match=r"1\.png"):
        add(plain.objects, plain.place, WHO, RECIPIENTS, items(), added, cores=2)
    assert plain.read(contents[1]) is None
    lying = {each.name for each in plain.place.walk()}
    assert lying == {each.name for each in plain.objects.each()}  # no half, none without a row
    assert list((tmp_path / "vault" / "begun").iterdir()) == []


def test_a_file_that_grows_while_it_is_encrypted_is_not_kept(
    plain: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (content,) = made(tmp_path, 1, 5_000_000)
    path = tmp_path / "0.png"
    real = envelope.encrypt

    def meanwhile(source: object, size: int, draft: object) -> object:
        sealed = real(source, size, draft)  # type: ignore[arg-type]
        grows(path)
        return sealed

    monkeypatch.setattr("kiseki.vault.objects.storing.encrypt", meanwhile)
    digest = hashlib.sha256(content).digest()
    with pytest.raises(FilesError, match="changed while it was read"):
        storing.keep(
            storing.Task(Part(str(path), 0, len(content)), digest, digest), plain.place, RECIPIENTS
        )
    assert list(plain.place.walk()) == []


def test_what_is_stored_before_an_error_has_its_row(plain: Vault, tmp_path: Path) -> None:
    contents = list(made(tmp_path / "works", 200))

    def items() -> Iterator[Item]:
        for number, item in enumerate(hashed(lists.read(tmp_path / "works"), Added())):
            if number == 150:
                raise FilesError("a file that cannot be read")
            yield item

    with pytest.raises(FilesError, match="cannot be read"):
        add(plain.objects, plain.place, WHO, RECIPIENTS, items(), cores=2)
    count = len(list(plain.objects.each()))
    assert count == 150
    assert len(list(plain.place.walk())) == count
    assert plain.add(tmp_path / "works").stored == 200 - count
    assert all(plain.read(content) == content for content in contents[::20])


def test_a_recipient_that_is_none_is_refused_before_anything_is_read(
    plain: Vault, tmp_path: Path
) -> None:
    def items() -> Iterator[Item]:
        raise AssertionError("it was read")
        yield

    for recipients in ((), ("age1no",), (KEY.text,)):
        with pytest.raises(InvalidInput):
            add(plain.objects, plain.place, WHO, recipients, items())
    assert not (tmp_path / "vault").exists()


def test_content_larger_than_the_memory_is_added_and_read(plain: Vault, tmp_path: Path) -> None:
    """Of 96 MiB a few are held, in this process and by pyrage (address space, in the other one)."""
    size = 96 << 20
    path = tmp_path / "film.mov"
    with path.open("wb") as file:
        file.write(b"begin")
        file.truncate(size)
    digest = hashlib.file_digest(path.open("rb"), "sha256").digest()
    script = f"""
import resource
from pathlib import Path
from kiseki.vault.objects import envelope, storing
from kiseki.vault.objects.place import place
from kiseki.vault.objects.sources import Part
where = place(Path({str(tmp_path / "vault")!r}))
small = Path({str(tmp_path / "small")!r})
small.write_bytes(b"small")
import hashlib
task = lambda path, size, digest: storing.Task(Part(path, 0, size), digest, digest)
storing.keep(task(str(small), 5, hashlib.sha256(b"small").digest()), where, {RECIPIENTS!r})
now = int(next(line for line in open("/proc/self/status") if line.startswith("VmSize")).split()[1])
resource.setrlimit(resource.RLIMIT_AS, ((now << 10) + (24 << 20),) * 2)
try:
    bytearray(48 << 20)
except MemoryError:
    pass
else:
    raise SystemExit("there is no limit")
film = task({str(path)!r}, {size}, bytes.fromhex({digest.hex()!r}))
made = storing.keep(film, where, {RECIPIENTS!r})
print(made.name.hex(), made.size)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == str(size)
    assert plain.add(path).stored == 1
    found = plain.contents.content_of(WHO, digest)
    assert found is not None
    tracemalloc.start()
    try:
        with found.open() as opened:
            again = hashlib.sha256()
            for piece in opened.read():
                again.update(piece)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert again.digest() == digest


def test_processes_that_store_are_told_no_key_and_no_database(plain: Vault) -> None:
    """What they are given is a place and public recipients; a key of the vault opens nothing
    there."""
    given = storing.begin.__annotations__
    assert set(given) == {"place", "recipients", "return"}
    script = "import sys, kiseki.vault.objects.storing as s; print('sqlalchemy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_two_runs_at_once_keep_a_content_once(vault: Vault, tmp_path: Path) -> None:
    contents = list(made(tmp_path / "works", 20))
    done = Added()

    def items() -> Iterator[Item]:
        yield from hashed(lists.read(tmp_path / "works"), Added())
        done.stored += vault.add(tmp_path / "works").stored  # before any row of ours is written

    ours = add(vault.objects, vault.place, WHO, RECIPIENTS, items(), cores=2)
    assert done.stored == 20
    assert all(vault.read(content) == content for content in contents)
    lying = {each.name for each in vault.place.walk()}
    assert lying == {each.name for each in vault.objects.each()}
    assert len(lying) == 20
    assert ours.known + ours.stored == 20


def test_a_truncated_object_and_another_key_are_told(plain: Vault, tmp_path: Path) -> None:
    (content,) = made(tmp_path / "works", 1, 200_000)
    plain.add(tmp_path / "works")
    (row,) = plain.objects.each()
    path = tmp_path / "vault" / place_of(row.name)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(VaultError, match=r"has 200,.* bytes and not .*repair"):
        plain.read(content)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(VaultError, match="damaged"):
        plain.read(content)
    path.unlink()
    with pytest.raises(VaultError, match="is not in"):
        plain.read(content)
    assert unwrap(row.identity).startswith(b"AGE-SECRET-KEY-1")
