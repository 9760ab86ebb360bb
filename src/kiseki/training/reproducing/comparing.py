"""How far two files of weights lie apart, in constant memory and without a library for training.

    ‖reproduced − published‖ / ‖published − base‖

over all tensors of floating-point numbers, each taken exactly and summed as 64-bit numbers. Whole
numbers must be equal. What is no number (NaN, infinity) has no distance, from itself neither.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

from kiseki.core import weights
from kiseki.core.reproduction import Against, decimal
from kiseki.errors import InvalidInput
from kiseki.training.extras import needed
from kiseki.vault.files import still

__all__ = ["COMPARED", "Compared", "compare"]

COMPARED = ("F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2")
"""The kinds of floating-point numbers that have a distance here."""
_EXACT = ("BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64")
"""The kinds of whole numbers."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison found.

    Attributes:
        distance: none where there is none, and `reason` says why.
        against: what the way to the published weights begins at.
        reason: in English; empty where nothing is to be said.
    """

    distance: Fraction | None
    against: Against | None
    reason: str = ""


def compare(
    reproduced: Path,
    published: Path,
    base: Path | None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Compared:
    """The distance of two safetensors files.

    Args:
        base: the model that training began with; without it, or where it has none of the tensors
            (as of an adapter), the way begins at zero.
        progress: called with the tensors that are done, and all there are.

    Raises:
        FilesError: a file cannot be read, or changed meanwhile.
        TrainingError: NumPy is not installed.
    """
    with contextlib.ExitStack() as stack:
        try:
            mine = _File.of(stack.enter_context(still(reproduced)))
            theirs = _File.of(stack.enter_context(still(published)))
            first = None if base is None else _File.of(stack.enter_context(still(base)))
        except InvalidInput as why:
            return Compared(None, None, f"A file is not in the safetensors format: {why}.")
        if reason := _other_form(mine, theirs):
            return Compared(None, None, reason)
        with needed("numpy", "reproduce").errstate(
            all="ignore"
        ):  # what is no number is found below
            return _measure(mine, theirs, first, progress)


@dataclass(frozen=True, slots=True)
class _File:
    opened: BinaryIO
    tensors: dict[str, weights.Tensor]
    begins: int

    @classmethod
    def of(cls, opened: BinaryIO) -> _File:
        tensors, begins = weights.placed(opened)
        return cls(opened, tensors, begins)

    def chunks(self, name: str) -> Iterator[bytes]:
        """A tensor's bytes, in pieces of so many numbers as those of another file."""
        each = self.tensors[name]
        size = _CHUNK * weights.DTYPES[each.dtype] // 8
        place, stop = self.begins + each.start, self.begins + each.stop
        while place < stop:
            self.opened.seek(place)
            chunk = self.opened.read(min(size, stop - place))
            place += len(chunk)
            yield chunk


def _other_form(mine: _File, theirs: _File) -> str:
    if mine.tensors.keys() != theirs.tensors.keys():
        name = min(mine.tensors.keys() ^ theirs.tensors.keys())
        where = "came out" if name in mine.tensors else "is published"
        return f"Only one of both has the tensor {name!r:.80}, which {where}."
    for name, each in mine.tensors.items():
        other = theirs.tensors[name]
        if (each.dtype, each.shape) != (other.dtype, other.shape):
            return (
                f"The tensor {name!r:.80} came out as {each.dtype} {list(each.shape)} and is "
                f"published as {other.dtype} {list(other.shape)}."
            )
        if each.dtype not in COMPARED + _EXACT:
            return (
                f"The tensor {name!r:.80} is of the kind {each.dtype}, whose distance is not "
                f"measured; {', '.join(COMPARED)} are."
            )
    return ""


def _measure(
    mine: _File, theirs: _File, first: _File | None, progress: Callable[[int, int], None]
) -> Compared:
    apart, way, known, names = [0.0], [0.0], 0, sorted(theirs.tensors)
    for done, name in enumerate(names, 1):
        each = theirs.tensors[name]
        if each.dtype in _EXACT:
            if any(a != b for a, b in zip(mine.chunks(name), theirs.chunks(name), strict=True)):
                return Compared(None, None, (
                    f"The tensor {name!r:.80} holds whole numbers, and they are others."
                ))  # fmt: skip
            continue
        below = _same_in(first, name, each)
        known += below is not None
        before = None if first is None or below is None else first.chunks(name)
        for a, b in zip(mine.chunks(name), theirs.chunks(name), strict=True):
            x, y = _numbers(a, each.dtype), _numbers(b, each.dtype)
            z = None if before is None or below is None else _numbers(next(before), below.dtype)
            apart.append(_square(x - y))
            way.append(_square(y if z is None else y - z))
            if not (math.isfinite(apart[-1]) and math.isfinite(way[-1])):
                return Compared(None, None, (
                    f"The tensor {name!r:.80} holds what is no number (NaN or infinity), or one "
                    "too large to be measured."
                ))  # fmt: skip
        progress(done, len(names))
    return _ratio(math.fsum(apart), math.fsum(way), "base" if known else "zero", first is not None)


def _ratio(apart: float, way: float, against: Against, is_named: bool) -> Compared:
    reason = ""
    if against == "zero" and is_named:
        reason = "The base model has none of these tensors, so the way begins at zero."
    if not way:
        return Compared(None, against, "The published weights are the base model's own.")
    # Rounded up at the last digit of a 64-bit number: nothing seems closer than it is.
    root = math.nextafter(math.sqrt(Fraction(apart) / Fraction(way)), math.inf) if apart else 0.0
    return Compared(Fraction(decimal(Fraction(root))), against, reason)


def _same_in(first: _File | None, name: str, each: weights.Tensor) -> weights.Tensor | None:
    below = None if first is None else first.tensors.get(name)
    if below is None or below.shape != each.shape or below.dtype not in COMPARED:
        return None
    return below


def _square(values: Any) -> float:
    return float((values * values).sum())


def _numbers(data: bytes, dtype: str) -> Any:
    """The numbers in a piece of a tensor, exactly, as 64-bit ones."""
    np = needed("numpy", "reproduce")
    if dtype in ("F64", "F32", "F16"):
        found = np.frombuffer(data, f"<f{weights.DTYPES[dtype] // 8}")
    elif dtype == "BF16":
        found = (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
    elif dtype == "F8_E5M2":
        found = (np.frombuffer(data, "u1").astype("<u2") << 8).view("<f2")
    else:
        found = np.array([_e4m3(each) for each in range(256)])[np.frombuffer(data, "u1")]
    return found.astype("f8")


def _e4m3(code: int) -> float:
    """OCP's 8-bit number of four bits of exponent: no infinity, one NaN."""
    sign, exponent, rest = -1.0 if code & 0x80 else 1.0, code >> 3 & 15, code & 7
    if exponent == 15 and rest == 7:
        return math.nan
    if not exponent:
        return sign * rest * 2.0**-9
    return sign * (1 + rest / 8) * 2.0 ** (exponent - 7)
