"""The splits of models and batches, exactly as the registries compose them.

Everything is in parts per million (ppm) of gross. The formulas are DESIGN's, "The registries
compose": they stand beside the functions below. Zero leaves and empty splits are left out
everywhere, and the one rounding (up, at most 1 ppm a data split) is in the providers' favour.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kiseki.core.counts import counted
from kiseki.core.ids import PART, subject
from kiseki.core.keccak import keccak256
from kiseki.core.manifest import WEIGHT_LIMIT
from kiseki.core.split import Split
from kiseki.core.values import ascending, bytes32, to_hex, uint
from kiseki.errors import CompositionError, InvalidInput

__all__ = [
    "ANCESTORS",
    "WHOLE",
    "Ancestor",
    "BatchSplits",
    "Data",
    "ModelSplits",
    "Source",
    "ancestry_hash",
    "compose_batch",
    "compose_model",
    "compose_split",
    "data_split",
    "own_split",
    "unite",
]

WHOLE = 1_000_000
"""All of gross, in ppm; the total of every model's and batch's split."""

ANCESTORS = 256
"""The most models an ancestry may hold, the model itself included."""


@dataclass(frozen=True, slots=True)
class Source:
    """A collection as the registries see it when they compose.

    Attributes:
        collection: its ID, 32 bytes.
        weight: its weight as a source, above zero.
        royalty_bps: what its terms ask, in basis points.
        floor_bps: what they ask at least, in basis points.
    """

    collection: bytes
    weight: int
    royalty_bps: int
    floor_bps: int = 0

    def __post_init__(self) -> None:
        bytes32(self.collection, "a collection's ID")
        uint(self.weight, 96, "a collection's weight", minimum=1)
        uint(self.royalty_bps, 16, "a royalty in basis points")
        uint(self.floor_bps, 16, "a floor in basis points")


@dataclass(frozen=True, slots=True)
class Data:
    """What the data behind a model or batch asks.

    Attributes:
        split: the data split; ``None`` when nothing is asked.
        ppm: the share of gross it takes.
    """

    split: Split | None
    ppm: int


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A model in an ancestry.

    Attributes:
        model: its ID, 32 bytes.
        own: what it asks of everything that rests on it, in ppm; may be zero.
    """

    model: bytes
    own: int

    def __post_init__(self) -> None:
        bytes32(self.model, "a model's ID")
        uint(self.own, 32, "what a model asks")


@dataclass(frozen=True, slots=True)
class ModelSplits:
    """Everything the registry composes when a model is registered.

    Attributes:
        data: its data split and share.
        own: what the model itself asks of what rests on it, in ppm.
        own_split: who gets that; ``None`` when it asks nothing.
        ancestry: the model and every distinct ancestor, ascending.
        ancestry_hash: what the registry stores of it.
        split: who gets money that is paid to the model.
    """

    data: Data
    own: int
    own_split: Split | None
    ancestry: tuple[Ancestor, ...]
    ancestry_hash: bytes
    split: Split


@dataclass(frozen=True, slots=True)
class BatchSplits:
    """Everything the registry composes when a batch is registered.

    Attributes:
        data: the data split and share of what generation itself read.
        ancestors: every distinct model it rests on, ascending.
        split: who gets money that is paid to the batch.
    """

    data: Data
    ancestors: tuple[Ancestor, ...]
    split: Split


