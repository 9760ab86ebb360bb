"""The ID of an output is that of the file without credentials (promise 3)."""

import hashlib
from pathlib import Path

import pytest
from tests.python.core.media import embed, picture

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.core import ids
from kiseki.core.credentials import strip
from kiseki.core.values import ZERO32
from kiseki.errors import FilesError
from kiseki.vault.files import HashedOutput, hash_outputs


@pytest.fixture
def model(artist: Kiseki, developer: Kiseki, tmp_path: Path) -> bytes:
    free, art = Terms.of("train", "0%"), tmp_path / "art.png"
    art.write_bytes(b"art")
    prepared = artist.data.prepare(art, free)
    artist.data.register(prepared)
    manifest = Manifest({prepared.id: [(each.id, 1) for each in prepared.items]})
    return developer.models.register(b"w" * 32, free, manifest=manifest).id


KINDS = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_is_found_before_and_after_credentials_are_put_in(
    k: LocalKiseki, creator: Kiseki, model: bytes, tmp_path: Path, kind: str
) -> None:
    path, plain = tmp_path / f"1.{kind}", picture(kind.upper())
    path.write_bytes(plain)
    batch = creator.outputs.prepare(path, [model])
    path.write_bytes(embed(plain, KINDS[kind]))
    assert creator.outputs.prepare(path, [model]).id == batch.id
    creator.outputs.register(batch)

    inside = k.outputs.verify(path)
    assert (inside.batch, inside.form) == (batch.id, "without credentials")
    assert "without the credentials (C2PA) that it carries" in inside.sentence
    path.write_bytes(embed(embed(plain, KINDS[kind]), KINDS[kind], thumbnail=True))
    assert k.outputs.verify(path).batch == batch.id
    path.write_bytes(plain)
    before = k.outputs.verify(path)
    assert (before.batch, before.form) == (batch.id, "whole file")
    assert "C2PA" not in before.sentence
    assert before.commitment == inside.commitment


def test_a_batch_that_holds_the_hash_of_a_whole_file_is_found_and_that_is_said(
    k: LocalKiseki, creator: Kiseki, model: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such were registered before credentials were taken out."""
    path = tmp_path / "1.png"
    path.write_bytes(embed(picture("PNG"), "image/png"))
    (now,) = hash_outputs([path])
    with monkeypatch.context() as earlier:
        earlier.setattr(
            "kiseki.client.outputs.outputs.hash_outputs",
            lambda paths, _: [HashedOutput(each, now.whole, now.whole, "") for each in paths],
        )
        batch = creator.outputs.prepare(path, [model])
    assert creator.outputs.prepare(path, [model]).id != batch.id
    creator.outputs.register(batch)
    found = k.outputs.verify(path)
    assert (found.batch, found.form) == (batch.id, "whole file")
    assert found.commitment == ids.commitment(now.whole, ZERO32)
    assert "registered with the credentials (C2PA)" in found.sentence
    path.write_bytes(embed(picture("PNG"), "image/png"))  # others
    assert not k.outputs.verify(path).known

    # Once the file without credentials is registered too, that is what is told first.
    creator.outputs.register(creator.outputs.prepare(path, [model]))
    assert k.outputs.verify(path).form == "without credentials"


def test_two_files_that_differ_by_their_credentials_are_one_output(
    creator: Kiseki, model: bytes, tmp_path: Path
) -> None:
    for name, content in (
        ("1.png", picture("PNG")),
        ("2.png", embed(picture("PNG"), "image/png")),
    ):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_bytes(content)
    (item,) = creator.outputs.prepare(tmp_path / "out", [model]).items
    assert [each.name for each in item.paths] == ["1.png", "2.png"]


def test_data_keeps_the_hash_of_the_file_as_it_is(artist: Kiseki, tmp_path: Path) -> None:
    path = tmp_path / "1.png"
    path.write_bytes(embed(picture("PNG"), "image/png"))
    (item,) = artist.data.prepare(path, Terms.of("train", "0%")).items
    digest = hashlib.sha256(path.read_bytes()).digest()
    (salt,) = artist.salts.salts(artist.address, [digest])
    assert item.commitment == ids.commitment(digest, salt)


def test_a_file_that_is_not_as_its_format_says_is_registered_as_it_is_and_told(
    k: LocalKiseki, creator: Kiseki, model: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "1.webp"
    path.write_bytes(picture("WEBP")[:-3])
    (tmp_path / "2.txt").write_bytes(b"text")
    prepared = creator.outputs.prepare([path, tmp_path / "2.txt"], [model])
    assert prepared.odd == ((path, "it is cut off"),)
    assert "could not be told: it is cut off" in k.outputs.verify(path).sentence
    creator.outputs.register(prepared)
    assert k.outputs.verify(path).form == "whole file"


def test_both_hashes_of_an_output_are_right(tmp_path: Path) -> None:
    plain, inside = picture("PNG"), embed(picture("PNG"), "image/png")
    for name, content in (("a", plain), ("b", inside), ("c", b"")):
        (tmp_path / name).write_bytes(content)
    told: list[tuple[int, int]] = []
    found = hash_outputs([tmp_path / name for name in "abc"], lambda *each: told.append(each))
    digests = [hashlib.sha256(each).digest() for each in (plain, inside, b"")]
    assert [each.whole for each in found] == digests
    assert [each.digest for each in found] == [digests[0], digests[0], digests[2]]
    assert strip(inside) == plain
    assert told[-1] == (3, 3)
    with pytest.raises(FilesError, match="no ordinary file"):
        hash_outputs([tmp_path])
    with pytest.raises(FilesError, match="cannot be read"):
        hash_outputs([tmp_path / "nowhere"])
