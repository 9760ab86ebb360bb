"""The thread that sends, with a connection and a wallet of its own.

A visitor's request is checked and written into the book; the thread tries it on the node, sends it
and waits for its block. Each round takes what waits, so that many wait for one block together.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.intents import Intent
from kiseki.chain.sending.outcome import Outcome
from kiseki.client.accounts.operations import Operation
from kiseki.client.data import revocations
from kiseki.client.data.consents import Consent
from kiseki.client.kiseki import Kiseki
from kiseki.client.wallet import Signed
from kiseki.core import accounts
from kiseki.core.values import to_hex
from kiseki.errors import (
    ChainError,
    ContractReverted,
    FeeTooHigh,
    InvalidInput,
    KisekiError,
    NodeUnreachable,
    TransactionFailed,
)
from kiseki.web.relay.book import Book, Ticket, Whose
from kiseki.web.relay.limits import TIMES, Limits, day_of, expected
from kiseki.web.relay.reading import read
from kiseki.web.relay.reasons import Reason
from kiseki.web.relay.recovering import Completing, Recovering
from kiseki.web.relay.rounds import Round, most
from kiseki.web.relay.rows import Paid, Row, Sending
from kiseki.web.relay.told import Figures, Told
from kiseki.web.relay.works import (
    Cancelling,
    Claiming,
    Consenting,
    Operating,
    Refused,
    Revoking,
    Work,
)
from kiseki.web.site import now

__all__ = ["Relay"]

_log = logging.getLogger("kiseki.web")

_OF_THE_KNOWN = (Operating, Cancelling, Recovering, Completing)
"""What is sent only for somebody whose consent was asked for here."""

_MANY = (Consenting.KIND, Claiming.KIND, Recovering.KIND)
"""What may take several transactions."""

_AGAIN = 15.0
"""Seconds after which a node that did not answer is tried again by a connection of its own."""

_IDLE = 15.0
"""Seconds between two looks at the wallet while nothing is asked."""

_TRIES = 5
"""How often somebody is asked who cannot tell what becomes of a request, before it is refused."""

_SOON = 5
"""Seconds after which a request is tried again for which there was no room."""

_LATER = 60
"""Seconds after which a request is tried again of which nobody could tell what becomes of it."""


class Relay:
    """Pays gas for others, within limits.

    What is asked may be asked by any thread. What is sent is sent by one, which `start` begins.

    Args:
        connect: makes a connection with the wallet that pays; called again where the node was away.
            It must wait for one block only, and not for many: others wait behind.
        limits: what it may cost.
        every: seconds between two rounds in which nothing happens.
        clock: the time in Unix seconds.

    Raises:
        FilesError: the book cannot be used, or another process relays with the same folder.
    """

    def __init__(
        self,
        connect: Callable[[], Kiseki],
        limits: Limits | None = None,
        *,
        every: float = 1.0,
        clock: Callable[[], int] = now,
    ) -> None:
        self.limits = limits or Limits()
        self._connect, self._every, self._clock = connect, every, clock
        self._k = connect()
        self._dry = self._k.rehearsing()
        folder = self._k.session.journal.folder
        self._book = Book(None if folder is None else folder / "relay", self._k.session.chain_id)
        self._trouble: Reason | None = None
        self._told_journal = False
        self._balance: int | None = None
        self._tidied, self._looked = 0, -_IDLE
        self._tried = time.monotonic()
        self._stopped, self._asked = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)

    @property
    def wallet(self) -> str:
        """The wallet that pays, checksummed."""
        return self._k.address

    @property
    def chain(self) -> int:
        """The chain's ID."""
        return self._k.session.chain_id

    def start(self) -> None:
        """Sends from now on, what an earlier process left first."""
        self._thread.start()

    def close(self) -> None:
        """Ends after what it is doing. What waits is in the book."""
        self._stopped.set()
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join()
        self._book.close()
        self._k.close()

    # Asking

    def consent(self, consent: Consent, peer: str = "") -> Ticket:
        """Registers what a signed consent is about, which this studio prepared.

        Args:
            peer: the network address that asks, which may not ask too often; empty for none.

        Raises:
            InvalidInput: it is not signed, another chain's, or not of this studio. `TooMany`:
                somebody asks too often.
        """
        return self._take(Consenting(consent), peer)

    def revocation(self, signed: Signed, peer: str = "") -> Ticket:
        """Revokes consent, as its provider signed: a collection's or an item's.

        Raises:
            InvalidInput: as `consent`.
        """
        whole = "collection" in signed.message["message"]
        letter = revocations.COLLECTION if whole else revocations.ITEM
        return self._take(Revoking(letter, signed), peer)

    def operation(
        self,
        operation: Operation,
        signed: bytes,
        key: bytes | str | None = None,
        number: int = 0,
        peer: str = "",
    ) -> Ticket:
        """Has an account do what one of its keys signed; see `kiseki.web.relay.content`.

        Args:
            signed: `kiseki.core.accounts.signature` of the key over the operation.
            key, number: of an account that may not be there yet: its first key, and its number.

        Raises:
            InvalidInput: as `consent`.
        """
        first = None if key is None else accounts.key_of(key)
        return self._take(Operating(operation, signed, first, number), peer)

    def claim(self, wallet: str, peer: str = "") -> Ticket:
        """Brings a wallet what it is owed.

        Raises:
            InvalidInput: as `consent`.
        """
        return self._take(Claiming(wallet), peer)

    def ask(self, kind: str, text: str, peer: str = "") -> Ticket:
        """The same from a text, as `Told.text` has it.

        Raises:
            InvalidInput: it is nothing that is relayed, or as `consent`.
            SigningError: the signature is somebody else's.
        """
        return self._take(self._read(kind, text), peer)

    def state(self, ticket: Ticket | str) -> Told | None:
        """How a request stands; none if nobody has that ticket, or it ended long ago."""
        row = self._book.row(ticket.id if isinstance(ticket, Ticket) else ticket)
        return None if row is None else self._told(row)

    def last(self, number: int = 50, whose: Whose | None = None) -> list[Told]:
        """The last requests, the newest first; of somebody, where that is asked."""
        return [self._told(each) for each in self._book.last(number, whose)]

    def of_person(self, person: str) -> list[Told]:
        """What somebody handed in and nobody has carried out, the newest first."""
        return [self._told(each) for each in self._book.of_person(person.lower())]

    def withdraw(self, ticket: str) -> None:
        """Sends a request no more, unless it is on its way: for who proved that it is theirs."""
        row = self._book.row(ticket)
        if row is not None and row.state == "waiting" and self._book.begun(row) is None:
            self._book.ends(row, "refused", Reason.CANCELLED)

    def figures(self) -> Figures:
        """What an operator watches. Asks no node."""
        totals, today = self._book.totals(), self._clock()
        spent, kept = self._book.today(today)
        sent = self._book.on_their_way()
        waits = self._book.counts().get("waiting", 0) - sent
        return Figures(
            self.wallet, self._balance, spent, kept, self.limits.day, self.limits.person,
            self.limits.waiting, waits, sent, totals["done"], totals["refused"],
            totals["wei"], self._trouble,
        )  # fmt: skip

    def pending(self) -> list[tuple[Intent, bytes]]:
        """Transactions of the wallet that are in no block, as far as the journal knows, and the
        hash under which each was sent last. Asks no node."""
        if self._balance is None:  # which chain's journal it is was not looked up yet
            return []
        with contextlib.suppress(ChainError):
            sender = self._k.sender
            waits = [e for e in sender.journal.intents(sender.lane) if e.block is None]
            return [(each, sender.journal.attempts(each)[-1].hash) for each in waits]
        return []

    def _take(self, work: Work, peer: str) -> Ticket:
        work.must_fit(self._k)
        if work.ends is not None and work.ends < self._clock():
            raise InvalidInput("the time in which this could be sent is over; sign it again")
        ticket = self._book.take(work, peer, self._clock(), self.limits)
        self._asked.set()
        return ticket

    def _read(self, kind: str, text: str) -> Work:
        return read(kind, text, self._k.session.names)

    def _told(self, row: Row) -> Told:
        state, hash_, reason = row.state, row.hash, row.reason
        if state == "waiting":
            begun = self._book.begun(row)
            on_its_way = None if begun is None else self._sent_as(begun.call)
            if on_its_way is not None:
                state, hash_ = "sent", on_its_way
            elif self._trouble is not None:
                reason = self._trouble
        return Told.of(row, state, reason, hash_, self._book.paid(row))

    def _sent_as(self, call: Call) -> bytes | None:
        """The transaction in which a call is on its way."""
        sender = self._k.sender
        if self._trouble is Reason.NODE:
            return None  # which chain's journal it is, only the node tells
        with contextlib.suppress(ChainError):
            return sender.journal.sent_as(sender.lane, call)
        return None

    # Sending

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._asked.clear()
            try:
                busy = self.round()
            except KisekiError as error:  # of the book's own file, which the operator mends
                _log.error("the relay cannot go on: %s", error)
                busy = False
            except Exception:  # noqa: BLE001 - a relay that is dead must not look alive
                _log.exception("the relay goes on after something that nobody foresaw")
                busy = False
            if not busy:
                self._asked.wait(self._every)

    def round(self) -> bool:
        """Sends once what can be sent now, and waits for its blocks; whether anything was."""
        if self._clock() - self._tidied > _LATER:
            self._tidied = self._clock()
            self._book.tidy(self._clock())
        looked = time.monotonic() - self._looked < _IDLE
        if looked and not self._book.waiting(self._clock()):
            return False
        self._looked = time.monotonic()
        try:
            self._return()
            sender = self._k.sender
            sender.settle()  # what a reorganisation took out is sent again
            self._tell()
            fees, self._balance = sender.fees(), self._k.balance()
        except FeeTooHigh:
            self._trouble = Reason.DEAR
            return False
        except KisekiError as error:
            self._away(error)
            return False
        self._trouble = None
        flown = Round(fees, self._balance)
        try:
            with contextlib.closing(sender.send_all(self._calls(flown))) as outcomes:
                for outcome in outcomes:
                    row, sending = flown.flying.popleft()
                    self._land(row, sending, outcome)
        except KisekiError as error:
            # What has its nonce is in the journal and goes on; nothing else was sent.
            self._away(error)
        finally:
            self._leave(flown)
        return flown.landed(self._stopped)

    def _tell(self) -> None:
        """Tells the journal what a process wrote down that ended before it told it: else the next
        call that says the same would be taken for it."""
        if self._told_journal:
            return
        for call in self._book.settled(day_of(self._clock()) - 1):
            if self._k.sender.remembers(call):
                with contextlib.suppress(TransactionFailed):
                    self._k.sender.recall(call)
        self._told_journal = True

    def _leave(self, flown: Round) -> None:
        """Gives back what was not sent."""
        for row, sending in flown.flying:
            with contextlib.suppress(ChainError):  # looked at again in the next round
                if not self._k.sender.remembers(sending.call):
                    self._book.release(row, sending)

    def _calls(self, flown: Round) -> Iterator[Call]:
        for row in self._book.waiting(self._clock()):
            if self._stopped.is_set():
                return
            if row.about in flown.about:
                self._book.waits(row, Reason.OTHER, 0)
                continue
            try:
                sending = self._next(row, flown)
            except NodeUnreachable as error:
                self._away(error)
                return
            if sending is not None:
                flown.about.add(row.about)
                flown.flying.append((row, sending))
                flown.count += 1
                yield sending.call

    def _next(self, row: Row, flown: Round) -> Sending | None:
        """What of a request is sent now; none if nothing is, and then the book says why."""
        sender = self._k.sender
        begun = self._book.begun(row)
        if begun is not None:  # an earlier process, or round, had begun it
            if sender.remembers(begun.call):
                return begun
            self._book.release(row, begun)
        if row.ends is not None and row.ends < self._clock():
            self._book.ends(row, "refused", Reason.EXPIRED)
            return None
        if row.gas is not None and not self._is_payable(row, row.gas, flown):
            return None
        try:
            return self._planned(row, flown)
        except Refused as no:
            if row.sent and no.reason is Reason.WORTH:  # of what is left
                self._book.ends(row, "done", Reason.DONE)
            else:
                self._book.ends(row, "refused", no.reason, no.detail)
        except (ContractReverted, InvalidInput) as error:
            self._book.ends(row, "refused", Reason.REFUSED, str(error))
        except NodeUnreachable:
            raise
        except KisekiError as error:
            self._doubt(row, error)
        except Exception:  # noqa: BLE001 - one request must not stop the others
            _log.exception("relay %s", row.ticket)
            self._book.ends(row, "refused", Reason.REFUSED)
        return None

    def _planned(self, row: Row, flown: Round) -> Sending | None:
        work = self._read(row.kind, row.text)
        if isinstance(work, _OF_THE_KNOWN) and self._book.consented(row.person):
            work = replace(work, known=True)
        plan = work.plan(self._k, self._dry, self.limits, row.sent)
        if not plan.calls:
            if row.kind == Claiming.KIND and not row.sent:
                raise Refused(Reason.WORTH)
            self._book.ends(row, "done", Reason.DONE)
            return None
        first = plan.calls[0]
        known = self._book.carried_out(row)
        if any((each.to, each.data) == (first.to, first.data) for each in known):
            # A node that is behind, or a call that did not do what it should: never twice.
            if row.kind == Claiming.KIND:
                self._book.ends(row, "done", Reason.DONE)
                return None
            self._doubt(row, ChainError("what was sent does not show on the chain yet"))
            return None
        self._book.planned(row, plan.calls, None)  # before it is tried, so that others can send it
        gas = self._k.sender.estimate(first) if first.gas is None else first.gas
        self._book.planned(row, plan.calls, gas)
        if gas > self.limits.gas + plan.spare:
            raise Refused(Reason.GAS, f"{gas:,} gas; at most {self.limits.gas + plan.spare:,}")
        if plan.worth is not None and plan.worth < TIMES * max(gas, plan.gas) * expected(
            flown.fees
        ):
            raise Refused(Reason.WORTH)
        if not self._is_payable(row, gas, flown):
            return None
        reserved = most(gas, flown.fees)
        flown.left -= reserved
        return self._book.begin(row, replace(first, gas=gas), reserved, self._clock())

    def _is_payable(self, row: Row, gas: int, flown: Round) -> bool:
        """Whether there is room for it under the limits, and ether; else the book says why not."""
        highest, today, limits = most(gas, flown.fees), self._clock(), self.limits
        for reason, room in (
            (Reason.MUCH, min(limits.person, limits.day)),
            (Reason.PERSON, limits.person - self._book.spent(today, row.person)),
            (Reason.DAY, limits.day - self._book.spent(today)),
            (Reason.POOR, flown.left),
        ):
            if highest > room:
                self._book.waits(row, reason, today + _SOON)
                return False
        return True

    def _doubt(self, row: Row, error: KisekiError) -> None:
        """Nobody can tell what becomes of it: it is tried again, and after some tries refused."""
        tries = row.tries + 1
        if tries >= _TRIES:
            self._book.ends(row, "refused", Reason.REFUSED, str(error))
        else:
            later = self._clock() + _LATER * 2**tries // 8
            self._book.waits(row, Reason.TURN, later, tries, str(error))

    def _land(self, row: Row, sending: Sending, outcome: Outcome) -> None:
        """Writes down what became of a transaction. The journal is told afterwards, so what is lost
        between the two is told again."""
        if outcome.receipt is not None:
            receipt = outcome.receipt
            paid = Paid(receipt.transaction, receipt.block, receipt.fee, True)
            self._book.settle(row, sending, paid)
            if row.kind not in _MANY:
                self._book.ends(row, "done", Reason.DONE)
            return
        error = outcome.error or ChainError("nothing is known of it")
        _log.warning("relay %s: %s", to_hex(sending.call.data[:4]), error)
        if isinstance(error, TransactionFailed):
            if error.fee:
                paid = Paid(error.transaction, error.block, error.fee, False)
                self._book.settle(row, sending, paid)
                self._book.ends(row, "refused", Reason.FAILED, str(error))
                return
            if self._k.sender.remembers(sending.call):
                return  # on its way; the next round waits for it
        self._book.release(row, sending)
        if isinstance(error, ContractReverted):
            self._book.ends(row, "refused", Reason.REFUSED, str(error))
        else:
            self._doubt(row, error)

    # The node

    def _away(self, error: KisekiError) -> None:
        poor = "insufficient funds" in str(error)
        self._trouble = None if poor else Reason.NODE
        if not poor:
            _log.warning("the relay waits: %s", error)

    def _return(self) -> None:
        """Connects again where the node was away when the connection was made, or later."""
        if self._k.session.node.away is None:
            return
        if time.monotonic() < self._tried + _AGAIN:
            raise self._k.session.node.away
        self._tried = time.monotonic()
        made = self._connect()
        if made.session.node.away is not None:
            made.close()
            raise self._k.session.node.away
        self._k, old = made, self._k
        self._dry = made.rehearsing()
        old.close()
