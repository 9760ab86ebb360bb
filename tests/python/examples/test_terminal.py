"""What the demo prints fits an ordinary terminal, and its columns add up."""

from __future__ import annotations

import dataclasses
import io
import re
from decimal import Decimal

import pytest
from examples.openmoji.demo import NAMED, show
from examples.openmoji.summary import Check, Summary
from rich.console import Console


def printed(facts: Summary, width: int) -> list[str]:
    out = io.StringIO()
    show(facts, Console(file=out, width=width, highlight=False))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_columns_add_up_and_decimals_stand_in_one_column(facts: Summary, width: int) -> None:
    lines = printed(facts, width)
    assert max(map(len, lines)) <= width
    money = r"([\d,]+\.\d{18})\s+([\d,]+\.\d{6})\s*$"
    found = {line[: m.start()].strip(): m for line in lines if (m := re.search(money, line))}
    for column in (1, 2):
        points = {m.start(column) + m[column].index(".") for m in found.values()}
        assert len(points) == 1
        sums = {name: Decimal(m[column].replace(",", "")) for name, m in found.items()}
        paid_in, out, rest = (sums.pop(name) for name in ("paid in", "paid out", "remainder"))
        assert paid_in == out + rest and out == sum(sums.values()) and len(sums) == NAMED + 1


def test_in_a_narrow_window_names_are_folded_and_amounts_are_not(facts: Summary) -> None:
    lines = printed(facts, 60)
    assert max(map(len, lines)) <= 60
    assert (
        sum(bool(re.search(r"\d\.\d{18}\s+[\d,]+\.\d{6}\s*$", line)) for line in lines) == NAMED + 4
    )


def test_what_failed_is_said_in_words(facts: Summary) -> None:
    wrong = dataclasses.replace(facts, checks=(Check("Water is [bold]wet", False),))
    assert any("✗ FAILED Water is [bold]wet" in line for line in printed(wrong, 80))
    assert not any("FAILED" in line for line in printed(facts, 80))
