"""A keeper sees how the logs stand beside the last anchor, and what waits. Promise 6."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiseki.errors import FilesError
from kiseki.vault.anchored import Grown, standing
from kiseki.vault.handing.anchors import AnchorFiles, Placed
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.log.heads import Anchor
from kiseki.vault.store.database import Database

from .handed import ARTIST, DOMAIN, OTHER_ARTIST, SEED, receipt

NOW, DAY = 1_800_000_000, 86_400


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    database = Database(tmp_path / "store")
    yield Ledger(database, DOMAIN, SEED)
    database.close()


def test_what_grew_since_the_last_anchor_and_what_waits_too_long_is_told(
    ledger: Ledger, tmp_path: Path
) -> None:
    files = AnchorFiles(tmp_path / "anchors")
    assert standing(files, ledger, NOW).is_overdue is False
    ledger.issue([receipt(0), receipt(1)], NOW)
    for time, late in ((NOW + DAY, False), (NOW + DAY + 1, True)):
        told = standing(files, ledger, time)
        assert (told.taken, told.grown, told.is_overdue) == (None, (Grown(ARTIST, 2, 0),), late)
    anchor = Anchor.of(DOMAIN, SEED, ledger.heads(), NOW + DAY, 1, ARTIST)
    files.keep(anchor)
    told = standing(files, ledger, NOW + 2 * DAY)
    assert (told.taken, told.heads, told.placed, told.grown) == (NOW + DAY, 1, None, ())
    assert not told.is_overdue
    assert standing(files, ledger, NOW + 2 * DAY + 1).is_overdue, "it was not stated"
    placed = Placed(17, NOW + DAY + 60, b"\x44" * 32)
    files.place(anchor.stamp.day, placed)
    told = standing(files, ledger, NOW + 99 * DAY)
    assert (told.placed, told.is_overdue) == (placed, False), "nothing was handed out since"
    ledger.issue([receipt(2), receipt(3, OTHER_ARTIST)], NOW + 99 * DAY)
    grown = (Grown(ARTIST, 3, 2), Grown(OTHER_ARTIST, 1, 0))
    for time, late in ((NOW + 100 * DAY, False), (NOW + 100 * DAY + 1, True)):
        told = standing(files, ledger, time)
        assert (told.grown, told.is_overdue) == (grown, late)
    (tmp_path / "anchors" / f"{anchor.stamp.day}.stated.json").write_text("{}")
    with pytest.raises(FilesError, match="delete it, and run"):
        standing(files, ledger, NOW)
