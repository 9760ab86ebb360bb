"""Incomes: which part of what is paid to a batch, model or collection reaches its rights token."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from kiseki.client.kinds import KINDS, registry_of
from kiseki.client.session import Session
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO32, ZERO_ADDRESS, to_hex
from kiseki.errors import InvalidInput

__all__ = ["NO_SHARE", "STAYS", "Income", "Incomes", "Share", "token_payee"]

_SUBJECT_OPENING = 52

Share = tuple[bytes, bytes, int, int, bytes]
"""A leaf with its proof, as the contracts take it; empty where there is none to show."""

NO_SHARE: Share = (b"", ZERO32, 0, 0, b"")
STAYS = "revoking consent, the allow list and endorsements stay with who registered it"


@dataclass(frozen=True, slots=True)
class Income:
    """Which part of what is paid to a group reaches its rights token.

    Attributes:
        kind: ``batch``, ``model`` or ``collection``.
        payee: of the group, 32 bytes.
        shares: with ``total``, the part: both zero for nothing.
        total: of the split that pays it; 1 of 1 where the token itself is the payee.
        share: the proof that the contract takes; empty where it needs none.
    """

    kind: str
    payee: bytes
    shares: int
    total: int
    share: Share = field(default=NO_SHARE, repr=False)

    @property
    def words(self) -> str:
        """What it is, and where it is nothing, why."""
        if self.total:
            return f"{_part(self.shares, self.total)} of what is paid to the {self.kind}"
        wallet = ids.wallet_address(self.payee)
        if wallet is not None:
            return f"nothing: what is paid to the {self.kind} goes to the wallet {wallet}"
        return (
            f"nothing: what is paid to the {self.kind} goes to {to_hex(self.payee)}, which does "
            "not name the token"
        )


@dataclass(frozen=True, slots=True)
class Incomes:
    """What reaches a token, as the index shows it and as the token's contract has it on record."""

    wallet: Wallet

    def of(self, kind: str, group: bytes) -> Income:
        """Which part of what is paid to a group reaches its token, minted or not; its largest leaf
        where a split names it more than once.

        Raises:
            NotInIndex: the leaves of the split that is paid are not known.
        """
        paid: bytes = registry_of(self.wallet.session, kind).read("payeeOf", group, ZERO_ADDRESS)
        if not any(paid):
            raise InvalidInput(
                f"no {kind} {to_hex(group)} is registered on this chain; check its ID and kind, "
                "or register it first"
            )
        session = self.wallet.session
        own, index = token_payee(session, kind, group).key, session.index
        if paid == own:
            return Income(kind, paid, 1, 1)
        if ids.wallet_address(paid) or len(index.opening(paid)) == _SUBJECT_OPENING:
            return Income(kind, paid, 0, 0)
        split = index.split(paid).split
        leaves = [(n, i) for i, (payee, n) in enumerate(split.leaves) if payee == own]
        if not leaves:
            return Income(kind, paid, 0, 0)
        shares, i = max(leaves)
        proof = split.proof(i)
        share = (split.opening, own, shares, proof.side, proof.path)
        return Income(kind, paid, shares, split.total, share)

    def along(self, token: int) -> str:
        """What comes along with a minted token, and what does not, in words."""
        contract = self.wallet.session["RightsToken"]
        found = contract.read("incomeOf", token)
        shares, total = found["shares"], found["total"]
        registry = contract.read("rightsOf", token)["registry"]
        part = f"{_part(shares, total)} of the income" if total else "nothing of the income"
        part = part[0].upper() + part[1:]
        ours = self.wallet.session.names.get(str(registry).lower()) in KINDS.values()
        more = (
            "" if ours else f" Its registry {registry} is not of this suite, and can change that."
        )
        return f"{part} is on record to come along with the token; {STAYS}.{more}"


def token_payee(session: Session, kind: str, group: bytes) -> Payee:
    """Whoever holds the token of a group when the money moves."""
    subject = ids.subject(registry_of(session, kind).address, group)
    return Payee.subject(session["RightsToken"].address, subject)


def _part(shares: int, total: int) -> str:
    """A share of the gross as people write it, rounded down to 0.0001%."""
    if shares == total:
        return "all"
    return f"{Decimal(shares * 1_000_000 // total) / 10_000:f}%"
