"""What a wallet is owed, and the steps that bring it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from kiseki.core import ids
from kiseki.core.splitlist import Listed
from kiseki.core.values import ZERO32
from kiseki.index.books.flow import Flow, Move
from kiseki.index.books.ledger import is_wallet
from kiseki.index.books.subjects import Subjects
from kiseki.index.facts.splits import Label, Splits

__all__ = ["ClaimStep", "Owed", "ResolveStep", "Step", "owed_in", "owed_in_list", "steps"]


@dataclass(frozen=True, slots=True)
class ClaimStep:
    """A call of `claim((split, payee, shares, side, path), token, opening)`.

    Attributes:
        order: its place among all steps of its token; a step comes after those it needs.
        token: the token's address; the zero address is ether.
        split: the split's opening, 76 bytes.
        payee, shares, side, path: the leaf and its proof.
        opening: of the payee, 52 bytes, when it is a subject that stands for somebody now, so
            that it is resolved in the same step; else empty.
        amount: what the step moves, base units, after the steps before it.
    """

    order: int
    token: str
    split: bytes
    payee: bytes
    shares: int
    side: int
    path: bytes
    opening: bytes
    amount: int


@dataclass(frozen=True, slots=True)
class ResolveStep:
    """A call of `resolve(account, id, token)`: one hop from a subject to whom it stands for.

    Attributes:
        order, token: as in :class:`ClaimStep`.
        account: the subject's contract.
        id: the subject's ID there.
    """

    order: int
    token: str
    account: str
    id: bytes


Step = ClaimStep | ResolveStep


@dataclass(frozen=True, slots=True)
class Owed:
    """Money inside that belongs to a wallet: of one leaf of a split, or held at a subject.

    Attributes:
        wallet: who it belongs to.
        token: the token's address; the zero address is ether.
        amount: base units, after all the steps.
        now: how much of it one claim would bring, without the splits above.
        split: key of the split that pays; zero when a subject holds it already.
        leaf: which leaf; -1 when a subject holds it.
        labels: what that split is.
        subject: through which it is paid, or which holds it; zero for a leaf of the wallet's own.
        steps: what brings it, in order; :func:`steps` unites those of several.
        unknown: (registry, id) of the rights token through which it is paid, as long as that is not
            on record: the steps bring it only after `RightsToken.reveal`, by anybody.
        complete: whether that is all. False below a circle of payees that did not come to rest:
            more is found after the steps were made.
    """

    wallet: str
    token: str
    amount: int
    now: int
    split: bytes
    leaf: int
    labels: tuple[Label, ...]
    subject: bytes
    steps: tuple[Step, ...]
    complete: bool
    unknown: tuple[str, bytes] | None = None


def steps(owed: Iterable[Owed]) -> tuple[Step, ...]:
    """The steps of all of these, each once, in the order of one multicall.

    All must be answers of one index between two changes of it: orders mean nothing beyond.
    Where several steps pay out one subject of the wallet's, only the last resolves it, so that
    the wallet is paid once.
    """
    given = list(owed)
    every = {(step.token, step.order): step for each in given for step in each.steps}
    last = {(each.token, each.subject) for each in given}  # nothing but its wallet is below it
    resolved: set[tuple[str, bytes]] = set()
    found: list[Step] = []
    for key in sorted(every, reverse=True):
        step = every[key]
        if isinstance(step, ClaimStep) and (step.token, step.payee) in last & resolved:
            step = replace(step, opening=b"")
        elif isinstance(step, ClaimStep) and (step.token, step.payee) in last:
            resolved.add((step.token, step.payee))
        elif isinstance(step, ResolveStep):
            resolved.add((step.token, ids.subject(step.account, step.id)))
        found.append(step)
    return tuple(reversed(found))


def owed_in(flow: Flow, sight: "Sight") -> list[Owed]:
    """What ``sight.wallet`` is owed in one token, by split and leaf, then what subjects hold."""
    key = ids.wallet(sight.wallet)
    leaves: defaultdict[tuple[bytes, int], list[int]] = defaultdict(list)
    for place in flow.claims(key):
        if flow.passes(flow.moves[place].target):
            leaves[flow.moves[place].source, flow.moves[place].leaf].append(place)
    found = [_from_leaf(flow, sight, *leaf, places) for leaf, places in sorted(leaves.items())]
    for subject, held in sorted(flow.held.items()):
        if held and flow.end(subject)[-1] == key and flow.passes(subject):
            found.append(_from_subject(flow, sight, subject, held))
    return found


def owed_in_list(flow: Flow, sight: "Sight", listed: Listed) -> list[Owed]:
    """The same for a split of which only ``sight.wallet``'s leaves are known."""
    found = []
    above, complete = flow.above(listed.key)
    path = [_step(flow, sight, place) for place in above if _own(flow, place)]
    wallet = ids.wallet(sight.wallet)
    for leaf in listed.leaves:
        claimed = flow.ledger.claimed[listed.key][leaf.proof.lo]
        received = flow.ledger.received.get(listed.key, 0)
        amount = received * leaf.shares // listed.total - claimed
        if leaf.payee != wallet or not amount:
            continue
        order = len(flow.moves) + leaf.place  # after everything above it
        claim = ClaimStep(
            order, flow.ledger.token, listed.opening, leaf.payee, leaf.shares, leaf.proof.side,
            leaf.proof.path, b"", amount,
        )  # fmt: skip
        found.append(
            Owed(
                wallet=sight.wallet,
                token=flow.ledger.token,
                amount=amount,
                now=flow.start.get(listed.key, 0) * leaf.shares // listed.total - claimed,
                split=listed.key,
                leaf=leaf.place,
                labels=(Label("added", ZERO32),),
                subject=ZERO32,
                steps=(*path, claim),
                complete=complete,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Sight:
    """A wallet, and what the index knows of splits and subjects."""

    wallet: str
    splits: Splits
    subjects: Subjects


def _from_leaf(flow: Flow, sight: Sight, key: bytes, leaf: int, places: list[int]) -> Owed:
    known = sight.splits.known(key)
    payee, shares = known.split.leaves[leaf]
    amount = sum(flow.moves[place].amount for place in places)
    claimed = flow.ledger.claimed[key][known.split.proof(leaf).lo] - amount
    above, complete = flow.above(key)
    path = [_step(flow, sight, place) for place in sorted({*above, *places}) if _own(flow, place)]
    path += _hops(flow, sight, flow.end(payee)[1:-1])
    return Owed(
        wallet=sight.wallet,
        token=flow.ledger.token,
        amount=amount,
        now=flow.start.get(key, 0) * shares // known.split.total - claimed,
        split=key,
        leaf=leaf,
        labels=known.labels,
        subject=ZERO32 if is_wallet(payee) else payee,
        steps=tuple(path),
        complete=complete,
        unknown=_unknown(flow, sight, payee),
    )


def _from_subject(flow: Flow, sight: Sight, subject: bytes, held: int) -> Owed:
    return Owed(
        wallet=sight.wallet,
        token=flow.ledger.token,
        amount=held,
        now=held,
        split=ZERO32,
        leaf=-1,
        labels=(),
        subject=subject,
        steps=tuple(_hops(flow, sight, flow.end(subject)[:-1])),
        complete=True,
        unknown=_unknown(flow, sight, subject),
    )


def _unknown(flow: Flow, sight: Sight, payee: bytes) -> tuple[str, bytes] | None:
    """A rights token stands for a wallet, so there is one at most, and it is the last."""
    found = (sight.subjects.unknown.get(each) for each in flow.end(payee))
    return next((each for each in found if each), None)


def _own(flow: Flow, place: int) -> bool:
    """Whether a move is a step of its own."""
    return not flow.moves[place].inside and flow.moves[place].amount != 0


def _hops(flow: Flow, sight: Sight, subjects: list[bytes]) -> list[Step]:
    """The resolutions of a chain of subjects, each at its own turn."""
    return [_step(flow, sight, flow.turns[each]) for each in subjects]


def _step(flow: Flow, sight: Sight, place: int) -> Step:
    move: Move = flow.moves[place]
    token = flow.ledger.token
    if move.leaf < 0:
        return ResolveStep(place, token, *sight.subjects.openings[move.source])
    split = sight.splits.get(move.source)
    proof = split.proof(move.leaf)
    opening = b""
    if flow.resolves(move.target):
        opening = ids.subject_opening(*sight.subjects.openings[move.target])
    payee, shares = split.leaves[move.leaf]
    return ClaimStep(
        order=place,
        token=token,
        split=split.opening,
        payee=payee,
        shares=shares,
        side=proof.side,
        path=proof.path,
        opening=opening,
        amount=move.amount,
    )
