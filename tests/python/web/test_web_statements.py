"""A statement has each payment that reached a wallet, exactly; a spreadsheet opens it with Japanese
and takes nothing in it for a formula (promise 3)."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal

import pytest
from starlette.testclient import TestClient

from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.web import statements
from kiseki.web.sheets import MARK, inert, lines
from kiseki.web.site import Site

from .conftest import Places


def read(text: str) -> list[list[str]]:
    """The rows, without the head."""
    assert text.startswith(MARK)
    head, *rows = csv.reader(io.StringIO(text.removeprefix(MARK)))
    assert all(len(row) == len(head) == 10 for row in rows)
    return rows


def test_a_statement_adds_up_to_what_was_earned_by_month(
    visitor: TestClient, site: Site, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = places.scene
    token = scene.k.test_token()
    scene.k.mint(token, scene.buyer.address, 10**9)
    scene.buyer.revenue.pay(scene.buyer.payee(places.batch), 999_999_999, token)
    scene.buyer.revenue.pay(scene.alice.address, 1)
    scene.k.revenue.claim(scene.alice.address)
    scene.alice.revenue.claim()
    scene.alice.revenue.pay(scene.bob.address, 5)
    site.catch_up()
    index = scene.k.index
    index.refresh()
    for who in (*scene.people, scene.buyer.address):
        sums: defaultdict[tuple[str, str], int] = defaultdict(int)
        text = visitor.get(f"/wallet/{who}/statement.csv").text
        rows = read(text)
        entries = {to_hex(each.transaction) for each in index.overview.history(who)}
        for month, on, _, _, source, currency, amount, exact, sent, _ in rows:
            units, _, unit = exact.partition(" ")
            sums[month, currency] += int(units)
            assert sent in entries and on.startswith(month) and source.startswith("0x")
            if unit == "wei":
                assert Decimal(amount) * 10**18 == int(units)
            else:
                assert (amount, unit) == ("", "units"), "nobody vouches for digits of a token"
        earned = {
            (e.month, "ETH" if e.token == ZERO_ADDRESS else e.token): e.amount
            for e in index.overview.earnings(who, "month")
        }
        assert {(m, c if c == "ETH" else c.lower()): v for (m, c), v in sums.items()} == earned
        for part in (1, 2):
            monkeypatch.setattr(statements, "_PART", part)
            assert visitor.get(f"/wallet/{who}/statement.csv").text == text
        monkeypatch.undo()
    assert len(read(visitor.get(f"/wallet/{scene.alice.address}/statement.csv").text)) >= 3


def test_a_statement_is_in_the_language_of_who_reads(visitor: TestClient, places: Places) -> None:
    path = f"{places.pages['wallet']}/statement.csv"
    answer = visitor.get(path, headers={"Accept-Language": "ja"})
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel reads it as UTF-8"
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "月（UTC）" in answer.text.splitlines()[0]
    assert "attachment" in answer.headers["content-disposition"]
    assert "Month (UTC)" in visitor.get(path, headers={"Accept-Language": "en"}).text
    nobody = visitor.get(f"/wallet/0x{'77' * 20}/statement.csv")
    assert nobody.status_code == 200 and read(nobody.text) == []
    assert visitor.get("/wallet/x/statement.csv").status_code == 400


def test_no_text_becomes_a_formula() -> None:
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "=cmd|' /C calc'!A0"]
    (line,) = lines([hostile])
    assert [each[:1] for each in next(csv.reader(io.StringIO(line, newline="")))] == ["'"] * 8
    for plain in ("0x12", "a=b", "山田", "", "12.5", "'x"):
        assert inert(plain) == plain
    (line,) = lines([[-5, 'x,"y"\nz']])
    assert next(csv.reader(io.StringIO(line, newline=""))) == ["-5", 'x,"y"\nz']
