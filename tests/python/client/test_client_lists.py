"""Lists and folders become collections, one for each artist; nothing is half taken (1, 7, 8)."""

import csv
import hashlib
import itertools
import unicodedata
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiseki import Kiseki, Terms
from kiseki.core import ids
from kiseki.core.merkle import SLICE, IdTree, proof_in, root_of, verify
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO32
from kiseki.disk.tables import Format
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault import collecting, lists
from kiseki.vault.doubts import leave_out
from kiseki.vault.files import hash_each
from kiseki.vault.folders import find, measure, walk
from kiseki.vault.keystore import KeyStore
from kiseki.vault.lists import Entry

from .conftest import ALICE, BOB, digest, entries, store_of


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Writes a list, and the files that it may name."""
    for name in ("a.png", "b.png"):
        (tmp_path / "art" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "art" / name).write_text(name)

    def list_of(*rows: Iterable[str]) -> Path:
        path = tmp_path / "MANIFEST.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        return path

    return list_of


# Reading


def test_each_column_means_what_it_says(write: Callable[..., Path]) -> None:
    path = write(
        ("Artist", " name", "commitment", "sha256", "file", "share"),
        (ALICE.upper().replace("X", "x"), "Cut 1", "", "", "art/a.png", "3"),
        ("", "", "", "", "art/b.png", ""),
        (),
        (BOB, "elsewhere", "", "0x" + "5E" * 32, "", " 33.5 %"),
        (BOB, "", "c0" * 32, "", "", ""),
    )
    folder = str(path.parent)
    assert list(lists.read(path)) == [
        Entry(f"{folder}/art/a.png", b"", b"", "Cut 1", ALICE, "3", 2),
        Entry(f"{folder}/art/b.png", b"", b"", "art/b.png", "", "", 3),
        Entry("", b"\x5e" * 32, b"", "elsewhere", BOB, "33.5%", 5),
        Entry("", b"", b"\xc0" * 32, "", BOB, "", 6),
    ]


def test_rows_without_an_artist_are_counted_where_others_have_one(
    write: Callable[..., Path],
) -> None:
    """A cell that a spreadsheet merged over several rows is empty in all but the first."""
    for rows, count in (((ALICE,), 0), ((ALICE, "", " "), 2)):
        told: list[str] = []
        path = write(("file", "artist"), *((f"{n}.png", who) for n, who in enumerate(rows)))
        assert len(list(lists.read(path, Format(tell=told.append)))) == len(rows)
        assert [each for each in told[1:] if f"{count} rows without an artist" in each] == told[1:]
        assert bool(told[1:]) == bool(count)
    told = []
    list(lists.read(write(("file",), ("a.png",)), Format(tell=told.append)))
    assert len(told) == 1


def test_a_folder_is_a_list_of_its_files_in_one_order(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", ".hidden", "c/.git/x", "B"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to(tmp_path / "b")
    assert [each.name for each in lists.read(tmp_path)] == ["B", "a", "b/1", "b/2"]
    assert sorted(map(Path, walk(tmp_path))) == find(tmp_path)
    assert measure(walk(tmp_path)) == (4, sum(len(name) for name in ("b/2", "b/1", "a", "B")))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "is empty; its first row must name the columns"),
        ([["name", "artist"]], "row 1: one of the columns file, sha256, commitment is needed"),
        ([["file", "price"]], "row 1, column B: there is no column 'price'"),
        ([["file", "file"]], "name each once"),
        ([["file"], ["a.png", "b"]], "row 2, column B: 'b' stands in a column"),
        ([["file", "sha256"], ["art/a.png", ""], ["", ""], ["a", "00" * 32]], "row 4: say one"),
        ([["file", "name"], ["", "x"]], "row 2: say one of file, sha256, commitment"),
        (
            [["sha256"], ["00" * 32], ["00" * 31]],
            "row 3, column sha256: the sha256 must be 32 bytes",
        ),
        (
            [["commitment"], ["zz" * 32]],
            "row 2, column commitment: the commitment must be a string of 0x",
        ),
        (
            [["sha256", "artist"], ["00" * 32, "Alice"]],
            "row 2, column artist: the artist must be an address",
        ),
        ([["sha256", "share"], ["00" * 32, "1"]], "row 2, column share: it is nobody's"),
        *(
            (
                [["sha256", "artist", "share"], ["00" * 32, ALICE, share]],
                "row 2, column share: a share is a whole number above zero, or as 60%",
            )
            for share in ("0", "0.0%", "-1", "1.5", "half", "1e3", "%", "1" * 21, "1.1234567%")
        ),
        ([["file", "name"], ["art/a.png", "two\nlines"], ["", "x"]], r"row 3 \(line 4\): say one"),
    ],
)
def test_a_line_that_cannot_be_right_is_named_and_nothing_is_taken(
    artist: Kiseki, terms: Terms, write: Callable[..., Path], rows: list[list[str]], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        artist.data.prepare_all(write(*rows), terms)
    assert store_of(artist).count() == 0
    assert list(store_of(artist).collections()) == []


@pytest.mark.parametrize(
    ("digest", "why"), [(hashlib.sha256(b"").hexdigest(), "an empty file"), ("00" * 32, "zeros")]
)
def test_a_digest_of_nothing_is_doubtful(
    artist: Kiseki, terms: Terms, write: Callable[..., Path], digest: str, why: str
) -> None:
    """What a program writes that found no file."""
    place = write(["sha256", "name"], [digest, "a"], ["11" * 32, "b"])
    with pytest.raises(
        FilesError, match=f"1 file is doubtful. 1 is .*{why}.*row 2, column sha256: a"
    ):
        artist.data.prepare_all(place, terms)
    (kept,) = artist.data.prepare_all(place, terms, doubtful=leave_out)
    assert kept.count == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"file\n\xff\xfe", "line 2, is not text in UTF-8"),
        (b'file\n"a', r"row 2 \(line 2\): this is no CSV"),
        (b'file\n"a"b\n', "row 2 .* no CSV"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(InvalidInput, match=why):
        list(lists.read(tmp_path / "list.csv"))


def test_files_that_are_not_there(
    artist: Kiseki, terms: Terms, write: Callable[..., Path], tmp_path: Path
) -> None:
    with pytest.raises(FilesError, match="there is no"):
        lists.read(tmp_path / "nowhere.csv")
    with pytest.raises(FilesError, match="nothing to register"):
        artist.data.prepare_all(write(("file",)), terms)
    with pytest.raises(FilesError, match=r"row 3, column file: .*missing.png cannot be read"):
        artist.data.prepare_all(write(("file",), ("art/a.png",), ("missing.png",)), terms)
    assert store_of(artist).count() == 0


def test_a_file_is_found_by_its_name_in_whichever_form_of_unicode(
    artist: Kiseki, terms: Terms, write: Callable[..., Path]
) -> None:
    """macOS takes letters apart; a list that was written elsewhere does not."""
    apart, together = (unicodedata.normalize(form, "がé.png") for form in ("NFD", "NFC"))
    folder = write(("file",)).parent / apart.removesuffix(".png")
    folder.mkdir()
    (folder / together).write_text("が")
    for name in (f"{apart[:-4]}/{apart}", f"{together[:-4]}/{together}"):
        (kept,) = artist.data.prepare_all(write(("file",), (name,)), terms)
        assert kept.count == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer to a file that is elsewhere"),
        (b"", "an empty file"),
        (None, "a link that leads out of the folder of the list"),
    ],
)
def test_a_row_that_names_no_work_is_named_and_decided_about(
    artist: Kiseki, terms: Terms, write: Callable[..., Path], content: bytes | None, why: str
) -> None:
    path = write(("file",), ("art/a.png",), ("art/odd.png",))
    if content is None:
        (path.parent / "art" / "odd.png").symlink_to("/etc/passwd")
    else:
        (path.parent / "art" / "odd.png").write_bytes(content)
    with pytest.raises(FilesError, match=f"{why}.*: row 3, column file: .*odd.png"):
        artist.data.prepare_all(path, terms)
    assert store_of(artist).count() == 0
    (kept,) = artist.data.prepare_all(path, terms, doubtful=leave_out)
    assert kept.count == 1


def test_a_row_may_name_a_file_elsewhere_in_words(
    artist: Kiseki, terms: Terms, write: Callable[..., Path], tmp_path: Path
) -> None:
    path = write(("file",), ("art/a.png",), ("art/in.png",), (f"{tmp_path}/art/../art/b.png",))
    (path.parent / "art" / "in.png").symlink_to("b.png")
    (kept,) = artist.data.prepare_all(path, terms)
    assert kept.count == 2


def test_one_file_is_registered_like_a_folder(
    artist: Kiseki, terms: Terms, write: Callable[..., Path]
) -> None:
    folder = write(("file",)).parent / "art"
    (folder / "list.txt").write_text("file\na.png\n")
    (folder / "b.png").unlink()
    (folder / "caption.txt").write_text("a file of its own")
    (of_folder,) = artist.data.prepare_all(write(("file",), ("art/a.png",)), terms)
    for source in ("a.png", "list.txt"):
        assert lists.count(folder / source) == 1
        (kept,) = artist.data.prepare_all(folder / source, terms)
        assert (kept.id, kept.count) == (of_folder.id, 1)
    (found,) = store_of(artist).slices(of_folder.id)
    assert found.names == (("a.png",),)
    (entry,) = lists.read(folder / "caption.txt")
    assert (entry.file, entry.name) == (str(folder / "caption.txt"), "caption.txt")


def test_what_has_the_same_content_is_said(artist: Kiseki, write: Callable[..., Path]) -> None:
    told: list[str] = []
    folder = write(("file",)).parent / "art"
    for name in ("c.png", "d.png"):
        (folder / name).write_text("a.png")
    artist.data.prepare_all(folder, Terms.of("train", "0%"), tell=told.append)
    assert told == ["Files with the same content are one item: a.png = c.png = d.png."]


def test_hashing_holds_a_few_hundred_items_at_a_time() -> None:
    endless = itertools.count(1)
    found = hash_each(endless, lambda _: None)
    assert list(itertools.islice(found, 1_000)) == [(n, b"", 0, "") for n in range(1, 1_001)]
    assert next(endless) < 5_000


# Collecting


Row = tuple[int, str, int]
"""A number that is its content, an artist, and their share of it; zero for none."""


def owners_of(rows: Iterable[Row]) -> dict[int, frozenset[tuple[str, Fraction]]] | None:
    """Whose each content is, by whole number; nothing where the rows cannot all be right. As it
    says in `lists`, once more and in another way."""
    whose: dict[int, dict[str, int]] = {}
    for n, who, share in rows:
        if whose.setdefault(n, {}).setdefault(who, share) != share:
            return None
    for parts in whose.values():
        if (len(parts) > 1 and "" in parts) or len({share > 0 for share in parts.values()}) > 1:
            return None
    return {
        n: frozenset(
            (who, Fraction(share or 1, sum(parts.values()) or len(parts)))
            for who, share in parts.items()
        )
        for n, parts in whose.items()
    }


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from(["", ALICE, BOB]), st.integers(0, 2)),
        min_size=1,
    ),
    equal=st.booleans(),
    slice_=st.sampled_from([1, 2, 3, 4_000]),
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_kept_is_what_a_tree_of_it_all_would_be(
    artist: Kiseki, rows: list[Row], equal: bool, slice_: int
) -> None:
    """One collection for each set of artists with their parts; each content in one, once."""
    artist = Kiseki(artist.session, artist._wallet.signer, KeyStore())
    rows = [(n, who, 0 if equal else share) for n, who, share in rows]
    given_ = [
        Entry(
            "", *((b"", digest(n)) if n > 25 else (digest(n), b"")), f"{n}", who, f"{share or ''}"
        )
        for n, who, share in rows
    ]
    whose = owners_of(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting, "SLICE", slice_)
        patch.setattr(collecting, "_SOME", 7)
        if whose is None:
            with pytest.raises(InvalidInput, match=r"rows? \d"):
                artist.data.prepare_all(given_, Terms.of("train", "0%"))
            assert list(store_of(artist).collections()) == []
            return
        kept = artist.data.prepare_all(given_, Terms.of("train", "0%"))
    store, me = store_of(artist), artist.address.lower()
    groups = list(dict.fromkeys(whose[n] for n, _, _ in rows))
    paid = [{(each.key, part) for each, part in collection.payee.parts} for collection in kept]
    assert paid == [{(ids.wallet(who or me), part) for who, part in each} for each in groups]
    for collection, group in zip(kept, groups, strict=True):
        mine = {n for n, owners in whose.items() if owners == group}
        found = {}
        for n in mine:
            commitment = digest(n)
            if n <= 25:
                commitment = ids.commitment(digest(n), store.salts(me, [digest(n)])[0])
            found[ids.item_id(me, commitment)] = (n, commitment)
        assert collection.provider == me
        assert collection.count == len(mine)
        listed = [
            (commitment, sha256, names)
            for each in store.slices(collection.id)
            for commitment, sha256, names in zip(
                each.commitment_list, each.digest_list, each.names, strict=True
            )
        ]
        assert listed == [
            (commitment, digest(n) if n <= 25 else ZERO32, (f"{n}",))
            for _, (n, commitment) in sorted(found.items())
        ]
        if slice_ == SLICE:
            assert collection.root == IdTree.of(found).root
        assert collection.root == root_of(store.slice_roots(collection.id))


def test_artists_who_consent_themselves_each_provide_their_own(artist: Kiseki) -> None:
    """And what is of two of them has no provider, because its ID binds one wallet."""
    rows = list(entries(5, [ALICE, BOB]))
    kept = artist.data.prepare_all(rows, Terms.of("train", "0%"), artists="providers")
    assert [(each.provider, each.count) for each in kept] == [(ALICE, 3), (BOB, 2)]
    assert [each.payee for each in kept] == [Payee.of(ALICE), Payee.of(BOB)]
    with pytest.raises(InvalidInput, match=r"rows 1 and 6, '0.png', are a joint work .* both"):
        both = [*rows, Entry("", digest(0), b"", "0.png", BOB)]
        artist.data.prepare_all(both, Terms.of("train", "0%"), artists="providers")
    with pytest.raises(InvalidInput, match="rows 1 and 2, unnamed, are a joint work"):
        both = [Entry("", b"", digest(0), "", who) for who in (ALICE, BOB)]
        artist.data.prepare_all(both, Terms.of("train", "0%"), artists="providers")


def test_one_content_under_several_names_is_one_item_with_all_of_them(artist: Kiseki) -> None:
    rows = [Entry("", digest(1), b"", name, "") for name in ("b", "a", "b", "")]
    (kept,) = artist.data.prepare_all(rows, Terms.of("train", "0%"))
    (found,) = store_of(artist).slices(kept.id)
    assert (kept.count, found.names) == (1, (("b", "a"),))


def test_a_folder_gives_the_same_collection_either_way(
    artist: Kiseki, write: Callable[..., Path]
) -> None:
    folder, terms = write().parent / "art", Terms.of("train", "0%")
    (kept,) = artist.data.prepare_all(folder, terms)
    names = [each.names for each in store_of(artist).slices(kept.id)]
    prepared = artist.data.prepare(folder, terms)
    assert prepared.id == kept.id
    assert [each.names for each in store_of(artist).slices(kept.id)] == names
    listed = artist.data.prepare_all(write(("file",), ("art/b.png",), ("art/a.png",)), terms)
    assert [each.id for each in listed] == [kept.id]


def test_how_much_there_is_to_read_is_known_beforehand(
    write: Callable[..., Path], tmp_path: Path
) -> None:
    assert lists.count(write(("file",), ("art/a.png",), ("art/b.png",))) == 2
    assert lists.count(tmp_path / "art") == 2
    with pytest.raises(FilesError, match="there is no"):
        lists.count(tmp_path / "nowhere")


def test_progress_is_told_in_items_and_bytes(
    artist: Kiseki, write: Callable[..., Path], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    path = write(("file",), ("art/a.png",), ("art/b.png",))
    artist.data.prepare_all(path, Terms.of("train", "0%"), progress=lambda *at: told.append(at))
    assert told[-1] == (2, 10)


def test_proofs_of_slices_are_those_of_the_whole_tree() -> None:
    leaves = sorted(digest(n) for n in range(2 * SLICE + 5))
    tree = IdTree(leaves)
    roots = [tree.slice_root(k) for k in range(3)]
    assert root_of(roots) == tree.root
    for k, item in enumerate((leaves[7], leaves[SLICE], leaves[-1])):
        inner = proof_in(leaves[k * SLICE : (k + 1) * SLICE], leaves.index(item) - k * SLICE)
        assert verify(tree.root, item, (*inner, *proof_in(roots, k)))
        assert (*inner, *proof_in(roots, k)) == tree.proof(item)
