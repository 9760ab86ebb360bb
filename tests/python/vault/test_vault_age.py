"""The age format at any place of a file, held to C2SP's published vectors and to three programs."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiseki.errors import InvalidInput, VaultError
from kiseki.vault.age import header
from kiseki.vault.age.files import Opened, Sealing
from kiseki.vault.age.keys import Identity, Recipient
from kiseki.vault.age.stream import CHUNK

ROOT = Path(__file__).resolve().parents[3]
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 5]
DUMP = """
import * as vectors from "cctv-age";
const every = {};
for (const [name, value] of Object.entries(vectors)) {
  every[name] = Buffer.from(value).toString("base64");
}
console.log(JSON.stringify(every));
"""
OPEN = """
import { Decrypter } from "age-encryption";
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const decrypter = new Decrypter();
decrypter.addIdentity(process.argv[1]);
process.stdout.write(await decrypter.decrypt(Buffer.concat(chunks)));
"""


def _node(script: str, *words: str, given: bytes = b"") -> bytes:
    node = shutil.which("node")
    assert node, "node is set up with the tests"
    ran = subprocess.run(
        [node, "--input-type=module", "-e", script, *words],
        input=given, capture_output=True, cwd=ROOT, check=True,
    )  # fmt: skip
    return ran.stdout


def _vectors() -> Iterator[Any]:
    """Those about X25519, which is the only kind of key that objects are encrypted to."""
    import base64

    listed = json.loads(_node(DUMP))
    listed = listed.get("default", listed) if isinstance(listed.get("default"), dict) else listed
    for name, value in sorted(listed.items()):
        text, _, file = base64.b64decode(value).partition(b"\n\n")
        said = dict(line.split(": ", 1) for line in text.decode().splitlines())
        if "armored" in said or "hybrid" in name or "scrypt" in name:
            continue
        if said.get("compressed") == "zlib":
            file = zlib.decompress(file)
        yield pytest.param(said, file, id=name)


VECTORS = list(_vectors())


def _plain(content: bytes) -> Any:
    """The bytes from one place up to another, in pieces of odd sizes."""

    def read(start: int, stop: int) -> Iterator[bytes]:
        for at in range(start, stop, 10_007):
            yield content[at : min(at + 10_007, stop)]

    return read


def _sealed(content: bytes, *whom: Recipient) -> bytes:
    return b"".join(Sealing.to(whom, len(content)).read(_plain(content)))


def _identity(said: dict[str, str]) -> Identity:
    if "identity" not in said:
        return Identity.new()
    return Identity.of(said["identity"])


def test_there_are_vectors_of_every_kind() -> None:
    kinds = {each.values[0]["expect"] for each in VECTORS}
    assert len(VECTORS) > 60
    assert kinds == {"success", "no match", "HMAC failure", "header failure", "payload failure"}


@pytest.mark.parametrize(("said", "file"), VECTORS)
def test_published_vectors_open_or_are_refused_as_they_say(
    said: dict[str, str], file: bytes
) -> None:
    identity = _identity(said)
    if said["expect"] == "success":
        opened = Opened(io.BytesIO(file), identity)
        content = b"".join(opened.read())
        assert hashlib.sha256(content).hexdigest() == said["payload"]
        assert len(content) == opened.size
        assert header.read(io.BytesIO(file).read).file_key(identity).hex() == said["file key"]
        return
    with pytest.raises(VaultError):
        b"".join(Opened(io.BytesIO(file), identity).read())
    if said["expect"] in ("payload failure", "HMAC failure", "no match"):
        header.read(io.BytesIO(file).read)  # the head can be read
    if said["expect"] == "payload failure":
        assert header.read(io.BytesIO(file).read).file_key(identity)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_made_here_opens_elsewhere_and_what_is_made_elsewhere_here(size: int) -> None:
    content, mine, others = random.Random(size).randbytes(size), Identity.new(), Identity.new()
    made = _sealed(content, others.recipient, mine.recipient)
    assert len(made) == Sealing.to([others.recipient, mine.recipient], size).size
    secret = pyrage.x25519.Identity.from_str(mine.text)
    assert pyrage.decrypt(made, [secret]) == content
    assert _node(OPEN, mine.text, given=made) == content
    public = pyrage.x25519.Recipient.from_str(str(mine.recipient))
    theirs = pyrage.encrypt(content, [public])
    assert b"".join(Opened(io.BytesIO(theirs), mine).read()) == content


@pytest.mark.skipif(
    shutil.which("age") is None and not os.environ.get("CI"),
    reason="the program `age` is not here (apt install age)",
)
@pytest.mark.parametrize("size", SIZES)
def test_the_program_age_opens_what_is_made_here(size: int, tmp_path: Path) -> None:
    content, mine = random.Random(size).randbytes(size), Identity.new()
    (tmp_path / "key.txt").write_text(mine.text + "\n")
    opened = subprocess.run(
        ["age", "-d", "-i", str(tmp_path / "key.txt")],
        input=_sealed(content, mine.recipient), capture_output=True, check=True,
    )  # fmt: skip
    assert opened.stdout == content


def test_keys_are_those_of_age_and_a_secret_is_never_shown() -> None:
    mine = Identity.new()
    theirs = pyrage.x25519.Identity.from_str(mine.text)
    assert str(theirs.to_public()) == str(mine.recipient)
    assert Identity.of(str(theirs)) == mine
    assert Recipient.of(str(mine.recipient)) == mine.recipient
    assert Recipient.written(str(mine.recipient)) == mine.recipient
    sealing = Sealing.to([mine.recipient], 1)
    shown = f"{mine!r} {mine} {sealing!r}"
    assert mine.text not in shown
    assert repr(mine.secret) not in shown
    assert repr(sealing.key) not in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age1",
        "AGE-SECRET-KEY-1",
        "x" * 74,
        Identity(bytes(32)).text[:-1] + "Q",
        "age1é",
        "age1pq1",
    ],
)
def test_what_is_no_key_is_refused_without_being_told(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Identity.of(text)
    assert len(text) < 20 or text not in str(refused.value)
    with pytest.raises(InvalidInput):
        Recipient.of(text)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 4 * CHUNK), st.data())
def test_any_part_is_that_part_of_the_whole(size: int, data: st.DataObject) -> None:
    content, mine = random.Random(size).randbytes(size), Identity.new()
    sealing = Sealing.to([mine.recipient], size)
    whole = b"".join(sealing.read(_plain(content)))
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, len(whole)))
    assert b"".join(sealing.read(_plain(content), start, stop)) == whole[start:stop]
    opened = Opened(io.BytesIO(whole), mine)
    assert opened.size == size
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    assert b"".join(opened.read(start, stop)) == content[start:stop]


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_a_changed_or_cut_file_is_refused_and_nothing_else_is_raised(data: st.DataObject) -> None:
    mine = Identity.new()
    whole = _sealed(bytes(CHUNK + 9), mine.recipient)
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        broken = whole[:at]
    else:
        broken = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    with pytest.raises(VaultError):
        b"".join(Opened(io.BytesIO(broken), mine).read())


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_refused(junk: bytes, begins: bool) -> None:
    file = (b"age-encryption.org/v1\n" if begins else b"") + junk
    with pytest.raises(VaultError):
        Opened(io.BytesIO(file), Identity.new())


def test_a_head_without_end_is_not_read_into_memory() -> None:
    taken = 0

    def endless(size: int) -> bytes:
        nonlocal taken
        taken += size
        return b"age-encryption.org/v1\n-> grease " + b"a" * size if taken == size else b"a" * size

    with pytest.raises(VaultError):
        header.read(endless)
    assert taken < 1 << 18


def test_content_that_became_shorter_is_not_sealed_as_whole() -> None:
    sealing = Sealing.to([Identity.new().recipient], CHUNK + 9)
    with pytest.raises(VaultError):
        b"".join(sealing.read(_plain(bytes(CHUNK))))


def test_a_range_reads_only_the_chunks_that_it_needs() -> None:
    """Invariant 10."""
    mine = Identity.new()
    whole = _sealed(bytes(100 * CHUNK), mine.recipient)

    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            some = super().read(size)
            Counting.taken += len(some)
            return some

    opened = Opened(Counting(whole), mine)
    before = Counting.taken
    assert len(b"".join(opened.read(50 * CHUNK + 7, 50 * CHUNK + 20))) == 13
    assert before < 2 * CHUNK
    assert Counting.taken - before < 2 * CHUNK
