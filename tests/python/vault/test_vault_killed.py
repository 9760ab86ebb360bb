"""One vault's life, killed in each window: nothing is lost, half, unreceipted, or done twice.

`make test-faults` kills it 200 times in a file and 50 times in PostgreSQL. What the campaign looks
for, it is seen to find: in vaults of which one protection is broken.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from tests.faults.once import Run
from tests.faults.vaulted import WINDOWS, Life, Lost, lived

from kiseki import LocalKiseki
from kiseki.client.vault.anchoring import Anchors
from kiseki.vault import rewrapping
from kiseki.vault.erasing import Erasing, Erasure
from kiseki.vault.handing.handout import HandOut, HandOuts, Opened
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.objects import checking
from kiseki.vault.objects.place import Place
from kiseki.vault.objects.rows import Object, Objects
from kiseki.vault.store import tables


def where(folder: Path) -> Path:
    return folder / "home" / ".kiseki" / "secrets"


def test_no_kill_loses_anything_or_does_it_twice(tmp_path: Path) -> None:
    """Invariants 8 and 11: two kills in each window, of all processes of a command at once."""
    found = lived(Run(5, tmp_path, 2 * len(WINDOWS)), where(tmp_path), files=40)
    assert found.faults == {f"kill -9 {each}": 2 for each in WINDOWS}
    assert found.intended > 40


# Vaults that are broken

Patch = pytest.MonkeyPatch


def receipts_after_the_bytes(patch: Patch) -> None:
    """A hand-out is told and served, and its receipts are written never."""
    write, proofs, made = HandOuts._write, Ledger.proofs, list[Any]()

    def promised(outs: HandOuts, *given: Any) -> HandOut:
        with suppress(LookupError), outs._database.writing():
            out = write(outs, *given)
            made[:] = [out, proofs(outs._ledger, [each.issued for each in out.items])]
            raise LookupError  # so that nothing of it is written
        told: HandOut = made[0]
        return told

    def opened(outs: HandOuts, _: bytes, __: str, item: bytes) -> Opened:
        (found,) = outs._shelf.items([item])
        assert found is not None
        content = outs._shelf.content(found)
        return Opened(content.size, content.read)

    patch.setattr(HandOuts, "_write", promised)
    patch.setattr(HandOuts, "open", opened)
    patch.setattr(Ledger, "proofs", lambda *_: made[1])


def rows_before_the_objects(patch: Patch) -> None:
    """An object is not whole yet when its row is written."""
    add = Objects.add

    def hasty(objects: Objects, rows: Sequence[Object], names: Any) -> Any:
        done = add(objects, rows, names)
        for each in rows[:1]:
            (path,) = Path.cwd().glob(f"home/.kiseki/objects/*/{each.name.hex()}")
            os.truncate(path, each.sealed // 2)
        return done

    patch.setattr(Objects, "add", hasty)


def sweeping_without_looking(patch: Patch) -> None:
    """It takes away what has a row, too."""

    def blind(_: Objects, place: Place, __: float) -> Iterator[checking.Finding]:
        for each in list(place.walk()):
            place.delete(each.where)
            yield checking.Finding(checking.Wrong.NO_ROW, each.name, each.where)

    patch.setattr(checking, "sweep", blind)


def erased_before_it_is(patch: Patch) -> None:
    """It is written down that all of it is gone, and then nothing is left to be done."""
    finished = Erasing._finished

    def hurried(erasing: Erasing, number: int) -> Erasure:
        with erasing._database.writing() as db:
            row = update(tables.erasure).where(tables.erasure.c.number == number)
            db.execute(row.values(gone=1))
        return finished(erasing, number)

    patch.setattr(Erasing, "_finished", hurried)


def identities_not_wrapped(patch: Patch) -> None:
    """An epoch begins, and the identities stay wrapped for the key of before."""
    patch.setattr(rewrapping, "_anew", lambda identities, *_: list(identities))


def anchors_stated_again(patch: Patch) -> None:
    """It is not looked up what is stated already."""
    patch.setattr(Anchors, "stated", lambda *_: [])


def anchors_forgotten(patch: Patch) -> None:
    """The documents of earlier days are not kept."""
    daily = Anchors.daily

    def forgetful(anchors: Anchors, now: int) -> Any:
        for each in anchors.files.folder.glob("????-??-??.json"):
            each.unlink()
        return daily(anchors, now)

    patch.setattr(Anchors, "daily", forgetful)


@pytest.mark.parametrize(
    ("broken", "windows", "why"),
    [
        (receipts_after_the_bytes, "serve", "bytes without receipt: [0-9,]+ bytes of 0x"),
        (rows_before_the_objects, "", "half-written: vault check: of another size"),
        (sweeping_without_looking, "erase", "lost: vault check: missing"),
        (erased_before_it_is, "erase", "lost: the erased object [0-9a-f]+ lies here still"),
        (identities_not_wrapped, "rotate", "lost: age does not open"),
        (anchors_stated_again, "serve anchor anchor", "done twice: the anchor of .* 2 times"),
        (
            anchors_forgotten,
            "serve anchor anchor",
            "lost: the (anchor of .* became another one|document of .* is gone)",
        ),
    ],
)
def test_a_broken_vault_is_found_out(
    broken: Callable[[Patch], None],
    windows: str,
    why: str,
    tmp_path: Path,
    monkeypatch: Patch,
) -> None:
    broken(monkeypatch)
    left = dict.fromkeys(WINDOWS, 1)
    with LocalKiseki.local() as k:
        life = Life(Run(5, tmp_path, 0), where(tmp_path), k, files=24)
        with pytest.raises(Lost, match=why):
            for each in ("add", *windows.split()):
                getattr(life, each)(left)
