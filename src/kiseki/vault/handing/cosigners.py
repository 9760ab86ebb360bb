"""Cosignatures of the logs' checkpoints: of providers for their own log, of witnesses for all.

A cosignature says which tree somebody else has seen. So a vault that shows two trees must have two
cosignatures of one key over them, or go without; whoever asks for cosignatures notices both. Only
those of registered keys are kept, and none before it was checked.
"""

from __future__ import annotations

from sqlalchemy import delete, select

from kiseki.core.values import address
from kiseki.errors import InvalidInput
from kiseki.vault.handing.clocks import SKEW
from kiseki.vault.handing.ledger import Ledger
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.cosigning import CosignerKey, time_of
from kiseki.vault.log.notes import Note, Signature, verified
from kiseki.vault.store import tables
from kiseki.vault.store.database import Database, insert

__all__ = ["MOST", "Cosigners"]

MOST = 16
"""Keys of one provider, and of the witnesses of all logs."""
_ALL = b""


class Cosigners:
    """Who cosigns the logs of a vault.

    Args:
        database: where keys and cosignatures lie.
        ledger: the logs, in the same database.
    """

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database, self._ledger = database, ledger

    def register(self, key: str, provider: str | None = None) -> CosignerKey:
        """Lets a key cosign. It may be registered already.

        Args:
            key: its text, as vkey (C2SP tlog-cosignature).
            provider: whose log; none for a witness of all logs.

        Raises:
            InvalidInput: it is no such key, the same key or name is another's, or there are too
                many.
        """
        found, c = CosignerKey.from_text(key), tables.cosigner.c
        who = _provider(provider)
        if provider is not None and found.name == self._ledger.origin(provider):
            raise InvalidInput("a cosigner must have another name than the log")
        with self._database.writing() as db:
            texts = db.execute(select(c.key).where(c.provider.in_([who, _ALL]))).scalars()
            known = [CosignerKey.from_text(each) for each in texts]
            # A cosignature does not cover its name, and a reader knows a key by name and ID.
            for each in known:
                if each != found and (each.public == found.public or each.name == found.name):
                    raise InvalidInput(
                        f"the key or the name {found.name!r:.80} is registered for another cosigner"
                    )
            own = db.execute(select(c.key).where(c.provider == who)).scalars().all()
            if found.text not in own and len(own) >= MOST:
                raise InvalidInput(f"a log can have {MOST} cosigners; take one away first")
            statement = insert(db, tables.cosigner).values(provider=who, key=found.text)
            db.execute(statement.on_conflict_do_nothing())
        return found

    def dismiss(self, key: str, provider: str | None = None) -> None:
        """Takes no more cosignatures of a key, and shows those no more that it made."""
        c = tables.cosigner.c
        with self._database.writing() as db:
            db.execute(
                delete(tables.cosigner).where(c.provider == _provider(provider), c.key == key)
            )

    def keys(self, provider: str) -> list[CosignerKey]:
        """Who cosigns a provider's log."""
        c = tables.cosigner.c
        question = (
            select(c.key).where(c.provider.in_([_provider(provider), _ALL])).distinct()
        ).order_by(c.key)
        return [CosignerKey.from_text(text) for (text,) in self._database.rows(question)]

    def keep(self, provider: str, note: Note, now: int) -> tuple[Signature, ...]:
        """Keeps the cosignatures of a checkpoint that are of registered keys; which they are.

        Args:
            note: a checkpoint that this vault signed, with cosignatures. Signatures of other keys,
                also that of the log, are passed over.
            now: in seconds since 1970.

        Raises:
            InvalidInput: it is no checkpoint of this log, or a cosignature is from the future.
            ProofError: no registered key cosigned it, or one cosigned something else.
        """
        size = Checkpoint.from_text(note.text).size
        ours = self._ledger.checkpoint(provider, size)
        if ours is None or ours.text != note.text:
            raise InvalidInput("this vault never signed such a checkpoint of this log")
        keys = {(each.name, each.id): each.text for each in self.keys(provider)}
        kept = verified(note, [CosignerKey.from_text(each) for each in keys.values()])
        if any(time_of(each) > now + SKEW for each in kept):
            raise InvalidInput("a cosignature is from the future; set the cosigner's clock right")
        table = tables.cosignature
        with self._database.writing() as db:
            for each in kept:
                statement = insert(db, table).values(
                    provider=_provider(provider), size=size, key=keys[each.name, each.id],
                    at=time_of(each), line=each.line,
                )  # fmt: skip
                new = statement.excluded
                db.execute(
                    statement.on_conflict_do_update(
                        index_elements=[table.c.provider, table.c.size, table.c.key],
                        set_={"at": new.at, "line": new.line},
                        where=table.c.at < new.at,
                    )
                )
        return kept

    def shown(self, provider: str, size: int | None = None) -> Note | None:
        """A checkpoint with the cosignatures that are kept of it; none where there is none.

        Args:
            size: over how many entries; over all if it is left out.
        """
        ledger = self._ledger
        note = ledger.latest(provider) if size is None else ledger.checkpoint(provider, size)
        if note is None:
            return None
        known = {each.text for each in self.keys(provider)}
        c = tables.cosignature.c
        question = select(c.key, c.line).where(
            c.provider == _provider(provider), c.size == Checkpoint.from_text(note.text).size
        )
        lines = [line for key, line in sorted(self._database.rows(question)) if key in known]
        return note.adding(Signature.from_line(each.removesuffix("\n")) for each in lines)


def _provider(provider: str | None) -> bytes:
    if provider is None:
        return _ALL
    return address(provider, "the provider")
