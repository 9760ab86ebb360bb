"""Many collections are registered at once; interrupted anywhere, nothing is sent twice (8)."""

import itertools
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiseki import ContractReverted, Kiseki, LocalKiseki, Split, Terms
from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending import fees, sender
from kiseki.chain.sending.outcome import Outcome, Receipt
from kiseki.client.data import registering
from kiseki.client.data.group import Group, kept_parts
from kiseki.client.data.registering import Totals
from kiseki.core import ids
from kiseki.core.collection import Kept
from kiseki.core.merkle import SLICE
from kiseki.core.payee import Payee
from kiseki.errors import InvalidInput
from kiseki.vault.keystore import KeyStore

from ..conftest import Picky
from .conftest import ALICE, BOB, digest, entries, store_of


def blocks(k: Kiseki) -> int:
    return int(k.session.w3.eth.block_number)


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
    kept = k.data.prepare_all(listed, Terms.of("train", "0%"))
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
    assert "set-payee" in str(errors[0])
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
    cheap, dear = Terms.of("train", "0%"), Terms.of("train", royalty="30%")
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
    asked = Picky(k, monkeypatch, 3).asked
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
