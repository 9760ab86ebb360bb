"""Which payees money can still come through on its way to a wallet."""

from collections.abc import Callable, Iterable, Mapping

from kiseki.core.split import Split

__all__ = ["ahead"]


def ahead(
    wanted: bytes,
    tiers: Mapping[bytes, Iterable[bytes]],
    split: Callable[[bytes], Split | None],
    payees: Mapping[bytes, bytes],
) -> list[bytes]:
    """The waterfalls that pay somebody: at once, or through splits, subjects and each other.

    Args:
        wanted: payee key of a wallet.
        tiers: of each known waterfall, by its payee key, the payee keys of its tiers.
        split: the split with a key, if its leaves are known.
        payees: subject -> whom it stands for now.

    Returns:
        Their payee keys, in the order of `tiers`; never `wanted` itself.
    """

    def behind(key: bytes) -> Iterable[bytes]:
        if key in tiers:
            return tiers[key]
        if key in payees:
            return [payees[key]]
        known = split(key)
        return [payee for payee, _ in known.leaves] if known else []

    def reaches(start: bytes) -> bool:
        left, seen = list(tiers[start]), {start}
        while left:
            key = left.pop()
            if key == wanted:
                return True
            if key not in seen:
                seen.add(key)
                left += behind(key)
        return False

    return [each for each in tiers if each != wanted and reaches(each)]
