"""What stands on the chain beside what is asked for: the same in every value, or said otherwise.

Provider, root and terms are in a collection's ID, so others give another collection. Count, payee
and origin are not, and the payee and consent change later: "there already" is said only where all
of them are as asked. The same holds for what is not in the ID of a model or batch.
"""

from __future__ import annotations

from collections.abc import Iterable

from kiseki.client.kinds import KINDS
from kiseki.core.payee import Payee
from kiseki.core.values import to_hex
from kiseki.errors import Difference, DifferentValues

__all__ = ["compare", "document", "paid"]


def compare(kind: str, group: bytes, values: Iterable[tuple[str, str, str]], advice: str) -> None:
    """Holds what is asked for against what stands on the chain.

    Args:
        kind: ``collection``, ``model`` or ``batch``.
        group: its ID.
        values: of each value its name, what is asked for and what stands, in words.
        advice: what to do where they differ.

    Raises:
        DifferentValues: something is not as asked; it names every such value.
    """
    found = tuple(
        Difference(name, asked, stands) for name, asked, stands in values if asked != stands
    )
    if found:
        said = "; ".join(
            f"{each.what}: asked for is {each.asked}, on the chain stands {each.stands}"
            for each in found
        )
        raise DifferentValues(
            f"{KINDS[kind]}_DifferentValues",
            {kind: group},
            f"the {kind} {to_hex(group)} is registered already, and not as asked: {said}; "
            f"nothing was sent for it; {advice}",
            found,
        )


def paid(asked: Payee, stands: bytes) -> tuple[str, str, str]:
    """Who is paid, as `compare` takes it: whoever has this key is the same, however it is said."""
    there = asked if asked.key == stands else Payee(stands)
    return ("who is paid", asked.words(), there.words())


def document(what: str, asked: bytes, stands: bytes) -> tuple[str, str, str]:
    """A document's hash, as `compare` takes it."""
    asked_, stands_ = (to_hex(each) if any(each) else "none" for each in (asked, stands))
    return (what, asked_, stands_)
