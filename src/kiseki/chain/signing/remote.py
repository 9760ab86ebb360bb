"""Wallets whose keys are elsewhere: a node's own accounts, Web3Signer, Clef.

What they give back is never taken on trust: a transaction must be, byte for byte, the one that was
asked for, and a signature the wallet's.

Sources: docs.web3signer.consensys.io/reference/api/json-rpc, geth.ethereum.org/docs/clef/apis.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiseki.chain.node import place
from kiseki.chain.signing.signer import SignedTransaction
from kiseki.core import documents
from kiseki.core.checksum import checksummed
from kiseki.core.keccak import keccak256
from kiseki.core.values import address, address_text, from_hex, one_line, to_hex
from kiseki.errors import SigningError

__all__ = ["APIS", "Api", "RemoteSigner", "checked_signature", "checked_transaction"]

_NUMBERS = ("value", "gas", "nonce", "chainId", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas")
_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Of the curve secp256k1."""
_PATIENCE = 300.0
"""Seconds: somebody may have to be asked."""


@dataclass(frozen=True, slots=True)
class Api:
    """How a signer is spoken to.

    Attributes:
        name: for people.
        accounts: the method that lists its wallets.
        transaction: the one that signs a transaction.
        typed: the one that signs EIP-712 data, given as (address, data).
        as_text: whether that data is JSON in a string. Source: Web3Signer's
            EthSignTypedDataResultProvider, which takes nothing else.
        text: the one that signs a text as EIP-191 has it, given as (address, hexadecimal).
        kind: what it is told first of the text; empty for nothing.
    """

    name: str
    accounts: str
    transaction: str
    typed: str
    as_text: bool = False
    text: str = "eth_sign"
    kind: str = ""


APIS: Mapping[str, Api] = {
    "node": Api("the node", "eth_accounts", "eth_signTransaction", "eth_signTypedData_v4"),
    "web3signer": Api(
        "Web3Signer", "eth_accounts", "eth_signTransaction", "eth_signTypedData", as_text=True
    ),
    "clef": Api(
        "Clef",
        "account_list",
        "account_signTransaction",
        "account_signTypedData",
        text="account_signData",
        kind="text/plain",
    ),
}


class RemoteSigner:
    """A wallet of a node or signing service, over JSON-RPC."""

    def __init__(self, api: Api, url: str, wallet: str, timeout: float = _PATIENCE) -> None:
        """
        Raises:
            InvalidInput: `wallet` is no address, or `url` no URL.
            SigningError: it does not answer, or has no such wallet.
        """
        self._api, self._url, self._timeout = api, url, timeout
        self._where = place(url)
        self._numbers = itertools.count(1)
        self.address = checksummed(address(wallet, "the wallet"))
        there = self._ask(api.accounts, [])
        known = [str(each).lower() for each in there] if isinstance(there, list) else []
        if self.address.lower() not in known:
            raise SigningError(
                f"{api.name} at {self._where} has no wallet {self.address}; "
                f"it has {', '.join(map(one_line, known)) or 'none'}"
            )

    def __repr__(self) -> str:
        return f"RemoteSigner({self._api.name} at {self._where}, {self.address})"

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """Signs a transaction; see `kiseki.chain.signing.signer.Signer`."""
        asked = {name: hex(transaction[name]) for name in _NUMBERS if name in transaction}
        asked |= {
            "from": self.address,
            "to": transaction["to"],
            "data": to_hex(transaction["data"]),
        }
        answer = self._ask(self._api.transaction, [asked])
        raw = answer.get("raw") if isinstance(answer, dict) else answer
        return checked_transaction(self._bytes(raw), transaction, self.address)

    def sign_typed(self, message: Mapping[str, Any]) -> bytes:
        """Signs an EIP-712 message; see `kiseki.chain.signing.signer.Signer`."""
        data = json.dumps(message) if self._api.as_text else dict(message)
        answer = self._ask(self._api.typed, [self.address, data])
        return checked_signature(self._bytes(answer), message, self.address)

    def sign_text(self, text: str) -> bytes:
        """Signs a text; see `kiseki.chain.signing.signer.Signer`."""
        kind = [self._api.kind] if self._api.kind else []
        answer = self._ask(self._api.text, [*kind, self.address, to_hex(text.encode())])
        return checked_signature(self._bytes(answer), text, self.address)

    def _bytes(self, answer: Any) -> bytes:
        try:
            return from_hex(answer, None, "what was signed")
        except ValueError:
            raise self._strange() from None

    def _strange(self) -> SigningError:
        return SigningError(f"{self._api.name} at {self._where} answered something else; nothing "
                            "was sent; check that the URL is its own")  # fmt: skip

    def _ask(self, method: str, parameters: list[Any]) -> Any:
        """One question, never repeated: somebody may be asked about it."""
        import requests

        question = {"jsonrpc": "2.0", "id": next(self._numbers), "method": method,
                    "params": parameters}  # fmt: skip
        try:
            told = requests.post(self._url, json=question, timeout=self._timeout)
            answer = documents.foreign(told.content)
        except (requests.RequestException, ValueError) as error:
            # Without the cause: it would hold the URL, and with it perhaps a key.
            raise SigningError(
                f"{self._api.name} at {self._where} does not answer ({type(error).__name__}); "
                "nothing was sent; start it, or check the URL"
            ) from None
        if not isinstance(answer, dict):
            raise self._strange()
        if answer.get("error") is not None:
            refusal = answer["error"]
            said = refusal.get("message") if isinstance(refusal, dict) else refusal
            raise SigningError(f"{self._api.name} did not sign: {one_line(str(said))}")
        return answer.get("result")


