"""A vault that cheats, and who notices when: `python -m tests.faults.cheating` prints the table.

10,000 hand-outs of one provider, a thousand a day. The vault cheats once in each history, with a
seeded choice of entry and moment, and then shows everybody its false log with the best proof that
this log has. Verdicts are those of `Monitor.look` and of anchors; times are counted in hand-outs
from when it cheats to the look that notices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from statistics import median

from kiseki.vault.log.heads import Anchor, look_at
from kiseki.vault.log.log import Log, Memory
from kiseki.vault.log.monitor import Monitor, Verdict
from kiseki.vault.log.notes import Note, Signer

__all__ = ["HANDED", "Cheat", "cheats", "markdown"]

HANDED, DAY, LOOK = 10_000, 1_000, 500
"""Hand-outs in all, between two anchors, and between two looks of the provider."""
KINDS = ("drops", "alters", "forks", "backdates", "gives without a receipt")
_DOMAIN = "vault.example.com"
_SIGNER = Signer(f"{_DOMAIN}/0x{'1a' * 20}", bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Cheat:
    """One history.

    Attributes:
        kind: one of `KINDS`.
        entry: which hand-out it is about.
        at: after how many hand-outs it happens.
        looks: whether the receiver holds its checkpoint against the next anchor.
        provider, chain, receiver: how many hand-outs later each notices; none for never.
    """

    kind: str
    entry: int
    at: int
    looks: bool
    provider: int | None
    chain: int | None
    receiver: int | None


def _entries(count: int) -> list[bytes]:
    return [b"receipt %d" % number for number in range(count)]


def _log(entries: list[bytes]) -> Log:
    made = Log(_SIGNER, Memory())
    made.append(entries)
    return made


def _notices(held: Note, false: Log, size: int, *, anchored: bool) -> bool:
    """Whether somebody with a checkpoint notices at a log of another history."""
    monitor = Monitor(_SIGNER.key.name, (_SIGNER.key,), held)
    shown = false.checkpoint(size)
    path = false.consistency(monitor.size, size) if monitor.size < size else ()
    if anchored:
        anchor = Anchor.of(_DOMAIN, bytes(32), [shown], 0, 1, f"0x{'1a' * 20}")
        head = anchor.head(_SIGNER.key.name)
        return look_at(head, anchor.note, monitor, path).verdict is not Verdict.CONSISTENT
    return monitor.look(shown, path).verdict is not Verdict.CONSISTENT


def _next(time: int, every: int) -> int:
    """The first look after something happened."""
    return (time // every + 1) * every


def _by_order(times: list[int], at: int) -> int | None:
    """When a provider that reads the receipts since its last look finds one out of order."""
    for look in range(LOOK, HANDED + 1, LOOK):
        new = range(max(look - LOOK, 1), look)
        if any(times[number] < times[number - 1] for number in new):
            return look - at
    return None


def _by_heads(times: list[int], at: int) -> int | None:
    """When an anchor has an entry that an anchor of a later time than the entry says does not."""
    for day in range(DAY, HANDED + 1, DAY):
        if any(times[number] < day - DAY for number in range(day - DAY, day)):
            return day - at
    return None


def cheats(seed: int, each: int, share: float) -> list[Cheat]:
    """Histories of all kinds.

    Args:
        each: how many of each kind.
        share: of the receivers that look at an anchor.
    """
    random, honest = Random(seed), _log(_entries(HANDED))
    made = []
    for kind in KINDS:
        for _ in range(each):
            entry = random.randrange(HANDED - 2 * DAY)
            at = random.randrange(entry + 1, HANDED - DAY)
            made.append(_cheat(honest, kind, entry, at, random.random() < share))
    return made


def _cheat(honest: Log, kind: str, entry: int, at: int, looks: bool) -> Cheat:
    said = _entries(HANDED)
    provider = chain = receiver = None
    if kind == "gives without a receipt":
        return Cheat(kind, entry, at, looks, None, None, None)
    if kind == "backdates":
        times = list(range(HANDED))
        times[at] = entry  # a hand-out of now that says an earlier time
        return Cheat(kind, entry, at, looks, _by_order(times, at), _by_heads(times, at), None)
    if kind == "forks":
        at = entry  # one receiver is shown a log that has it, everybody else one without
        false, gone = _log(said[:entry] + said[entry + 1 :]), 1
    elif kind == "drops":
        false, gone = _log(said[:entry] + said[entry + 1 :]), 1
    else:
        false, gone = _log([*said[:entry], b"another", *said[entry + 1 :]]), 0

    def noticed(held: int, every: int, *, anchored: bool) -> int | None:
        """At the next look after it happened, by who holds a checkpoint of so many entries."""
        look = _next(max(at, held), every)
        if not held or look > HANDED - gone:
            return None
        seen = _notices(honest.checkpoint(held), false, look - gone, anchored=anchored)
        return look - at if seen else None

    if kind == "forks":
        # Provider and chain have only ever been shown the other log.
        receiver = noticed(entry + 1, DAY, anchored=True) if looks else None
        return Cheat(kind, entry, at, looks, None, None, receiver)
    provider = noticed(at // LOOK * LOOK, LOOK, anchored=False)
    chain = noticed(at // DAY * DAY, DAY, anchored=True)
    if looks and _next(entry, DAY) > at:  # it looks once, at the first anchor after its hand-out
        receiver = noticed(entry + 1, DAY, anchored=True)
    return Cheat(kind, entry, at, looks, provider, chain, receiver)


def markdown(made: list[Cheat]) -> str:
    """The table."""
    lines = [
        "| the vault | histories | provider notices | chain notices | receiver notices | nobody |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in KINDS:
        some = [each for each in made if each.kind == kind]
        none = sum({each.provider, each.chain, each.receiver} == {None} for each in some)
        cells = [
            _cell(some, lambda each: each.provider), _cell(some, lambda each: each.chain),
            _cell(some, lambda each: each.receiver),
        ]  # fmt: skip
        lines.append(f"| {kind} | {len(some)} | {' | '.join(cells)} | {none} |")
    return "\n".join(lines) + "\n"


def _cell(some: list[Cheat], of: Callable[[Cheat], int | None]) -> str:
    found = [after for each in some if (after := of(each)) is not None]
    if not found:
        return "0"
    return f"{len(found)} (after {median(found):g}, at most {max(found)})"


if __name__ == "__main__":
    for part in (1.0, 0.1):
        print(f"{part:.0%} of the receivers look at an anchor:\n")
        print(markdown(cheats(17, 100, part)))
