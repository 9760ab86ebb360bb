"""Waterfalls: payees that pass money on by tiers; `Kiseki.revenue.waterfall`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kiseki.chain.answers import quantity
from kiseki.chain.contract.contracts import Call, Contract, erc20, node_errors, results, returned
from kiseki.chain.contract.foreign import tried_all
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.payable import payable
from kiseki.client.revenue.allowances import approve
from kiseki.client.revenue.splits import publication
from kiseki.client.wallet import Wallet
from kiseki.core.checksum import checksummed
from kiseki.core.ids import wallet_address
from kiseki.core.payee import Payee
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, bytes32, to_hex, uint
from kiseki.core.waterfall import Plan, Tier
from kiseki.errors import InvalidInput, NotInIndex

__all__ = ["Ahead", "Waiting", "Waterfalls"]

_SPLIT_OPENING = 76


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a tier could not take when its turn came. No claim brings it; `Waterfalls.retry` may.

    Attributes:
        tier: its place, counted from 1.
        amount: base units.
    """

    tier: int
    amount: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """Money on its way to somebody through a waterfall.

    Attributes:
        waterfall: its address, in lower case.
        token: the token's address; the zero address is ether.
        lies: base units that lie there and are no tier's yet, and that anybody can pass on.
        owed: base units that it is owed itself.
        waiting: what waits for those of its tiers that lead there; in neither of these two sums.
    """

    waterfall: str
    token: str
    lies: int
    owed: int
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True)
class Waterfalls:
    """Making waterfalls, paying them, and passing on what lies in them."""

    wallet: Wallet

    def address(self, plan: Plan) -> str:
        """Where a plan's waterfall is or will be. Any split can name it as a wallet.

        Raises:
            InvalidInput: a tier names somebody who could never be paid.
        """
        _must_be_payable(plan)
        return checksummed(self._factory.read("addressOf", plan.values))

    def create(self, plan: Plan) -> tuple[Receipt, ...]:
        """Puts a plan's waterfall on the chain, by anybody; money may lie there already.

        Its tiers' splits are logged first where nobody did, so that their payees find themselves.

        Raises:
            InvalidInput: a tier names somebody who could never be paid.
        """
        _must_be_payable(plan)
        index = self.wallet.session.index
        receipts, logged = [], set[bytes]()
        for tier in plan.tiers:
            known = index.knows(tier.payee) or tier.payee in logged
            if tier.split is not None and not known:
                receipts.append(self.wallet.send(publication(self.wallet, tier.split)))
                logged.add(tier.payee)
        receipts.append(self.wallet.send(self._factory.call("create", plan.values)))
        return tuple(receipts)

    def tier(self, payee: Payee, sizes: Mapping[str, int]) -> Tier:
        """A tier of a plan.

        Args:
            payee: who is paid; the leaves of a split are looked up where they are not known here.
            sizes: token -> base units; a tier takes all of a currency that it has no size in.

        Raises:
            NotInIndex: the leaves of the split are known nowhere.
        """
        holder = wallet_address(payee.key)
        if holder is not None:
            return Tier.to(holder, sizes)
        if len(payee.opening) == _SPLIT_OPENING:
            return Tier.to(self.wallet.session.index.split(payee.key).split, sizes)
        return Tier.to(payee.opening, sizes)

    def known(self) -> Mapping[str, Plan]:
        """Address, in lower case -> plan, of all that are on the chain."""
        return self.wallet.session.index.agreements.waterfalls()

    def pay(
        self, waterfall: str, amount: int, token: str = ZERO_ADDRESS, reference: bytes = ZERO32
    ) -> Receipt:
        """Pays one from this wallet: every tier whose turn it is has its part at once.

        Args:
            waterfall: its address.
            amount: base units.
            token: an ERC-20's address; ether if none is named.
            reference: logged with each payment of a tier, 32 bytes.
        """
        uint(amount, 128, "the amount", 1)
        fall = self._created(waterfall)
        approve(self.wallet, token, fall.address, amount)
        value = amount if token == ZERO_ADDRESS else 0
        return self.wallet.send(fall.call("pay", token, amount, reference, value=value))

    def pass_on(self, waterfall: str, token: str = ZERO_ADDRESS) -> Receipt:
        """Passes on what lies in one, by anybody."""
        return self.wallet.send(self.call(waterfall, token))

    def call(self, waterfall: str, token: str = ZERO_ADDRESS) -> Call:
        """What `pass_on` sends."""
        return self._created(waterfall).call("pass", token)

    def lies(self, waterfall: str, token: str = ZERO_ADDRESS) -> int:
        """What `pass_on` would divide: what lies there without what waits for a tier."""
        falls = [to_hex(address(waterfall, "the waterfall"))]
        return self._lie(token, falls, self._waiting_in_all(token, falls))[0]

    def waiting(self, waterfall: str, token: str = ZERO_ADDRESS) -> list[int]:
        """What waits for each tier, because it could not take it when its turn came."""
        fall = self._at(waterfall)
        if not int(fall.read("waitingInAll", token)):
            return [0] * len(fall.read("plan")["tiers"])
        tiers = len(fall.read("plan")["tiers"])
        return [int(each) for each in fall.read_all("waiting", [(token, i) for i in range(tiers)])]

    def retry(self, waterfall: str, tier: int, token: str = ZERO_ADDRESS) -> Receipt:
        """Tries again to pay a tier what waits for it, by anybody.

        Args:
            tier: its place, counted from 1.

        Raises:
            ContractReverted: nothing waits for it, or it still cannot take it.
        """
        return self.wallet.send(self.retry_call(waterfall, tier, token))

    def retry_call(self, waterfall: str, tier: int, token: str = ZERO_ADDRESS) -> Call:
        """What `retry` sends."""
        place = uint(tier, 8, "the tier", 1) - 1
        return self._created(waterfall).call("retry", token, place)

    def ahead(self, wallets: str | Iterable[str] | None = None) -> list[Ahead]:
        """What is on its way to wallets through waterfalls; how much of it is theirs, tiers say.

        Args:
            wallets: addresses; this wallet if none is named.
        """
        if wallets is None:
            wallets = self.wallet.address
        named = [wallets] if isinstance(wallets, str) else list(wallets)
        index = self.wallet.session.index
        falls = index.waterfalls_ahead(named)
        if not falls:
            return []
        plans = [index.agreements.waterfall(fall) for fall in falls]
        tokens = {*index.tokens(), *(token for plan in plans for token in plan.tokens)}
        owed = {
            (fall, token): sum(row.amount for row in index.owed(fall, token))
            for fall in falls
            for token in index.tokens_owed(fall)
        }
        found = []
        for token in sorted(tokens):
            kept = self._waiting_in_all(token, list(falls))
            lies = self._lie(token, list(falls), kept)
            for (fall, tiers), new, waits in zip(falls.items(), lies, kept, strict=True):
                waiting = self._waiting_at(fall, token, tiers) if waits else ()
                money = Ahead(fall, token, new, owed.get((fall, token), 0), waiting)
                if money.lies or money.owed or money.waiting:
                    found.append(money)
        return found

    def passed(self, waterfall: str, token: str = ZERO_ADDRESS) -> int:
        """What went through one in all, in base units."""
        return int(self._at(waterfall).read("passed", token))

    def had(self, waterfall: str, token: str = ZERO_ADDRESS) -> list[int]:
        """What each tier has had so far: its part of what went through, without what waits."""
        currency = to_hex(address(token, "the token"))
        parts = self.plan(waterfall).dues(currency, 0, self.passed(waterfall, token))
        waiting = self.waiting(waterfall, token)
        return [part - waits for part, waits in zip(parts, waiting, strict=True)]

    def dues(self, waterfall: str, amount: int, token: str = ZERO_ADDRESS) -> list[int]:
        """What each tier would get of an amount that came next."""
        return [int(each) for each in self._at(waterfall).read("dues", token, amount)]

    def _waiting_at(self, fall: str, token: str, tiers: Iterable[int]) -> tuple[Waiting, ...]:
        amounts = self.waiting(fall, token)
        return tuple(Waiting(tier, amounts[tier - 1]) for tier in tiers if amounts[tier - 1])

    def _lie(self, token: str, falls: Sequence[str], kept: Sequence[int]) -> list[int]:
        """What lies at each and waits for no tier; nothing where less is there than waits."""
        lies = self._balances(token, falls)
        return [max(0, there - waits) for there, waits in zip(lies, kept, strict=True)]

    def _waiting_in_all(self, token: str, falls: Sequence[str]) -> list[int]:
        """What waits at each for all its tiers together."""
        calls = [self._at(fall).call("waitingInAll", token) for fall in falls]
        answers = returned(self.wallet.session.node, calls)
        return [int.from_bytes(bytes32(each, "what waits")) for each in answers]

    def _balances(self, token: str, falls: Sequence[str]) -> list[int]:
        node = self.wallet.session.node
        if token != ZERO_ADDRESS:  # one that came in once may not answer any more
            held = tried_all(erc20(node, token), "balanceOf", [(fall,) for fall in falls])
            return [each or 0 for each in held]
        balances = results(node, [("eth_getBalance", [fall, "latest"]) for fall in falls])
        with node_errors():
            return [quantity(each, 256) for each in balances]

    @property
    def _factory(self) -> Contract:
        return self.wallet.session["Waterfalls"]

    def plan(self, waterfall: str) -> Plan:
        """Of one that is on the chain.

        Raises:
            InvalidInput: there is no waterfall. A call that is sent there would do nothing, and
                ether that goes along would be given away.
        """
        try:
            return self.wallet.session.index.agreements.waterfall(waterfall)
        except NotInIndex:
            raise InvalidInput(
                f"{waterfall} is no waterfall of this chain; create it, or check the address"
            ) from None

    def _created(self, waterfall: str) -> Contract:
        self.plan(waterfall)
        return self._at(waterfall)

    def _at(self, waterfall: str) -> Contract:
        where = checksummed(to_hex(address(waterfall, "the waterfall")))
        return Contract(self.wallet.session.node, "Waterfall", where)


def _must_be_payable(plan: Plan) -> None:
    for tier in plan.tiers:
        payable(Payee(tier.payee, tier.opening, tier.split))
