"""Terms and collections: registered, published, paid elsewhere, revoked."""

from __future__ import annotations

from benchmarks.world.payees import payee
from benchmarks.world.state import Collection, World, named
from benchmarks.world.suite import DATA
from kiseki.core import ids
from kiseki.core.merkle import SLICE, IdTree
from kiseki.core.sumtree import SumTree
from kiseki.core.terms import Terms
from kiseki.core.values import ZERO32

__all__ = [
    "change_payee",
    "define",
    "is_wallet",
    "publish_slice",
    "register",
    "revoke",
    "revoke_item",
    "usable",
]

_DAY = 86_400


def is_wallet(payee: bytes) -> bool:
    return not any(payee[:12])


# Terms


def define(world: World, terms: Terms) -> Terms:
    """Terms on record, from now on."""
    if terms in world.terms:
        return terms
    world.terms.append(terms)
    world.wire.next_transaction()
    members = (
        terms.data_mining,
        terms.ai_inference,
        terms.ai_training,
        terms.ai_generative_training,
        terms.commercial_output,
        terms.redistribution,
        terms.royalty_bps,
        terms.floor_bps,
        terms.valid_until,
        terms.notice_seconds,
        terms.gate,
        terms.document,
    )
    world.wire.log("DataRegistry", "TermsDefined", terms.id, members)
    return terms


def _terms(world: World) -> Terms:
    """One term sheet for twenty collections."""
    if world.terms and not world.chance(0.05):
        return world.one_of(world.terms)
    chance = world.rng.random()
    return define(
        world,
        Terms(
            ai_inference=world.chance(0.4),
            ai_training=True,
            ai_generative_training=True,
            commercial_output=True,
            royalty_bps=0 if chance < 0.15 else 20 + int(380 * world.rng.random()),
            floor_bps=1 if chance > 0.95 else 0,
            valid_until=world.wire.time + 5 * _DAY if 0.2 < chance < 0.25 else 0,
            notice_seconds=2**32 - 1 if chance > 0.9 else 30 * _DAY,
            document=named(f"licence {len(world.terms)}"),
        ),
    )


# Collections


def register(world: World, count: int) -> None:
    """A collection of so many items, most of them published at once."""
    provider, terms = world.artist(), _terms(world)
    commitments = [world.rng.randbytes(32) for _ in range(count)]
    both = sorted(zip(ids.item_ids(provider, commitments), commitments, strict=True))
    items = [item for item, _ in both]
    commitments = [commitment for _, commitment in both]
    root = IdTree(items).root
    collection = ids.collection_id(provider, root, terms.id)
    subject = ids.subject(DATA, collection)
    pays = payee(world, provider)
    made = Collection(
        collection, provider, terms, subject, pays, terms.valid_until or None, _uses(items),
        commitments[0],
    )  # fmt: skip
    world.wire.next_transaction()
    origin = named(f"origin {len(world.collections)}") if world.chance(0.1) else ZERO32
    world.wire.log(
        "DataRegistry", "CollectionRegistered", collection, provider, terms.id, root, count, pays,
        origin,
    )  # fmt: skip
    world.collections.append(made)
    world.ledger.stands[subject] = pays
    if count <= SLICE and world.chance(0.8):
        _publish(world, made, commitments)
    else:
        slices = [commitments[start : start + SLICE] for start in range(0, count, SLICE)]
        world.unlisted += [(made, each) for each in slices]


def _uses(items: list[bytes]) -> tuple[tuple[bytes, int], ...]:
    """All of it once, or the first third twice."""
    third = items[: max(1, len(items) // 3)]
    return tuple(
        (tree.root, tree.total)
        for tree in (SumTree([(each, 1) for each in items]), SumTree([(e, 2) for e in third]))
    )


def publish_slice(world: World) -> None:
    """One slice of a list that was kept back, in no order."""
    if world.unlisted:
        at = int(len(world.unlisted) * world.rng.random())
        _publish(world, *world.unlisted.pop(at))


def _publish(world: World, collection: Collection, commitments: list[bytes]) -> None:
    world.wire.next_transaction()
    world.wire.log(
        "DataRegistry", "CollectionPublished", collection.id, collection.provider, commitments
    )


def usable(world: World) -> list[Collection]:
    """What a model may be made of now."""
    now = world.wire.time
    return [each for each in world.collections if each.until is None or now <= each.until]


# What providers do later


def change_payee(world: World, collection: Collection, to: bytes) -> None:
    """As the registry lets: only from a wallet, and not to what it is."""
    if not is_wallet(collection.payee) or to == collection.payee or to == collection.subject:
        return
    collection.payee = world.ledger.stands[collection.subject] = to
    world.wire.next_transaction()
    world.wire.log("DataRegistry", "PayeeChanged", collection.id, to)


def revoke(world: World) -> None:
    """Consent ends when the notice has passed; models here use it no more at once."""
    collection = world.one_of(world.collections)
    irrevocable = collection.terms.notice_seconds == 2**32 - 1
    if irrevocable or collection.until == 0:
        return
    collection.until = 0
    world.wire.next_transaction()
    world.wire.log("DataRegistry", "CollectionRevoked", collection.id, collection.provider)


def revoke_item(world: World) -> None:
    """Of one item; twice is refused, so the first item of a collection once."""
    collection = world.one_of(world.collections)
    if collection.item in world.revoked_items:
        return
    world.revoked_items.add(collection.item)
    world.wire.next_transaction()
    world.wire.log("DataRegistry", "ItemRevoked", collection.provider, collection.item)
