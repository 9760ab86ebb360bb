"""Looking at a season's outputs and registering them, while the pages go on.

Hashing a season's films takes minutes, and so does registering on a public chain. One thread looks
and one registers, each with a connection of its own; so of two producers who press at once one
waits for the other, and what the first has registered the second finds there.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kiseki.client.data.registering import Registered
from kiseki.client.kiseki import Kiseki
from kiseki.client.outputs import season as seasons
from kiseki.client.outputs.season import Season, SeasonBatch
from kiseki.client.trial import cost
from kiseki.core.values import to_hex
from kiseki.errors import ContractReverted, KisekiError, NodeAway
from kiseki.vault.arriving import FILES
from kiseki.vault.seasons import Brought, Done, SeasonStore

__all__ = ["OTHER", "Looked", "Progress", "Seasons"]

_log = logging.getLogger("kiseki.web")

OTHER = (
    "the files or what registering them costs changed since this page was made; look again, and "
    "then decide"
)
_FRESH, _OLD = 300.0, 900.0
"""Seconds after which a page asks again what it costs, and after which a page's answer counts no
more."""
_AWAY = "the chain's node does not answer; nothing was sent"


class _Stopped(Exception):  # noqa: N818 - reads as what happened
    """The site ends."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of a season.

    Attributes:
        revision: of its files, when they were looked at.
        season: what would be registered; none where that could not be found out.
        cost: of registering it, as `kiseki.client.trial.cost` says; none where nothing need be
            sent, or it is not in order.
        problem: why it could not be found out, in English; empty where it was.
        when: by this machine's monotonic clock.
    """

    revision: int
    season: Season | None = None
    cost: Mapping[str, Any] | None = None
    problem: str = ""
    when: float = field(default_factory=time.monotonic)

    @property
    def is_affordable(self) -> bool:
        """Whether the wallet holds what registering costs at most."""
        return self.cost is None or int(self.cost["balance"]) >= int(self.cost["most"])

    @property
    def age(self) -> float:
        """Seconds since it was found out."""
        return time.monotonic() - self.when

    @property
    def is_ready(self) -> bool:
        """Whether it can be registered as it is."""
        found = self.season
        return bool(found and found.missing and not found.problems and self.is_affordable)


@dataclass(slots=True)
class Progress:
    """Something that goes on.

    Attributes:
        what: ``looking`` or ``registering``; empty when nothing does.
        done, of: how many files or batches; of is 0 before that is known.
    """

    what: str = ""
    done: int = 0
    of: int = 0


@dataclass(slots=True)
class _At:
    """Where a season stands in this process."""

    looked: Looked | None = None
    progress: Progress = field(default_factory=Progress)
    work: Future[None] | None = None
    problem: str = ""


class Seasons:
    """The seasons of a studio.

    Args:
        connect: makes a connection with the studio's wallet.
        folder: in which their files lie.
    """

    def __init__(self, connect: Callable[[], Kiseki], folder: Path) -> None:
        self.store = SeasonStore(folder)
        self._connect, self._folder = connect, folder
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._at: dict[str, _At] = {}
        self._looking = ThreadPoolExecutor(1, "season-looking")
        self._registering = ThreadPoolExecutor(1, "season-registering")

    def close(self) -> None:
        """Waits for the batch that is being sent; the next start goes on behind it."""
        self._stopped.set()
        for each in (self._looking, self._registering):
            each.shutdown(wait=True, cancel_futures=True)
        self.store.close()

    def runs(self, season: str) -> bool:
        """Whether it is being registered, or waits for that."""
        return self.progress(season).what == "registering"

    def progress(self, season: str) -> Progress:
        """What goes on with a season now."""
        with self._lock:
            at = self._at.get(season)
            return Progress() if at is None else replace(at.progress)

    def problem(self, season: str) -> str:
        """Why registering it stopped, in English; empty where it did not."""
        with self._lock:
            at = self._at.get(season)
            return "" if at is None else at.problem

    def looked(self, brought: Brought) -> Looked | None:
        """What was found of a season as it is now. Where nobody has looked since, somebody does
        from now on; nobody looks at what is registered."""
        if brought.registered_at is not None:
            return None
        with self._lock:
            at = self._at.setdefault(brought.id, _At())
            known = at.looked
            if (
                known is not None
                and known.revision == brought.revision
                and (known.cost is None or known.age < _FRESH or at.progress.what)
            ):
                return known
            if brought.is_whole and brought.files and not at.progress.what:
                self._start(at, "looking", self._looking, self._look, brought)
            return None

    def look_again(self, season: str) -> None:
        """Forgets what was found of a season, unless it is being registered."""
        with self._lock:
            at = self._at.get(season)
            if at is not None and not at.progress.what:
                at.looked, at.problem = None, ""

    def register(self, brought: Brought, agreed: bytes) -> bool:
        """Registers a season, unless that goes on already.

        Args:
            agreed: what somebody was shown and agreed to (`Season.id`).

        Returns: whether this is what was shown last.
        """
        with self._lock:
            at = self._at.setdefault(brought.id, _At())
            if at.progress.what == "registering":
                return True
            if at.progress.what or at.looked is None or at.looked.season is None:
                return False
            fits = at.looked.revision == brought.revision and at.looked.season.id == agreed
            if not fits or not at.looked.is_ready or at.looked.age > _OLD:
                return False
            self.store.agree(brought.id, agreed)
            at.problem = ""
            self._start(at, "registering", self._registering, self._register, brought)
            return True

    # In the threads

    def _start(
        self,
        at: _At,
        doing: str,
        pool: ThreadPoolExecutor,
        work: Callable[[_At, Brought], None],
        brought: Brought,
    ) -> None:
        at.progress = Progress(doing)

        def run() -> None:
            try:
                work(at, brought)
            except _Stopped:
                pass
            except BaseException:
                _log.exception("a season")
                at.problem = "something unexpected happened; the log of this site says what"
                at.looked = Looked(brought.revision, problem=at.problem)
                raise
            finally:
                with self._lock:
                    at.progress = Progress()

        at.work = pool.submit(run)

    def _look(self, at: _At, brought: Brought) -> None:
        try:
            k = self._connect()
            try:
                found = self._found(k, at, brought)
            finally:
                k.close()
        except KisekiError as error:
            found = Looked(brought.revision, problem=self._without_places(str(error), brought.id))
        at.looked = found

    def _found(self, k: Kiseki, at: _At, brought: Brought) -> Looked:
        if k.session.as_of is not None:
            raise NodeAway(_AWAY)
        files = self.store.folder(brought.id) / FILES
        files.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = at.looked
        if known is None or known.season is None or known.revision != brought.revision:
            season = seasons.look(
                k.outputs, self.store.table(brought.id), files, models=brought.models,
                progress=self._told(at),
            )  # fmt: skip
        else:  # what it costs now
            season = known.season
        if season.problems:
            return Looked(brought.revision, season)
        if not season.missing:  # somebody registered it from elsewhere, or another season did
            for each in season.batches:
                there = Registered(each.prepared.id, ())
                self.store.keep(brought.id, self._kept(k, brought.id, each, there))
            if season.batches:
                self.store.finish(brought.id, k.session.now())
            return Looked(brought.revision, season)
        dry = k.rehearsing()
        season = season.tried(dry.outputs)
        if season.problems:
            return Looked(brought.revision, season)
        return Looked(brought.revision, season, cost(dry, k.session.network))

    def _register(self, at: _At, brought: Brought) -> None:
        try:
            k = self._connect()
            try:
                self._sent(k, at, brought)
            finally:
                k.close()
        except KisekiError as error:
            at.problem = self._without_places(str(error), brought.id)
        finally:
            at.looked = None  # what it costs is another thing now

    def _sent(self, k: Kiseki, at: _At, brought: Brought) -> None:
        season = at.looked.season if at.looked else None
        if season is None:
            return
        told, problems = self._told(at), list[str]()
        with k.command(season.command):
            for number, each in enumerate(season.batches):
                told(number, len(season.batches))
                try:
                    sent = each.register(k.outputs)
                except ContractReverted as error:  # it stops no other
                    problems.append(f"{to_hex(each.prepared.id)}: {error}")
                    continue
                self.store.keep(brought.id, self._kept(k, brought.id, each, sent))
        told(len(season.batches), len(season.batches))
        if not problems:
            self.store.finish(brought.id, k.session.now())
        at.problem = "; ".join(problems)

    def _kept(self, k: Kiseki, season: str, batch: SeasonBatch, sent: Registered) -> Done:
        """What is kept of a batch: what the command line prints, and what is in it."""
        prepared, files = batch.prepared, self.store.folder(season) / FILES
        told = {
            "batch": to_hex(sent.id),
            "models": [to_hex(each) for each in prepared.models],
            "collections": [to_hex(each.id) for each in prepared.collections],
            "record": to_hex(prepared.record),
            "outputs": [
                {"file": str(path.relative_to(files)), "output": to_hex(item.id),
                 "commitment": to_hex(item.commitment)}
                for item in prepared.items for path in item.paths
            ],
            "transactions": [each.told for each in sent.receipts] or [_before(k, sent.id)],
        }  # fmt: skip
        return Done(sent.id, told)

    def _told(self, at: _At) -> Callable[[int, int], None]:
        def told(done: int, of: int) -> None:
            if self._stopped.is_set():
                raise _Stopped
            at.progress.done, at.progress.of = done, of

        return told

    def _without_places(self, text: str, season: str) -> str:
        """Where files lie is the operator's business."""
        return text.replace(f"{self.store.folder(season)}/", "")


def _before(k: Kiseki, batch: bytes) -> dict[str, Any]:
    """The transaction that registered a batch for which nothing had to be sent any more."""
    there = k.index.batch(batch)
    return {
        "what": "OutputRegistry", "transaction": to_hex(there.transaction), "block": there.block,
        "resumed": True,
    }  # fmt: skip
