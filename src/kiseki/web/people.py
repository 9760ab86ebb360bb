"""Whom a visitor of a sandbox can act as."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Person", "Sandbox"]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a sandbox.

    Attributes:
        role: ``artist``, ``studio``, ``developer``, ``trainer``, ``holder`` or ``buyer``.
        name: whose drawings the wallet stands for; empty where it stands for nobody.
        number: of the test wallet, whose key everybody knows.
        wallet: its address.
    """

    role: str
    name: str
    number: int
    wallet: str


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What is said of a sandbox where its pages are read.

    Attributes:
        drawings: how many are registered.
        artists: by how many.
        notice: whose drawings they are and under which licence; empty where Kiseki drew them.
        batch: the pictures of which the first page shows what they rest on, as 0x text.
        people: whom a visitor can act as.
        names: what somebody stated in public that they, or things, are called.
        invitation, board: paths of a link for somebody without a wallet, and of the studio's pages;
            empty where there are none.
    """

    drawings: int
    artists: int
    notice: str
    batch: str
    people: list[Person]
    names: list[str] = field(default_factory=list)
    invitation: str = ""
    board: str = ""
