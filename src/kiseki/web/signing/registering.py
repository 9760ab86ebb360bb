"""Registering what artists signed, while the pages go on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.errors import KisekiError

__all__ = ["Registering"]


class Registering:
    """Sends signed consents, one round at a time, with a connection of its own: on a public chain a
    round takes minutes, and artists must not wait for it.

    Args:
        connect: makes the connection.
        signed: the consent files that are signed.
    """

    def __init__(self, connect: Callable[[], Kiseki], signed: Callable[[], list[Path]]) -> None:
        self._connect, self._signed = connect, signed
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.problems: list[str] = []

    @property
    def runs(self) -> bool:
        """Whether something is being sent now."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Sends all that is signed and not registered, unless that runs already."""
        with self._lock:
            if not self.runs:
                self._thread = threading.Thread(target=self._send, name="registering")
                self._thread.start()

    def close(self) -> None:
        """Waits for the round that runs; what it did not send, the next one does."""
        if self._thread is not None:
            self._thread.join()

    def _send(self) -> None:
        self.problems = []
        try:
            if files := self._signed():
                k = self._connect()
                try:
                    with k.command("register what artists signed on the studio's pages"):
                        results = list(k.data.consents.submit(files))
                finally:
                    k.close()
                self.problems = [f"{e.path.name}: {e.problem}" for e in results if e.problem]
        except KisekiError as error:
            self.problems = [str(error)]
