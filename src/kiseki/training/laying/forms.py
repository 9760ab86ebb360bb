"""The form in which each trainer reads its data: names of folders, endings, the file of settings.

Only what says where the data is: sizes, batches and rates are for whoever trains.

Read from: kohya-ss/sd-scripts, commit 48d368f (``config_util.py``, ``train_util.py``); Nerogar/
OneTrainer, commit 23df383 (``ConceptConfig.py``, ``path_util.py``); ostris/ai-toolkit, commit
27a03a9 (``config_modules.py``, ``data_loader.py``); Hugging Face datasets 5.2 (``imagefolder``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiseki.core.laid import Subset, must_be_a_folder
from kiseki.errors import InvalidInput

__all__ = ["FORMS", "Form"]

Captions = Mapping[tuple[str, str], str]
"""By the folder and the file of a picture."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a trainer wants its data.

    Attributes:
        called: the trainer, in words.
        endings: of the files that it takes for pictures.
        settings: the name of the file that it reads.
        folder: the name of a subset's folder, from a name and the repeats.
        text: of the settings, from the laid folder, its subsets and the captions.
        use: how the trainer is told where the data is, from the laid folder.
    """

    called: str
    endings: frozenset[str]
    settings: str
    folder: Callable[[str, int], str]
    text: Callable[[Path, tuple[Subset, ...], Captions], str]
    use: Callable[[Path], str]


def _kohya(folder: Path, subsets: tuple[Subset, ...], _: Captions) -> str:
    lines = ["# Laid by `kiseki training lay`. Resolution and batch size are for you to say.", ""]
    lines += ["[[datasets]]"]
    for each in subsets:
        lines += [
            "", "  [[datasets.subsets]]", f"  image_dir = {_quoted(str(folder / each.folder))}",
            f"  num_repeats = {each.repeats}", '  caption_extension = ".txt"',
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A text between quotes, for TOML and YAML: as JSON has it, but neither takes halves of signs
    (surrogates), nor all that is not printed."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in quoted)


def _onetrainer(folder: Path, subsets: tuple[Subset, ...], _: Captions) -> str:
    concepts = [
        {
            "__version": 2, "name": each.folder, "path": str(folder / each.folder),
            "enabled": True, "type": "STANDARD", "include_subdirectories": False,
            "balancing": float(each.repeats), "balancing_strategy": "REPEATS",
            "text": {"__version": 0, "prompt_source": "sample"},
        }
        for each in subsets
    ]  # fmt: skip
    return json.dumps(concepts, indent=4, ensure_ascii=False) + "\n"


def _ai_toolkit(folder: Path, subsets: tuple[Subset, ...], _: Captions) -> str:
    lines = ["# Laid by `kiseki training lay`: the datasets of a process of your job.", "datasets:"]
    for each in subsets:
        lines += [
            f"  - folder_path: {_quoted(str(folder / each.folder))}",
            '    caption_ext: "txt"', f"    num_repeats: {each.repeats}",
        ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _diffusers(_: Path, subsets: tuple[Subset, ...], captions: Captions) -> str:
    rows = (
        {"file_name": f"{subset.folder}/{each.file}",
         "text": captions.get((subset.folder, each.file), "")}
        for subset in subsets for each in subset.pictures
    )  # fmt: skip
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


_SPLIT = re.compile(
    r"(.*[-._ 0-9])?(train|training|validation|valid|dev|val|test|testing|eval|evaluation)"
    r"([-._ 0-9].*)?",
    re.IGNORECASE,
)
"""Of folders whose names say so ``imagefolder`` makes splits, and reads no other folder then."""


def _split(name: str, repeats: int) -> str:
    if repeats != 1:
        raise InvalidInput(
            "an imagefolder of diffusers knows no repeats; leave --repeats out and train for more "
            "epochs"
        )
    if _SPLIT.fullmatch(name):
        raise InvalidInput(
            f"datasets takes a folder {name!r:.80} for a split of its own and reads no other; "
            "give the collection another name (NAME=0x…)"
        )
    return name


_EVERYWHERE = {".jpeg", ".jpg", ".png", ".webp"}

FORMS: Mapping[str, Form] = {
    "kohya": Form(
        "sd-scripts", frozenset(_EVERYWHERE | {".avif", ".bmp", ".jxl"}), "dataset.toml",
        lambda name, repeats: f"{repeats}_{name}", _kohya,
        lambda folder: f"--dataset_config {folder / 'dataset.toml'}, or --train_data_dir {folder}",
    ),
    "onetrainer": Form(
        "OneTrainer", frozenset(_EVERYWHERE | {".avif", ".bmp", ".tif", ".tiff"}), "concepts.json",
        lambda name, _: name, _onetrainer,
        lambda folder: f"concept_file_name: {folder / 'concepts.json'}",
    ),
    "ai-toolkit": Form(
        "ai-toolkit", frozenset(_EVERYWHERE), "datasets.yaml",
        lambda name, _: name, _ai_toolkit,
        lambda folder: f"copy the datasets of {folder / 'datasets.yaml'} into your job",
    ),
    "diffusers": Form(
        "diffusers", frozenset(_EVERYWHERE | {".avif", ".bmp", ".gif", ".tif", ".tiff"}),
        "metadata.jsonl", _split, _diffusers,
        lambda folder: f'--train_data_dir {folder}, or load_dataset("imagefolder", '
                       f'data_dir="{folder}")',
    ),
}  # fmt: skip
"""By the name that `kiseki training lay --for` takes."""


def folder_of(tool: str, name: str, repeats: int) -> str:
    """The folder of a subset.

    Raises:
        InvalidInput: no system, or not this trainer, can have a folder of that name, or it knows no
            repeats.
    """
    return must_be_a_folder(FORMS[tool].folder(name, repeats))
