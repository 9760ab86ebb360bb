"""Gates: who may use a collection or model whose terms name the allow list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import or_

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.payable import receiver
from kiseki.client.release import gate_of
from kiseki.client.wallet import Wallet
from kiseki.core import ids
from kiseki.core.terms import Terms, Use
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

__all__ = ["Gate"]

_NOTHING = Use(0)


@dataclass(frozen=True, slots=True)
class Gate:
    """The allow list of one registry; `data.gate` for collections, `models.gate` for models.

    Terms name its address: ``define_terms("train", "20%", gate=k.data.gate.address)``.
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
        return bool(self._of(group).read("isAllowed", self._subject(group), user, int(use)))

    def listed(self, group: bytes) -> dict[str, Use]:
        """Who is on the list of a collection or model, and for which uses: address, in lower case
        -> uses. Ignores terms and revocation."""
        users = self.wallet.session.index.named_in_list(self.registry, group)
        asked = list(product(users, Use))
        answers = self._of(group).read_all(
            "isAllowed", [(self._subject(group), user, int(use)) for user, use in asked]
        )
        allowed = [each for each, yes in zip(asked, answers, strict=True) if yes]
        return {
            user: reduce(or_, (use for who, use in allowed if who == user))
            for user in dict.fromkeys(who for who, _ in allowed)
        }

    def must_decide(self, group: bytes, uses: Use = _NOTHING) -> None:
        """Refuses what a list cannot do: its collection or model asks another gate or none, or its
        terms do not allow the uses, whoever is on the list.

        Raises:
            InvalidInput: it is one of these.
            NotInIndex: there is no such collection or model.
        """
        terms = self._terms(group)
        if terms.gate not in {
            each.address.lower() for each in self.wallet.session.all("AllowList")
        }:
            gate = f"the gate {terms.gate}" if int(terms.gate, 16) else "no gate"
            raise InvalidInput(
                f"the terms of {to_hex(group)} name {gate}, so an allow list decides nothing "
                "there. The gate is chosen at registration (--gate list) and stays"
            )
        possible = terms.uses | (Use.GENERATION if self.registry == "ModelRegistry" else _NOTHING)
        if beyond := uses & ~possible:
            names = ", ".join(str(each.name).lower() for each in beyond)
            raise InvalidInput(
                f"the terms of {to_hex(group)} do not allow {names}, whoever is on the list; "
                "leave that out"
            )

    def _terms(self, group: bytes) -> Terms:
        index = self.wallet.session.index
        if self.registry == "DataRegistry":
            return index.terms(index.status(group).terms_id)
        return index.terms(index.model(group).terms_id)

    def _subject(self, group: bytes) -> bytes:
        return ids.subject(self.wallet.session[self.registry].address, group)

    def _of(self, group: bytes) -> Contract:
        session = self.wallet.session
        return gate_of(session, "AllowList", session[self.registry].address, group)
