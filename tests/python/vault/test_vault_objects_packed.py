"""Tars and Parquet files as the libraries write them, and as somebody hostile does."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import webdataset
from datasets.table import embed_table_storage
from PIL import Image

from kiseki.errors import FilesError
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.checking import Wrong, check, sweep
from kiseki.vault.objects.envelope import Called
from kiseki.vault.objects.incoming import contents
from kiseki.vault.objects.item import Added
from kiseki.vault.objects.place import place

from .conftest import WHO
from .objects import RECIPIENTS, Vault, unwrap
from .test_vault_objects_places import ADDING, group_is_there


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    store = KeyStore(tmp_path / "store")
    yield Vault(store, place(tmp_path / "vault"))
    store.close()


def picture(number: int, size: int = 8) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (size, size, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    return file.getvalue()


def tar(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as file:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                file.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                file.addfile(info, io.BytesIO(member[1]))
    return path


def test_a_webdataset_is_kept_with_its_names_and_captions(vault: Vault, tmp_path: Path) -> None:
    """Written by webdataset itself, which reads the same contents."""
    path = tmp_path / "shard-000.tar"
    pictures = [picture(each) for each in range(40)]
    with webdataset.TarWriter(str(path)) as file:
        for number, content in enumerate(pictures):
            more: dict[str, Any] = {"txt": f"軌跡 {number}"}
            if number % 2:
                more = {"json": {"caption": f"a cut {number}", "width": 8}, "cls": number}
            file.write({"__key__": f"a/{number:04}", "png": content, **more})
    added = vault.add(path)
    assert (added.stored, added.known, added.doubts.count) == (40, 0, 0)
    assert added.size == sum(map(len, pictures))
    for sample in webdataset.WebDataset(str(path), shardshuffle=False):
        key, content = sample["__key__"], sample["png"]
        number = int(key[2:])
        assert vault.read(content) == content
        caption = f"a cut {number}" if number % 2 else f"軌跡 {number}"
        assert vault.called(content) == [Called(f"{key}.png", caption)]
    again = vault.add(path)
    assert (again.stored, again.known) == (0, 40)
    assert {each.name for each in tmp_path.iterdir()} >= {"shard-000.tar", "store", "vault"}
    assert not list(tmp_path.rglob("*.png"))  # nothing was unpacked


def test_what_has_no_other_of_its_key_is_a_content_itself(vault: Vault, tmp_path: Path) -> None:
    tar(tmp_path / "a.tar", ("one.txt", b"a poem"), ("two.png", b"\x89PNG2"), ("two.seg.png", b"3"))
    assert vault.add(tmp_path / "a.tar").stored == 3
    assert vault.called(b"a poem") == [Called("one.txt")]
    assert vault.called(b"3") == [Called("two.seg.png")]


def test_a_tar_in_a_folder_is_a_file_like_any_other(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "works").mkdir()
    path = tar(tmp_path / "works" / "a.tar", ("two.png", b"\x89PNG2"))
    assert vault.add(tmp_path / "works").stored == 1
    assert vault.read(path.read_bytes()) is not None


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def test_what_leads_out_of_a_tar_is_left_out_and_named(vault: Vault, tmp_path: Path) -> None:
    path = tar(
        tmp_path / "a.tar",
        ("../../etc/passwd.png", b"1"), ("/root/key.png", b"2"), ("a/../../b.png", b"3"),
        special("link.png", tarfile.SYMTYPE, "/etc/passwd"),
        special("hard.png", tarfile.LNKTYPE, "/etc/shadow"),
        special("null.png", tarfile.CHRTYPE), special("disk.png", tarfile.BLKTYPE),
        special("pipe.png", tarfile.FIFOTYPE), special("folder.png", tarfile.DIRTYPE),
        ("good.png", b"good"), ("._good.png", b"of a system"), ("empty.png", b""),
    )  # fmt: skip
    added = vault.add(path)
    assert added.stored == 1
    assert added.doubts.count == 10
    assert any("leads out of the tar" in each and "passwd.png" in each
               for each in added.doubts.words)  # fmt: skip
    assert vault.called(b"good") == [Called("good.png")]
    assert vault.add(path, take_doubtful=True).stored == 2  # what a system made, and the empty one


def test_a_sparse_member_is_left_out(vault: Vault, tmp_path: Path) -> None:
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 20)
        file.seek(0, 2)
        file.write(b"end")
    path = tmp_path / "a.tar"
    assert (
        os.spawnlp(os.P_WAIT, "tar", "tar", "-S", "-C", str(tmp_path), "-cf", str(path), "hole")
        == 0
    )
    added = vault.add(path)
    assert (added.stored, added.doubts.count) == (0, 1)
    assert "sparse" in added.doubts.words[0]


def giant(path: Path) -> None:
    """A member that says it has 10 TB."""
    info = tarfile.TarInfo("big.png")
    info.size = 10 << 40
    path.write_bytes(info.tobuf(tarfile.GNU_FORMAT) + b"x" * 5_000)


def giant_head(path: Path) -> None:
    """A pax head of 4 GB, which would be read into memory."""
    info = tarfile.TarInfo("head")
    info.size, info.type = 4 << 30, tarfile.XHDTYPE
    with path.open("wb") as file:
        file.write(info.tobuf(tarfile.USTAR_FORMAT))
        file.truncate(5 << 30)


def many_heads(path: Path) -> None:
    """Heads of heads, each read by a function that calls itself."""
    info = tarfile.TarInfo("head")
    info.size, info.type = 10, tarfile.XHDTYPE
    path.write_bytes((info.tobuf(tarfile.USTAR_FORMAT) + b"6 a=b\n" + bytes(506)) * 5_000)


def cut(path: Path) -> None:
    tar(path, ("a.png", b"a" * 5_000), ("b.png", b"b" * 50_000))
    path.write_bytes(path.read_bytes()[:9_000])


def cut_between(path: Path) -> None:
    """Behind a whole member, as a writer that was killed leaves it."""
    tar(path, ("a.png", b"a" * 512), ("b.png", b"b" * 50_000))
    path.write_bytes(path.read_bytes()[:1_024])


def noise(path: Path) -> None:
    tar(path, ("a.png", b"a" * 512))
    path.write_bytes(path.read_bytes()[:1_024] + b"noise" * 5_000)


def long_caption(path: Path) -> None:
    tar(path, ("a.png", b"a"), ("a.txt", b"x" * 2_000_000))


def no_json(path: Path) -> None:
    tar(path, ("a.png", b"a"), ("a.json", b"[" * 100_000))


def no_text(path: Path) -> None:
    tar(path, ("a.png", b"a"), ("a.txt", b"\xff\xfe"))


@pytest.mark.parametrize(
    "write", [giant, giant_head, many_heads, cut, cut_between, noise, long_caption, no_json,
              no_text, lambda path: path.touch(), lambda path: path.write_bytes(b"no tar" * 999)]
)  # fmt: skip
def test_a_damaged_or_hostile_tar_is_told(
    write: Callable[[Path], object], vault: Vault, tmp_path: Path
) -> None:
    path = tmp_path / "a.tar"
    write(path)
    tracemalloc.start()
    try:
        with pytest.raises(FilesError, match=r"a\.tar is damaged, cut off, or no tar"):
            vault.add(path)
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()
    assert {each.name for each in vault.place.walk()} == {
        each.name for each in vault.objects.each()
    }


def test_a_compressed_tar_is_refused_with_what_to_do(vault: Vault, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as file:
        file.add(__file__)
    with pytest.raises(FilesError, match="decompress it first"):
        vault.add(tmp_path / "a.tar.gz")


def test_a_tar_that_changes_while_it_is_read_keeps_nothing_of_the_other(
    vault: Vault, tmp_path: Path
) -> None:
    """The same heads, the same size, other bytes: what was found is not what lies there now."""
    path = tar(tmp_path / "a.tar", *((f"{each}.png", b"%d" % each * 1_000) for each in range(300)))
    items = contents(path, Added())
    next(items)
    path.write_bytes(path.read_bytes().replace(b"299" * 1_000, b"298" * 1_000))
    with pytest.raises(FilesError, match="changed"):
        list(items)


def test_a_tar_of_many_members_needs_little_memory(tmp_path: Path) -> None:
    """In a process of its own: here other tests' threads are counted, too."""
    path = tar(tmp_path / "a.tar", *((f"{each:05}.png", b"%d" % each) for each in range(20_000)))
    script = f"""
import tracemalloc
from kiseki.vault.objects.incoming import contents
from kiseki.vault.objects.item import Added
tracemalloc.start()
print(sum(1 for _ in contents({str(path)!r}, Added())), tracemalloc.get_traced_memory()[1])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    count, most = map(int, done.stdout.split())
    assert count == 20_000
    assert most < 2 << 20


def test_a_parquet_of_hugging_face_is_kept_with_its_captions(vault: Vault, tmp_path: Path) -> None:
    """Written by datasets itself, from files and from pictures, in several row groups."""
    pictures = [picture(each) for each in range(30)]
    files = []
    for number, content in enumerate(pictures):
        files.append(str(tmp_path / f"{number}.png"))
        Path(files[-1]).write_bytes(content)
    made = datasets.Dataset.from_dict(
        {"image": files, "text": [f"原画 {each}" for each in range(30)]},
        features=datasets.Features({"image": datasets.Image(), "text": datasets.Value("string")}),
    )
    path = tmp_path / "train-00000.parquet"
    embedded = made.with_format("arrow").map(embed_table_storage, batched=True)  # as pushing does
    embedded.with_format(None).to_parquet(str(path), batch_size=7)
    assert pq.ParquetFile(path).num_row_groups > 1
    added = vault.add(path)
    assert (added.stored, added.known, added.doubts.count) == (30, 0, 0)
    for number, content in enumerate(pictures):
        assert vault.read(content) == content
        assert vault.called(content) == [Called(f"{number}.png", f"原画 {number}")]
    assert vault.add(path).known == 30


def parquet(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_a_path_in_a_parquet_is_never_opened(vault: Vault, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"somebody's password")
    rows = [{"bytes": None, "path": str(secret)}, None, {"bytes": b"\x89PNG", "path": None}]
    path = parquet(tmp_path / "a.parquet", image=rows, mask=[{"bytes": b"\x89M", "path": ""}] * 3)
    added = vault.add(path)
    assert (added.stored, added.known, added.elsewhere) == (2, 2, 2)
    assert vault.read(b"somebody's password") is None
    assert vault.called(b"\x89PNG") == [Called("a-00000002-image")]


@pytest.mark.parametrize("cut", [0, 4, 300, -1, -9])
def test_a_parquet_that_is_cut_off_is_told(cut: int, vault: Vault, tmp_path: Path) -> None:
    rows = [{"bytes": os.urandom(5_000), "path": None} for _ in range(50)]
    path = parquet(tmp_path / "a.parquet", image=rows)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FilesError, match="is damaged, cut off, or no Parquet file"):
        vault.add(path)


def test_a_parquet_that_is_damaged_inside_is_told_or_kept_as_it_is(
    vault: Vault, tmp_path: Path
) -> None:
    rows = [{"bytes": hashlib.sha256(b"%d" % each).digest(), "path": None} for each in range(999)]
    path = parquet(tmp_path / "a.parquet", image=rows)
    whole = path.read_bytes()
    told = 0
    for at in range(4, len(whole), len(whole) // 40):
        path.write_bytes(whole[:at] + bytes(8) + whole[at + 8 :])
        try:
            for item in contents(path, Added()):
                assert hashlib.sha256(item.source.data).digest() == item.digest  # type: ignore[union-attr]
        except FilesError:
            told += 1
    assert told


def test_a_parquet_without_pictures_is_told(vault: Vault, tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", image=["a.png"], text=["a"])
    with pytest.raises(FilesError, match="has no column of pictures"):
        vault.add(path)
    described = {"info": {"features": {"image": {"_type": "Image"}}}}
    table = pa.table({"image": [b"\x89PNG"]}).replace_schema_metadata(
        {"huggingface": json.dumps(described)}
    )
    pq.write_table(table, path)
    assert vault.add(path).stored == 1


def test_a_parquet_that_changes_while_it_is_read_is_told(vault: Vault, tmp_path: Path) -> None:
    rows = [{"bytes": os.urandom(5_000), "path": None} for _ in range(200)]
    path = parquet(tmp_path / "a.parquet", image=rows)
    items = contents(path, Added())
    next(items)
    os.utime(path)
    with pytest.raises(FilesError, match="changed while it was read"):
        list(items)


@pytest.mark.parametrize("kind", ["a tar", "Parquet"])
def test_adding_a_packed_file_that_is_killed_at_any_moment_goes_on(
    kind: str, vault: Vault, tmp_path: Path
) -> None:
    """kill -9 at 12 moments, each in a run that goes on from the one before."""
    works = [hashlib.shake_256(b"%d" % each).digest(5_000) for each in range(300)]
    if kind == "a tar":
        path = tar(tmp_path / "a.tar", *((f"{i}.bin", each) for i, each in enumerate(works)))
    else:
        rows = [{"bytes": each, "path": f"{i}.bin"} for i, each in enumerate(works)]
        path = parquet(tmp_path / "a.parquet", image=rows)
    script = tmp_path / "adding.py"
    script.write_text(ADDING)
    command = [sys.executable, str(script), str(tmp_path / "store"), str(tmp_path / "vault"), "{}",
               str(path)]  # fmt: skip
    counts = list[int]()
    for moment in range(12):
        process = subprocess.Popen(
            [*command, str(moment * 22), str(moment % 6), WHO, *RECIPIENTS], start_new_session=True
        )
        assert process.wait(600) == -signal.SIGKILL
        deadline = time.monotonic() + 60
        while group_is_there(process.pid):
            assert time.monotonic() < deadline, "a process that encrypts is left"
            time.sleep(0.05)
        wrong = {each.wrong for each in check(vault.objects, vault.place)}
        assert wrong <= {Wrong.NO_ROW, Wrong.HALF}
        counts.append(len(list(vault.objects.each())))
    assert counts == sorted(counts)
    assert len(set(counts)) > 3, counts
    assert vault.add(path).stored == len(works) - counts[-1]
    for _ in sweep(vault.objects, vault.place, older=-60):
        pass
    assert list(check(vault.objects, vault.place, unwrap=unwrap)) == []
    assert len(list(vault.place.walk())) == len(works)
    assert vault.called(works[-1]) == [Called(f"{len(works) - 1}.bin")]
