"""Captions out of a vault: only to who gets the content, beside the files, and never a path."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, LocalKiseki, Use
from kiseki.client.vault.captions import captions
from kiseki.client.vault.getting import get
from kiseki.client.vault.naming import beside
from kiseki.client.vault.site import Captions, VaultSite, _captions
from kiseki.core.values import from_hex
from kiseki.errors import VaultError
from kiseki.vault.age.files import Opened
from kiseki.vault.age.keys import Identity

from .conftest import Shell
from .test_cli_vault_handing import Studio
from .test_cli_vault_items import USE, WHO
from .test_cli_vault_lying import files

TRAIN = Use.AI_GENERATIVE_TRAINING
SAID = {
    "0.svg": "the harbour at dawn, 港の夜明け",
    "1.svg": "../../etc/passwd",
    "2.svg": "a line\nand \x1b[31manother \u202e one",
}


@pytest.fixture
def studio(shell: Shell, k: LocalKiseki) -> Studio:
    """One whose contents were also added as a webdataset, which is where captions come from."""
    made = Studio(shell, k)
    path = shell.folder / "shots.tar"
    with tarfile.open(path, "w") as tar:
        for name, caption in SAID.items():
            key = name.removesuffix(".svg")
            for member, data in ((name, (made.files / name).read_bytes()),
                                 (f"{key}.txt", caption.encode())):  # fmt: skip
                head = tarfile.TarInfo(f"../{member}"[3:])
                head.size = len(data)
                tar.addfile(head, BytesIO(data))
    shell.run("vault", "add", "shots.tar", "--account", "test:1", more=made.key)
    made.license()
    return made


@pytest.fixture
def site(studio: Studio, developer: Kiseki) -> Iterator[VaultSite]:
    with studio.serving(), closing(
        VaultSite(studio.url, developer.signer, developer.session.chain_id)
    ) as made:  # fmt: skip
        yield made


def test_captions_lie_beside_the_files_as_trainers_read_them(studio: Studio) -> None:
    shell = studio.shell
    with studio.serving():
        said = " ".join(studio.get(2, "got").split())
        assert "5 files in got, 5 of them new" in said
        assert "3 captions beside them, as NAME.txt. These are what the vault says" in said
        got = shell.folder / "got"
        assert files(got) == {
            *(each.name for each in studio.files.iterdir()), "0.txt", "1.txt", "2.txt",
        }  # fmt: skip
        for name, caption in SAID.items():
            assert (got / name).with_suffix(".txt").read_bytes() == caption.encode()

        # Somebody's own file stays, and what was taken away comes again.
        (got / "0.txt").write_text("mine")
        (got / "1.txt").unlink()
        told = shell.json("vault", "get", studio.url, studio.collection, "got", *USE, *WHO)
        assert (got / "0.txt").read_text() == "mine"
        assert (got / "1.txt").read_text() == SAID["1.svg"]
        assert (len(told["captions"]), told["captions_unread"]) == (2, [])
        assert told["captions_unwritten"] == ["got/0.txt"]
        assert "0.txt is another file than the caption that goes there" in studio.get(2, "got")
    # The receipts hold nothing of them.
    (kept,) = (got / "kiseki-receipts").iterdir()
    assert "harbour" not in kept.read_text()


def test_captions_are_told_to_nobody_else(studio: Studio, site: VaultSite, k: LocalKiseki) -> None:
    out = site.begin(TRAIN, collection=from_hex(studio.collection, 32, "it"))
    assert sorted(filter(None, captions(site, out).values())) == sorted(
        each.encode() for each in SAID.values()
    )
    with closing(VaultSite(studio.url, k.signer, k.session.chain_id)) as other, pytest.raises(
        VaultError, match="this vault has nothing for you"
    ):  # fmt: skip
        captions(other, out)


def test_captions_for_an_age_key_are_age_files(studio: Studio, site: VaultSite) -> None:
    identity = Identity.new()
    out = site.begin(TRAIN, collection=from_hex(studio.collection, 32, "it"))
    told = captions(site, out, str(identity.recipient))
    assert len(told) == 3
    opened = [b"".join(Opened(BytesIO(each or b""), identity).read()) for each in told.values()]
    assert sorted(opened) == sorted(each.encode() for each in SAID.values())


def test_captions_come_in_parts_and_all_of_them(
    studio: Studio, site: VaultSite, monkeypatch: pytest.MonkeyPatch, developer: Kiseki
) -> None:
    """The server of these tests is a process of its own; here its limits are those of a page."""
    out = site.begin(TRAIN, collection=from_hex(studio.collection, 32, "it"))
    whole = captions(site, out)
    pages = []
    ids = sorted(each.item for each in out.items)

    def part(_: bytes, after: bytes | None = None, recipient: str | None = None) -> Captions:
        at = 0 if after is None else ids.index(after) + 1
        pages.append(after)
        some = {each: whole[each] for each in ids[at : at + 2] if each in whole}
        return Captions(some, ids[at + 1] if at + 2 < len(ids) else None)

    monkeypatch.setattr(site, "captions", part)
    assert captions(site, out) == whole
    assert len(pages) == 3


def test_a_vault_that_tells_captions_of_others_or_without_end_is_found_out(
    studio: Studio, site: VaultSite, monkeypatch: pytest.MonkeyPatch, developer: Kiseki
) -> None:
    wanted = from_hex(studio.collection, 32, "it")
    one = site.begin(TRAIN, collection=wanted).items[0].item
    lies: list[Any] = [
        lambda *_: Captions({b"\7" * 32: b"x"}, None),
        lambda *_: Captions({one: b"x"}, one),
        lambda *_: Captions({}, one),
    ]
    for each in lies:
        monkeypatch.setattr(site, "captions", each)
        with pytest.raises(VaultError, match="the vault tells captions"):
            get(developer, site, studio.shell.folder / "got", wanted, TRAIN)
    assert files(studio.shell.folder / "got") == set()


def test_a_caption_that_the_vault_cannot_read_is_not_called_none(
    studio: Studio, site: VaultSite, monkeypatch: pytest.MonkeyPatch, developer: Kiseki
) -> None:
    wanted = from_hex(studio.collection, 32, "it")
    one = site.begin(TRAIN, collection=wanted).items[0].item
    monkeypatch.setattr(site, "captions", lambda *_: Captions({one: None}, None))
    got = get(developer, site, studio.shell.folder / "got", wanted, TRAIN)
    assert (got.captions.unread, dict(got.captions.there)) == ((one,), {})


def test_a_caption_is_of_all_pictures_of_its_name_or_goes_elsewhere(tmp_path: Path) -> None:
    ids = [bytes([n]) * 32 for n in range(9)]
    named = ["a.png", "a.jpg", "b.png", "B.jpg", "c.png", "c.txt", "d/e.png", "f.png", "f.png.txt"]
    found = {each: tmp_path / name for each, name in zip(ids, named, strict=True)}
    texts = {
        ids[0]: b"one", ids[1]: b"two", ids[2]: b"same", ids[3]: b"same", ids[4]: b"c",
        ids[6]: b"e", ids[7]: b"f",
    }  # fmt: skip
    shown = {
        found[each].name: str(path.relative_to(tmp_path))
        for each, path in beside(found, texts).items()
    }
    assert shown == {
        "a.png": "a.png.txt", "a.jpg": "a.jpg.txt", "b.png": "b.txt", "B.jpg": "B.txt",
        "c.png": "c.png.txt", "e.png": "d/e.txt", "f.png": "f.txt",
    }  # fmt: skip
    # One without a caption must not get another's.
    assert beside({ids[0]: found[ids[0]], ids[1]: found[ids[1]]}, {ids[0]: b"x"}) == {
        ids[0]: tmp_path / "a.png.txt"
    }
    assert beside(
        {ids[4]: found[ids[4]], ids[5]: found[ids[5]], ids[7]: tmp_path / "c.png.txt"},
        {ids[4]: b"x"},
    ) == {ids[4]: tmp_path / f"{ids[4].hex()}.txt"}


def test_what_a_vault_answers_of_captions_is_read_with_care() -> None:
    item = "0x" + "11" * 32
    for said in (
        "{}", '{"captions":[7],"next":null}', '{"captions":[{"item":"0x11","caption":""}]}',
        f'{{"captions":[{{"item":"{item}"}}]}}',
        f'{{"captions":[{{"item":"{item}","caption":"a"}},{{"item":"{item}","caption":"b"}}]}}',
        f'{{"captions":[{{"item":"{item}","caption":"\\ud800"}}]}}',
        '{"captions":[],"next":"0x22"}', '{"captions":[],"next":7}',
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"."):
            _captions(json.loads(said), is_sealed=False)
    with pytest.raises(ValueError, match=r"."):
        _captions({"captions": [{"item": item, "caption": "no Base64!"}]}, is_sealed=True)
