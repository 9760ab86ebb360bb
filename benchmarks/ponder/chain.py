"""A chain with 100,000 events, made once and kept in `.build`: artists register works, developers
train models on them, creators generate, buyers pay, and the money is claimed down to the artists.
Anvil acts for all of their wallets. A block has about 100 events: Anvil hashes its whole state with
every block, so more blocks would take it much longer."""

from __future__ import annotations

import gzip
import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.consents import numbered
from benchmarks.parts import ask
from benchmarks.rows import ROOT
from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.chain.anvil import anvil
from kiseki.chain.contract.contracts import Call
from kiseki.chain.node import connect
from kiseki.chain.release.deploying import find
from kiseki.client.data.data import terms_tuple
from kiseki.client.rights.incomes import NO_SHARE
from kiseki.client.sources import Named, collections
from kiseki.core import ids
from kiseki.core.compose import Ancestor, Source, compose_batch, compose_model
from kiseki.core.merkle import IdTree
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, ZERO_ADDRESS

__all__ = ["AFTER", "EVENTS", "World", "terms_of", "used_chain", "wallet"]

EVENTS = 100_000

AFTER = 64
"""Empty blocks at the end: ponder says that it is ready before it has the last 30."""

_ARTISTS, _COLLECTIONS, _ITEMS = 300, 10_000, 3
_MODELS, _SOURCES, _BATCHES = 600, 20, 6_000
_BLOCK, _CLAIMS = 100, 10
_ETHER = 10**18
_FORMAT = 2
"""Raised with every change of what is made here, so that no old chain is taken for it."""


@contextmanager
def used_chain(events: int = EVENTS) -> Iterator[str]:
    """An Anvil with that chain, while the block runs; gives its URL."""
    kept = ROOT / ".build" / f"chain-{events}-{_FORMAT}.json"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        half = kept.with_suffix(".half")
        half.write_bytes(_made(events))
        half.replace(kept)
    with anvil(options=("--prune-history", "--load-state", str(kept))) as url:
        yield url


def _made(events: int) -> bytes:
    """The state of an Anvil on which everything happened."""
    with Kiseki.local(options=("--prune-history",)) as k:
        World(k, events).make()
        answer = k.session.node.one("anvil_dumpState")
        return gzip.decompress(bytes.fromhex(answer[2:]))


def logged(url: str) -> int:
    """How many events the suite logged."""
    node = connect(url)
    places = [each.address for each in find(node, None).contracts]
    end = int(node.one("eth_blockNumber"), 16)
    asked = {"address": places, "fromBlock": "0x0", "toBlock": hex(end)}
    return len(node.one("eth_getLogs", asked))


@dataclass(frozen=True, slots=True)
class _Collection:
    id: bytes
    provider: str
    terms: Terms
    commitments: Sequence[bytes]


