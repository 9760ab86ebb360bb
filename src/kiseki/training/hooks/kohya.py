"""sd-scripts of kohya, whose loop nobody needs to change: it takes a dataset by name.

    accelerate launch train_network.py --dataset_config data.toml --output_dir out … \\
        --dataset_class kiseki.training.hooks.kohya.dataset

The datasets are those that the script would have made of the same options; the ledger lies in
``out/NAME.exposure``, NAME being that of ``--output_name``. Samples are known by the keys that
sd-scripts gives to pictures, which are paths, so `kiseki training manifest` finds them in a folder
that `kiseki training lay` laid.

A batch counts when the loop first looks into it: Accelerate fetches one ahead, and hands batches on
as they are. Steps are those of any torch optimizer of the process. Checkpoints (``--save_state``,
``--resume``) hold the ledger's state.
"""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path
from typing import Any

from kiseki.errors import TrainingError
from kiseki.training.exposure import Exposure
from kiseki.training.extras import needed
from kiseki.training.hooks.accelerated import keep_in_checkpoints
from kiseki.training.ledger.folder import Folder
from kiseki.training.ledger.keys import pack
from kiseki.training.ledger.reads import Reads

needed("torch", "torch")

from torch.utils.data import Dataset, get_worker_info  # noqa: E402 - says how to install it first

__all__ = ["Batch", "Pictures", "dataset"]

_IDS = "kiseki_ids"
"""The member of a batch that travels with it."""


class _Counting:
    """What this process counts with, made when the first batch arrives: by then it is known which
    of several processes this is."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._process = folder, os.getpid()
        self._exposure: Exposure | None = None

    def __call__(self) -> Exposure:
        if self._exposure is None:
            self._exposure = Exposure(self._folder)
            self._exposure.watch()
            atexit.register(self._end)
        return self._exposure

    @property
    def is_here(self) -> bool:
        """Whether this is the process that trains."""
        return self._process == os.getpid() and get_worker_info() is None

    def _end(self) -> None:
        if self._exposure is not None and self.is_here:
            # An error that nobody caught stands there.
            self._exposure._close(ended=getattr(sys, "last_value", None) is None)


_counting: _Counting | None = None


class Batch(dict[str, Any]):
    """A batch of sd-scripts, which counts itself when somebody first looks into it."""

    def __getitem__(self, name: str) -> Any:
        self._arrive()
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As a dict's."""
        self._arrive()
        return super().get(name, default)

    def _arrive(self) -> None:
        if _IDS in self and _counting is not None and _counting.is_here:
            _counting()._writer.arrived(self.pop(_IDS))


class Pictures(Dataset[Any]):
    """The datasets of sd-scripts together; what is asked of them is answered by them."""

    def __init__(self, inner: Any, reads: Reads) -> None:
        self._inner, self._reads = inner, reads
        for each in inner.datasets:
            each.debug_dataset = True  # so that batches hold the keys of pictures, nothing else

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_inner" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __len__(self) -> int:
        return len(self._inner)

    def __getitem__(self, index: int) -> Any:
        """A batch: sd-scripts puts them together itself.

        Raises:
            TrainingError: it does not say which pictures are in it.
        """
        example = self._inner[index]
        if "loss_weights" not in example:  # pictures to be cached, before training
            return example
        keys = example.pop("image_keys", None)
        if keys is None or len(keys) != len(example["loss_weights"]):
            raise TrainingError(
                "this version of sd-scripts does not say which pictures are in a batch, so they "
                "cannot be counted"
            )
        packed = pack(map(str, keys))
        self._reads.add(packed)
        return Batch(example | {_IDS: packed})


def dataset(*_: Any) -> Pictures:
    """What sd-scripts calls where ``--dataset_class`` names it.

    Raises:
        TrainingError: this is no script of sd-scripts, or the ledger's folder cannot be used.
    """
    global _counting
    configs = needed("library.config_util", "torch")
    arguments = _arguments()
    group = configs.generate_dataset_group_by_blueprint(
        configs.BlueprintGenerator(
            configs.ConfigSanitizer(
                True, True, bool(getattr(arguments, "masked_loss", False)), True
            )
        )
        .generate(_config(configs, arguments), arguments)
        .dataset_group
    )
    name = arguments.output_name or "last"
    folder = Folder.made(Path(arguments.output_dir or ".") / f"{name}.exposure").path
    if _counting is None:
        _counting = _Counting(folder)
        keep_in_checkpoints(_counting)
    # One for training, and in newer versions one for validation.
    training = group[0] if isinstance(group, tuple) else group
    return Pictures(training, Reads(folder.resolve(), 0))


def _arguments() -> Any:
    """The options of the script that runs."""
    script = sys.modules["__main__"]
    if not hasattr(script, "setup_parser"):
        raise TrainingError(
            "name this dataset to a script of sd-scripts that trains, as train_network.py"
        )
    parser = script.setup_parser()
    utilities = needed("library.train_util", "torch")
    arguments = utilities.read_config_from_file(parser.parse_args(), parser)
    utilities.prepare_dataset_args(arguments, True)
    return arguments


def _config(configs: Any, arguments: Any) -> Any:
    """The datasets that the options describe, in the form of a dataset's configuration."""
    if arguments.dataset_config:
        return configs.load_user_config(arguments.dataset_config)
    subsets: Any = [{"image_dir": arguments.train_data_dir, "metadata_file": arguments.in_json}]
    if not arguments.in_json:
        subsets = configs.generate_dreambooth_subsets_config_by_subdirs(
            arguments.train_data_dir, arguments.reg_data_dir
        )
    return {"datasets": [{"subsets": subsets}]}
