"""What a model's commitment covers: its tensors, or the whole file where they cannot be told.

A file of weights is more than weights: a comment edited, tensors stored in another order or spread
over several files make other bytes and the same model. So of safetensors the tensors are hashed:

    SHA-256( b"kiseki-tensors-v1\\0" ‖ uint64 count
             ‖ for each tensor, by the bytes of its name in UTF-8, ascending:
               uint32 length of the name ‖ name
               uint8 length of the dtype ‖ dtype, as the header has it: "F16"
               uint32 number of dimensions ‖ uint64 each dimension
               SHA-256 of its bytes, as they lie in the file )

All numbers are big-endian. Every length stands before what it measures, so no two sets of tensors
have one preimage. The settings beside them (``__metadata__``; loaders read LoRA alpha there):

    SHA-256( b"kiseki-metadata-v1\\0" ‖ uint64 count
             ‖ for each pair, by key and then value in UTF-8, ascending, each pair once:
               uint32 length of the key ‖ key ‖ uint32 length of the value ‖ value )

A stamp (`kiseki.core.stamp`) names the model and is no setting of it, so its keys are left out.

A file has tensors only if every reader must find the same ones in it. What two readers could take
for two models (a key twice, a hole, an overlap...) is refused here, with the reason, and its caller
takes the whole file: SHA-256 of all its bytes. A file that begins like the first preimage is no
file of weights, so no file has the digest of another one's tensors.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from kiseki.core import documents, stamp
from kiseki.errors import InvalidInput

__all__ = [
    "DTYPES",
    "HEADER",
    "Tensor",
    "Tensors",
    "payload_digest",
    "placed",
    "shards",
    "stamped",
    "tensors",
    "whole_digest",
]

HEADER = 32 * 2**20
"""The longest header that is read, in bytes. It is held in memory; tensors never are."""

DTYPES = {
    **dict.fromkeys(("F4",), 4),
    **dict.fromkeys(("F6_E2M3", "F6_E3M2"), 6),
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("F8_E5M2FNUZ", "F8_E4M3FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
"""The bits that one element takes."""

_TENSORS = b"kiseki-tensors-v1\0"
_METADATA = b"kiseki-metadata-v1\0"
_CHUNK = 1 << 20
_PLAIN = re.compile(r"(?!\.{1,2}$)[^/\\:]{1,255}")
"""A file's name, without a folder."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Tensors:
    """What one model's files hold.

    Attributes:
        digest: of all tensors, 32 bytes.
        settings: the hash of the metadata without a stamp, 32 bytes; of all files together.
        metadata: what the files say about themselves; of a key with two values the last.
        count: how many tensors.
        size: their bytes.
    """

    digest: bytes
    settings: bytes
    metadata: Mapping[str, str]
    count: int
    size: int


def tensors(
    files: Mapping[str, BinaryIO],
    progress: Progress = lambda *_: None,
    listed: Mapping[str, Iterable[str]] | None = None,
) -> Tensors:
    """The tensors of a safetensors file, or of all files of one model, in constant memory.

    Args:
        files: by what they are called, open for reading and seekable.
        progress: called with the bytes that are read, and all there are.
        listed: the tensors that each of them must hold, no more and no fewer (`shards`).

    Raises:
        InvalidInput: readers could disagree about what is in them, or they hold no tensor.
    """
    headers = {name: _told(name, len(files), file) for name, file in files.items()}
    where: dict[bytes, str] = {}
    for name, header in headers.items():
        if listed is not None and {each.name for each in header.tensors} != {
            each.encode() for each in listed[name]
        }:
            raise InvalidInput(f"{name} does not hold the tensors that the index says")
        for each in header.tensors:
            if where.setdefault(each.name, name) != name:
                raise InvalidInput(
                    f"the tensor {each.shown} is in {where[each.name]} and in {name}; readers "
                    "disagree which one counts"
                )
    if not where:
        raise InvalidInput("it holds no tensor")
    size = sum(header.size for header in headers.values())
    rows, done = [], 0
    for name, header in headers.items():
        for each in header.tensors:  # as they lie, so that the file is read from front to back
            digest = hashlib.sha256()
            for chunk in _read(files[name], header.data + each.start, each.stop - each.start):
                digest.update(chunk)
                done += len(chunk)
                progress(done, size)
            rows.append(each.described + digest.digest())
    # By name: each row begins with the length of its name, so it is sorted by what follows.
    rows.sort(key=lambda row: row[4 : 4 + int.from_bytes(row[:4], "big")])
    pairs = {pair for header in headers.values() for pair in header.metadata}
    settings = [pair for pair in sorted(pairs) if pair[0].decode() not in stamp.KEYS]
    return Tensors(
        digest=_listed(_TENSORS, rows),
        settings=_listed(_METADATA, [_sized(k) + _sized(v) for k, v in settings]),
        metadata={k.decode(): v.decode() for k, v in sorted(pairs)},
        count=len(rows),
        size=size,
    )


