"""Lists and folders become collections, one for each artist; nothing is half taken (1, 7, 8)."""

import csv
import hashlib
import itertools
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiseki import ContractReverted, Kiseki, LocalKiseki, Split, Terms
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import Refusal
from kiseki.chain.sending import fees, sender
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.client.data import registering
from kiseki.client.data.group import Group, kept_parts
from kiseki.client.data.registering import Totals
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.merkle import SLICE, IdTree, proof_in, root_of, verify
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO32
from kiseki.errors import FilesError, InvalidInput
from kiseki.vault import collecting, lists
from kiseki.vault.files import find, hash_each, measure, walk
from kiseki.vault.keystore import KeyStore
from kiseki.vault.lists import Entry

ALICE = "0x" + "a1" * 20
BOB = "0x" + "b0" * 20


def store_of(k: Kiseki) -> KeyStore:
    found = k.salts
    assert isinstance(found, KeyStore)
    return found


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def entries(count: int, artists: Iterable[str] = ("",)) -> Iterator[Entry]:
    whose = itertools.cycle(artists)
    return (Entry("", digest(n), b"", f"{n}.png", next(whose)) for n in range(count))


def blocks(k: Kiseki) -> int:
    return int(k.session.w3.eth.block_number)


@pytest.fixture
def terms(k: LocalKiseki) -> Terms:
    return k.data.define_terms("train", royalty="20%")


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
        ([], "first line of .* must name the columns"),
        ([["name", "artist"]], "one of the first three is needed"),
        ([["file", "price"]], "must name the columns"),
        ([["file", "file"]], "each once"),
        ([["file"], ["a.png", "b"]], "line 2 .* has 2 values and the first line 1"),
        ([["file", "sha256"], ["art/a.png", ""], ["", ""], ["a", "00" * 32]], "line 4 .*: say one"),
        ([["file", "name"], ["", "x"]], "line 2 .*: say one of file, sha256, commitment"),
        ([["sha256"], ["00" * 32], ["00" * 31]], "line 3 .*: the sha256 must be 32 bytes"),
        ([["commitment"], ["zz" * 32]], "line 2 .*: the commitment must be a string of 0x"),
        ([["sha256", "artist"], ["00" * 32, "Alice"]], "line 2 .*: the artist must be an address"),
        ([["sha256", "share"], ["00" * 32, "1"]], "line 2 .*: column share: it is nobody's"),
        *(
            (
                [["sha256", "artist", "share"], ["00" * 32, ALICE, share]],
                "line 2 .*: column share: a share is a whole number above zero, or as 60%",
            )
            for share in ("0", "0.0%", "-1", "1.5", "half", "1e3", "%", "1" * 21, "1.1234567%")
        ),
        ([["file", "name"], ["art/a.png", "two\nlines"], ["", "x"]], "line 4 .*: say one"),
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
    ("content", "why"),
    [
        (b"file\n\xff\xfe", "not text in UTF-8"),
        (b'file\n"a', "line 2 .* no CSV"),
        (b'file\n"a"b\n', "line 2 .* no CSV"),
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
    with pytest.raises(FilesError, match=r"missing.png cannot be read"):
        artist.data.prepare_all(write(("file",), ("art/a.png",), ("missing.png",)), terms)
    assert store_of(artist).count() == 0


def test_hashing_holds_a_few_hundred_items_at_a_time() -> None:
    endless = itertools.count(1)
    found = hash_each(endless, lambda _: None)
    assert list(itertools.islice(found, 1_000)) == [(n, b"", 0) for n in range(1, 1_001)]
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
            with pytest.raises(InvalidInput, match=r"lines? \d"):
                artist.data.prepare_all(given_, Terms.of("train"))
            assert list(store_of(artist).collections()) == []
            return
        kept = artist.data.prepare_all(given_, Terms.of("train"))
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
    kept = artist.data.prepare_all(rows, Terms.of("train"), artists="providers")
    assert [(each.provider, each.count) for each in kept] == [(ALICE, 3), (BOB, 2)]
    assert [each.payee for each in kept] == [Payee.of(ALICE), Payee.of(BOB)]
    with pytest.raises(InvalidInput, match=r"lines 1 and 6, '0.png', are a joint work .* both"):
        both = [*rows, Entry("", digest(0), b"", "0.png", BOB)]
        artist.data.prepare_all(both, Terms.of("train"), artists="providers")
    with pytest.raises(InvalidInput, match="lines 1 and 2, unnamed, are a joint work"):
        both = [Entry("", b"", digest(0), "", who) for who in (ALICE, BOB)]
        artist.data.prepare_all(both, Terms.of("train"), artists="providers")


def test_one_content_under_several_names_is_one_item_with_all_of_them(artist: Kiseki) -> None:
    rows = [Entry("", digest(1), b"", name, "") for name in ("b", "a", "b", "")]
    (kept,) = artist.data.prepare_all(rows, Terms.of("train"))
    (found,) = store_of(artist).slices(kept.id)
    assert (kept.count, found.names) == (1, (("b", "a"),))


def test_a_folder_gives_the_same_collection_either_way(
    artist: Kiseki, write: Callable[..., Path]
) -> None:
    folder, terms = write().parent / "art", Terms.of("train")
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
    artist.data.prepare_all(path, Terms.of("train"), progress=lambda *at: told.append(at))
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


# Registering many


def test_many_are_registered_at_once_and_again_nothing_is_sent(
    k: LocalKiseki, terms: Terms
) -> None:
    whose = [ALICE, BOB, *(f"0x{n:040x}" for n in range(1, 30))]
    kept = k.data.prepare_all(entries(310, whose), terms)
    told: list[tuple[int, int]] = []
    totals = Totals.of(k.data.register_all(kept, progress=lambda *at: told.append(at)))
    assert (totals.sent, totals.there, totals.failed, totals.transactions) == (31, 0, (), 31)
    assert told == sorted(told)
    assert told[-1] == (310, 310)
    for each in kept:
        record = k.index.collection(each.id)
        assert (record.complete, record.payee) == (True, each.payee.key)
    before = blocks(k)
    again = Totals.of(k.data.register_all(kept))
    assert (again.sent, again.there, again.failed, again.gas) == (0, 31, (), 0)
    assert blocks(k) == before


def test_committed_first_and_published_later(k: LocalKiseki, terms: Terms) -> None:
    kept = k.data.prepare_all(entries(SLICE + 10, [ALICE, ALICE, ALICE, BOB]), terms)
    kept += k.data.prepare_all(entries(2 * SLICE + 1), terms)
    first = list(k.data.register_all(kept, publish=False))
    assert [[r.what for r in each.receipts] for each in first] == [["DataRegistry.commit"]] * 3
    assert not any(k.index.collection(each.id).complete for each in kept)
    then = list(k.data.register_all(kept))
    assert [[r.what for r in each.receipts] for each in then] == [
        ["DataRegistry.publish"], ["DataRegistry.publish"], ["DataRegistry.publish"] * 3,
    ]  # fmt: skip
    assert all(k.index.collection(each.id).complete for each in kept)


def test_interrupted_anywhere_it_goes_on_there(k: LocalKiseki, terms: Terms) -> None:
    """Invariant 8: after any number of transactions, and what was sent is not sent again."""
    kept = k.data.prepare_all(entries(SLICE + 8), terms)
    kept += k.data.prepare_all(entries(9, [ALICE, BOB]), terms)
    real = sender.Sender.send_all
    sent: list[Receipt | None] = []

    def interrupt(self: sender.Sender, calls: Iterable[Call]) -> Iterator[Outcome]:
        before = len(sent)
        for outcome in real(self, itertools.islice(calls, 1)):
            sent.append(outcome.receipt)
            yield outcome
        if len(sent) > before:
            raise KeyboardInterrupt

    for _ in range(5):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(sender.Sender, "send_all", interrupt)
            list(k.data.register_all(kept))
    assert Totals.of(k.data.register_all(kept)).there == 3
    whats = [each.what for each in sent if each is not None]
    assert whats == [
        "DataRegistry.commit", *["DataRegistry.publish"] * 2, *["DataRegistry.register"] * 2,
    ]  # fmt: skip
    assert all(k.index.collection(each.id).complete for each in kept)


WORKER = textwrap.dedent(
    """
    import sys
    from kiseki import Kiseki, Terms
    from kiseki.chain.signing.accounts import local_account
    url, secrets, journal, listed = sys.argv[1:]
    k = Kiseki.connect(url, local_account(1), secrets=secrets, journal=journal)
    kept = k.data.prepare_all(listed, Terms.of("train"))
    for done in k.data.register_all(kept):
        assert done.error is None, done.error
        print(done.id.hex(), len(done.receipts), flush=True)
    print("done", flush=True)
    """
)


def test_killed_at_any_moment_it_goes_on_and_sends_nothing_twice(
    k: LocalKiseki, tmp_path: Path
) -> None:
    """Invariant 8, with real processes, a real key store and a real journal."""
    rows = [f"{digest(n).hex()},0x{1 + n % 60:040x}" for n in range(240)]
    (tmp_path / "list.csv").write_text("\n".join(["sha256,artist", *rows]))
    command = [sys.executable, "-c", WORKER, k.url,
               *(str(tmp_path / name) for name in ("keys", "journal", "list.csv"))]  # fmt: skip
    who = k.wallet(1).address
    first = k.session.w3.eth.get_transaction_count(who)  # type: ignore[arg-type]
    seen: set[str] = set()
    for most in (0, 1, 20, 1_000):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            lines = list(itertools.islice(running.stdout, most))
            running.kill()
        seen |= {line.split()[0] for line in lines}
    assert "done" in seen
    seen.remove("done")
    assert len(seen) == 60
    assert all(k.index.collection(bytes.fromhex(each)).complete for each in seen)
    last = k.session.w3.eth.get_transaction_count(who)  # type: ignore[arg-type]
    assert last - first == 1 + 60  # the terms, and one for each collection


def test_one_that_fails_stops_no_other_and_says_why(k: LocalKiseki, terms: Terms) -> None:
    kept = k.data.prepare_all(entries(9, [ALICE, BOB, ""]), terms)
    k.data.register_all(kept[:1])
    Totals.of(k.data.register_all(kept[:1]))
    other = Kept(**{**_fields(kept[0]), "payee": Payee.of(BOB)})
    strange = Kept(**{**_fields(kept[1]), "provider": ALICE})
    wrong = Kept(**{**_fields(kept[2]), "payee": Payee(b"\x99" * 32, b"")})
    results = list(k.data.register_all([other, strange, wrong, *kept]))
    errors = [each.error for each in results]
    assert [isinstance(errors[0], ContractReverted), isinstance(errors[1], InvalidInput)] == [
        True, True,
    ]  # fmt: skip
    assert "set_payee" in str(errors[0])
    assert "act with the provider's wallet" in str(errors[1])
    assert getattr(errors[2], "name", "") == "Payees_WrongOpening"
    assert errors[3:] == [None, None, None]
    assert all(k.index.collection(each.id).complete for each in kept)
    totals = Totals.of(results)
    assert (totals.sent, totals.there, len(totals.failed)) == (2, 1, 3)


def _fields(kept: Kept) -> dict[str, Any]:
    return {name: getattr(kept, name) for name in Kept.__dataclass_fields__}


def test_one_that_is_named_twice_is_sent_once(k: LocalKiseki, terms: Terms) -> None:
    kept = k.data.prepare_all(entries(4, [ALICE, BOB]), terms)
    results = list(k.data.register_all([*kept, *kept[::-1]]))
    assert [len(each.receipts) for each in results] == [1, 1, 0, 0]
    assert [each.id for each in results] == [each.id for each in [*kept, *kept[::-1]]]


def test_results_come_as_they_are_final(k: LocalKiseki, terms: Terms) -> None:
    """Also of those of which nothing has to be sent, before, between and after others."""
    kept = k.data.prepare_all(entries(50, [f"0x{n:040x}" for n in range(1, 26)]), terms)
    there = [each for place, each in enumerate(kept) if place % 3 == 0]
    assert Totals.of(k.data.register_all(there)).sent == 9
    results = k.data.register_all(kept)
    assert next(results) == registering.Registered(kept[0].id, ())
    second = next(results)
    assert k.index.collection(second.id).complete
    rest = list(results)
    assert [each.id for each in rest] == [each.id for each in kept[2:]]
    assert [len(each.receipts) for each in rest] == [int(n % 3 > 0) for n in range(2, 25)]


def test_terms_are_put_on_record_with_the_first_that_has_them(k: LocalKiseki) -> None:
    cheap, dear = Terms.of("train"), Terms.of("train", royalty="30%")
    kept = [
        k.data.prepare_all(entries(n), each)[0] for n, each in ((2, cheap), (3, dear), (4, cheap))
    ]
    results = list(k.data.register_all(kept))
    assert [[r.what.partition(".")[2] for r in each.receipts] for each in results] == [
        ["defineTerms", "register"], ["defineTerms", "register"], ["register"],
    ]  # fmt: skip


def test_what_is_not_in_the_key_store_can_be_committed_and_not_published(
    k: LocalKiseki, terms: Terms
) -> None:
    (kept,) = k.data.prepare_all(entries(3), terms)
    bare = Kiseki(k.session, k._wallet.signer, KeyStore())
    (done,) = bare.data.register_all([kept])
    assert "not in this key store" in str(done.error)
    assert done.receipts == ()
    (done,) = bare.data.register_all([kept], publish=False)
    assert (done.error, len(done.receipts)) == (None, 1)


def test_slices_that_somebody_else_logged_are_found(
    k: LocalKiseki, stranger: Kiseki, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a node answers only a few blocks at a time."""
    (kept,) = k.data.prepare_all(entries(2 * SLICE + 1), terms)
    Totals.of(k.data.register_all([kept], publish=False))
    assert len(stranger.data.publish(kept)) == 3
    real, asked = k.session.node.one, []

    def narrow(method: str, *given: Any) -> Any:
        if method == "eth_getLogs":
            asked.append(given)
            if int(given[0]["toBlock"], 16) - int(given[0]["fromBlock"], 16) > 2:
                raise Refusal({"message": "too many blocks"})
        return real(method, *given)

    monkeypatch.setattr(k.session.node, "one", narrow)
    (done,) = k.data.register_all([kept])
    assert (done.error, done.receipts) == (None, ())
    assert len(asked) > 3


# Gas


def split_of_two() -> Split:
    return Split([(ids.wallet(ALICE), 1), (ids.wallet(BOB), 2)])


@pytest.mark.parametrize("payee", [None, ALICE, split_of_two()], ids=["self", "wallet", "split"])
@pytest.mark.parametrize("count", [1, 2, 63, 700, SLICE, SLICE + 1])
def test_the_gas_that_is_known_beforehand_is_enough_and_not_much_more(
    k: LocalKiseki, artist: Kiseki, terms: Terms, count: int, payee: Any
) -> None:
    """EIP-7623 and EIP-7825: measured on the chain, with the limit each transaction had."""
    (kept,) = artist.data.prepare_all(entries(count), terms, payee=payee)
    (done,) = artist.data.register_all([kept])
    assert done.error is None
    for each in done.receipts:
        sent = k.session.w3.eth.get_transaction(each.transaction)  # type: ignore[arg-type]
        limit = sent["gas"] / fees.SPARE_GAS
        assert fees.calldata_gas(bytes(sent["input"])) <= each.gas
        assert each.gas - 2 <= limit <= 1.25 * each.gas
        assert sent["gas"] <= fees.MOST_GAS


def test_a_slice_and_its_proof_fit_what_mempools_take(k: LocalKiseki, terms: Terms) -> None:
    (kept,) = k.data.prepare_all(entries(SLICE + 1), terms)
    group = Group(kept, kept_parts(store_of(k), kept))
    first, _ = registering.publications(k._wallet, group)
    room = k._wallet.sender.room(first)
    # A proof above a slice has as many hashes as the number of slices has binary digits.
    assert room > 32 * 20, "not enough for four thousand million IDs"


def test_a_dry_run_says_what_it_would_take_and_sends_nothing(
    k: LocalKiseki, tmp_path: Path
) -> None:
    """Also with terms that are not on record, and slices of what is not committed yet."""
    dry = Kiseki.connect(
        k.url, k._wallet.signer, secrets=store_of(k), journal=tmp_path / "journal", rehearses=True
    )
    terms, before = Terms.of("train", royalty="33%"), blocks(k)
    kept = dry.data.prepare_all(entries(SLICE + 1), terms)
    kept += dry.data.prepare_all(entries(10, [ALICE, BOB]), terms)
    told = Totals.of(dry.data.register_all(kept))
    assert (told.sent, told.failed, told.transactions) == (3, (), 6)
    assert blocks(k) == before
    real = Totals.of(k.data.register_all(kept))
    assert (real.sent, real.transactions) == (3, 6)
    assert real.gas <= told.gas <= 1.1 * real.gas
