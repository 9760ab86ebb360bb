"""Imports a command only when it runs.

The table in `app` has the first sentence of each command's help. So `kiseki --help`, a typo and the
shell's completion import no command. A test compares the table with the commands' own help.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer import core
from typer.core import TyperGroup
from typer.main import get_group

__all__ = ["Place", "lazily"]


class _AsItIs:
    """Stands where Typer expects an object that checks a value; it checks nothing."""

    def coerce(self, value: Any, **_: Any) -> Any:
        return value


def _leave_pydantic_out() -> None:
    """Takes text and flags without a check.

    Typer 0.29 checks every value with pydantic. The import of pydantic takes longer than most
    commands.
    """
    checked = core._TyperParameter.get_runtime_param

    def get_runtime_param(parameter: Any) -> Any:
        kind = parameter.type_descriptor.annotation
        return _AsItIs() if kind in (str, bool) else checked(parameter)

    setattr(core._TyperParameter, "get_runtime_param", get_runtime_param)  # noqa: B010


_leave_pydantic_out()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command or group of commands is.

    Attributes:
        module: below `kiseki.cli`.
        name: of the function, or of the `Typer` with the commands of the group.
        help: its first sentence.
        parts: modules that add commands to the group.
    """

    module: str
    name: str
    help: str
    parts: tuple[str, ...] = ()


def lazily(places: dict[str, Place], epilog: str) -> type[TyperGroup]:
    """The group of these commands, by name."""

    class Commands(TyperGroup):
        """All commands; each is imported when it is needed."""

        def __init__(self, **given: Any) -> None:
            given["commands"] = _Loading(places, epilog)
            super().__init__(**given)

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            """Lists the commands and imports none. A long line is wrapped, not cut."""
            rows = [(name, place.help) for name, place in places.items()]
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    return Commands


class _Loading(MutableMapping[str, Any]):
    """Name -> command, made at its first use."""

    def __init__(self, places: dict[str, Place], epilog: str) -> None:
        self._places, self._epilog = places, epilog
        self._made: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make(name, self._places[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def _make(self, name: str, place: Place) -> Any:
        here = import_module(f"kiseki.cli.{place.module}")
        for part in place.parts:
            import_module(f"kiseki.cli.{part}")
        what = getattr(here, place.name)
        one = typer.Typer(add_completion=False, rich_markup_mode=None)
        one.callback()(lambda: None)
        if isinstance(what, typer.Typer):
            one.add_typer(what, name=name, epilog=self._epilog, no_args_is_help=True)
        else:
            one.command(name, epilog=self._epilog)(what)
        return get_group(one).commands[name]
