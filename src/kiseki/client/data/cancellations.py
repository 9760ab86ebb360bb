"""Cancellations: a signature withdrawn by who has no ether, for anybody to send.

A cancellation's file is typed data that any wallet signs, as consent files are. Whoever has it can
only do what it says: make one earlier signature of the same wallet worthless.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kiseki.chain.sending.outcome import Receipt
from kiseki.chain.signing.remote import checked_signature
from kiseki.client.data import consentfiles as files
from kiseki.client.wallet import WAITING_DAYS, Signed, Wallet
from kiseki.core import documents, typed
from kiseki.core.checksum import checksummed
from kiseki.core.values import address, address_text, from_hex, to_hex
from kiseki.errors import FilesError, InvalidInput

__all__ = ["prepare", "read", "sign", "submit", "words", "write"]

_FORMAT = "kiseki-cancellation-v1"
_OURS = ("format", "words", "signature")


def prepare(
    wallet: Wallet, cancelled: int, contract: str = "DataRegistry", days: int = WAITING_DAYS
) -> Signed:
    """What says that this wallet's signature with the number `cancelled` is worthless; not signed
    yet, so that it can be shown first.

    Args:
        contract: name of the one that the signature was for.
        days: for how long anybody can send it.
    """
    nonce, deadline = wallet.fresh(days)
    message = typed.cancellation(
        wallet.session.chain_id, wallet.session[contract].address, of=contract,
        signer=wallet.address, cancelled=cancelled, nonce=nonce, deadline=deadline,
    )  # fmt: skip
    return Signed(wallet.address, message, nonce, deadline, b"")


def sign(wallet: Wallet, prepared: Signed) -> Signed:
    """The same, signed.

    Raises:
        SigningError: the wallet did not sign.
    """
    return wallet.sign(prepared.message, prepared.nonce, prepared.deadline)


def words(signed: Signed) -> str:
    """What it says, for people."""
    cancelled = signed.message["message"]["cancelled"]
    contract = signed.message["domain"]["verifyingContract"]
    return (
        f"What the wallet {signed.signer} signed with the number {cancelled} for the contract "
        f"{checksummed(contract)} counts no longer, from when this is sent, which anybody "
        f"may do until {files.date(signed.deadline)}. What was done with it stays done."
    )


def write(path: str | Path, signed: Signed) -> None:
    """Writes it to a new file.

    Raises:
        FilesError: it cannot be written, or there is a file already.
    """
    if Path(path).exists():
        raise FilesError(f"there is a file {path} already; name another")
    ours = {"format": _FORMAT, "words": words(signed), "signature": to_hex(signed.signature)}
    files.write(Path(path), files.text(ours, signed.message))


def read(path: str | Path) -> Signed:
    """A cancellation, once its signature was found to be its signer's.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is none, or says other things than are signed.
        SigningError: the signature is another's.
    """
    ours, given = files.document(files.read(Path(path)))
    form, said, signature = documents.members(ours, _OURS, "kiseki, in a cancellation")
    if form != _FORMAT:
        raise InvalidInput(f"format must be {_FORMAT!r}, not {form!r:.80}")
    message = _understood(given)
    nonce = documents.decimal(given["message"]["nonce"], "the nonce")
    deadline = documents.decimal(given["message"]["deadline"], "the deadline")
    who = checksummed(address(message["message"]["signer"], "the signer"))
    raw = files.signature(from_hex(signature, None, "the signature"))
    if message != given or said != words(Signed(who, message, nonce, deadline, raw)):
        raise InvalidInput(f"{path} does not say what was signed; ask whoever made it why")
    return Signed(who, message, nonce, deadline, checked_signature(raw, message, who))


def submit(wallet: Wallet, signed: Signed) -> Receipt:
    """Sends it, with this wallet's ether. Sent twice it does nothing the second time.

    Raises:
        InvalidInput: it is for another chain or contract than the suite here.
    """
    session = wallet.session
    chain_id, at = files.place(signed.message)
    name = signed.message["domain"]["name"].removeprefix("Kiseki ")
    known = {each: address.lower() for each, address in session.deployment.addresses.items()}
    if chain_id != session.chain_id or known.get(name) != at:
        raise InvalidInput(
            f"it is for chain {chain_id} and the contract {at}, which is none of this suite's"
        )
    cancelled = int(signed.message["message"]["cancelled"])
    return wallet.send(
        session[name].call("cancelNonceFor", signed.signer, cancelled, signed.approval)
    )


def _understood(given: dict[str, Any]) -> dict[str, Any]:
    """The cancellation that typed data speaks of, made again."""
    chain_id, contract = files.place(given)
    signer, cancelled, nonce, deadline = documents.members(
        given["message"], ["signer", "cancelled", "nonce", "deadline"], "the message"
    )
    name = given["domain"]["name"]
    if not isinstance(name, str):
        raise InvalidInput("the domain's name must be a string")
    return typed.cancellation(
        chain_id,
        contract,
        of=name.removeprefix("Kiseki "),
        signer=address_text(address(signer, "the signer")),
        cancelled=documents.decimal(cancelled, "the number that is cancelled"),
        nonce=documents.decimal(nonce, "the nonce"),
        deadline=documents.decimal(deadline, "the deadline"),
    )
