"""A relay pays gas for people without ether: what they signed, once, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests.python.passkey import Passkey
from tests.python.web.relaying import TO, Desk, done, rounds, told, until

from kiseki import LocalKiseki, Split, Terms
from kiseki.chain.release.releases import addresses
from kiseki.client.accounts import recoveries
from kiseki.client.data.registering import terms_tuple
from kiseki.core import accounts, ids
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.errors import InvalidInput
from kiseki.web.relay import Limits, Relay
from kiseki.web.relay.reasons import Reason


@pytest.fixture
def desk(k: LocalKiseki, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(k, tmp_path)
    yield made
    made.close()


@pytest.fixture
def relay(desk: Desk) -> Relay:
    return desk.relay()


# What is relayed


def test_a_consent_of_a_phone_is_registered_and_its_account_made(desk: Desk, relay: Relay) -> None:
    """Promise 1, for an artist who has no wallet and no ether."""
    consent = desk.consent()
    ticket = relay.consent(consent)
    before = told(relay, ticket)
    assert (before.state, before.said) == ("waiting", before.said)
    assert "It is sent in a moment." in before.said
    after = done(relay, ticket)
    assert after.hash is not None and after.block is not None
    assert desk.k.index.collections(desk.account)[0].id == consent.kept.id
    assert desk.k.accounts.state(desk.account).keys == (desk.phone.key,)
    assert desk.k.index.collection(consent.kept.id).complete, "its commitments are logged"
    sent = desk.nonce()
    assert relay.consent(consent) == replace(ticket, new=False)
    rounds(relay)
    assert desk.nonce() == sent


def test_terms_that_are_not_on_record_are_put_there_first(desk: Desk, relay: Relay) -> None:
    """What each step needs is there when it is sent."""
    consent = desk.asked(desk.account, terms=Terms.of("train", "7%"))
    signed = desk.phone.sign_for(desk.account, consent.message)
    desk.k.accounts.create(desk.phone.key)
    ticket = relay.consent(replace(consent, signature=signed))
    before = desk.nonce()
    done(relay, ticket)
    assert desk.nonce() == before + 2
    assert desk.k.index.collection(consent.kept.id).terms_id == consent.kept.terms.id


def test_a_revocation_is_in_force_only_once_it_is_in_a_block(desk: Desk, relay: Relay) -> None:
    """Promise 2."""
    artist = desk.k.wallet(1)
    prepared = artist.data.prepare(_files(desk.folder), desk.k.data.define_terms("train", "20%"))
    artist.data.register(prepared)
    ticket = relay.revocation(artist.data.revocation(prepared.id))
    assert "The revocation is not in force." in told(relay, ticket).said
    assert "この撤回は、まだ効力を生じていません。" in told(relay, ticket).words("ja")
    done(relay, ticket)
    assert "not in force" not in told(relay, ticket).said
    assert desk.k.session["DataRegistry"].read("status", prepared.id)["revokedAt"]


def test_an_account_moves_its_money_where_that_is_worth_the_gas(desk: Desk, relay: Relay) -> None:
    """Promise 4. The account is made on the way."""
    desk.fund(10**17, desk.account)
    operation, signed = desk.operation(desk.transfer(10**16))
    before = desk.k.balance(of=TO)
    done(relay, relay.operation(operation, signed, desk.phone.key))
    assert desk.k.balance(of=TO) - before == 10**16
    poor, signed = desk.operation(desk.transfer(10**9))
    ticket = relay.operation(poor, signed)
    rounds(relay)
    assert told(relay, ticket).state == "refused"
    assert "three times the gas" in told(relay, ticket).said


def test_an_artist_revokes_by_the_phone_and_changes_keys(desk: Desk, relay: Relay) -> None:
    """Only accounts whose consent the studio registered have gas paid for what moves no money."""
    own = desk.k.accounts.own(desk.account, "addKey", bytes.fromhex(TO[2:]))
    early = desk.operation(own)
    ticket = relay.operation(*early, desk.phone.key)
    rounds(relay)
    assert "only for artists" in told(relay, ticket).said
    desk.known(relay)
    collection = desk.k.index.collections(desk.account)[0].id
    revoke = desk.k.session["DataRegistry"].call("revoke", collection)
    done(relay, relay.operation(*desk.operation(own, revoke)))
    assert len(desk.k.accounts.state(desk.account).keys) == 2
    assert desk.k.session["DataRegistry"].read("status", collection)["revokedAt"]


def test_what_somebody_is_owed_is_claimed_where_that_is_worth_the_gas(
    desk: Desk, relay: Relay
) -> None:
    """Promise 4; of tokens, those that the operator lists."""
    desk.known(relay)
    token = desk.k.test_token()
    desk.income(10**21, token)
    ticket = relay.claim(desk.account)
    rounds(relay)
    assert "three times the gas" in told(relay, ticket).said, "the token is not listed"
    desk.income(10**16)
    done(relay, relay.claim(desk.account))
    assert desk.k.balance(of=desk.account) == 10**16
    assert desk.k.balance(token, desk.account) == 0
    listing = desk.again(Limits(tokens={token: Fraction(1, 1000)}))
    done(listing, listing.claim(desk.account))
    assert desk.k.balance(token, desk.account) == 10**21


def test_a_claim_of_much_goes_in_parts_and_dust_does_not_spoil_it(desk: Desk) -> None:
    """Anybody can owe anybody next to nothing, many times."""
    buyer, least = desk.k.wallet(4), 10**15
    for number in range(14):
        split = Split.joint({ids.wallet(desk.account): 1, ids.wallet(f"0x{number + 9:040x}"): 1})
        desk.k.revenue.publish_missing(split)
        buyer.revenue.pay(split, 2 * (least if number % 2 else 10**9))
    relay = desk.relay(Limits(gas=300_000))
    before = desk.nonce()
    done(relay, relay.claim(desk.account))
    assert desk.k.balance(of=desk.account) == 7 * least
    assert desk.nonce() - before == 2
    again = relay.claim(desk.account)
    rounds(relay)
    assert told(relay, again).reason is Reason.WORTH
    tiny = desk.again(Limits(gas=1_000))
    buyer.revenue.pay(split, 2 * least)
    ticket = tiny.claim(desk.account)
    rounds(tiny)
    assert told(tiny, ticket).reason is Reason.GAS


def test_many_wait_for_one_block_together(desk: Desk, relay: Relay) -> None:
    """A visitor is answered at once, and a thread sends."""
    phones = [Passkey() for _ in range(5)]
    tickets = [relay.consent(desk.consent(str(n), phone)) for n, phone in enumerate(phones)]
    relay.start()
    until(lambda: all(told(relay, each).is_over for each in tickets))
    assert {told(relay, each).state for each in tickets} == {"done"}


def test_an_account_claims_and_sends_it_on_at_once(desk: Desk, relay: Relay) -> None:
    """As an artist's own page has it: only listed tokens, and worth the gas."""
    desk.known(relay)
    token = desk.k.test_token()
    desk.income(10**16)
    desk.income(10**21, token)
    before = desk.k.balance(of=TO)
    calls = desk.k.revenue.calls(desk.account, {ZERO_ADDRESS: 1})
    done(relay, relay.operation(*desk.operation(*calls, desk.transfer(10**16))))
    assert desk.k.balance(of=TO) - before == 10**16
    other = desk.k.revenue.calls(desk.account, {token: 1})
    ticket = relay.operation(*desk.operation(*other))
    desk.income(10**6)
    little = relay.operation(
        *desk.operation(*desk.k.revenue.calls(desk.account, {ZERO_ADDRESS: 1}))
    )
    rounds(relay)
    assert "what this operation contains" in told(relay, ticket).said, "the token is not listed"
    assert "three times the gas" in told(relay, little).said


