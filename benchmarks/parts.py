"""One model on 15,600 collections, 52 of each of 300 artists, each artist with terms of their
own, through the client on Anvil: in parts of 1,024, each a transaction. The collections are
registered first, from wallets that Anvil acts for, many to a block; that is not counted. Then 1
ether is paid to the model, and what one artist is owed is claimed."""

import time
from itertools import count, islice
from typing import Any

from benchmarks.consents import numbered, one_item
from benchmarks.rows import Row
from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.chain.contract.contracts import Call
from kiseki.client.data.data import terms_tuple
from kiseki.client.data.prepared import Prepared

__all__ = ["ROWS", "measure"]

TITLE = "A model on 15,600 collections of 300 artists"

_ARTISTS, _EACH = 300, 52
_BLOCK = 120  # half of what a block takes: beyond, the base fee rises
_ETHER = 10**18

ROWS = (
    Row("a model on 15,600 collections of 300 artists, in parts: each source", "gas"),
    Row("a model on 15,600 collections of 300 artists, in parts: transactions", "transactions"),
    Row("a model on 15,600 collections of 300 artists, in parts: the client in all", "s"),
    Row("a model on 15,600 collections of 300 artists, in parts: one artist's claim", "gas"),
)


def measure(artists: int = _ARTISTS, each: int = _EACH) -> dict[str, float]:
    with Kiseki.local() as k:
        who = [f"0x{numbered('artist', n)[12:].hex()}" for n in range(artists)]
        terms = [
            Terms.of("train", royalty="20%", document=numbered("licence", n))
            for n in range(artists)
        ]
        made = [
            one_item(who[n], n * each + i, terms[n]) for n in range(artists) for i in range(each)
        ]
        put_there(k, who, terms, made)
        developer, buyer = k.wallet(2), k.wallet(3)
        free = developer.data.define_terms("train", "0%")
        k.index  # noqa: B018 - reading what was put there is not the model's time
        manifest = Manifest({one.id: [(one.items[0].id, 1)] for one in made})
        began = time.perf_counter()
        model = developer.models.register(numbered("weights", 0), free, manifest=manifest)
        seconds = time.perf_counter() - began
        buyer.revenue.pay(k.index.split(k.index.model(model.id).split).split, _ETHER)
        before = k.balance(of=who[0])
        claimed = k.revenue.claim(who[0])
        got, due = k.balance(of=who[0]) - before, _ETHER * 20 // 100 // artists
        if not due - each <= got <= due:  # each collection loses less than a wei to rounding
            raise RuntimeError(f"the artist got {got:,} wei of {due:,}")
    values = (model.gas / len(made), len(model.receipts), seconds, claimed.gas)
    return {row.name: round(value, 1) for row, value in zip(ROWS, values, strict=True)}


def put_there(k: LocalKiseki, who: list[str], terms: list[Terms], made: list[Prepared]) -> None:
    """Terms and collections, each sent by its provider's wallet, many to a block."""
    registry = k.session["DataRegistry"]
    calls = [(who[0], registry.call("defineTerms", terms_tuple(each))) for each in terms]
    for one in made:
        call = registry.call("commit", one.tree.root, 1, one.kept.spec)
        calls.append((one.provider, call))
    ask(k, [("anvil_autoImpersonateAccount", [True]), ("evm_setAutomine", [False])])
    ask(k, [("anvil_setBalance", [each, hex(100 * _ETHER)]) for each in who])
    nonces = {each: count() for each in who}  # said, because Anvil takes those of a batch at once
    left = ((sender, next(nonces[sender]), call) for sender, call in calls)
    while block := list(islice(left, _BLOCK)):
        ask(k, [("eth_sendTransaction", [transaction(*each)]) for each in block])
        ask(k, [("evm_mine", [])])
    ask(k, [("evm_setAutomine", [True]), ("anvil_autoImpersonateAccount", [False])])


def transaction(sender: str, nonce: int, call: Call) -> dict[str, str]:
    gas = {"gas": hex(300_000), "gasPrice": hex(2_000_000_000), "nonce": hex(nonce)}
    return {"from": sender, "to": call.to, "data": "0x" + call.data.hex(), **gas}


def ask(k: LocalKiseki, requests: list[tuple[str, list[Any]]]) -> None:
    """Many of Anvil's own methods at once."""
    node: Any = k.session.w3.provider
    answers = node.make_batch_request(requests)
    refused = [each for each in answers if "error" in each]
    if refused:
        raise RuntimeError(f"Anvil refused: {refused[0]['error']}")
