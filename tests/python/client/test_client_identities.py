"""Artists without wallets, and payees without ether: what they are owed waits, or goes where they
signed (promise 4, invariant 3)."""

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account
from web3 import Web3

from kiseki import Kiseki, LocalKiseki, Payee, Split, Terms
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.revenue import redirects
from kiseki.core import ids
from kiseki.errors import ContractReverted, InvalidInput, SigningError

from ..conftest import Folder

DAYS = 24 * 3600
ARTIST = account_of(1).address
TO = Web3.to_checksum_address("0x" + "71" * 20)


def half(payee: Payee, other: str) -> Split:
    return Split([(payee.key, 1), (ids.wallet(other), 1)])


# Identities


def test_nobody_is_paid_as_person_zero(k: LocalKiseki, tmp_path: Path) -> None:
    """A program that found no artist writes zeros, and all of them would be one."""
    nobody = f"{k.address}:0x{'00' * 32}"
    with pytest.raises(InvalidInput, match="the person is zero, which is nobody"):
        k.identities.payee(bytes(32))
    with pytest.raises(InvalidInput, match="the person is zero, which is nobody"):
        k.payee(nobody)
    (tmp_path / "a.svg").write_bytes(b"a drawing of nobody's")
    (tmp_path / "list.csv").write_text(f"file,artist\na.svg,{nobody}\n")
    with pytest.raises(InvalidInput, match="the person is zero, which is nobody"):
        k.data.prepare_all(tmp_path / "list.csv", Terms.of("train", "0%"))


def test_what_an_artist_without_a_wallet_earns_waits_for_them(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki
) -> None:
    person = k.identities.person("  somebody who draws cuts ")
    assert person == k.identities.person("somebody who draws cuts")
    split = half(k.identities.payee(person), k.address)
    k.revenue.publish(split)
    buyer.revenue.pay(split, 1_001)
    k.revenue.claim()
    assert stranger.revenue.owed(ARTIST) == []
    k.identities.bind({person: ARTIST})
    assert k.identities.status(person).wallet == ARTIST
    assert not k.identities.status(person).final
    assert stranger.revenue.owed(ARTIST) == [], "not before its time"
    k.wait(7 * DAYS)
    assert k.identities.status(person).final
    assert [each.amount for each in stranger.revenue.owed(ARTIST)] == [500]
    before = k.balance(of=ARTIST)
    done = stranger.revenue.claim(ARTIST)
    assert done.failures == ()
    assert k.balance(of=ARTIST) - before == 500
    assert k.index.balance("0x" + "00" * 20).exact
    assert stranger.revenue.claim(ARTIST).receipts == ()


def test_many_are_bound_at_once_and_again_sends_nothing_new(k: LocalKiseki) -> None:
    wallets = {
        k.identities.person(f"artist {n}"): Web3.to_checksum_address(f"0x{n + 1:040x}")
        for n in range(300)
    }
    first = k.identities.bind(wallets)
    assert len(first) == 2
    again = k.identities.bind(wallets)
    assert all(not each.logs for each in again)
    for person, wallet in list(wallets.items())[::50]:
        assert k.identities.status(person).wallet == wallet


def test_it_is_corrected_withdrawn_and_then_final(k: LocalKiseki) -> None:
    person = k.identities.person("somebody")
    k.identities.bind({person: TO})
    k.identities.bind({person: ARTIST})
    assert k.identities.status(person).wallet == ARTIST
    k.identities.withdraw([person])
    assert k.identities.status(person) == k.identities.status(k.identities.person("nobody"))
    k.identities.bind({person: ARTIST})
    k.wait(7 * DAYS)
    with pytest.raises(ContractReverted, match=r"Identities_Final.* nobody can change it"):
        k.identities.bind({person: TO})


def test_a_relay_submits_what_the_issuer_signed(k: LocalKiseki, stranger: Kiseki) -> None:
    person = k.identities.person("somebody")
    (signed,) = k.identities.sign({person: ARTIST})
    stranger.identities.bind_for([signed])
    assert stranger.identities.status(person, k.address).wallet == ARTIST
    assert stranger.identities.status(person).wallet is None
    stranger.identities.bind_for([signed])  # which changes nothing, and does not fail


