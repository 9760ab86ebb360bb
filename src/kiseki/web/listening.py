"""Where a process that answers visitors listens, and for how long it keeps a connection."""

from __future__ import annotations

import os
import socket

from kiseki.errors import InvalidInput

__all__ = ["KEEP_ALIVE", "listen"]

KEEP_ALIVE = 75
"""Seconds for which a connection stays open between two pages. Proxies keep theirs for 60, and one
that the server closes first can fail a visitor."""


def listen(host: str, port: int) -> socket.socket:
    """Takes a port, so that nobody else gets it while something is made ready.

    Args:
        host, port: where it listens; port 0 is any that is free.

    Raises:
        InvalidInput: nothing can listen there.
    """
    if not 0 <= port < 1 << 16:
        raise InvalidInput("--port must be from 0 to 65535")
    try:
        return socket.create_server((host, port))
    except OSError as error:
        # Python adds the address to what the system says; a name that nobody knows has no number.
        code = error.errno or 0
        why = os.strerror(code) if code > 0 else str(error.strerror)
        raise InvalidInput(
            f"nothing can listen at {host}, port {port} ({why}); name another port"
        ) from error
