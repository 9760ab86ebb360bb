"""A key store on the disk, and made-up collections for it."""

import hashlib
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from s3fs import S3FileSystem

from kiseki.core import ids
from kiseki.core.collection import Kept, Slice
from kiseki.core.merkle import SLICE, IdTree, root_of
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32
from kiseki.vault.keystore import KeyStore
from kiseki.vault.objects.place import Place, place

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


_SERVER = """
import os, sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
os._exit(0)
"""


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of an S3 server of this worker's own (moto's), with a bucket ``vault``."""
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    url = f"http://127.0.0.1:{int(server.stdout.readline())}"
    S3FileSystem(**s3_options(url)).mkdir("vault")
    yield url
    server.stdin.close()  # whereupon it ends
    server.wait(60)
    server.stdout.close()


def s3_options(url: str) -> dict[str, Any]:
    """What s3fs is told of that server."""
    return {"endpoint_url": url, "key": "test", "secret": "test"}


@pytest.fixture(params=["a file", "PostgreSQL"])
def store_url(tmp_path: Path, request: pytest.FixtureRequest) -> Path | str:
    """Where a database is that is not there yet."""
    if request.param == "a file":
        return tmp_path / "store"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture(params=["a folder", "S3"])
def objects_place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """A place for objects, empty."""
    if request.param == "a folder":
        return place(tmp_path / "vault")
    url = request.getfixturevalue("s3")
    return place(f"s3://vault/{uuid.uuid4().hex}", s3_options(url))
