"""Rights: the token that stands for the rights in a batch, model or collection.

    deal = [IncomeThreshold(series.key, 10**20), Escrow(10**18)]
    k.rights.schedule(token, to=buyer, when=deal, deadline=…)
    ...
    k.rights.pending()                     # what is open, and which conditions are met
    k.rights.execute(schedule_id)          # by anybody, once all are

What a token earned and nobody claimed goes with it: claim first (`execute` does it in the same
transaction, where it is told to), or agree on a price that counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from kiseki.chain.contract.contracts import Call, Contract
from kiseki.chain.sending.fees import MOST_GAS_TRIED
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.data.data import Data
from kiseki.client.kinds import KINDS, kind_of, registry_of
from kiseki.client.letters import must_be_for
from kiseki.client.payable import receiver
from kiseki.client.revenue.allowances import approve
from kiseki.client.revenue.revenue import Revenue
from kiseki.client.rights.agreements import schedule_of
from kiseki.client.rights.incomes import NO_SHARE, Income, Incomes, token_payee
from kiseki.client.rights.schedules import Pending, Schedules, moment, must_be_possible
from kiseki.client.wallet import Signed, Wallet, document_hash
from kiseki.core import ids, typed
from kiseki.core.checksum import checksummed
from kiseki.core.conditions import MOST, Approvals, Escrow, Kind, written
from kiseki.core.days import WAITING_DAYS
from kiseki.core.metadata import Metadata, parse
from kiseki.core.payee import Payee
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO_ADDRESS, bytes32, from_hex
from kiseki.errors import ChainError, InvalidInput, TransactionFailed
from kiseki.index import ScheduleRecord

__all__ = ["Rights"]


class Rights:
    """Rights holders' side; `Kiseki.rights`.

    Attributes:
        incomes: what reaches a token.
        schedules: what the chain has of tokens that wait to move.
    """

    def __init__(self, wallet: Wallet, data: Data, revenue: Revenue) -> None:
        """Use `Kiseki.rights`."""
        self.wallet = wallet
        self.incomes = Incomes(wallet)
        self.schedules = Schedules(wallet)
        self._data, self._revenue = data, revenue

    def token(self, kind: str, group: bytes) -> int:
        """The token's number, minted or not.

        Args:
            kind: ``batch``, ``model`` or ``collection``.
            group: its ID.
        """
        return int.from_bytes(ids.subject(self._registry(kind), group))

    def payee(self, kind: str, group: bytes) -> Payee:
        """Whoever holds the token when the money moves."""
        return token_payee(self.wallet.session, kind, group)

    def royalties(self, kind: str, group: bytes) -> Payee:
        """Whom a marketplace pays the royalty of a resale (ERC-2981), at a payment address.

        Whatever the registry says of the group when the money moves: of a batch or model its split,
        so everybody in its trace; of a collection its payee. Of a batch or model it lies at another
        address than what is paid to the split itself, so both are to be swept.
        """
        return Payee.subject(self._registry(kind), group)

    # Minting

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
        share = self.income(kind, group).share if shares else NO_SHARE
        spec = (told["registry"], group, document, int(told["royaltyBps"]), shares, total)
        return self.wallet.send(
            self._contract.call("mintFor", signed.signer, spec, share, signed.approval)
        )

    def reveal(self, kind: str, group: bytes) -> Receipt:
        """Makes an unminted token pay the registrant of its group; by anybody.

        `revenue.claim` does it by itself where money waits for it.
        """
        return self.wallet.send(self._contract.call("reveal", self._registry(kind), group))

    # What reaches it

    def income(self, kind: str, group: bytes) -> Income:
        """Which part of what is paid to a group reaches its token; see `Incomes.of`."""
        return self.incomes.of(kind, group)

    def may_pay_token(self, income: Income) -> bool:
        """Whether the group's payee can still become its token (`mint` with `set_payee`): it is a
        collection that pays this wallet."""
        return income.kind == "collection" and income.payee == ids.wallet(self.wallet.address)

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

    def along(self, token: int) -> str:
        """What comes along with a minted token, and what does not, in words."""
        return self.incomes.along(token)

    # Held and moved

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

    # Moved on conditions

    def schedule(
        self,
        token: int,
        to: str,
        when: Kind | Sequence[Kind],
        deadline: datetime | timedelta | int,
    ) -> Receipt:
        """Locks a token of this wallet's until it moves to `to`, or does not.

        From then on this wallet cannot take it back alone, nor can the other side.

        Args:
            token: its number.
            to: who gets it. A contract that cannot hold tokens gets it all the same.
            when: what must be met, all of it: 1 to 8 conditions.
            deadline: until when nobody may let it lapse: a time, in so long, or Unix seconds.

        Raises:
            InvalidInput: no condition, or more than eight; or it names somebody who could never get
                the token, be paid or approve.
            ContractReverted: `RightsToken_NotHolder`, `RightsToken_Locked`, …
        """
        conditions = [when] if isinstance(when, Kind) else list(when)
        if not 1 <= len(conditions) <= MOST:
            raise InvalidInput(f"name 1 to {MOST} conditions; AllOf and AnyOf hold more")
        for each in conditions:
            must_be_possible(each)
        given = [written(each, self.wallet.session.deployment.addresses) for each in conditions]
        until = moment(deadline, self.wallet.session.now(), "the deadline")
        return self.wallet.send(
            self._contract.call(
                "schedule",
                token,
                receiver(to, "who gets it"),
                [(each.check, each.data) for each in given],
                until,
            )
        )

    def scheduled(self, receipt: Receipt) -> ScheduleRecord:
        """What a transaction of `schedule` made; see `Schedules.made_by`."""
        return self.schedules.made_by(receipt)

    def of(self, schedule: bytes) -> ScheduleRecord:
        """What is known of a schedule; see `Schedules.of`."""
        return self.schedules.of(schedule)

    def pending(self, party: str | None = None) -> list[Pending]:
        """Every token that waits to move; see `Schedules.pending`."""
        return self.schedules.pending(party)

    def call(self, function: str, schedule: bytes) -> Call:
        """`execute`, `lapse` or `cancel` of a schedule, to be sent."""
        return self.schedules.call(function, schedule)

    def execute(self, schedule: bytes, *, claim: bool = False) -> Receipt:
        """Moves the token, by anybody, once every condition is met.

        Args:
            claim: bring its holder what they are owed first, in the same transaction: what the
                token has earned and nobody claimed goes with it.

        Raises:
            ContractReverted: `RightsToken_NotMet`, with the place of the first that is not.
            TransactionFailed: somebody was quicker; what was owed was brought.
        """
        call, sender = self.call("execute", schedule), self.wallet.sender
        if not claim:
            return self.wallet.send(call)
        needed = sender.estimate(call)  # or it says why it cannot be
        made = self.of(schedule).schedule
        splitter = self.wallet.session["RevenueSplitter"]
        steps = self._revenue.claims(made.holder)
        last = splitter.call("execute", self._contract.address, made.values).data
        whole = splitter.call("multicall", [*steps, last], False)
        receipt = sender.send(whole, min(sender.estimate(whole) + 2 * needed, MOST_GAS_TRIED))
        if sender.sends and self.of(schedule).state != "executed":
            raise TransactionFailed(
                "what the holder was owed was brought, and the token did not move; look at it with "
                "`kiseki rights pending`"
            )
        return receipt

    def lapse(self, schedule: bytes) -> Receipt:
        """Unlocks the token where it is, by anybody, once the deadline has passed."""
        return self.wallet.send(self.call("lapse", schedule))

    def cancel(self, schedule: bytes) -> Receipt:
        """Agrees to cancel it, as its holder or beneficiary; once both have, it has lapsed."""
        return self.wallet.send(self.call("cancel", schedule))

    def sign_cancel(self, schedule: bytes, days: int = WAITING_DAYS) -> Signed:
        """Signs that this wallet agrees to cancel it, for others to bring (`cancel_for`)."""
        return self.wallet.signed(self.prepare_cancel(schedule, days))

    def prepare_cancel(self, schedule: bytes, days: int = WAITING_DAYS) -> Signed:
        """The same before it is signed, to be shown first; see `sign_cancel`.

        Raises:
            InvalidInput: this wallet has no part in the schedule.
        """
        key, me = bytes32(schedule, "the schedule"), self.wallet.address
        made = self.of(key).schedule
        if me.lower() not in (made.holder, made.beneficiary):
            raise InvalidInput(
                f"the schedule is between {made.holder} and {made.beneficiary}, and this wallet is "
                f"{me}; sign with one of those"
            )
        nonce, deadline = self.wallet.fresh(days)
        message = typed.cancel(
            self.wallet.session.chain_id, self._contract.address,
            schedule=key, party=me, nonce=nonce, deadline=deadline,
        )  # fmt: skip
        return Signed(me, message, nonce, deadline, b"")

    def cancel_for(self, signed: Signed) -> Receipt:
        """Brings what the holder or beneficiary signed.

        Raises:
            InvalidInput: it is for another chain or suite. Nothing was sent.
        """
        must_be_for(self.wallet.session, signed)
        made = self.of(schedule_of(signed)).schedule.values
        call = self._contract.call("cancelFor", made, signed.signer, signed.approval)
        return self.wallet.send(call)

    def approve(self, schedule: bytes) -> Receipt:
        """Approves a schedule as one of the parties that a condition names; for good."""
        key = bytes32(schedule, "the schedule")
        return self.wallet.send(self.schedules.contract(key, Approvals).call("approve", key))

    def sign_approval(self, schedule: bytes, days: int = WAITING_DAYS) -> Signed:
        """Signs the same, for somebody else to bring (`approve_for`)."""
        return self.wallet.signed(self.prepare_approval(schedule, days))

    def prepare_approval(self, schedule: bytes, days: int = WAITING_DAYS) -> Signed:
        """The same before it is signed, to be shown first; see `sign_approval`."""
        key = bytes32(schedule, "the schedule")
        self.of(key)
        nonce, deadline = self.wallet.fresh(days)
        message = typed.transfer_approval(
            self.wallet.session.chain_id, self.schedules.contract(key, Approvals).address,
            party=self.wallet.address, schedule=key, nonce=nonce, deadline=deadline,
        )  # fmt: skip
        return Signed(self.wallet.address, message, nonce, deadline, b"")

    def approve_for(self, signed: Signed) -> Receipt:
        """Brings what a party signed; nothing changes when it has approved already.

        Raises:
            InvalidInput: it is for another chain or suite. Nothing was sent.
        """
        must_be_for(self.wallet.session, signed)
        key = schedule_of(signed)
        contract = self.schedules.contract(key, Approvals)
        return self.wallet.send(contract.call("approveFor", signed.signer, key, signed.approval))

    def pay_escrow(self, schedule: bytes, price: Escrow | None = None) -> Receipt:
        """Pays the price in that a schedule asks for. It comes back if the token does not move.

        Args:
            price: which, where a schedule names several.

        Raises:
            InvalidInput: the schedule asks for none, or for several.
            ContractReverted: `Escrow_AlreadyPaid`, `Escrow_NotOpen`.
        """
        key, price = bytes32(schedule, "the schedule"), price or self.schedules.price(schedule)
        escrow = self.schedules.contract(key, Escrow, price)
        approve(self.wallet, price.token, escrow.address, price.price)
        value = price.price if price.token == ZERO_ADDRESS else 0
        return self.wallet.send(escrow.call("pay", key, price.token, price.price, value=value))

    def settle(
        self, schedule: bytes, price: Escrow | None = None, to: str | None = None
    ) -> Receipt:
        """Brings an escrowed price to whom it belongs, by anybody, once the schedule has ended.

        Args:
            to: another address, which only whom it belongs to can name.
        """
        key, price = bytes32(schedule, "the schedule"), price or self.schedules.price(schedule)
        escrow = self.schedules.contract(key, Escrow, price)
        if to is None:
            return self.wallet.send(escrow.call("settle", key, price.token, price.price))
        where = receiver(to, "where it goes")
        return self.wallet.send(escrow.call("settleTo", key, price.token, price.price, where))

    def escrowed(self, schedule: bytes, price: Escrow | None = None) -> str | None:
        """Who has paid the price in and was not settled with; none for nobody."""
        price = price or self.schedules.price(schedule)
        escrow = self.schedules.contract(schedule, Escrow, price)
        found = escrow.read("payerOf", schedule, price.token, price.price)
        return None if found == ZERO_ADDRESS else checksummed(found)

    # Inside

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
        if not self.may_pay_token(found):
            raise InvalidInput(
                "only where this wallet is paid can the token take its place; the token gets "
                + found.words
            )
        self._data.set_payee(group, token)
        return Income(found.kind, token.key, 1, 1)

    @property
    def _contract(self) -> Contract:
        return self.wallet.session["RightsToken"]

    def _registry(self, kind: str) -> str:
        return registry_of(self.wallet.session, kind).address
