"""Hugging Face datasets, webdataset and Accelerate: IDs survive what these do with samples."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
import torch
import webdataset as wds
from accelerate import Accelerator, DataLoaderConfiguration
from accelerate.utils import set_seed
from torch.utils.data import DataLoader
from torchdata.stateful_dataloader import StatefulDataLoader

from kiseki.errors import InvalidInput
from kiseki.training import Exposure, Ledger

from .counting import NAMES, SIZE, Counting, Drawings, fits

pytestmark = pytest.mark.usefixtures("torch_at_work")

DIGESTS = [bytes([number]) * 32 for number in range(SIZE)]


@pytest.fixture
def exposure(tmp_path: Path) -> Iterator[Exposure]:
    made = Exposure(tmp_path / "run")
    yield made
    made._close(ended=False)


def table() -> Any:
    """A dataset with a column of names, and the picture's number."""
    return datasets.Dataset.from_dict({"file": NAMES, "number": list(range(SIZE))})


def pictured(samples: list[dict[str, Any]]) -> torch.Tensor:
    """The loop's own collate function: it never sees the column with the IDs."""
    assert all("file" not in each for each in samples)
    return torch.stack([Drawings()[int(each["number"])] for each in samples])


STREAMS = {
    "as it is": lambda: table(),
    "mapped, shuffled, filtered, selected": lambda: (
        table()
        .map(lambda each: {"twice": each["number"] * 2})
        .shuffle(seed=3)
        .filter(lambda each: each["number"] % 5)
        .select(range(12))
    ),
    "with torch's format": lambda: table().with_format("torch"),
    "streamed": lambda: (
        table()
        .to_iterable_dataset(num_shards=3)
        .map(lambda each: {"half": each["number"] / 2})
        .shuffle(seed=1, buffer_size=7)
        .filter(lambda each: each["number"] > 3)
        .take(15)
    ),
}


@pytest.mark.parametrize("how", STREAMS)
@pytest.mark.parametrize("workers", [0, 2])
def test_a_column_with_ids_survives_what_datasets_does(
    exposure: Exposure, how: str, workers: int
) -> None:
    model = Counting()
    dataset = exposure.dataset(STREAMS[how](), ids="file")
    loader = exposure.loader(
        DataLoader(dataset, batch_size=4, collate_fn=pictured, num_workers=workers)
    )
    exposure.watch(model.optimizer)
    for batch in loader:
        model.train(batch)
    assert len(model.counts) >= 12
    fits(model, exposure)


def test_a_column_of_digests_names_samples_by_their_content(exposure: Exposure) -> None:
    given = datasets.Dataset.from_dict({"sha256": DIGESTS, "number": list(range(SIZE))})
    loader = exposure.loader(DataLoader(exposure.dataset(given, ids="sha256"), batch_size=8))
    for batch in loader:
        assert set(batch) == {"number"}
        exposure.stepped()
    exposure.close()
    assert Ledger(exposure.folder).figures().counts == dict.fromkeys(DIGESTS, 1)


def test_a_stream_of_hugging_face_goes_on_with_its_own_state(tmp_path: Path) -> None:
    """Its state is in the loader's, and the loader's in the checkpoint."""
    kept: dict[str, Any] = {}
    model = Counting()
    for attempt in range(2):
        with Exposure(tmp_path / "run") as exposure:
            dataset = exposure.dataset(table().to_iterable_dataset(num_shards=4), ids="file")
            loader = exposure.loader(
                StatefulDataLoader(dataset, batch_size=3, collate_fn=pictured, num_workers=2)
            )
            model = Counting()
            exposure.watch(model.optimizer)
            if kept:
                model.weights.data.copy_(kept["weights"])
                loader.load_state_dict(kept["loader"])
                exposure.load_state_dict(kept["exposure"])
            for batch in loader:
                model.train(batch)
                if not attempt and exposure.steps == 4:
                    kept = {"weights": model.weights.data.clone(), "loader": loader.state_dict(),
                            "exposure": exposure.state_dict()}  # fmt: skip
                if not attempt and exposure.steps == 6:
                    break
    assert model.counts == dict.fromkeys(NAMES, 1)
    found = Ledger(tmp_path / "run").figures()
    assert found.counts == model.counts and found.lost == 6


