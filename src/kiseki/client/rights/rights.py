"""Rights: the token that stands for the rights in a batch, model or collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Contract
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.data.data import Data
from kiseki.client.letters import must_be_for
from kiseki.client.payable import receiver
from kiseki.client.rights.mints import KINDS, kind_of
from kiseki.client.rights.schedules import Schedules
from kiseki.client.wallet import WAITING_DAYS, Signed, document_hash
from kiseki.core import ids, typed
from kiseki.core.metadata import Metadata, parse
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32, ZERO_ADDRESS, from_hex, to_hex
from kiseki.errors import ChainError, InvalidInput

__all__ = ["STAYS", "Income", "Rights"]

_SUBJECT_OPENING = 52

Share = tuple[bytes, bytes, int, int, bytes]
"""A leaf with its proof, as the contracts take it; empty where there is none to show."""

_NONE: Share = (b"", ZERO32, 0, 0, b"")
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
    share: Share = field(default=_NONE, repr=False)

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
        *,
        set_payee: bool = False,
    ) -> Receipt:
        """Mints the token to this wallet, which must have registered the group; once.

        With the income that reaches it (`income`), which the contract is shown and puts on record,
        and with no other: where that has changed meanwhile, nothing is minted.

        Args:
            document: the rights document, or its keccak256.
            royalty: what ERC-2981 asks of a resale; it goes to everybody whom the split pays.
            set_payee: make a collection that pays this wallet pay its token first, for good. Of a
                batch or model the payee was named when it was registered.

        Raises:
            InvalidInput: `set_payee` where this is not allowed.
            NotInIndex: the leaves of the split that is paid are not known.
            ContractReverted: `RightsToken_NotRegistrant`, `RightsToken_OtherIncome`;
                `ERC721InvalidSender` when it is minted.
        """
        found = self.income(kind, group)
        if set_payee:
            found = self._pay_token(found, group)
        call = self._contract.call("mint", self._spec(found, group, document, royalty), found.share)
        return self.wallet.send(call)

    def prepare_mint(
        self,
        kind: str,
        group: bytes,
        document: str | Path | bytes | None = None,
        royalty: str | Decimal = "0%",
        days: int = WAITING_DAYS,
    ) -> Signed:
        """What says that the token of a group of this wallet's is minted to this wallet, with the
        income that reaches it now, for somebody else to bring (`mint_for`); not signed yet, so
        that it can be shown first (`kiseki.client.rights.mints`).

        Args:
            document, royalty: as `mint` takes them.
            days: for how long anybody can bring it.

        Raises:
            NotInIndex: as `mint`.
        """
        nonce, deadline = self.wallet.fresh(days)
        spec = self._spec(self.income(kind, group), group, document, royalty)
        message = typed.mint(
            self.wallet.session.chain_id,
            self._contract.address,
            registrant=self.wallet.address,
            registry=spec[0],
            group=spec[1],
            document=spec[2],
            royalty_bps=spec[3],
            shares=spec[4],
            total=spec[5],
            nonce=nonce,
            deadline=deadline,
        )
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    def sign_mint(
        self,
        kind: str,
        group: bytes,
        document: str | Path | bytes | None = None,
        royalty: str | Decimal = "0%",
        days: int = WAITING_DAYS,
    ) -> Signed:
        """The same, signed; see `prepare_mint`."""
        return self.wallet.signed(self.prepare_mint(kind, group, document, royalty, days))

    def mint_for(self, signed: Signed) -> Receipt:
        """Brings what a registrant signed; nothing changes when it is minted so already.

        Raises:
            InvalidInput: it is for another chain or suite. Nothing was sent.
            ContractReverted: as `mint`; `Signed_…`, it ran out or was cancelled.
        """
        must_be_for(self.wallet.session, signed)
        told = signed.message["message"]
        group, document = (from_hex(told[each], 32, each) for each in ("id", "document"))
        kind = kind_of(told["registry"])
        shares, total = int(told["shares"]), int(told["total"])
        share = self.income(kind, group).share if shares else _NONE
        spec = (told["registry"], group, document, int(told["royaltyBps"]), shares, total)
        return self.wallet.send(
            self._contract.call("mintFor", signed.signer, spec, share, signed.approval)
        )

    def _spec(
        self, income: Income, group: bytes, document: str | Path | bytes | None, royalty: Any
    ) -> tuple[str, bytes, bytes, int, int, int]:
        bps = Terms.of("none", royalty).royalty_bps
        said = document_hash(document)
        return (self._registry(income.kind), group, said, bps, income.shares, income.total)

    def _pay_token(self, found: Income, group: bytes) -> Income:
        """Makes a collection pay its token, where it does not yet and where that is allowed."""
        if found.kind != "collection":
            raise InvalidInput(
                f"who is paid for a {found.kind} was named when it was registered, for good"
            )
        token = self.payee(found.kind, group)
        if found.payee == token.key:
            return found
        if found.payee != ids.wallet(self.wallet.address):
            raise InvalidInput(
                "only where this wallet is paid can the token take its place; the token gets "
                + found.words
            )
        Data(self.wallet).set_payee(group, token)
        return Income(found.kind, token.key, 1, 1)

    def reveal(self, kind: str, group: bytes) -> Receipt:
        """Makes an unminted token pay the registrant of its group; by anybody.

        `revenue.claim` does it by itself where money waits for it.
        """
        return self.wallet.send(self._contract.call("reveal", self._registry(kind), group))

    def holder(self, token: int) -> str | None:
        """Who holds it; `None` before it is minted."""
        found = str(self._contract.read("holderOf", token))
        return None if found == ZERO_ADDRESS else found

    def transfer(self, token: int, to: str) -> Receipt:
        """Gives a token of this wallet's to `to`, and with it what the token earns from now on."""
        new = receiver(to, "the new holder")
        return self.wallet.send(
            self._contract.call("transferFrom", self.wallet.address, new, token)
        )

    def metadata(self, token: int) -> Metadata:
        """What a minted token says of itself, checked; see :class:`Metadata`.

        Raises:
            ContractReverted: it is not minted.
            ChainError: what the node answers is not the metadata of this token.
        """
        kinds = {self._registry(kind).lower(): kind for kind in KINDS}
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
        share = self.income(kind, group).share
        return self.wallet.send(self._contract.call("showIncome", self.token(kind, group), share))

    def income(self, kind: str, group: bytes) -> Income:
        """Which part of what is paid to a group reaches its token, minted or not; its largest leaf
        where a split names it more than once.

        Raises:
            NotInIndex: the leaves of the split that is paid are not known.
        """
        paid: bytes = self._registry_of(kind).read("payeeOf", group, ZERO_ADDRESS)
        if not any(paid):
            raise InvalidInput(
                f"no {kind} {to_hex(group)} is registered on this chain; check its ID and kind, "
                "or register it first"
            )
        own, index = self.payee(kind, group).key, self.wallet.session.index
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
        found = self._contract.read("incomeOf", token)
        shares, total = found["shares"], found["total"]
        registry = self._contract.read("rightsOf", token)["registry"]
        part = f"{_part(shares, total)} of the income" if total else "nothing of the income"
        part = part[0].upper() + part[1:]
        ours = str(registry).lower() in {self._registry(kind).lower() for kind in KINDS}
        more = (
            "" if ours else f" Its registry {registry} is not of this suite, and can change that."
        )
        return f"{part} is on record to come along with the token; {STAYS}.{more}"

    @property
    def _contract(self) -> Contract:
        return self.wallet.session["RightsToken"]

    def _registry(self, kind: str) -> str:
        return self._registry_of(kind).address

    def _registry_of(self, kind: str) -> Contract:
        if kind not in KINDS:
            raise InvalidInput(f"kind is one of {', '.join(KINDS)}, not {kind!r:.40}")
        return self.wallet.session[KINDS[kind]]


def _part(shares: int, total: int) -> str:
    """A share of the gross as people write it, rounded down to 0.0001%."""
    if shares == total:
        return "all"
    return f"{Decimal(shares * 1_000_000 // total) / 10_000:f}%"
