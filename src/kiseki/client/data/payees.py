"""Letters about who a collection pays: a change that its provider signs, for anybody to bring, and
the waiver of the wallet that is paid now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiseki.chain.sending.outcome import Receipt
from kiseki.client import letterparts
from kiseki.client.letters import Letter, must_be_for
from kiseki.client.payable import payable
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import typed
from kiseki.core.days import WAITING_DAYS, utc
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.values import from_hex
from kiseki.language import say

__all__ = ["CHANGE", "Payees", "payee_of"]


@dataclass(frozen=True, slots=True)
class Payees:
    """What is signed about who collections pay; `Kiseki.data.payees`."""

    wallet: Wallet

    def prepare_change(
        self, collection: bytes, payee: Payee | Split | str, days: int = WAITING_DAYS
    ) -> Signed:
        """What says that a collection of this wallet pays another, for somebody else to bring
        (`change_for`); not signed yet, so that it can be shown first.

        Args:
            days: for how long anybody can bring it.

        Raises:
            InvalidInput: nobody could ever be paid.
        """
        who = payable(payee)
        nonce, deadline = self.wallet.fresh(days)
        message = typed.payee_change(
            self.wallet.session.chain_id, self.wallet.session["DataRegistry"].address,
            provider=self.wallet.address, collection=collection, payee=who.key,
            nonce=nonce, deadline=deadline,
        )  # fmt: skip
        more = letterparts.payee(who)
        return Signed(self.wallet.address, message, nonce, deadline, b"", more)

    def change_for(self, signed: Signed, waiver: Signed | None = None) -> Receipt:
        """Brings a change that a provider signed.

        Args:
            waiver: of the wallet that is paid now, if that is not the provider's.

        Raises:
            InvalidInput: it is for another chain or suite. Nothing was sent.
            ContractReverted: as `Data.set_payee`; `Signed_…`, it ran out or was cancelled.
        """
        contract = self.wallet.session[must_be_for(self.wallet.session, signed)]
        if waiver is not None:
            must_be_for(self.wallet.session, waiver)
        word = (0, 0, b"") if waiver is None else waiver.approval
        said, who = signed.message["message"], payee_of(signed)
        collection = from_hex(said["collection"], 32, "the collection")
        return self.wallet.send(
            contract.call(
                "setPayeeFor", signed.signer, collection, who.key, who.opening, signed.approval,
                word,
            )
        )  # fmt: skip

    def prepare_waiver(
        self, collection: bytes, to: Payee | Split | str, days: int = WAITING_DAYS
    ) -> Signed:
        """The waiver before it is signed, to be shown first; see `Data.waive_payee`."""
        nonce, deadline = self.wallet.fresh(days)
        message = typed.payee_waiver(
            self.wallet.session.chain_id, self.wallet.session["DataRegistry"].address,
            payee=self.wallet.address, collection=collection, to=payable(to).key,
            nonce=nonce, deadline=deadline,
        )  # fmt: skip
        return Signed(self.wallet.address, message, nonce, deadline, b"")


def payee_of(signed: Signed) -> Payee:
    """Who is to be paid, of a signed change."""
    return letterparts.payee_of(signed.message["message"]["payee"], signed.more)


def _fits(signed: Signed) -> None:
    payee_of(signed)


def _words(signed: Signed, language: str = "en") -> str:
    return say(
        "The provider {wallet} names who the collection {collection} pays from now on: {payee}. "
        "Where it pays another wallet than the provider's now, that wallet must waive it too. "
        "Anybody can send this, once, until {time}.",
        language,
        wallet=signed.signer,
        collection=signed.message["message"]["collection"],
        payee=payee_of(signed).words(language),
        time=utc(signed.deadline, language),
    )


def _remade(
    chain: int, contract: str, message: Mapping[str, Any], nonce: int, deadline: int
) -> dict[str, Any]:
    return typed.payee_change(
        chain, contract, provider=message["provider"],
        collection=from_hex(message["collection"], 32, "the collection"),
        payee=from_hex(message["payee"], 32, "the payee"), nonce=nonce, deadline=deadline,
    )  # fmt: skip


CHANGE = Letter(
    "kiseki-payee-change-v1",
    "provider",
    _remade,
    _words,
    "is no signed change of payee; sign one with `kiseki data set-payee --sign`",
    letterparts.PAYEE,
    _fits,
)
