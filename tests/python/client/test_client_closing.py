"""What `Kiseki.connect` opened is closed, so that one process can connect again and again."""

import sys
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki
from kiseki.chain.sending.journal import Journal
from kiseki.chain.signing.accounts import local_account
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder, open_below


def connected(k: LocalKiseki, home: Path) -> Kiseki:
    return Kiseki.connect(
        k.url, local_account(1), secrets=home / "secrets", journal=home / "journal",
        index=home / "index", deployments=home / "deployments",
    )  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux which files are open")
def test_nothing_stays_open(k: LocalKiseki, tmp_path: Path, folder: Folder) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with connected(k, home) as artist:
        terms = artist.data.define_terms("train", royalty="0%")
        artist.data.register(folder("art", {"1.svg": b"1"}), terms)
        assert artist.index.block
        names = {each.name.partition(".")[0] for each in open_below(home)}
        assert names >= {"secrets", "journal"}
        assert any(each.is_relative_to(home / "index") for each in open_below(home))
    assert not open_below(home)


def test_what_was_given_stays_open(k: LocalKiseki) -> None:
    """A journal and a key store of one's own are closed by whoever opened them."""
    salts, journal = KeyStore(), Journal()
    with Kiseki.connect(k.url, local_account(1), secrets=salts, journal=journal):
        pass
    assert salts.count() == 0
    assert journal.intents(k.sender.lane) == []
