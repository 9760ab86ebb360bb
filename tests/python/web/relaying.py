"""A relay over a real chain, with what it relays; for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.python.conftest import ask
from tests.python.passkey import Passkey

from kiseki import Kiseki, LocalKiseki, Split, Terms
from kiseki.chain.contract.contracts import Call
from kiseki.chain.release.releases import addresses
from kiseki.chain.signing.accounts import local_account
from kiseki.client.accounts.operations import Operation
from kiseki.client.data.consents import Consent
from kiseki.core import accounts, ids
from kiseki.core.keccak import keccak256
from kiseki.core.values import ZERO_ADDRESS
from kiseki.vault.lists import Entry
from kiseki.web.relay import Limits, Relay, Ticket, Told

PAYER = local_account(9)
TO = "0x" + "71" * 20


@dataclass
class Desk:
    """A studio whose server relays.

    Attributes:
        k: the studio.
        folder: where the relay's files are.
    """

    k: LocalKiseki
    folder: Path
    phone: Passkey = field(default_factory=Passkey)
    open: list[Relay] = field(default_factory=list)
    seconds: int = 0
    url: str = ""

    def connect(self) -> Kiseki:
        return Kiseki.connect(
            self.url or self.k.url, PAYER, secrets=self.k.salts, journal=self.folder / "journal",
            index=self.folder / "index", chain_id=31337, allow_old=True,
        )  # fmt: skip

    def connect_to_look(self) -> Kiseki:
        """For a site, which needs no wallet."""
        return Kiseki.connect(
            self.k.url, "0x" + "59" * 32, secrets=self.folder / "no-secrets",
            journal=self.folder / "no-journal", index=self.folder / "index", chain_id=31337,
            allow_old=True,
        )  # fmt: skip

    def relay(self, limits: Limits | None = None) -> Relay:
        """One, as a process has it. The one before must be closed."""
        made = Relay(self.connect, limits, clock=self.clock)
        self.open.append(made)
        return made

    def clock(self) -> int:
        return int(time.time()) + self.seconds

    def close(self) -> None:
        for each in self.open:
            if each._book is not None:
                each.close()
        self.open.clear()

    def again(self, limits: Limits | None = None) -> Relay:
        """The process ends well and is begun again."""
        self.close()
        return self.relay(limits)

    @property
    def account(self) -> str:
        return self.k.accounts.address(self.phone.key)

    def asked(
        self, provider: str, name: str = "", count: int = 2, terms: Terms | None = None
    ) -> Consent:
        """A consent that the studio prepared, not signed yet."""
        terms = terms or self.k.data.define_terms("train", royalty="20%")
        entries = (
            Entry("", keccak256(f"{name}{n}".encode()), b"", f"{n}.png", provider.lower())
            for n in range(count)
        )
        kept = self.k.data.prepare_all(entries, terms, artists="providers")
        (path,) = self.k.data.consents.prepare(kept, self.folder / f"consents-{name}")
        return Consent.read(path)

    def consent(self, name: str = "", phone: Passkey | None = None) -> Consent:
        """The same, signed by a phone whose account need not be there."""
        phone = phone or self.phone
        asked = self.asked(self.k.accounts.address(phone.key), name)
        signed = phone.sign_for(asked.asked, asked.message)
        wrapped = accounts.wrapped(addresses()["Accounts"], phone.key, 0, signed)
        return replace(asked, signature=wrapped)

    def operation(self, *calls: Call, phone: Passkey | None = None) -> tuple[Operation, bytes]:
        """An operation of the phone's account, signed."""
        phone = phone or self.phone
        made = self.k.accounts.prepare(self.k.accounts.address(phone.key), calls)
        return made, phone.sign(made.digest)

    def known(self, relay: Relay) -> None:
        """The phone's consent is registered, by the relay."""
        ticket = relay.consent(self.consent())
        done(relay, ticket)

    def fund(self, wei: int, who: str = PAYER.address) -> None:
        ask(self.k, "anvil_setBalance", who, hex(wei))

    def nonce(self) -> int:
        """How many transactions the relay's wallet has sent."""
        return int(ask(self.k, "eth_getTransactionCount", PAYER.address, "latest"), 16)

    def transfer(self, wei: int, token: str = ZERO_ADDRESS) -> Call:
        return self.k.accounts.transfer(token, TO, wei)

    def income(self, wei: int, token: str = ZERO_ADDRESS) -> None:
        """Somebody pays a split, of which the phone's account has half."""
        buyer = self.k.wallet(4)
        if token != ZERO_ADDRESS:
            self.k.test_money.mint(token, buyer.address, 2 * wei)
        split = Split.joint({ids.wallet(each): 1 for each in (self.account, TO)})
        self.k.revenue.publish_missing(split)
        buyer.revenue.pay(split, 2 * wei, token)


def told(relay: Relay, ticket: Ticket | str) -> Told:
    found = relay.state(ticket)
    assert found is not None
    return found


def rounds(relay: Relay, most: int = 12) -> None:
    """As the thread does, until nothing more happens."""
    for _ in range(most):
        if not relay.round():
            return


def done(relay: Relay, ticket: Ticket | str) -> Told:
    rounds(relay)
    found = told(relay, ticket)
    assert found.state == "done", (found.state, found.said, found.detail)
    return found


def mined(k: Kiseki, thread: threading.Thread) -> None:
    """Makes blocks until a thread has ended: what it calls sent may be on its way to the node."""
    while thread.is_alive():
        ask(k, "evm_mine")
        thread.join(0.1)


def until(holds: Callable[[], bool], seconds: float = 600.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)
