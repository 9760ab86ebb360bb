"""Offers, waterfalls and schedules as one text each, as the index keeps them."""

from kiseki.core import documents
from kiseki.core.offer import Offer
from kiseki.core.schedule import Schedule
from kiseki.core.terms import Use
from kiseki.core.values import from_hex, to_hex
from kiseki.core.waterfall import Plan, Tier

__all__ = ["read_offer", "read_plan", "texts"]


def texts(value: Offer | Plan | Schedule) -> str:
    """What the tables hold of it."""
    if isinstance(value, Schedule):
        listed = [[each.check, to_hex(each.data)] for each in value.conditions]
        return documents.write({"conditions": listed})
    if isinstance(value, Plan):
        tiers = [
            [to_hex(each.opening), [[token, str(size)] for token, size in each.sizes.items()]]
            for each in value.tiers
        ]
        return documents.write({"salt": to_hex(value.salt), "tiers": tiers})
    names = ("registry", "token")
    hashes = ("id", "buyers", "document", "salt")
    numbers = ("price", "uses", "duration", "until", "supply")
    return documents.write(
        {name: getattr(value, name) for name in names}
        | {name: to_hex(getattr(value, name)) for name in hashes}
        | {name: str(int(getattr(value, name))) for name in numbers}
    )


def read_offer(text: str) -> Offer:
    """From what `texts` gave."""
    given = documents.parse(text)
    return Offer(
        registry=given["registry"],
        id=from_hex(given["id"], 32, "the ID"),
        price=int(given["price"]),
        uses=Use(int(given["uses"])),
        token=given["token"],
        duration=int(given["duration"]),
        until=int(given["until"]),
        supply=int(given["supply"]),
        buyers=from_hex(given["buyers"], 32, "the buyers"),
        document=from_hex(given["document"], 32, "the document"),
        salt=from_hex(given["salt"], 32, "the salt"),
    )


def read_plan(text: str) -> Plan:
    """From what `texts` gave."""
    given = documents.parse(text)
    tiers = [
        Tier(from_hex(opening, None, "a payee"), {token: int(size) for token, size in sizes})
        for opening, sizes in given["tiers"]
    ]
    return Plan(tiers, from_hex(given["salt"], 32, "the salt"))