def data_split(data_registry: str, sources: Sequence[Source]) -> Data:
    """The data split over collections, and the share of gross it takes.

    With weight w, royalty r and floor f in basis points and W = Σ w:
    ``leaf_i = max(w_i × r_i, f_i × W)`` for ``subject(DataRegistry, collection_i)``, salt zero,
    in source order; ``ppm = ceil(100 × Σ leaf_i / W)``. More than 1,024 sources are cut in parts
    of 1,024: the tree is the sum tree over the parts' trees, each over its leaves above zero.

    Raises:
        InvalidInput: the collections do not ascend, or weigh 2**82 or more together.
        CompositionError: they ask more than everything.
    """
    if not sources:
        return Data(None, 0)
    ascending([each.collection for each in sources], "collections")
    weight = sum(each.weight for each in sources)
    if weight >= WEIGHT_LIMIT:
        raise InvalidInput("the weights add up to 2**82 or more; scale them down")
    shares = [max(each.weight * each.royalty_bps, each.floor_bps * weight) for each in sources]
    ppm = -(-100 * sum(shares) // weight)
    if ppm > WHOLE:
        raise CompositionError(
            f"the collections ask {_percent(ppm)} of gross, more than everything; use fewer or"
            " cheaper ones"
        )
    if not ppm:
        return Data(None, 0)
    leaves = [
        (subject(data_registry, each.collection) if share else b"", share)
        for each, share in zip(sources, shares, strict=True)
    ]
    cut = [leaves[start : start + PART] for start in range(0, len(leaves), PART)]
    kept = [part for part in ([leaf for leaf in part if leaf[1]] for part in cut) if part]
    flat = all(len(part) == PART for part in kept[:-1])
    parts = () if flat else [len(part) for part in kept]
    return Data(Split([leaf for part in kept for leaf in part], parts=parts), ppm)


def own_split(model: bytes, data: Data, ask_bps: int, payee: bytes) -> Split | None:
    """Who gets what a model itself asks: [data split: data] [developer: 100 × askBps].

    Salted with the model's ID; ``None`` when it asks nothing.
    """
    leaves = [*_data_leaf(data), (payee, 100 * uint(ask_bps, 16, "what the model asks"))]
    leaves = [leaf for leaf in leaves if leaf[1]]
    return Split(leaves, bytes32(model, "the model's ID")) if leaves else None


def unite(lists: Iterable[Iterable[Ancestor]]) -> tuple[Ancestor, ...]:
    """The union of ancestries, ascending by model, each model once.

    Raises:
        InvalidInput: two lists disagree on what a model asks.
        CompositionError: more than 256 models.
    """
    owns: dict[bytes, int] = {}
    for listed in lists:
        for each in listed:
            if owns.setdefault(each.model, each.own) != each.own:
                raise InvalidInput(
                    f"two ancestries disagree on what {to_hex(each.model)} asks; one is false"
                )
    if len(owns) > ANCESTORS:
        raise CompositionError(
            f"the ancestry would hold {counted(len(owns), 'model')}, at most {ANCESTORS} are "
            "allowed; build on fewer"
        )
    return tuple(Ancestor(model, owns[model]) for model in sorted(owns))


def ancestry_hash(ancestry: Sequence[Ancestor]) -> bytes:
    """keccak256(abi.encode(Ancestor[])) with Ancestor(bytes32 model, uint32 own), ascending."""
    ascending([each.model for each in ancestry], "the models of an ancestry")
    rows = [each.model + each.own.to_bytes(32, "big") for each in ancestry]
    heads = (32).to_bytes(32, "big") + len(rows).to_bytes(32, "big")
    return keccak256(heads + b"".join(rows))


def compose_split(
    group: bytes,
    data: Data,
    ancestors: Sequence[Ancestor],
    own_splits: Mapping[bytes, bytes],
    rest: bytes,
) -> Split:
    """Who gets money that is paid to a model or batch, of 1,000,000:

    [data split: data] [each ancestor's own split: own, ascending] [rest: what remains].

    Args:
        group: the model's or batch's ID, the salt.
        data: its own data split.
        ancestors: every distinct ancestor, ascending, a model itself not included.
        own_splits: model ID -> key of its own split, for each ancestor that asks anything.
        rest: the payee that the developer or creator names.

    Raises:
        CompositionError: data and ancestors ask more than everything.
        InvalidInput: ancestors out of order, or one's own split is missing.
    """
    ascending([each.model for each in ancestors], "ancestors")
    leaves = _data_leaf(data)
    for each in ancestors:
        if each.own and each.model not in own_splits:
            raise InvalidInput(f"the own split of the ancestor {to_hex(each.model)} is missing")
        leaves.append((own_splits.get(each.model, b""), each.own))
    asked = sum(shares for _, shares in leaves)
    _affordable(asked)
    leaves.append((bytes32(rest, "the payee of the rest"), WHOLE - asked))
    return Split([leaf for leaf in leaves if leaf[1]], bytes32(group, "the salt"))


def compose_model(
    data_registry: str,
    model: bytes,
    sources: Sequence[Source],
    parents: Iterable[Sequence[Ancestor]],
    own_splits: Mapping[bytes, bytes],
    ask_bps: int,
    payee: bytes,
) -> ModelSplits:
    """Everything the registry composes when a model is registered.

    Args:
        data_registry: address of the DataRegistry.
        model: the model's ID.
        sources: its collections, ascending.
        parents: the ancestry of each parent model.
        own_splits: model ID -> key of its own split, for each ancestor that asks anything.
        ask_bps: what its own terms ask, in basis points.
        payee: who gets that, and the rest of what is paid to the model.

    Raises:
        CompositionError: what would rest on it, or it itself, owes more than everything, or
            there are more than 256 models in its ancestry.
        InvalidInput: sources out of order, ancestries that disagree or name the model itself.
    """
    data = data_split(data_registry, sources)
    own = data.ppm + 100 * uint(ask_bps, 16, "what the model asks")
    ancestors = unite(parents)
    if any(each.model == model for each in ancestors):
        raise InvalidInput("a model cannot be its own ancestor")
    ancestry = unite([ancestors, [Ancestor(model, own)]])
    _affordable(sum(each.own for each in ancestry))
    return ModelSplits(
        data,
        own,
        own_split(model, data, ask_bps, payee),
        ancestry,
        ancestry_hash(ancestry),
        compose_split(model, data, ancestors, own_splits, payee),
    )


def compose_batch(
    data_registry: str,
    batch: bytes,
    sources: Sequence[Source],
    models: Iterable[Sequence[Ancestor]],
    own_splits: Mapping[bytes, bytes],
    payee: bytes,
) -> BatchSplits:
    """Everything the registry composes when a batch is registered.

    Args:
        data_registry: address of the DataRegistry.
        batch: the batch's ID.
        sources: the collections that generation read, ascending, each of weight 1.
        models: the ancestry of each model it came from.
        own_splits: model ID -> key of its own split, for each ancestor that asks anything.
        payee: who gets the rest.

    Raises:
        CompositionError: its sources ask more than everything, or are more than 256 models.
        InvalidInput: sources out of order or ancestries that disagree.
    """
    data = data_split(data_registry, sources)
    ancestors = unite(models)
    return BatchSplits(data, ancestors, compose_split(batch, data, ancestors, own_splits, payee))


def _data_leaf(data: Data) -> list[tuple[bytes, int]]:
    return [(data.split.key, data.ppm)] if data.split else []


def _affordable(asked: int) -> None:
    if asked > WHOLE:
        raise CompositionError(
            f"data and models would take {_percent(asked)} of gross, more than everything;"
            " use fewer or cheaper sources, or ask less"
        )


def _percent(ppm: int) -> str:
    whole, part = divmod(ppm, 10_000)
    return f"{whole}.{part:04}".rstrip("0").rstrip(".") + "%"
