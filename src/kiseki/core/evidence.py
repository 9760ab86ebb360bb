"""What shows that a manifest is false, as `Challenges` takes it.

Two kinds leave nothing to judge: two items of one source that do not ascend in the order in which
they stand (one item twice among them), and an item whose revocation, notice included, had taken
effect when the model's sources were judged. That an item is *not in its collection* cannot be
shown by a proof (``kiseki.core.merkle``): such a manifest can never be walked to its end.
"""

from collections.abc import Collection as Some
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kiseki.core.ids import PART, Collection
from kiseki.core.manifest import Item
from kiseki.core.sumtree import SumTree
from kiseki.core.values import to_hex
from kiseki.errors import InvalidInput

__all__ = ["Evidence", "find_false"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """That a manifest is false.

    Attributes:
        kind: ``out_of_order`` or ``revoked_item``.
        collection: the source.
        part: of the source list, counted from 0.
        source: the collection's index in that part.
        items: two in the order in which they stand, or the one that was revoked.
    """

    kind: str
    collection: bytes
    part: int
    source: int
    items: tuple[Item, ...]


def find_false(
    listed: Mapping[bytes, Sequence[tuple[bytes, int]]],
    sources: Sequence[Collection],
    ended: Mapping[bytes, Some[bytes]],
) -> Iterator[Evidence]:
    """All evidence against a manifest, source by source.

    Args:
        listed: collection ID -> (data ID, weight) pairs, as :func:`~kiseki.core.manifest.declared`
            reads them, in the order in which they stand.
        sources: the model's source list, which commits to them.
        ended: collection ID -> data IDs whose revocation had taken effect.

    Raises:
        InvalidInput: these are not the items that the source list commits to.
    """
    if set(listed) != {each.id for each in sources}:
        raise InvalidInput("the manifest is of another model: its collections are not the sources")
    for number, source in enumerate(sources):
        items, part_and_source = listed[source.id], divmod(number, PART)
        tree = SumTree(items)
        if (tree.root, tree.total) != (source.items, source.weight):
            raise InvalidInput(
                f"the items listed under {to_hex(source.id)} are not those that the model's "
                "registration commits to; get the manifest that its developer published"
            )

        def proved(
            i: int, items: Sequence[tuple[bytes, int]] = items, tree: SumTree = tree
        ) -> Item:
            return Item(*items[i], tree.proof(i))

        for i, (first, second) in enumerate(pairwise(items)):
            if first[0] >= second[0]:
                both = (proved(i), proved(i + 1))
                yield Evidence("out_of_order", source.id, *part_and_source, both)
        revoked = ended.get(source.id, ())
        for i, (data_id, _) in enumerate(items):
            if data_id in revoked:
                yield Evidence("revoked_item", source.id, *part_and_source, (proved(i),))
