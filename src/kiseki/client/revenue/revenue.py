"""Revenue: paying in, what is owed, and claiming it."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kiseki.chain.contract.contracts import Call, Contract, erc20, node_errors
from kiseki.chain.contract.reverts import decode_revert
from kiseki.chain.sending.fees import MOST_GAS_TRIED
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.payable import payable, receiver
from kiseki.client.revenue.allowances import approve
from kiseki.client.revenue.dues import MOST_TOKENS, Due
from kiseki.client.revenue.redirects import Redirects
from kiseki.client.revenue.splits import Splits, publication, unpublished
from kiseki.client.revenue.statements import Statements
from kiseki.client.revenue.titles import Titles
from kiseki.client.revenue.waterfalls import Ahead, Waterfalls
from kiseki.client.wallet import Signed, Wallet
from kiseki.core import ids
from kiseki.core.checksum import checksummed
from kiseki.core.days import REDIRECT_DAYS
from kiseki.core.payee import Payee
from kiseki.core.split import Split
from kiseki.core.splitlist import Listed, read_list
from kiseki.core.values import ZERO32, ZERO_ADDRESS
from kiseki.errors import ContractReverted, FilesError, InvalidInput
from kiseki.index import ClaimStep, Owed, Step

__all__ = ["ETHER", "EXECUTE_GAS", "MOST_TOKENS", "Claimed", "Redirected", "Revenue"]

ETHER = ZERO_ADDRESS
"""The token address that stands for ether."""

Failure = tuple[Step, ContractReverted]
Lists = str | Path | Iterable[str | Path]

_CONTRACT = "RevenueSplitter"
_SPLIT_OPENING = 76
_STEPS = 100
"""Steps tried at once; a transaction takes fewer where they need more gas or bytes than it may."""

EXECUTE_GAS = 600_000
"""Gas for executing one conditional transfer beside a payment, eight conditions included."""


@dataclass(frozen=True, slots=True)
class Redirected:
    """What was due to a wallet and went elsewhere; base units, addresses checksummed."""

    payee: str
    to: str
    token: str
    amount: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim came to.

    Attributes:
        amounts: wallet -> token address -> base units that its transactions paid out, as logged;
            addresses checksummed.
        receipts: of the transactions.
        failures: steps that a payee, token or subject refused, with the reason; their money waits.
        redirected: what of that went elsewhere, as the wallet had signed and as logged.
        ahead: what is on its way through waterfalls all the same, or waits for one of their tiers,
            when it was asked to come.
    """

    amounts: Mapping[str, Mapping[str, int]]
    receipts: tuple[Receipt, ...]
    failures: tuple[Failure, ...] = field(repr=False)
    redirected: tuple[Redirected, ...] = ()
    ahead: tuple[Ahead, ...] = ()

    @property
    def gas(self) -> int:
        """Gas used in all."""
        return sum(receipt.gas for receipt in self.receipts)