def checked_transaction(raw: bytes, asked: Mapping[str, Any], wallet: str) -> SignedTransaction:
    """A signed transaction, if it is what was asked for and nothing else.

    Raises:
        SigningError: it is another, or another's.
    """
    import rlp
    from eth_account import Account

    end = [bytes.fromhex(asked["to"][2:]), _short(asked["value"]), bytes(asked["data"])]
    try:
        if "gasPrice" in asked:
            names = ["nonce", "gasPrice", "gas"]
            fields: Any = rlp.decode(raw)
            same = len(fields) == 9 and int.from_bytes(fields[6]) in (
                2 * asked["chainId"] + 35, 2 * asked["chainId"] + 36,  # EIP-155
            )  # fmt: skip
        else:
            names = ["chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"]
            fields = rlp.decode(raw[1:])
            same = len(fields) == 12 and raw[:1] == b"\x02" and fields[8] == []  # EIP-1559
        wanted = [_short(asked[name]) for name in names] + end
        signer = Account.recover_transaction(raw)
    except (rlp.exceptions.RLPException, ValueError, TypeError, IndexError):
        raise SigningError("what came back is no signed transaction; nothing was sent") from None
    except Exception as error:  # noqa: BLE001 - whatever eth-keys makes of a bad signature
        raise SigningError(
            f"the signature that came back is none ({type(error).__name__}); nothing was sent"
        ) from None
    if not same or fields[: len(wanted)] != wanted:
        raise SigningError(
            "what was signed is not what was asked for; nothing was sent; trust this signer no more"
        )
    if signer.lower() != wallet.lower():
        raise SigningError(f"it was signed by {signer} and not by {wallet}; nothing was sent")
    return SignedTransaction(raw, keccak256(raw))


def checked_signature(signature: bytes, message: Mapping[str, Any] | str, wallet: str) -> bytes:
    """A signature of an EIP-712 message or a text (EIP-191), if it is the wallet's.

    Raises:
        SigningError: it is another's, or none.
    """
    from eth_account import Account
    from eth_account.messages import encode_defunct, encode_typed_data

    signer = ""
    if len(signature) == 65:
        signature = _as_contracts_take(signature)
        try:
            if isinstance(message, str):
                signable = encode_defunct(text=message)
            else:
                signable = encode_typed_data(full_message=dict(message))
            signer = str(Account.recover_message(signable, signature=signature))
        except Exception:  # noqa: BLE001 - whatever eth-keys makes of a bad signature
            signer = ""
    if signer.lower() != wallet.lower():
        raise SigningError(
            f"the signature is not {address_text(bytes.fromhex(wallet[2:]))}'s"
            f"{f' but that of {signer}' if signer else ''}; nothing was sent"
        )
    return signature


def _as_contracts_take(signature: bytes) -> bytes:
    """With 27 or 28 at the end, where some write 0 or 1, or a chain's ID (EIP-155); and with the
    lower of both s, which OpenZeppelin's ECDSA asks for."""
    s, last = int.from_bytes(signature[32:64]), signature[64]
    if 1 < last < 27 or 28 < last < 35:
        return signature  # which is none
    odd = last - 27 if last in (27, 28) else last if last < 2 else (last - 35) % 2
    if s > _ORDER // 2:
        s, odd = _ORDER - s, 1 - odd
    return signature[:32] + (s % _ORDER).to_bytes(32) + bytes([27 + odd])


def _short(number: int) -> bytes:
    """As RLP has numbers: without leading zeros."""
    return number.to_bytes((number.bit_length() + 7) // 8)