def whole_digest(file: BinaryIO, progress: Progress = lambda *_: None) -> bytes:
    """SHA-256 of a whole file of weights.

    Raises:
        InvalidInput: it is the preimage of some tensors' digest, and not weights.
    """
    size, done, digest = _size(file), 0, hashlib.sha256()
    for chunk in _read(file, 0, size):
        if not done and chunk.startswith(_TENSORS):
            raise InvalidInput("this lists the hashes of tensors and holds no weights")
        digest.update(chunk)
        done += len(chunk)
        progress(done, size)
    return digest.digest()


def payload_digest(file: BinaryIO) -> bytes | None:
    """SHA-256 of what follows the header of a safetensors file: `sshs_model_hash` of kohya's
    trainers and `modelspec.hash_sha256`. It depends on the order of the tensors. None of a file
    that is too short.
    """
    size = _size(file)
    file.seek(0)
    begin = file.read(8)
    start = 8 + int.from_bytes(begin, "little")
    if len(begin) < 8 or start > size:
        return None
    digest = hashlib.sha256()
    for chunk in _read(file, start, size - start):
        digest.update(chunk)
    return digest.digest()


def placed(file: BinaryIO) -> tuple[dict[str, Tensor], int]:
    """The tensors of a safetensors file, by name as they lie, and at which byte they begin.

    Raises:
        InvalidInput: readers could disagree about what is in it.
    """
    header = _header(file)
    return {each.name.decode(): each for each in header.tensors}, header.data


def stamped(file: BinaryIO, named: stamp.Stamp) -> tuple[bytes, int]:
    """The beginning of a safetensors file, up to its tensors, with a stamp in its metadata.

    All else in the metadata stays, in the order in which it stands; an earlier stamp goes.

    Returns:
        The new beginning, and at which byte of the file the tensors begin.

    Raises:
        InvalidInput: readers could disagree about what is in it, or its header would be too long.
    """
    header = _header(file)
    if not header.tensors:
        raise InvalidInput("it holds no tensor")
    file.seek(8)
    text = file.read(header.data - 8)
    start, stop = header.span
    kept = {k.decode(): v.decode() for k, v in header.metadata}
    said = json.dumps(kept | named.metadata, ensure_ascii=False, separators=(",", ":")).encode()
    if start == stop:  # it has no metadata yet
        said = b'"__metadata__":' + said + b","
    text = text[:start] + said + text[stop:]
    text += b" " * (-len(text) % 8)  # readers map tensors into memory where they begin at an 8th
    if len(text) > HEADER:
        raise InvalidInput(f"with a stamp its header has more than the {HEADER:,} bytes read here")
    return len(text).to_bytes(8, "little") + text, header.data


def shards(index: bytes) -> dict[str, list[str]]:
    """The files of a model in several, each with its tensors: from ``….safetensors.index.json``.

    Raises:
        InvalidInput: it is no such index, or names a file that is not beside it.
    """
    if len(index) > HEADER:
        raise InvalidInput("the index is longer than any that is meant")
    where = documents.parse(index).get("weight_map")
    if not isinstance(where, dict) or not where:
        raise InvalidInput("the index has no weight_map")
    found: dict[str, list[str]] = {}
    for tensor, file in where.items():
        if not isinstance(file, str) or not file.isprintable() or not _PLAIN.fullmatch(file):
            raise InvalidInput(f"the index names {file!r:.80}, which is no file beside it")
        if not _encodes(tensor):
            raise InvalidInput("the index has a tensor whose name is no text")
        found.setdefault(file, []).append(tensor)
    return found


