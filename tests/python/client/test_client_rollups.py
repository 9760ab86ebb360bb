"""A rollup whose gas limit holds the fee of the chain below, as Arbitrum's does."""

from collections.abc import Iterator
from typing import Any

import pytest
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from kiseki import Kiseki, LocalKiseki
from kiseki.chain.sending import surcharge, wire
from kiseki.chain.sending.fees import MOST_GAS
from kiseki.chain.sending.journal import Journal
from kiseki.chain.sending.surcharge import Surcharge
from kiseki.chain.signing.accounts import local_account as account_of
from kiseki.client.data.cutting import missing
from kiseki.core.ids import item_ids
from kiseki.core.merkle import IdTree, root_of, verify
from kiseki.vault.keystore import KeyStore

from ..conftest import Folder
from ..front import answered, each_question, front, place


class Rollup:
    """Takes gas for each byte; refuses a transaction whose gas limit does not hold that.

    Attributes:
        fixed, byte: gas of each transaction and of a byte of its data.
        limits: of each transaction that it took: its gas limit, and what it needs in all.
        refused: how many it refused.
    """

    def __init__(self, url: str, fixed: int, byte: int) -> None:
        self.url, self.fixed, self.byte = url, fixed, byte
        self.limits: list[tuple[int, int]] = []
        self.refused = 0

    def __call__(self, asked: Any) -> dict[str, Any] | None:
        if asked["method"] == "eth_estimateGas":
            answer = answered(self.url, asked)
            if "result" not in answer:
                return {"error": answer["error"]}
            data = bytes.fromhex(asked["params"][0]["data"][2:])
            return {"result": hex(int(answer["result"], 16) + self.of(data))}
        if asked["method"] != "eth_sendRawTransaction":
            return None
        sent = TypedTransaction.from_bytes(HexBytes(asked["params"][0])).as_dict()
        call = {"to": sent["to"].to_0x_hex(), "from": account_of(1).address,
                "data": sent["data"].to_0x_hex()}  # fmt: skip
        estimate = answered(self.url, {**asked, "method": "eth_estimateGas", "params": [call]})
        needed = int(estimate["result"], 16) + self.of(bytes(sent["data"]))
        if sent["gas"] < needed:
            self.refused += 1
            return {"error": {"code": -32000, "message": "intrinsic gas too low"}}
        self.limits.append((sent["gas"], needed))
        return None

    def of(self, data: bytes) -> int:
        return self.fixed + self.byte * len(data)


@pytest.fixture
def rollup(k: LocalKiseki) -> Iterator[tuple[Kiseki, Rollup]]:
    made = Rollup(k.url, 50_000, 4_000)
    with front(k.url, each_question(k.url, made)) as server:
        yield (
            Kiseki.connect(place(server), account_of(1), secrets=KeyStore(), journal=Journal()),
            made,
        )


def works(folder: Folder, count: int, name: str = "art") -> Any:
    return folder(name, {f"{place_}.svg": b"%d of %s" % (place_, name.encode())
                         for place_ in range(count)})  # fmt: skip


def test_a_collection_is_registered_with_gas_that_the_rollup_takes(
    rollup: tuple[Kiseki, Rollup], folder: Folder
) -> None:
    artist, chain = rollup
    terms = artist.data.define_terms("train", "20%")
    made = artist.data.register(works(folder, 3), terms)
    assert chain.refused == 0
    assert chain.limits
    assert artist.index.collection(made.id).complete
    assert len(made.receipts) == 1, "what fits one transaction takes one"


def test_slices_are_cut_to_what_the_rollup_takes_and_the_list_is_whole(
    rollup: tuple[Kiseki, Rollup], folder: Folder
) -> None:
    """Promise 1; DESIGN "The tree of a collection or batch"."""
    artist, chain = rollup
    terms = artist.data.define_terms("train", "20%")
    made = artist.data.register(works(folder, 300), terms)
    record = artist.index.collection(made.id)
    assert record.complete
    assert record.count == 300
    assert len(made.receipts) > 3
    assert all(needed <= limit <= MOST_GAS for limit, needed in chain.limits)
    assert chain.refused == 0
    before = len(chain.limits)
    assert artist.data.publish(artist.data.prepare(works(folder, 300), terms)) == ()
    assert len(chain.limits) == before


