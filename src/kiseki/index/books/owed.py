"""What a wallet is owed in one token, and the steps that bring it.

Amounts come from the books in a few questions, however long the way is that money takes. The way is
worked out only when somebody wants to walk it (`steps`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlalchemy import text

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.core.splitlist import Listed
from kiseki.core.values import ZERO32
from kiseki.index.books.accounts import Books
from kiseki.index.books.graph import Graph, Leaf, is_wallet
from kiseki.index.books.moves import Moves, moves_to
from kiseki.index.facts.splits import Label, Splits
from kiseki.index.store.database import Store
from kiseki.index.store.rows import maker
from kiseki.index.store.types import Amount, Bytes, Long, Word

__all__ = ["ClaimStep", "Owed", "ResolveStep", "Sight", "Step"]


@dataclass(frozen=True, slots=True)
class ClaimStep:
    """A call of `claim((split, payee, shares, side, path), token, opening)`.

    Attributes:
        token: the token's address; the zero address is ether.
        split: the split's opening, 76 bytes.
        payee, shares, side, path: the leaf and its proof.
        opening: of the payee, 52 bytes, when it is a subject that stands for somebody now, so
            that it is resolved in the same step; else empty.
        amount: what the step moves, base units, after the steps before it.
    """

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
        token: as in :class:`ClaimStep`.
        account: the subject's contract.
        id: the subject's ID there.
    """

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
    complete: bool
    unknown: tuple[str, bytes] | None = None


# SQLite looks at the tables of a CROSS JOIN in this order: from the wallet on, and never from all
# accounts of a token.
_DUE = text("""
WITH RECURSIVE behind (key) AS (
    SELECT CAST(:wallet AS BIGINT)
    UNION SELECT naming.subject FROM naming JOIN behind ON naming.payee = behind.key
)
SELECT keys.raw, leaf.place, leaf.split, leaf.payee, leaf.shares, leaf.total, account.received,
       account.virtual, account.restless, claimed.amount
FROM behind CROSS JOIN leaf CROSS JOIN account CROSS JOIN keys
LEFT JOIN claimed
  ON claimed.payee = leaf.payee AND claimed.split = leaf.split AND claimed.lo = leaf.lo
  AND claimed.token = account.token
WHERE leaf.payee = behind.key AND account.key = leaf.split AND account.token = :token
  AND keys.id = leaf.split
""").columns(
    raw=Bytes, place=Long, split=Long, payee=Long, shares=Amount, total=Amount, received=Word,
    virtual=Word, restless=Long, claimed=Amount,
)  # fmt: skip

_TOKENS = text("""
WITH RECURSIVE behind (key) AS (
    SELECT CAST(:wallet AS BIGINT)
    UNION SELECT naming.subject FROM naming JOIN behind ON naming.payee = behind.key
)
SELECT account.token, leaf.shares, leaf.total, account.virtual, claimed.amount
FROM behind CROSS JOIN leaf CROSS JOIN account
LEFT JOIN claimed
  ON claimed.payee = leaf.payee AND claimed.split = leaf.split AND claimed.lo = leaf.lo
  AND claimed.token = account.token
WHERE leaf.payee = behind.key AND account.key = leaf.split
UNION ALL
SELECT account.token, NULL, NULL, account.received, account.passed
FROM behind CROSS JOIN account
WHERE behind.key <> :wallet AND account.key = behind.key
""").columns(token=Long, shares=Amount, total=Amount, virtual=Word, amount=Word)
"""Each token of each leaf that leads to a wallet, and of each subject, in one pass, whether
anything is left in it or not."""

