"""Bytes that threads make, sent by the event loop.

What makes them (a disk, a cipher, the rules of a hand-out) would stop all others in the event loop.
So a thread makes a piece while the one before it is sent. A client that is slow takes no thread:
the next piece is asked for when the client took the last but one. One that goes away, or takes
nothing for a while, ends the work.

All downloads together hold a bounded number of bytes: the more there are, the smaller the pieces,
and where there are very many, none is made ahead.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kiseki.errors import KisekiError, VaultError

__all__ = ["Flow", "Sent"]

_log = logging.getLogger("kiseki.web.vault")
_LEAST, _MOST = 1 << 16, 1 << 20
_HELD = 3
"""Pieces of one download in memory at once: in the socket's buffer, behind it, and being made."""


class Flow:
    """The threads of all downloads, and the memory that they share.

    Attributes:
        running: how many downloads there are.
        patience: seconds that a client may take nothing.
    """

    def __init__(self, memory: int = 24 << 20, patience: float = 120.0) -> None:
        """
        Args:
            memory: bytes that are ahead of the clients, of all together.
        """
        self._memory, self.patience, self.running = memory, patience, 0
        cores = os.cpu_count() or 1
        # Threads that decrypt take turns at cores; more of them only for those who ask the chain.
        self._threads = ThreadPoolExecutor(max(8, 2 * cores), "kiseki-vault-reads")

    @property
    def piece(self) -> int:
        """Bytes of a piece now."""
        return min(_MOST, max(_LEAST, self._memory // (_HELD * max(1, self.running))))

    @property
    def is_crowded(self) -> bool:
        """Whether there is no memory for pieces that are made ahead."""
        return self._memory < _HELD * _LEAST * self.running

    def make(self, pieces: Iterator[bytes], size: int) -> Future[bytes]:
        """A piece of about so many bytes, when a thread has made it; nothing at the end."""
        return self._threads.submit(_joined, pieces, size)

    def close(self) -> None:
        """Ends the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _joined(pieces: Iterator[bytes], size: int) -> bytes:
    parts, have = list[bytes](), 0
    for piece in pieces:
        parts.append(piece)
        have += len(piece)
        if have >= size:
            break
    return parts[0] if len(parts) == 1 else b"".join(parts)


class Sent(Response):
    """An answer of known length whose bytes are made while they are sent.

    Where they end early (the licence ended, the content is damaged) the connection is closed before
    all has come: the client sees that it is not whole.
    """

    def __init__(
        self, flow: Flow, pieces: Iterator[bytes], length: int, status: int,
        headers: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._flow, self._pieces, self._length = flow, pieces, length
        self.status_code = status
        self.background = None
        self.init_headers({**headers, "Content-Length": str(length)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers (ASGI)."""
        start = {
            "type": "http.response.start", "status": self.status_code, "headers": self.raw_headers
        }  # fmt: skip
        if scope["method"] == "HEAD" or not self._length:
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        flow = self._flow
        flow.running += 1
        gone = asyncio.create_task(_gone(receive))
        job = flow.make(self._pieces, _LEAST)  # the first byte comes soon
        size, left, begun, made = _LEAST, self._length, False, True
        try:
            while left:
                if not made:
                    job = flow.make(self._pieces, _LEAST)
                ahead = asyncio.wrap_future(job)
                await asyncio.wait((ahead, gone), return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                piece = ahead.result()
                if not 0 < len(piece) <= left:
                    raise VaultError("the content has another length than it had; look at the log")
                left -= len(piece)
                if made := left > 0 and not flow.is_crowded:
                    size = min(2 * size, flow.piece)
                    job = flow.make(self._pieces, size)
                if not begun:
                    begun = True
                    await send(start)
                async with asyncio.timeout(flow.patience):
                    await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
        except (KisekiError, TimeoutError) as error:
            if not begun:
                raise
            # Nothing more is sent, so the server closes the connection.
            _log.warning("a download ended early: %s", error or "its client took nothing")
        finally:
            flow.running -= 1
            gone.cancel()
            job.cancel()
            job.add_done_callback(lambda _: getattr(self._pieces, "close", int)())

    def __repr__(self) -> str:
        return f"<{HTTPStatus(self.status_code).phrase}, {self._length:,} bytes>"


async def _gone(receive: Receive) -> None:
    """Returns when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
