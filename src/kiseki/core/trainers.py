"""Readers of what trainers write into a file's metadata.

All values there are text; trainers write numbers, JSON and the word ``None`` into it. What cannot
be read counts as not said: a file is a stranger's.

Read from: kohya-ss/sd-scripts (also its GUI, and programs that call it), commit 48d368f;
Nerogar/OneTrainer, commit 23df383; ostris/ai-toolkit 0.12.26; diffusers 0.36.0 with peft 0.18.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from kiseki.core.trained import Base, Folder, Network, Trained

__all__ = ["trained"]

Metadata = Mapping[str, str]

_MOST = 10_000
"""Folders that are read; a file that names more is taken to say nothing of them."""


def trained(metadata: Metadata) -> Trained | None:
    """What a file says of its training; none where no trainer that is known wrote it.

    Args:
        metadata: of a safetensors file (``__metadata__``).
    """
    for is_of, read in _READERS:
        if is_of(metadata):
            return read(metadata)
    return None


# sd-scripts


def _sd_scripts(of: Metadata) -> Trained:
    datasets = _list(of, "ss_datasets")
    return Trained(
        "sd-scripts",
        _text(of, "ss_sd_scripts_commit_hash") or "",
        _kohya_folders(of, datasets),
        _whole(of, "ss_steps"),
        _whole(of, "ss_max_train_steps"),
        _whole(of, "ss_num_epochs"),
        _whole(of, "ss_num_batches_per_epoch"),
        _whole(of, "ss_batch_size_per_device"),
        _whole(of, "ss_gradient_accumulation_steps"),
        _whole(of, "ss_num_train_images"),
        _base(_text(of, "ss_sd_model_name"), _text(of, "ss_new_sd_model_hash")),
        _network(of),
        _whole(of, "ss_seed"),
        _text(of, "ss_session_id"),
        _text(of, "modelspec.title") or _text(of, "ss_output_name"),
        (),
        (_text(of, "ss_training_comment") or "").startswith("dimension is resized"),
    )


def _kohya_folders(of: Metadata, datasets: list[Any] | None) -> tuple[Folder, ...] | None:
    """Of a configuration file the folders stand in ``ss_datasets`` only, with those of
    regularisation; else in two members of their own."""
    if datasets is not None:
        return _subsets(datasets)
    used, kept = _object(of, "ss_dataset_dirs"), _object(of, "ss_reg_dataset_dirs")
    if used is None or len(used) + len(kept or {}) > _MOST:
        return None
    return tuple(
        Folder(name, _count(told.get("img_count")),
               _number(told.get("n_repeats")), regularisation)
        for folders, regularisation in ((used, False), (kept or {}, True))
        for name, told in folders.items()
        if isinstance(told, dict)
    )  # fmt: skip


def _subsets(datasets: list[Any]) -> tuple[Folder, ...] | None:
    found: list[Folder] = []
    for number, dataset in enumerate(datasets):
        subsets = dataset.get("subsets") if isinstance(dataset, dict) else None
        if not isinstance(subsets, list) or len(found) + len(subsets) > _MOST:
            return None
        for told in subsets:
            if not isinstance(told, dict):
                return None
            name = told.get("image_dir") or told.get("metadata_file")
            found.append(
                Folder(
                    str(name or ""), _count(told.get("img_count")),
                    _number(told.get("num_repeats")), told.get("is_reg") is True, number,
                )
            )  # fmt: skip
    return tuple(found)


def _merged(of: Metadata) -> Trained:
    titles = tuple(filter(None, (each.strip() for each in of["modelspec.merged_from"].split(","))))
    return Trained(
        "sd-scripts", "", network=_network(of), title=_text(of, "modelspec.title"), merged=titles
    )


def _network(of: Metadata) -> Network | None:
    found = Network(
        _text(of, "ss_network_module"), _number(_text(of, "ss_network_dim")),
        _number(_text(of, "ss_network_alpha")),
    )  # fmt: skip
    return None if found == Network(None, None, None) else found


# The others


def _onetrainer(of: Metadata) -> Trained:
    """A configuration is there only where whoever trained had it written; the concepts only where
    they had all of it written."""
    settings = _object(of, "ot_config") or {}
    concepts = settings.get("concepts")
    folders = None
    if isinstance(concepts, list) and len(concepts) <= _MOST:
        folders = tuple(
            Folder(str(each.get("path") or each.get("name") or ""), None, _balance(each))
            for each in concepts
            if isinstance(each, dict) and each.get("enabled") is not False
        )
    return Trained(
        "OneTrainer",
        _text(of, "ot_revision") or "",
        folders,
        epochs=_count(settings.get("epochs")),
        batch=_count(settings.get("batch_size")),
        accumulation=_count(settings.get("gradient_accumulation_steps")),
        base=_base(_said(settings.get("base_model_name")), None),
        network=_rank(settings.get("lora_rank"), settings.get("lora_alpha")),
        seed=_count(settings.get("seed")),
        title=_text(of, "modelspec.title"),
    )


def _balance(concept: Mapping[str, Any]) -> Fraction | None:
    """How often an epoch takes each picture of a concept; none where it takes a number of them."""
    if concept.get("balancing_strategy") not in (None, "REPEATS"):
        return None
    return _number(concept.get("balancing"))


def _ai_toolkit(of: Metadata) -> Trained:
    """It writes no dataset; the tag frequency that it writes is made up of the trigger word."""
    program, run = _object(of, "software") or {}, _object(of, "training_info") or {}
    return Trained(
        "ai-toolkit",
        str(program.get("version") or ""),
        steps=_count(run.get("step")),
        title=_text(of, "name"),
    )


def _diffusers(of: Metadata) -> Trained:
    """Peft's own settings of the first adapter, where it is a version that writes them."""
    settings = _object(of, "lora_adapter_metadata") or {}
    first = {name.rpartition(".")[2]: value for name, value in reversed(settings.items())}
    return Trained(
        "diffusers", "",
        base=_base(_said(first.get("base_model_name_or_path")), None),
        network=_rank(first.get("r"), first.get("lora_alpha")),
    )  # fmt: skip


