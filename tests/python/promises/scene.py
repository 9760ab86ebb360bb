"""One small world for the promises: two artists, two models, a batch, and who pays for it.

Alice's drawings are in both models, Bob's in the first only. Model 2 is made from model 1, and the
batch comes from model 2. Every artist asks 20% of gross, every developer 5%.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.client.data.prepared import Prepared
from kiseki.client.outputs.outputs import PreparedBatch
from kiseki.client.revenue.revenue import ETHER

DRAWINGS = {
    name: {
        f"{name}-{n}.svg": f"drawing {n} of {name.title()}'s, which nobody may see".encode()
        for n in range(count)
    }
    for name, count in (("alice", 3), ("bob", 2))
}
WEIGHTS = {"alice": 7, "bob": 3}
"""What each item weighs in the first model."""


@dataclass
class Scene:
    k: LocalKiseki
    folder: Path
    alice: Kiseki = field(init=False)
    bob: Kiseki = field(init=False)
    developer_1: Kiseki = field(init=False)
    developer_2: Kiseki = field(init=False)
    creator: Kiseki = field(init=False)
    buyer: Kiseki = field(init=False)
    stranger: Kiseki = field(init=False)
    terms: Terms = field(init=False)
    model_terms: Terms = field(init=False)
    collections: dict[str, Prepared] = field(default_factory=dict)
    model_1: bytes = field(init=False)
    model_2: bytes = field(init=False)
    batch: PreparedBatch = field(init=False)

    def __post_init__(self) -> None:
        people = [self.k.wallet(number) for number in range(1, 8)]
        self.alice, self.bob, self.developer_1, self.developer_2 = people[:4]
        self.creator, self.buyer, self.stranger = people[4:]
        self.terms = self.k.data.define_terms("train", royalty="20%", notice=timedelta(0))
        self.model_terms = self.k.data.define_terms("train", royalty="5%")
        for name, who in (("alice", self.alice), ("bob", self.bob)):
            for file, content in DRAWINGS[name].items():
                path = self.folder / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            prepared = who.data.prepare(self.folder / name, self.terms)
            self.k.data.register(prepared, consent=who.data.consent(prepared))
            self.collections[name] = prepared
        self.model_1 = self.model(self.developer_1, "model 1", WEIGHTS)
        self.model_2 = self.model(self.developer_2, "model 2", {"alice": 1}, [self.model_1])
        self.batch = self.outputs("cut", [self.model_2])

    def manifest(self, weights: dict[str, int]) -> Manifest:
        return Manifest(
            {
                self.collections[name].id: [
                    (item.id, weight) for item in self.collections[name].items
                ]
                for name, weight in weights.items()
            }
        )

    def model(
        self,
        developer: Kiseki,
        name: str,
        weights: dict[str, int],
        parents: Iterable[bytes] = (),
        terms: Terms | None = None,
    ) -> bytes:
        file = self.folder / f"{name}.weights"
        file.write_bytes(f"weights of {name}".encode())
        return developer.models.register(
            developer.models.weights(file),
            terms or self.model_terms,
            manifest=self.manifest(weights) if weights else None,
            parents=list(parents),
        ).id

    def outputs(
        self, name: str, models: list[bytes], creator: Kiseki | None = None, mint: bool = True
    ) -> PreparedBatch:
        creator = creator or self.creator
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        for number in range(3):
            (folder / f"{number}.png").write_bytes(f"frame {number} of {name}".encode())
        batch = creator.outputs.prepare(folder, models)
        creator.outputs.register(batch)
        if mint:
            creator.rights.mint("batch", batch.id)
        return batch

    @property
    def people(self) -> list[str]:
        earning = (self.alice, self.bob, self.developer_1, self.developer_2, self.creator)
        return [each.address for each in earning]

    def balances(self, token: str = ETHER) -> dict[str, int]:
        asked = None if token == ETHER else token
        return {who: self.k.balance(asked, who) for who in self.people}

    def held(self, token: str = ETHER) -> int:
        """What the splitter holds in truth."""
        splitter = self.k.session["RevenueSplitter"].address
        return self.k.balance(None if token == ETHER else token, splitter)
