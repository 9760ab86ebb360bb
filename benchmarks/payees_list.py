"""A published list of 1,000,000 payees (80 MB) is read from its file once, every hash is computed,
and one payee's proof comes out of the same pass. Memory is the most that the process had, less what
it had before. The same list held as a whole is in the rows of sum trees."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from benchmarks.process import megabytes
from benchmarks.rows import Row
from kiseki.core.ids import wallet
from kiseki.core.keccak import keccak256
from kiseki.core.splitlist import read_list, write_list

__all__ = ["ROWS", "measure"]

TITLE = "A list of a million payees"

_COUNT = 1_000_000

ROWS = (
    Row("1,000,000 payees read from a list, one found", "s"),
    Row("1,000,000 payees read from a list, memory", "MB", 50),
)


def leaves() -> Iterator[tuple[bytes, int]]:
    for n in range(_COUNT):
        yield payee(n), n + 1


def payee(number: int) -> bytes:
    return wallet("0x" + keccak256(number.to_bytes(8))[:20].hex())


def measure() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.json"
        with path.open("w") as file:
            written = write_list(file, leaves)
        before, began = megabytes("VmRSS"), process_time()
        with path.open("rb") as read:
            listed = read_list(read, {payee(654_321)}, written.key)
        seconds = process_time() - began
    if [each.place for each in listed.leaves] != [654_321]:
        raise RuntimeError("the payee was not found")
    values = (round(seconds, 2), round(max(0.0, megabytes() - before), 1))
    return {row.name: value for row, value in zip(ROWS, values, strict=True)}
