"""What is declared of the base models that a model or batch rests on: three levels, worst last."""

from collections.abc import Iterable
from enum import IntEnum

__all__ = ["Base", "worst"]


class Base(IntEnum):
    """As the contracts have it; a larger one is worse.

    A base model that a developer leaves out is seen by no level.
    """

    TRACED = 0
    """Every one that is declared is registered, or none is declared."""
    STATED = 1
    """At least one is not registered, and each of those comes with its weights and with the hash
    of a document about it. That there is a document is all this says: nobody has checked it."""
    UNDISCLOSED = 2
    """At least one is not registered and comes without a document, or without its weights."""

    def __str__(self) -> str:
        """``traced``, ``stated`` or ``undisclosed``."""
        return self.name.lower()

    @property
    def words(self) -> str:
        """The level in plain English, never more than is known."""
        return _WORDS[self]


_WORDS = {
    Base.TRACED: "traced: every base model that is declared is registered",
    Base.STATED: "stated: for each base model that is not registered there is a document about it, "
    "which nobody has checked",
    Base.UNDISCLOSED: "undisclosed: a base model is not registered, and there is no document about "
    "it or nobody named its weights",
}


def worst(levels: Iterable[Base]) -> Base:
    """The worst of some levels; traced where there are none, because then nothing is declared."""
    return max(levels, default=Base.TRACED)
