"""Cancellations: a signature withdrawn by who has no ether, for anybody to send.

A cancellation's file is a letter (`kiseki.client.letters`). Whoever has it can only do what it
says: make one earlier signature of the same wallet worthless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kiseki.chain.release.releases import names
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.accounts import recoveries
from kiseki.client.accounts.accounts import Accounts
from kiseki.client.letters import Letter, contract_here, must_be_for
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import documents, typed
from kiseki.core.checksum import checksummed
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.core.values import uint
from kiseki.language import say

if TYPE_CHECKING:
    from kiseki.client.signedfiles import SignedFile

__all__ = ["LETTER", "Cancellations"]


@dataclass(frozen=True, slots=True)
class Cancellations:
    """Withdrawing signatures of this wallet, and sending what others signed about theirs."""

    wallet: Wallet

    def cancel(self, nonce: int, contract: str = "DataRegistry") -> Receipt:
        """Makes this wallet's signature with that number worthless; what was done with it stays.

        Args:
            contract: name of the one that the signature was for.
        """
        number = uint(nonce, 256, "the number of a signature")
        return self.wallet.send(self.wallet.session[contract].call("cancelNonce", number))

    def prepare(
        self, cancelled: int, contract: str = "DataRegistry", days: int = WAITING_DAYS
    ) -> Signed:
        """What says that this wallet's signature with the number `cancelled` is worthless; not yet
        signed, so that it can be shown first.

        Args:
            contract: name of the one that the signature was for.
            days: for how long anybody can send it.
        """
        nonce, deadline = self.wallet.fresh(days)
        message = typed.cancellation(
            self.wallet.session.chain_id, self.wallet.session[contract].address, of=contract,
            signer=self.wallet.address, cancelled=cancelled, nonce=nonce, deadline=deadline,
        )  # fmt: skip
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    def submit(self, signed: Signed) -> Receipt:
        """Sends it, with this wallet's ether. Sent twice it does nothing the second time.

        Raises:
            InvalidInput: it is for another chain or contract than the suite here.
        """
        contract = self.wallet.session[must_be_for(self.wallet.session, signed)]
        cancelled = int(signed.message["message"]["cancelled"])
        return self.wallet.send(
            contract.call("cancelNonceFor", signed.signer, cancelled, signed.approval)
        )

    def contract_of(self, file: SignedFile) -> str:
        """The name of the contract that a signed file is for.

        Raises:
            InvalidInput: it is for another chain or contract than the suite here.
        """
        return contract_here(self.wallet.session, file.chain_id, file.contract)

    def state(self, file: SignedFile) -> str:
        """Whether a signed file still counts: ``counts``, ``ran out``, ``used or cancelled``, or
        ``not signed yet``.

        Raises:
            InvalidInput: as `contract_of`.
        """
        if file.form == recoveries.LETTER.form:
            return self._approval(file)
        contract = self.wallet.session[self.contract_of(file)]
        if contract.read("isNonceUsed", file.signer, file.nonce):
            return "used or cancelled"
        if file.deadline < self.wallet.session.now():
            return "ran out"
        return "counts" if file.is_signed else "not signed yet"

    def _approval(self, file: SignedFile) -> str:
        """Of a guardian: it counts for one round of its account."""
        turn = Accounts(self.wallet).state(file.contract).round
        if turn != file.nonce:
            return "used or cancelled"
        return "ran out" if file.deadline < self.wallet.session.now() else "counts"


def _words(signed: Signed, language: str = "en") -> str:
    return say(
        "What the wallet {wallet} signed with the number {number} for the contract {contract} no "
        "longer counts once this is sent. Anybody may send this until {time}. What was done with "
        "it stays done.",
        language,
        wallet=signed.signer,
        number=signed.message["message"]["cancelled"],
        contract=checksummed(signed.message["domain"]["verifyingContract"]),
        time=utc(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.cancellation(
        chain, contract, of=names()[contract], signer=message["signer"],
        cancelled=documents.decimal(message["cancelled"], "the number that is cancelled"),
        nonce=nonce, deadline=deadline,
    )  # fmt: skip


LETTER = Letter(
    "kiseki-cancellation-v1",
    "signer",
    _remade,
    _words,
    "is no cancellation; sign one with `kiseki letters cancel --sign`",
)