# What is refused at once


def test_only_what_this_studio_prepared_is_relayed(desk: Desk, relay: Relay) -> None:
    good = desk.consent()
    other = desk.phone.sign_for(desk.account, desk.asked(desk.account, "x").message)
    kept = replace(good.kept, count=3)
    for wrong, why in (
        (replace(good, kept=kept), "not prepared by this studio"),
        (replace(good, chain_id=1), "for chain 1"),
        (replace(good, signature=None), "not signed"),
        (replace(good, signature=bytes(65)), "somebody else"),
    ):
        with pytest.raises(InvalidInput, match=why):
            relay.consent(wrong)
    ticket = relay.consent(replace(good, signature=other))
    rounds(relay)
    assert told(relay, ticket).state == "refused"
    assert desk.nonce() == 0
    desk.seconds = 400 * 86_400
    with pytest.raises(InvalidInput, match="is over"):
        relay.consent(good)


def test_an_operation_holds_nothing_that_burns_gas_for_nothing(desk: Desk, relay: Relay) -> None:
    desk.known(relay)
    k, token = desk.k, desk.k.test_token()
    factory, splitter = k.session["Accounts"], k.session["RevenueSplitter"]
    for call in (
        desk.transfer(10**18, token),
        factory.call("createAndCall", desk.phone.key, 1, token, b"\1\2\3\4"),
        splitter.call("multicall", [splitter.call("publish", b"", [], []).data], True),
        splitter.call("sweep", bytes(32), b"", ZERO_ADDRESS),
        k.session["DataRegistry"].call("defineTerms", terms_tuple(Terms.of("train", "7%"))),
    ):
        ticket = relay.operation(*desk.operation(call))
        rounds(relay)
        assert "what this operation contains" in told(relay, ticket).said, call.what
    elsewhere, signed = desk.operation()
    domain = {**elsewhere.message["domain"], "chainId": 5}
    with pytest.raises(InvalidInput, match="another chain"):
        relay.operation(replace(elsewhere, message={**elsewhere.message, "domain": domain}), signed)
    with pytest.raises(InvalidInput, match="another account"):
        relay.operation(elsewhere, signed, Passkey().key)


