"""The small world that many tests begin with, and what the index says is owed in it."""

from kiseki.core.terms import Terms
from kiseki.index import (
    Index,
)

from .world import (
    ARTIST,
    ETHER,
    OUTPUTS,
    STUDIO,
    World,
)

TRAIN = Terms.of(["train", "ai_inference"], royalty="20%")
ASKS = Terms.of("train", royalty="5%")


class Diamond(World):
    """A base model, two made from it, and a batch of both; the artist is in base and left."""

    def __init__(self) -> None:
        super().__init__()
        self.art = self.collection(ARTIST, TRAIN, ["sun", "moon"])
        self.film = self.collection(STUDIO, TRAIN, ["cut 1"])
        self.base = self.model("base", {self.art: 3, self.film: 1}, terms=ASKS)
        self.left = self.model("left", {self.art: 1}, [self.base], terms=ASKS)
        self.right = self.model("right", {}, [self.base], terms=ASKS, developer=STUDIO)
        self.frames = self.batch(["frame 1", "frame 2"], [self.left, self.right])

    @property
    def income(self) -> bytes:
        return self.split_for(OUTPUTS, self.frames)


def owed(index: Index, wallet: str, token: str = ETHER) -> int:
    return sum(row.amount for row in index.owed(wallet, token))
