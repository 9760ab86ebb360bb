"""Pay by influence: a small model over ten artists' drawings, three manifests, one payment each.

    python -m examples.openmoji.influence [--to build/influence] [--seeds 3]

For each seed the model is trained on all ten artists and once without each. What it then draws
worse of drawings that it never saw is that artist's influence. Three models are registered on a
local chain, which ends with this program: paid by declared counts, by influence, and half and half.
Each gets 1 ether, and the table shows what the chain owes whom.

Scores are kept in the folder, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from examples.openmoji.drawings import Drawing, Pixels, load, rasterise
from examples.openmoji.model import SIZE, Floats, Model, batches, take_apart, train
from kiseki import Kiseki, LocalKiseki, Manifest, Terms
from kiseki.core.values import to_hex
from kiseki.core.weighing import Number, weigh
from kiseki.training.influence import Influence, agreement, blend, leave_one_out, trainings

ROOT = Path(__file__).resolve().parents[2]
ARTISTS = 10
_SKIPPED = 5
"""Of the artists with the most drawings, so that ten of similar size remain."""
_HELD = 4
"""Every fourth drawing is not trained on: the models are scored by it."""
RANK, KINDS = 16, 4
ETHER = 10**18


@dataclass(frozen=True)
class Studio:
    """Drawings of ten artists.

    Attributes:
        artists: by how many drawings each has.
        by: whose each drawing is.
        pixels: all of them.
        held: which are not trained on.
    """

    artists: list[str]
    drawings: list[Drawing]
    pixels: Pixels
    held: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @property
    def by(self) -> list[str]:
        return [each.author for each in self.drawings]

    @property
    def counts(self) -> dict[str, int]:
        """How many drawings of each artist training consumes, once each."""
        used = (who for who, held in zip(self.by, self.held, strict=True) if not held)
        return dict(Counter(used))

    def train(self, artists: Sequence[str], seed: int) -> Model:
        """A model of some artists' drawings."""
        chosen = np.isin(self.by, list(artists)) & ~self.held
        keys = [str(place) for place in np.flatnonzero(chosen)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a few steps are meant
            source = batches(keys, self.pixels[chosen], seed=seed)
            taken = (each.pixels for each in source)
            return train(taken, seed=seed, rank=RANK, kinds=KINDS)

    def score(self, model: Model) -> float:
        """How much of what differs among the drawings that were held back the model can draw: 0 is
        the mean picture, 1 is all of it."""
        rows: Floats = take_apart(self.pixels[self.held])
        apart = rows - model.mean
        drawn = (apart @ model.components.T) @ model.components
        around = rows - rows.mean(0)
        return 1 - float(((apart - drawn) ** 2).sum() / (around**2).sum())


def studio(package: Path = ROOT / "node_modules" / "openmoji") -> Studio:
    """The ten artists, from the npm package."""
    every = load(package)
    most = [who for who, _ in Counter(each.author for each in every).most_common()]
    artists = most[_SKIPPED : _SKIPPED + ARTISTS]
    mine = [each for each in every if each.author in artists]
    held = np.arange(len(mine)) % _HELD == _HELD - 1
    return Studio(artists, mine, rasterise(mine, SIZE, workers=1), held)


def paid(
    k: LocalKiseki, studio: Studio, weights: Mapping[str, Mapping[str, Number]], folder: Path
) -> dict[str, dict[str, int]]:
    """Registers each artist's drawings and one model for each way to weigh them, pays each model 1
    ether, and says what each artist is owed of it, in wei."""
    terms = Terms.of("train", royalty="20%")
    collections: dict[str, bytes] = {}
    counts: dict[bytes, dict[bytes, int]] = {}
    wallets: dict[str, str] = {}
    for place, who in enumerate(studio.artists, 1):
        wallet = k.wallet(place)
        pairs = zip(studio.drawings, studio.held, strict=True)
        files = [each.path for each, held in pairs if each.author == who and not held]
        prepared = wallet.data.prepare(files, terms)
        collections[who] = wallet.data.register(prepared).id
        counts[prepared.id] = {item.id: len(item.paths) for item in prepared.items}
        wallets[who] = wallet.address
    developer = k.wallet(0)
    found: dict[str, dict[str, int]] = {}
    for place, (name, of) in enumerate(weights.items()):
        chosen = weigh(counts, {collections[who]: each for who, each in of.items()})
        file = folder / f"model-{place}.npz"
        file.write_bytes(name.encode())
        model = developer.models.register(
            developer.models.weights(file), Terms.of("train", royalty="0%"),
            manifest=Manifest(chosen),
        ).id  # fmt: skip
        before = {who: _owed(k, wallets[who]) for who in wallets}
        developer.revenue.pay(developer.payee(to_hex(model)), ETHER)
        found[name] = {who: _owed(k, wallets[who]) - before[who] for who in wallets}
    return found


def _owed(k: Kiseki, wallet: str) -> int:
    return sum(each.amount for each in k.session.index.owed(wallet, "0x" + "00" * 20))


def table(
    studio: Studio, influence: Influence[str], owed: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """What the run found, as lines of Markdown."""
    counts, names = studio.counts, list(owed)
    lines = [
        "| artist | drawings | influence (least to most of a seed) | "
        + " | ".join(f"paid {name}" for name in names) + " |",
        "| --- | ---: | ---: |" + " ---: |" * len(names),
    ]  # fmt: skip
    for who in sorted(studio.artists, key=lambda each: -influence.mean(each)):
        least, most = (f"{each * 100:.2f}" for each in influence.spread(who))
        cells = [who, str(counts[who]), f"{influence.mean(who) * 100:.2f}% ({least} to {most})"]
        cells += [f"{owed[name][who] / ETHER:.4f}" for name in names]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Runs it and prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "influence")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    ten, seeds = studio(), list(range(1, options.seeds + 1))
    every = trainings(ten.artists, seeds)
    print(f"{every} trainings: {len(seeds)} seeds, with all {ARTISTS} artists and without each.")
    influence = leave_one_out(
        ten.train, ten.score, ten.artists, seeds, folder=options.to / "scores",
        what=f"openmoji rank {RANK} kinds {KINDS}",
        told=lambda done, _: print(f"\r{done} of {every}", end="", file=sys.stderr),
    )  # fmt: skip
    print(file=sys.stderr)
    counts: dict[str, Number] = dict(ten.counts)
    weights: dict[str, Mapping[str, Number]] = {
        "by counts": counts,
        "by influence": influence.weights,
        "half and half": blend(counts, influence.weights),
    }
    with Kiseki.local(accounts=ARTISTS + 1) as k:
        owed = paid(k, ten, weights, options.to)
    print("\n".join(table(ten, influence, owed)))
    score = sum(influence.scores.values()) / len(seeds)
    print(f"\nThe models draw {score:.1%} of what differs among the drawings held back.")
    for name in ("by influence", "half and half"):
        rho = agreement(counts, weights[name])
        print(f"Order by counts and {name}: Spearman {rho:.2f}." if rho is not None else "")
    for who in influence.negative:
        print(f"Without {who} the models are better in the mean: zero, declared and not paid.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
