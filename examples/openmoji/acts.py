"""What follows once everybody is paid: a licence that unlocks training, and rights that move."""

from __future__ import annotations

from datetime import timedelta

from examples.openmoji.recipe import Recipe, read
from examples.openmoji.recording import lay, run_of
from examples.openmoji.steps import inputs, output_files, publish_run, train_on, weights_file
from examples.openmoji.summary import Act, Check, Scene
from examples.openmoji.world import (
    BASE_DEVELOPER,
    BUYER,
    CREATOR,
    SECOND_DEVELOPER,
    TUNING_DEVELOPER,
    Made,
    World,
)
from kiseki import ContractReverted, Manifest, Use
from kiseki.client.outputs.outputs import PreparedBatch
from kiseki.client.revenue.revenue import ETHER
from kiseki.core.conditions import IncomeThreshold
from kiseki.core.payee import Payee
from kiseki.core.values import to_hex

PRICE = 250_000_000_000_000_000
"""Of a licence, in wei."""

THRESHOLD = 10**18
"""Income, in wei, from which on the rights in the batch are the buyer's."""


def licence(world: World, batch: PreparedBatch) -> tuple[Act, list[Check]]:
    """The creator's pictures become data that nobody may train on without a licence."""
    creator, developer = world.k.wallet(CREATOR), world.k.wallet(SECOND_DEVELOPER)
    year = timedelta(days=365)
    gate = creator.market.address
    terms = creator.data.define_terms("train", royalty="10%", gate=gate, notice=year)
    split = world.k.index.split(world.k.index.batch(batch.id).split).split
    prepared = creator.data.prepare(output_files(world), terms, payee=split)
    registered = creator.data.register(prepared)
    world.sold = prepared.id
    keys = {path: item.id for item in prepared.items for path in item.paths}
    pictures = {path: keys[path] for path in output_files(world)}
    times = dict.fromkeys((path.name for path in pictures), 1)
    laid = lay(inputs(world, "Model 3"), pictures, Recipe(3, times, rank=8, kinds=4))
    trained = train_on(world, "Model 3", laid, read(list(pictures)))
    path = weights_file(world, "Model 3")
    manifest = Manifest({prepared.id: sorted(trained.consumed.items())})
    asked = developer.data.define_terms("train", royalty="5%")
    weights = developer.models.weights(path)
    run = run_of(path, trained, manifest, laid)
    refusal = ""
    try:
        developer.models.register(weights, asked, manifest=manifest, run=run.hash)
    except ContractReverted as error:
        refusal = error.name
    offer = creator.market.draft(
        "collection", prepared.id, PRICE, Use.AI_GENERATIVE_TRAINING, lasts=year
    )
    offered = creator.market.offer(offer)
    before = world.k.index.balance(ETHER).deposited
    bought = developer.market.buy(offer)
    paid = world.k.index.balance(ETHER).deposited - before
    done = developer.models.register(weights, asked, manifest=manifest, run=run.hash)
    publish_run(world, done.id, run)
    world.made["Model 3"] = Made(done.id, manifest, path, laid)
    world.cost("Register the pictures as data", registered.receipts, "behind the market's gate")
    world.cost("Offer a licence", [offered])
    world.cost("Buy it", bought.receipts, "the price goes to the batch, and so along its trace")
    world.cost("Register model 3", done.receipts, "which the contract had refused before")
    scenes = (
        Scene("The creator registers the 48 pictures as data that only licensees may train on.",
              registered.receipts[-1].block),
        Scene("A developer trains model 3 on them and tries to register it. The contract refuses: "
              f"{refusal or 'it did not'}.", None),
        Scene("The developer buys a licence for a year. The price is paid to the batch in the same "
              "transaction, so the artists behind it have their shares.",
              bought.receipts[-1].block),
        Scene("Now the contract registers the model.", done.receipts[-1].block),
    )  # fmt: skip
    ok = refusal == "DataRegistry_GateClosed" and paid == PRICE
    facts = (("Collection", to_hex(prepared.id)), ("Model 3", to_hex(done.id)))
    return (
        Act("A licence unlocks training", scenes, facts),
        [Check("Training without a licence was refused, and with one registered", ok)],
    )


def transfer(world: World, batch: PreparedBatch) -> tuple[Act, list[Check]]:
    """The rights token moves by itself, in the block of the payment that crosses its threshold."""
    creator, buyer = world.k.wallet(CREATOR), world.k.wallet(BUYER)
    token = creator.rights.token("batch", batch.id)
    split = world.k.index.split(world.k.index.batch(batch.id).split).split
    payee = Payee.of(split)
    scheduled = creator.rights.schedule(
        token, buyer.address, IncomeThreshold(payee.key, THRESHOLD), timedelta(days=30)
    )
    record = creator.rights.scheduled(scheduled)
    refusal = ""
    try:
        creator.rights.transfer(token, buyer.address)
    except ContractReverted as error:
        refusal = error.name
    first = buyer.revenue.pay(payee, THRESHOLD - 1, executes=[record.id])
    still = creator.rights.holder(token)
    last = buyer.revenue.pay(payee, 1, executes=[record.id])
    moved = buyer.rights.holder(token)
    ended = world.k.index.agreements.schedule(record.id)
    at = world.k.session.w3.eth.get_block(last.block)["timestamp"]
    world.cost("Schedule the rights token", [scheduled], "to move when its batch has earned 1 ETH")
    world.cost("Pay to the threshold and over it", [first, last], "the second one moves the token")
    scenes = (
        Scene("The creator locks the rights token: it goes to the buyer once the batch has earned "
              "another 1 ETH.", scheduled.block),
        Scene(f"The creator cannot take it back: {refusal or 'it could'}.", None),
        Scene("A payment brings the income to one wei below the threshold. Nothing moves.",
              first.block),
        Scene("A payment of one wei crosses it. The token moves in the same transaction.",
              last.block),
    )  # fmt: skip
    ok = (
        refusal == "RightsToken_Locked"
        and (still, moved) == (creator.address, buyer.address)
        and (ended.state, ended.ended_at) == ("executed", at)
    )
    facts = (("Rights token", f"{token:#066x}"), ("Schedule", to_hex(record.id)))
    return (
        Act("Rights that move by themselves", scenes, facts),
        [
            Check(
                "The rights token moved in the block of the payment that crossed its threshold", ok
            )
        ],
    )


def settle(world: World) -> list[Check]:
    """What the acts brought is paid out as well, and nothing is lost on the way."""
    numbers = (CREATOR, BASE_DEVELOPER, TUNING_DEVELOPER, BUYER, SECOND_DEVELOPER)
    wallets = [world.k.wallet(number).address for number in numbers]
    wallets += [artist.address for artist in world.artists.values()]
    claimed = world.k.revenue.claim(wallets)
    world.cost("Pay everybody again", claimed.receipts, "what the licence and the rights brought")
    splitter = world.k.session["RevenueSplitter"].address
    rest = world.k.balance(of=splitter)
    out = sum(tokens.get(ETHER, 0) for tokens in claimed.amounts.values())
    brought = PRICE + THRESHOLD
    leaves = sum(len(known.split.leaves) for known in world.k.index.splits())
    return [
        Check(
            f"What both brought, {brought:,} wei, was paid out, and at most {leaves} base units "
            "stay behind",
            not claimed.failures and out <= brought + leaves and 0 <= rest <= leaves,
        )
    ]