class Revenue:
    """Paying and being paid; `Kiseki.revenue`.

    Attributes:
        split: files of splits.
        title: series and films, as splits over their cuts.
        waterfall: payees that pass money on by tiers.
        statement: royalty statements, paid line by line and held against the chain.
        redirect: this wallet's money for another address.
    """

    def __init__(self, wallet: Wallet) -> None:
        """Use `Kiseki.revenue`."""
        self.wallet = wallet
        self.split = Splits(wallet)
        self.title = Titles(wallet)
        self.waterfall = Waterfalls(wallet)
        self.statement = Statements(wallet)
        self.redirect = Redirects(wallet)

    def pay(
        self,
        payee: Payee | Split | str,
        amount: int,
        token: str = ETHER,
        reference: bytes = ZERO32,
        executes: Iterable[bytes] = (),
    ) -> Receipt:
        """Pays from this wallet; a token is approved first, for exactly the amount.

        Args:
            payee: a batch's (`outputs.payee`), any split or subject, or a wallet's address.
            amount: base units (wei).
            token: an ERC-20's address; ether if none is named.
            reference: a statement, period or invoice, 32 bytes, logged.
            executes: IDs of conditional transfers that this payment makes due, executed in the same
                transaction; one that is not due after all stops nothing.

        Raises:
            InvalidInput: nothing is paid, or an amount that is no whole number.
            ContractReverted, ChainError: no funds, or the token refuses.
        """
        if not isinstance(amount, int) or isinstance(amount, bool) or amount <= 0:
            raise InvalidInput(
                "an amount is a whole number of base units above zero (wei for ether)"
            )
        who = payable(payee)
        approve(self.wallet, token, self._contract.address, amount)
        value = amount if token == ETHER else 0
        due = self._due(executes)

        def whole(opening: bytes) -> Call:
            call = self._contract.call(
                "deposit", who.key, opening, token, amount, reference, value=value
            )
            calls = [call.data, *due]
            return self._contract.call("multicall", calls, False, value=value) if due else call

        sender, call = self.wallet.sender, whole(who.opening)
        if len(who.opening) == _SPLIT_OPENING and int(
            self._contract.read("income", who.key, token)
        ):
            # Who was paid before was opened then, and calldata is paid for. But a run that was
            # interrupted may have sent it with the opening.
            sent = None if self.wallet.session.rehearses else sender.recall(call)
            if sent is not None:
                return sent
            call = whole(b"")
        if not due:
            return self.wallet.send(call)
        # The node finds what the payment needs; a transfer that runs short of gas fails silently.
        gas = sender.estimate(call) + len(due) * EXECUTE_GAS
        return sender.send(call, min(gas, MOST_GAS_TRIED))

    def _due(self, schedules: Iterable[bytes]) -> list[bytes]:
        """The calls that execute conditional transfers."""
        keys = list(schedules)
        if not keys:
            return []
        known = self.wallet.session.index.agreements
        rights = self.wallet.session["RightsToken"].address
        values = (known.schedule(each).schedule.values for each in keys)
        return [self._contract.call("execute", rights, each).data for each in values]

    def owed(
        self,
        wallet: str | None = None,
        lists: Lists = (),
        tokens: Iterable[str] | None = None,
    ) -> list[Owed]:
        """What a wallet is owed across all splits and subjects.

        Args:
            wallet: an address; this wallet if none is named.
            lists: files of splits that are not on the chain, or folders of them (``0x….json``);
                they may be of any length.
            tokens: addresses; where left out, ether and the others in which it is owed anything,
                :data:`MOST_TOKENS` in all.

        Raises:
            FilesError, InvalidInput: one cannot be read, or is none.
        """
        return self._owed([wallet or self.wallet.address], lists, tokens).rows

    def redirection(self, to: str, days: int = REDIRECT_DAYS) -> Signed:
        """Signs that what this wallet is owed goes to `to`, so that somebody else can bring it.

        For who has no ether to move it on; `kiseki.client.revenue.redirects` makes a file of it.
        """
        return self.redirect.sign(self.redirect.prepare(to, days))

    def claim(
        self,
        wallets: str | Iterable[str] | None = None,
        progress: Callable[[int, int], None] = lambda *_: None,
        *,
        redirections: Iterable[Signed] = (),
        lists: Lists = (),
        through: bool = False,
    ) -> Claimed:
        """Brings what is owed to its payees, in as few transactions as it takes.

        Anybody can do it for anybody: money only goes to the payee, or where the payee signed. Each
        step is tried first; one that is refused is left out and told, and stops nobody else's.
        Rights tokens that were never minted and through which something comes are put on record
        first (`unrecorded`), by a transaction each.

        Args:
            wallets: whose; this wallet's if none is named, and nobody is redirected.
            progress: called with the number of steps done and in all.
            redirections: what payees signed (`redirection`); theirs is brought there.
            lists: as `owed` takes them.
            through: first bring to the waterfalls that pay them what these are owed, and pass it
                on. It takes transactions for each, however little lies there. A dry run tries
                only those, not what comes after them.
        """
        elsewhere = {each.signer.lower(): each for each in redirections}
        named = [wallets] if isinstance(wallets, str) else list(wallets or ())
        if wallets is None and not elsewhere:
            named = [self.wallet.address]
        common = [each for each in named if each.lower() not in elsewhere]
        claimed = self._through([*common, *elsewhere]) if through else []
        # One payee is redirected at a time, so each has transactions of its own.
        if common:
            claimed.append(self._claim_owed(self._owed(common, lists), b"", progress))
        for who, signed in elsewhere.items():
            to = receiver(signed.message["message"]["to"], "the address that money is to go to")
            first = self._contract.call("redirect", signed.signer, to, signed.approval).data
            claimed.append(self._claim_owed(self._owed([who], lists), first, progress))
        return _united(claimed)

    def _through(self, wallets: Sequence[str]) -> list[Claimed]:
        """Along all waterfalls: those in front first, until nothing moves any more."""
        claimed: list[Claimed] = []
        sends = self.wallet.sender.sends
        most = len(self.wallet.session.index.waterfalls_ahead(wallets))
        for _ in range(most):  # as many as can be in a row; a ring would never come to rest
            ahead = self.waterfall.ahead(wallets)
            falls = sorted({each.waterfall for each in ahead if each.owed})
            done = self._claim_owed(self._owed(falls, ()), b"", lambda *_: None)
            brought = {
                (who.lower(), token.lower())
                for who, tokens in done.amounts.items()
                for token in tokens
            }
            passed = []
            for each in ahead:
                came = (each.waterfall, each.token) in brought if sends else each.owed
                if each.lies or came:
                    with contextlib.suppress(ContractReverted):
                        passed.append(self.waterfall.pass_on(each.waterfall, each.token))
            claimed.append(Claimed({}, (*done.receipts, *passed), done.failures))
            if not passed or not sends:
                break
        return [*claimed, Claimed({}, (), (), ahead=tuple(self.waterfall.ahead(wallets)))]

    def calls(self, wallet: str, worth: Mapping[str, int], each: int = 0) -> list[Call]:
        """What `claim` would send for a wallet, of the tokens and amounts that are worth it.

        Args:
            worth: token -> the least that is owed now for which it is brought, in base units.
            each: of that, how many percent must come from one source, else that is left out.
        """
        calls = []
        ordered = self._worth(wallet, worth, each).recorded.steps()
        for start in range(0, len(ordered), _STEPS):
            good, _ = self._tried(ordered[start : start + _STEPS], b"")
            if good:
                data = [self._call(step).data for step in good]
                gas = self.wallet.sender.estimate(self._contract.call("multicall", data, False))
                call = self._contract.call("multicall", data, True)
                calls.append(Call(call.to, call.data, 0, call.what, gas))
        return calls

    def unrecorded(
        self, wallet: str, worth: Mapping[str, int] | None = None, each: int = 0
    ) -> list[Call]:
        """What puts rights tokens on record that were never minted, and through which something
        that a wallet is owed comes. It waits in the splitter until then.

        Args:
            worth, each: as `calls` takes them; everything if left out.
        """
        due = self._owed([wallet], ()) if worth is None else self._worth(wallet, worth, each)
        return self._records(due)

    def claims(self, wallet: str) -> list[bytes]:
        """The first calls, of those that go through, that bring a wallet what it is owed; not what
        waits for a token to be put on record."""
        part = self._owed([wallet], ()).recorded.steps()[:_STEPS]
        if not part:
            return []
        good, _ = self._tried(part, b"")
        return [self._call(step).data for step in good]

    def _owed(
        self, wallets: Sequence[str], lists: Lists, tokens: Iterable[str] | None = None
    ) -> Due:
        index = self.wallet.session.index
        chosen = None if tokens is None else list(tokens)
        rows = []
        for who in wallets:
            for token in index.tokens_owed(who, limit=MOST_TOKENS) if chosen is None else chosen:
                rows += index.owed(who, token)
        wanted = {ids.wallet(who) for who in wallets}
        listed = [_read(path, wanted) for path in _files(lists)]
        for each in listed:
            for token in index.tokens_at(each.key) if chosen is None else chosen:
                rows += [row for who in wallets for row in index.owed_in_list(who, each, token)]
        return Due(index, rows, listed)

    def _worth(self, wallet: str, worth: Mapping[str, int], each: int) -> Due:
        """What a wallet is owed in tokens of which it is enough."""
        known = {token.lower(): least for token, least in worth.items()}
        owed: defaultdict[str, int] = defaultdict(int)
        due = self._owed([wallet], (), known)
        due = due.of(lambda row: row.now * 100 >= known[row.token] * each)
        for row in due.rows:
            owed[row.token] += row.now
        return due.of(lambda row: bool(row.now) and owed[row.token] >= known[row.token])

    def _records(self, due: Due) -> list[Call]:
        tokens = {row.unknown for row in due.rows if row.unknown is not None and row.amount}
        contract = self.wallet.session["RightsToken"]
        return [contract.call("reveal", *each) for each in sorted(tokens)]

    def _claim_owed(self, due: Due, first: bytes, progress: Callable[[int, int], None]) -> Claimed:
        """Brings what is owed; tokens that are on no record are put there first."""
        records = self._records(due)
        told = tuple(each.result for each in self.wallet.send_all(records))
        if records and not self.wallet.sender.sends:
            # Not on record in a dry run, so what already waits for that cannot be tried.
            due = due.of(lambda row: row.unknown is None or any(row.split))
        claimed = self._claim_all(due.steps(), first, progress)
        return replace(claimed, receipts=(*told, *claimed.receipts))

    def _claim_all(
        self, ordered: Sequence[Step], first: bytes, progress: Callable[[int, int], None]
    ) -> Claimed:
        """Brings some steps; `first` is a call before those of each transaction, if any."""
        receipts: list[Receipt] = []
        failures: list[Failure] = []
        for start in range(0, len(ordered), _STEPS):
            part = ordered[start : start + _STEPS]
            sent, refused = self._bring(part, first)
            if refused and len(refused) < len(part):  # with the others done, and gas to spare
                again, refused = self._bring([step for step, _ in refused], first)
                sent += again
            receipts += sent
            failures += refused
            progress(min(start + _STEPS, len(ordered)), len(ordered))
        amounts, redirected = self._paid_out(receipts)
        return Claimed(amounts, tuple(receipts), tuple(failures), redirected)

    def income(self, payee: Payee | Split | str, token: str = ETHER) -> int:
        """What a payee received from outside, by deposit or sweep, in base units."""
        return int(self._contract.read("income", payable(payee).key, token))

    def payment_address(self, payee: Payee | Split | str) -> str:
        """An address that pays a payee when it is swept: for marketplaces and plain transfers."""
        who = payable(payee)
        return str(self._contract.read("paymentAddress", who.key, who.opening))

    def lies(self, payee: Payee | Split | str, token: str = ETHER) -> int:
        """What lies at a payee's payment address and can be swept, in base units."""
        where = self.payment_address(payee)
        if token != ETHER:
            return int(erc20(self.wallet.session.node, token).read("balanceOf", where))
        with node_errors():
            return self.wallet.session.node.balance(where)

    def sweep(self, payee: Payee | Split | str, token: str = ETHER) -> Receipt:
        """Moves what lies at a payee's payment address into the ledger; by anybody."""
        who = payable(payee)
        return self.wallet.send(self._contract.call("sweep", who.key, who.opening, token))

    def publish(self, split: Split) -> Receipt:
        """Logs all leaves of a split, so that its payees find themselves."""
        return self.wallet.send(publication(self.wallet, split))

    def publish_missing(self, payee: Payee | Split | str) -> tuple[Receipt, ...]:
        """Logs the leaves of a payee that is a split, if they are known here and not on the chain;
        of any other payee there is nothing to log."""
        missing = unpublished(self.wallet, [payable(payee)])
        return tuple(self.publish(each) for each in missing)

    # Inside

    @property
    def _contract(self) -> Contract:
        return self.wallet.session[_CONTRACT]

    def _call(self, step: Step) -> Call:
        if isinstance(step, ClaimStep):
            share = (step.split, step.payee, step.shares, step.side, step.path)
            return self._contract.call("claim", share, step.token, step.opening)
        return self._contract.call("resolve", step.account, step.id, step.token)

    def _bring(self, part: Sequence[Step], first: bytes) -> tuple[list[Receipt], list[Failure]]:
        """Sends the steps that go through, in as many transactions as their gas needs."""
        good, refused = self._tried(part, first)
        if not good:
            return [], refused
        calls = [*([first] if first else []), *(self._call(step).data for step in good)]
        # Estimated so that a single failure fails all of it, else too little gas would seem enough.
        strict = self._contract.call("multicall", calls, False)
        gas = MOST_GAS_TRIED + 1
        if self.wallet.sender.fits(strict):
            try:
                gas = self.wallet.sender.estimate(strict)
            except ContractReverted as error:  # out of gas, or one is refused by now
                if len(good) == 1:
                    return [], [*refused, (good[0], error)]
        if gas > MOST_GAS_TRIED and len(good) > 1:
            receipts = []
            half = len(good) // 2
            for some in (good[:half], good[half:]):
                sent, lost = self._bring(some, first)
                receipts += sent
                refused += lost
            return receipts, refused
        # Where money is redirected all of it fails together: it must not go to the wallet instead.
        lenient = self._contract.call("multicall", calls, not first)
        return [self.wallet.sender.send(lenient, min(gas, MOST_GAS_TRIED))], refused

    def _paid_out(
        self, receipts: Iterable[Receipt]
    ) -> tuple[dict[str, dict[str, int]], tuple[Redirected, ...]]:
        """What was paid for whom, and where it went if elsewhere."""
        amounts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        redirected: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        for receipt in receipts:
            for event in self.wallet.session.events(receipt):
                if event.contract != _CONTRACT:
                    continue
                if event.name == "Redirected":
                    went = (event.args["payee"], event.args["to"], event.args["token"])
                    redirected[went] += event.args["amount"]
                if event.name not in ("Claimed", "Resolved"):
                    continue
                holder = ids.wallet_address(event.args["payee"])
                if holder is not None:
                    amounts[checksummed(holder)][event.args["token"]] += event.args["amount"]
        gone = tuple(Redirected(*place, amount) for place, amount in redirected.items())
        return {who: dict(tokens) for who, tokens in amounts.items()}, gone

    def _tried(self, part: Sequence[Step], first: bytes) -> tuple[list[Step], list[Failure]]:
        """The steps that go through, and those that are refused, by a call that changes nothing."""
        calls = [*([first] if first else []), *(self._call(step).data for step in part)]
        results = self._contract.read("multicall", calls, True, sender=self.wallet.address)
        if first and not results[0]["success"]:
            raise decode_revert(results[0]["data"])
        results = results[1:] if first else results
        good = [step for step, each in zip(part, results, strict=True) if each["success"]]
        refused = [
            (step, decode_revert(each["data"]))
            for step, each in zip(part, results, strict=True)
            if not each["success"]
        ]
        return good, refused


def _files(lists: Lists) -> list[Path]:
    """Files, and those of a folder that are named after a split."""
    given = [lists] if isinstance(lists, str | Path) else lists
    found: list[Path] = []
    for each in map(Path, given):
        found += sorted(each.glob("0x" + "?" * 64 + ".json")) if each.is_dir() else [each]
    return found


def _read(path: Path, wanted: Container[bytes]) -> Listed:
    try:
        with path.open("rb") as file:
            return read_list(file, wanted)
    except OSError as error:
        raise FilesError(f"{path} cannot be read ({error.strerror})") from error
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from error


def _united(claimed: Sequence[Claimed]) -> Claimed:
    amounts: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in claimed:
        for who, tokens in each.amounts.items():
            for token, amount in tokens.items():
                amounts[who][token] += amount
    return Claimed(
        {who: dict(tokens) for who, tokens in amounts.items()},
        tuple(receipt for each in claimed for receipt in each.receipts),
        tuple(failure for each in claimed for failure in each.failures),
        tuple(went for each in claimed for went in each.redirected),
        tuple(there for each in claimed for there in each.ahead),
    )
