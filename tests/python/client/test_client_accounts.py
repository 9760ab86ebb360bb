"""Accounts of people who have no wallet: a passkey consents, is paid, and moves its money."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.python.passkey import PRESENT, Passkey

from kiseki import Kiseki, LocalKiseki, Split
from kiseki.chain.contract.contracts import Call
from kiseki.chain.release.releases import addresses
from kiseki.chain.signing.accounts import local_account
from kiseki.client import signedfiles
from kiseki.client.accounts.operations import understood
from kiseki.client.data.consents import Consent
from kiseki.client.revenue import redirects
from kiseki.client.wallet import Signed
from kiseki.core import accounts, ids, passkeys, typed
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO_ADDRESS, to_hex
from kiseki.errors import ContractReverted, InvalidInput, SigningError
from kiseki.vault.lists import Entry

from ..conftest import ask

TO = "0x" + "71" * 20
GUARDIANS = sorted((local_account(n) for n in (6, 7, 8)), key=lambda each: each.address.lower())
DAY = 24 * 3600


@pytest.fixture(scope="module", params=["prague", "osaka"])
def fork(request: pytest.FixtureRequest) -> Iterator[LocalKiseki]:
    """A chain without, and one with the precompile of EIP-7951."""
    with Kiseki.local(options=("--hardfork", request.param)) as made:
        answer = made.session.node.one("eth_call", {"to": "0x" + "00" * 18 + "0100",
            "data": "0x" + PRECOMPILED}, "latest")  # fmt: skip
        assert (answer != "0x") is (request.param == "osaka")
        yield made


# A signature that is right, of Wycheproof: the precompile answers 1, and nobody nothing.
PRECOMPILED = (
    "bb5a52f42f9c9261ed4361f59422a1e30036e7c32b270c8807a419feca605023"
    + f"{5:064x}{1:064x}"
    + "a71af64de5126a4a4e02b7922d66ce9415ce88a4c9d25514d91082c8725ac957"
    + "5d47723c8fbe580bb369fec9c2665d8e30a435b9932645482e7c9f11e872296b"
)


def consents(k: Kiseki, at: str, folder: Path, count: int = 3, more: str = "") -> Path:
    """A consent file about works of whoever has the account."""
    terms = k.data.define_terms("train", royalty="20%")
    entries = (
        Entry("", keccak256(f"{more}{n}".encode()), b"", f"{n}.png", at.lower())
        for n in range(count)
    )
    (path,) = k.data.consents.prepare(
        k.data.prepare_all(entries, terms, artists="providers"), folder
    )
    return path


def sign(path: Path, phone: Passkey, number: int = 0, *, wraps: bool = True) -> Consent:
    """As a page does: the phone signs, and the file says how the account is made."""
    consent = Consent.read(path)
    signed = phone.sign_for(consent.asked, consent.message)
    if wraps:
        signed = accounts.wrapped(addresses()["Accounts"], phone.key, number, signed)
    done = replace(consent, signature=signed)
    path.write_text(done.to_json())
    return done


def test_five_taps_consent_and_the_same_passkey_is_paid(fork: LocalKiseki, tmp_path: Path) -> None:
    """Promise 4, for who has no wallet, no ether and no node."""
    phone, k = Passkey(), fork
    at = k.accounts.address(phone.key)
    path = consents(k, at, tmp_path)
    consent = sign(path, phone)
    (done,) = k.data.consents.submit(tmp_path)
    assert (done.problem, len(done.result.receipts if done.result else ())) == ("", 1)
    assert k.accounts.state(at).keys == (phone.key,)
    assert k.session.index.collections(at.lower())[0].id == consent.kept.id
    # Somebody pays for its works, and anybody brings that to the account.
    k.wallet(4).revenue.pay(k.payee(to_hex(consent.kept.id)), 10**18)
    k.wallet(5).revenue.claim(at)
    assert k.accounts.state(at).ether == 10**18
    operation = k.accounts.prepare(at, [k.accounts.transfer(ZERO_ADDRESS, TO, 4 * 10**17)])
    assert operation.words()[0] == f"Send 0.4 ETH to {TO}."
    before = k.session.node.balance(TO)
    k.wallet(5).accounts.relay(operation, phone.sign(operation.digest))
    assert k.session.node.balance(TO) - before == 4 * 10**17
    with pytest.raises(ContractReverted, match="Account_NonceUsed"):
        k.accounts.relay(operation, phone.sign(operation.digest))
    assert next(k.data.consents.submit(tmp_path)).problem == ""


@pytest.fixture
def phone() -> Passkey:
    return Passkey()


@pytest.fixture
def at(k: LocalKiseki, phone: Passkey) -> str:
    """Its account, which is there."""
    k.accounts.create(phone.key)
    return k.accounts.address(phone.key)


def relay(k: Kiseki, at: str, phone: Passkey, *calls: Call) -> Any:
    operation = k.accounts.prepare(at, calls)
    return k.accounts.relay(operation, phone.sign(operation.digest))


# Making


def test_the_address_is_what_the_contract_says(k: LocalKiseki, phone: Passkey) -> None:
    factory = k.session["Accounts"]
    for key in (phone.key, bytes.fromhex(TO[2:])):
        for number in (0, 7, 2**256 - 1):
            found = factory.read("addressOf", key, number)
            assert k.accounts.address(key, number) == found
    assert k.accounts.address(TO) == k.accounts.address(bytes.fromhex(TO[2:]))


def test_it_is_made_once(k: LocalKiseki, stranger: Kiseki, phone: Passkey) -> None:
    assert stranger.accounts.create(phone.key) is not None
    assert k.accounts.create(phone.key) is None
    assert k.accounts.create(phone.key, 1) is not None


def test_an_account_that_is_not_there_is_made_on_the_way(k: LocalKiseki, phone: Passkey) -> None:
    at = k.accounts.address(phone.key, 3)
    with pytest.raises(InvalidInput, match="there is no account at"):
        k.accounts.state(at)
    k.session.node.one("anvil_setBalance", at, hex(10))
    operation = k.accounts.prepare(at, [k.accounts.transfer(ZERO_ADDRESS, TO, 4)])
    signed = phone.sign(operation.digest)
    with pytest.raises(InvalidInput, match="make it first, or name its key"):
        k.accounts.relay(operation, signed)
    with pytest.raises(InvalidInput, match="the account of this key is"):
        k.accounts.relay(operation, signed, key=phone.key)
    k.accounts.relay(operation, signed, key=phone.key, number=3)
    assert k.accounts.state(at).ether == 6


def test_what_is_no_account_is_none(k: LocalKiseki, phone: Passkey) -> None:
    for other in (k.session["Accounts"].address, k.session["Account"].address):
        with pytest.raises(InvalidInput, match="Kiseki's contract"):
            k.accounts.state(other)
    hostile = k.accounts.address(phone.key, 9)
    ask(k, "anvil_setCode", hostile, "0x600160005260206000f3")
    with pytest.raises(InvalidInput, match="another contract is there"):
        k.accounts.state(hostile)


# Acting


def test_another_key_and_another_chain_are_refused(k: LocalKiseki, at: str) -> None:
    operation = k.accounts.prepare(at, [])
    with pytest.raises(ContractReverted, match="Account_WrongSignature"):
        k.accounts.relay(operation, Passkey().sign(operation.digest))
    message = operation.message
    elsewhere = {**message, "domain": {**message["domain"], "chainId": 5}}
    with pytest.raises(InvalidInput, match="for chain 5"):
        k.accounts.relay(replace(operation, message=elsewhere), b"")


def test_a_call_that_fails_is_named_with_its_reason(
    k: LocalKiseki, at: str, phone: Passkey
) -> None:
    revoke = k.session["DataRegistry"].call("revoke", bytes(32))
    with pytest.raises(ContractReverted, match="DataRegistry_UnknownCollection"):
        relay(k, at, phone, k.accounts.transfer(ZERO_ADDRESS, TO, 0), revoke)


def test_tokens_leave_it_and_an_empty_operation_cancels(
    k: LocalKiseki, at: str, phone: Passkey
) -> None:
    token = k.test_money.token()
    k.test_money.mint(token, at, 70)
    first = k.accounts.prepare(at, [k.accounts.transfer(token, TO, 7)])
    assert first.words()[0] == f"Send 7 base units of the token {token} to {TO}."
    none = typed.execute(
        k.session.chain_id, at, calls=[], nonce=first.nonce, deadline=first.deadline
    )
    cancelling = replace(first, message=none)
    assert cancelling.words()[0] == "Nothing is done: an earlier signature is cancelled."
    k.accounts.relay(cancelling, phone.sign(cancelling.digest))
    with pytest.raises(ContractReverted, match="Account_NonceUsed"):
        k.accounts.relay(first, phone.sign(first.digest))
    relay(k, at, phone, k.accounts.transfer(token, TO, 7))
    assert k.balance(token, TO) == 7


def test_every_operation_is_told_from_its_calls(k: LocalKiseki, at: str, phone: Passkey) -> None:
    """Promise 8: not from what whoever prepared it says."""
    people = [each.address for each in GUARDIANS]
    own, revoke = k.accounts.own, k.session["DataRegistry"].call("revoke", bytes(31) + b"\x07")
    lying = replace(revoke, what="DataRegistry.setPayee")
    unknown = Call(TO, b"\x01\x02\x03\x04", 5, "nothing at all")
    operation = k.accounts.prepare(at, [
        own(at, "addKey", bytes.fromhex(TO[2:])), own(at, "removeKey", phone.key), lying,
        own(at, "setGuardians", people, 2, 45 * DAY), own(at, "setGuardians", [], 0, 0),
        own(at, "stopRecovery"), unknown,
    ])  # fmt: skip
    key = f"{phone.key[:4].hex()}…{phone.key[-4:].hex()}"
    assert operation.words()[:-1] == [
        f"From now on the wallet {TO} signs for this account, too.",
        f"From now on the passkey 0x{key} signs for this account no more.",
        f"Revoke the consent to the collection 0x{7:064x}. It ends after its notice; what was "
        "registered before stays as it was.",
        f"Guardians of this account are {people[0]}, {people[1]} and {people[2]}. 2 of them "
        "together can give it a new key; that takes 45 days, in which you can stop it.",
        "This account has no guardians any more.",
        "A recovery that guardians began is stopped.",
        f"Call the contract {TO}, which Kiseki does not know, with 0.000000000000000005 ETH and "
        f"data whose hash is {to_hex(keccak256(unknown.data))}. Nobody can tell you here what that "
        "does.",
    ]
    assert len(operation.words("ja")) == 8
    assert not set(operation.words("ja")) & set(operation.words())
    for wrong in (b"\xff" * 4, revoke.data[:20]):
        with pytest.raises(InvalidInput):
            k.accounts.prepare(at, [Call(revoke.to, wrong, 0, "")])
    with pytest.raises(InvalidInput, match="never calls its own"):
        own(at, "execute")
    with pytest.raises(InvalidInput, match="at most 100"):
        k.accounts.prepare(at, [revoke] * 101)


# Keys, and guardians (docs/glossary.md)


def test_a_wallet_becomes_a_second_key(k: LocalKiseki, at: str, phone: Passkey) -> None:
    """A passkey is bound to the name of its site, and a site can go away."""
    wallet = local_account(9)
    relay(k, at, phone, k.accounts.own(at, "addKey", bytes.fromhex(wallet.address[2:])))
    assert len(k.accounts.state(at).keys) == 2
    operation = k.accounts.prepare(at, [k.accounts.own(at, "removeKey", phone.key)])
    signature = wallet.sign_typed_data(full_message=operation.message).signature
    k.accounts.relay(operation, accounts.signature(bytes.fromhex(wallet.address[2:]), signature))
    assert k.accounts.state(at).keys == (bytes.fromhex(wallet.address[2:]),)


def guarded(k: Kiseki, at: str, phone: Passkey) -> None:
    people = [each.address for each in GUARDIANS]
    relay(k, at, phone, k.accounts.own(at, "setGuardians", people, 2, 30 * DAY))


def approvals(k: Kiseki, at: str, key: bytes, *which: int) -> list[Signed]:
    asked = k.accounts.recovery(at, key)
    return [
        replace(
            asked, signer=GUARDIANS[n].address,
            signature=bytes(GUARDIANS[n].sign_typed_data(full_message=asked.message).signature),
        )
        for n in which
    ]  # fmt: skip


def test_guardians_give_a_new_key_to_who_lost_theirs(
    k: LocalKiseki, stranger: Kiseki, at: str, phone: Passkey
) -> None:
    guarded(k, at, phone)
    state = k.accounts.state(at)
    assert (state.guardians, state.threshold, state.wait, state.round) == (
        tuple(each.address for each in GUARDIANS), 2, 30 * DAY, 1,
    )  # fmt: skip
    new = Passkey()
    with pytest.raises(ContractReverted, match="Account_TooFewApprovals"):
        stranger.accounts.recover(approvals(k, at, new.key, 1))
    stranger.accounts.recover(reversed(approvals(k, at, new.key, 0, 2)))
    opened = k.accounts.state(at).recovery
    assert opened is not None
    assert (opened.key, opened.since > k.session.now() + 29 * DAY) == (new.key, True)
    with pytest.raises(ContractReverted, match="Account_RecoveryWaits"):
        stranger.accounts.complete(at)
    k.wait(30 * DAY)
    stranger.accounts.complete(at)
    assert (k.accounts.state(at).keys, k.accounts.state(at).recovery) == ((new.key,), None)
    relay(k, at, new)
    with pytest.raises(ContractReverted, match="Account_WrongSignature"):
        relay(k, at, phone)


def test_an_owner_stops_guardians(k: LocalKiseki, at: str, phone: Passkey) -> None:
    guarded(k, at, phone)
    new = Passkey()
    stale = approvals(k, at, new.key, 0, 1)
    k.accounts.recover(approvals(k, at, new.key, 0, 1))
    relay(k, at, phone, k.accounts.own(at, "stopRecovery"))
    assert k.accounts.state(at).recovery is None
    with pytest.raises(ContractReverted, match="Account_WrongRound"):
        k.accounts.recover(stale)
    with pytest.raises(InvalidInput, match="one and the same message"):
        k.accounts.recover([*stale, *approvals(k, at, new.key, 2)])
    with pytest.raises(InvalidInput, match="one and the same message"):
        k.accounts.recover([])


# An account as a key of another: its signature is nested in that of the other.


def test_an_account_signs_for_another_account(k: LocalKiseki, at: str, phone: Passkey) -> None:
    inner = Passkey()
    k.accounts.create(inner.key)
    friend = k.accounts.address(inner.key)
    relay(k, at, phone, k.accounts.own(at, "addKey", bytes.fromhex(friend[2:])))
    operation = k.accounts.prepare(at, [])
    signed = inner.sign_for(friend, operation.message)
    k.accounts.relay(operation, accounts.signature(bytes.fromhex(friend[2:]), signed))


# Signatures of accounts that are not there yet (ERC-6492)


def problem(k: Kiseki, path: Path) -> str:
    return next(k.data.consents.submit(path)).problem


def test_a_consent_makes_its_account_and_what_spoils_it_is_said(
    k: LocalKiseki, phone: Passkey, tmp_path: Path
) -> None:
    at = k.accounts.address(phone.key)
    path = consents(k, at, tmp_path)
    consent = Consent.read(path)
    right = phone.sign_for(at, consent.message)
    factory = addresses()["Accounts"]

    def given(signature: bytes) -> str:
        path.write_text(replace(consent, signature=signature).to_json())
        return problem(k, path)

    other = consents(k, at, tmp_path / "other", more="other")
    elsewhere = phone.sign_for(at, Consent.read(other).message)
    wrap = accounts.wrapped
    assert "signed by nobody" in given(right), "of nobody knows what, until it is there"
    assert "and not of" in given(wrap(factory, phone.key, 1, right)), "another number"
    assert "and not of" in given(wrap(factory, Passkey().key, 0, right)), "another key"
    assert "have it made there first" in given(wrap(TO, phone.key, 0, right)), "another factory"
    assert "something else" in given(wrap(factory, phone.key, 0, elsewhere)), "another consent"
    assert "something else" in given(wrap(factory, phone.key, 0, b"x")), "nonsense"
    assert "is damaged" in given(b"x" * 70 + bytes.fromhex("6492" * 16))
    strangers = Passkey().sign_for(at, consent.message)
    assert "Signed_WrongSignature" in given(wrap(factory, phone.key, 0, strangers))
    assert k.session.node.code(at) == b"", "nothing was sent"
    assert given(wrap(factory, phone.key, 0, right)) == ""
    # The file of an account that is there by now needs no wrapping, and may have it.
    assert problem(k, sign_file(other, phone, wraps=False)) == ""
    last = consents(k, at, tmp_path / "last", more="last")
    assert problem(k, sign_file(last, phone)) == ""


def sign_file(path: Path, phone: Passkey, *, wraps: bool = True) -> Path:
    sign(path, phone, wraps=wraps)
    return path


def test_a_signature_beside_the_file_counts(k: LocalKiseki, phone: Passkey, tmp_path: Path) -> None:
    path = consents(k, k.accounts.address(phone.key), tmp_path)
    consent = Consent.read(path)
    signed = phone.sign_for(consent.asked, consent.message)
    wrapped = accounts.wrapped(addresses()["Accounts"], phone.key, 0, signed)
    path.with_suffix(".sig").write_text(to_hex(wrapped) + "\n")
    assert problem(k, path) == ""


def test_more_than_a_slice_and_more_than_one_at_a_time(
    k: LocalKiseki, phone: Passkey, tmp_path: Path
) -> None:
    at = k.accounts.address(phone.key)
    for name, count in (("large", 4_001), ("small", 2), ("other", 3)):
        sign_file(consents(k, at, tmp_path, count, name), phone)
    assert [each.problem for each in k.data.consents.submit(tmp_path)] == ["", "", ""]
    assert len(k.session.index.collections(at.lower())) == 3


def test_who_makes_the_account_first_harms_nobody(
    k: LocalKiseki, stranger: Kiseki, phone: Passkey, tmp_path: Path
) -> None:
    path = sign_file(consents(k, k.accounts.address(phone.key), tmp_path), phone)
    stranger.accounts.create(phone.key)
    assert problem(k, path) == ""


def test_such_a_signature_is_explained(k: LocalKiseki, phone: Passkey, tmp_path: Path) -> None:
    at = k.accounts.address(phone.key)
    path = sign_file(consents(k, at, tmp_path), phone)
    short = f"0x{phone.key[:4].hex()}…{phone.key[-4:].hex()}"
    assert signedfiles.read(path).notes == (
        f"The signature is that of the account of the passkey {short}. The account need not be "
        "there yet: whoever submits it makes the account, in the same transaction.",
        "Only the chain can tell whether the signature counts.",
    )
    sign_file(path, phone, wraps=False)
    assert signedfiles.read(path).notes[0] == "The signature is that of a contract."
    consent = Consent.read(path)
    other = accounts.wrapped(TO, phone.key, 0, consent.signature or b"")
    path.write_text(replace(consent, signature=other).to_json())
    assert TO in signedfiles.read(path, "ja").notes[0]
    path.write_text(replace(consent, signature=bytes(64) + b"\x1b").to_json())
    assert signedfiles.read(path).notes == ()


def redirected(k: Kiseki, at: str, phone: Passkey, path: Path) -> Path:
    """A letter of the account: its payouts go elsewhere."""
    prepared = replace(k.revenue.redirect.prepare(TO), signer=at)
    told = prepared.message["message"]
    message = typed.redirect(
        k.session.chain_id, k.session["RevenueSplitter"].address, payee=at, to=told["to"],
        nonce=prepared.nonce, deadline=prepared.deadline,
    )  # fmt: skip
    signed = replace(prepared, message=message, signature=phone.sign_for(at, message))
    redirects.LETTER.write(path, signed)
    return path


def test_a_letter_of_an_account_is_brought(
    k: LocalKiseki, at: str, phone: Passkey, tmp_path: Path
) -> None:
    split = Split([(ids.wallet(at), 1), (ids.wallet(k.address), 1)])
    k.revenue.publish(split)
    k.wallet(4).revenue.pay(split, 2_000)
    letter = redirects.LETTER.read(redirected(k, at, phone, tmp_path / "letter.json"))
    before = k.session.node.balance(TO)
    k.wallet(5).revenue.claim(redirections=[letter])
    assert k.session.node.balance(TO) - before == 1_000
    # What is no signature of this very letter is refused, without a node.
    for wrong in (b"\x01" * 64, phone.sign(b"\x01" * 32), phone.sign_for(TO, letter.message)[:-1]):
        (tmp_path / "wrong.json").unlink(missing_ok=True)
        redirects.LETTER.write(tmp_path / "wrong.json", replace(letter, signature=wrong))
        with pytest.raises(SigningError):
            redirects.LETTER.read(tmp_path / "wrong.json")


def test_what_was_not_verified_is_refused_by_the_chain(
    k: LocalKiseki, at: str, phone: Passkey
) -> None:
    """A phone without a screen lock: the page refuses it, and the account too."""
    operation = k.accounts.prepare(at, [])
    data, client, der = phone.get(operation.digest, PRESENT)
    with pytest.raises(InvalidInput, match="screen lock"):
        passkeys.assertion(data, client, der)
    changed = data[:32] + bytes([PRESENT | 0x04]) + data[33:]
    signed = accounts.signature(phone.key, passkeys.assertion(changed, client, der))
    with pytest.raises(ContractReverted, match="Account_WrongSignature"):
        k.accounts.relay(operation, signed)


def test_an_operation_that_comes_back_is_read_again_or_refused(k: LocalKiseki) -> None:
    """What a browser brings is what was made, whole, or nothing."""
    phone, other = Passkey(), Passkey()
    at = k.accounts.address(phone.key)
    calls = [k.accounts.transfer(ZERO_ADDRESS, TO, 7), k.accounts.own(at, "stopRecovery")]
    made = k.accounts.prepare(at, calls)
    assert understood(json.loads(json.dumps(made.message)), k.session.names) == made
    message = made.message["message"]
    wrong: list[object] = [
        None, [], {}, made.message | {"more": 1}, made.message | {"primaryType": "Call"},
        made.message | {"message": message | {"nonce": -1}},
        made.message | {"message": message | {"calls": [1]}},
        made.message | {"message": message | {"calls": [{"to": "0x", "value": "0", "data": ""}]}},
        made.message | {"domain": made.message["domain"] | {"name": "Another"}},
    ]  # fmt: skip
    for false in wrong:
        with pytest.raises(InvalidInput):
            understood(false, k.session.names)
    moved = made.message["domain"] | {"verifyingContract": k.accounts.address(other.key).lower()}
    assert understood(made.message | {"domain": moved}, k.session.names).account != made.account
