"""A table of gas prices with their dates, for whoever plans without asking a node."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from kiseki.client.settings import gwei
from kiseki.errors import InvalidInput

__all__ = ["GasPrice", "read_prices"]

_ENTRY = 'as [sepolia] with date = 2026-11-01 and gwei = "1.5" below it'


@dataclass(frozen=True, slots=True)
class GasPrice:
    """What gas cost on a network on a day, by the word of whoever wrote the table.

    Attributes:
        wei: for one unit of gas.
        on: the day.
        source: where the price is from; empty if the table does not say.
    """

    wei: int
    on: date
    source: str


def read_prices(path: Path) -> dict[str, GasPrice]:
    """The prices in a TOML file, by the name of the network.

    Each network is a table with ``date``, ``gwei`` and, if it is known, ``source``.

    Raises:
        InvalidInput: the file cannot be read, an entry is not as it must be, or its day is to come.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"), parse_float=str)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"the prices {path} cannot be read: {why}") from None
    return {name: _price(f"{name!r:.40} in {path}", entry) for name, entry in table.items()}


def _price(where: str, entry: Any) -> GasPrice:
    if not isinstance(entry, dict):
        raise InvalidInput(f"{where} must be a table, {_ENTRY}")
    unknown = sorted(set(entry) - {"date", "gwei", "source"})
    if unknown:
        raise InvalidInput(f"{where} has {unknown[0]!r:.40}, which means nothing; write {_ENTRY}")
    on, source = entry.get("date"), entry.get("source", "")
    if type(on) is not date or not isinstance(source, str):
        raise InvalidInput(f"{where} must say its day, {_ENTRY}")
    if on > datetime.now(UTC).date():
        raise InvalidInput(f"{where} is of {on}, which is still to come")
    told = entry.get("gwei")
    if isinstance(told, bool) or not isinstance(told, int | str):
        raise InvalidInput(f"{where} must say its price, {_ENTRY}")
    wei = gwei(str(told), f"the price of {where}")
    if wei is None:
        raise InvalidInput(f"{where} must say its price, {_ENTRY}")
    return GasPrice(wei, on, source)
