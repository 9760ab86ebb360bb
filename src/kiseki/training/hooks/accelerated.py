"""Checkpoints of Accelerate, where the training loop is somebody else's.

Who writes the loop needs none of this: ``accelerator.register_for_checkpointing(exposure)``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kiseki.disk import texts
from kiseki.errors import TrainingError
from kiseki.training.extras import needed

if TYPE_CHECKING:
    from kiseki.training.exposure import Exposure

__all__ = ["FILE", "keep_in_checkpoints"]

FILE = "kiseki-exposure.json"
"""In the folder of a checkpoint."""


def keep_in_checkpoints(exposure: Callable[[], Exposure]) -> None:
    """From now on every Accelerator of this process keeps the ledger's state in its checkpoints.

    The state is written before the rest, so a checkpoint that is whole has it.

    Args:
        exposure: gives the one that counts, made no earlier than it is first asked for.

    Raises:
        TrainingError: Accelerate is not installed.
    """
    accelerator: Any = needed("accelerate", "torch").Accelerator
    save, load = accelerator.save_state, accelerator.load_state

    @wraps(save)
    def saving(self: Any, output_dir: Any = None, *given: Any, **named: Any) -> Any:
        if output_dir is None:
            raise TrainingError("name the folder of the checkpoint: accelerator.save_state(FOLDER)")
        state = exposure().state_dict()
        if self.is_main_process:
            texts.write(Path(output_dir) / FILE, json.dumps(state) + "\n", folder=True)
        return save(self, output_dir, *given, **named)

    @wraps(load)
    def loading(self: Any, input_dir: Any = None, *given: Any, **named: Any) -> Any:
        if input_dir is None or not (Path(input_dir) / FILE).is_file():
            raise TrainingError(
                f"the checkpoint {input_dir} holds no {FILE}, so it is not known what its weights "
                "consumed; go on from one that was written while training was counted"
            )
        exposure().load_state_dict(json.loads(texts.read(Path(input_dir) / FILE)))
        return load(self, input_dir, *given, **named)

    accelerator.save_state, accelerator.load_state = saving, loading
