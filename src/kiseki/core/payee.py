"""Payees as the contracts take them: a key, and its opening unless it is a wallet; and in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.split import Split
from kiseki.core.values import address_text, to_hex
from kiseki.language import say

__all__ = ["Payee", "usual"]


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
            InvalidInput: it is no address.
        """
        if isinstance(given, Payee):
            return given
        if isinstance(given, Split):
            return cls(given.key, given.opening, given)
        return cls(ids.wallet(given))

    @classmethod
    def subject(cls, contract: str, subject_id: bytes) -> Payee:
        """Whatever `contract` says about `subject_id` when the money moves."""
        return cls(ids.subject(contract, subject_id), ids.subject_opening(contract, subject_id))

    @classmethod
    def identity(cls, contract: str, issuer: str, person: bytes) -> Payee:
        """Whatever wallet `issuer` binds a person to, in its time.

        Args:
            contract: `Identities`.
        """
        return cls.subject(contract, ids.identity_id(issuer, person))

    def words(self, language: str = "en") -> str:
        """Who that is: "the wallet 0x…"; of a split not its leaves, which `parts` says."""
        wallet = ids.wallet_address(self.key)
        if wallet is not None:
            return say("the wallet {wallet}", language, wallet=checksummed(wallet))
        if self.many:
            return say("those in the split {split}", language, split=to_hex(self.key))
        if self.opening:
            return say(
                "whoever the contract {contract} names for {subject}",
                language,
                contract=checksummed(address_text(self.opening[:20])),
                subject=to_hex(self.opening[20:]),
            )
        # Of a key alone nobody can say what it stands for.
        return say("the payee {key}", language, key=to_hex(self.key))

    @property
    def many(self) -> bool:
        """Whether it is spoken of as a split: what has an opening and is no subject."""
        subject = len(self.opening) == 52 and self.key == ids.subject(
            address_text(self.opening[:20]), self.opening[20:]
        )
        return bool(self.opening) and not subject and ids.wallet_address(self.key) is None

    @property
    def parts(self) -> list[tuple[Payee, Fraction]]:
        """Who has which part of it: of a split each of its payees, as far as they are known here;
        of anything else itself, with all of it."""
        if self.split is None:
            return [(self, Fraction(1))]
        total = self.split.total
        return [(Payee(payee), Fraction(n, total)) for payee, n in self.split.leaves]


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
