"""A drawn world in which much happens: money comes and goes, consent ends, things are agreed."""

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from kiseki.core import ids
from kiseki.core.terms import Terms
from kiseki.index import Index

from .test_money_properties import TOKENS, Random_
from .world import BUYER, DATA, DAY, ETHER, MODELS, STRANGER, SUITE, named

NAME = "山田花子"


@cache
def busy(seed: int) -> tuple["Busy", Index]:
    """A world that tests only look at, and its index."""
    world = Busy(seed)
    return world, world.index()


class Busy(Random_):
    """`cut` is a place somewhere in the middle of its events."""

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed)
        super().__init__(self.draw)
        ends = datetime.fromtimestamp(self.time + 30 * DAY, UTC)
        short = Terms.of("train", "1%", notice=timedelta(days=1), valid_until=ends)
        brief = self.collection(self.people[0], short, ["gone"])
        self.payable.append(self.split_for(MODELS, self.model("brief", {brief: 1, self.some: 2})))
        self.log_sources(named("never registered"), self.sources({self.some: 1}), STRANGER, 5)
        for _ in range(12):
            self.next_block(self.draw.choice([12, DAY, 20 * DAY]))
            self.draw.choice([self.pay, self.take, self.end, self.agree, self.say])()

    @property
    def some(self) -> bytes:
        return self.draw.choice(sorted(self.providers))

    def pay(self) -> None:
        payee = self.draw.choice([*self.payable, ids.wallet(self.draw.choice(self.people))])
        self.deposit(payee, self.draw.randint(1, 10**20), self.draw.choice(TOKENS))

    def take(self) -> None:
        who = self.draw.choice(self.people)
        self.claim_everything_of(who)
        to = self.draw.choice([*self.people, STRANGER])
        self.log("RevenueSplitter", "Redirected", payee=who, to=to, token=ETHER, amount=7)
        paid = {"payee": ids.wallet(STRANGER), "ref": named("an invoice")}
        self.log("RevenueSplitter", "Deposited", **paid, payer=who, token=ETHER, amount=5)

    def end(self) -> None:
        group = self.some
        if self.draw.random() < 0.5 and not self.has("CollectionRevoked", group):
            self.revoke(group)
        commitment = named(str(self.draw.randint(0, 5)))
        args = {"provider": self.providers[group], "commitment": commitment}
        self.log("DataRegistry", "ItemRevoked", **args)

    def has(self, name: str, group: bytes) -> bool:
        return any(e.name == name and e.args["collection"] == group for e in self.events)

    def agree(self) -> None:
        group, key = self.some, named(f"offer {self.block}")
        self.offer(group, key)
        for _ in range(self.draw.randint(0, 2)):
            who = {"licensee": self.draw.choice(self.people), "payer": BUYER}
            args = {"offerId": key, "subject": ids.subject(DATA, group)}
            self.log("LicenseMarket", "LicenceBought", **args, **who, licence=257)

    def say(self) -> None:
        subject = ids.subject(DATA, self.some)
        args = {"speaker": STRANGER, "subject": subject, "kind": named("identity")}
        self.log("Statements", "Stated", **args, document=named(NAME))

    @property
    def cut(self) -> tuple[int, int]:
        """(block, position) of an event."""
        event = Random(len(self.events)).choice(self.events)
        return event.block, event.position

    def before(self) -> Index:
        """An index that never read what came after the cut."""
        index = Index(SUITE.items())
        index.apply(e for e in self.events if (e.block, e.position) <= self.cut)
        return index
