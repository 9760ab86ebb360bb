"""Waterfalls: payees that pass money on by tiers; `Kiseki.revenue.waterfall`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from kiseki.chain.contracts import Call, Contract, erc20
from kiseki.chain.sender import Receipt
from kiseki.client.wallet import Wallet
from kiseki.core.values import ZERO32, ZERO_ADDRESS, address, to_hex, uint
from kiseki.core.waterfall import Plan

__all__ = ["Waterfalls"]


@dataclass(frozen=True, slots=True)
class Waterfalls:
    """Making waterfalls, paying them, and passing on what lies in them."""

    wallet: Wallet

    def address(self, plan: Plan) -> str:
        """Where a plan's waterfall is or will be. Any split can name it as a wallet."""
        return str(to_checksum_address(self._factory.read("addressOf", plan.values)))

    def create(self, plan: Plan) -> tuple[Receipt, ...]:
        """Puts a plan's waterfall on the chain, by anybody; money may lie there already.

        Its tiers' splits are logged first where nobody did, so that their payees find themselves.
        """
        known = {each.split.key for each in self.wallet.session.index.splits()}
        splitter = self.wallet.session["RevenueSplitter"]
        receipts = []
        for tier in plan.tiers:
            if tier.split is not None and tier.payee not in known:
                payees, shares = zip(*tier.split.leaves, strict=True)
                call = splitter.call("publish", tier.opening, list(payees), list(shares))
                receipts.append(self.wallet.send(call))
                known.add(tier.payee)
        receipts.append(self.wallet.send(self._factory.call("create", plan.values)))
        return tuple(receipts)

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
        fall, value = self._at(waterfall), amount
        if token != ZERO_ADDRESS:
            value = 0
            coin = erc20(self.wallet.session.w3, token)
            allowed = coin.read("allowance", self.wallet.address, fall.address)
            if 0 < allowed < amount:
                self.wallet.send(coin.call("approve", fall.address, 0))
            if allowed < amount:
                self.wallet.send(coin.call("approve", fall.address, amount))
        return self.wallet.send(fall.call("pay", token, amount, reference, value=value))

    def pass_on(self, waterfall: str, token: str = ZERO_ADDRESS) -> Receipt:
        """Passes on what lies in one, by anybody."""
        return self.wallet.send(self.call(waterfall, token))

    def call(self, waterfall: str, token: str = ZERO_ADDRESS) -> Call:
        """What `pass_on` sends."""
        return self._at(waterfall).call("pass", token)

    def passed(self, waterfall: str, token: str = ZERO_ADDRESS) -> int:
        """What went through one in all, in base units."""
        return int(self._at(waterfall).read("passed", token))

    def dues(self, waterfall: str, amount: int, token: str = ZERO_ADDRESS) -> list[int]:
        """What each tier would get of an amount that came next."""
        return [int(each) for each in self._at(waterfall).read("dues", token, amount)]

    @property
    def _factory(self) -> Contract:
        return self.wallet.session["Waterfalls"]

    def _at(self, waterfall: str) -> Contract:
        where = to_checksum_address(to_hex(address(waterfall, "the waterfall")))
        return Contract(self.wallet.session.w3, "Waterfall", where)
