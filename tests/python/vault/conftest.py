"""A key store on the disk, and made-up collections for it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiseki.core import ids
from kiseki.core.collection import Kept, Slice
from kiseki.core.merkle import SLICE, IdTree, root_of
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32
from kiseki.vault.keystore import KeyStore

WHO = "0x" + "1a" * 20
OTHER = "0x" + "2b" * 20
DIGESTS = [hashlib.sha256(b"%d" % n).digest() for n in range(9)]


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[KeyStore]:
    """A store in a file."""
    made = KeyStore(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture(params=["a file", "PostgreSQL"])
def store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[KeyStore]:
    """A store in a file, and one in a database: both promise the same."""
    if request.param == "a file":
        made = KeyStore(tmp_path / "store")
    else:
        made = KeyStore(request.getfixturevalue("postgres"))
    yield made
    made.close()


def old_file(path: Path, content: bytes) -> Path:
    path.touch(0o600)
    path.write_bytes(content)
    return path


def collection(store: KeyStore, count: int = 5, provider: str = WHO) -> tuple[Kept, list[Slice]]:
    """A collection of made-up contents with salts from `store`, not kept yet."""
    digests = [hashlib.sha256(b"content %d" % n).digest() for n in range(count)]
    salts = store.salts(provider, digests)
    rows = sorted(
        (ids.item_id(provider, commitment), commitment, digest, (f"{n}.png",))
        for n, (digest, salt) in enumerate(zip(digests, salts, strict=True))
        for commitment in (ids.commitment(digest, salt),)
    )
    slices = []
    for start in range(0, count, SLICE):
        _, commitments, sha256s, names = zip(*rows[start : start + SLICE], strict=True)
        slices.append(Slice.of(provider, b"".join(commitments), b"".join(sha256s), names))
    root = root_of([each.root for each in slices])
    assert root == IdTree([row[0] for row in rows]).root
    return Kept(provider, Terms.of("train", "0%"), root, count, Payee.of(OTHER), ZERO32), slices


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