def test_what_was_logged_in_smaller_parts_is_not_sent_again(
    rollup: tuple[Kiseki, Rollup], folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 8, also where the prices below moved meanwhile."""
    artist, chain = rollup
    terms = artist.data.define_terms("train", "20%")
    prepared = artist.data.prepare(works(folder, 200), terms)
    artist.data.register(prepared, publish=False)
    from kiseki.client.data import registering

    group = artist.data._group(prepared)
    first = next(registering.publications(artist._wallet, group))
    artist.sender.send(first)
    done = len(chain.limits)
    chain.byte = 1_000
    monkeypatch.setattr(wire, "_LASTS", 0.0)
    artist.data.publish(prepared)
    assert artist.index.collection(prepared.id).complete
    sent = sum(needed - 50_000 for _, needed in chain.limits[done:])
    assert sent < 1_000 * 300 * 32, "not all of it again"


def test_a_dry_run_tells_the_gas_of_the_rollup(
    rollup: tuple[Kiseki, Rollup], k: LocalKiseki, folder: Folder
) -> None:
    artist, chain = rollup
    terms = artist.data.define_terms("train", "20%")
    sent = len(chain.limits)
    dry = Kiseki.connect(
        artist.session.node.urls[0],
        account_of(1),
        secrets=artist.salts,
        journal=Journal(),
        rehearses=True,
    )
    dry.data.register(works(folder, 3), terms)
    assert len(chain.limits) == sent
    told = dry.sender.trials[-1].gas  # type: ignore[attr-defined]
    artist.data.register(works(folder, 3, "other"), terms)
    assert told >= chain.limits[-1][1]


def test_elsewhere_nothing_is_added(k: LocalKiseki, folder: Folder) -> None:
    k.data.define_terms("train", "0%")
    call = k.session["DataRegistry"].call("registrantOf", bytes(32))
    assert k.sender.wire.gas(call, 100) == 100


@pytest.mark.parametrize(
    ("fixed", "byte"), [(0, 0), (0, 16), (1_000_000, 0), (50_000, 4_000), (0, 0.5)]
)
def test_what_a_chain_takes_is_measured(fixed: float, byte: float) -> None:
    """With what go-ethereum adds to its own estimates, at most one part in 66."""
    for noise in (1.0, 1.015):
        plain = [surcharge._plain(each) for each in (surcharge._SHORT, surcharge._LONG)]
        told = [int((cost + fixed + byte * size) * noise)
                for cost, size in zip(plain, (32, 4_096), strict=True)]  # fmt: skip
        found = Surcharge.of(told)
        for size in (0, 32, 500, 4_096, 131_072):
            wanted = fixed + byte * size
            have = found.gas(bytes(size))
            assert have >= wanted * 0.95 - 0.05 * (21_000 + 40 * size)
            assert have <= wanted * 1.05 + 0.05 * (21_000 + 40 * size)
    assert (
        Surcharge.of([surcharge._plain(surcharge._SHORT), surcharge._plain(surcharge._LONG)])
        == Surcharge()
    )


@pytest.mark.parametrize("count", [1, 2, 3, 5, 33, 100, 257, 999])
@pytest.mark.parametrize("most", [1, 7, 32, 1_000])
def test_parts_are_trees_under_the_same_root(count: int, most: int) -> None:
    who = "0x" + "11" * 20
    given = sorted((bytes([place_ % 256]) * 31 + bytes([place_ // 256]) for place_ in range(count)),
                   key=lambda each: item_ids(who, [each]))  # fmt: skip
    tree = IdTree(item_ids(who, given))
    parts = missing(who, (given, ()), lambda _: False, lambda part: len(part[0]) <= most)
    assert sorted(each for part, _ in parts for each in part) == sorted(given)
    for part, proof in parts:
        assert len(part) <= most
        assert verify(tree.root, root_of(item_ids(who, part)), proof)
    gone = parts[0]
    left = missing(who, (given, ()), lambda some: list(some) == gone[0], lambda _: True)
    assert sorted(each for part, _ in left for each in part) == sorted(
        each for part, _ in parts[1:] for each in part
    )