_BEHIND = text("""
WITH RECURSIVE behind (key, payee) AS (
    SELECT subject, payee FROM naming WHERE payee = :wallet
    UNION SELECT naming.subject, naming.payee FROM naming JOIN behind ON naming.payee = behind.key
)
SELECT behind.key, behind.payee, keys.raw, subject.unknown, subject.id, account.received,
       account.passed
FROM behind CROSS JOIN keys CROSS JOIN subject
LEFT JOIN account ON account.key = behind.key AND account.token = :token
WHERE keys.id = behind.key AND subject.key = behind.key
""").columns(key=Long, payee=Long, raw=Bytes, unknown=Long, id=Long, received=Word, passed=Word)
"""Who leads to a wallet and what each holds in a token, in one question, however many they are."""


_Due = tuple[bytes, int, int, int, int, int, bool]
"""A leaf that brings something: the key of its split, its place there, the numbers of split and
payee, how much it brings in all and how much at once, and whether that is all."""


class _Behind(NamedTuple):
    """A subject that leads to a wallet: whom it stands for, its key, what it holds, and of a rights
    token that nobody put on record yet the number of what that stands for."""

    payee: int
    key: bytes
    held: int
    unknown: int | None


_owed = maker(Owed)


class Sight:
    """What is owed, and how it comes, as the store has it now, with what was added beside it.

    Args:
        openings: the split with a key, whose leaves have proofs.
        is_plain: whether nothing was added beside the store.

    Attributes:
        is_plain: as above.
    """

    def __init__(
        self, store: Store, graph: Graph, books: Books, splits: Splits, is_plain: bool
    ) -> None:
        self._store, self._graph, self._books = store, graph, books
        self._splits, self.is_plain = splits, is_plain

    def owed(self, wallet: str, token: str) -> list[Owed]:
        """All money in one token that belongs to a wallet, by split and leaf; then what waits."""
        who, unit = self._store.keys.look_up(ids.wallet(wallet)), self._store.keys.look_up(token)
        if who is None or unit is None:
            return []
        behind = self._behind(who, unit)
        dues = sorted(self._due(who, unit, behind))
        waiting = sorted((each.key, key, each.held) for key, each in behind.items() if each.held)
        labels = self._splits.labels({due[2] for due in dues})
        told = self._told(behind, {due[3] for due in dues}.union(key for _, key, _ in waiting))
        rows = []
        for split, place, number, payee, amount, now, complete in dues:
            subject, unknown = told[payee]
            if not complete:
                amount = self.comes(unit, number, place)
            rows.append(
                _owed(wallet, token, amount, now, split, place, labels[number], subject, complete,
                      unknown)
            )  # fmt: skip
        return rows + [
            Owed(
                wallet=wallet,
                token=token,
                amount=held,
                now=held,
                split=ZERO32,
                leaf=-1,
                labels=(),
                subject=subject,
                complete=True,
                unknown=told[key][1],
            )
            for subject, key, held in waiting
        ]

    def in_list(self, wallet: str, token: str, listed: Listed) -> list[Owed]:
        """The same for a split of which only this wallet's leaves are known."""
        keys = self._store.keys
        split, unit = keys.look_up(listed.key), keys.look_up(token)
        who = keys.look_up(ids.wallet(wallet)) or 0
        if split is None or unit is None:
            return []
        accounts = self._books.of(unit)
        rows = []
        for leaf in listed.leaves:
            if leaf.payee != ids.wallet(wallet):
                continue
            known = Leaf(split, leaf.place, who, leaf.shares, listed.total, leaf.proof.lo)
            due = accounts.due(known)
            if due <= 0:
                continue
            now = accounts.received(split) * leaf.shares // listed.total - accounts.claimed(known)
            rows.append(
                Owed(
                    wallet=wallet,
                    token=token,
                    amount=due,
                    now=max(now, 0),
                    split=listed.key,
                    leaf=leaf.place,
                    labels=(Label("added", ZERO32),),
                    subject=ZERO32,
                    complete=not accounts.restless(split),
                )
            )
        return rows

    def tokens(self, wallet: str, after: str, limit: int) -> list[str]:
        """The tokens in which a wallet is owed anything, in order."""
        who = self._store.keys.look_up(ids.wallet(wallet))
        if who is None:
            return []
        owed = map(self._store.keys.address, self._tokens(who))
        return sorted(token for token in owed if token > after)[:limit]

    def _tokens(self, who: int) -> set[int]:
        """The numbers of the tokens in which a wallet is owed anything."""
        if self.is_plain:
            return {
                token
                for token, shares, total, virtual, had in self._store.rows(_TOKENS, wallet=who)
                if (virtual if shares is None else virtual * shares // total) > (had or 0)
            }
        books, behind = self._books, self._graph.behind(who)
        leaves = [leaf for payee in behind for leaf in self._graph.paying(payee)]
        owed = {
            t for leaf in leaves for t in books.tokens_of(leaf.split) if books.of(t).due(leaf) > 0
        }
        return owed | {
            t for each in behind[1:] for t in books.tokens_of(each) if books.of(t).held(each)
        }

    def comes(self, token: int, split: int, place: int) -> int:
        """What the steps bring that can be named, of more."""
        leaf = self._graph.leaf(split, place)
        moves = moves_to(self._books.of(token), self._graph, [leaf])
        return sum(move.amount for move in moves.moves if move.leaf == leaf)

    # What leads to a wallet

    def _behind(self, wallet: int, token: int) -> dict[int, _Behind]:
        if self.is_plain:
            rows = self._store.rows(_BEHIND, wallet=wallet, token=token)
            return {
                key: _Behind(payee, raw, (received or 0) - (passed or 0), id_ if unknown else None)
                for key, payee, raw, unknown, id_, received, passed in rows
            }
        accounts, keys, behind = self._books.of(token), self._store.keys, {}
        for key in self._graph.behind(wallet)[1:]:
            subject = self._graph.subject(key)
            if subject is not None and subject.payee is not None:
                unknown = subject.id if subject.unknown else None
                behind[key] = _Behind(subject.payee, keys.raw(key), accounts.held(key), unknown)
        return behind

    def _due(self, wallet: int, token: int, behind: Mapping[int, _Behind]) -> list[_Due]:
        """The leaves that bring something."""
        if self.is_plain:
            return self._due_plainly(wallet, token)
        accounts, keys = self._books.of(token), self._store.keys
        dues = []
        for payee in (wallet, *behind):
            for leaf in self._graph.paying(payee):
                amount = accounts.due(leaf)
                if amount > 0:
                    split, place, now = leaf.split, leaf.place, accounts.received(leaf.split)
                    now = max(now * leaf.shares // leaf.total - accounts.claimed(leaf), 0)
                    complete = not accounts.restless(split)
                    dues.append((keys.raw(split), place, split, payee, amount, now, complete))
        return dues

    def _due_plainly(self, wallet: int, token: int) -> list[_Due]:
        dues = []
        for row in self._store.rows(_DUE, wallet=wallet, token=token):
            raw, place, split, payee, shares, total, received, virtual, restless, claimed = row
            had = claimed or 0
            amount = virtual * shares // total - had
            if amount > 0:
                now = received * shares // total - had
                dues.append((raw, place, split, payee, amount, now if now > 0 else 0, not restless))
        return dues

    def _told(
        self, behind: Mapping[int, _Behind], payees: Iterable[int]
    ) -> dict[int, tuple[bytes, tuple[str, bytes] | None]]:
        """What is told of each of some payees, which lead to a wallet: the key of a subject, and of
        a rights token that nobody put on record the registry and ID that it stands for."""
        unknown = {payee: self._unknown(behind, payee) for payee in payees}
        numbers = {number for number in unknown.values() if number is not None}
        self._graph.load(numbers)
        known = {number: self._graph.subject(number) for number in numbers}
        keys = self._store.keys
        keys.load({key for each in known.values() if each for key in (each.contract, each.id)})
        names = {
            number: (keys.address(each.contract), keys.raw(each.id))
            for number, each in known.items()
            if each
        }
        return {
            payee: (
                behind[payee].key if payee in behind else ZERO32,
                None if number is None else names.get(number),
            )
            for payee, number in unknown.items()
        }

    def _unknown(self, behind: Mapping[int, _Behind], payee: int) -> int | None:
        """What an unknown rights token stands for. Such a token stands for a wallet, so there is
        one at most, and it is the last."""
        seen: set[int] = set()
        while payee in behind and payee not in seen:
            seen.add(payee)
            subject = behind[payee]
            if subject.unknown is not None:
                return subject.unknown
            payee = subject.payee
        return None

    # The way

    def steps(self, owed: Iterable[Owed], lists: Mapping[bytes, Listed]) -> tuple[Step, ...]:
        """What brings all of these, token by token, each step after those that it needs.

        Args:
            lists: by key, the long lists of which some are.
        """
        by_token: defaultdict[str, list[Owed]] = defaultdict(list)
        for row in owed:
            by_token[row.token].append(row)
        return tuple(
            step
            for token, rows in by_token.items()
            for step in self._paid_once(list(self._steps(token, rows, lists)))
        )

    def _steps(self, token: str, rows: list[Owed], lists: Mapping[bytes, Listed]) -> Iterable[Step]:
        keys = self._store.keys
        keys.find(row.split if row.leaf >= 0 else row.subject for row in rows)
        accounts = self._books.of(keys.number(token))
        leaves, waiting, listed = [], [], []
        for row in rows:
            if row.split in lists:
                listed.append(row)
            elif row.leaf >= 0:
                leaves.append(self._graph.leaf(keys.number(row.split), row.leaf))
            else:
                waiting.append(keys.number(row.subject))
        above = [keys.number(row.split) for row in listed]
        moves = moves_to(accounts, self._graph, leaves, waiting, above)
        yield from self._walk(token, moves)
        for row in listed:
            leaf = next(leaf for leaf in lists[row.split].leaves if leaf.place == row.leaf)
            proof = leaf.proof
            yield ClaimStep(
                token, lists[row.split].opening, leaf.payee, leaf.shares, proof.side, proof.path,
                b"", row.amount,
            )  # fmt: skip

    def _paid_once(self, steps: list[Step]) -> list[Step]:
        """Where several steps pay out one subject that stands for a wallet, only the last resolves
        it, so that the wallet is paid once."""
        resolved: set[bytes] = set()
        once: list[Step] = []
        for step in reversed(steps):
            if isinstance(step, ResolveStep):
                resolved.add(ids.subject(step.account, step.id))
            elif step.opening and self._is_last(step.payee):
                if step.payee in resolved:
                    step = replace(step, opening=b"")
                resolved.add(step.payee)
            once.append(step)
        return once[::-1]

    def _is_last(self, subject: bytes) -> bool:
        payee = self._graph.payee(self._store.keys.number(subject))
        return payee is not None and is_wallet(payee)

    def _walk(self, token: str, moves: Moves) -> Iterable[Step]:
        keys, known = self._store.keys, dict[int, Split]()
        for move in moves.moves:
            leaf = move.leaf
            if leaf is None:
                yield ResolveStep(token, *self._of(move.subject))
                continue
            split = known.get(leaf.split)
            if split is None:
                split = known[leaf.split] = self._splits.get(keys.raw(leaf.split))
            proof = split.proof(leaf.place)
            opening = ids.subject_opening(*self._of(move.subject)) if move.subject else b""
            payee, shares = split.leaves[leaf.place]
            yield ClaimStep(
                token, split.opening, payee, shares, proof.side, proof.path, opening, move.amount
            )

    def _of(self, subject: int) -> tuple[str, bytes]:
        known = self._graph.subject(subject)
        if known is None:
            raise LookupError(f"no subject has the number {subject}")
        return self._store.keys.address(known.contract), self._store.keys.raw(known.id)
