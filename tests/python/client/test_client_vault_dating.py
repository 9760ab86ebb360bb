"""Receipts are held against each other and against anchors: order, time, history. Invariant 11."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.python.vault.handed import ARTIST, DOMAIN, OTHER_ARTIST, SEED, receipt

from kiseki.client.vault.dating import Dating, Head, Kind, heads_here, hidden
from kiseki.client.vault.stated import Stated
from kiseki.vault.handing.anchors import AnchorFiles
from kiseki.vault.handing.receipts import Salted
from kiseki.vault.log.dates import DUE, TOLERANCE, Dated, Dates
from kiseki.vault.log.heads import Anchor
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.notes import Signer

NOW, DAY = 1_800_000_000, 86_400
SIGNER = Signer(f"{DOMAIN}/{ARTIST}", SEED)


def at(number: int, taken: int, size: int, stated: int | None = None) -> Head:
    """The head of the honest log in an anchor."""
    time = taken + 60 if stated is None else stated
    root = log(given(NOW, size)).frontier()
    return Head(Stated(bytes([number]) * 32, time, number, bytes([number]) * 32), taken, size, root)


class _Log(Log):
    def frontier(self) -> bytes:
        return self._read(self.size).root


def log(some: Sequence[Salted]) -> _Log:
    made = _Log(SIGNER, Memory())
    made.append(each.entry for each in some)
    return made


def given(start: int, count: int) -> list[Salted]:
    """An hour between two."""
    return [
        Salted(receipt(n, at=start + n * 3_600), n.to_bytes(32)) for n in range(count)
    ]  # fmt: skip


def dated(
    heads: Sequence[Head], some: Sequence[Salted], known: int
) -> list[tuple[Kind, int | None]]:
    made = Dating(heads)
    for each in some:
        made.take(each)
    return [(each.kind, each.number) for each in made.end(known)]


def test_a_time_lies_between_the_anchors_around_it() -> None:
    later = NOW + 2 * DAY
    dates = Dates([
        Dated(3, NOW, NOW + 60), Dated(3, NOW + DAY, NOW + DAY + 60), Dated(8, later, later + 60)
    ])  # fmt: skip
    for number, time, is_wrong in (
        (2, NOW + 60 + TOLERANCE, False),
        (2, NOW + 60 + TOLERANCE + 1, True),
        (2, 0, False),
        (3, NOW + DAY - TOLERANCE, False),
        (3, NOW + DAY - TOLERANCE - 1, True),
        (7, NOW + 2 * DAY + 60 + TOLERANCE, False),
        (7, NOW + 2 * DAY + 61 + TOLERANCE, True),
        (8, NOW + 2 * DAY - TOLERANCE, False),
        (8, NOW + 2 * DAY - TOLERANCE - 1, True),
        (8, NOW + 99 * DAY, False),
    ):
        assert (dates.wrong(number, time) is not None) == is_wrong, (number, time)
    assert Dates([]).wrong(0, 5) is None


def test_an_honest_log_beside_its_anchors_has_nothing_wrong() -> None:
    some = given(NOW, 60)
    heads = [at(n, NOW + n * DAY - 1, 24 * n) for n in (0, 1, 2)]
    assert dated(heads, some, NOW + 2 * DAY + 3_600) == []
    assert dated([], some, NOW + DUE) == []
    assert dated([], [], NOW + 99 * DAY) == []


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda some: [*some[:30], *some[31:]], [(Kind.OTHER, None)]),
        (lambda some: [*some[:30], some[31], some[30], *some[32:]],
         [(Kind.MISDATED, 31), (Kind.OTHER, None)]),
        (lambda some: some[:40], [(Kind.OTHER, None)]),
        (lambda some: [*some, Salted(receipt(60, at=NOW + 3_600), bytes(32))],
         [(Kind.MISDATED, 60)]),
    ],
)  # fmt: skip
def test_what_was_dropped_moved_or_dated_back_is_found(
    change: Callable[[list[Salted]], list[Salted]], wrong: list[tuple[Kind, int | None]]
) -> None:
    heads = [at(1, NOW + DAY - 1, 24), at(2, NOW + 2 * DAY - 1, 48)]
    found = dated(heads, change(given(NOW, 60)), NOW + 2 * DAY + 3_600)
    assert found == wrong
    assert all(kind.is_finding for kind, _ in found)


def test_a_time_that_was_set_back_after_a_quiet_time_is_found_by_the_anchor_between() -> None:
    """All is in order, and no receipt lies between: only the anchor shows it."""
    some = given(NOW, 10)
    late = Salted(receipt(10, at=NOW + 10 * 3_600), bytes(32))
    heads = [at(1, NOW + DAY, 10), at(2, NOW + 2 * DAY, 10)]
    assert dated(heads, [*some, late], NOW + 3 * DAY) == [(Kind.MISDATED, 10), (Kind.OVERDUE, None)]
    assert dated([], [*some, late], NOW + DAY) == []


def test_an_anchor_that_is_late_early_overdue_or_hidden_is_told() -> None:
    some = given(NOW, 10)
    late = at(1, NOW + DAY, 10, NOW + DAY + TOLERANCE + 1)
    assert dated([late], some, NOW + DAY) == [(Kind.LATE, None)]
    assert not Kind.LATE.is_finding
    early = at(1, NOW + DAY, 10, NOW + DAY - TOLERANCE - 1)
    assert dated([early], some, NOW + DAY) == [(Kind.MISDATED, None)]
    waited = at(1, NOW + DUE + 1, 10)
    assert dated([waited], some, NOW + DAY) == [(Kind.LATE, None)]
    assert dated([], some, NOW + DUE + 1) == [(Kind.OVERDUE, None)]
    assert dated([at(1, NOW + DAY, 10), at(2, NOW + 2 * DAY, 9)], some, NOW) == [(Kind.OTHER, None)]
    assert hidden(late.stated).kind.is_finding


def test_the_documents_of_a_vault_give_the_heads_that_were_stated(tmp_path: Path) -> None:
    files, stated = AnchorFiles(tmp_path), []
    daily = [Salted(receipt(n, at=NOW + n * DAY), bytes([n]) * 32) for n in range(3)]
    other = Log(Signer(f"{DOMAIN}/{OTHER_ARTIST}", SEED), Memory())
    for number in (1, 2, 3):
        heads = [log(daily[:number]).checkpoint(), other.checkpoint()][: 1 + (number > 1)]
        anchor = Anchor.of(DOMAIN, SEED, heads, NOW + (number - 1) * DAY + 60, 1, ARTIST)
        files.keep(anchor)
        stated.append(Stated(anchor.hash, anchor.stamp.taken + 60, number, anchor.hash))
    found = heads_here(files, stated[:2])
    assert {of: [each.size for each in theirs] for of, theirs in found.items()} == {
        f"{DOMAIN}/{ARTIST}": [1, 2], f"{DOMAIN}/{OTHER_ARTIST}": [0],
    }  # fmt: skip
    assert dated(found[f"{DOMAIN}/{ARTIST}"], daily, NOW + 2 * DAY) == []
