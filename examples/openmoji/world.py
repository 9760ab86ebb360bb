"""Who takes part, what they have made so far, and what it cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from examples.openmoji.drawings import Drawing
from examples.openmoji.recording import Laid
from examples.openmoji.summary import Step
from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.data.prepared import Prepared

TUNED_ON = "Emily Jäger"
"""The second model is fine-tuned on her drawings."""

REFUSED = "Sofie Ascherl"
"""In this demo she does not consent."""

REVOKED = {"1FAE2": "Liz Bravo", "1F310": "Martin Wehl"}
"""In this demo these two drawings are revoked before training. Hexcode and artist."""

REVOKES_LATER = "Lisa Schulz"
"""In this demo this artist ends consent after everything was made and paid."""

STUDIO, BASE_DEVELOPER, TUNING_DEVELOPER, CREATOR, BUYER, SECOND_DEVELOPER = range(6)
FIRST_ARTIST = 10
"""Numbers of the test wallets. Artists' wallets hold no ether and never need any."""


@dataclass(frozen=True, slots=True)
class Made:
    """A model that is registered, and what making it again takes.

    Attributes:
        id: of the model.
        manifest: what it declares.
        weights: its file.
        laid: what training took.
    """

    id: bytes
    manifest: Manifest
    weights: Path
    laid: Laid


@dataclass(slots=True)
class World:
    """Everything that the steps of the demo share."""

    k: LocalKiseki
    drawings: Sequence[Drawing]
    folder: Path
    artists: dict[str, Kiseki] = field(default_factory=dict)
    by_artist: dict[str, list[Drawing]] = field(default_factory=lambda: defaultdict(list))
    collections: dict[str, Prepared] = field(default_factory=dict)
    ids: dict[Path, bytes] = field(default_factory=dict)
    terms: Terms | None = None
    model_terms: Terms | None = None
    models: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    weights: dict[str, bytes] = field(default_factory=dict)
    laid: dict[str, Laid] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)  # seconds, from pictures to weights
    made: dict[str, Made] = field(default_factory=dict)  # model 3 too, unlike `models`
    sold: bytes = b""  # the collection to which a licence was sold
    walked: dict[str, int] = field(default_factory=dict)  # gas, by the name of the model
    steps: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        for drawing in self.drawings:
            self.by_artist[drawing.author].append(drawing)
        for number, name in enumerate(self.by_artist, FIRST_ARTIST):
            self.artists[name] = self.k.wallet(number)

    def cost(self, label: str, receipts: Sequence[Receipt], note: str = "") -> None:
        """Remembers what a step cost."""
        gas = sum(receipt.gas for receipt in receipts)
        self.steps.append(Step(label, gas, len(receipts), note))