def test_what_waits_for_somebody_who_is_not_bound_can_be_told(
    k: LocalKiseki, buyer: Kiseki
) -> None:
    person = k.identities.person("somebody")
    payee = k.identities.payee(person)
    buyer.revenue.pay(payee, 700)
    index = k.index
    assert index.add_identity(k.address, person) == payee.key
    assert index.identity(k.address, person) is None
    (account,) = index.balance("0x" + "00" * 20).accounts
    assert (account.kind, account.held) == ("subject", 700)


def test_nothing_of_who_they_are_is_on_the_chain(k: LocalKiseki) -> None:
    """Invariant 7: the same person with another salt is another hash."""
    other = k.using(account_of(5))
    assert k.identities.person("somebody") != other.identities.person("somebody")
    with pytest.raises(InvalidInput, match="tells them apart"):
        k.identities.person("   ")


def test_who_vouches_for_an_issuer_is_on_record(k: LocalKiseki, stranger: Kiseki) -> None:
    receipt = stranger.identities.vouch(k.address, b"\x01" * 32)
    (event,) = k.session.events(receipt)
    assert (event.name, event.args["speaker"]) == ("Stated", stranger.address)
    assert event.args["subject"] == ids.wallet(k.address)


# Redirects


@pytest.fixture
def owed(k: LocalKiseki, buyer: Kiseki) -> Kiseki:
    """A wallet that is owed 500 wei of ether and 50 of a token, and has no ether."""
    poor = k.using(Account.from_key("0x" + "5a" * 32))
    split = half(Payee.of(poor.address), k.address)
    k.revenue.publish(split)
    buyer.revenue.pay(split, 1_000)
    token = k.test_token()
    k.mint(token, buyer.address, 100)
    buyer.revenue.pay(split, 100, token)
    assert poor.balance() == 0
    return poor


def test_a_payee_without_ether_is_paid_where_it_signed(
    k: LocalKiseki, owed: Kiseki, stranger: Kiseki, tmp_path: Path
) -> None:
    signed = owed.revenue.redirection(TO)
    path = tmp_path / "redirect.json"
    redirects.LETTER.write(path, signed)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    done = stranger.revenue.claim(redirections=[redirects.LETTER.read(path)])
    assert {(e.payee, e.to, e.amount) for e in done.redirected} == {
        (owed.address, TO, 500),
        (owed.address, TO, 50),
    }
    (amounts,) = done.amounts.values()
    assert sorted(amounts.values()) == [50, 500]
    assert k.balance(of=TO) == 500
    assert owed.balance() == 0
    assert k.index.balance("0x" + "00" * 20).exact
    assert stranger.revenue.claim(redirections=[signed]).receipts == ()


def test_a_provider_who_is_paid_through_a_collection_is_paid_where_it_signed(
    k: LocalKiseki, artist: Kiseki, buyer: Kiseki, stranger: Kiseki, folder: Folder
) -> None:
    """Invariant 3; what is told is what the chain logged, not what was asked for."""
    made = artist.data.register(
        folder("drawings", {"one.png": b"1"}), artist.data.define_terms("train", "0%")
    )
    subject = Payee.subject(k.session["DataRegistry"].address, made.id)
    split = half(subject, k.address)
    k.revenue.publish(split)
    buyer.revenue.pay(split, 1_000)
    before = artist.balance()
    done = stranger.revenue.claim(redirections=[artist.revenue.redirection(TO)])
    assert [(e.payee, e.to, e.amount) for e in done.redirected] == [(artist.address, TO, 500)]
    assert done.amounts == {artist.address: {"0x" + "00" * 20: 500}}
    assert k.balance(of=TO) == 500
    assert artist.balance() == before


def test_a_redirect_counts_for_less_than_the_thirty_days_of_the_contract(owed: Kiseki) -> None:
    for days in (0, 30, 365):
        with pytest.raises(InvalidInput, match="1 to 29 days"):
            owed.revenue.redirection(TO, days)
    owed.revenue.redirection(TO, 29)


