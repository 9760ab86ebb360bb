"""The heads of all logs of a vault, stated on the chain once a day.

What `Statements` records is the keccak256 of the anchor's text (`kiseki.vault.log.heads`), so no
vault can show another history of that time to anybody later. The document with all heads is written
before anything is stated. Interrupted, the same document is stated when this is run again, and one
that is stated already is not stated again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kiseki.client.statements import Statements
from kiseki.client.vault.stated import SORT, Stated, stated
from kiseki.client.wallet import Wallet
from kiseki.core.days import day
from kiseki.errors import InvalidInput
from kiseki.vault.handing.anchors import AnchorFiles, Placed
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.log.heads import Anchor

__all__ = ["Anchors"]


@dataclass(frozen=True, slots=True)
class Anchors:
    """The anchors of one vault.

    Attributes:
        ledger: its logs.
        domain: of the vault.
        statements: of the wallet that states them. They are about this wallet.
        files: where the documents lie.
        seed: the private key of its logs; never shown.
    """

    ledger: Ledger
    domain: str
    statements: Statements
    files: AnchorFiles
    seed: bytes = field(repr=False)

    def daily(self, now: int) -> Anchor | None:
        """Makes the anchor of this day, and states it and what was left unstated before.

        Args:
            now: by the clock of the vault, in seconds since 1970.

        Returns:
            The anchor of this day; none where no log has an entry.

        Raises:
            FilesError: the folder cannot be read or written.
            InvalidInput: one that was not stated names another wallet.
            KisekiError: it cannot be stated; run it again.
        """
        of_today = next(self.files.last(), None)
        if of_today is None or of_today.stamp.day < day(now):
            heads = self.ledger.heads()
            if not heads:
                return None
            of_today = Anchor.of(
                self.domain, self.seed, heads, now, self._wallet.session.chain_id,
                self._wallet.address,
            )  # fmt: skip
            self.files.keep(of_today)
        waiting = []
        for each in self.files.last():
            if each.hash in {stated.document for stated in self.stated(each.stamp.wallet)}:
                break
            self._must_be_ours(each)
            waiting.append(each)
        for each in reversed(waiting):
            self.statements.state("wallet", self._wallet.address, SORT, each.hash)
        self._place()
        return of_today

    def _place(self) -> None:
        """Writes where those are on the chain that were stated and have no such word yet."""
        for each in self.files.last():
            if self.files.placed(each.stamp.day) is not None:
                break
            for at in self.stated(each.stamp.wallet):
                if at.document == each.hash:
                    placed = Placed(at.block, at.time, at.transaction)
                    self.files.place(each.stamp.day, placed)

    def stated(self, wallet: str | None = None) -> list[Stated]:
        """All anchors that a wallet stated, the earliest first; this one if it is left out."""
        return stated(self._wallet.session.index, wallet or self._wallet.address)

    @property
    def _wallet(self) -> Wallet:
        return self.statements.wallet

    def _must_be_ours(self, anchor: Anchor) -> None:
        stamp, ours = anchor.stamp, (self._wallet.session.chain_id, self._wallet.address.lower())
        if (stamp.chain, stamp.wallet) != ours:
            raise InvalidInput(
                f"the anchor of {stamp.day} names the wallet {stamp.wallet} on chain "
                f"{stamp.chain}, and is not stated yet; state it with that wallet (--account)"
            )
