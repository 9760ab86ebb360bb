"""JSON documents: written one way only, and checked member by member when read.

Numbers that may exceed 2**53 are decimal strings, so that no reader rounds them.
"""

import json
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from kiseki.errors import InvalidInput

__all__ = ["decimal", "foreign", "fraction", "members", "parse", "read", "rows", "shallow", "write"]

_DEEPEST = 8
_DEEP = 64
_MANY = 1_000
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""Never tried twice from one place, and one without an end goes to the end: linear in any text."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NO_MARKS = bytes(set(range(256)) - set(b'[]{}"\\'))
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}", re.ASCII)
_FRACTION = re.compile(r"(0|[1-9][0-9]{0,77})(/[1-9][0-9]{0,77})?", re.ASCII)


def write(document: dict[str, Any]) -> str:
    """The one text of a document: members in the order given, no spaces, ASCII."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def read(text: str | bytes, form: str) -> dict[str, Any]:
    """The members of the JSON object in ``text``, whose ``format`` must be ``form``.

    Raises:
        InvalidInput: not JSON in UTF-8, a member twice, too deep, not an object, or another
            format.
    """
    document = parse(text)
    if document.get("format") != form:
        raise InvalidInput(f"format must be {form!r}, not {document.get('format')!r:.80}")
    return document


def parse(text: str | bytes) -> dict[str, Any]:
    """The members of the JSON object in ``text``.

    Raises:
        InvalidInput: not JSON in UTF-8, a member twice, too deep, or not an object.
    """
    try:
        decoded = text if isinstance(text, str) else bytes(text).decode()
        plain = decoded.removeprefix("\ufeff")  # which editors on Windows put before a text
        document = json.loads(shallow(plain), object_pairs_hook=_unique)
    except InvalidInput:
        raise
    except (ValueError, TypeError) as error:
        at = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidInput(f"this is not a JSON document{at}") from error
    if not isinstance(document, dict):
        raise InvalidInput("the document must be a JSON object")
    return document


def members(value: object, names: Sequence[str], what: str) -> list[Any]:
    """The values of exactly the members ``names`` of a JSON object, in that order.

    Raises:
        InvalidInput: not an object, a member missing or one too many.
    """
    if not isinstance(value, dict):
        raise InvalidInput(f"{what} must be a JSON object")
    if value.keys() != set(names):
        raise InvalidInput(f"{what} must have exactly the members {', '.join(names)}")
    return [value[name] for name in names]


def rows(value: object, width: int, what: str) -> list[list[Any]]:
    """A JSON array of arrays of ``width`` values each.

    Raises:
        InvalidInput: anything else.
    """
    if not isinstance(value, list):
        raise InvalidInput(f"{what} must be a JSON array")
    if not all(isinstance(row, list) and len(row) == width for row in value):
        raise InvalidInput(f"each of {what} must be a JSON array of {width} values")
    return value


def decimal(value: object, what: str) -> int:
    """The number in a decimal string without sign or leading zeros.

    Raises:
        InvalidInput: anything else, a JSON number too.
    """
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise InvalidInput(f'{what} must be a whole number in a string, like "12"')
    return int(value)


def fraction(value: object, what: str) -> Fraction:
    """The number in a text such as ``"10"`` or ``"7/2"``, 0 or more. An exponent is refused: a few
    characters of it can stand for more digits than fit the memory.

    Raises:
        InvalidInput: anything else.
    """
    if not isinstance(value, str) or not _FRACTION.fullmatch(value):
        raise InvalidInput(f'{what} must be a number in a string, like "10" or "7/2"')
    return Fraction(value)


def foreign(content: bytes) -> Any:
    """What a node or service answered in JSON, which nests deeper than Kiseki's own documents.

    Raises:
        ValueError: not JSON in UTF-8, or nested so deep that nobody means it.
    """
    brackets = _brackets(content)
    if len(brackets) > _MANY:  # fewer than this cannot nest too deep
        _must_be_shallow(brackets, _DEEP)
    return json.loads(content.decode("utf-8-sig"))  # json itself takes other codes for UTF-8, too


def shallow(text: str, deepest: int = _DEEPEST) -> str:
    """`text` unless it nests deep, which is found out before it is parsed: json recurses in C, and
    py_ecc (by way of eth-account) lifts Python's recursion limit so far that a hostile file ends
    the process.

    Raises:
        InvalidInput: it nests deeper than any document of Kiseki's, or is not UTF-8.
    """
    try:
        _must_be_shallow(_brackets(text.encode()), deepest)
    except UnicodeEncodeError as error:
        raise InvalidInput(f"this is not text in UTF-8: {error.reason}") from error
    return text


def _must_be_shallow(brackets: bytes, deepest: int) -> None:
    for _ in range(deepest):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise InvalidInput("the document nests deeper than any of Kiseki's, or is cut off")


def _brackets(text: bytes) -> bytes:
    """The brackets outside of strings. Those in a string nest nothing, and could hide how deep the
    others do."""
    marks = text.translate(None, _NO_MARKS)
    if b"\\" not in marks:
        # An even number of quotes between brackets ends as many strings as it begins.
        brackets = marks.replace(b'""', b"")
        if b'"' not in brackets:
            return brackets
    return _STRING.sub(b"", text).translate(None, _NO_BRACKETS)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise InvalidInput("the JSON document has a member twice; which one counts is unclear")
    return document
