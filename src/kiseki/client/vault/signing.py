"""Who signed a text: a wallet with a key, or a contract by its own word."""

from __future__ import annotations

from kiseki.chain.node import Node
from kiseki.chain.signing.contractwallets import has_signed
from kiseki.core.keccak import keccak256
from kiseki.vault.handing.signin import By, SignedBy

__all__ = ["signed_by"]


def signed_by(node: Node) -> SignedBy:
    """For `kiseki.vault.handing.signin.SignIn`.

    A contract is asked at the latest block, because what is safe is minutes old. It is asked again
    with each question of its session (`SignIn.still`), because its owners may have changed.

    A key is not asked about again, and whether there is code at its address is not looked at. Who
    has the key of an address acts for it whatever code is there: EIP-7702 lets a key give itself
    code, and takes nothing from the key. No contract has an address of which anybody has the key.

    Sources: EIP-191 (the text), ERC-1271 and ERC-6492 (contracts), EIP-7702 (keys with code).
    """

    def signed(wallet: str, text: str, signature: bytes) -> By | None:
        from eth_account import Account
        from eth_account.messages import encode_defunct

        asked = encode_defunct(text=text)
        if len(signature) == 65:
            try:
                if str(Account.recover_message(asked, signature=signature)).lower() == wallet:
                    return By.KEY
            except Exception:  # noqa: BLE001, S110 - whatever eth-keys makes of a bad signature
                pass
        digest = keccak256(b"\x19" + asked.version + asked.header + asked.body)
        return By.CONTRACT if has_signed(node, wallet, digest, signature) else None

    return signed
