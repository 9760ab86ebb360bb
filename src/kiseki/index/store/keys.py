"""The number of each key, made when it is first written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kiseki.index.store.types import raw_of

if TYPE_CHECKING:
    from kiseki.index.store.database import Store

__all__ = ["Keys"]

_MOST = 400_000
"""Keys that are remembered at most, in about 80 MB."""

_TOGETHER = 500
"""Keys of one question."""


class Keys:
    """Numbers for keys. Wallets have negative ones; what an ordinary table holds is the number."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers: dict[str | bytes, int] = {}
        self._raws: dict[int, bytes] = {}
        self._new: list[tuple[int, bytes]] = []
        self._last: tuple[int, int] | None = None
        self._mark = (0, 0)

    def mark(self) -> None:
        """From here on, keys that are numbered count as fresh."""
        self._mark = self._ends()

    def is_fresh(self, number: int) -> bool:
        """Whether nothing before the last `mark` can have named a key."""
        return number > self._mark[1] or number < self._mark[0]

    def number(self, key: str | bytes | int) -> int:
        """The number of a key; a new one where it has none. A number stays what it is."""
        if isinstance(key, int):
            return key
        number = self._numbers.get(key)
        if number is None:
            number = self.look_up(key)
        if number is None:
            raw = raw_of(key)
            least, most = self._ends()
            is_wallet = not any(raw[:12]) and any(raw)
            number = least - 1 if is_wallet else most + 1
            self._last = (number, most) if is_wallet else (least, number)
            self._new.append((number, raw))
            self._remember(number, raw)
            self._numbers[key] = number
        return number

    def look_up(self, key: str | bytes) -> int | None:
        """The number of a key; none where it has none."""
        number = self._numbers.get(key)
        if number is None:
            raw = raw_of(key)
            number = self._numbers.get(raw)
            if number is None:
                row = self._store.read("SELECT id FROM keys WHERE raw = ?", raw)
                if row is None:
                    return None
                number = int(row[0])
                self._remember(number, raw)
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
            self._remember(number, raw)
        return raw

    def load(self, numbers: Iterable[int]) -> None:
        """Reads many keys together, so that `raw` has them."""
        left = [number for number in numbers if number not in self._raws]
        for start in range(0, len(left), _TOGETHER):
            listed = ", ".join(map(str, left[start : start + _TOGETHER]))
            rows = self._store.read_all(f"SELECT id, raw FROM keys WHERE id IN ({listed})")  # noqa: S608
            for number, raw in rows:
                self._remember(number, bytes(raw))

    def address(self, number: int) -> str:
        """The address of a wallet with a number, in lower case."""
        return "0x" + self.raw(number)[12:].hex()

    def write(self) -> None:
        """Writes what is new."""
        if self._new:
            self._store.write_many("INSERT INTO keys (id, raw) VALUES (?, ?)", self._new)
            self._new = []
        if len(self._numbers) > _MOST:
            self._numbers.clear()
            self._raws.clear()

    def forget(self) -> None:
        """Drops what was not written, and what was read."""
        self._numbers.clear()
        self._raws.clear()
        self._new, self._last = [], None

    def _remember(self, number: int, raw: bytes) -> None:
        self._numbers[raw] = number
        self._raws[number] = raw

    def _ends(self) -> tuple[int, int]:
        if self._last is None:
            row = self._store.read("SELECT min(id), max(id) FROM keys") or (0, 0)
            self._last = min(row[0] or 0, 0), max(row[1] or 0, 0)
        return self._last
