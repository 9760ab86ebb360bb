"""Redirects: where a wallet wants its payouts to go, signed by it, for a relay to bring there.

A redirect's file is a letter (`kiseki.client.letters`). Whoever has it can only do what it says:
bring what that wallet is owed to that address, until the deadline.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kiseki.client import letters
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import typed

__all__ = ["read", "sign", "words", "write"]

_FORMAT = "kiseki-redirect-v1"


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
    """Writes it, mode 0600; raises as `letters.write`."""
    letters.write(path, signed, _FORMAT, words(signed))


def read(path: str | Path) -> Signed:
    """A redirect, once its signature was found to be its payee's; raises as `letters.read`."""
    hint = "is no redirect; sign one with `kiseki revenue redirect`"
    return letters.read(path, _FORMAT, "payee", _remade, hint)


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    payee, to = message["payee"], message["to"]
    return typed.redirect(chain, contract, payee=payee, to=to, nonce=nonce, deadline=deadline)
