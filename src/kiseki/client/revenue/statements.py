"""Royalty statements, paid line by line and held against the chain; `Kiseki.revenue.statement`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kiseki.chain.contract.contracts import Call
from kiseki.chain.sending.fees import MOST_GAS_TRIED
from kiseki.chain.sending.outcome import Receipt
from kiseki.client.payable import payable
from kiseki.client.revenue.allowances import approve
from kiseki.client.wallet import Wallet
from kiseki.core.amounts import parse
from kiseki.core.payee import Payee
from kiseki.core.statement import Line, RoyaltyStatement
from kiseki.core.values import ZERO_ADDRESS, address, to_hex
from kiseki.disk import texts
from kiseki.disk.tables import PLAIN, Format, Table
from kiseki.errors import ContractReverted, InvalidInput

__all__ = ["Reconciled", "Statements"]

_COLUMNS = ("channel", "territory", "payee", "amount")
_AT_ONCE = 100
"""Lines in one transaction at most; fewer where they need more gas."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A line of a statement held against the chain.

    Attributes:
        line: what the statement says.
        reference: that its payment carries, 32 bytes.
        paid: what came in with it for its payee in its token, in base units.
        elsewhere: what came in with it for another payee or in another token.
        transactions: that brought it.
    """

    line: Line
    reference: bytes
    paid: int
    elsewhere: int
    transactions: tuple[bytes, ...]

    @property
    def is_right(self) -> bool:
        """Whether exactly what the statement says came in."""
        return self.paid == self.line.amount and not self.elsewhere


@dataclass(frozen=True, slots=True)
class Statements:
    """Paying statements, and holding them against the chain."""

    wallet: Wallet

    def read(
        self,
        path: Path,
        payees: Callable[[str], Payee],
        decimals: int | None = None,
        form: Format = PLAIN,
        *,
        period: str = "",
        token: str = ZERO_ADDRESS,
        number: str = "",
    ) -> RoyaltyStatement:
        """A statement from its JSON, or from a table with channel, territory, payee and amount.

        Args:
            payees: whom a payee's column means, in a table.
            decimals: of the token, which amounts without a unit are in, in a table; ``None``
                for ether.
            form: how a table is to be read, where it does not say so itself.
            period, token, number: of the statement, where it is a table.

        Raises:
            FilesError, InvalidInput: it cannot be read, or a row is none; with its number.
        """
        if decimals is None and token != ZERO_ADDRESS:
            raise InvalidInput("say how many decimals the token has, as decimals=6")
        if path.suffix == ".json":
            return RoyaltyStatement.from_json(texts.read(path))
        lines: dict[Line, int] = {}
        with Table(path, _COLUMNS, form) as table:
            table.need(_COLUMNS)
            for channel, territory, payee, amount in table:
                column = "payee"
                try:
                    key = payees(payee.strip()).key
                    column = "amount"
                    units = parse(amount, decimals, table.decimal)
                    column = ""
                    line = Line(channel.strip(), territory.strip(), key, units)
                    if lines.setdefault(line, table.row) != table.row:
                        raise InvalidInput(
                            f"it says the same as row {lines[line]} and would be paid too; leave "
                            "one out, or write their sum in one row"
                        )
                except (InvalidInput, LookupError) as error:
                    raise table.refusal(column, error) from error
        return RoyaltyStatement(period, token, list(lines), number)

    def pay(
        self, statement: RoyaltyStatement, openings: Mapping[bytes, bytes] | None = None
    ) -> tuple[Receipt, ...]:
        """Pays every line that is not paid yet, several in a transaction.

        Run again, it pays what is missing and nothing twice.

        Args:
            openings: payee -> its opening, of splits and subjects that were never paid in this
                token and that the index does not know.

        Raises:
            InvalidInput: a payee is not known or could never be paid, or a line was paid otherwise
                than it says.
            ContractReverted, ChainError: no funds, or the token refuses; what was paid stays.
        """
        for line in statement.lines:
            payable(Payee(line.payee, (openings or {}).get(line.payee, b"")))
        lines = self.reconcile(statement, self.wallet.address)
        for each in lines:
            if each.elsewhere or each.paid not in (0, each.line.amount):
                raise InvalidInput(
                    f"the line {each.line.channel}, {each.line.territory} was paid otherwise than "
                    "it says; look at it with `kiseki revenue statement check`, then pay the rest "
                    "by hand"
                )
        splitter = self.wallet.session["RevenueSplitter"].address
        rest = sum(each.line.amount for each in lines if not each.paid)
        approve(self.wallet, statement.token, splitter, rest)
        receipts: list[Receipt] = []
        # Cut by their places, so that a run that was interrupted is gone on with by the very same
        # transactions, which the journal knows again.
        for start in range(0, len(lines), _AT_ONCE):
            some = [each for each in lines[start : start + _AT_ONCE] if not each.paid]
            if some:
                receipts += self._bring(some, statement.token, openings or {})
        return tuple(receipts)

    def reconcile(self, statement: RoyaltyStatement, payer: str | None = None) -> list[Reconciled]:
        """Every line with what came in for it, as the chain says now.

        Args:
            payer: who paid it; anybody if nobody is named. Once a line is paid its reference is
                public, and others can pay with it too.
        """
        who = None if payer is None else to_hex(address(payer, "the payer"))
        references = statement.references()
        found = self.wallet.session.index.deposits(references)
        result = []
        for line, reference in zip(statement.lines, references, strict=True):
            paid = elsewhere = 0
            mine = [each for each in found[reference] if who in (None, each.payer)]
            for each in mine:
                if (each.payee, each.token) == (line.payee, statement.token):
                    paid += each.amount
                else:
                    elsewhere += each.amount
            brought = tuple(dict.fromkeys(each.transaction for each in mine))
            result.append(Reconciled(line, reference, paid, elsewhere, brought))
        return result

    def _bring(
        self, some: list[Reconciled], token: str, openings: Mapping[bytes, bytes]
    ) -> Iterator[Receipt]:
        sender = self.wallet.sender
        contract = self.wallet.session["RevenueSplitter"]
        value = sum(each.line.amount for each in some) if token == ZERO_ADDRESS else 0
        calls = [
            contract.call(
                "deposit",
                each.line.payee,
                self._opening(each.line.payee, openings),
                token,
                each.line.amount,
                each.reference,
            ).data
            for each in some
        ]
        call: Call = contract.call("multicall", calls, False, value=value)
        gas = MOST_GAS_TRIED + 1
        if sender.fits(call):
            try:
                gas = sender.estimate(call)
            except ContractReverted:  # out of gas, or one is refused
                if len(some) == 1:
                    raise
        if gas > MOST_GAS_TRIED and len(some) > 1:
            half = len(some) // 2
            yield from self._bring(some[:half], token, openings)
            yield from self._bring(some[half:], token, openings)
        else:
            yield sender.send(call, gas)

    def _opening(self, payee: bytes, openings: Mapping[bytes, bytes]) -> bytes:
        """Always shown, though it need not be: another transaction would be another payment."""
        if not any(payee[:12]):
            return b""
        return openings.get(payee) or self.wallet.session.index.opening(payee)
