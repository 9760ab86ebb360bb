"""Made-up contents of several artists, and terms for them."""

import hashlib
import itertools
from collections.abc import Iterable, Iterator

import pytest

from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.vault.keystore import KeyStore
from kiseki.vault.lists import Entry

ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20


def store_of(k: Kiseki) -> KeyStore:
    found = k.salts
    assert isinstance(found, KeyStore)
    return found


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def entries(count: int, artists: Iterable[str] = ("",)) -> Iterator[Entry]:
    whose = itertools.cycle(artists)
    return (Entry("", digest(n), b"", f"{n}.png", next(whose)) for n in range(count))


@pytest.fixture
def terms(k: LocalKiseki) -> Terms:
    return k.data.define_terms("train", royalty="20%")