def test_guardians_recover_an_account_of_this_studio_and_no_strangers(
    desk: Desk, relay: Relay
) -> None:
    """Each once, and a completion not before its time."""
    k, new = desk.k, Passkey()
    people = sorted((k.wallet(n) for n in (6, 7)), key=lambda each: each.address.lower())
    desk.known(relay)
    named = k.accounts.own(
        desk.account, "setGuardians", [each.address for each in people], 2, 30 * 86_400
    )
    done(relay, relay.operation(*desk.operation(named)))
    approvals = [each.signed(each.accounts.recovery(desk.account, new.key)) for each in people]
    letters = [json.loads(recoveries.LETTER.to_json(each)) for each in approvals]
    with pytest.raises(InvalidInput, match="16 at most"):
        relay.ask("recovery", '{"approvals": []}')
    few = relay.ask("recovery", json.dumps({"approvals": letters[:1]}))
    rounds(relay)
    assert "not enough guardians" in told(relay, few).detail
    begun = relay.ask("recovery", json.dumps({"approvals": letters}))
    assert relay.ask("recovery", json.dumps({"approvals": letters[::-1]})) == replace(
        begun, new=False
    )
    done(relay, begun)
    turn = k.accounts.state(desk.account).round
    said = {"account": desk.account, "key": to_hex(new.key), "round": str(turn)}
    early = relay.ask("completion", json.dumps(said))
    rounds(relay)
    assert "Account_RecoveryWaits" in told(relay, early).detail
    k.test_money.wait(31 * 86_400)
    desk.seconds += 31 * 86_400
    done(relay, relay.ask("completion", json.dumps(said)))
    assert k.accounts.state(desk.account).keys == (new.key,)
    with pytest.raises(InvalidInput, match="is over; sign it again"):
        relay.ask("recovery", json.dumps({"approvals": letters}))


def test_nobody_has_accounts_made_by_approvals_of_who_is_no_guardian(
    desk: Desk, relay: Relay
) -> None:
    """A signature of an account that is not there can be checked only once it is: so who signed is
    looked at before anything is paid."""
    k, new, nobody, friend = desk.k, Passkey(), Passkey(), desk.k.wallet(6)
    desk.known(relay)
    named = k.accounts.own(desk.account, "setGuardians", [friend.address], 1, 30 * 86_400)
    done(relay, relay.operation(*desk.operation(named)))
    asked = k.accounts.recovery(desk.account, new.key)
    at = k.accounts.address(nobody.key)
    signed = nobody.sign_for(at, asked.message)
    wrapped = accounts.wrapped(addresses()["Accounts"], nobody.key, 0, signed)
    false = replace(asked, signer=at, signature=wrapped, more={"guardian": at})
    letter = json.loads(recoveries.LETTER.to_json(false))
    ticket = relay.ask("recovery", json.dumps({"approvals": [letter]}))
    before = desk.nonce()
    rounds(relay)
    assert "who is no guardian of the account" in told(relay, ticket).detail
    assert desk.nonce() == before and not k.session.node.code(at)


def test_guardians_of_a_strangers_account_pay_for_themselves(desk: Desk, relay: Relay) -> None:
    """Else anybody's account could spend what the studio pays for its artists."""
    k, stranger, new = desk.k, Passkey(), Passkey()
    account, friend = k.accounts.address(stranger.key), k.wallet(6)
    named = k.accounts.own(account, "setGuardians", [friend.address], 1, 30 * 86_400)
    operation = k.accounts.prepare(account, [named])
    k.accounts.relay(operation, stranger.sign(operation.digest), key=stranger.key)
    approval = friend.signed(friend.accounts.recovery(account, new.key))
    letter = json.loads(recoveries.LETTER.to_json(approval))
    asked = relay.ask("recovery", json.dumps({"approvals": [letter]}))
    before = desk.nonce()
    rounds(relay)
    assert (told(relay, asked).reason, desk.nonce()) == (Reason.STRANGER, before)


def _files(folder: Path) -> Path:
    place = folder / "drawings"
    place.mkdir(exist_ok=True)
    (place / "a.svg").write_bytes(b"a drawing")
    return place


def test_ether_is_listed_always() -> None:
    assert Limits().worth(ZERO_ADDRESS, 7) == 7
    assert Limits().worth(TO, 7) is None
    with pytest.raises(InvalidInput, match="more than nothing"):
        Limits(tokens={TO: Fraction(0)})
