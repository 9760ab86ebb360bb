"""A local chain whose state is kept between two runs.

The state is written by this process, whole or not at all, and not by Anvil, which writes only when
it is ended in peace. What was sent within the last seconds before a `kill -9` is lost; what there
is then is a chain as it was a few seconds ago.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from kiseki.chain.answers import quantity
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import node_errors
from kiseki.chain.node import Node, connect
from kiseki.core.values import from_hex, to_hex
from kiseki.disk import atomic
from kiseki.errors import KisekiError

__all__ = ["CHAIN", "running", "save"]

CHAIN = 31337
"""The ID of the sandbox's chain: that of local chains, so that nothing of it counts elsewhere."""

_EVERY = 3.0
"""Seconds between two looks whether something is to be kept."""


@contextlib.contextmanager
def running(state: Path, *, began: int, port: int = 0) -> Iterator[str]:
    """Runs the chain while the block runs; gives its URL. Without the file it is a new one, which
    nothing keeps before `save`.

    Args:
        state: the file of what is kept.
        began: when a new chain begins, in Unix seconds.
        port: where it listens; 0 for any that is free.

    Raises:
        ChainError: it cannot be run, or the file is none of a chain.
        OSError: when the chain began cannot be written down, or not read.
    """
    known = state.exists()
    # Each start makes the same first block. A chain is known by it (`Lane`), and Anvil keeps every
    # first block that it ever made: of several, any may be the first one after the next start.
    first = state.with_suffix(".began")
    if not known:
        atomic.write(first, f"{began}\n", mode=0o600)
    options = ("--no-request-size-limit", "--timestamp", first.read_text("ascii").strip())
    with anvil(CHAIN, options=options, port=port) as url:
        node = connect(url, CHAIN)
        if known:
            with node_errors():
                node.one("anvil_loadState", to_hex(state.read_bytes()))
                _catch_up(node)
        saved = _block(node) if known else -1
        stopped = threading.Event()
        keeper = threading.Thread(target=_keep, args=(url, state, saved, stopped), daemon=True)
        keeper.start()
        try:
            yield url
        finally:
            stopped.set()
            keeper.join()
            if state.exists():  # else it was interrupted before it was finished
                save(url, state)


def save(url: str, state: Path) -> int:
    """Writes down the chain as it is; its last block.

    Raises:
        ChainError: the node does not say.
        OSError: the file cannot be written.
    """
    node = connect(url, CHAIN)
    with node_errors():
        block = _block(node)
        kept = from_hex(str(node.one("anvil_dumpState")), None, "the state of the chain")
    with atomic.whole(state, mode=0o600) as file:
        file.write(kept)
    return block


def _keep(url: str, state: Path, saved: int, stopped: threading.Event) -> None:
    """Saves what is new until it is told to stop."""
    while not stopped.wait(_EVERY):
        with contextlib.suppress(KisekiError, OSError):  # the next look may find it better
            if state.exists() and _block(connect(url, CHAIN)) != saved:
                saved = save(url, state)


def _block(node: Node) -> int:
    with node_errors():
        return quantity(node.one("eth_blockNumber"))


def _catch_up(node: Node) -> None:
    """The time in which nothing ran has passed on the chain too; one that is ahead stays there."""
    last = node.one("eth_getBlockByNumber", "latest", False)
    now = max(int(time.time()), quantity(last["timestamp"]) + 1)
    node.one("evm_setNextBlockTimestamp", now)
    node.one("evm_mine")
