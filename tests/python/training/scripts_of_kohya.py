"""Stands in for a script of sd-scripts and its `library`, as far as a dataset meets them.

Run with a folder for the ledger and how many batches to train on; ``resume`` as third word goes on
from the checkpoint. The real ones need a base model and five packages more; with them the hook was
run by hand (docs/testing.md).
"""

import argparse
import importlib
import json
import sys
import types
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch.utils.data import ConcatDataset, DataLoader, Dataset, get_worker_info

SIZE = 6


class Inner(Dataset[Any]):
    """Puts batches of two together itself, and names pictures only where it debugs."""

    debug_dataset = False

    def __len__(self) -> int:
        return SIZE

    def __getitem__(self, index: int) -> dict[str, Any]:
        images = torch.zeros(2, SIZE)
        images[:, index] = 1.0
        example: dict[str, Any] = {"images": images, "loss_weights": torch.ones(2), "latents": None}
        if self.debug_dataset:
            example["image_keys"] = [f"/train/{index}.png"] * 2
        return example


class Group(ConcatDataset[Any]):
    epoch = 0

    def set_current_epoch(self, epoch: int) -> None:
        self.epoch = epoch


def collate(examples: list[Any]) -> Any:
    """Takes the one batch out, as that of sd-scripts does."""
    worker: Any = get_worker_info()
    if worker is not None:
        worker.dataset.set_current_epoch(3)
    return examples[0]


def setup_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    for each in ("output_dir", "output_name", "dataset_config", "train_data_dir", "in_json",
                 "reg_data_dir", "dataset_class"):  # fmt: skip
        parser.add_argument(f"--{each}")
    return parser


def stand_in() -> None:
    configs, utilities = types.ModuleType("library.config_util"), types.ModuleType("train_util")
    made: Any = types.SimpleNamespace(dataset_group=None)

    class Generator:
        def __init__(self, *_: Any) -> None: ...

        def generate(self, config: Any, *_: Any) -> Any:
            assert config == {"datasets": [{"subsets": ["folders of train"]}]}
            return made

    for name, each in {
        "BlueprintGenerator": Generator, "ConfigSanitizer": lambda *_: None,
        "generate_dataset_group_by_blueprint": lambda _: (Group([Inner()]), None),
        "generate_dreambooth_subsets_config_by_subdirs": lambda at, _: [f"folders of {at}"],
    }.items():  # fmt: skip
        setattr(configs, name, each)
    for name, each in {
        "read_config_from_file": lambda given, _: given, "prepare_dataset_args": lambda *_: None,
    }.items():  # fmt: skip
        setattr(utilities, name, each)
    sys.modules |= {"library": types.ModuleType("library"), "library.config_util": configs,
                    "library.train_util": utilities}  # fmt: skip


def main(out: Path, until: int, resume: bool) -> None:
    sys.argv[1:] = ["--output_dir", str(out), "--output_name", "foxes", "--train_data_dir", "train"]
    stand_in()
    made = importlib.import_module("kiseki.training.hooks.kohya").dataset(None, 75, 64, False)
    loader: Any = DataLoader(made, batch_size=1, collate_fn=collate, num_workers=1)
    accelerator = Accelerator(cpu=True)
    layer = torch.nn.Linear(SIZE, 1, bias=False)
    torch.nn.init.zeros_(layer.weight)
    layer, optimizer, loader = accelerator.prepare(
        layer, torch.optim.SGD(layer.parameters(), lr=1.0), loader
    )
    if resume:
        accelerator.load_state(str(out / "state"))
    for number, batch in enumerate(loader, 1):
        assert "image_keys" not in batch and batch["latents"] is None
        accelerator.backward(-(layer(batch["images"]).sum() * batch["loss_weights"].mean()))
        optimizer.step()
        optimizer.zero_grad()
        if number == 2:
            accelerator.save_state(str(out / "state"))
        if number == until:
            break
    counts = {f"/train/{n}.png": round(each) for n, each in enumerate(layer.weight[0].tolist())}
    print(json.dumps({name: each for name, each in counts.items() if each}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), "resume" in sys.argv)
