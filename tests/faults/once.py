"""One run of a campaign, and whether everything was sent once: looked at on the chain itself.

Every call of a campaign is one of a kind, so that what was sent twice can be told from what was
meant twice. Afterwards each must be in exactly one block, and the wallet must have sent nothing
else; the journal holds nothing that waits; and the same calls, sent again, are new ones.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from tests.faults.proxy import Testnet

from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import connect
from kiseki.chain.sending.fees import Policy
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.sender import Sender
from kiseki.errors import ChainError, KisekiError

ROOT = Path(__file__).resolve().parents[2]
TO = "0x" + "0b" * 20
QUICK = Policy(stuck=0.6, patience=60, in_flight=16)


class Lost(AssertionError):  # noqa: N818 - what happened
    """A transaction was lost, or sent twice, or something else was sent."""


@dataclass(slots=True)
class Found:
    """What a campaign came to.

    Attributes:
        intended: how many things were to be done once.
        runs: how often something was begun for that.
        faults: kind -> how often.
        of: what the things are.
        log: each fault, where it is logged one by one.
    """

    intended: int = 0
    runs: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    of: str = "transactions"
    log: list[str] = field(default_factory=list)

    def add(self, kind: str, count: int = 1) -> None:
        if count:
            self.faults[kind] = self.faults.get(kind, 0) + count


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a campaign.

    Attributes:
        seed: by which it can be repeated.
        folder: for the journal.
        count: how many transactions.
    """

    seed: int
    folder: Path
    count: int

    @property
    def wallet(self) -> LocalAccount:
        """A wallet of this run's own. Worth nothing."""
        account: LocalAccount = Account.from_key(self.seed.to_bytes(16) + b"\x01" * 16)
        return account

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    def calls(self, start: int = 0, count: int | None = None) -> list[Call]:
        """Calls that cannot be taken for each other."""
        end = start + (self.count if count is None else count)
        return [Call(TO, n.to_bytes(32), n + 1, f"gift {n}", 40_000) for n in range(start, end)]

    def sender(self, net: Testnet, policy: Policy = QUICK, url: str = "") -> Sender:
        return Sender(connect(url or net.url), self.wallet, Journal(self.journal), policy)


def exactly_once(net: Testnet, run: Run, calls: list[Call], extra: int = 0) -> None:
    """Every call is in exactly one block, and nothing else is."""
    sent = [(each["input"], int(each["value"], 16)) for each in net.sent_by(run.wallet.address)]
    wanted = [("0x" + each.data.hex(), each.value) for each in calls]
    lost = len(set(wanted) - set(sent))
    twice = len(sent) - len(set(sent))
    other = len(set(sent) - set(wanted))
    if lost or twice or other != extra:
        raise Lost(f"{lost} lost, {twice} sent twice, {other} of another kind, seed {run.seed}")
    with contextlib.closing(Journal(run.journal)) as journal:
        left = Sender(net.direct, run.wallet, journal, QUICK).pending()
    if left:
        raise Lost(f"{len(left)} are still pending in the journal, seed {run.seed}")


def send_all(
    run: Run, net: Testnet, calls: list[Call], policy: Policy = QUICK, url: str = ""
) -> int:
    """As a command that its user runs again and again until it ends well; how often that took."""
    for attempt in range(1, 60):
        try:
            with contextlib.closing(Journal(run.journal)) as journal, journal.command("a campaign"):
                sender = Sender(connect(url or net.url), run.wallet, journal, policy)
                for each in sender.send_all(calls):
                    _ = each.result
            return attempt
        except (ChainError, KisekiError):
            time.sleep(0.05)
    raise Lost(f"it did not end well in 60 runs, seed {run.seed}")
