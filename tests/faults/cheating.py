"""A vault that cheats, and who notices when: `python -m tests.faults.cheating` prints the table.

10,000 hand-outs of one provider, a thousand a day, with an anchor each day. The vault cheats k
times in a history, each time with a seeded choice of hand-out and moment, and then shows everybody
its false log with the best proof that this log has. Who looks uses what people have: the provider
`Monitor` and `Dating`, who reads the chain `look_at`, receivers `Comparison`. Whoever noticed
something takes the false log for the true one from then on, so that the next cheating counts, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from random import Random
from statistics import median

from tests.python.vault.handed import ARTIST, DOMAIN, SEED, receipt

from kiseki.client.vault.comparing import Comparison, Given, Says
from kiseki.client.vault.dating import Dating, Head, Kind
from kiseki.client.vault.stated import Stated
from kiseki.vault.handing.receipts import Salted
from kiseki.vault.log.checkpoints import Checkpoint
from kiseki.vault.log.dates import TOLERANCE
from kiseki.vault.log.heads import Anchor, look_at
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.monitor import Monitor, Verdict
from kiseki.vault.log.notes import Note, Signer

__all__ = ["KINDS", "Cheat", "Scale", "cheats", "markdown"]

KINDS = ("drops", "alters", "forks", "backdates", "gives without a receipt")
_SIGNER = Signer(f"{DOMAIN}/{ARTIST}", SEED)
_START, _BLOCK = 1_800_000_000, 60
"""When the first hand-out is, and seconds from an anchor to its block."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much happens.

    Attributes:
        handed: hand-outs in all.
        day: hand-outs between two anchors.
        look: hand-outs between two looks of the provider.
    """

    handed: int = 10_000
    day: int = 1_000
    look: int = 500

    def time(self, number: int) -> int:
        """When a hand-out is, in seconds since 1970."""
        return _START + number * 86_400 // self.day


@dataclass(slots=True)
class Cheat:
    """One time that the vault cheats.

    Attributes:
        kind: one of `KINDS`.
        entry: which hand-out it is about; where it dates one back, that whose time it says.
        at: after how many hand-outs it happens; where it dates one back, which one.
        noticed: by whom, and how many hand-outs after it happened.
    """

    kind: str
    entry: int
    at: int
    noticed: dict[str, int] = field(default_factory=dict)

    @property
    def happened(self) -> int:
        """After how many hand-outs somebody can notice it."""
        return self.entry + 1 if self.kind == "forks" else self.at


def cheats(seed: int, kind: str, count: int, share: float, scale: Scale = Scale()) -> list[Cheat]:
    """One history, with all that the vault does in it, and who notices.

    Args:
        count: how often it cheats.
        share: of all receivers, those that look at anchors.
    """
    chance = Random(f"{seed} {kind} {count}")
    entries = chance.sample(range(scale.handed - 2 * scale.day), count)
    moments = chance.sample(range(scale.handed - 2 * scale.day, scale.handed - scale.day), count)
    made = []
    for entry, moment in zip(entries, moments, strict=True):
        # Half of what it does is soon after, when fewer have seen the hand-out.
        soon = entry + 1 + chance.randrange(scale.day)
        at = soon if chance.random() < 0.5 and kind != "backdates" else moment
        made.append(Cheat(kind, entry, at))
    if kind != "gives without a receipt":
        look = {each for each in range(scale.handed) if chance.random() < share}
        _History(scale, made, look).run()
    return made


@cache
def _salted(number: int, at: int, *, other: bool = False) -> Salted:
    salt = sha256(b"other %d" % number if other else b"salt %d" % number).digest()
    return Salted(receipt(number, at=at), salt)


def _log(entries: list[Salted]) -> Log:
    made = Log(_SIGNER, Memory())
    made.append(_entry(each) for each in entries)
    return made


@cache
def _entry(salted: Salted) -> bytes:
    return salted.entry


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a receiver keeps of the hand-out with this number."""

    number: int
    given: Given


