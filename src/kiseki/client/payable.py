"""Who can be paid: whoever names a payee or an address goes through here.

What no contract could ever pay is refused before anything is signed or sent.
"""

from __future__ import annotations

from kiseki.chain.release.releases import names
from kiseki.core.checksum import checksummed
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, address_text, bytes32, to_hex
from kiseki.errors import InvalidInput

__all__ = ["payable", "payable_identity", "receiver"]

_NAMING = frozenset(
    ("DataRegistry", "ModelRegistry", "OutputRegistry", "RightsToken", "Identities")
)
"""The contracts of the suite that say whom something stands for (`payeeOf`)."""


def payable(given: Payee | Split | str) -> Payee:
    """A payee from what people have: an address, a split, or a payee already.

    Raises:
        InvalidInput: it, or a leaf of a split that is known here, could never be paid.
    """
    payee = Payee.of(given)
    _must_be_a_wallet(payee.key, "the payee")
    if len(payee.opening) == 52:
        account = address_text(payee.opening[:20])
        if account == ZERO_ADDRESS or names().get(account) not in (None, *_NAMING):
            raise InvalidInput(
                f"the payee is whoever {account} names for {to_hex(payee.opening[20:])}, and "
                "that contract names nobody, so nobody could ever be paid; name a wallet, a "
                "split, or something that is registered"
            )
    for key, _ in payee.split.leaves if payee.split is not None else ():
        _must_be_a_wallet(key, "a payee of the split")
    return payee


def payable_identity(contract: str, issuer: str, person: bytes) -> Payee:
    """Whatever wallet `issuer` binds a person to, in its time.

    Args:
        contract: `Identities`.

    Raises:
        InvalidInput: the issuer could never bind anybody, or the person is nobody.
    """
    if bytes32(person, "the person") == ZERO32:
        raise InvalidInput(
            "the person is zero, which is nobody; `kiseki identity person` makes one"
        )
    return Payee.identity(contract, receiver(issuer, "the issuer"), person)


def receiver(given: str, what: str) -> str:
    """An address in lower case, of somebody who can be paid, hold something, or act.

    Args:
        what: what it is, in the error.

    Raises:
        InvalidInput: it is no address, the zero address, or a contract of the suite.
    """
    who = address_text(address(given, what))
    if who == ZERO_ADDRESS:
        raise InvalidInput(f"{what} is the zero address, which is nobody's; name a wallet")
    name = names().get(who)
    if name is not None:
        raise InvalidInput(
            f"{what} {checksummed(who)} is Kiseki's contract {name}, which can neither "
            "receive nor sign anything, so it would be lost there; name a wallet"
        )
    return who


def _must_be_a_wallet(key: bytes, what: str) -> None:
    """Nothing is said of a key that is no wallet's."""
    if not any(key[:12]):
        receiver(address_text(key[12:]), what)