def test_others_are_paid_as_ever_beside_it(k: LocalKiseki, owed: Kiseki, stranger: Kiseki) -> None:
    before = k.balance()
    done = stranger.revenue.claim(
        [k.address, owed.address], redirections=[owed.revenue.redirection(TO)]
    )
    assert set(done.amounts) == {k.address, owed.address}
    assert k.balance() - before == 500
    assert k.balance(of=TO) == 500


def test_a_redirect_that_was_cancelled_or_ran_out_pays_nobody_else(
    k: LocalKiseki, owed: Kiseki, stranger: Kiseki
) -> None:
    signed = owed.revenue.redirection(TO, days=1)
    k.wait(2 * DAYS)
    with pytest.raises(ContractReverted, match="Signed_Expired"):
        stranger.revenue.claim(redirections=[signed])
    assert owed.balance() == 0
    assert [each.amount for each in stranger.revenue.owed(owed.address)] == [500, 50]


def test_what_is_no_redirect_or_another_s_is_refused(owed: Kiseki, tmp_path: Path) -> None:
    path = tmp_path / "redirect.json"
    redirects.LETTER.write(path, owed.revenue.redirection(TO))
    given = json.loads(path.read_text())
    assert TO.lower() in given["kiseki"]["words"].lower()

    def write(document: object) -> Path:
        other = tmp_path / "other.json"
        other.write_text(json.dumps(document))
        return other

    for name, value in (("to", ARTIST.lower()), ("nonce", "5"), ("deadline", "99999999999")):
        wrong = given | {"message": given["message"] | {name: value}}
        with pytest.raises(SigningError, match="the signature is not"):
            redirects.LETTER.read(write(wrong))
    for wrong in ([], {}, given | {"primaryType": "Consent"}, given | {"kiseki": 5}):
        with pytest.raises(InvalidInput, match="is no redirect"):
            redirects.LETTER.read(write(wrong))


# Lists that are not on the chain


def test_a_published_list_owes_what_it_says(
    k: LocalKiseki, buyer: Kiseki, stranger: Kiseki, tmp_path: Path
) -> None:
    """Promise 4: also when the money comes through another split, and in several tokens."""
    inner = Split(
        [(ids.wallet(ARTIST), 3), *((ids.wallet(f"0x{n + 1:040x}"), 1) for n in range(200))]
    )
    (tmp_path / inner.filename).write_text(inner.to_json())
    (tmp_path / "notes.txt").write_text("not a list")
    outer = half(Payee.of(inner), k.address)
    k.revenue.publish(outer)
    buyer.revenue.pay(outer, 2_030)
    buyer.revenue.pay(inner, 2_030)
    assert stranger.revenue.owed(ARTIST) == []
    (owed,) = stranger.revenue.owed(ARTIST, tmp_path)
    assert (owed.amount, owed.now, owed.leaf) == (3_045 * 3 // 203, 30, 0)
    before = k.balance(of=ARTIST)
    done = stranger.revenue.claim(ARTIST, lists=tmp_path)
    assert done.amounts == {ARTIST: {"0x" + "00" * 20: 45}}
    assert k.balance(of=ARTIST) - before == 45
    assert stranger.revenue.claim(ARTIST, lists=[tmp_path / inner.filename]).receipts == ()


def test_artists_without_wallets_stand_in_lists(k: LocalKiseki, tmp_path: Path) -> None:
    person = k.identities.person("somebody")
    who = f"{k.address}:0x{person.hex()}"
    source = tmp_path / "list.csv"
    source.write_text(f"sha256,artist\n{'11' * 32},{who}\n{'22' * 32},{ARTIST}\n")
    terms = k.data.define_terms("train", royalty="10%")
    kept = k.data.prepare_all(source, terms)
    payees = {k.identities.payee(person).key, ids.wallet(ARTIST)}
    assert {each.payee.key for each in kept} == payees
    assert all(each.error is None for each in k.data.register_all(kept))
    with pytest.raises(InvalidInput, match="can be paid and cannot consent"):
        k.data.prepare_all(source, terms, artists="providers")
