"""Rights: the token that stands for the rights in a batch, model or collection."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from kiseki.chain.contracts import Contract
from kiseki.chain.sender import Receipt
from kiseki.client.metadata import Metadata, parse
from kiseki.client.payees import Payee
from kiseki.client.schedules import Schedules
from kiseki.client.wallet import document_hash
from kiseki.core import ids
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, to_hex
from kiseki.errors import ChainError, InvalidInput

__all__ = ["Rights"]

REGISTRIES = {"batch": "OutputRegistry", "model": "ModelRegistry", "collection": "DataRegistry"}

Share = tuple[bytes, bytes, int, int, bytes]
"""A leaf with its proof, as the contracts take it; empty where there is none to show."""


@dataclass(frozen=True, slots=True)
class Rights(Schedules):
    """Rights holders' side; `Kiseki.rights`. Rights that move by themselves: `schedules`."""

    def token(self, kind: str, group: bytes) -> int:
        """The token's number, minted or not.

        Args:
            kind: ``batch``, ``model`` or ``collection``.
            group: its ID.
        """
        return int.from_bytes(ids.subject(self._registry(kind), group))

    def payee(self, kind: str, group: bytes) -> Payee:
        """Whoever holds the token when the money moves."""
        subject = ids.subject(self._registry(kind), group)
        return Payee.subject(self._contract.address, subject)

    def royalties(self, kind: str, group: bytes) -> Payee:
        """Whom a marketplace pays the royalty of a resale (ERC-2981), at a payment address.

        Whatever the registry says of the group when the money moves: of a batch or model its split,
        so everybody in its trace; of a collection its payee. Of a batch or model it lies at another
        address than what is paid to the split itself, so both are to be swept.
        """
        return Payee.subject(self._registry(kind), group)

    def mint(
        self,
        kind: str,
        group: bytes,
        document: str | Path | bytes | None = None,
        royalty: str | Decimal = "0%",
    ) -> Receipt:
        """Mints the token to this wallet, which must have registered the group; once.

        Args:
            document: the rights document, or its keccak256.
            royalty: what ERC-2981 asks of a resale; it goes to everybody whom the split pays.

        Raises:
            ContractReverted: `RightsToken_NotRegistrant`; `ERC721InvalidSender` when it is minted.
        """
        bps = Terms.of("none", royalty).royalty_bps
        call = self._contract.call(
            "mint", self._registry(kind), group, document_hash(document), bps
        )
        return self.wallet.send(call)

    def know(self, kind: str, group: bytes) -> Receipt:
        """Makes an unminted token pay the registrant of its group; by anybody."""
        return self.wallet.send(self._contract.call("know", self._registry(kind), group))

    def holder(self, token: int) -> str | None:
        """Who holds it; `None` before it is minted."""
        found = str(self._contract.read("holderOf", token))
        return None if found == ZERO_ADDRESS else found

    def transfer(self, token: int, to: str) -> Receipt:
        """Gives a token of this wallet's to `to`, and with it what the token earns from now on."""
        new = to_hex(address(to, "the new holder"))
        return self.wallet.send(
            self._contract.call("transferFrom", self.wallet.address, new, token)
        )

    def metadata(self, token: int) -> Metadata:
        """What a minted token says of itself, checked; see :class:`Metadata`.

        Raises:
            ContractReverted: it is not minted.
            ChainError: what the node answers is not the metadata of this token.
        """
        kinds = {self._registry(kind).lower(): kind for kind in REGISTRIES}
        uri = self._contract.read("tokenURI", token)
        try:
            return parse(uri, token, kinds)
        except InvalidInput as error:
            raise ChainError(
                f"the metadata of the token {token} cannot be right: {error}; check the node"
            ) from error

    def show_income(self, kind: str, group: bytes) -> Receipt:
        """Puts on record which part of what is paid to a group reaches its token, by anybody.

        The proof is found in the index. Where the payee of a collection has changed and nothing
        reaches the token any more, the record is taken back.

        Raises:
            ContractReverted: `RightsToken_IncomeNotShown`, nothing reaches it directly;
                `ERC721NonexistentToken`.
            NotInIndex: the leaves of the split that is paid are not known.
        """
        share = self._share(kind, group)
        return self.wallet.send(self._contract.call("showIncome", self.token(kind, group), share))

    def _share(self, kind: str, group: bytes) -> Share:
        """The token's leaf in the split that is paid for the group; its largest, if it has many."""
        nothing = (b"", ZERO32, 0, 0, b"")
        paid: bytes = self._registry_of(kind).read("payeeOf", group, ZERO_ADDRESS)
        own = self.payee(kind, group).key
        if paid in (own, ZERO32) or ids.wallet_address(paid):
            return nothing
        split = self.wallet.session.index.split(paid).split
        leaves = [(n, i) for i, (payee, n) in enumerate(split.leaves) if payee == own]
        if not leaves:
            return nothing
        shares, i = max(leaves)
        proof = split.proof(i)
        return (split.opening, own, shares, proof.side, proof.path)

    @property
    def _contract(self) -> Contract:
        return self.wallet.session["RightsToken"]

    def _registry(self, kind: str) -> str:
        return self._registry_of(kind).address

    def _registry_of(self, kind: str) -> Contract:
        if kind not in REGISTRIES:
            raise InvalidInput(f"kind is one of {', '.join(REGISTRIES)}, not {kind!r:.40}")
        return self.wallet.session[REGISTRIES[kind]]
