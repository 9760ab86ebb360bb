"""What a producer sees: who was asked, who has signed, what is missing, what it will cost."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from kiseki.client import costs
from kiseki.core import seal
from kiseki.core.values import to_hex
from kiseki.errors import NotInIndex
from kiseki.index import Index
from kiseki.vault.invitations import Invitation
from kiseki.web.codes import qr

__all__ = ["BoardShown", "InvitedRow", "board"]


@dataclass(frozen=True, slots=True)
class InvitedRow:
    """Somebody who was invited.

    Attributes:
        artist: how the list calls them.
        drawings: how many they were asked about.
        state: ``waiting``, ``begun``, ``declined``, ``signed``, ``registered`` or ``over``.
        until: Unix seconds.
        link: for them alone.
        code: the same as a QR code, an SVG.
        collection: its ID; empty before it is known who signs.
        seal: of the set, as the artist sees it too; empty likewise.
    """

    artist: str
    drawings: int
    state: str
    until: int
    link: str
    code: Markup
    collection: str
    seal: Markup


@dataclass(frozen=True, slots=True)
class BoardShown:
    """All who were invited.

    Attributes:
        rows: who is missing first, then those who signed, then the registered.
        counts: how many are in which state.
        gas: what registering all that is signed and all that is missing uses, about.
    """

    rows: list[InvitedRow]
    counts: dict[str, int]
    gas: int


_ORDER = ("declined", "begun", "waiting", "signed", "over", "registered")


def board(index: Index, invitations: list[Invitation], site: str, now: int) -> BoardShown:
    """The state of all invitations. Only the chain says that one is registered.

    Args:
        site: the address of this site, to which links lead.
        now: Unix seconds.
    """
    rows = [_row(index, each, site, now) for each in invitations]
    counts = {state: sum(each.state == state for each in rows) for state in _ORDER}
    open_ = [each for each in rows if each.state in ("begun", "waiting", "signed")]
    gas = costs.registering(each.drawings for each in open_)
    rows.sort(key=lambda each: _ORDER.index(each.state))
    return BoardShown(rows, counts, gas)


def _row(index: Index, invitation: Invitation, site: str, now: int) -> InvitedRow:
    link = f"{site}/sign/{invitation.secret}"
    root = b"" if invitation.root is None else invitation.root
    return InvitedRow(
        invitation.artist,
        len(invitation.drawings),
        _state(index, invitation, now),
        invitation.until,
        link,
        qr(link),
        "" if invitation.collection is None else to_hex(invitation.collection),
        Markup(seal.svg(root)) if root else Markup(),  # noqa: S704 - drawn here
    )


def _state(index: Index, invitation: Invitation, now: int) -> str:
    if invitation.collection is not None:
        try:
            index.collection_head(invitation.collection)
        except NotInIndex:
            pass
        else:
            return "registered"
    if invitation.signed_at is not None:
        return "signed"
    if invitation.until < now:
        return "over"
    if invitation.declined_at is not None:
        return "declined"
    return "waiting" if invitation.collection is None else "begun"
