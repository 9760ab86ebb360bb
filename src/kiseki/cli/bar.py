"""The progress bar; apart, because few commands show one and its import takes a while."""

import time

from rich.console import Console, Group, RenderableType
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


_SOON = 0.3
"""Seconds after which something takes long enough for a bar."""


def bar_of(console: Console, unit: str) -> Progress:
    """A bar with rate and time left. It is not there before a moment has passed: what fails at once
    shows no bar of nothing over its message, and what is done at once does not flicker."""
    return _Bar(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), _Done(unit), _Rate(unit),
        TimeRemainingColumn(), console=console, transient=True,
    )  # fmt: skip


class _Bar(Progress):
    _began = 0.0

    def start(self) -> None:
        self._began = self._began or time.monotonic()
        super().start()

    def get_renderable(self) -> RenderableType:
        is_soon = time.monotonic() - self._began < _SOON
        return Group() if is_soon else super().get_renderable()


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
