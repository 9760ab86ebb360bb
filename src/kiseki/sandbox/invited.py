"""Somebody in the sandbox who has no wallet yet: a link that opens as on an artist's phone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from kiseki.client.kiseki import Kiseki
from kiseki.core import seal
from kiseki.core.terms import Terms
from kiseki.disk import texts
from kiseki.licences import Licence
from kiseki.sandbox.place import Place
from kiseki.web.signing.desk import Desk

__all__ = ["desk"]

_DRAWINGS = 6
_ARTIST, _STUDIO = "Artist without a wallet", "The sandbox's studio"


def desk(place: Place, connect: Callable[[], Kiseki]) -> tuple[Desk, str]:
    """The studio's desk, and the path of a link to an invitation that is not signed yet. Once it is
    signed, the next start makes another, with other drawings.

    Args:
        connect: makes a connection with the studio's wallet.
    """
    made = Desk(connect, place.folder / "invitations")
    open_ = [each for each in made.store.all() if each.signed_at is None and not made.is_over(each)]
    if not open_:
        source = _drawn(place.work / "asked", len(made.store.all()))
        terms = Terms.of("train", royalty="20%").under(Licence("royalty", 1, "en"))
        with made.using() as invitations:
            open_ = invitations.invite(source, terms, studio=_STUDIO)
    return made, f"/sign/{open_[0].secret}"


def _drawn(folder: Path, turn: int) -> Path:
    """Marks that stand for drawings, with their list."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["file,name,artist"]
    for number in range(1, _DRAWINGS + 1):
        subject = hashlib.sha256(f"a drawing of the sandbox, {turn}, {number}".encode()).digest()
        name = f"{turn}-{number}.svg"
        texts.write(folder / name, seal.svg(subject))
        rows.append(f"{name},Drawing {number},{_ARTIST}")
    path = folder / f"{turn}.csv"
    texts.write(path, "\n".join(rows) + "\n")
    return path
