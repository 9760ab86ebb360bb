"""Files of weights, written by the functions of real trainers' libraries at pinned versions.

    python -m tests.writers.write FOLDER      in the environment of `tools/setup.py writers`

Writes one file a case into the folder, and `expected.json` with what a reader must find in each.
The models are tiny and random: nothing is downloaded, and the weights mean nothing.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType
from typing import Any

RANK, ALPHA = 2, 1


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    expected = {}
    for name, write in CASES.items():
        told = write(folder / f"{name}.safetensors")
        expected[name] = {"writer": _writer(write), **told}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1))


def diffusers(file: Path) -> dict[str, Any]:
    """A UNet with an adapter, as the training examples of diffusers save it."""
    from diffusers import StableDiffusionPipeline

    layers, metadata = _adapted()
    StableDiffusionPipeline.save_lora_weights(
        file.parent, unet_lora_layers=layers, weight_name=file.name, **metadata
    )
    return {"program": "diffusers", "rank": RANK, "alpha": ALPHA}


def simpletuner(file: Path) -> dict[str, Any]:
    """The same, as SimpleTuner saves it for SDXL: by a pipeline of its own."""
    layers, metadata = _adapted()
    pipeline: Any = _module("simpletuner", "simpletuner/helpers/models/sdxl/pipeline.py")
    pipeline.StableDiffusionXLLoraLoaderMixin.save_lora_weights(
        file.parent, unet_lora_layers=layers, weight_name=file.name, **metadata
    )
    return {"program": "diffusers", "rank": RANK, "alpha": ALPHA}


def peft(file: Path) -> dict[str, Any]:
    """A model of peft alone, whose settings lie in a file beside it."""
    import torch
    from peft import LoraConfig, get_peft_model

    plain = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 8))
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["0", "1"])
    saved = file.with_suffix("")
    get_peft_model(plain, config).save_pretrained(str(saved))
    (saved / "adapter_model.safetensors").rename(file)
    return {"program": None}


def lycoris_wrapped(file: Path) -> dict[str, Any]:
    """LyCORIS around any model, with the metadata that SimpleTuner hands to it."""
    import torch
    from lycoris import create_lycoris

    plain = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Linear(8, 8))
    network = create_lycoris(plain, 1.0, linear_dim=RANK, linear_alpha=ALPHA, algo="lokr")
    network.apply_to()
    settings = {"lycoris_config": json.dumps({"algo": "lokr", "linear_dim": RANK})}
    network.save_weights(str(file), torch.float16, settings)
    return {"program": None}


def lycoris_kohya(file: Path) -> dict[str, Any]:
    """LyCORIS as a network of sd-scripts: it adds a hash of its own to what the trainer says."""
    import torch
    from lycoris.kohya import create_network

    unet = _unet()
    network = create_network(
        1.0, RANK, ALPHA, None, [], unet, algo="loha", preset="unet-transformer-only"
    )
    network.apply_to([], unet, False, True)
    network.save_weights(str(file), torch.float16, {"ss_session_id": "7", "ss_steps": "10"})
    return {"program": None, "hashed": True}


CASES: dict[str, Callable[[Path], dict[str, Any]]] = {
    each.__name__: each for each in (diffusers, simpletuner, peft, lycoris_wrapped, lycoris_kohya)
}


def _unet() -> Any:
    import torch
    from diffusers import UNet2DConditionModel

    torch.manual_seed(7)
    made: Any = UNet2DConditionModel
    return made(
        sample_size=8, in_channels=4, out_channels=4, layers_per_block=1,
        block_out_channels=(32, 32), norm_num_groups=8, cross_attention_dim=16,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), attention_head_dim=8,
    )  # fmt: skip


def _adapted() -> tuple[dict[str, Any], dict[str, Any]]:
    """The layers of a UNet's adapter, and what diffusers itself says of it."""
    from diffusers.training_utils import _collate_lora_metadata
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    unet = _unet()
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["to_q", "to_k"]))
    return get_peft_model_state_dict(unet), _collate_lora_metadata({"unet": unet})


def _module(package: str, path: str) -> ModuleType:
    """A module by its file: its package would import every model, and a GPU's libraries with it."""
    file = Path(str(distribution(package).locate_file(path)))
    spec = importlib.util.spec_from_file_location(f"{package}_{file.stem}", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _writer(write: Callable[[Path], dict[str, Any]]) -> str:
    name = {"lycoris_kohya": "lycoris-lora", "lycoris_wrapped": "lycoris-lora"}
    package = name.get(write.__name__, write.__name__)
    return f"{package} {distribution(package).version}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
