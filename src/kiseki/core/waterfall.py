"""Waterfalls: money by tiers, the first until it has had its size, then the next.

How film committees are paid: a fee off the top, then the investors until they have recouped, then
the shares in the profit. Each tier is a split or a subject; a wallet is a split of one, so that one
that refuses money holds up nobody behind it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kiseki.core import ids
from kiseki.core.split import Split
from kiseki.core.values import ZERO32, address, address_text, uint
from kiseki.errors import InvalidInput

__all__ = ["Plan", "Tier"]

_MOST = 16


@dataclass(frozen=True, slots=True)
class Tier:
    """Who is paid until a tier has had its size.

    Attributes:
        opening: of the payee: 76 bytes of a split, or 52 of a subject.
        sizes: token -> base units that it takes before the next begins; empty in the last.
        split: the split, where it is one and is known: its payees must find themselves.
    """

    opening: bytes
    sizes: Mapping[str, int]
    split: Split | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.opening) not in (52, 76):
            raise InvalidInput("a tier's payee is a split or a subject; a wallet is a split of one")
        if len(self.opening) == 76 and not any(self.opening[32:44]):
            raise InvalidInput("a tier's split has no shares; nobody could ever be paid")
        if len(self.opening) == 52 and not any(self.opening[:20]):
            raise InvalidInput("a tier's subject is the zero address's; nobody could ever be paid")
        sizes = {
            address_text(address(token, "a token")): uint(size, 128, "a tier's size", 1)
            for token, size in self.sizes.items()
        }
        object.__setattr__(self, "sizes", dict(sorted(sizes.items())))

    @classmethod
    def to(cls, payee: Split | str | bytes, sizes: Mapping[str, int] | None = None) -> "Tier":
        """A tier that pays a split, a wallet by its address, or whatever an opening opens."""
        if isinstance(payee, str):
            payee = Split([(ids.wallet(payee), 1)])
        if isinstance(payee, Split):
            return cls(payee.opening, sizes or {}, payee)
        return cls(payee, sizes or {})

    @property
    def payee(self) -> bytes:
        """Its key."""
        if len(self.opening) == 52:
            return ids.subject(address_text(self.opening[:20]), self.opening[20:])
        total = int.from_bytes(self.opening[32:44])
        return ids.split_key(self.opening[:32], total, self.opening[44:])


@dataclass(frozen=True, slots=True)
class Plan:
    """A waterfall.

    Attributes:
        tiers: 1 to 16, in order; every one but the last has a size in the same tokens.
        salt: keeps equal plans apart.

    Money in a token that no tier has a size in goes to the first: paying in another currency does
    not go around those who recoup.
    """

    tiers: Sequence[Tier]
    salt: bytes = ZERO32

    def __post_init__(self) -> None:
        object.__setattr__(self, "tiers", tuple(self.tiers))
        if not 1 <= len(self.tiers) <= _MOST:
            raise InvalidInput(f"a waterfall has 1 to {_MOST} tiers")
        if self.tiers[-1].sizes:
            raise InvalidInput("the last tier takes all that is left; give it no size")
        if any(list(each.sizes) != self.tokens for each in self.tiers[:-1]):
            raise InvalidInput("every tier but the last has a size in each of the same tokens")
        if len(self.tiers) > 1 and not self.tokens:
            raise InvalidInput("every tier but the last has a size in at least one token")

    @property
    def tokens(self) -> list[str]:
        """The tokens in which tiers have sizes, ascending."""
        return list(self.tiers[0].sizes)

    @property
    def values(self) -> tuple[object, ...]:
        """As calls take it."""
        tokens = self.tokens
        tiers = [(each.opening, [each.sizes[t] for t in tokens] if each.sizes else [])
                 for each in self.tiers]  # fmt: skip
        return (tokens, tiers, self.salt)

    def dues(self, token: str, passed: int, amount: int) -> list[int]:
        """What each tier gets of `amount`, when `passed` went through before; adds up to it.

        Args:
            token: an address.
            passed, amount: base units.
        """
        found, left, before = [], amount, passed
        known = address_text(address(token, "the token")) in self.tokens
        for number, tier in enumerate(self.tiers):
            last = number == len(self.tiers) - 1 or not known
            size = left + before if last else tier.sizes[token.lower()]
            mine = min(left, max(0, size - before))
            found.append(mine)
            left, before = left - mine, max(0, before - size)
        return found
