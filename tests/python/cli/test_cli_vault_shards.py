"""Out of a vault into a webdataset, which webdataset itself reads."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import webdataset

from kiseki import Kiseki, Use
from kiseki.client.vault.getting import Got, get
from kiseki.client.vault.shards import shards
from kiseki.core.values import from_hex
from kiseki.errors import FilesError, VaultError

from .test_cli_vault_captions import SAID
from .test_cli_vault_captions import studio as studio
from .test_cli_vault_handing import Studio
from .test_cli_vault_items import USE, WHO
from .test_cli_vault_lying import Lying, files

TRAIN = Use.AI_GENERATIVE_TRAINING
BOUND = 6_000


@pytest.fixture
def site(studio: Studio, developer: Kiseki) -> Iterator[Lying]:
    with studio.serving(), closing(Lying(studio, developer)) as made:
        yield made


def got(studio: Studio, site: Lying, k: Kiseki, shard: int = BOUND) -> Got:
    folder, wanted = studio.shell.folder / "got", from_hex(studio.collection, 32, "it")
    return get(k, site, folder, wanted, TRAIN, shard=shard)


def samples(folder: Path) -> dict[str, dict[str, Any]]:
    """By data ID, as webdataset reads them."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.tar")):
        for each in webdataset.WebDataset(str(path), shardshuffle=False):
            assert each["__key__"] not in found
            found[each["__key__"]] = each
    return found


def must_be_whole(studio: Studio) -> None:
    found = samples(studio.shell.folder / "got")
    assert len(found) == 5
    for key, each in found.items():
        told = json.loads(each["json"])
        assert told["id"] == f"0x{key}"
        assert told["collection"] == studio.collection
        name = told["name"]
        assert each[name.rpartition(".")[2]] == (studio.files / name).read_bytes()
        assert (name in SAID) == ("txt" in each)
        if name in SAID:
            assert each["txt"].decode() == SAID[name]


def test_a_collection_becomes_a_webdataset(studio: Studio) -> None:
    shell = studio.shell
    ask = ("vault", "get", studio.url, studio.collection, "got", "--webdataset", *USE, *WHO)
    with studio.serving():
        said = " ".join(shell.run(*ask).split())
        assert "5 items in got, 5 of them new" in said
        assert "They are in 1 shard." in said
        assert files(shell.folder / "got") == {"shard-000000.tar"}
        must_be_whole(studio)
        whole = (shell.folder / "got" / "shard-000000.tar").read_bytes()
        told = shell.json(*ask)
        assert (told["new"], told["size"], len(told["captions"])) == (0, 0, 3)
        assert (shell.folder / "got" / "shard-000000.tar").read_bytes() == whole


def test_shards_are_bounded_and_an_item_that_is_larger_is_alone(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    first = got(studio, site, developer)
    folder = studio.shell.folder / "got"
    must_be_whole(studio)
    made = sorted(folder.glob("*.tar"))
    assert len(made) >= 3
    for path in made:
        with tarfile.open(path) as tar:
            kept = {each.name[:64] for each in tar}
        assert len(kept) == 1 or path.stat().st_size <= BOUND + tarfile.RECORDSIZE
    assert set(first.files.values()) == set(made)
    # What is in a whole shard is not fetched again; what was in one that is gone is.
    lost = made[0]
    many = sum(path == lost for path in first.files.values())
    lost.unlink()
    again = got(studio, site, developer)
    assert again.new == many
    must_be_whole(studio)


def test_a_run_that_breaks_goes_on_and_fetches_nothing_twice(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    """It breaks in each item; whatever was whole before is not asked for again."""
    folder, asked = studio.shell.folder / "got", list[bytes]()
    real = site.read

    for broken in range(5):
        came = list[bytes]()

        def read(handout: bytes, item: bytes, start: int) -> Iterator[bytes]:
            came.append(item)  # noqa: B023 - of this round
            if len(came) > 1:  # noqa: B023
                raise VaultError("the connection broke")
            asked.append(item)
            yield from real(handout, item, start)

        site.read = read  # type: ignore[method-assign]
        if broken < 4:
            with pytest.raises(VaultError, match="the connection broke"):
                got(studio, site, developer)
            assert all(tarfile.is_tarfile(path) for path in folder.glob("*.tar"))
        else:
            got(studio, site, developer)
    assert len(asked) == len(set(asked)) == 5
    must_be_whole(studio)
    assert files(folder) == {path.name for path in folder.glob("*.tar")}
    assert not (folder / ".kiseki-parts").exists()


def test_what_a_run_left_of_items_that_are_in_a_shard_goes_away(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    """It was killed behind the shard and before its parts went."""
    first = got(studio, site, developer)
    parts = studio.shell.folder / "got" / ".kiseki-parts"
    parts.mkdir()
    for each in first.files:
        (parts / each.hex()).write_bytes(b"left")
    assert got(studio, site, developer).new == 0
    assert not parts.exists()


def test_a_shard_that_was_changed_or_cut_off_is_not_taken_for_whole(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    got(studio, site, developer, 1 << 30)
    path = studio.shell.folder / "got" / "shard-000000.tar"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"frameframe", b"fr4meframe", 1))
    with pytest.raises(FilesError, match="holds something else as 0x"):
        got(studio, site, developer)
    for cut in (len(whole) // 2, len(whole) - tarfile.RECORDSIZE):
        path.write_bytes(whole[:cut])
        with pytest.raises(FilesError, match="damaged, cut off, or no tar"):
            got(studio, site, developer)
    path.unlink()
    # Another tar, of somebody else, is nobody's business; nor what was begun and not ended.
    (path.parent / "mine.tar").write_bytes(b"mine")
    begun = path.parent / ".shard-000000.tar.abcdefgh.part"
    begun.write_bytes(whole[:1_000])
    assert got(studio, site, developer, 1 << 30).new == 5
    assert path.read_bytes() == whole
    assert (path.parent / "mine.tar").read_bytes() == b"mine"
    assert not begun.exists()


def test_a_name_becomes_no_key_and_a_text_is_no_caption(tmp_path: Path) -> None:
    from kiseki.client.vault.forms import Plain
    from kiseki.client.vault.site import Offered

    class Receipt:
        collection = b"\2" * 32

    class Fetching:
        folder = tmp_path / "parts"

        def whole(self, offered: Offered, is_right: object) -> Path:
            path = self.folder / offered.item.hex()
            path.write_bytes(b"one")
            return path

    class Shown:
        names = {bytes([n]) * 32: each for n, each in enumerate([  # noqa: RUF012
            ("../../a.PNG",), ("notes.txt",), ("x.json",), (), ("a.b.c.mp4",), ("x.\u202egnp",),
        ])}  # fmt: skip
        handed = dict.fromkeys(names, Receipt)
        digests = dict.fromkeys(names, b"")

    (tmp_path / "parts").mkdir()
    listed = [Offered(each, 3, "", b"") for each in Shown.names]
    shown: Any = Shown
    fetching: Any = Fetching()
    shards(tmp_path, listed, shown, Plain({}), {}, fetching, 1 << 30)
    found = samples(tmp_path)
    ends = [next(iter({*each} - {"json", "__key__", "__url__", "__local_path__"}))
            for each in found.values()]  # fmt: skip
    assert ends == ["png", "bin", "bin", "bin", "mp4", "bin"]
    assert list(found) == [each.hex() for each in Shown.names]
    assert json.loads(found["00" * 32]["json"])["name"] == "../../a.PNG"
