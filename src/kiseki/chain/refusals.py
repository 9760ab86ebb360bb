"""What a node means by a refusal.

JSON-RPC leaves the words to each node, so what Kiseki does about a refusal hangs on words. They are
here and nowhere else; a test has real refusals of each node, with their sources.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property
from typing import Any

from kiseki.core.amounts import in_units
from kiseki.core.values import from_hex, one_line
from kiseki.errors import InvalidInput

__all__ = ["Kind", "Refusal"]


class Kind(StrEnum):
    """What a refusal is about, and so what can be done.

    Attributes:
        REVERT: a contract refused.
        METHOD: the node has no such method; another node may.
        KNOWN: the node has the transaction already.
        NONCE: the nonce was used by a transaction that is in a block.
        FUNDS: the wallet cannot pay it.
        FEE: it offers too little for a unit of gas.
        LAG: the node does not have a block yet that was asked about; it will, or another node does.
        PRUNED: the node has dropped blocks that old; another node may have them.
        LIMIT: too much was asked in one question or request; less may be answered.
        RATE: too much was asked in a time; later it may be answered.
        OTHER: nothing that Kiseki knows.
    """

    REVERT = "revert"
    METHOD = "unknown method"
    KNOWN = "known"
    NONCE = "nonce"
    FUNDS = "funds"
    FEE = "fee"
    LAG = "lag"
    PRUNED = "pruned"
    LIMIT = "limit"
    RATE = "rate"
    OTHER = "other"


_BY_CODE = {
    3: Kind.REVERT,
    -32601: Kind.METHOD,
    -32604: Kind.METHOD,
    429: Kind.RATE,
    4444: Kind.PRUNED,
}
"""Error codes that mean one thing: go-ethereum's, JSON-RPC's, Besu's, HTTP's, EIP-4444's."""

_WORDS: tuple[tuple[Kind, str], ...] = (
    (Kind.REVERT, r"revert"),
    (
        Kind.METHOD,
        r"method not (found|supported|enabled)|does not exist/is not available|unsupported method"
        r"|unknown method|method .{1,60} (is )?not (supported|available|enabled|allowed)"
        r"|endpoint not implemented",
    ),
    (
        Kind.KNOWN,
        r"already known|already imported|alreadyknown|\bknown transaction|same hash"
        r"|already in (the )?(mem)?pool",
    ),
    (
        Kind.NONCE,
        r"(?<!authority )nonce (is )?too low|nonce has already been used|\bold ?nonce"
        r"|ownnoncealreadyused",
    ),
    (
        Kind.FUNDS,
        r"insufficient ?funds|insufficient (sender )?balance|for sender balance|lack of funds"
        r"|cost exceeds account balance|enough funds|exceeds transaction sender account balance",
    ),
    (
        Kind.FEE,
        r"underpriced|fee ?too ?low|tip (\d+ is )?too low|gas price too low"
        r"|(less|lower) than (the )?(block|current) ?base ?fee|max fee per gas less"
        r"|(gas )?price below|priority fee below|below current base fee|gas tip cap"
        r"|insufficient gas price|could not replace existing|replacementnotallowed"
        r"|insufficient fees?\b|base ?fee exceeds gas ?limit|minimum gas price|tip needed",
    ),
    (Kind.LIMIT, r"batch.{0,40}(limit|large|big|size|max|exceed|many)|(many|exceeds).{0,40}batch"),
    (
        Kind.PRUNED,
        r"pruned|due to pruning|missing trie node|receipts? not available for|before txnum"
        r"|neither stored nor",
    ),
    (
        Kind.LAG,
        r"(header|block|resource) ?(\S+ )?not found|resourcenotfound|unknown block"
        r"|\d (could|can) ?not be found|(could not|cannot) find (block|header)"
        r"|invalid block range params"
        r"|one of the blocks? specified in filter|header for hash not found"
        r"|beyond (current |the )?(chain )?head|exceeds (the )?(chain |current )?head"
        r"|greater than (the )?(latest|head|current) block|blockoutofrange|in the future"
        r"|future block|not (yet )?available yet|does not have the requested block"
        r"|initial sync is still|(still|is) syncing|unfinalized data|not available \(head block"
        r"|after last accepted block",
    ),
    (
        Kind.RATE,
        r"too many requests|rate.?limit|request rate|rate exceeded|compute units"
        r"|(requests?|rps) limit|throughput|monthly capacity|concurrent requests"
        r"|(per|/) ?sec|daily request|quota|usage limit|exceeded .{0,20}credits",
    ),
    (
        Kind.LIMIT,
        r"block ?range|blocks range|range limit|maximum rpc range|limited to .{1,40} range"
        r"|range \d+ (is bigger|exceeds)|exceeds .{0,20}range|too many (blocks|logs|results)"
        r"|returned more than|returns too many|exceeds? max(imum)? (results|logs|block)"
        r"|results? .{0,20}exceed|max results|response (size|is too|too)|too (big|large)"
        r"|(query|request|execution|operation) (timed out|timeout|aborted)|timeout exceeded"
        r"|timeout expired|deadline exceeded|limit exceeded|more than \d+ (blocks|results|logs)"
        r"|narrow|blocks distance|requested blocks|smaller than size|limit the query to at most"
        r"|ranges over|block span|logs matched",
    ),
)
"""In this order, because what a word means can hang on another: a rate limit limits no range."""

