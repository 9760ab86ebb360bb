"""Values of frozen classes for rows of long answers, made in a third of the time.

A frozen dataclass sets each field through `object.__setattr__`, because its own is closed; of ten
fields that takes as long as finding the row in the database. A twin that is open takes the fields,
and then the class is changed to the frozen one, which has the same slots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, fields, is_dataclass, make_dataclass
from typing import Any, ParamSpec, TypeVar, cast

__all__ = ["maker"]

P = ParamSpec("P")
T = TypeVar("T")


def maker(kind: Callable[P, T]) -> Callable[P, T]:
    """What makes values of a frozen dataclass with slots, from its fields in their order.

    Args:
        kind: the class; it has no `__post_init__`, which would not run.

    Raises:
        TypeError: it is no such class.
    """
    if not is_dataclass(kind) or "__slots__" not in vars(kind) or hasattr(kind, "__post_init__"):
        raise TypeError(f"{kind} is no dataclass with slots, or has more to do when it is made")
    given = [(each.name, object, field(default=each.default)) for each in fields(kind)]
    twin = make_dataclass(f"Open{kind.__name__}", given, slots=True)

    def make(*values: Any) -> Any:
        made = twin(*values)
        made.__class__ = kind
        return made

    return cast("Callable[P, T]", make)