@pytest.fixture
def shards(tmp_path: Path) -> list[str]:
    """Tar files as webdataset reads them."""
    found = []
    for part in range(3):
        path = tmp_path / f"drawings-{part}.tar"
        with tarfile.open(path, "w") as tar:
            for number in range(part, SIZE, 3):
                raw = str(number).encode()
                member = tarfile.TarInfo(f"{number:03}.cls")
                member.size = len(raw)
                tar.addfile(member, io.BytesIO(raw))
        found.append(str(path))
    return found


def shown(number: Any) -> torch.Tensor:
    return Drawings()[int(number)]


def counts_by_key(model: Counting) -> dict[str, int]:
    return {f"{NAMES.index(str(name)):03}": count for name, count in model.counts.items()}


@pytest.mark.parametrize("how", ["dicts", "tuples", "batches"])
def test_samples_of_webdataset_are_known_by_their_key(
    exposure: Exposure, shards: list[str], how: str
) -> None:
    stream = wds.WebDataset(shards, shardshuffle=False).shuffle(9).decode()
    model = Counting()
    exposure.watch(model.optimizer)
    if how == "dicts":
        dataset = exposure.dataset(stream, ids="__key__")
        loader = exposure.loader(DataLoader(
            dataset, batch_size=4, num_workers=2,
            collate_fn=lambda samples: torch.stack([shown(each["cls"]) for each in samples]),
        ))  # fmt: skip
        for batch in loader:
            model.train(batch)
    else:
        stream = stream.to_tuple("__key__", "cls").map_tuple(str, shown)
        if how == "batches":
            stream = stream.batched(5)
        dataset = exposure.dataset(stream, ids=0)
        size = None if how == "batches" else 4
        for (batch,) in exposure.loader(wds.WebLoader(dataset, batch_size=size, num_workers=2)):
            model.train(batch)
    exposure.close()
    assert Ledger(exposure.folder).figures().counts == counts_by_key(model)
    assert len(model.counts) == SIZE


def test_accelerate_prepares_loaders_and_keeps_the_state_in_its_checkpoints(
    tmp_path: Path,
) -> None:
    """Its loaders look one batch ahead, and its optimizer steps where gradients were gathered."""
    set_seed(1)
    weights: list[float] = []
    for attempt in range(2):
        accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
        with Exposure(tmp_path / "run") as exposure:
            layer = torch.nn.Linear(SIZE, 1, bias=False)
            torch.nn.init.zeros_(layer.weight)
            dataset = exposure.dataset(Drawings(), ids=NAMES)
            prepared, optimizer, inner = accelerator.prepare(
                layer, torch.optim.SGD(layer.parameters(), lr=2.0),
                DataLoader(dataset, batch_size=2, num_workers=1),
            )  # fmt: skip
            loader = exposure.loader(inner)
            exposure.watch(optimizer)
            accelerator.register_for_checkpointing(exposure)
            if attempt:
                accelerator.load_state(str(tmp_path / "checkpoint"))
                assert exposure.steps == 2
            for number, batch in enumerate(loader, 1):
                with accelerator.accumulate(prepared):
                    accelerator.backward(-prepared(batch).sum())
                    optimizer.step()
                    optimizer.zero_grad()
                if not attempt and number == 4:
                    accelerator.save_state(str(tmp_path / "checkpoint"))
                if number == (7, 10)[attempt]:
                    break
            weights = layer.weight[0].tolist()
        accelerator.free_memory()
    found = Ledger(tmp_path / "run").figures()
    assert found.counts == {NAMES[place]: round(each) for place, each in enumerate(weights) if each}
    assert (found.steps, found.batches, found.lost) == (7, 14, 4)


def test_a_loader_that_deals_batches_out_is_refused(exposure: Exposure) -> None:
    config = DataLoaderConfiguration(dispatch_batches=True)
    accelerator = Accelerator(cpu=True, dataloader_config=config)
    with pytest.raises(InvalidInput, match="dispatch_batches=False"):
        exposure.loader(accelerator.prepare(DataLoader(exposure.dataset(Drawings(), ids=NAMES))))
