"""What trainers write beside a picture: by its name, which picture it was made from.

Of pictures that Kiseki laid (`kiseki.core.laid`), whose names are hex digits alone. So what stands
behind the digits is the trainer's, and a name that follows no rule here is unknown, never guessed.

Read from: kohya-ss/sd-scripts, commit 48d368f (``library/strategy_*.py``, ``train_util.py``,
``finetune/prepare_buckets_latents.py``, ``tools/``); Nerogar/OneTrainer, commit 23df383; ostris/
ai-toolkit, commit 27a03a9 (``dataloader_mixins.py``, ``control_generator.py``). Datasets of Hugging
Face and OneTrainer keep their caches elsewhere, under names that say nothing of a picture.
"""

from __future__ import annotations

import re
from enum import Enum

__all__ = ["CACHE_FOLDERS", "CONTROL_FOLDER", "Kind", "is_cache_of_folder", "made_from"]


class Kind(Enum):
    """What a file beside a picture is."""

    PICTURE = "picture"
    """The picture itself."""
    CAPTION = "caption"
    """What is said of it."""
    CACHE = "cache"
    """What a trainer computed, and computes again where it is gone."""
    MADE = "made"
    """A crop, another size, a mask: somebody may have worked on it."""


CACHE_FOLDERS = ("_clip_vision_cache", "_latent_cache", "_t_e_cache")
"""The folders beside the pictures in which ai-toolkit keeps its caches."""
CONTROL_FOLDER = "_controls"
"""The one in which it keeps depths, lines and masks that it computed."""
_OF_FOLDER = ("metadata_cache.json", ".aitk_size.json", "meta_lat.json")
"""Caches of a whole folder: sizes and captions (sd-scripts, ai-toolkit), buckets (sd-scripts)."""

_NAME = re.compile(r"([0-9a-f]{12}|[0-9a-f]{64})(?![0-9a-f])(.*)")
_MODELS = "sd|sdxl|sd3|flux|lumina|hi|anima"
_TEXTS = "te_outputs|sd3_te|flux_te|lumina_te|hi_te|anima_te"
_IMAGE = r"(avif|bmp|jpe?g|jxl|png|tiff?|webp)"
_CROP = r"(\+\d{1,6}x\d{1,6}|(_\d\d)?(_\d{4,6}){4})"
"""Another size, or the place of a face; captions and caches of such a file have it in their names.
"""
_BESIDE = (
    (
        Kind.CACHE,
        re.compile(rf"{_CROP}?(_flip|_\d{{3,6}}x\d{{3,6}}_({_MODELS})|_({_TEXTS}))?\.npz"),
    ),
    (Kind.CAPTION, re.compile(rf"{_CROP}?\.(txt|caption)")),
    (Kind.MADE, re.compile(rf"(-(masklabel|condlabel)\.png|{_CROP}\.{_IMAGE})")),
    (Kind.PICTURE, re.compile(r"\.[a-z0-9]{1,5}")),
)
_CACHED = re.compile(rf"{_CROP}?_[A-Za-z0-9_-]{{22}}\.safetensors")
"""An MD5 in base64 stands behind the name."""
_CONTROL = re.compile(rf"\.[a-z_]{{1,20}}\.{_IMAGE}")


def made_from(name: str, folder: str = "") -> tuple[str, Kind] | None:
    """The stem of the picture that a file was made from, and what the file is.

    Args:
        name: of the file.
        folder: of the folder that it lies in.

    Returns:
        None where no rule of a trainer that is known says it.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    stem, rest = found.groups()
    if folder in CACHE_FOLDERS:
        return (stem, Kind.CACHE) if _CACHED.fullmatch(rest) else None
    if folder == CONTROL_FOLDER:
        return (stem, Kind.MADE) if _CONTROL.fullmatch(rest) else None
    for kind, rule in _BESIDE:
        if rule.fullmatch(rest):
            return stem, kind
    return None


def is_cache_of_folder(name: str) -> bool:
    """Whether a file is what a trainer computed of all pictures of a folder."""
    return name in _OF_FOLDER
