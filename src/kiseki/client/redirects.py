"""Redirects: where a wallet wants its payouts to go, signed by it, for a relay to bring there.

A redirect's file is the EIP-712 typed data that is signed, with one member more, as consent files
are; so any wallet can sign it. Whoever has it can only do what it says: bring what that wallet is
owed to that address, until the deadline.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from eth_utils.address import to_checksum_address

from kiseki.chain.signers import checked_signature
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import documents, typed
from kiseki.core.values import address, from_hex, to_hex, uint
from kiseki.errors import FilesError, InvalidInput

__all__ = ["read", "sign", "words", "write"]

_FORMAT = "kiseki-redirect-v1"
_LONGEST = 100_000


def sign(wallet: Wallet, to: str, days: int = 30) -> Signed:
    """Signs that what this wallet is owed goes to `to`, whoever brings it, for so many days.

    Raises:
        InvalidInput: `to` is no address.
    """
    nonce, deadline = wallet.fresh(days)
    message = typed.redirect(
        wallet.session.chain_id,
        wallet.session["RevenueSplitter"].address,
        payee=wallet.address,
        to=to,
        nonce=nonce,
        deadline=deadline,
    )
    return wallet.sign(message, nonce, deadline)


def words(signed: Signed) -> str:
    """What it says, for people."""
    told = signed.message["message"]
    return (
        f"What the wallet {signed.signer} is owed goes to {told['to']}, until "
        f"{signed.deadline} (Unix seconds), whoever brings it."
    )


def write(path: str | Path, signed: Signed) -> None:
    """Writes it, mode 0600.

    Raises:
        FilesError: it cannot be written, or there is a file already.
    """
    ours = {"format": _FORMAT, "words": words(signed), "signature": to_hex(signed.signature)}
    text = json.dumps({**signed.message, "kiseki": ours}, indent=2) + "\n"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FilesError(f"{path} cannot be written ({error.strerror})") from error


def read(path: str | Path) -> Signed:
    """A redirect, once its signature was found to be its payee's.

    Raises:
        FilesError: it cannot be read.
        InvalidInput: it is none, or says other things than are signed.
        SigningError: the signature is another's.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(_LONGEST)
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    try:
        given: Any = json.loads(documents.shallow(text.decode()))
        ours, message = given.pop("kiseki"), given["message"]
        domain = given["domain"]
        payee, deadline = message["payee"], uint(int(message["deadline"]), 256, "the deadline")
        nonce = uint(int(message["nonce"]), 256, "the nonce")
        # Made again from what it says, so that nothing else is in it.
        known = typed.redirect(
            uint(domain["chainId"], 64, "the chain"), domain["verifyingContract"],
            payee=payee, to=message["to"], nonce=nonce, deadline=deadline,
        )  # fmt: skip
        signature = from_hex(ours["signature"], None, "the signature")
        same = known == given and ours["format"] == _FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        same = False
    if not same:
        raise InvalidInput(f"{path} is no redirect; sign one with `kiseki revenue redirect`")
    who = str(to_checksum_address(address(payee, "the payee")))
    return Signed(who, known, nonce, deadline, checked_signature(signature, known, who))
