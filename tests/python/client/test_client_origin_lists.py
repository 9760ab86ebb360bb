"""A list says where each work comes from, and works of one origin get one document (1, 2, 8)."""

import csv
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.client.data.originparts import days
from kiseki.client.data.registering import Totals
from kiseki.core.collection import Kept
from kiseki.core.keccak import keccak256
from kiseki.core.origin import Evidence, Origin, OriginFile, Owner, Person
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault import lists

from .conftest import ALICE, BOB

COLUMNS = ("file", "artist", "basis", "collector", "collected", "how", "territory")
HIRE = ("hire", "制作部", "2026-04-01/2026-06-30", "納品時に収集", "world")
OWN = ("own", "制作部", "2026-05-01", "scanned", "US, jp")

List = Callable[..., Path]


@pytest.fixture
def listed(tmp_path: Path) -> List:
    """A list, and a file for each of its rows; equal names are equal files."""

    def write(*rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS) -> Path:
        for name, *_ in rows:
            (tmp_path / name).write_text(f"the drawing {name[:1]}")
        with (tmp_path / "list.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([columns, *rows])
        return tmp_path / "list.csv"

    return write


def origin_of(k: Kiseki, kept: Kept) -> Origin:
    found = k.data.origins.known(kept.origin)
    assert isinstance(found, OriginFile)
    return found.origin


def test_each_group_of_a_list_has_a_document_of_its_own(
    k: LocalKiseki, terms: Terms, listed: List
) -> None:
    path = listed(
        ("a.svg", ALICE, *HIRE), ("b.svg", BOB, *HIRE), ("c.svg", ALICE, *HIRE),
        ("d.svg", ALICE, *OWN), ("e.svg", ALICE, "", "", "", "", ""),
    )  # fmt: skip
    kept = k.data.prepare_all(path, terms)
    assert [each.count for each in kept] == [2, 1, 1, 1]
    alice, bob, own, silent = kept
    assert alice.origin == bob.origin, "one provider, one origin, one document"
    assert silent.origin == ZERO32
    made = origin_of(k, alice)
    assert (made.provider, made.basis, made.collector) == (
        k.address.lower(), "hire", Person("制作部"),
    )  # fmt: skip
    assert made.salt != ZERO32
    assert origin_of(k, own).territories == ("JP", "US")
    assert Totals.of(k.data.register_all(kept)).failed == ()
    again = k.data.prepare_all(path, terms)
    assert [each.origin for each in again] == [each.origin for each in kept], "the salt is kept"
    assert Totals.of(k.data.register_all(again)).there == 4


def test_the_artists_of_joint_works_are_their_owners(
    k: LocalKiseki, terms: Terms, listed: List
) -> None:
    joint = ("joint", *HIRE[1:])
    columns = (*COLUMNS, "share")
    path = listed(
        ("a.svg", "山田花子", *joint, "60%"), ("a.svg", BOB, "", "", "", "", "", "40%"),
        columns=columns,
    )  # fmt: skip
    entries = lists.read(path, names=lambda text: {"山田花子": ALICE}.get(text, text))
    (kept,) = k.data.prepare_all(entries, terms)
    one, two = origin_of(k, kept).owners
    assert one == Owner("山田花子", ALICE, Fraction(3, 5), True)
    assert two[1:] == (BOB, Fraction(2, 5), True)
    (done,) = k.data.register_all([kept])
    assert "山田花子" in str(done.error) and "has not signed" in str(done.error)


def test_an_unknown_author_is_the_identity_of_the_list(
    k: LocalKiseki, terms: Terms, listed: List
) -> None:
    person = k.identities.person("drew the cover of 1961")
    who = f"{k.address}:{to_hex(person)}"
    path = listed(("a.svg", who, "unknown", *HIRE[1:], "官報に公告"), columns=(*COLUMNS, "search"))
    kept = k.data.prepare_all(path, terms)
    assert origin_of(k, kept[0]).search == "官報に公告"
    assert Totals.of(k.data.register_all(kept)).sent == 1


def test_evidence_is_found_from_the_folder_of_the_list(
    k: LocalKiseki, terms: Terms, listed: List, tmp_path: Path
) -> None:
    (tmp_path / "contract.pdf").write_bytes(b"%PDF")
    columns = (*COLUMNS, "evidence")
    cell = f"contract.pdf; 0x{'11' * 32}=議事録"
    (kept,) = k.data.prepare_all(listed(("a.svg", ALICE, *HIRE, cell), columns=columns), terms)
    assert origin_of(k, kept).evidence == (
        Evidence(keccak256(b"%PDF"), "contract.pdf"), Evidence(b"\x11" * 32, "議事録"),
    )  # fmt: skip
    with pytest.raises(FilesError, match=r"row 2.*missing\.pdf cannot be read"):
        k.data.prepare_all(listed(("a.svg", ALICE, *HIRE, "missing.pdf"), columns=columns), terms)


@pytest.mark.parametrize(
    ("place", "cell", "why"),
    [
        (0, "found", "basis must be one of"),
        (0, "", "basis must be one of"),
        (0, "joint", "at least two owners"),
        (0, "licensed", "from whom"),
        (1, "a\u202eb", r"U\+202E"),
        (2, "2026-13-01", "must be a day"),
        (2, "01/04/2026", "as 2026-04-01"),
        (2, "1.4.2026", "as 2026-04-01"),
        (2, "2026", "as 2026-04-01"),
        (2, "2026-04-01/2026-06-30/2026-07-01", "as 2026-04-01"),
        (2, "2026-06-30/2026-04-01", "before it begins"),
        (4, "JA", "no territory"),
    ],
)
def test_a_cell_that_cannot_be_right_is_refused_with_its_row(
    k: LocalKiseki, terms: Terms, listed: List, place: int, cell: str, why: str
) -> None:
    wrong = [*HIRE]
    wrong[place] = cell
    with pytest.raises(InvalidInput, match=f"row 3, where it comes from: .*{why}"):
        k.data.prepare_all(listed(("a.svg", ALICE, *HIRE), ("b.svg", BOB, *wrong)), terms)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01/2026-06-30", "2026/4/1～2026/6/30", "2026年4月1日から2026年6月30日まで",
        " 2026.4.1 to 2026.06.30 ", "2026/04/01/2026/06/30",
    ],
)  # fmt: skip
def test_days_are_read_as_people_and_spreadsheets_write_them(text: str) -> None:
    assert days(text) == (date(2026, 4, 1), date(2026, 6, 30))
    assert days("2026/4/1") == (date(2026, 4, 1),) * 2


def test_one_work_comes_from_one_place(k: LocalKiseki, terms: Terms, listed: List) -> None:
    with pytest.raises(InvalidInput, match=r"rows 2 and 3, .*comes from different places"):
        k.data.prepare_all(listed(("a1.svg", ALICE, *HIRE), ("a2.svg", ALICE, *OWN)), terms)
    (kept,) = k.data.prepare_all(
        listed(("a1.svg", ALICE, *HIRE), ("a2.svg", ALICE, "", "", "", "", "")), terms
    )
    assert origin_of(k, kept).basis == "hire", "one row says it for the work"


def test_list_and_option_do_not_both_say_it(
    k: LocalKiseki, terms: Terms, listed: List, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("how")
    path = listed(("a.svg", ALICE, *HIRE))
    with pytest.raises(InvalidInput, match="leave out --origin"):
        k.data.prepare_all(path, terms, origin=tmp_path / "letter.txt")
