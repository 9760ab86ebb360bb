"""A chain that is only told of, for what Anvil cannot show, and what is read of it."""

from contextlib import AbstractContextManager
from typing import Any

from benchmarks.synthetic import ADDRESS, Synthetic, block

from kiseki import Kiseki
from kiseki.chain.history import Part, history
from kiseki.chain.node import connect

from .. import front

__all__ = ["addresses", "is_whole", "read", "serving"]


def addresses(k: Kiseki) -> list[str]:
    return [each.address for each in k.session.deployment.contracts]


def read(node: Synthetic, **options: Any) -> list[Part]:
    """All of its chain."""
    connection = connect(node.url)
    node.forget()
    return list(history(connection, 0, node.blocks - 1, [ADDRESS], **options))


def is_whole(node: Synthetic, parts: list[Part]) -> bool:
    """Whether every log is there once, in order, with the right times, and each part where the one
    before ends."""
    found = [int(log["blockNumber"], 16) for part in parts for log in part.logs]
    starts = [0, *(part.last.number + 1 for part in parts)]
    return (
        found == list(node.logged)
        and starts[-1] == node.blocks
        and all(
            part.times.get(number) == int(block(number)["timestamp"], 16)
            for part in parts
            for number in {int(log["blockNumber"], 16) for log in part.logs}
        )
        and all(
            start <= int(log["blockNumber"], 16) <= part.last.number
            for start, part in zip(starts, parts, strict=False)
            for log in part.logs
        )
    )


def serving(node: Synthetic) -> AbstractContextManager[Any]:
    """As `synthetic` serves it."""
    node.daemon_threads = True
    return front.serving(node)
