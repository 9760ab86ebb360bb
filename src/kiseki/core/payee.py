"""Payees as the contracts take them: a key, and its opening unless it is a wallet; and in words.

Whoever names a payee or an address goes through `Payee.of` or `receiver`: they refuse what no
contract could ever pay, before anything is signed or sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.split import Split
from kiseki.core.values import ZERO_ADDRESS, address, address_text, to_hex
from kiseki.errors import InvalidInput

__all__ = ["Payee", "receiver", "usual"]

_NAMING = frozenset(
    ("DataRegistry", "ModelRegistry", "OutputRegistry", "RightsToken", "Identities")
)
"""The contracts of the suite that say whom something stands for (`payeeOf`)."""


@dataclass(frozen=True, slots=True)
class Payee:
    """Who is paid.

    Attributes:
        key: 32 bytes.
        opening: what hashes to the key: of a wallet nothing, of a split 76 bytes, of a subject 52.
        split: of a split its leaves, where they are known here.
    """

    key: bytes
    opening: bytes = b""
    split: Split | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, given: Payee | Split | str) -> Payee:
        """A payee from what people have: an address, a split, or a payee already.

        Raises:
            InvalidInput: it, or a leaf of a split that is known here, could never be paid.
        """
        if isinstance(given, Split):
            given = cls(given.key, given.opening, given)
        elif not isinstance(given, Payee):
            given = cls(ids.wallet(given))
        given._must_be_payable()
        return given

    @classmethod
    def subject(cls, contract: str, subject_id: bytes) -> Payee:
        """Whatever `contract` says about `subject_id` when the money moves."""
        return cls(ids.subject(contract, subject_id), ids.subject_opening(contract, subject_id))

    @classmethod
    def identity(cls, contract: str, issuer: str, person: bytes) -> Payee:
        """Whatever wallet `issuer` binds a person to, in its time.

        Args:
            contract: `Identities`.

        Raises:
            InvalidInput: the issuer could never bind anybody.
        """
        who = receiver(issuer, "the issuer")
        return cls.subject(contract, ids.identity_id(who, person))

    def _must_be_payable(self) -> None:
        _must_be_a_wallet(self.key, "the payee")
        if len(self.opening) == 52:
            account = address_text(self.opening[:20])
            if account == ZERO_ADDRESS or _suite().get(account) not in (None, *_NAMING):
                raise InvalidInput(
                    f"the payee is whoever {account} names for {to_hex(self.opening[20:])}, and "
                    "that contract names nobody, so nobody could ever be paid; name a wallet, a "
                    "split, or something that is registered"
                )
        for key, _ in self.split.leaves if self.split is not None else ():
            _must_be_a_wallet(key, "a payee of the split")

    @property
    def words(self) -> str:
        """Who that is: "the wallet 0x…"; of a split not its leaves, which `parts` says."""
        wallet = ids.wallet_address(self.key)
        if wallet is not None:
            return f"the wallet {checksummed(wallet)}"
        if len(self.opening) == 52:
            contract, subject = address_text(self.opening[:20]), self.opening[20:]
            if ids.subject(contract, subject) == self.key:
                return f"whoever the contract {checksummed(contract)} names for {to_hex(subject)}"
        # Of a key alone nobody can say what it stands for.
        return f"{'those in the split' if self.opening else 'the payee'} {to_hex(self.key)}"

    @property
    def parts(self) -> list[tuple[Payee, Fraction]]:
        """Who has which part of it: of a split each of its payees, as far as they are known here;
        of anything else itself, with all of it."""
        if self.split is None:
            return [(self, Fraction(1))]
        total = self.split.total
        return [(Payee(payee), Fraction(n, total)) for payee, n in self.split.leaves]


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
    name = _suite().get(who)
    if name is not None:
        raise InvalidInput(
            f"{what} {to_checksum_address(who)} is Kiseki's contract {name}, which can neither "
            "receive nor sign anything, so it would be lost there; name a wallet"
        )
    return who


def _must_be_a_wallet(key: bytes, what: str) -> None:
    """Nothing is said of a key that is no wallet's."""
    if not any(key[:12]):
        receiver(address_text(key[12:]), what)


@cache
def _suite() -> Mapping[str, str]:
    """Address, in lower case -> name, of this release's contracts, which is the same on every
    chain."""
    return {at.lower(): name for name, at in deployment.addresses().items()}


def usual(given: Payee | Split | str | None, wallet: str, token: Payee) -> Payee:
    """Who is paid for a model or batch: its rights token, unless another is named.

    Args:
        given: a payee; ``wallet`` for the registrant's own; none for the token.
        wallet: the registrant's.
        token: the payee that is the group's rights token.
    """
    if given is None:
        return token
    return Payee.of(wallet if given == "wallet" else given)
