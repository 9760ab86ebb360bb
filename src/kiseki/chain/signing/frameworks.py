"""Ape and Brownie lend their network and their accounts to a script that runs under them.

    python scripts/deploy.py                                    nothing is lent: .env says
    ape run deploy --network ethereum:local:foundry             Ape's network and account
    brownie run deploy --network sepolia                        Brownie's

Only that is borrowed. What is deployed is Kiseki's own artefacts, and its own sender sends it, so
addresses and costs are the same under all three. Neither is ever imported here: one that is in use
has been already.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kiseki.chain.signing.accounts import LOCAL_CHAINS, account_of, password_file
from kiseki.chain.signing.remote import APIS, RemoteSigner, checked_signature, checked_transaction
from kiseki.chain.signing.signer import LocalSigner, SignedTransaction, Signer
from kiseki.core.values import one_line
from kiseki.errors import InvalidInput, SigningError

__all__ = ["ApeSigner", "Lent", "lent"]


@dataclass(frozen=True, slots=True)
class Lent:
    """What is lent. As text it says so in a sentence.

    Attributes:
        framework: Ape or Brownie.
        network: what it calls the network that it is connected to.
        chain_id: of that network.
        url: of the node, which may hold a key.
        names: of the accounts that it keeps.
    """

    framework: str
    network: str
    chain_id: int
    url: str = field(repr=False)
    names: tuple[str, ...]
    _account: Callable[[str, Mapping[str, str]], Signer | None] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.framework} lends its network {self.network}, chain {self.chain_id}."

    def account(self, name: str, environment: Mapping[str, str]) -> Signer:
        """The account of a name, or the usual one if it is empty: whatever was made the default, or
        else, on a local chain, the first test wallet.

        Args:
            environment: where ``KISEKI_PASSWORD_FILE`` may name the file with its password. The
                framework asks for the password otherwise.

        Raises:
            InvalidInput: there is none.
            SigningError: it cannot be used.
        """
        found = self._account(name, environment)
        if found is None:
            raise InvalidInput(
                f"which account of {self.framework}'s is to act on {self.network}? name it in "
                f"KISEKI_ACCOUNT; there is {self._known}"
            )
        return found

    def unknown(self, error: InvalidInput) -> InvalidInput:
        """What to say of a name that is not one of Kiseki's either, as the error says."""
        return InvalidInput(f"{error}; of {self.framework}'s accounts there is {self._known}")

    @property
    def _known(self) -> str:
        return ", ".join(self.names) or "none yet"


def lent() -> Lent | None:
    """What Ape or Brownie lends here and now; nothing unless one of them is connected.

    Raises:
        InvalidInput: it is connected in a way in which Kiseki cannot be.
    """
    ape, brownie = sys.modules.get("ape"), sys.modules.get("brownie")
    if ape is not None and getattr(ape, "networks", None) and ape.networks.active_provider:
        return _of_ape(ape)
    if brownie is not None and getattr(brownie, "network", None) and brownie.network.is_connected():
        return _of_brownie(brownie)
    return None


def _http(url: Any, framework: str, network: str) -> str:
    if not str(url).startswith(("http://", "https://")):
        raise InvalidInput(
            f"{framework} is connected to {network} otherwise than over HTTP; choose a network "
            "with the http:// or https:// URL of a node"
        )
    return str(url)


# Ape


def _of_ape(ape: Any) -> Lent:
    provider = ape.networks.active_provider
    network = f"{provider.network.choice}:{provider.name}"
    url = _http(getattr(provider, "http_uri", None), "Ape", network)
    chain_id = int(provider.chain_id)

    def account(name: str, environment: Mapping[str, str]) -> Signer | None:
        found = ape.accounts.load(name) if name else ape.accounts.default_sender
        if found is None and chain_id in LOCAL_CHAINS:
            found = ape.accounts.test_accounts[0]
        return found and ApeSigner(found, password_file(environment))

    return Lent("Ape", network, chain_id, url, tuple(ape.accounts.aliases), account)


class ApeSigner:
    """A wallet that Ape keeps. Ape asks before it signs, unless it has been given the password."""

    def __init__(self, account: Any, password: str | None = None) -> None:
        """
        Raises:
            SigningError: it is not the account's password.
        """
        self._account = account
        self.address = str(account.address)
        if password is not None and hasattr(account, "set_autosign"):
            with self._refusals():
                account.set_autosign(True, passphrase=password)

    def __repr__(self) -> str:
        return f"ApeSigner({self.address})"

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """Signs a transaction; see `kiseki.chain.signing.signer.Signer`."""
        ecosystem = self._account.provider.network.ecosystem
        with self._refusals():
            signed = self._account.sign_transaction(ecosystem.create_transaction(**transaction))
            raw = bytes(self._given(signed).serialize_transaction())
        return checked_transaction(raw, transaction, self.address)

    def sign_typed(self, message: Mapping[str, Any]) -> bytes:
        """Signs an EIP-712 message; see `kiseki.chain.signing.signer.Signer`."""
        with self._refusals():
            from eth_account.messages import encode_typed_data

            signed = self._account.sign_message(encode_typed_data(full_message=dict(message)))
        return checked_signature(bytes(self._given(signed).encode_rsv()), message, self.address)

    def sign_text(self, text: str) -> bytes:
        """Signs a text; see `kiseki.chain.signing.signer.Signer`."""
        with self._refusals():
            from eth_account.messages import encode_defunct

            signed = self._account.sign_message(encode_defunct(text=text))
        return checked_signature(bytes(self._given(signed).encode_rsv()), text, self.address)

    def _given(self, signed: Any) -> Any:
        if signed is None:
            raise SigningError(f"Ape's account {self.address} did not sign; nothing was sent")
        return signed

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        from ape.exceptions import ApeException  # loaded already, or there were no account

        try:
            yield
        except ApeException as error:
            said = one_line(str(error)) or type(error).__name__
            raise SigningError(f"Ape's account {self.address} did not sign: {said}") from None


# Brownie


def _of_brownie(brownie: Any) -> Lent:
    network = str(brownie.network.show_active())
    url = _http(getattr(brownie.web3.provider, "endpoint_uri", None), "Brownie", network)
    chain_id = int(brownie.web3.eth.chain_id)

    def account(name: str, environment: Mapping[str, str]) -> Signer | None:
        if name:
            try:
                found = brownie.accounts.load(name, password=password_file(environment))
            except ValueError:  # without its cause, which knows the password
                raise SigningError(f"that is not the password of {name}; try again") from None
            except EOFError:
                raise SigningError(
                    f"{name} needs its password and nobody can be asked here; put it into a file "
                    "of mode 0600 that KISEKI_PASSWORD_FILE names"
                ) from None
        else:
            found = brownie.accounts.default
            if found is None and chain_id in LOCAL_CHAINS and len(brownie.accounts):
                found = brownie.accounts[0]
        key = getattr(found, "private_key", None)
        if key is not None:
            return LocalSigner(account_of(key))
        return found and RemoteSigner(APIS["node"], url, str(found))

    return Lent("Brownie", network, chain_id, url, tuple(brownie.accounts.load()), account)