class _History:
    """What happens, one hand-out after the other."""

    def __init__(self, scale: Scale, made: list[Cheat], look: set[int]) -> None:
        self.scale, self.cheats, self.look = scale, made, look
        self.said: list[Salted] = []
        self.log = _log([])
        self.provider = self.chain = Monitor(_SIGNER.key.name, (_SIGNER.key,))
        self.provider_at = self.chain_at = 0
        self.heads: list[Head] = []
        self.anchors: list[tuple[Anchor, Stated]] = []
        self.kept: list[_Kept] = []

    def run(self) -> None:
        """Everything, to the end."""
        forked = {each.entry for each in self.cheats if each.kind == "forks"}
        back = {each.at: each.entry for each in self.cheats if each.kind == "backdates"}
        for number in range(self.scale.handed):
            self.said.append(_salted(number, self.scale.time(back.get(number, number))))
            self.log.append([_entry(self.said[-1])])
            if number in self.look:
                self._keeps(number)
            if number in forked:  # everybody else is shown a log that never had it
                self.said.pop()
                self.log = _log(self.said)
            for each in self.cheats:
                if each.at == number + 1 and each.kind in ("drops", "alters"):
                    self._cheat(each)
            if (number + 1) % self.scale.look == 0:
                self._provider_looks(number + 1)
            if (number + 1) % self.scale.day == 0:
                self._anchors(number + 1)

    def _keeps(self, number: int) -> None:
        """The receiver keeps the receipt, with the checkpoint that came with it."""
        last = self.said[-1]
        proof = self.log.prove(self.log.size - 1, self.log.checkpoint(), last.salt)
        self.kept.append(_Kept(number, Given(last.receipt.to_json(), proof)))

    def _cheat(self, cheat: Cheat) -> None:
        time = self.scale.time(cheat.entry)
        place = self.said.index(_salted(cheat.entry, time))
        if cheat.kind == "drops":
            del self.said[place]
        else:
            self.said[place] = _salted(cheat.entry, time, other=True)
        self.log = _log(self.said)

    def _provider_looks(self, now: int) -> None:
        shown = self.log.checkpoint()
        looked = self.provider.look(shown, _best(self.log, self.provider.size))
        self._seen("provider", looked.verdict, self.provider_at, now)
        self.provider, self.provider_at = _rebased(self.provider, shown), now
        if self.cheats[0].kind == "backdates":
            dating = Dating(self.heads)
            for each in self.said:
                dating.take(each)
            wrong = {each.number for each in dating.wrong if each.kind is Kind.MISDATED}
            for cheat in self.cheats:
                if cheat.at < now and cheat.at in wrong:
                    cheat.noticed.setdefault("provider", now - cheat.at)

    def _anchors(self, now: int) -> None:
        """The vault states its false head; who reads the chain and the receivers look."""
        time = self.scale.time(now)
        anchor = Anchor.of(DOMAIN, SEED, [self.log.checkpoint()], time, 1, ARTIST)
        stated = Stated(anchor.hash, time + _BLOCK, now, anchor.hash)
        head = anchor.head(_SIGNER.key.name)
        assert head is not None
        looked = look_at(head, anchor.note, self.chain, _best(self.log, self.chain.size))
        self._seen("chain", looked.verdict, self.chain_at, now)
        self.chain, self.chain_at = _rebased(self.chain, head), now
        size = Checkpoint.from_text(head.text).size
        self.heads.append(Head(stated, time, size, Checkpoint.from_text(head.text).root))
        self.anchors.append((anchor, stated))
        self.kept = [each for each in self.kept if self._receiver_looks(each, now)]

    def _receiver_looks(self, kept: _Kept, now: int) -> bool:
        """Goes through the anchors since the time that the receipt says, as `Confirming` does;
        whether it looks again at the next."""
        at = kept.given.check(_SIGNER.key).at
        held = Checkpoint.from_text(kept.given.proof.note.text).size
        found = Says.BEFORE
        for anchor, stated in self.anchors:
            if stated.time < at - TOLERANCE or found is not Says.BEFORE:
                continue
            head = anchor.prove(_SIGNER.key.name)
            path = _best(self.log, held) if stated is self.anchors[-1][1] else ()
            compared = Comparison(
                _SIGNER.key, kept.given, anchor.note, head, path, stated, 1, ARTIST
            )
            found, _ = compared.says()
        about = [each for each in self.cheats if _denies(each, kept.number, now)]
        wrong = found in (Says.CONTRADICTED, Says.UNPROVED)
        # An anchor within an hour may be from before the receipt; the next one tells. And a day
        # has no anchor within it, for a date that was set back within it.
        early = found is Says.BEFORE or self.cheats[0].kind == "backdates"
        assert wrong == bool(about) or (early and not wrong), about
        for each in about if wrong else ():
            each.noticed.setdefault("receiver", now - each.happened)
        return found is Says.BEFORE

    def _seen(self, who: str, verdict: Verdict, before: int, now: int) -> None:
        """What somebody noticed who had looked before: all that is about what was there then."""
        about = [
            each for each in self.cheats
            if each.kind in ("drops", "alters") and before < each.at <= now and each.entry < before
        ]  # fmt: skip
        assert (verdict is not Verdict.CONSISTENT) == bool(about), (who, verdict, about)
        for each in about:
            each.noticed[who] = now - each.at


def _denies(cheat: Cheat, number: int, now: int) -> bool:
    """Whether what the receiver of a hand-out was shown has been denied since."""
    if cheat.kind in ("drops", "alters"):
        return cheat.entry <= number < cheat.at <= now
    return number == (cheat.entry if cheat.kind == "forks" else cheat.at)


def _best(log: Log, held: int) -> tuple[bytes, ...]:
    """The best proof that a false log has for who holds a checkpoint of so many entries."""
    return log.consistency(held) if 0 < held < log.size else ()


def _rebased(monitor: Monitor, shown: Note) -> Monitor:
    return Monitor(monitor.origin, monitor.keys, shown)


def markdown(made: list[tuple[str, int, list[Cheat]]]) -> str:
    """The table."""
    lines = [
        "| the vault | k | provider notices | who reads the chain | receivers | nobody |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind, count, some in made:
        cells = [_cell(some, _by(who)) for who in ("provider", "chain", "receiver")]
        none = sum(not each.noticed for each in some)
        lines.append(f"| {kind} | {count} | {' | '.join(cells)} | {none} |")
    return "\n".join(lines) + "\n"


def _by(who: str) -> Callable[[Cheat], int | None]:
    return lambda each: each.noticed.get(who)


def _cell(some: list[Cheat], of: Callable[[Cheat], int | None]) -> str:
    found = [after for each in some if (after := of(each)) is not None]
    if not found:
        return "0"
    return f"{len(found)} (after {median(found):g}, at most {max(found)})"


if __name__ == "__main__":
    for part in (1.0, 0.01):
        print(f"{part:.0%} of the receivers look at anchors:\n")
        made = [(kind, count, cheats(17, kind, count, part)) for kind in KINDS
                for count in (1, 10, 100)]  # fmt: skip
        print(markdown(made))