class World:
    """Who registers, uses and pays what, in numbers that are the same in every run."""

    def __init__(self, k: LocalKiseki, events: int) -> None:
        self._k, self._events, self._done = k, events, 0
        self._data, self._models, self._outputs, self._splitter, self._rights, self._statements = (
            k.session[name]
            for name in (
                "DataRegistry", "ModelRegistry", "OutputRegistry", "RevenueSplitter",
                "RightsToken", "Statements",
            )
        )  # fmt: skip
        scale = events / EVENTS
        self._artist_count, self._collection_count, self._model_count, self._batch_count = (
            round(most * scale) for most in (_ARTISTS, _COLLECTIONS, _MODELS, _BATCHES)
        )
        self._block: list[tuple[str, list[Any]]] = []
        self._in_block = 0
        self._nonces: defaultdict[str, Iterator[int]] = defaultdict(itertools.count)
        self._ancestry: dict[bytes, tuple[Ancestor, ...]] = {}
        self._own: dict[bytes, bytes] = {}

    def make(self) -> None:
        artists = [wallet("artist", n) for n in range(self._artist_count)]
        developers = [wallet("developer", n) for n in range(20)]
        creators = [wallet("creator", n) for n in range(100)]
        buyer = wallet("buyer", 0)
        ask(self._k, [("anvil_autoImpersonateAccount", [True]), ("evm_setAutomine", [False])])
        funds = [(each, 1_000) for each in (*artists, *developers, *creators)] + [(buyer, 10**9)]
        ask(self._k, [("anvil_setBalance", [who, hex(n * _ETHER)]) for who, n in funds])
        asks = Terms.of("train", royalty="5%")
        terms = [terms_of(n) for n in range(self._artist_count)]
        for each in (*terms, asks):
            self._send(artists[0], self._data.call("defineTerms", terms_tuple(each)), 1)
        works = [self._collection(artists, terms, n) for n in range(self._collection_count)]
        models = list(self._register_models(works, developers, asks))
        batches = [self._batch(creators, models, n) for n in range(self._batch_count)]
        self._change(works)
        for n, (batch, creator) in enumerate(batches):
            self._deposit(buyer, batch.key, batch.opening, n)
            if n % 10 == 0:
                self._mint(creator, batch)
        shares = [(split, i) for split, _ in batches for i in range(len(split.leaves) - 1)]
        shares += [(own, 0) for _, own, _ in models]
        self._claim(buyer, [(split, i, b"") for split, i in shares], 1)
        openings = {ids.subject(self._data.address, each.id): each.id for each in works}
        leaves = [(data, i) for _, _, data in models for i in range(len(data.leaves))]
        self._claim(
            buyer,
            [
                (data, i, ids.subject_opening(self._data.address, openings[data.leaves[i][0]]))
                for data, i in leaves
            ],
            2,
        )
        self._mine()
        for n in range(self._events - logged(self._k.url)):
            self._deposit(buyer, ids.wallet(artists[n % len(artists)]), b"", n)
        self._mine()
        if (count := logged(self._k.url)) != self._events:
            raise RuntimeError(f"the chain has {count:,} events")
        for _ in range(AFTER):
            ask(self._k, [("evm_mine", [])])

    # What happens

    def _collection(self, artists: list[str], terms: list[Terms], n: int) -> _Collection:
        who, its = artists[n % len(artists)], terms[n % len(terms)]
        commitments = sorted(
            (numbered("item", n * _ITEMS + i) for i in range(_ITEMS)),
            key=lambda each: ids.item_id(who, each),
        )
        root = IdTree(ids.item_ids(who, commitments)).root
        spec = (its.id, ids.wallet(who), b"", numbered("origin", n))
        self._send(who, self._data.call("register", commitments, spec), 2, gas=400_000)
        return _Collection(ids.collection_id(who, root, its.id), who, its, commitments)

    def _register_models(
        self, works: list[_Collection], developers: list[str], asks: Terms
    ) -> Iterator[tuple[bytes, Split, Split]]:
        """ID, own split and data split of each; one of three rests on the one before it."""
        known = {each.id: each for each in works}
        last = ZERO32
        for n in range(self._model_count):
            who = developers[n % len(developers)]
            start = n * _SOURCES
            used = {works[(start + i) % len(works)].id for i in range(_SOURCES)}
            manifest = Manifest(
                {
                    each: [(ids.item_id(known[each].provider, known[each].commitments[0]), 1 + n)]
                    for each in used
                }
            )
            parents = (last,) if n % 3 == 1 else ()
            named = Named(manifest.collections, parents, ())
            weights = numbered("weights", n)
            model = ids.model_id(who, weights, named.hash, asks.id)
            made = compose_model(
                self._data.address, model,
                [Source(x.id, x.weight, known[x.id].terms.royalty_bps) for x in named.collections],
                [self._ancestry[each] for each in parents], self._own, asks.royalty_bps,
                ids.wallet(who),
            )  # fmt: skip
            spec = (weights, numbered("run", n), asks.id, ids.wallet(who), b"", ZERO32)
            sources: tuple[Any, ...] = (collections(named.collections), self._shown(parents), [])
            self._send(
                who, self._models.call("register", spec, sources), 1 + len(used), gas=3_000_000
            )
            subject = ids.subject(self._models.address, model)
            kind, document = numbered("manifest", 0), numbered("document", n)
            self._send(who, self._statements.call("state", subject, kind, document), 1)
            assert made.own_split and made.data.split
            self._ancestry[model], self._own[model] = made.ancestry, made.own_split.key
            last = model
            yield model, made.own_split, made.data.split

    def _shown(self, models: Sequence[bytes]) -> list[tuple[bytes, list[tuple[bytes, int]]]]:
        return [(m, [(each.model, each.own) for each in self._ancestry[m]]) for m in models]

    def _batch(
        self, creators: list[str], models: list[tuple[bytes, Split, Split]], n: int
    ) -> tuple[Split, str]:
        who, model = creators[n % len(creators)], models[n % len(models)][0]
        commitments = [numbered("output", n)]
        root = IdTree(ids.item_ids(who, commitments)).root
        batch = ids.batch_id(who, ids.sources_hash([], [model], []), root)
        made = compose_batch(
            self._data.address, batch, [], [self._ancestry[model]], self._own, ids.wallet(who)
        )
        spec = (numbered("record", n), ids.wallet(who), b"", [(0, b"")])  # nobody endorses it
        sources: tuple[Any, ...] = ([], self._shown([model]), [])
        call = self._outputs.call("register", commitments, spec, sources)
        self._send(who, call, 3, gas=700_000)
        return made.split, who

    def _change(self, works: list[_Collection]) -> None:
        """Payees are named, consent ends, tokens go on record."""
        for n, each in enumerate(works):
            subject = ids.subject(self._data.address, each.id)
            if n % 10 == 0:
                payee = ids.subject(self._rights.address, subject)
                opening = ids.subject_opening(self._rights.address, subject)
                self._send(each.provider, self._rights.call("reveal", self._data.address, each.id))
                change = (each.id, payee, opening, (0, 0, b""))
                self._send(each.provider, self._data.call("setPayee", *change))
            elif n % 33 == 0:
                self._send(each.provider, self._data.call("revoke", each.id))
            elif n % 35 == 0:
                self._send(each.provider, self._data.call("revokeItem", each.commitments[1]))

    def _mint(self, creator: str, batch: Split) -> None:
        spec = (self._outputs.address, batch.salt, numbered("rights", 0), 500, 0, 0)
        self._send(creator, self._rights.call("mint", spec, NO_SHARE), 3, gas=600_000)

    def _deposit(self, buyer: str, payee: bytes, opening: bytes, n: int) -> None:
        amount = 10**15 + n
        paid = (payee, opening, ZERO_ADDRESS, amount, numbered("reference", n))
        self._send(buyer, self._splitter.call("deposit", *paid, value=amount))

    def _claim(self, sender: str, leaves: list[tuple[Split, int, bytes]], events: int) -> None:
        for start in range(0, len(leaves), _CLAIMS):
            calls = []
            for split, i, opening in leaves[start : start + _CLAIMS]:
                proof, (payee, shares) = split.proof(i), split.leaves[i]
                share = (split.opening, payee, shares, proof.side, proof.path)
                calls.append(self._splitter.call("claim", share, ZERO_ADDRESS, opening).data)
            call = self._splitter.call("multicall", calls, False)
            self._send(sender, call, events * len(calls), gas=2_500_000)

    # Sending

    def _send(self, sender: str, call: Call, events: int = 1, gas: int = 250_000) -> None:
        """Events are about what it logs, so that blocks are about equally full."""
        transaction = {
            "from": sender, "to": call.to, "data": "0x" + call.data.hex(), "gas": hex(gas),
            "gasPrice": hex(2_000_000_000), "nonce": hex(next(self._nonces[sender])),
            "value": hex(call.value),
        }  # fmt: skip
        self._block.append(("eth_sendTransaction", [transaction]))
        self._in_block += events
        if self._in_block >= _BLOCK:
            self._mine()

    def _mine(self) -> None:
        if self._block:
            ask(self._k, self._block)
            ask(self._k, [("evm_mine", [])])
            receipts = self._k.session.node.one("eth_getBlockReceipts", "latest")
            if [each["status"] for each in receipts] != ["0x1"] * len(self._block):
                raise RuntimeError("not everything went through")
        self._block, self._in_block = [], 0


def wallet(what: str, n: int) -> str:
    return "0x" + numbered(what, n)[12:].hex()


def terms_of(n: int) -> Terms:
    return Terms.of("train", royalty=f"{10 + n % 11}%", document=numbered("licence", n))
