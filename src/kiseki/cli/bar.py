"""The progress bar; apart, because few commands show one and its import takes a while."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

from kiseki.language.forms import size

__all__ = ["bar_of"]


def bar_of(console: Console, unit: str) -> Progress:
    """A bar with rate and time left."""
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), _Done(unit), _Rate(unit),
        TimeRemainingColumn(), console=console, transient=True,
    )  # fmt: skip


class _Done(ProgressColumn):
    """How many of how many. It keeps to one line, however narrow the terminal is."""

    def __init__(self, unit: str) -> None:
        super().__init__(Column(no_wrap=True))
        self._unit = unit

    def render(self, task: Task) -> Text:
        done, total = int(task.completed), int(task.total or 0)
        if self._unit == "bytes":
            return Text(f"{size(done)} of {size(total)}" if total else "")
        return Text(f"{done:,}/{total:,}" if total else "")


class _Rate(ProgressColumn):
    """How many a second."""

    def __init__(self, unit: str) -> None:
        super().__init__(Column(no_wrap=True))
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        many = size(int(speed)) if self._unit == "bytes" else f"{speed:,.0f} {self._unit}"
        return Text(f"{many}/s", style="dim")
