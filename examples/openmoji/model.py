"""A small generative model that draws in flat colours with a line: PCA and a Gaussian mixture.

A picture is taken apart the way an animation cel is: the black line at 48 x 48, and under it how
much of each cell of a 16 x 16 grid has each of the palette's colours. PCA finds what varies
together, a Gaussian mixture learns which combinations occur, and drawing a sample puts line and
colours back together at any size, with clean edges. It trains on a CPU in seconds.

The same batches, in the same order, give the same weights, byte for byte, on the same machine:
the linear algebra runs on one thread, so the number of cores does not matter. Another processor
may round differently.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Id = TypeVar("Id", bound=Hashable)

SIZE = 96
"""Training pictures are SIZE x SIZE."""
_LINE = 48
_FILL = 16

_COLOURS = (
    "000000ffffff92d3f561b2e4ea5a47d22f27b1cc335c9e31fcea2bf1b31cd0cfce9b9b9a3f3f3ff4aa41e27022"
    "ffa7c0e67a94b399c88967aaa579396a462f1e50a0781e32186648fadcbcdebb90c19a65"
)
PALETTE: Floats = np.frombuffer(bytes.fromhex(_COLOURS), np.uint8).reshape(-1, 3).astype(np.float32)
"""The colours OpenMoji draws with (its data/color-palette.json); the line, black, comes first."""
_FILLS = len(PALETTE) - 1


class Batch(NamedTuple, Generic[Id]):
    """Some pictures, and the ID of each."""

    ids: Sequence[Id]
    pixels: Pixels


def batches(
    ids: Sequence[Id],
    pixels: Pixels,
    *,
    times: Sequence[int] | None = None,
    size: int = 256,
    seed: int = 0,
) -> Iterator[Batch[Id]]:
    """Shuffled mini-batches in which picture i occurs `times[i]` times (default: once)."""
    order = np.repeat(np.arange(len(ids)), 1 if times is None else np.asarray(times))
    np.random.default_rng(seed).shuffle(order)
    for start in range(0, len(order), size):
        take = order[start : start + size]
        yield Batch([ids[i] for i in take], pixels[take])


@dataclass(frozen=True, slots=True)
class Model:
    """The weights: everything `generate` needs, and nothing else."""

    mean: Floats
    """The mean picture, taken apart."""
    components: Floats
    """(rank, features), orthonormal rows: what varies together."""
    weights: Floats
    means: Floats
    factors: Floats
    """For each Gaussian of the mixture: its weight, mean, and a square root of its covariance."""

    def generate(self, n: int, seed: int, *, temperature: float = 0.6, size: int = 240) -> Pixels:
        """`n` new pictures, (n, size, size, RGB). The same seed draws the same pictures."""
        rng = np.random.default_rng(seed)
        kinds = rng.choice(len(self.weights), n, p=_probabilities(self.weights))
        noise = rng.standard_normal((n, self.means.shape[1])).astype(np.float32)
        with threadpool_limits(1):
            spread = np.einsum("nij,nj->ni", self.factors[kinds], noise)
            codes = self.means[kinds] + np.float32(temperature) * spread
            features = self.mean + codes @ self.components
        return np.stack([_draw(f, size) for f in features])

    def to_bytes(self) -> bytes:
        """The weights as an .npz file that depends on nothing but the weights."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for field in fields(self):
                array = io.BytesIO()
                np.save(array, np.ascontiguousarray(getattr(self, field.name)), allow_pickle=False)
                entry = zipfile.ZipInfo(f"{field.name}.npy", (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, array.getvalue())
        return out.getvalue()

    def save(self, path: Path) -> None:
        path.write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> Model:
        with np.load(path, allow_pickle=False) as archive:
            return cls(**{field.name: archive[field.name] for field in fields(cls)})


def train(
    source: Iterable[Pixels],
    *,
    seed: int = 0,
    rank: int = 128,
    kinds: int = 40,
    stage: Callable[[str], None] = lambda _: None,
) -> Model:
    """Train on whatever `source` yields.

    A picture that comes twice counts twice. `stage` hears what is being done.
    """
    stage("reading pictures")
    rows = _read(source)
    with threadpool_limits(1):
        stage("finding what varies together")
        rank = min(rank, *rows.shape)
        pca = PCA(rank, svd_solver="randomized", iterated_power=3, random_state=seed).fit(rows)
        components = pca.components_.astype(np.float32)
        mean = pca.mean_.astype(np.float32)
        stage("learning which combinations occur")
        codes = (rows - mean) @ components.T
        mixture = _mixture(codes, kinds, seed)
    return Model(mean, components, *mixture)


def fine_tune(
    base: Model,
    source: Iterable[Pixels],
    *,
    seed: int = 0,
    rank: int = 48,
    stage: Callable[[str], None] = lambda _: None,
) -> Model:
    """Continue from `base` on other pictures.

    What `base` learned to see is kept. What it could not see in these pictures is added as a few
    components, the mean moves to theirs, and the mixture is learned anew from them.
    """
    stage("reading pictures")
    rows = _read(source)
    with threadpool_limits(1):
        stage("adding what the base model does not know")
        mean = rows.mean(0, dtype=np.float64).astype(np.float32)
        centred = rows - mean
        unseen = centred - (centred @ base.components.T) @ base.components
        _, spread, directions = np.linalg.svd(unseen, full_matrices=False)
        known = directions[: min(rank, int((spread > 1e-3 * spread[0]).sum()))]
        components = np.concatenate([base.components, known.astype(np.float32)])
        stage("learning which combinations occur")
        mixture = _mixture(centred @ components.T, max(1, len(rows) // 9), seed)
    return Model(mean, components, *mixture)


def _read(source: Iterable[Pixels]) -> Floats:
    rows = [take_apart(pixels) for pixels in source]
    if not rows:
        raise ValueError("there is nothing to train on: the source yielded no pictures")
    return np.concatenate(rows)


def _mixture(codes: Floats, kinds: int, seed: int) -> tuple[Floats, Floats, Floats]:
    kinds = min(kinds, len(codes))
    mixture = GaussianMixture(
        kinds, covariance_type="full", reg_covar=1e-3, max_iter=8, tol=1e-2, random_state=seed
    )
    mixture.fit(codes)
    factors = np.linalg.cholesky(mixture.covariances_)
    return (
        mixture.weights_.astype(np.float32),
        mixture.means_.astype(np.float32),
        factors.astype(np.float32),
    )


def _probabilities(weights: Floats) -> NDArray[np.float64]:
    exact = weights.astype(np.float64)
    return np.asarray(exact / exact.sum())


def _nearest_colour() -> NDArray[np.uint8]:
    """For each colour in 5 bits a channel, the number of the palette's nearest."""
    grid = np.stack(np.meshgrid(*[np.arange(32)] * 3, indexing="ij"), -1).reshape(-1, 3)
    levels = (grid * 8 + 4).astype(np.float32)
    distance = ((levels[:, None] - PALETTE[None]) ** 2).sum(-1)
    return np.asarray(distance.argmin(1), np.uint8)


_NEAREST = _nearest_colour()


def take_apart(pixels: Pixels) -> Floats:
    """Pictures as rows: the line first, then every colour's share of every cell."""
    n, size = pixels.shape[:2]
    if size != SIZE:
        raise ValueError(f"pictures are {size} pixels wide, this model takes {SIZE}")
    five = (pixels >> 3).astype(np.uint16)
    colour = _NEAREST[five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]]
    step = SIZE // _LINE
    line = (colour == 0).reshape(n, _LINE, step, _LINE, step).mean((2, 4), dtype=np.float32)
    where = np.arange(SIZE) * _FILL // SIZE
    cell = (np.arange(n)[:, None, None] * _FILL + where[:, None]) * _FILL + where
    count = np.bincount(
        (cell * len(PALETTE) + colour).ravel(), minlength=n * _FILL * _FILL * len(PALETTE)
    ).reshape(n, _FILL * _FILL, len(PALETTE))[:, :, 1:]
    share = count.astype(np.float32) / (SIZE // _FILL) ** 2
    fills = share.transpose(0, 2, 1).reshape(n, -1)
    return np.concatenate([line.reshape(n, -1), fills], axis=1)


def _draw(features: Floats, size: int) -> Pixels:
    """Line and colours put together again, with clean edges."""
    line = _enlarge(_steady(features[: _LINE * _LINE].reshape(_LINE, _LINE)), size)
    shares = features[_LINE * _LINE :].reshape(_FILLS, _FILL, _FILL)
    fills = np.stack([_enlarge(share, size) for share in shares])
    sure = np.exp((fills - fills.max(0)) * 40)
    colour = np.einsum("khw,kc->hwc", sure / sure.sum(0), PALETTE[1:])
    ink = 1 / (1 + np.exp((0.42 - line) * 32))
    picture = colour * (1 - ink)[..., None] + PALETTE[0] * ink[..., None]
    return np.asarray(np.rint(picture).clip(0, 255), np.uint8)


def _steady(line: Floats) -> Floats:
    """The line without its finest jitter."""
    for axis in (0, 1):
        shifted = np.roll(line, 1, axis) + np.roll(line, -1, axis)
        line = 0.75 * line + 0.125 * shifted
    return line


def _enlarge(plane: Floats, size: int) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))
