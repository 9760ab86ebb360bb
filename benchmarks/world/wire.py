"""Logs into files as a node answers them, block by block."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TextIO

from benchmarks.world.suite import shape
from kiseki.core.keccak import keccak256

__all__ = ["Wire"]

_FIRST = 21_000_000
_GENESIS = 1_800_000_000
_LINE = 10_000
"""Logs of a line at least, as many as nodes give at once; a block is never in two lines."""


class Wire:
    """Where logs go. A line of a file is a JSON list of logs, as `eth_getLogs` gives them.

    Attributes:
        block, time: of the block that is being made.
        seconds: from block to block.
        events: how many logs there are so far.
    """

    def __init__(self, path: Path) -> None:
        self.block, self.time, self.seconds, self.events = _FIRST, _GENESIS, 12, 0
        self._file: TextIO = path.open("w", encoding="ascii")
        self._least = _LINE
        self._line: list[str] = []
        self._place = self._transactions = 0
        self._end = ""
        self._begin_block()

    def turn_to(self, path: Path) -> None:
        """Goes on in another file, with a line for each block."""
        self._flush()
        self._file.close()
        self._file = path.open("w", encoding="ascii")
        self._least = 1

    def close(self) -> None:
        """Ends the file."""
        self._flush()
        self._file.close()

    def next_block(self) -> None:
        """Begins another block."""
        if len(self._line) >= self._least:
            self._flush()
        self.block, self.time = self.block + 1, self.time + self.seconds
        self._begin_block()

    def next_transaction(self) -> None:
        """Begins another transaction."""
        self._transactions += 1
        hashed = keccak256(b"transaction %d of %d" % (self._transactions, self.block)).hex()
        self._end = (
            f'{self._of_block},"transactionHash":"0x{hashed}",'
            f'"transactionIndex":"{self._transactions - 1:#x}","removed":false}}'
        )

    def log(self, contract: str, event: str, *values: Any) -> None:
        """One log of the transaction that was begun last.

        Args:
            values: the arguments in the order of the ABI; IDs as bytes, addresses as lower-case
                text, structs as sequences.
        """
        known = shape(contract, event)
        self._line.append(
            f'{{"address":"{known.address}","topics":[{known.topics(values)}],'
            f'"data":"0x{known.data(values)}","logIndex":"{self._place:#x}",{self._end}'
        )
        self._place += 1
        self.events += 1

    def _begin_block(self) -> None:
        self._place = self._transactions = 0
        hashed = keccak256(b"block %d" % self.block).hex()
        self._of_block = (
            f'"blockNumber":"{self.block:#x}","blockHash":"0x{hashed}",'
            f'"blockTimestamp":"{self.time:#x}"'
        )

    def _flush(self) -> None:
        if self._line:
            self._file.write(f"[{','.join(self._line)}]\n")
            self._line = []
