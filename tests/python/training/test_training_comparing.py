"""How far two files of weights lie apart, against NumPy in one piece and against PyTorch."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

from kiseki.errors import TrainingError
from kiseki.training.reproducing import comparing
from kiseki.training.reproducing.comparing import Compared, compare


def saved(folder: Path, name: str, tensors: dict[str, Any]) -> Path:
    path = folder / f"{name}.safetensors"
    first = next(iter(tensors.values()))
    (save_torch if isinstance(first, torch.Tensor) else save_file)(tensors, path)
    return path


def of(folder: Path, mine: Any, theirs: Any, first: Any = None) -> Compared:
    return compare(
        saved(folder, "a", mine), saved(folder, "b", theirs),
        None if first is None else saved(folder, "c", first),
    )  # fmt: skip


def test_the_distance_is_that_of_all_tensors_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "_CHUNK", 7)  # in pieces, of which the last is shorter
    rng = np.random.default_rng(1)
    base = {"w": rng.standard_normal((5, 9)), "b": rng.standard_normal(11).astype("f4")}
    theirs = {name: (each + 0.5).astype(each.dtype) for name, each in base.items()}
    mine = {name: (each + 0.001).astype(each.dtype) for name, each in theirs.items()}

    def norm(x: dict[str, Any], y: dict[str, Any]) -> float:
        return float(math.sqrt(sum(np.sum((x[n].astype("f8") - y[n]) ** 2.0) for n in x)))

    found = of(tmp_path, mine, theirs, base)
    assert found.against == "base"
    assert found.distance is not None
    assert float(found.distance) == pytest.approx(
        norm(mine, theirs) / norm(theirs, base), rel=1e-12
    )
    zero = {name: np.zeros_like(each) for name, each in base.items()}
    alone = of(tmp_path, mine, theirs)
    assert alone.against == "zero"
    assert alone.distance is not None
    assert float(alone.distance) == pytest.approx(
        norm(mine, theirs) / norm(theirs, zero), rel=1e-12
    )


def test_an_adapter_whose_base_has_none_of_its_tensors_starts_at_zero(tmp_path: Path) -> None:
    adapter = {"lora.down": np.ones((2, 3), "f4")}
    found = of(tmp_path, adapter, adapter, {"unet.weight": np.ones((2, 3), "f4")})
    assert found.distance == Fraction(0)
    assert found.against == "zero"
    assert "none of these tensors, so the way begins at zero" in found.reason
    other = of(tmp_path, adapter, adapter, {"lora.down": np.ones((3, 2), "f4")})
    assert other.against == "zero", "another shape is another tensor"


@pytest.mark.parametrize(
    "kind", [torch.bfloat16, torch.float16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float64]
)
def test_small_numbers_are_taken_exactly(tmp_path: Path, kind: torch.dtype) -> None:
    """Against PyTorch's own reading of every code."""
    wide = kind not in (torch.float8_e4m3fn, torch.float8_e5m2)
    codes = torch.arange(65_536 if wide else 256, dtype=torch.int32)
    plain = {8: torch.uint8, 16: torch.int16, 64: torch.int64}[torch.finfo(kind).bits]
    shifted = codes.to(torch.int64) << 46 if kind == torch.float64 else codes
    values = shifted.to(plain).view(kind)
    values = values[values.to(torch.float64).isfinite()]
    values = values[values.to(torch.float64).abs() < 1e100]
    theirs = {"w": values}
    mine = {"w": torch.zeros_like(values)}
    found = of(tmp_path, mine, theirs)
    assert found.distance is not None
    assert 1 <= found.distance < 1 + 1e-9, "‖0 − w‖ / ‖w‖"
    name = {torch.bfloat16: "BF16", torch.float16: "F16", torch.float8_e4m3fn: "F8_E4M3",
            torch.float8_e5m2: "F8_E5M2", torch.float64: "F64"}[kind]  # fmt: skip
    raw = values.view(torch.uint8).numpy().tobytes()
    assert np.array_equal(comparing._numbers(raw, name), values.to(torch.float64).numpy())


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_counts_as_equal(tmp_path: Path, odd: float) -> None:
    whole = np.array([1.0, 2.0], "f4")
    broken = np.array([1.0, odd], "f4")
    for mine, theirs in ((whole, broken), (broken, whole), (broken, broken)):
        found = of(tmp_path, {"w": mine}, {"w": theirs})
        assert found.distance is None
        assert "no number" in found.reason
    base = of(tmp_path, {"w": whole}, {"w": whole * 2}, {"w": broken})
    assert base.distance is None
    huge = np.array([1e200])
    assert of(tmp_path, {"w": huge}, {"w": -huge}).distance is None


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    one = {"w": np.ones(3, "f4"), "n": np.arange(3)}
    for other, said in (
        ({"w": np.ones(3, "f4")}, "Only one of both has the tensor 'n', which came out"),
        ({**one, "x": np.ones(1)}, "Only one of both has the tensor 'x', which is published"),
        ({**one, "w": np.ones(4, "f4")}, "came out as F32 [3] and is published as F32 [4]"),
        ({**one, "w": np.ones(3, "f2")}, "published as F16"),
        ({**one, "n": np.arange(3) + 1}, "holds whole numbers, and they are others"),
    ):
        found = of(tmp_path, one, other)
        assert found.distance is None
        assert said in found.reason
    assert of(tmp_path, one, one).distance == 0
    complex_ = {"w": torch.ones(3, dtype=torch.complex64)}
    assert "C64, whose distance is not measured" in of(tmp_path, complex_, complex_).reason
    same = of(tmp_path, one, {**one, "w": one["w"] * 2}, {"w": one["w"] * 2})
    assert same.distance is None
    assert "the base model's own" in same.reason
    (tmp_path / "text").write_text("no weights")
    assert "not in the safetensors format" in compare(
        tmp_path / "text", tmp_path / "a.safetensors", None
    ).reason  # fmt: skip


def test_without_numpy_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, "a", {"w": np.ones(3)})
    monkeypatch.setitem(__import__("sys").modules, "numpy", None)
    with pytest.raises(TrainingError, match=r"kiseki\[reproduce\]"):
        compare(path, path, None)