# The header of a file


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor in a file; `start` and `stop` count from where all of them begin."""

    name: bytes
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def shown(self) -> str:
        return repr(self.name.decode())[:80]

    @property
    def described(self) -> bytes:
        """All of its row but the hash of its bytes."""
        dtype = self.dtype.encode()
        dimensions = b"".join(each.to_bytes(8, "big") for each in self.shape)
        return (
            _sized(self.name)
            + len(dtype).to_bytes(1, "big") + dtype
            + len(self.shape).to_bytes(4, "big") + dimensions
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Header:
    tensors: list[Tensor]
    """As they lie in the file."""
    metadata: list[tuple[bytes, bytes]]
    span: tuple[int, int]
    """Where its JSON has the metadata; both the same where it has none."""
    data: int
    size: int


def _told(name: str, many: int, file: BinaryIO) -> _Header:
    try:
        return _header(file)
    except InvalidInput as error:
        if many == 1:
            raise
        raise InvalidInput(f"{name}: {error}") from None


def _header(file: BinaryIO) -> _Header:
    size = _size(file)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    begin = file.read(1)
    if size < 10 or begin != b"{" or 8 + length > size:
        raise InvalidInput("it is not in the safetensors format")
    if length > HEADER:
        raise InvalidInput(f"its header has {length:,} bytes, more than the {HEADER:,} read here")
    found, metadata, span = _Json(begin + file.read(length - 1)).header()
    left = size - 8 - length
    found.sort(key=lambda each: (each.start, each.stop))
    for before, each in pairwise([Tensor(b"", "", (), 0, 0), *found]):
        if each.start > before.stop:
            raise InvalidInput(f"there is a hole before the tensor {each.shown}")
        if each.start < before.stop:
            raise InvalidInput(f"the tensors {before.shown} and {each.shown} overlap")
    end = found[-1].stop if found else 0
    if end > left:
        raise InvalidInput("the file is cut off")
    if end < left:
        raise InvalidInput(f"{left - end:,} bytes follow the last tensor")
    return _Header(found, metadata, span, 8 + length, left)


class _Json:
    """A header, read more strictly than JSON: nothing twice, nothing unknown, nothing nested.

    `json` would take `1.0` and `-0` for numbers, half a surrogate for text, and hold whatever a
    hostile header nests, before anything could be refused.
    """

    _TOKEN = re.compile(rb'[ \t\n\r]*+(?:("(?:[^"\\\x00-\x1f]|\\[^\x00-\x1f])*+")|([{}:,]))')
    _FIELD = re.compile(
        rb'[ \t\n\r]*+([{,])[ \t\n\r]*+"(dtype|shape|data_offsets)"[ \t\n\r]*+:[ \t\n\r]*+'
        rb'(?:"([A-Z0-9_]++)"|\[([0-9, \t\n\r]*+)\])'
    )
    _NUMBER = re.compile(rb"[ \t\n\r]*+(0|[1-9][0-9]{0,19}+)[ \t\n\r]*+")

    def __init__(self, text: bytes) -> None:
        self._text, self._at = text, 0

    def header(self) -> tuple[list[Tensor], list[tuple[bytes, bytes]], tuple[int, int]]:
        found: list[Tensor] = []
        metadata: list[tuple[bytes, bytes]] = []
        span = (1, 1)  # after the first bracket
        for name in self._members():
            if name == "__metadata__":
                start = self._at
                metadata = [(key.encode(), self._string().encode()) for key in self._members()]
                span = (start, self._at)
            else:
                found.append(self._tensor(name))
        if self._text[self._at :].strip(b" \t\n\r"):
            raise InvalidInput("something follows the header's JSON")
        return found, metadata, span

    def _tensor(self, name: str) -> Tensor:
        dtype, lists = "", dict[bytes, tuple[int, ...]]()
        for sign in (b"{", b",", b","):
            match = self._FIELD.match(self._text, self._at)
            if match is None or match[1] != sign or (match[2] == b"dtype") != (match[4] is None):
                raise InvalidInput(
                    f"the tensor {name!r:.80} has an unknown field, or lacks dtype, shape or "
                    "data_offsets"
                )
            self._at = match.end()
            if match[3] is None:
                lists[match[2]] = self._numbers(match[4])
            else:
                dtype = match[3].decode()
        if not self._peek(b"}"):
            raise InvalidInput(f"the tensor {name!r:.80} has an unknown field")
        if len(lists) != 2 or not dtype or len(lists[b"data_offsets"]) != 2:
            raise InvalidInput(f"the tensor {name!r:.80} has a field twice, or not two offsets")
        return _tensor(name, dtype, lists[b"shape"], *lists[b"data_offsets"])

    def _members(self) -> Iterator[str]:
        """The keys of an object, one after the other; whoever asks reads the value of each."""
        self._sign(b"{")
        there: set[str] = set()
        sign = b"}" if self._peek(b"}") else b","
        while sign == b",":
            key = self._string()
            if key in there:
                raise InvalidInput(
                    f"its header has {key!r:.80} twice; readers disagree which one counts"
                )
            there.add(key)
            self._sign(b":")
            yield key
            sign = self._sign(b",", b"}")

    def _numbers(self, text: bytes) -> tuple[int, ...]:
        if not text.strip(b" \t\n\r"):
            return ()
        found = [self._NUMBER.fullmatch(each) for each in text.split(b",")]
        if not all(found):
            raise self._strange()
        return tuple(int(each[1]) for each in found if each)

    def _string(self) -> str:
        token = self._token(1)
        try:
            text: str = json.loads(token)
            text.encode()  # half a surrogate is no text
        except ValueError:
            raise InvalidInput("its header is not JSON in UTF-8") from None
        return text

    def _sign(self, *wanted: bytes) -> bytes:
        found = self._token(2)
        if found not in wanted:
            raise self._strange()
        return found

    def _peek(self, sign: bytes) -> bool:
        match = self._TOKEN.match(self._text, self._at)
        if match is None or match[2] != sign:
            return False
        self._at = match.end()
        return True

    def _token(self, kind: int) -> bytes:
        match = self._TOKEN.match(self._text, self._at)
        if match is None or match[kind] is None:
            raise self._strange()
        self._at = match.end()
        found: bytes = match[kind]
        return found

    def _strange(self) -> InvalidInput:
        return InvalidInput(f"its header is no list of tensors (byte {self._at:,} of it)")


def _tensor(name: str, dtype: str, shape: tuple[int, ...], start: int, stop: int) -> Tensor:
    if dtype not in DTYPES:
        raise InvalidInput(f"the tensor {name!r:.80} has an unknown dtype {dtype!r:.80}")
    bits, most = DTYPES[dtype], DTYPES[dtype]
    for each in shape:
        bits, most = bits * each, most * max(each, 1)
        if most >= 1 << 63:  # where readers' numbers end
            raise InvalidInput(f"the tensor {name!r:.80} is larger than readers can count")
    if bits != 8 * (stop - start):
        raise InvalidInput(
            f"the tensor {name!r:.80} has {stop - start:,} bytes, and {dtype} of its shape takes "
            f"{bits / 8:,g}"
        )
    return Tensor(name.encode(), dtype, shape, start, stop)


# Bytes


def _listed(domain: bytes, rows: Sequence[bytes]) -> bytes:
    digest = hashlib.sha256(domain + len(rows).to_bytes(8, "big"))
    for row in rows:
        digest.update(row)
    return digest.digest()


def _sized(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _read(file: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    file.seek(start)
    while length:
        chunk = file.read(min(length, _CHUNK))
        if not chunk:
            raise InvalidInput("the file is cut off")
        length -= len(chunk)
        yield chunk
