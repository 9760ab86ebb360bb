"""Rights tokens of collections, which pay their holder, and identities, which pay a person."""

from __future__ import annotations

from benchmarks.world.data import change_payee, is_wallet
from benchmarks.world.payees import ISSUER
from benchmarks.world.state import Collection, Scheduled, Token, World, account, named
from benchmarks.world.suite import ADDRESSES, CHAIN, DATA, IDENTITIES, RIGHTS
from kiseki.core import ids
from kiseki.core.conditions import Condition
from kiseki.core.schedule import Schedule
from kiseki.core.values import ZERO_ADDRESS

__all__ = ["bind", "end_schedule", "mint", "reveal", "schedule", "sell_income", "transfer"]

_DAY = 86_400
_WEEK = 7 * _DAY
"""How long an identity waits, as `Identities.DELAY`."""


def reveal(world: World) -> None:
    """A token on record that nobody minted: its registrant holds it."""
    collection = world.one_of(world.collections)
    if collection.id not in world.tokens:
        world.wire.next_transaction()
        _reveal(world, collection)


def _reveal(world: World, collection: Collection) -> Token:
    number = collection.subject
    token = Token(collection, number, ids.subject(RIGHTS, number), collection.provider)
    world.wire.log("RightsToken", "Revealed", int.from_bytes(number), DATA, collection.id)
    world.tokens[collection.id] = token
    world.ledger.stands[token.subject] = ids.wallet(token.holder)
    return token


def mint(world: World) -> None:
    """A token for a collection whose income goes to a wallet or to the token itself."""
    collection = world.one_of(world.collections)
    token = world.tokens.get(collection.id)
    known = bool(token) and collection.payee == token.subject if token else False
    if (token and token.minted) or not (known or is_wallet(collection.payee)):
        return
    world.wire.next_transaction()
    token = token or _reveal(world, collection)
    token.minted = True
    number, wire = int.from_bytes(token.number), world.wire
    wire.log("RightsToken", "Transfer", ZERO_ADDRESS, token.holder, number)
    document = named(f"rights {len(world.tokens)}")
    wire.log("RightsToken", "RightsMinted", number, DATA, collection.id, document, 500)
    wire.log("RightsToken", "Unlocked", number)
    if known:
        token.income = (1, 1)
        wire.log("RightsToken", "IncomeShown", number, collection.payee, 1, 1)


def sell_income(world: World) -> None:
    """A collection pays whoever holds its token, for ever."""
    if world.tokens:
        token = world.one_of(list(world.tokens.values()))
        if token.collection.payee == ids.wallet(token.collection.provider):
            change_payee(world, token.collection, token.subject)


def transfer(world: World) -> None:
    """Some token to somebody else."""
    token = _free(world)
    if token is not None:
        world.wire.next_transaction()
        _move(world, token, world.buyer())


def _free(world: World) -> Token | None:
    token = world.one_of(list(world.tokens.values())) if world.tokens else None
    return token if token and token.minted and not token.locked else None


def _move(world: World, token: Token, to: str) -> None:
    number = int.from_bytes(token.number)
    world.wire.log("RightsToken", "Transfer", token.holder, to, number)
    token.holder = to
    world.ledger.stands[token.subject] = ids.wallet(to)


# Schedules


def schedule(world: World) -> None:
    """A token that moves at a time."""
    token = _free(world)
    to = world.buyer()
    if token is None or to == token.holder:
        return
    at = (world.wire.time + _DAY).to_bytes(32)
    condition = Condition(ADDRESSES["AfterTime"], at)
    number = int.from_bytes(token.number)
    deadline = world.wire.time + 2 * _DAY
    made = Schedule(number, token.scheduled, token.holder, to, (condition,), deadline)
    open_ = Scheduled(token, made, made.id(CHAIN, RIGHTS))
    token.locked, token.scheduled = True, token.scheduled + 1
    world.wire.next_transaction()
    world.wire.log(
        "RightsToken", "TransferScheduled", open_.id, number, to, made.values, *token.income
    )
    world.wire.log("RightsToken", "Locked", number)
    world.wire.log("RightsToken", "MetadataUpdate", number)
    world.scheduled.append(open_)


def end_schedule(world: World) -> None:
    """The oldest one that can be ended: executed, or lapsed where its time has passed."""
    now = world.wire.time
    if not world.scheduled or now < world.scheduled[0].schedule.deadline - _DAY:
        return
    ended = world.scheduled.pop(0)
    token, lapsed = ended.token, now > ended.schedule.deadline
    number = int.from_bytes(token.number)
    token.locked = False
    world.wire.next_transaction()
    world.wire.log("RightsToken", "Unlocked", number)
    world.wire.log("RightsToken", "MetadataUpdate", number)
    how = "TransferLapsed" if lapsed else "TransferExecuted"
    world.wire.log("RightsToken", how, ended.id, number)
    if not lapsed:
        _move(world, token, ended.schedule.beneficiary)


# Identities


def bind(world: World) -> None:
    """The issuer names somebody's wallet, which counts from a week later on."""
    if not world.persons:
        return
    who = world.persons.pop(0)
    since = world.wire.time + _WEEK
    wallet = account(f"wallet of {who.hex()}")
    world.wire.next_transaction()
    world.wire.log("Identities", "IdentityBound", ISSUER, who, wallet, since)
    subject = ids.subject(IDENTITIES, ids.identity_id(ISSUER, who))
    world.ledger.stand_later(subject, ids.wallet(wallet), since)
