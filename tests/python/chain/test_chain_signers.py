"""Wallets whose keys are elsewhere sign what they were asked for, or nothing is sent."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from tests.python.typed import Programs

from kiseki import Kiseki, LocalKiseki
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import connect
from kiseki.chain.sending.fees import GWEI
from kiseki.chain.sending.sender import Sender
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.chain.signing.remote import APIS, RemoteSigner, checked_signature, checked_transaction
from kiseki.chain.signing.signer import LocalSigner, Signer
from kiseki.core import documents, typed
from kiseki.errors import InvalidInput, SigningError

KEY = "0x" + bytes(account_of(1).key).hex()
WALLET = account_of(1).address
TO = "0x" + "43" * 20
STAND_IN = Path(__file__).with_name("stand_in_signer.py")

Service = Callable[[str], str]


@pytest.fixture
def service(programs: Programs) -> Iterator[Service]:
    """Starts a signing service of some mode in a process of its own; its URL."""
    command = programs.script(STAND_IN)
    with ExitStack() as stack:
        yield lambda mode: stack.enter_context(run([*command, KEY, mode]))


@contextmanager
def run(command: list[str]) -> Iterator[str]:
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def remote(api: str, url: str, timeout: float = 10) -> RemoteSigner:
    return RemoteSigner(APIS[api], url, WALLET.lower(), timeout)


@pytest.mark.parametrize("api", ["web3signer", "clef"])
def test_a_service_signs_transactions_and_consent(
    k: LocalKiseki, service: Service, api: str
) -> None:
    """End to end: terms, a payment, and a signed consent that somebody else submits."""
    signer: Signer = remote(api, service("honest"))
    assert isinstance(signer, Signer)
    mine = Kiseki(k.session, signer, k.salts)
    mine.revenue.pay(TO, 5)
    assert k.balance(of=TO) == 5
    folder = Path(__file__).parent
    prepared = mine.data.prepare(
        [folder / "stand_in_signer.py"], mine.data.define_terms("train", "0%")
    )
    done = k.wallet(2).data.register(prepared, consent=mine.data.consent(prepared))
    assert k.index.collection(done.id).provider == WALLET.lower()


def test_the_accounts_of_a_local_node(k: LocalKiseki) -> None:
    mine = Kiseki(k.session, RemoteSigner(APIS["node"], k.url, WALLET), k.salts)
    mine.revenue.pay(TO, 5)
    assert k.balance(of=TO) == 5
    message = typed.revocation(31337, TO, provider=WALLET, collection=bytes(32), nonce=1,
                               deadline=2)  # fmt: skip
    assert mine._wallet.signer.sign_typed(message) == LocalSigner(account_of(1)).sign_typed(message)
    with pytest.raises(SigningError, match=r"the node at .* has no wallet"):
        RemoteSigner(APIS["node"], k.url, TO)


def test_a_text_for_people_is_signed(k: LocalKiseki, service: Service) -> None:
    """As a local key signs it, byte for byte; another's signature is refused."""
    text = "vault.example wants you to sign in:\n軌跡"
    wanted = LocalSigner(account_of(1)).sign_text(text)
    for api in ("web3signer", "clef"):
        assert remote(api, service("honest")).sign_text(text) == wanted
        with pytest.raises(SigningError, match="that of 0x"):
            remote(api, service("another's")).sign_text(text)
    assert remote("node", k.url).sign_text(text) == wanted


def test_a_legacy_transaction_too(service: Service) -> None:
    url = service("honest")
    with anvil(4_250, options=("--hardfork", "berlin")) as chain:
        node = connect(chain)
        Sender(node, remote("web3signer", url)).send(Call(TO, b"\x01", 5, "a gift"))
        assert node.w3.eth.get_balance(TO) == 5  # type: ignore[arg-type]


@pytest.mark.parametrize("api", ["web3signer", "clef"])
@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("another recipient", "not what was asked for; nothing was sent"),
        ("more gas", "not what was asked for; nothing was sent"),
        ("another chain", "not what was asked for; nothing was sent"),
        ("an access list", "not what was asked for; nothing was sent"),
        ("another's", "it was signed by 0x.* and not by 0x"),
        ("refuses", "did not sign: Request denied�"),
        ("nonsense", "is no signed transaction"),
        ("a page", "does not answer"),
    ],
)
def test_what_it_gives_back_is_not_taken_on_trust(
    k: LocalKiseki, service: Service, api: str, mode: str, said: str
) -> None:
    before = k.session.w3.eth.block_number
    sender = Sender(k.session.node, remote(api, service(mode)))
    with pytest.raises(SigningError, match=said) as told:
        sender.send(Call(TO, b"", 5, "a gift"))
    assert KEY[2:] not in str(told.value)
    assert k.session.w3.eth.block_number == before
    assert sender.pending() == [], "its nonce is free"


