"""The number of each key, made when it is first written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select

from kiseki.index.store.types import keys, numbered, raw_of

if TYPE_CHECKING:
    from kiseki.index.store.database import Store

__all__ = ["Keys"]

_RAWS = select(keys.c.id, keys.c.raw).where(numbered(keys.c.id, "numbers"))

_ENDS = "SELECT (SELECT min(id) FROM keys), (SELECT max(id) FROM keys)"
"""SQLite goes through all keys for both at once."""

_MOST = 100_000
"""Keys that are remembered at most, in about 35 MB."""

_TOGETHER = 500
"""Keys of one question."""


class _Numbers(dict[str | bytes | int, int]):
    """The numbers of keys that were asked for. Looking one up is one step of a dictionary, because
    reading a chain does it several times an event."""

    def __init__(self, number: Callable[[str | bytes], int]) -> None:
        super().__init__()
        self._number = number

    def __missing__(self, key: str | bytes | int) -> int:
        return key if isinstance(key, int) else self._number(key)


class Keys:
    """Numbers for keys. Wallets have negative ones; what an ordinary table holds is the number.

    Attributes:
        number: gives the number of a key, and makes a new one where it has none. The number of a
            key never changes. A number stays what it is.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers = _Numbers(self._numbered)
        self.number: Callable[[str | bytes | int], int] = self._numbers.__getitem__
        self._raws: dict[int, bytes] = {}
        self._new: list[tuple[int, bytes]] = []
        self._absent: set[bytes] = set()
        self._last: tuple[int, int] | None = None
        self._begun: tuple[int, int] | None = None
        self._numbers_here = False
        self._mark = (0, 0)

    def begin(self) -> None:
        """A transaction begins, in which keys get numbers."""
        if self._new:  # what a question numbered for itself
            self.forget()
        self._last, self._numbers_here = None, True

    def end(self) -> None:
        """It ended, and what was numbered is written."""
        self._absent.clear()
        self._last = self._begun = None
        self._numbers_here = False

    def is_new(self, number: int) -> bool:
        """Whether a key got its number in this transaction."""
        return self._begun is not None and not self._begun[0] <= number <= self._begun[1]

    def mark(self) -> None:
        """From here on, keys that are numbered count as fresh."""
        self._mark = self._ends()

    def is_fresh(self, number: int) -> bool:
        """Whether nothing before the last `mark` can have named a key."""
        return number > self._mark[1] or number < self._mark[0]

    def _numbered(self, key: str | bytes) -> int:
        number = self.look_up(key)
        if number is None:
            raw = raw_of(key)
            least, most = self._ends()
            is_wallet = not any(raw[:12]) and any(raw)
            number = least - 1 if is_wallet else most + 1
            self._last = (number, most) if is_wallet else (least, number)
            self._new.append((number, raw))
            self.remember(number, raw)
            self._numbers[key] = number
        return number

    def look_up(self, key: str | bytes) -> int | None:
        """The number of a key; none where it has none."""
        number = self._numbers.get(key)
        if number is None:
            raw = raw_of(key)
            number = self._numbers.get(raw)
            if number is None:
                if raw in self._absent:
                    return None
                row = self._store.read("SELECT id FROM keys WHERE raw = ?", raw)
                if row is None:
                    return None
                number = int(row[0])
                self.remember(number, raw)
            self._numbers[key] = number
        return number

    def raw(self, number: int) -> bytes:
        """The key with a number."""
        raw = self._raws.get(number)
        if raw is None:
            row = self._store.read("SELECT raw FROM keys WHERE id = ?", number)
            if row is None:
                raise LookupError(f"no key has the number {number}")
            raw = bytes(row[0])
            self.remember(number, raw)
        return raw

    def load(self, numbers: Iterable[int]) -> None:
        """Reads many keys together, so that `raw` has them."""
        if not self._new:
            self._trim()
        left = [number for number in numbers if number not in self._raws]
        if left:
            for number, raw in self._store.rows(_RAWS, numbers=left):
                self.remember(number, raw)

    def find(self, wanted: Iterable[str | bytes]) -> list[bytes]:
        """Reads the numbers of many keys together, so that `number` has them.

        Returns:
            Those that were asked for.
        """
        left = list({raw_of(key) for key in wanted if key not in self._numbers} - self._absent)
        left = [raw for raw in left if raw not in self._numbers]
        for start in range(0, len(left), _TOGETHER):
            part = left[start : start + _TOGETHER]
            marks = ", ".join("?" * len(part))
            rows = self._store.read_all(f"SELECT id, raw FROM keys WHERE raw IN ({marks})", *part)  # noqa: S608
            for number, raw in rows:
                self.remember(number, bytes(raw))
        return left

    def seek(self, wanted: Iterable[str | bytes]) -> None:
        """The same in a transaction, in which nobody else numbers keys, so that `number` knows too
        which keys have none yet."""
        self._absent.update(raw for raw in self.find(wanted) if raw not in self._numbers)

    def address(self, number: int) -> str:
        """The address of a wallet with a number, in lower case."""
        return "0x" + self.raw(number)[12:].hex()

    def write(self) -> None:
        """Writes what is new."""
        if self._new:
            self._store.insert(keys, self._new, "")
            self._new = []
        self._trim()

    def _trim(self) -> None:
        """Drops what was read where it became much."""
        if len(self._numbers) > _MOST:
            self._numbers.clear()
            self._raws.clear()

    def forget(self) -> None:
        """Drops what was not written, and what was read."""
        self._numbers.clear()
        self._raws.clear()
        self._absent.clear()
        self._new, self._last, self._begun = [], None, None
        self._numbers_here = False

    def remember(self, number: int, raw: bytes) -> None:
        """Takes over what was read."""
        self._numbers[raw] = number
        self._raws[number] = raw

    def _ends(self) -> tuple[int, int]:
        if self._last is None:
            row = self._store.read(_ENDS) or (0, 0)
            self._last = min(row[0] or 0, 0), max(row[1] or 0, 0)
            if self._numbers_here:
                self._begun = self._last
        return self._last
