"""Where data comes from is checked before anything is sent, signed by the owners who must, and
stated for everybody (promises 1 and 2, invariants 4 and 7)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import text

from kiseki import Kiseki, LocalKiseki, Payee, Split, Terms
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.data.originparts import evidence
from kiseki.client.data.origins import Given
from kiseki.client.wallet import document_hash
from kiseki.core.keccak import keccak256
from kiseki.core.origin import KIND, Origin, OriginFile, Owner, Person, Signature
from kiseki.core.values import ZERO32, to_hex
from kiseki.errors import DifferentValues, FilesError, InvalidInput
from kiseki.vault import receipts
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder, ask
from .conftest import store_of

FIRST, SECOND = (account_of(n).address.lower() for n in (1, 2))
YES, NO = "0x631626ba7e60e01b5f5260205ff3", "0x5f5f5260205ff3"
"""Contract wallets that take every signature, and none (ERC-1271)."""

Register = Callable[..., bytes]


@pytest.fixture
def hire(k: LocalKiseki) -> Origin:
    return Origin(
        provider=k.address.lower(),
        basis="hire",
        collector=Person("制作部", k.address.lower()),
        first=date(2026, 4, 1),
        last=date(2026, 6, 30),
        how="納品時に収集",
        salt=b"\x05" * 32,
    )


@pytest.fixture
def joint(hire: Origin) -> Origin:
    return replace(hire, basis="joint", owners=owners((FIRST, "3/5"), (SECOND, "2/5")))


def owners(*rows: tuple[str, str], consents: bool = True) -> tuple[Owner, ...]:
    return tuple(
        Owner(f"artist {n}", who, Fraction(share), consents)
        for n, (who, share) in enumerate(rows, 1)
    )


@pytest.fixture
def register(k: LocalKiseki, terms: Terms, folder: Folder) -> Register:
    """Registers the same drawing; the collection's ID."""
    place = folder("art", {"1.svg": b"a drawing"})

    def work(origin: Given, payee: Payee | Split | str | None = None, by: Kiseki = k) -> bytes:
        return by.data.register(place, terms, payee=payee, origin=origin).id

    return work


@pytest.fixture
def split() -> Split:
    return Split.joint({Payee.of(FIRST).key: 3, Payee.of(SECOND).key: 2})


def test_the_hash_is_on_the_chain_and_the_document_in_the_key_store(
    k: LocalKiseki, register: Register, hire: Origin, tmp_path: Path
) -> None:
    path = tmp_path / "origin.json"
    path.write_text(OriginFile(hire).to_json())
    collection = register(path)
    record = k.index.collection(collection)
    assert record.origin == hire.hash
    assert k.data.origins.known(record.origin) == OriginFile(hire)
    assert register(hire) == record.id, "the document itself, again: it is there already"


def test_a_free_document_is_its_hash_and_nothing_else(
    k: LocalKiseki, register: Register, tmp_path: Path
) -> None:
    path = tmp_path / "contract.pdf"
    path.write_bytes(b"%PDF-1.7 \xff")
    collection = register(path)
    record = k.index.collection(collection)
    assert record.origin == keccak256(path.read_bytes())
    assert k.data.origins.known(record.origin) is None


@pytest.mark.parametrize("where", ["--origin", "--licence", "--evidence"])
def test_what_is_no_ordinary_file_is_no_document(k: LocalKiseki, where: str) -> None:
    """A pipe is empty when it is read again, so the hash of nothing was registered."""
    reads: dict[str, Callable[[], object]] = {
        "--origin": lambda: k.data.origins.take("/dev/null"),
        "--licence": lambda: document_hash("/dev/null"),
        "--evidence": lambda: evidence(["/dev/null"]),
    }
    with pytest.raises(FilesError, match="/dev/null is no ordinary file"):
        reads[where]()


def test_a_damaged_document_is_not_registered_as_a_free_one(
    k: LocalKiseki, register: Register, hire: Origin, tmp_path: Path
) -> None:
    path = tmp_path / "origin.json"
    path.write_text(OriginFile(hire).to_json().replace('"hire"', '"hired"'))
    with pytest.raises(InvalidInput, match=r"origin\.json.*basis must be one of"):
        register(path)
    with pytest.raises(FilesError, match="cannot be read"):
        register(tmp_path / "missing.json")
    assert not k.index.collections(k.address)


def test_what_differs_from_the_collection_is_refused_before_anything_is_sent(
    k: LocalKiseki, register: Register, hire: Origin
) -> None:
    tomorrow = date.fromtimestamp(k.session.now()) + timedelta(days=2)
    for wrong, why in (
        (replace(hire, provider=FIRST), "for the provider"),
        (replace(hire, last=tomorrow), "to come"),
        (replace(hire, terms=b"\x01" * 32), "agree to the terms"),
    ):
        with pytest.raises(InvalidInput, match=why):
            register(wrong)
    assert not k.index.collections(k.address)


