"""What a checkpoint holds of the ledger: where each process stood, as plain JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kiseki.core.values import from_hex, to_hex
from kiseki.errors import InvalidInput, TrainingError

__all__ = ["State"]

_FORMAT = "kiseki-exposure-v1"


@dataclass(frozen=True, slots=True)
class State:
    """Where a run stood.

    Attributes:
        run: which run, 16 bytes.
        step: how many steps the weights had had.
        ranks: how many processes trained.
        anchors: rank -> a row of that process around then, and its hash.
    """

    run: bytes
    step: int
    ranks: int
    anchors: Mapping[int, tuple[int, bytes]]

    def to_dict(self) -> dict[str, Any]:
        """For a checkpoint: texts, numbers, lists and dicts."""
        return {
            "format": _FORMAT,
            "run": to_hex(self.run),
            "step": self.step,
            "ranks": self.ranks,
            "rows": {str(rank): [seq, to_hex(each)] for rank, (seq, each) in self.anchors.items()},
        }

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> State:
        """
        Raises:
            TrainingError: this is no state of a ledger.
        """
        try:
            if given["format"] != _FORMAT:
                raise InvalidInput(f"it has the format {given['format']!r:.40}")
            anchors = {
                int(rank): (int(seq), from_hex(each, 32, "a hash"))
                for rank, (seq, each) in given["rows"].items()
            }
            run = from_hex(given["run"], 16, "the run")
            return cls(run, int(given["step"]), int(given["ranks"]), anchors)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise TrainingError(
                f"this is no state of a ledger ({error}); give what Exposure.state_dict() returned "
                "when the checkpoint was written"
            ) from error
