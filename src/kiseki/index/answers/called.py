"""What wallets say that they are called, and that the things are called that they registered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from kiseki.core import ids
from kiseki.core.keccak import keccak256
from kiseki.index.answers.records import REGISTRANT, chunks
from kiseki.index.store import tables as t
from kiseki.index.store.database import Store
from kiseki.index.store.types import among, raws

__all__ = ["IDENTITY", "Called", "called"]

IDENTITY = keccak256(b"identity")
"""Sort of the statement that says what somebody or something is called."""


@dataclass(frozen=True, slots=True)
class Called:
    """That something has a name, by the word of whoever registered it, or of the wallet itself.

    Attributes:
        kind: ``wallet``, ``collection``, ``model`` or ``batch``.
        key: its ID; of a wallet its address, in lower case.
        document: keccak256 of the name. The chain has no more of it.
    """

    kind: str
    key: bytes | str
    document: bytes


_TABLES = {"collection": t.collection, "model": t.model, "batch": t.batch}
_REGISTERED = {
    kind: select(table.c.id, REGISTRANT[kind]).where(among(table.c.id, "ids"))
    for kind, table in _TABLES.items()
}
_STATED = (
    select(t.statement.c.subject, t.statement.c.speaker, t.statement.c.document)
    .where(among(t.statement.c.subject, "subjects"))
    .where(among(t.statement.c.speaker, "speakers"))
    .where(t.statement.c.kind == bindparam("kind"))
    .order_by(t.statement.c.at)
)


def called(
    store: Store, registries: Mapping[str, str], groups: Iterable[bytes], wallets: Iterable[str]
) -> list[Called]:
    """What is called something by the last word of whoever registered it. What others say of it
    does not count: anybody can say anything of everything.

    Args:
        registries: kind -> the address of its registry.
        groups: IDs of collections, models or batches; others are passed over.
        wallets: addresses.
    """
    about: dict[bytes, tuple[str, bytes | str, str]] = {
        ids.wallet(each): ("wallet", each.lower(), each.lower()) for each in wallets
    }
    for asked in chunks(groups):
        for kind, question in _REGISTERED.items():
            for group, registrant in store.rows(question, ids=asked):
                about[ids.subject(registries[kind], group)] = (kind, group, registrant)
    found: dict[bytes, bytes] = {}
    for subjects in chunks(about):
        speakers = raws({about[each][2] for each in subjects})
        values = {"subjects": subjects, "speakers": speakers, "kind": IDENTITY}
        for subject, speaker, document in store.rows(_STATED, **values):
            if about[subject][2] == speaker:
                found[subject] = document
    return [Called(*about[each][:2], document) for each, document in found.items()]
