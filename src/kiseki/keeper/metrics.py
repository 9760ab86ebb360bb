"""What a keeper did, for people who watch many programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kiseki.disk import texts

__all__ = ["Metrics"]


@dataclass(slots=True)
class Metrics:
    """What a keeper did since it began.

    Attributes:
        rounds: how often it looked.
        done: what it did -> how often.
        refused: what it tried and was refused -> how often.
        gas: of what was done.
        wei: paid in fees, for what failed on the chain too.
        failures: how often the chain could not be read, for want of a node for example.
        block: the latest block it looked at.
    """

    rounds: int = 0
    done: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    gas: int = 0
    wei: int = 0
    failures: int = 0
    block: int = 0

    def text(self) -> str:
        """All of it in Prometheus' text format (its documentation, "Exposition formats", 0.0.4)."""
        lines: list[str] = []

        def add(name: str, kind: str, about: str, values: dict[str, int]) -> None:
            full = f"kiseki_keeper_{name}"
            lines.extend((f"# HELP {full} {about}", f"# TYPE {full} {kind}"))
            lines.extend(f"{full}{label} {value}" for label, value in values.items())

        def labelled(counts: dict[str, int]) -> dict[str, int]:
            return {f'{{what="{what}"}}': count for what, count in sorted(counts.items())}

        add("rounds_total", "counter", "Looks at the chain.", {"": self.rounds})
        add("done_total", "counter", "Transactions carried out, and withdrawals posted.",
            labelled(self.done))  # fmt: skip
        add("refused_total", "counter", "Calls refused.", labelled(self.refused))
        add("gas_total", "counter", "Gas of what was carried out.", {"": self.gas})
        add("fees_wei_total", "counter", "Fees paid, in wei.", {"": self.wei})
        add("failures_total", "counter", "Looks at which the chain could not be read.",
            {"": self.failures})  # fmt: skip
        add("block", "gauge", "Latest block looked at.", {"": self.block})
        return "\n".join(lines) + "\n"

    def write(self, path: Path) -> None:
        """Writes `text` whole or not at all, as the node exporter's textfile collector reads it.

        Raises:
            FilesError: it cannot be written.
        """
        texts.write(path, self.text())
