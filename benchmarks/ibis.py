"""The graph questions of IBis (arXiv 2404.06077) over 1,000 models on Anvil: under which licences
(terms here) a model's data and base models stand, which data sets (collections) it rests on through
any number of base models, and which models rest on data under a licence. 2,000 collections of 100
artists stand under 100 licences; each model declares 20 collections, and one of three rests on
another. The index asks its file, which is read once. web3.py asks the node for the logs of each
step and for the record of each collection and model. Both must give the same answers. Times are of
the clock on the wall, over 10 models and 10 licences drawn once, the better of two rounds that take
turns. Anvil runs on the same machine and answers a question about all its blocks, which public
nodes refuse."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from web3 import Web3

from benchmarks.parts import ask
from benchmarks.ponder.chain import World, terms_of, wallet
from benchmarks.process import best
from benchmarks.rows import ROOT, Row
from kiseki import Kiseki, LocalKiseki, Terms
from kiseki.chain.contract.artifacts import artifact
from kiseki.chain.signing.accounts import local_account
from kiseki.client.data.data import terms_tuple
from kiseki.index import Index

__all__ = ["ROWS", "measure"]

TITLE = "The graph questions of IBis"

_ARTISTS, _COLLECTIONS, _MODELS, _ASKED = 100, 2_000, 1_000, 10
_QUESTIONS = ("a model's licences", "a model's data sets", "the models of a licence")

ROWS = (
    *(
        Row(f"IBis, {name}: {who}", unit)
        for name in _QUESTIONS
        for who, unit in (
            ("the index", "ms"),
            ("web3.py", "ms"),
            ("the index against web3.py", "times"),
        )
    ),
    Row("IBis: reading the chain into the index, once", "s"),
)


def measure(models: int = _MODELS, collections: int = _COLLECTIONS) -> dict[str, float]:
    (ROOT / ".build").mkdir(exist_ok=True)
    with Kiseki.local() as local, tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
        made = Licensed(local, models, collections)
        made.make()
        k = Kiseki.connect(
            local.url, local_account(1), secrets=Path(folder) / "secrets",
            journal=Path(folder) / "journal", index=folder,
        )  # fmt: skip
        began = time.perf_counter()
        index = k.index
        reading = time.perf_counter() - began
        draw = random.Random(1)
        works = draw.sample(index.registered("ModelRegistry"), _ASKED)
        licences = draw.sample(made.licences, min(_ASKED, len(made.licences)))
        ours, theirs = Ours(index), Script(local)
        values: list[float] = []
        for name, asked in zip(_QUESTIONS, (works, works, licences), strict=True):
            values += compared(ours.questions[name], theirs.questions[name], asked)
    values.append(reading)
    return {row.name: round(value, 4) for row, value in zip(ROWS, values, strict=True)}


Question = Callable[[bytes], Iterable[bytes]]


def compared(ours: Question, theirs: Question, asked: list[bytes]) -> tuple[float, float, float]:
    """Milliseconds of a question, asked of both, and their ratio."""
    for each in asked:
        if set(ours(each)) != set(theirs(each)) or not set(ours(each)):
            raise RuntimeError(f"the answers about {each.hex()} differ")

    def every(question: Question) -> Callable[[], object]:
        return lambda: [list(question(each)) for each in asked]

    fast, slow = best(every(ours), every(theirs), rounds=2, clock=time.perf_counter)
    return fast / len(asked) * 1e3, slow / len(asked) * 1e3, fast / slow


class Licensed(World):
    """Collections under licences, and models on them."""

    def __init__(self, k: LocalKiseki, models: int, collections: int) -> None:
        super().__init__(k, 0)
        self._artist_count = min(_ARTISTS, collections)
        self._collection_count, self._model_count = collections, models
        self.licences: list[bytes] = []

    def make(self) -> None:
        artists = [wallet("artist", n) for n in range(self._artist_count)]
        developers = [wallet("developer", n) for n in range(20)]
        ask(self._k, [("anvil_autoImpersonateAccount", [True]), ("evm_setAutomine", [False])])
        funds = [(each, hex(10**21)) for each in (*artists, *developers)]
        ask(self._k, [("anvil_setBalance", list(each)) for each in funds])
        asks, terms = Terms.of("train", royalty="2%"), [terms_of(n) for n in range(len(artists))]
        for each in (*terms, asks):
            self._send(artists[0], self._data.call("defineTerms", terms_tuple(each)), 1)
        works = [self._collection(artists, terms, n) for n in range(self._collection_count)]
        list(self._register_models(works, developers, asks))
        self._mine()
        self.licences = [each.id for each in terms]


class Ours:
    """The questions, asked of the index."""

    def __init__(self, index: Index) -> None:
        overview = index.overview
        self.questions: dict[str, Question] = {
            _QUESTIONS[0]: overview.terms_of,
            _QUESTIONS[1]: lambda model: [
                node.id for node in index.lineage(model).nodes if node.kind == "collection"
            ],
            _QUESTIONS[2]: lambda terms: [
                each.id
                for each in overview.works_under(terms, most=1_000_000)
                if each.kind == "model"
            ],
        }


class Script:
    """The questions, asked of the node with nothing but web3.py."""

    def __init__(self, k: LocalKiseki) -> None:
        w3 = Web3(Web3.HTTPProvider(k.url))
        self._data, self._models = (
            w3.eth.contract(address=k.session[name].address, abi=artifact(name).abi)  # type: ignore[call-overload]
            for name in ("DataRegistry", "ModelRegistry")
        )
        self.questions: dict[str, Question] = {
            _QUESTIONS[0]: self.licences,
            _QUESTIONS[1]: self.data_sets,
            _QUESTIONS[2]: self.models_under,
        }

    def licences(self, model: bytes) -> set[bytes]:
        found = {self._models.functions.modelOf(each).call()[5] for each in self.within(model)}
        for each in self.data_sets(model):
            found.add(self._data.functions.status(each).call()[4])
        return found

    def data_sets(self, model: bytes) -> set[bytes]:
        return {
            log.args.collection
            for each in self.within(model)
            for log in logs(self._models.events.ModelSource, model=each)
        }

    def within(self, model: bytes) -> list[bytes]:
        """A model and all that it rests on."""
        found = [model]
        for each in found:
            parents = [log.args.parent for log in logs(self._models.events.ModelParent, model=each)]
            found += [parent for parent in parents if parent not in found]
        return found

    def models_under(self, terms: bytes) -> list[bytes]:
        data = [
            log.args.collection
            for log in logs(self._data.events.CollectionRegistered, termsId=terms)
        ]
        found: dict[bytes, None] = {}
        rest = [log.args.model for log in logs(self._models.events.ModelSource, collection=data)]
        while rest:
            found |= dict.fromkeys(rest)
            above = logs(self._models.events.ModelParent, parent=list(dict.fromkeys(rest)))
            rest = [log.args.model for log in above if log.args.model not in found]
        return list(found)


def logs(event: Any, **wanted: Any) -> list[Any]:
    """All that was ever logged of it."""
    found: list[Any] = event().get_logs(from_block=0, argument_filters=wanted)
    return found
