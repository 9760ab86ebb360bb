"""Withdrawals posted to a URL that somebody named, each at least once.

What was taken is written down after the server has said so: a process that is killed in between
posts it again, with the same name, by which the server knows it. No redirect is followed: it could
lead anywhere, and who named the URL can name another.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from kiseki import __version__
from kiseki.disk import database
from kiseki.errors import FilesError, InvalidInput

__all__ = ["Posted", "Target", "deliver", "undelivered"]

_APPLICATION = 0x4B574850
_TRIES, _SECONDS, _LONGEST_WAIT = 5, 10.0, 60.0
_IN_A_ROW = 3
"""Words in a row that could not be delivered, after which the rest waits for another run."""
_AGAIN = (408, 425, 429)
"""Answers below 500 that mean: later."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where words are posted.

    Attributes:
        url: http or https, of a server that the user named.

    Raises:
        InvalidInput: it is no such URL, or has a name or password in it.
    """

    url: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            right = False
        if not right or not self.url.isascii() or not self.url.isprintable() or " " in self.url:
            raise InvalidInput(
                f"a webhook is a URL that begins with https://, not {self.url!r:.80}"
            )
        if self._parts.username is not None or self._parts.password is not None:
            raise InvalidInput("the URL of a webhook has no name or password before its host")

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        """Whom it is sent to, without what may be secret in the rest of the URL."""
        return f"{self._parts.scheme}://{self._parts.netloc}"

    @property
    def key(self) -> bytes:
        """What the record knows it by: a hash, because a URL can hold a secret."""
        return hashlib.sha256(self.url.encode()).digest()

    def post(self, body: bytes, name: str, seconds: float) -> tuple[int, str]:
        """Posts once: the status and, where the server names a time to wait, that.

        Args:
            name: by which the server knows the word again.
            seconds: until all of it must be over.

        Raises:
            OSError: the server cannot be reached, does not answer in time, or answers no HTTP.
        """
        outcome: list[tuple[int, str] | OSError] = []
        parts = self._parts
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(str(parts.hostname), parts.port, timeout=seconds)

        def ask() -> None:
            try:
                connection.request(
                    "POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body,
                    {
                        "Content-Type": "application/json",
                        "Idempotency-Key": f'"{name}"',
                        "User-Agent": f"kiseki/{__version__}",
                        "Connection": "close",
                    },
                )  # fmt: skip
                answer = connection.getresponse()  # its body says nothing that counts
                outcome.append((answer.status, answer.getheader("Retry-After") or ""))
            except http.client.HTTPException as error:
                outcome.append(OSError(f"it answers no HTTP ({type(error).__name__})"))
            except OSError as error:
                outcome.append(error)

        # A server that sends a byte now and then keeps any time limit of a socket from ending it.
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(seconds)
        given = outcome[0] if outcome else TimeoutError(f"no answer within {seconds:g} seconds")
        connection.close()
        if isinstance(given, OSError):
            raise given
        return given


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of posting.

    Attributes:
        delivered: names of the words that the server took now.
        failed: name -> why it did not take the word.
        waiting: names that were not tried, because nothing could be delivered any more.
    """

    delivered: tuple[str, ...]
    failed: Mapping[str, str]
    waiting: tuple[str, ...]


def undelivered(
    record: Path, target: Target, words: Iterable[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of some words that the record does not have as delivered there.

    Raises:
        FilesError: the record cannot be read, or is another program's.
    """
    with _Record(record) as kept:
        there = kept.delivered(target.key)
    return [each for each in words if each["name"] not in there]


def deliver(
    record: Path,
    target: Target,
    words: Iterable[Mapping[str, Any]],
    *,
    tries: int = _TRIES,
    seconds: float = _SECONDS,
    wait: Callable[[float], None] = time.sleep,
    told: Callable[[str, str], None] = lambda *_: None,
) -> Posted:
    """Posts words, one after the other, and writes down each that the server took.

    Args:
        record: the file of what was delivered.
        words: each with its ``name``.
        tries: how often one is tried in this run.
        seconds: for one try.
        wait: waits that many seconds.
        told: called with a name and what became of a try.

    Raises:
        FilesError: the record cannot be written, or is another program's.
    """
    delivered: list[str] = []
    failed: dict[str, str] = {}
    waiting: list[str] = []
    in_a_row = 0
    with _Record(record) as kept:
        there = kept.delivered(target.key)
        for word in words:
            name = str(word["name"])
            if name in there:
                continue
            if in_a_row >= _IN_A_ROW:
                waiting.append(name)
                continue
            why, is_final = _try(target, word, tries if not in_a_row else 1, seconds, wait, told)
            if not why:
                kept.add(target.key, name)
                delivered.append(name)
                in_a_row = 0
                continue
            failed[name] = why
            in_a_row += not is_final
    return Posted(tuple(delivered), failed, tuple(waiting))


def _try(
    target: Target, word: Mapping[str, Any], tries: int, seconds: float,
    wait: Callable[[float], None], told: Callable[[str, str], None],
) -> tuple[str, bool]:  # fmt: skip
    """Why a word could not be delivered, and whether another time would change nothing; an empty
    text where it was delivered."""
    body, name, why = json.dumps(word, separators=(",", ":")).encode(), str(word["name"]), ""
    for number in range(tries):
        pause = min(2.0**number, _LONGEST_WAIT)
        try:
            status, later = target.post(body, name, seconds)
        except OSError as error:
            why = f"{target.host} cannot be reached: {error}"
        else:
            if 200 <= status < 300:
                return "", True
            why = f"{target.host} answers {status}"
            if 300 <= status < 400:
                return f"{why}: it redirects, and no redirect is followed; name the other URL", True
            if status < 500 and status not in _AGAIN:
                return why, True
            if later.isascii() and later.isdecimal() and len(later) < 6:
                pause = min(max(pause, float(later)), _LONGEST_WAIT)
        told(name, why)
        if number + 1 < tries:
            wait(pause)
    return why, False


class _Record:
    """What was delivered, in a file of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> _Record:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._db = database.connect(self._path)
            if not database.is_of(self._db, _APPLICATION):
                self._db.close()
                raise FilesError(f"{self._path} is no record of what was posted; name another file")
            database.make_durable(self._db)
            with database.transaction(self._db):
                self._db.execute(f"PRAGMA application_id = {_APPLICATION}")
                self._db.execute(
                    "CREATE TABLE IF NOT EXISTS posted (url BLOB, name TEXT, time INTEGER, "
                    "PRIMARY KEY (url, name)) WITHOUT ROWID"
                )
        except (OSError, sqlite3.Error) as error:
            raise FilesError(f"{self._path} cannot be used ({error})") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def delivered(self, url: bytes) -> set[str]:
        try:
            rows = self._db.execute("SELECT name FROM posted WHERE url = ?", (url,))
            return {name for (name,) in rows}
        except sqlite3.Error as error:
            raise FilesError(f"{self._path} cannot be read ({error})") from error

    def add(self, url: bytes, name: str) -> None:
        try:
            with database.transaction(self._db):
                self._db.execute(
                    "INSERT OR IGNORE INTO posted VALUES (?, ?, ?)", (url, name, int(time.time()))
                )
        except sqlite3.Error as error:
            raise FilesError(f"{self._path} cannot be written ({error})") from error