def test_the_terms_of_the_document_are_those_of_the_collection(
    k: LocalKiseki, register: Register, hire: Origin, terms: Terms
) -> None:
    collection = register(replace(hire, terms=terms.id))
    assert k.index.collection(collection).terms_id == terms.id


def test_a_joint_work_is_registered_only_with_all_signatures(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    with pytest.raises(InvalidInput, match=f"artist 1.*{FIRST}.*has not signed.*artist 2"):
        register(joint, split)
    one = k.wallet(1).data.origins.sign(OriginFile(joint))
    with pytest.raises(InvalidInput, match="artist 2") as refused:
        register(one, split)
    assert "artist 1" not in str(refused.value)
    two = k.wallet(2).data.origins.sign(OriginFile(joint))
    collection = register(two, split)
    assert k.index.collection(collection).origin == joint.hash, "both were gathered"


def test_whose_signature_is_not_required_is_not_waited_for(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    free = replace(joint, owners=(joint.owners[0], joint.owners[1]._replace(consents=False)))
    register(k.wallet(1).data.origins.sign(OriginFile(free)), split)


def test_only_an_owner_can_sign(k: LocalKiseki, joint: Origin, stranger: Kiseki) -> None:
    for who in (stranger, k):
        with pytest.raises(InvalidInput, match="requires no consent"):
            who.data.origins.sign(OriginFile(joint))


def test_a_signature_of_another_wallet_chain_document_or_time_counts_nothing(
    k: LocalKiseki, register: Register, joint: Origin, split: Split, stranger: Kiseki
) -> None:
    second = k.wallet(2).data.origins.sign(OriginFile(joint))
    (true,) = k.wallet(1).data.origins.sign(OriginFile(joint)).signatures
    other = replace(joint, how="otherwise")
    (otherwise,) = k.wallet(1).data.origins.sign(OriginFile(other)).signatures
    third = replace(joint, owners=owners((stranger.address.lower(), "1/2"), (SECOND, "1/2")))
    (strange,) = stranger.data.origins.sign(OriginFile(third)).signatures
    now = k.session.now()
    for wrong, why in (
        (otherwise, "no signature that counts"),
        (strange._replace(owner=FIRST), "no signature that counts"),
        (true._replace(nonce=true.nonce + 1), "no signature that counts"),
        (true._replace(deadline=true.deadline + 1), "no signature that counts"),
        (true._replace(signature=true.signature[:-1] + b"\x00"), "no signature that counts"),
        (true._replace(chain_id=1), "signed for chain 1"),
        (true._replace(contract=FIRST), "not for this suite"),
        (true._replace(deadline=now - 1), "that ended on"),
    ):
        with store_of(k)._store.writing() as db:
            db.execute(text("DELETE FROM origin"))
        with pytest.raises(InvalidInput, match=f"artist 1.*{why}"):
            register(second.with_signatures([wrong]), split)
    assert register(second.with_signatures([otherwise._replace(deadline=1), true]), split)


def test_a_signature_that_somebody_forged_hides_none_that_counts(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    """Invariant 7: one with a later deadline took its place in the key store, for good."""
    both = k.wallet(2).data.origins.sign(k.wallet(1).data.origins.sign(OriginFile(joint)))
    true = both.signatures[0]
    forged = [
        true._replace(deadline=true.deadline + 1_000),
        true._replace(nonce=5, signature=b"\x01" * 65),
        Signature(k.address.lower(), *true[1:5], b"\x01" * 65),
    ]
    store_of(k).keep_origin(OriginFile(joint, tuple(forged)))
    made = register(both, split)
    store_of(k).keep_origin(OriginFile(joint, tuple(forged)))
    assert len(k.data.origins.state(made, both)) == 3
    assert not k.data.origins.state(made, both)


def test_a_consent_that_was_cancelled_before_counts_no_more(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    first, second = k.wallet(1), k.wallet(2)
    both = second.data.origins.sign(first.data.origins.sign(OriginFile(joint)))
    first._wallet.send(k.session["Statements"].call("cancelNonce", both.signatures[0].nonce))
    with pytest.raises(InvalidInput, match=r"artist 1.*used or cancelled"):
        register(both, split)


def test_who_states_it_on_the_chain_needs_no_signature(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    """So consents a wallet that can send and cannot sign."""
    first, contract = k.wallet(1), k.session["Statements"]
    about = Payee.subject(k.session["DataRegistry"].address, joint.hash).key
    first._wallet.send(contract.call("state", about, KIND, joint.hash))
    register(k.wallet(2).data.origins.sign(OriginFile(joint)), split)


def test_contract_wallets_sign_as_they_do_everywhere(
    k: LocalKiseki, register: Register, hire: Origin
) -> None:
    wallet = "0x" + "c1" * 20
    made = replace(hire, basis="joint", owners=owners((wallet, "1/2"), (SECOND, "1/2")))
    split = Split.joint({Payee.of(wallet).key: 1, Payee.of(SECOND).key: 1})
    place = k.session.chain_id, k.session["Statements"].address.lower()
    theirs = Signature(wallet, *place, 7, k.session.now() + 1_000, b"anything")
    file = k.wallet(2).data.origins.sign(OriginFile(made, (theirs,)))
    for code in ("0x", NO):
        ask(k, "anvil_setCode", wallet, code)
        with pytest.raises(InvalidInput, match=r"artist 1.*no signature that counts"):
            register(file, split)
    ask(k, "anvil_setCode", wallet, YES)
    register(file, split)


def test_a_joint_work_pays_its_owners_by_their_shares(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    both = k.wallet(2).data.origins.sign(k.wallet(1).data.origins.sign(OriginFile(joint)))
    equal = Split.joint({Payee.of(FIRST).key: 1, Payee.of(SECOND).key: 1})
    for payee in (None, FIRST, equal):
        with pytest.raises(InvalidInput, match="names the owners artist 1 3/5, artist 2 2/5"):
            register(both, payee)
    register(both, split)


def test_an_unknown_author_is_an_identity_that_nobody_has_bound_yet(
    k: LocalKiseki, register: Register, hire: Origin
) -> None:
    person = k.identities.person("drew the cover of 1961")
    payee = k.identities.payee(person)
    who = f"{k.address.lower()}:{to_hex(person)}"
    made = replace(
        hire, basis="unknown", owners=owners((who, "1"), consents=False), search="官報に公告"
    )
    with pytest.raises(InvalidInput, match="pays the wallet"):
        register(made)
    k.identities.bind({person: FIRST})
    with pytest.raises(InvalidInput, match="bound to the wallet"):
        register(made, payee)
    k.identities.withdraw([person])
    register(made, payee)


def test_an_owner_without_a_wallet_signs_once_one_is_bound_for_good(
    k: LocalKiseki, register: Register, hire: Origin
) -> None:
    person = k.identities.person("artist 1")
    who = f"{k.address.lower()}:{to_hex(person)}"
    made = replace(hire, basis="joint", owners=owners((who, "1/2"), (SECOND, "1/2")))
    paid = Split.joint({k.identities.payee(person).key: 1, Payee.of(SECOND).key: 1})
    file = k.wallet(2).data.origins.sign(OriginFile(made))
    k.identities.bind({person: FIRST})
    with pytest.raises(InvalidInput, match=r"artist 1.*stands for nobody yet"):
        register(file, paid)
    with pytest.raises(InvalidInput, match="requires no consent"):
        k.wallet(1).data.origins.sign(file)
    k.wait(8 * 24 * 3600)
    register(k.wallet(1).data.origins.sign(file), paid)


def test_registered_it_stays_whatever_becomes_of_the_signatures(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    both = k.wallet(2).data.origins.sign(k.wallet(1).data.origins.sign(OriginFile(joint)))
    done = register(both, split)
    k.wait(40 * 24 * 3600)
    assert k.data.origins.unsigned(both), "with what is over nothing new is registered"
    assert k.data.origins.consented(both) == list(joint.owners), "and it was signed all the same"
    assert k.data.origins.consented(OriginFile(joint)) == []
    swapped = [
        a._replace(signature=b.signature)
        for a, b in zip(both.signatures, both.signatures[::-1], strict=True)
    ]
    assert k.data.origins.consented(OriginFile(joint, tuple(swapped))) == []
    assert register(joint, split) == done, "nothing is sent, so nothing is asked again"
    with pytest.raises(DifferentValues, match="document of origin"):
        register(replace(joint, how="otherwise"), split)


def test_stated_everybody_sees_who_says_so_and_who_consents(
    k: LocalKiseki, register: Register, joint: Origin, split: Split
) -> None:
    both = k.wallet(2).data.origins.sign(k.wallet(1).data.origins.sign(OriginFile(joint)))
    collection = register(both, split)
    assert len(k.data.origins.state(collection, joint.hash)) == 3
    said = k.index.statements("DataRegistry", collection)
    assert [(e.speaker, e.kind, e.document) for e in said] == [
        (k.address.lower(), KIND, joint.hash)
    ]
    agreed = k.index.statements("DataRegistry", joint.hash)
    assert {e.speaker for e in agreed} == {FIRST, SECOND}
    assert k.data.origins.state(collection, joint.hash) == (), "again there is nothing to send"
    with pytest.raises(InvalidInput, match="name a document"):
        k.data.origins.state(collection, ZERO32)


def test_a_receipt_hands_the_document_on_to_another_home(
    k: LocalKiseki, register: Register, hire: Origin, tmp_path: Path
) -> None:
    collection = register(hire)
    developer = Kiseki(k.session, account_of(2), KeyStore())
    receipts.write(store_of(k), collection, tmp_path / "with", clear=True)
    receipts.write(store_of(k), collection, tmp_path / "without", clear=True, origin=False)
    developer.data.openings.receive(receipts.read(tmp_path / "without"))
    assert developer.data.origins.known(hire.hash) is None
    developer.data.openings.receive(receipts.read(tmp_path / "with"))
    assert developer.data.origins.known(hire.hash) == OriginFile(hire)
