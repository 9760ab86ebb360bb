"""`Kiseki.withdrawals`: which models a revocation touches, and what their developers answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kiseki.chain.sending.outcome import Receipt
from kiseki.client.documents import Documents
from kiseki.client.statements import Statements
from kiseki.client.wallet import Signed, Wallet
from kiseki.client.withdrawals.told import Told, tell
from kiseki.core.checksum import checksummed
from kiseki.core.days import WAITING_DAYS
from kiseki.core.values import to_hex
from kiseki.core.withdrawal import Answer
from kiseki.disk import texts
from kiseki.errors import InvalidInput
from kiseki.index import DEPTH
from kiseki.index.answers.withdrawals import Of, Withdrawal

__all__ = ["Withdrawals"]

_SORT = "withdrawal"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """Revocations that touch models, and answers to them; `Kiseki.withdrawals`."""

    wallet: Wallet
    statements: Statements

    @property
    def settled(self) -> int:
        """The last block that others are told of: on a public chain one that is not taken back."""
        session = self.wallet.session
        return session.index.cursor.block - (DEPTH if session.network.is_public else 0)

    def of(
        self,
        of: Of,
        key: str | bytes,
        after: bytes = b"",
        most: int = 100,
        documents: Documents | None = None,
    ) -> list[Told]:
        """Revocations, each with one model that rests on what was revoked, earliest first.

        Args:
            of: whose: of a ``developer`` (what touches its models), a ``provider`` (what it
                revoked), one ``model``, one ``collection`` (also of its items), or one ``item``.
            key: the wallet's address, or the ID.
            after: the `Withdrawal.cursor` of the last one of the page before.
            most: how many at most.
            documents: that are at hand: answers, and manifests.

        Raises:
            InvalidInput: the address, the ID or the cursor has a wrong form.
        """
        index = self.wallet.session.index
        rows = index.overview.withdrawals(of, key, after, most)
        return tell(index, rows, documents or Documents())

    def all(
        self,
        of: Of,
        key: str | bytes,
        documents: Documents | None = None,
        until: int | None = None,
        after: bytes = b"",
    ) -> Iterator[Told]:
        """The same, all of them, a page at a time.

        Args:
            until: the last block that counts; all when left out.
            after: the `Withdrawal.cursor` of the last one that is known.
        """
        index, last = self.wallet.session.index, after
        while True:
            rows = index.overview.withdrawals(of, key, last, _PAGE, until)
            yield from tell(index, rows, documents or Documents())
            if len(rows) < _PAGE:
                return
            last = rows[-1].cursor

    def answer(
        self, model: bytes, withdrawn: bytes, answer: str, by: date | None = None, reason: str = ""
    ) -> Answer:
        """An answer to a revocation that touches a model of this wallet. Sends nothing.

        Args:
            withdrawn: ID of the collection or item that was revoked.
            answer: ``acknowledged``, ``retrain`` or ``kept``.
            by: the day until which another model is promised.
            reason: one line.

        Raises:
            NotInIndex: there is no such model.
            InvalidInput: the model is another wallet's, or does not rest on that; or the answer has
                another form.
        """
        index = self.wallet.session.index
        developer = index.model(model).developer
        if developer != self.wallet.address.lower():
            raise InvalidInput(
                f"the model {to_hex(model)} is of {checksummed(developer)}, and only its developer "
                f"answers for it; this wallet is {self.wallet.address}"
            )
        row = self._row(model, withdrawn)
        made = Answer(model, row.kind, row.id, row.revoked_at, answer, by, reason)
        if made.ends is not None and made.ends <= index.time:
            raise InvalidInput(f"{by} has passed already; promise a day that is to come")
        return made

    def state(self, answer: Answer, folder: str | Path) -> Receipt:
        """Writes an answer into a folder of published documents, and states its hash.

        Raises:
            FilesError: it cannot be written; nothing was sent.
        """
        self.write(answer, folder)
        return self.statements.state("model", to_hex(answer.model), _SORT, answer.hash)

    def write(self, answer: Answer, folder: str | Path) -> Path:
        """Writes an answer into a folder, named after its hash; a rehearsal writes nothing.

        Raises:
            FilesError: it cannot be written.
        """
        path = Path(folder, f"{to_hex(answer.hash)}.json")
        if self.wallet.sender.sends:
            texts.write(path, answer.to_json(), folder=True)
        return path

    def prepare(self, answer: Answer, days: int = WAITING_DAYS) -> Signed:
        """The statement of an answer as a message that is not yet signed."""
        about = "model", to_hex(answer.model)
        return self.statements.prepare(*about, _SORT, answer.hash, days)

    def _row(self, model: bytes, withdrawn: bytes) -> Withdrawal:
        overview, last = self.wallet.session.index.overview, b""
        while rows := overview.withdrawals("model", model, last, _PAGE):
            for each in rows:
                if each.id == withdrawn:
                    return each
            last = rows[-1].cursor
        raise InvalidInput(
            f"nothing on the chain says that {to_hex(withdrawn)} was revoked and that the model "
            f"{to_hex(model)} rests on it; `kiseki withdrawal list` shows what does"
        )
