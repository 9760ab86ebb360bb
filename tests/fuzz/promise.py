"""What every decoder promises of what it refuses: a `KisekiError` with one readable line."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from kiseki.errors import KisekiError

__all__ = ["UNREADABLE", "chain", "readable", "refused"]

UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST = 2_000


@contextlib.contextmanager
def refused(*secrets: str) -> Iterator[None]:
    """Lets a `KisekiError` pass whose message is one readable line without any of `secrets`."""
    try:
        yield
    except KisekiError as error:
        readable(str(error))
        said = [str(each) for each in chain(error)]
        for secret in secrets:
            assert not any(secret in each for each in said), "a message repeats a secret"


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what a traceback shows beside it."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def readable(message: str) -> None:
    assert message
    assert len(message) <= _LONGEST, f"a message of {len(message)} characters"
    assert not UNREADABLE.search(message), f"unreadable: {message!r}"
