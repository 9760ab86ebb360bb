"""What tests of training share: torch at work, and somebody who trains on an artist's pictures."""

import shutil
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.vault.keystore import KeyStore

from .scene import SAMPLES, Scene


@pytest.fixture(scope="session")
def torch_at_work() -> None:
    """Torch imports half of itself, and sets a variable, when an optimizer is first used."""
    from .counting import Counting

    Counting().optimizer.zero_grad()


@pytest.fixture
def scene(k: LocalKiseki, tmp_path: Path) -> Scene:
    store = tmp_path / "store"
    shutil.copytree(SAMPLES / "two_folders" / "train" / "3_fruit", store / "fruit")
    shutil.copytree(SAMPLES / "one_folder" / "train" / "10_foxes", store / "foxes")
    artist = Kiseki(k.session, k.wallet(1)._wallet.signer, KeyStore(tmp_path / "artist"))
    trainer = Kiseki(k.session, k.wallet(2)._wallet.signer, KeyStore(tmp_path / "trainer"))
    return Scene(artist, trainer, store, tmp_path / "train")


@pytest.fixture
def terms(scene: Scene) -> Terms:
    return scene.artist.data.define_terms("train", royalty="20%")
