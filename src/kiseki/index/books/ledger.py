"""What the splitter's ledger holds, rebuilt from its events; one token at a time."""

from collections import defaultdict
from dataclasses import dataclass, field

from kiseki.core import ids
from kiseki.index.store.sqlite import Store

__all__ = ["Deposit", "Ledger", "deposits", "is_wallet", "read_ledger", "tokens"]


def is_wallet(payee: bytes) -> bool:
    """Whether a payee key is paid out at once."""
    return ids.wallet_address(payee) is not None


def _counts() -> defaultdict[bytes, int]:
    return defaultdict(int)


@dataclass(slots=True)
class Ledger:
    """The accounts of one token, in base units.

    Attributes:
        token: its address; the zero address is ether.
        deposited: all that came in from outside.
        paid: wallet key -> all that was paid out to it.
        received: split or subject -> all that ever reached it.
        passed: split or subject -> all that it passed on.
        claimed: split -> where a leaf begins -> what that leaf was passed.
    """

    token: str
    deposited: int = 0
    paid: defaultdict[bytes, int] = field(default_factory=_counts)
    received: defaultdict[bytes, int] = field(default_factory=_counts)
    passed: defaultdict[bytes, int] = field(default_factory=_counts)
    claimed: defaultdict[bytes, defaultdict[int, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )

    def credit(self, payee: bytes, amount: int) -> None:
        """Pays a wallet, adds to a split or subject."""
        accounts = self.paid if is_wallet(payee) else self.received
        accounts[payee] += amount

    def held(self, account: bytes) -> int:
        """What a split or subject received and did not pass on."""
        return self.received.get(account, 0) - self.passed.get(account, 0)


@dataclass(frozen=True, slots=True)
class Deposit:
    """What was paid in.

    Attributes:
        payee: 32 bytes.
        token, payer: lower case.
        amount: base units that arrived.
        time: Unix seconds.
        transaction: 32 bytes.
    """

    payee: bytes
    token: str
    payer: str
    amount: int
    time: int
    transaction: bytes


def deposits(store: Store, reference: bytes) -> list[Deposit]:
    """What was paid in with a reference, earliest first."""
    rows = store.rows(
        "SELECT payee, token, payer, amount, time, tx FROM deposit"
        " JOIN event USING (block, position) WHERE ref = ? ORDER BY block, position",
        reference,
    )
    return [
        Deposit(payee, token, payer, int(amount), time, tx)
        for payee, token, payer, amount, time, tx in rows
    ]


def tokens(store: Store) -> list[str]:
    """Every token that ever came in, ether (the zero address) first."""
    return [token for (token,) in store.rows("SELECT DISTINCT token FROM deposit ORDER BY token")]


def read_ledger(store: Store, token: str) -> Ledger:
    """The ledger of one token as of the events applied."""
    ledger = Ledger(token)
    for payee, amount in store.rows("SELECT payee, amount FROM deposit WHERE token = ?", token):
        ledger.deposited += int(amount)
        ledger.credit(payee, int(amount))
    claims = store.rows("SELECT split, payee, lo, amount FROM claim WHERE token = ?", token)
    for split, payee, lo, amount in claims:
        ledger.passed[split] += int(amount)
        ledger.claimed[split][int(lo)] += int(amount)
        ledger.credit(payee, int(amount))
    resolutions = store.rows("SELECT subject, payee, amount FROM resolution WHERE token = ?", token)
    for subject, payee, amount in resolutions:
        ledger.passed[subject] += int(amount)
        ledger.credit(payee, int(amount))
    return ledger