@pytest.mark.parametrize("mode", ["another's", "nonsense", "refuses"])
def test_a_signature_of_another_is_refused(service: Service, mode: str) -> None:
    message = typed.revocation(1, TO, provider=WALLET, collection=bytes(32), nonce=1, deadline=2)
    with pytest.raises(SigningError):
        remote("clef", service(mode)).sign_typed(message)


def test_somebody_who_must_be_asked_is_waited_for(k: LocalKiseki, service: Service) -> None:
    url = service("slow")
    Sender(k.session.node, remote("clef", url)).send(Call(TO, b"", 5, "a gift"))
    assert k.balance(of=TO) == 5
    with pytest.raises(SigningError, match="does not answer"):
        Sender(k.session.node, remote("clef", url, 0.2)).send(Call(TO, b"", 5, "a gift"))


def test_a_service_that_is_not_there_or_another(k: LocalKiseki) -> None:
    with pytest.raises(
        SigningError, match=r"Clef at http://127\.0\.0\.1:9 does not answer"
    ) as told:
        remote("clef", "http://127.0.0.1:9/token-0123")
    assert "token-0123" not in f"{told.value} {told.value.__cause__}"
    with pytest.raises(InvalidInput, match="begins with http"):
        remote("clef", "127.0.0.1:8550")
    with pytest.raises(SigningError, match=r"Clef did not sign|something else"):
        remote("clef", k.url)


def test_nothing_that_is_not_a_transaction_passes() -> None:
    asked: dict[str, Any] = {
        "to": TO, "data": b"\x01\x02", "value": 7, "gas": 30_000, "nonce": 3, "chainId": 5,
        "maxFeePerGas": GWEI, "maxPriorityFeePerGas": 1,
    }  # fmt: skip
    signed = LocalSigner(account_of(1)).sign_transaction(asked | {"from": WALLET})
    assert checked_transaction(signed.raw, asked, WALLET) == signed
    for name in ("value", "gas", "nonce", "chainId", "maxFeePerGas", "maxPriorityFeePerGas"):
        with pytest.raises(SigningError, match="not what was asked for"):
            checked_transaction(signed.raw, asked | {name: asked[name] + 1}, WALLET)
    with pytest.raises(SigningError, match="not what was asked for"):
        checked_transaction(signed.raw, asked | {"data": b"\x01"}, WALLET)
    for place in range(len(signed.raw)):
        broken = bytearray(signed.raw)
        broken[place] ^= 1
        with pytest.raises(SigningError):
            checked_transaction(bytes(broken), asked, WALLET)
    for raw in (b"", b"\x02", signed.raw[:-1], signed.raw + b"\x00", b"\xc0", b"\xff" * 99):
        with pytest.raises(SigningError):
            checked_transaction(raw, asked, WALLET)


def test_a_signature_whose_last_byte_is_small_is_made_what_contracts_take() -> None:
    message = typed.revocation(1, TO, provider=WALLET, collection=bytes(32), nonce=1, deadline=2)
    signature = LocalSigner(account_of(1)).sign_typed(message)
    small = signature[:64] + bytes([signature[64] - 27])
    assert checked_signature(small, message, WALLET) == signature
    for wrong in (b"", signature[:64], bytes(65), signature[:64] + b"\x05"):
        with pytest.raises(SigningError):
            checked_signature(wrong, message, WALLET)


def test_a_signature_that_only_libraries_take_is_made_what_contracts_take() -> None:
    """With a chain's ID in its last byte, or the higher of both s: OpenZeppelin's ECDSA refuses
    both, so a consent would be handed on and refused only then."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    message = typed.revocation(1, TO, provider=WALLET, collection=bytes(32), nonce=1, deadline=2)
    signature = LocalSigner(account_of(1)).sign_typed(message)
    odd, s = signature[64] - 27, int.from_bytes(signature[32:64])
    high = signature[:32] + (order - s).to_bytes(32)
    for made in (
        signature[:64] + bytes([37 + odd]),
        high + bytes([28 - odd]),
        high + bytes([1 - odd]),
    ):
        assert checked_signature(made, message, WALLET) == signature


def test_an_answer_that_nests_deeper_than_anybody_needs_is_refused(k: LocalKiseki) -> None:
    """It would end the process: json recurses in C, and eth-account lifts Python's limit."""
    with pytest.raises(ValueError, match="nests deeper"):
        documents.foreign(b"[" * 200_000)
    # In UTF-16 this letter has the byte of a quote, and would hide the brackets between two of it.
    hidden = '["\u0122",' + "[" * 200_000 + '"\u0122"]' + "[]" * 1_000
    with pytest.raises(json.JSONDecodeError):
        documents.foreign(hidden.encode("utf-16-le"))
    assert documents.foreign(b"[" * 60 + b"]" * 60)
    assert len(documents.foreign(b"[" + b"[[]]," * 5_000 + b"[]]")) == 5_001


def test_no_signer_shows_its_key(service: Service) -> None:
    """Invariant 7."""
    for signer in (LocalSigner(Account.from_key(KEY)), remote("clef", service("honest"))):
        assert KEY[2:] not in repr(signer)
        assert WALLET in repr(signer)
