"""Which payees money can still come through on its way to a wallet."""

from collections.abc import Callable, Collection, Iterable, Mapping

from kiseki.core.split import Split

__all__ = ["ahead"]


def ahead(
    wanted: Collection[bytes],
    tiers: Mapping[bytes, Iterable[bytes]],
    split: Callable[[bytes], Split | None],
    payees: Mapping[bytes, bytes],
) -> list[bytes]:
    """The waterfalls that pay some wallets: at once, or through splits, subjects and each other.

    Args:
        wanted: payee keys of the wallets.
        tiers: of each known waterfall, by its payee key, the payee keys of its tiers.
        split: the split with a key, if its leaves are known.
        payees: subject -> whom it stands for now.

    Returns:
        Their payee keys, in the order of `tiers`. One that is wanted itself is there when it pays
        another that is.
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
            if key in wanted and key != start:
                return True
            if key not in seen:
                seen.add(key)
                left += behind(key)
        return False

    return [each for each in tiers if reaches(each)]
