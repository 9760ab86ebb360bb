"""The bits of text that the formats of a log share: numbers, base64 and lists of hashes.

Each value has one text and no other, so that what is read and written again is the same bytes.
Sources: RFC 4648, section 4 (base64); C2SP signed-note, tlog-checkpoint, tlog-proof, tlog-witness.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence

from kiseki.core.counts import counted
from kiseki.errors import InvalidInput

__all__ = [
    "LARGEST",
    "MOST_BYTES",
    "MOST_HASHES",
    "decoded",
    "encoded",
    "halves",
    "hash_lines",
    "hashes",
    "number",
    "plain",
]

LARGEST = 2**63 - 1
"""The largest size, index and time."""
MOST_HASHES = 63
"""In one proof: no tree of at most `LARGEST` leaves needs more."""
MOST_BYTES = 1_000_000
"""Of one note, proof or request; a proof with 16 cosignatures has 4,000."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def plain(data: bytes, what: str) -> str:
    """``data`` as text.

    Raises:
        InvalidInput: not ``bytes``, too long, not UTF-8, or with a control character below U+0020
            other than the newline.
    """
    if not isinstance(data, bytes):
        raise InvalidInput(f"{what} must be bytes, not {type(data).__name__}")
    if len(data) > MOST_BYTES:
        raise InvalidInput(f"{what} has {len(data)} bytes; at most {MOST_BYTES} are read")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{what} is not UTF-8 (byte {error.start})") from None
    if _CONTROL.search(text):
        raise InvalidInput(f"{what} has a control character other than the newline")
    return text


def number(text: str, what: str) -> int:
    """The number whose one decimal text is ``text``.

    Raises:
        InvalidInput: anything but ASCII digits, a leading zero, or more than 2**63 - 1.
    """
    if not _NUMBER.fullmatch(text) or int(text) > LARGEST:
        raise InvalidInput(f"{what} must be a number below 2**63 in decimal, not {text!r:.80}")
    return int(text)


def encoded(data: bytes) -> str:
    """``data`` in base64."""
    return b64encode(data).decode("ascii")


def decoded(text: str, what: str, length: int | None = None) -> bytes:
    """The bytes whose one base64 text is ``text``.

    Raises:
        InvalidInput: not base64, not the one text of these bytes, or not ``length`` bytes.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise InvalidInput(f"{what} must be base64, not {text!r:.80}") from None
    if encoded(data) != text:
        raise InvalidInput(f"{what} is base64 with bits left over: {text!r:.80}")
    if length is not None and len(data) != length:
        raise InvalidInput(f"{what} must be {length} bytes and has {len(data)}")
    return data


def hashes(lines: Sequence[str], what: str) -> tuple[bytes, ...]:
    """The hashes of a proof, one a line.

    Raises:
        InvalidInput: more than `MOST_HASHES`, or a line that is no base64 of 32 bytes.
    """
    if len(lines) > MOST_HASHES:
        raise InvalidInput(
            f"{what} has {counted(len(lines), 'hash', 'hashes')}; "
            f"none needs more than {MOST_HASHES}"
        )
    return tuple(decoded(each, f"a hash of {what}", 32) for each in lines)


def hash_lines(found: Sequence[bytes]) -> str:
    """Hashes as lines, each with its newline."""
    return "".join(encoded(each) + "\n" for each in found)


def halves(data: bytes, what: str) -> tuple[list[str], bytes]:
    """The lines before the first empty line, and the bytes after it: a checkpoint.

    Raises:
        InvalidInput: no text (see `plain`), or without an empty line.
    """
    head, found, rest = plain(data, what).partition("\n\n")
    if not found:
        raise InvalidInput(f"{what} must be lines, an empty line and a checkpoint")
    return head.split("\n"), rest.encode()
