"""What a file of weights says of its training (`kiseki.core.trained`), as JSON in a run's document.

Members that the file does not say are null; fractions are texts.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from kiseki.core import documents
from kiseki.core.trained import Base, Folder, Network, Trained
from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput

__all__ = ["read_trained", "write_trained"]

_TEXTS = ("program", "version", "session", "title")
_COUNTS = ("steps", "planned", "epochs", "batches", "batch", "accumulation", "train_images", "seed")


def write_trained(told: Trained) -> dict[str, Any]:
    """As JSON."""
    base, network, folders = told.base, told.network, told.folders
    return {
        **{name: getattr(told, name) for name in (*_TEXTS, *_COUNTS, "resized")},
        "merged": list(told.merged),
        "base": base and {
            "name": base.name, "sha256": None if base.sha256 is None else to_hex(base.sha256),
        },
        "network": network and {
            "module": network.module, "rank": _text(network.rank), "alpha": _text(network.alpha),
        },
        "folders": None if folders is None else [
            {"name": each.name, "images": each.images, "repeats": _text(each.repeats),
             "regularisation": each.regularisation, "dataset": each.dataset}
            for each in folders
        ],
    }  # fmt: skip


def read_trained(value: object) -> Trained:
    """From JSON.

    Raises:
        InvalidInput: a member is not as `write_trained` writes it.
    """
    given = _object(value)
    texts = {name: _as(str, given, name) for name in _TEXTS}
    folders = _as(list, given, "folders")
    merged = _as(list, given, "merged") or []
    if not all(isinstance(each, str) for each in merged):
        raise InvalidInput("what a model was merged from is texts")
    return Trained(
        program=texts.pop("program") or "", version=texts.pop("version") or "", **texts,
        **{name: _as(int, given, name) for name in _COUNTS},
        resized=bool(_as(bool, given, "resized")),
        merged=tuple(merged),
        base=None if given.get("base") is None else _base(_object(given["base"])),
        network=None if given.get("network") is None else _network(_object(given["network"])),
        folders=None if folders is None else tuple(_folder(_object(each)) for each in folders),
    )  # fmt: skip


def _base(given: dict[str, Any]) -> Base:
    stated = _as(str, given, "sha256")
    sha256 = None if stated is None else from_hex(stated, 32, "the base model's hash")
    return Base(_as(str, given, "name") or "", sha256)


def _network(given: dict[str, Any]) -> Network:
    return Network(
        _as(str, given, "module"), _fraction(given.get("rank")), _fraction(given.get("alpha"))
    )


def _folder(given: dict[str, Any]) -> Folder:
    images, name = _as(int, given, "images"), _as(str, given, "name")
    if name is None or (images is not None and images < 0):
        raise InvalidInput("a folder has a name, and 0 pictures or more")
    return Folder(
        name, images, _fraction(given.get("repeats")), bool(_as(bool, given, "regularisation")),
        _as(int, given, "dataset") or 0,
    )  # fmt: skip


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput("what a trainer wrote must be a JSON object")
    return value


def _as(kind: type, given: dict[str, Any], name: str) -> Any:
    value = given.get(name)
    is_right = value is None or (
        isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    )
    if not is_right or (kind is int and name != "seed" and value is not None and value < 0):
        raise InvalidInput(f"what a trainer wrote has {name} that is not as Kiseki writes it")
    return value


def _fraction(value: object) -> Fraction | None:
    return None if value is None else documents.fraction(value, "what a trainer wrote")


def _text(number: Fraction | None) -> str | None:
    return None if number is None else str(number)
