"""Asking a vault over HTTP: at a URL that a person named, never further, and in limits.

No redirect is followed: it could lead anywhere. What the vault says of itself is shown as one line.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from kiseki import __version__
from kiseki.core import documents
from kiseki.core.values import one_line
from kiseki.errors import InvalidInput, VaultError

if TYPE_CHECKING:
    import requests

__all__ = ["LONGEST", "PATIENCE", "Asking", "Refused"]

PATIENCE = (10.0, 60.0)
"""Seconds to connect, and between two bytes."""
_TRIES = 5
LONGEST = 16 * 1024
"""Bytes of an answer that holds no list."""


class Refused(VaultError):  # noqa: N818 - reads as what happened
    """A vault did not do what it was asked for.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.status = status


class Asking:
    """A vault at a URL.

    Args:
        url: https, or http on this machine.

    Raises:
        InvalidInput: it is no such URL.
    """

    def __init__(self, url: str) -> None:
        self._parts = _parts(url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url})"

    @property
    def url(self) -> str:
        """Where it is, without a path."""
        return f"{self._parts.scheme}://{self._parts.netloc}"

    @cached_property
    def _anybody(self) -> requests.Session:
        """A connection of nobody in particular."""
        import requests

        session = requests.Session()
        session.headers["User-Agent"] = f"kiseki/{__version__}"
        return session

    def _body(
        self,
        session: requests.Session,
        method: str,
        path: str,
        question: Any,
        most: int,
        raw: bytes | None = None,
    ) -> bytes:
        """An answer, whole. It is asked for again only where the vault said to wait."""
        import requests
        from urllib3.exceptions import HTTPError  # of the bytes as they come, below requests

        for turn in range(_TRIES):
            try:
                with session.request(
                    method, self.url + path, json=question, data=raw, stream=True, timeout=PATIENCE,
                    allow_redirects=False,
                ) as answer:  # fmt: skip
                    if answer.status_code == requests.codes.too_many and turn < _TRIES - 1:
                        time.sleep(_wait(answer.headers.get("Retry-After", "")))
                        continue
                    if answer.status_code != requests.codes.ok:
                        raise self._refusal(answer)
                    body = answer.raw.read(most + 1, decode_content=True)
            except (requests.RequestException, HTTPError, OSError) as error:
                raise self._away(error) from None
            if len(body) > most:
                raise self._strange()
            return bytes(body)
        raise AssertionError

    def _refusal(self, answer: requests.Response) -> VaultError:
        """What it says, in one line: what others wrote could give a terminal orders."""
        from urllib3.exceptions import HTTPError

        try:
            told = documents.foreign(answer.raw.read(LONGEST, decode_content=True))
        except (ValueError, HTTPError, OSError):
            told = None
        said = told.get("error") if isinstance(told, dict) else None
        why = one_line(said)[:500] if isinstance(said, str) else f"status {answer.status_code}"
        return Refused(f"the vault at {self.url} refused: {why}", answer.status_code)

    def _strange(self) -> VaultError:
        return VaultError(
            f"the vault at {self.url} answered something else; check that the URL is a vault's, "
            "and that it has the release of this program"
        )

    def _away(self, error: Exception) -> VaultError:
        return VaultError(
            f"the vault at {self.url} does not answer ({type(error).__name__}); run this again, "
            "which goes on from here"
        )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    fits = parts.hostname and parts.username is None and not parts.query and port != 0
    if not fits or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
        raise InvalidInput(
            f"a vault is at a URL that begins with https://, as https://vault.example.org, not "
            f"{url!r:.80}"
        )
    return parts


def _wait(text: str) -> float:
    return min(float(text), 60.0) if text.isascii() and text.isdigit() else 5.0
