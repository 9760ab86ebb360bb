"""Letting a contract take tokens: by approving exactly the amount, or by signature (ERC-2612)."""

from __future__ import annotations

from dataclasses import replace

from kiseki.chain.contract.contracts import Contract, erc20
from kiseki.chain.contract.foreign import tried
from kiseki.client.wallet import Wallet
from kiseki.core import typed
from kiseki.core.values import ZERO_ADDRESS
from kiseki.errors import InvalidInput

__all__ = ["Permit", "allowance", "approve", "permit"]

Permit = tuple[str, int, int, int, bytes, bytes]
"""Token, value, deadline, v, r and s, as `LicenseMarket` takes it."""

_VERSIONS = ("1", "2")
"""What tokens that do not say (ERC-5267) use: Circle's 2, most others 1."""


def allowance(wallet: Wallet, token: str, spender: str) -> int:
    """What `spender` may take of a wallet's tokens, in base units."""
    return int(erc20(wallet.session.node, token).read("allowance", wallet.address, spender))


def approve(wallet: Wallet, token: str, spender: str, cost: int, same: bytes | None = None) -> None:
    """Lets `spender` take `cost`, where it may not yet; for ether there is nothing to do.

    Args:
        token: an ERC-20's address, or the zero address.
        spender: an address.
        cost: base units.
        same: what it is for, where several are approved with equal amounts (`Call.same`).
    """
    if token == ZERO_ADDRESS or not cost:
        return
    coin = erc20(wallet.session.node, token)
    allowed = allowance(wallet, token, spender)
    # Some tokens refuse to change one allowance into another.
    for amount in () if allowed >= cost else (0, cost) if allowed else (cost,):
        call = coin.call("approve", spender, amount)
        wallet.send(replace(call, same=None if same is None else call.data + same))


def permit(wallet: Wallet, token: str, spender: str, value: int, days: int = 1) -> Permit | None:
    """A signature by which `spender` may take `value` of a wallet's tokens, if the token takes one.

    It was tried on the chain, so it counts as long as no other of this wallet's is used before it.

    Args:
        token: an ERC-20's address.
        spender: an address.
        value: base units.
        days: how long it is valid.

    Returns:
        None when the token takes none, or another kind (as Dai's), and must be approved instead.

    Raises:
        SigningError: the wallet did not sign.
        ChainError: the node refuses a question, so that nobody knows what the token takes.
    """
    coin = erc20(wallet.session.node, token)
    nonce, wanted = tried(coin, "nonces", wallet.address), tried(coin, "DOMAIN_SEPARATOR")
    if nonce is None or wanted is None:
        return None
    deadline = wallet.session.now() + days * 86_400
    for name, version in _names(coin):
        try:
            message = typed.permit(
                name, version, wallet.session.chain_id, coin.address,
                owner=wallet.address, spender=spender, value=value, nonce=nonce, deadline=deadline,
            )  # fmt: skip
        except InvalidInput:
            continue
        if typed.separator(message) == wanted:
            break
    else:
        return None
    signature = wallet.signer.sign_typed(message)
    r, s, v = signature[:32], signature[32:64], signature[64]
    if tried(coin, "permit", wallet.address, spender, value, deadline, v, r, s) is None:
        return None
    return (coin.address, value, deadline, v, r, s)


def _names(coin: Contract) -> list[tuple[str, str]]:
    """What the token may call itself in the domain of its messages."""
    domain = tried(coin, "eip712Domain")
    if domain is not None:
        return [(domain["name"], domain["version"])]
    name = tried(coin, "name")
    return [] if name is None else [(name, each) for each in _VERSIONS]
