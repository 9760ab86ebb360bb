"""A log as files: C2SP's paths and widths, and every proof can be computed from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.almost import unhurried

from kiseki.errors import InvalidInput, ProofError
from kiseki.vault.log import tree
from kiseki.vault.log.log import Memory
from kiseki.vault.log.tiles import (
    ENTRIES,
    Tile,
    bundle,
    bundled,
    nodes_of,
    tile,
    tiles,
    unpacked,
)
from kiseki.vault.log.tree import Frontier, leaf_hash

from . import logs


def files(store: Memory, size: int) -> dict[str, bytes]:
    """The tiles of a log, without entries."""
    return {each.path: tile(each, store.node) for each in tiles(size) if each.level != ENTRIES}


def test_paths_are_those_that_the_specification_gives() -> None:
    """C2SP tlog-tiles: index 1234067, and a bundle of entries."""
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(63, 0, 1).path == "tile/63/000.p/1"
    assert Tile(ENTRIES, 999, 255).path == "tile/entries/999.p/255"
    assert Tile(1, 1000).path == "tile/1/x001/000"


def test_the_tiles_of_two_sizes_are_those_that_the_specification_counts() -> None:
    """C2SP tlog-tiles, "Partial Tiles": 70,000 and 256."""
    of = [each for each in tiles(70_000) if each.level >= 0]
    assert sum(each.level == 0 and each.width == 256 for each in of) == 273
    assert [each for each in of if each.width < 256] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]
    assert [each for each in of if each.level == 1 and each.width == 256] == [Tile(1, 0)]
    assert sum(each.level == ENTRIES for each in tiles(70_000)) == 274
    assert [each for each in tiles(256) if each.level >= 0] == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles(0)) == []


@unhurried
@given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_a_path_is_read_as_it_was_written(level: int, at: int, width: int) -> None:
    made = Tile(level, at, width)
    assert Tile.from_path(made.path) == made


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/1000",
        "tile/0/001/000",
        "tile/0/x000/000",
        "tile/0/x001/x000",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/x009/x999/x999/x999/x999/x999/999",
        "tile/entries/000/",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "/tile/0/000",
        "tile/0/000\n",
    ],
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput):
        Tile.from_path(path)


def test_values_without_a_path_are_refused() -> None:
    for made in (Tile(64, 0), Tile(-2, 0), Tile(0, -1), Tile(0, 0, 0), Tile(0, 0, 257)):
        with pytest.raises(InvalidInput):
            _ = made.path
    with pytest.raises(InvalidInput):
        list(tiles(3, since=4))
    with pytest.raises(InvalidInput):
        tile(Tile(ENTRIES, 0), Memory().node)


@unhurried
@given(st.integers(0, 3_000), st.integers(0, 3_000))
def test_what_a_log_lacked_before_and_had_is_all_that_it_has(one: int, other: int) -> None:
    since, size = sorted((one, other))
    assert set(tiles(size, since)) == set(tiles(size)) - set(tiles(since))


@pytest.fixture(scope="module")
def grown() -> Memory:
    store = Memory()
    frontier, nodes = Frontier().add(leaf_hash(b"%d" % i) for i in range(70_000))
    store.add(0, nodes, frontier.size)
    return store


@unhurried
@given(st.data())
def test_every_proof_can_be_computed_from_tiles(grown: Memory, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70_000))
    part = data.draw(st.integers(1, size))
    index = data.draw(st.integers(0, part - 1))
    asked = []

    def read(where: Tile) -> bytes:
        asked.append(where)
        assert where in set(tiles(size)), "it asks for a tile that a log of this size lacks"
        return tile(where, grown.node)

    nodes = nodes_of(read, size, tree.root(size, grown.node))
    assert tree.inclusion(index, part, nodes) == tree.inclusion(index, part, grown.node)
    assert tree.consistency(part, size, nodes) == tree.consistency(part, size, grown.node)
    assert len(asked) == len(set(asked)) <= 12


def test_tiles_of_another_log_are_not_taken_for_this(grown: Memory) -> None:
    other, size = logs.log_of(600, "other"), 600
    right = tree.root(size, grown.node)
    with pytest.raises(ProofError, match="another root"):
        nodes_of(other.tile, size, right)
    with pytest.raises(InvalidInput, match="has 64 bytes, not 63"):
        nodes_of(lambda where: tile(where, grown.node)[:-1], size, right)
    nodes = nodes_of(lambda where: tile(where, grown.node), size, right)
    for place in ((0, 600), (9, 1), (10, 0), (0, -1), (62, 0), (-1, 0)):
        with pytest.raises(InvalidInput):
            nodes(*place)
    empty = nodes_of(lambda where: b"", 0, tree.EMPTY)
    with pytest.raises(InvalidInput):
        empty(0, 0)


@unhurried
@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_is_read_as_it_was_written(entries: list[bytes]) -> None:
    data = bundle(entries)
    assert bundled(data, len(entries)) == entries
    for width, changed in (
        (len(entries) + 1, data),
        (len(entries) - 1, data),
        (len(entries), data[:-1]),
        (len(entries), data + b"\0"),
        (len(entries), data + b"\0\0"),
    ):
        with pytest.raises(InvalidInput):
            bundled(changed, width)


def test_what_is_no_bundle_or_tile_is_refused() -> None:
    for entries in ([], [b""] * 257, [bytes(65_536)]):
        with pytest.raises(InvalidInput):
            bundle(entries)
    assert bundle([b"a", b""]) == b"\x00\x01a\x00\x00"
    with pytest.raises(InvalidInput):
        unpacked(bytes(33), 1)
    assert unpacked(bytes(64), 2) == [bytes(32)] * 2