_FOUND = tuple((kind, re.compile(words)) for kind, words in _WORDS)
_LEAST = re.compile(
    r"(?:minimum needed|tip needed|minimum required priority fee(?: is)?|pool gas tip cap"
    r"|(?:minimum|required) (?:gas )?(?:tip|price)(?: cap)?(?: is)?|at least):? \(?(\d{1,28})\b"
)
_RANGE = re.compile(
    r"(?:should work|try with this block range|retry with the range):? \[?"
    r"(0x[0-9a-f]{1,16}|\d{1,18})(?:, ?|-)(0x[0-9a-f]{1,16}|\d{1,18})\b"
)
_BLOCKS = re.compile(
    r"(?:limit(?:ed)?(?: (?:of|to))?|up to|at most|exceeds?|greater than|ranges over|filter|size"
    r"|max(?:imum)?(?: block)?(?: (?:range|is|is set to|allowed number of requested blocks is"
    r"|\[from, to\] blocks distance))?|\d >)"
    r"[ :=]{0,3}(?:a |0 - )?(\d{1,3}(?:,\d{3})+|\d{1,9})(k?)\b"
)
_RESULTS = re.compile(r"\b(results|logs matched|bytes|batch)\b")
"""With them a number need not be one of blocks."""

_BEFORE = r"(?<!gas )(?<!gas: )(?<!limit )(?<!limit: )(?<!nonce )(?<!nonce: )(?<![\w.\[#-])"
_AMOUNT = re.compile(_BEFORE + r"(?:[0-9]+|0x[0-9a-fA-F]{1,32})(?!\w|\.[0-9])")
_PRICE = re.compile(_BEFORE + r"[0-9]{7,}(?!\w|\.[0-9])")
"""Amounts and prices, but no gas, nonce, place in a list, address or hash."""
_GWEI = 9


class Refusal(Exception):  # noqa: N818 - an answer, which is raised only where one is expected
    """What a node answered instead of a result.

    Attributes:
        message: its words.
        data: what came with it: of a call that reverted, what it returned.
        code: its number, where it gave one.
    """

    def __init__(self, error: Any) -> None:
        if isinstance(error, str):  # what stands before a node, as a gateway, may know no better
            error = {"message": error}
        if not isinstance(error, dict):
            raise ValueError("an error that is none")
        super().__init__(error.get("message"))
        self.message = str(error.get("message", ""))
        self.data = error.get("data")
        code = error.get("code")
        self.code = code if isinstance(code, int) and not isinstance(code, bool) else None

    @cached_property
    def kind(self) -> Kind:
        """What it is about."""
        if self.returned:
            return Kind.REVERT
        if self.code in _BY_CODE:
            return _BY_CODE[self.code]
        said = self.message[:2_000].lower()
        if isinstance(self.data, str):  # some put the words beside "invalid params"
            said += " " + self.data[:2_000].lower()
        elif isinstance(self.data, dict) and isinstance(self.data.get("payload"), str):
            said += " " + self.data["payload"][:2_000].lower()
        return next((kind for kind, words in _FOUND if words.search(said)), Kind.OTHER)

    def words(self, currency: str = "of the chain's currency") -> str:
        """What it says, for people: amounts that nodes count in wei are said in the currency, and
        prices of gas in gwei.

        Args:
            currency: what gas is paid in there, where that is known.
        """
        said = one_line(self.message)
        if self.kind is Kind.FUNDS:
            return _AMOUNT.sub(lambda found: f"{in_units(_number(found[0]))} {currency}", said)
        if self.kind is Kind.FEE:
            return _PRICE.sub(lambda found: f"{in_units(int(found[0]), _GWEI)} gwei", said)
        return said

    @property
    def returned(self) -> bytes:
        """What a call that reverted returned; empty where nothing came with it."""
        data = self.data
        if isinstance(data, dict):
            data = data.get("data")
        try:  # some nodes write "Reverted 0x…"
            return from_hex(str(data).removeprefix("Reverted "), None, "the revert data")
        except InvalidInput:
            return b""

    @property
    def blocks(self) -> int | None:
        """How many blocks the node takes at once, where it refuses more and says so."""
        said = self.message[:2_000].lower()
        if self.kind is not Kind.LIMIT or _RESULTS.search(said):
            return None
        told = _BLOCKS.search(said)
        if told is None:
            return None
        return int(told[1].replace(",", "")) * (1_000 if told[2] else 1) or None

    @property
    def range(self) -> tuple[int, int] | None:
        """The first and the last block of a range that the node would answer now, where it refuses
        a longer one and says so."""
        told = _RANGE.search(self.message[:2_000].lower())
        if self.kind is not Kind.LIMIT or told is None:
            return None
        return _number(told[1]), _number(told[2])

    @property
    def least(self) -> int | None:
        """The least tip that the node takes, in wei, where it refuses a fee and says so."""
        found = _LEAST.search(self.message[:2_000].lower()) if self.kind is Kind.FEE else None
        return int(found[1]) if found else None


def _number(text: str) -> int:
    return int(text, 16 if text.startswith("0x") else 10)
