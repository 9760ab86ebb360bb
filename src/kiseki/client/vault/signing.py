"""Who signed a text: a wallet with a key, or a contract by its own word."""

from __future__ import annotations

from kiseki.chain.node import Node
from kiseki.chain.signing.contractwallets import has_signed
from kiseki.core.keccak import keccak256
from kiseki.vault.handing.signin import SignedBy

__all__ = ["signed_by"]


def signed_by(node: Node) -> SignedBy:
    """For `kiseki.vault.handing.signin.SignIn`.

    A contract is asked at the latest block, and again at each hand-out: its owner may have changed
    since, and what is safe is minutes old.

    Sources: EIP-191 (the text), ERC-1271 and ERC-6492 (contracts).
    """

    def signed(wallet: str, text: str, signature: bytes) -> bool:
        from eth_account import Account
        from eth_account.messages import encode_defunct

        asked = encode_defunct(text=text)
        if len(signature) == 65:
            try:
                if str(Account.recover_message(asked, signature=signature)).lower() == wallet:
                    return True
            except Exception:  # noqa: BLE001, S110 - whatever eth-keys makes of a bad signature
                pass
        digest = keccak256(b"\x19" + asked.version + asked.header + asked.body)
        return has_signed(node, wallet, digest, signature)

    return signed
