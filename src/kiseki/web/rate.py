"""An exchange rate that whoever runs the site named, with the day for which it holds.

A site asks nobody for prices: it would trust, and tell, a stranger. So it says yen only where it
was told a rate, always with the day, and never moves money by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from kiseki.errors import InvalidInput

__all__ = ["Rate"]

_ETHER = 10**18
_FORM = re.compile(r"([1-9][0-9]{0,11})@([0-9]{4}-[0-9]{2}-[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Rate:
    """What one ether was worth.

    Attributes:
        yen: whole yen.
        day: on which somebody looked that up.
    """

    yen: int
    day: date

    @classmethod
    def of(cls, text: str) -> Rate:
        """As somebody types it: ``412000@2026-11-30``.

        Raises:
            InvalidInput: it is none, or of a day that is still to come.
        """
        found = _FORM.fullmatch(text.replace(",", ""))
        try:
            day = date.fromisoformat(found[2]) if found else None
        except ValueError:
            day = None
        if found is None or day is None:
            raise InvalidInput(
                "--yen is what one ether is worth in yen, and the day of that rate: "
                "412000@2026-11-30"
            )
        return cls(int(found[1]), day)

    def of_wei(self, wei: int) -> int:
        """An amount in yen, rounded up: nobody pays less than a page said."""
        return -(-wei * self.yen // _ETHER)
