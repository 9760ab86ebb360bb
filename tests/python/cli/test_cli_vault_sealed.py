"""Out of a vault to an age key: nothing here reads it, the real `age` opens it, and what is proved
of it is said apart from what is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from kiseki import Kiseki, Use
from kiseki.client.vault.getting import Got, get
from kiseki.client.vault.site import Captions
from kiseki.core.values import from_hex
from kiseki.errors import KisekiError, VaultError
from kiseki.vault.age.files import Opened, Sealing
from kiseki.vault.age.keys import Identity

from .test_cli_vault_captions import SAID
from .test_cli_vault_captions import studio as studio
from .test_cli_vault_handing import Studio
from .test_cli_vault_items import USE, WHO
from .test_cli_vault_lying import Lying, files

TRAIN = Use.AI_GENERATIVE_TRAINING
MINE, OTHER = Identity.new(), Identity.new()


def age() -> str:
    found = shutil.which("age")
    if found is None and not os.environ.get("CI"):
        pytest.skip("age is not installed")
    assert found is not None, "age is not installed"
    return found


@pytest.fixture
def site(studio: Studio, developer: Kiseki) -> Iterator[Lying]:
    with studio.serving(), closing(Lying(studio, developer)) as made:
        yield made


def got(studio: Studio, site: Lying, k: Kiseki, **more: Any) -> Got:
    return get(
        k, site, studio.shell.folder / "got", from_hex(studio.collection, 32, "it"), TRAIN,
        recipient=str(MINE.recipient), **more,
    )  # fmt: skip


def of_another(site: Lying, content: bytes) -> None:
    """What the vault gives is encrypted to another key, and as long as it should be."""

    def read(pieces: Iterator[bytes]) -> Iterator[bytes]:
        size = Opened(BytesIO(b"".join(pieces)), MINE).size
        sealing = Sealing.to([OTHER.recipient], size)
        made = (content * size)[:size]
        yield b"".join(sealing.read(lambda start, stop: iter([made[start:stop]])))

    site.reads = read


def test_it_arrives_encrypted_and_the_real_age_opens_it(studio: Studio) -> None:
    shell = studio.shell
    key = shell.folder / "key.txt"
    key.write_text(f"# made by age-keygen\n{MINE.text}\n")
    key.chmod(0o600)
    to = ("--to", str(MINE.recipient))
    ask = ("vault", "get", studio.url, studio.collection, "safe", *USE, *WHO, *to)
    with studio.serving():
        said = " ".join(shell.run(*ask).split())
        assert "5 files in safe, 5 of them new" in said
        assert "the vault says, and nothing shows: run this again with --identity" in said
        safe = shell.folder / "safe"
        names = {path.name for path in studio.files.iterdir()} | {"0.txt", "1.txt", "2.txt"}
        assert files(safe) == {f"{each}.age" for each in names}
        for path in safe.glob("*.age"):
            assert path.read_bytes().startswith(b"age-encryption.org/v1\n")
            done = subprocess.run(
                [age(), "-d", "-i", str(key), str(path)], capture_output=True, check=True
            )
            name = path.name.removesuffix(".age")
            if name.endswith(".txt"):
                assert done.stdout.decode() == SAID[name.replace(".txt", ".svg")]
            else:
                assert done.stdout == (studio.files / name).read_bytes()

        told = shell.json(*ask)  # what came is known again without the identity
        assert (told["new"], told["proved"], len(told["captions"])) == (0, False, 3)
        proved = shell.json(*ask, "--identity", "key.txt")
        assert (proved["new"], proved["proved"], proved["items"]) == (0, True, 5)
        said = " ".join(shell.run(*ask, "--identity", "key.txt").split())
        assert "The identity opens each, and in it is the item that the chain has." in said
        # For another key it comes anew, under other names.
        other = shell.json(*ask[:-1], str(OTHER.recipient))
        assert other["new"] == 5

        (shell.folder / "other.txt").write_text(OTHER.text)
        for more, why in (
            (("--identity", "other.txt"), "the identity is not that of the recipient"),
            (("--identity", "ids.txt"), "ids.txt cannot be read"),
            (("--webdataset",), "a webdataset cannot be encrypted"),
        ):
            code = 1 if "ids.txt" in more else 2
            assert why in " ".join(shell.run(*ask, *more, code=code).split())
        for words in (("--to", "age1nobody"), ("--identity", "key.txt")):
            assert "Traceback" not in shell.run(*ask[:-2], *words, code=2)
    # Nothing of it lies here in clear, but what the wallet may register as its receipt.
    whole = b"".join(path.read_bytes() for path in safe.rglob("*") if path.is_file())
    assert b"frameframe" not in whole
    assert b"harbour" not in whole
    assert MINE.text.encode() not in whole


def test_another_content_is_found_out_with_the_identity_and_only_then(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    of_another(site, b"x")
    with pytest.raises(VaultError, match="is not its content; nothing of it was kept"):
        got(studio, site, developer, identity=MINE)
    assert files(studio.shell.folder / "got") == set()
    # Without it the same is taken, as what the vault says; and later convicts it.
    assert got(studio, site, developer).proved is False
    assert len(files(studio.shell.folder / "got")) == 8
    with pytest.raises(VaultError, match=r"which the vault gave, is not the content of 0x"):
        got(studio, site, developer, identity=MINE)


def test_what_is_no_age_file_of_that_size_is_not_kept(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    def zeros(pieces: Iterator[bytes]) -> Iterator[bytes]:
        yield bytes(sum(map(len, pieces)))

    def plain(pieces: Iterator[bytes]) -> Iterator[bytes]:
        whole = b"".join(pieces)
        yield whole.replace(b"X25519", b"scrypt", 1)

    def longer_head(pieces: Iterator[bytes]) -> Iterator[bytes]:
        whole = b"".join(pieces)
        yield whole.replace(b"-> X25519", b"-> x\n\n-> X25519", 1)[: len(whole)]

    for lie in (zeros, plain, longer_head):
        site.reads = lie
        with pytest.raises(KisekiError, match="is not its content; nothing of it was kept"):
            got(studio, site, developer)
        assert files(studio.shell.folder / "got") == set()


def test_a_file_that_was_changed_since_is_not_taken_for_what_came(
    studio: Studio, site: Lying, developer: Kiseki
) -> None:
    folder = studio.shell.folder / "got"
    first = got(studio, site, developer)
    path = folder / "film.bin.age"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    again = got(studio, site, developer)
    assert (again.new, path.read_bytes()[:-1]) == (1, whole[:-1])
    (item,) = (each for each, where in first.files.items() if where == path)
    assert again.files[item].name == f"{item.hex()}.bin.age"
    # A note that a power cut left unfinished says nothing.
    noted = folder / "kiseki-receipts" / "arrived.txt"
    assert noted.stat().st_mode & 0o777 == 0o600
    (other,) = (each for each, where in first.files.items() if where.name == "1.svg.age")
    lines = noted.read_text().split("\n")
    noted.write_text("\n".join(each[:-5] if other.hex() in each else each for each in lines))
    assert got(studio, site, developer).new == 1


def test_a_caption_that_is_not_encrypted_to_the_key_is_not_kept(
    studio: Studio, site: Lying, developer: Kiseki, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, *_) = site.begin(TRAIN, collection=from_hex(studio.collection, 32, "it")).items
    sealing = Sealing.to([OTHER.recipient], 3)
    theirs = b"".join(sealing.read(lambda start, stop: iter([b"abc"[start:stop]])))
    for text, identity in ((b"in clear", None), (theirs, MINE)):
        monkeypatch.setattr(
            site, "captions", lambda *_, text=text: Captions({one.item: text}, None)
        )
        with pytest.raises(VaultError, match=r"that is not encrypted to this key"):
            got(studio, site, developer, identity=identity)
    assert not list(Path(studio.shell.folder / "got").glob("*.txt*"))
