"""Five models that a client registers on Anvil: a base that asks 23%, four made from it, and one
made from those four. Were the base paid on every path, it would take 92% of what the last one
earns."""

from benchmarks.rows import Row
from kiseki import External, Kiseki
from kiseki.core.keccak import keccak256

__all__ = ["ROWS", "measure"]

TITLE = "A base that four parents share"

ROWS = (
    Row("a model on 4 parents that share a base of 23%: what the base is paid", "% of gross", 23),
)


def measure() -> dict[str, float]:
    with Kiseki.local() as k:
        lab, studio, buyer = (k.wallet(number) for number in (1, 2, 3))
        asks = lab.data.define_terms("train", royalty="23%")
        free = studio.data.define_terms("train", "0%")
        scraped = External(keccak256(b"weights of before"), keccak256(b"what is known of them"))
        base = lab.models.register(keccak256(b"base"), asks, externals=[scraped]).id
        tuned = [
            studio.models.register(keccak256(b"tuned %d" % number), free, parents=[base]).id
            for number in range(4)
        ]
        merged = studio.models.register(keccak256(b"merged"), free, parents=tuned).id
        # The base's developer pays nothing in between, so that the difference is what it got.
        before = k.balance(of=lab.address)
        buyer.revenue.pay(k.index.split(k.index.model(merged).split).split, 10**18)
        k.revenue.claim([lab.address])
        paid = k.balance(of=lab.address) - before
    return {ROWS[0].name: paid * 100 / 10**18}
