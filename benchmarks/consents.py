"""3,000 artists each consent to one collection with an EIP-712 signature, and a studio registers
all of them on Anvil with many transactions in flight: the contract checks every signature and logs
the commitment. Signing is in Python alone, with what is installed by default; `kiseki[fast]` signs
many times faster. Each consent is a transaction of its own, so that one bad signature stops nobody
else's."""

import time

from eth_account import Account

from benchmarks.rows import Row
from kiseki import Kiseki, Payee, Terms
from kiseki.client.data.prepared import Item, Prepared
from kiseki.client.data.registering import Totals
from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.core.merkle import IdTree

__all__ = ["ROWS", "measure", "one_item"]

TITLE = "3,000 signed consents relayed"

_COUNT = 3_000

ROWS = (
    Row("3,000 signed consents relayed: each", "gas"),
    Row("3,000 signed consents relayed: signing all", "s"),
    Row("3,000 signed consents relayed: sending all", "s"),
)


def measure(count: int = _COUNT) -> dict[str, float]:
    with Kiseki.local() as k:
        studio = k.wallet(1)
        terms = studio.data.define_terms("train", royalty="20%")
        artists = [k.using(Account.from_key(numbered("key", n))) for n in range(count)]
        prepared = [one_item(artist.address, n, terms) for n, artist in enumerate(artists)]
        began = time.perf_counter()
        signed = [a.data.consent(each) for a, each in zip(artists, prepared, strict=True)]
        signing = time.perf_counter() - began
        consents = {each.id: consent for each, consent in zip(prepared, signed, strict=True)}
        began = time.perf_counter()
        totals = Totals.of(studio.data.register_all(prepared, consents=consents))
        sending = time.perf_counter() - began
        index = k.index
        if not all(index.collection(each.id).complete for each in prepared):
            raise RuntimeError("some consents are not on the chain")
    values = (totals.gas / count, signing, sending)
    return {row.name: round(value, 1) for row, value in zip(ROWS, values, strict=True)}


def one_item(provider: str, number: int, terms: Terms) -> Prepared:
    """A collection of one made-up file."""
    commitment = numbered("commitment", number)
    item = Item((), commitment, ids.item_id(provider, commitment))
    return Prepared(
        provider, terms, (item,), IdTree([item.id]), Payee.of(provider), numbered("origin", number)
    )


def numbered(what: str, number: int) -> bytes:
    """32 bytes that are the same in every run."""
    return keccak256(f"{what} {number}".encode())
