"""Which payees money can still come through on its way to a wallet."""

from collections.abc import Callable, Collection, Iterable, Mapping

from kiseki.core.split import Split

__all__ = ["ahead"]


def ahead(
    wanted: Collection[bytes],
    tiers: Mapping[bytes, Iterable[bytes]],
    split: Callable[[bytes], Split | None],
    payee: Callable[[bytes], bytes | None],
) -> dict[bytes, tuple[int, ...]]:
    """The waterfalls that pay some wallets: at once, or through splits, subjects and each other.

    Args:
        wanted: payee keys of the wallets.
        tiers: of each known waterfall, by its payee key, the payee keys of its tiers.
        split: the split with a key, if its leaves are known.
        payee: whom a subject stands for now; nothing for nobody and for what is none.

    Returns:
        Payee key -> the tiers that lead to one of the wallets, counted from 1; in the order of
        `tiers`. A waterfall that is wanted itself is there when it pays another that is.
    """

    def behind(key: bytes) -> Iterable[bytes]:
        if key in tiers:
            return tiers[key]
        stands = payee(key)
        if stands is not None:
            return [stands]
        known = split(key)
        return [leaf for leaf, _ in known.leaves] if known else []

    def reaches(first: bytes, start: bytes) -> bool:
        left, seen = [first], {start}
        while left:
            key = left.pop()
            if key in wanted and key != start:
                return True
            if key not in seen:
                seen.add(key)
                left += behind(key)
        return False

    leading = {
        fall: tuple(place for place, key in enumerate(keys, 1) if reaches(key, fall))
        for fall, keys in tiers.items()
    }
    return {fall: places for fall, places in leading.items() if places}