_READERS: tuple[tuple[Callable[[Metadata], bool], Callable[[Metadata], Trained]], ...] = (
    (lambda of: "software" in of and "ai-toolkit" in of["software"], _ai_toolkit),
    (lambda of: "ot_revision" in of or "ot_branch" in of, _onetrainer),
    (lambda of: "ss_dataset_dirs" in of or "ss_sd_scripts_commit_hash" in of, _sd_scripts),
    (lambda of: bool(of.get("modelspec.merged_from")), _merged),
    (lambda of: "lora_adapter_metadata" in of, _diffusers),
)  # fmt: skip


# Values


def _text(of: Metadata, name: str) -> str | None:
    value = of.get(name)
    return None if value in (None, "", "None") else value


def _said(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _whole(of: Metadata, name: str) -> int | None:
    value = _text(of, name)
    return int(value) if value and re.fullmatch(r"\d{1,18}", value, re.ASCII) else None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 10**18 else None


def _number(value: object) -> Fraction | None:
    if type(value) is int or (isinstance(value, float) and value == value and abs(value) < 1e18):
        return Fraction(value).limit_denominator(10**6) if value >= 0 else None
    if isinstance(value, str) and re.fullmatch(r"\d{1,18}(\.\d{1,9})?", value, re.ASCII):
        return Fraction(value)
    return None


def _object(of: Metadata, name: str) -> dict[str, Any] | None:
    found = _json(of, name)
    return found if isinstance(found, dict) else None


def _list(of: Metadata, name: str) -> list[Any] | None:
    found = _json(of, name)
    return found if isinstance(found, list) else None


def _json(of: Metadata, name: str) -> Any:
    value = _text(of, name)
    if value is None:
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _base(name: str | None, sha256: str | None) -> Base | None:
    whole = re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", sha256 or "")
    digest = bytes.fromhex(whole[0].removeprefix("0x")) if whole else None
    return None if name is None and digest is None else Base(name or "", digest)


def _rank(rank: object, alpha: object) -> Network | None:
    found = Network(None, _number(rank), _number(alpha))
    return None if found == Network(None, None, None) else found
