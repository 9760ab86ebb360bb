"""Gates: who may use a collection or model whose terms name the allow list."""

from __future__ import annotations

from dataclasses import dataclass

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.payable import receiver
from kiseki.client.release import gate_of
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.terms import Use

__all__ = ["Gate"]


@dataclass(frozen=True, slots=True)
class Gate:
    """The allow list of one registry; `data.gate` for collections, `models.gate` for models.

    Terms name its address: ``define_terms("train", gate=k.data.gate.address)``.
    """

    wallet: Wallet
    registry: str

    @property
    def address(self) -> str:
        """The address of the allow list, checksummed."""
        return self.wallet.session["AllowList"].address

    def allow(self, group: bytes, user: str, uses: Use) -> Receipt:
        """Allows `user` these `uses` of a collection or model of this wallet, and no others.

        Args:
            group: its ID; it must be registered.
            user: a developer's or creator's address.
            uses: `Use.AI_GENERATIVE_TRAINING` to train on it, `Use.AI_INFERENCE` to read it while
                generating, `Use.GENERATION` to register outputs of a model; `Use(0)` takes it back.

        Raises:
            ContractReverted: `AllowList_NotRegistrant`.
        """
        at = self.wallet.session[self.registry].address
        who = receiver(user, "the user")
        return self.wallet.send(self._of(group).call("allow", at, group, who, int(uses)))

    def lets(self, group: bytes, user: str, use: Use) -> bool:
        """Whether the allow list allows `user` this use; ignores terms and revocation."""
        subject = ids.subject(self.wallet.session[self.registry].address, group)
        return bool(self._of(group).read("isAllowed", subject, user, int(use)))

    def _of(self, group: bytes) -> Contract:
        session = self.wallet.session
        return gate_of(session, "AllowList", session[self.registry].address, group)
